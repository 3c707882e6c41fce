#!/usr/bin/env bash
# Many workers on one journal at full length: 1,000 kills, freezes and terminated backends in ten campaigns, and
# every disturbance of the way to the database three times. About an hour on two cores. A number as argument
# divides the counts.
set -euo pipefail
cd "$(dirname "$0")/../.."
by=${1:-1}
build=build/release
cmake --preset release >/dev/null
cmake --build --preset release -j "$(nproc)" --target mailfrom ses-sim wall_clock >/dev/null
programs=("$build/mailfrom" "$build/ses-sim" "$build/tests/libwall_clock.so")

for seed in {1..8}; do
    /usr/bin/python3 -B tests/workers/kills.py "${programs[@]}" --seed "$seed" --rounds $((100 / by)) --workers $((2 + seed % 4))
done
/usr/bin/python3 -B tests/workers/kills.py "${programs[@]}" --seed 9 --rounds $((100 / by)) --workers 4 --lines
/usr/bin/python3 -B tests/workers/kills.py "${programs[@]}" --seed 10 --rounds $((100 / by)) --workers 4 --lines --pooled
/usr/bin/python3 -B tests/workers/kills.py "${programs[@]}" --seed 11 --rounds 6 --speed 1
/usr/bin/python3 -B tests/workers/network.py "${programs[@]}" --times $((2 / by + 1))
/usr/bin/python3 -B tests/workers/orders.py "${programs[@]}"
/usr/bin/python3 -B tests/workers/shares.py "${programs[@]}"
