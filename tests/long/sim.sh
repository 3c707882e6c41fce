#!/usr/bin/env bash
# The simulations at length: 100,000 seeds of each, and every bug of tests/sim/bugs.py planted and
# found.
set -euo pipefail
cd "$(dirname "$0")/../.."
cmake --preset release
cmake --build --preset release -j "$(nproc)" --target sim publish-sim watch-sim sweep-sim workers-sim
sim=build/release/tests/sim/sim
seq 1 1000 99001 | xargs -P "$(nproc)" -I{} "$sim" --first {} --count 1000
seq 1 1000 99001 | xargs -P "$(nproc)" -I{} build/release/tests/sim/publish-sim --first {} --count 1000
seq 1 1000 99001 | xargs -P "$(nproc)" -I{} build/release/tests/sim/watch-sim --first {} --count 1000
seq 1 1000 99001 | xargs -P "$(nproc)" -I{} build/release/tests/sim/sweep-sim --first {} --count 1000
/usr/bin/python3 -B tests/sim/planted.py "$PWD" "$PWD/build/release" --all
seq 1 1000 99001 | xargs -P "$(nproc)" -I{} build/release/tests/sim/workers-sim --first {} --count 1000
# Both compilers see the same runs.
/usr/bin/python3 -B tests/sim/same_digest.py "$PWD" "$PWD/build/release" "$PWD/$sim" GNU
