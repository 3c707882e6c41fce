#!/usr/bin/env bash
# The crash campaigns at full length: 10,000 kills, half of them in bad weather, 1,000 damaged journals, 100,000
# calls through a bad proxy, the power cut at every point of three runs, every allocation and every system call failing once.
# About an hour and a half on two cores. A number as argument divides the counts.
set -euo pipefail
cd "$(dirname "$0")/../.."
by=${1:-1}
build=build/release
cmake --preset release >/dev/null
cmake --build --preset release -j "$(nproc)" >/dev/null
programs=("$build/mailfrom" "$build/ses-sim")
clock=$build/tests/libwall_clock.so
python=(/usr/bin/python3 -B)

for seed in 1 2 3; do
    "$build/tests/power_cut" --seed "$seed" --every "$by"
    "$build/tests/scarce_memory" --seed "$seed" --every "$by"
done
for seed in {1..5}; do
    "${python[@]}" tests/crash/kill9.py "${programs[@]}" "$clock" --seed "$seed" --rounds $((1000 / by)) --identities $((40 * seed))
    "${python[@]}" tests/crash/weather.py "${programs[@]}" "$clock" --seed "$seed" --rounds $((1000 / by))
done
"${python[@]}" tests/crash/damage.py "${programs[@]}" "$clock" --seed 1 --journals $((1000 / by))
"${python[@]}" tests/crash/unmarked.py "${programs[@]}" --seed 1 --copies $((10000 / by))
"${python[@]}" tests/crash/hidden_sends.py "${programs[@]}" --seed 1 --calls $((100000 / by))
"${python[@]}" tests/crash/syscalls.py "${programs[@]}" "$clock" --every "$by"
"${python[@]}" tests/crash/signals.py "${programs[@]}" --seed 1 --rounds $((1000 / by))
"${python[@]}" tests/crash/two_at_once.py "${programs[@]}" --rounds $((20 / by + 1))
