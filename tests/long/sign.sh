#!/usr/bin/env bash
# 20,000 random requests, signed by this program, by botocore and by the AWS CRT, equal to the byte.
# A fresh seed each time, which is printed; about five minutes.
set -euo pipefail
cd "$(dirname "$0")/../.."
cmake --preset release
cmake --build --preset release -j "$(nproc)" --target sign_driver
/usr/bin/python3 -B tests/wire/sign_oracle.py build/release/tests/sign_driver 20000
