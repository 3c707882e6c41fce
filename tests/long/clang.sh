#!/usr/bin/env bash
# The other compiler: everything builds with clang without a warning, and every test passes there.
set -euo pipefail
cd "$(dirname "$0")/../.."
cmake --preset clang
cmake --build --preset clang -j "$(nproc)"
ctest --test-dir build/clang -j "$(nproc)" --output-on-failure -LE '^guards$'
