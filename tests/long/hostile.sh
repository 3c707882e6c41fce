#!/usr/bin/env bash
# The hostile world at length: servers whose lies never end, and twenty more seeds of hostile output.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=build/release
cmake --preset release >/dev/null
cmake --build --preset release -j "$(nproc)" --target mailfrom ses-sim >/dev/null
programs=("$build/mailfrom" "$build/ses-sim")

/usr/bin/python3 -B tests/hostile/hostile_wire.py "${programs[@]}" --for-ever
for seed in {2..21}; do
    /usr/bin/python3 -B tests/hostile/hostile_output.py "${programs[@]}" --seed "$seed"
done
