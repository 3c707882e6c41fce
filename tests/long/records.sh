#!/usr/bin/env bash
# Records in HCL, and addresses of resources, read by HashiCorp's own parser too, which Debian packages for Go.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
GO111MODULE=off GOFLAGS='' GOPATH=/usr/share/gocode GOCACHE="$work/cache" \
    go build -o "$work/hcl_reader" tests/wire/hcl_reader.go
cmake --preset release
cmake --build --preset release -j "$(nproc)" --target mailfrom ses-sim
for test in records_knot run_managed; do
    HCL_READER="$work/hcl_reader" /usr/bin/python3 -B "tests/wire/$test.py" "$PWD/build/release/mailfrom" "$PWD/build/release/ses-sim"
done
