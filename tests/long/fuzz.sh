#!/usr/bin/env bash
# Looks for inputs that break a parser or a promise of it: every target of tests/fuzz for 60 s (or for
# as many as the argument says), from the inputs that are kept, with AddressSanitizer and
# UndefinedBehaviorSanitizer. What it finds is in build/fuzz/found. New inputs that reach new code are
# kept in build/fuzz/corpus; tests/fuzz/keep takes the few that matter into the tree.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-60}
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz -j "$(nproc)" --target fuzzers >/dev/null

look() { # seconds, target
    local name=$2 known=build/fuzz/corpus/$2 found=build/fuzz/found/$2
    local words=tests/fuzz/words/$2 bounds=(-timeout=10 -rss_limit_mb=1024 -malloc_limit_mb=256)
    mkdir -p "$known" "$found"
    [ -e "$words" ] && bounds+=("-dict=$words")
    if "build/fuzz/tests/fuzz/fuzz_$name" "${bounds[@]}" -max_total_time="$1" -max_len=8192 -print_final_stats=1 \
        -artifact_prefix="$found/" "$known" "tests/fuzz/corpus/$name" >"$found.log" 2>&1; then
        echo "ok - $name: $(grep -o 'number_of_executed_units: .*' "$found.log" | grep -o '[0-9]*') inputs in $1 s"
    else
        tail -n 40 "$found.log"
        echo "not ok - $name, see $found"
        return 1
    fi
}
export -f look
printf '%s\n' build/fuzz/tests/fuzz/fuzz_* | sed 's|.*/fuzz_||' | xargs -P "$(nproc)" -I{} bash -c 'look "$@"' look "$seconds" {}
tools/coverage --corpus
