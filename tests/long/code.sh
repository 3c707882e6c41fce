#!/usr/bin/env bash
# Infrastructure code that discover writes, before those who read it: Terraform plans with it, HashiCorp's parser reads it, and
# its types and arguments are held against the schemas that npm's packages publish.
set -euo pipefail
cd "$(dirname "$0")/../.."
if ! command -v npm >/dev/null || ! npm view @cdktf/hcl2json version >/dev/null 2>&1; then
    echo "SKIPPED: npm is not there or reaches no registry, so no schema was compared and no plan was made" >&2
    exit
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo '{"name": "code", "private": true}' >"$work/package.json"
npm install --prefix "$work" --ignore-scripts --no-audit --no-fund --no-save --silent \
    @aws-cdk/aws-service-spec @cdktf/hcl2json @grpc/grpc-js @grpc/proto-loader @msgpack/msgpack
for package in cdktf:@cdktf/provider-aws pulumi:@pulumi/aws; do
    mkdir "$work/${package%%:*}"
    tarball=$(cd "$work" && npm pack --silent "${package#*:}")
    tar -xzf "$work/$tarball" -C "$work/${package%%:*}"
    rm "$work/$tarball"
done
cmake --preset release
cmake --build --preset release -j "$(nproc)" --target mailfrom ses-sim
/usr/bin/python3 -B tests/wire/code_plan.py "$PWD/build/release/mailfrom" "$PWD/build/release/ses-sim" "$work"
