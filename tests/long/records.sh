#!/usr/bin/env bash
# Records in HCL, read by HashiCorp's own parser too, which Debian packages for Go.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
GO111MODULE=off GOFLAGS='' GOPATH=/usr/share/gocode GOCACHE="$work/cache" \
    go build -o "$work/hcl_reader" tests/wire/hcl_reader.go
cmake --preset release
cmake --build --preset release -j "$(nproc)" --target mailfrom ses-sim
HCL_READER="$work/hcl_reader" /usr/bin/python3 -B tests/wire/records_knot.py build/release/mailfrom build/release/ses-sim
