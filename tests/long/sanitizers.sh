#!/usr/bin/env bash
# The whole runs again, with programs that watch themselves: AddressSanitizer and
# UndefinedBehaviorSanitizer, then ThreadSanitizer. Every scenario of tests/wire and tests/hostile, and
# the crash campaigns with small numbers; nothing is suppressed but what tests/tsan.supp says of OpenSSL.
# Unit tests run in these builds every day.
# Left out: tests/crash/syscalls.py, since a tracer and a sanitizer want the same processes.
# The builds to run may be named: tests/long/sanitizers.sh [asan|tsan]...
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/long/watched.bash
builds=("$@")
[ $# -gt 0 ] || builds=(asan tsan)

scenarios() { # build folder
    local programs="$PWD/$1/mailfrom $PWD/$1/ses-sim" script
    for script in tests/wire/run_*.py tests/wire/keys_*.py tests/hostile/hostile_*.py; do
        echo "$(basename "$script" .py) ${python[*]} $script $programs"
    done
    echo "records_knot ${python[*]} tests/wire/records_knot.py $programs"
    echo "inspect_knot ${python[*]} tests/wire/inspect_knot.py $PWD/$1/mailfrom"
    echo "kill9 ${python[*]} tests/crash/kill9.py $programs --seed 1 --rounds 60 --workers 4"
    echo "hidden_sends ${python[*]} tests/crash/hidden_sends.py $programs --seed 1 --calls 1000"
    echo "signals ${python[*]} tests/crash/signals.py $programs --seed 1 --rounds 25"
    echo "two_at_once ${python[*]} tests/crash/two_at_once.py $programs --starts 10 --rounds 1"
}

plant() { # build: a program with the bug that this build is for
    case $1 in
    asan) set -- "$out/planted" -fsanitize=address,undefined 'volatile int i = 3; int a[3] = {0}; int main(void) { return a[i]; }' ;;
    tsan) set -- "$out/planted" -fsanitize=thread '#include <pthread.h>
        int n; static void *add(void *p) { n++; return p; }
        int main(void) { pthread_t t; pthread_create(&t, 0, add, 0); n++; return pthread_join(t, 0); }' ;;
    esac
    gcc -g "$2" -x c -o "$1" - <<<"$3"
}

bad=0
for build in "${builds[@]}"; do
    cmake --preset "$build" >/dev/null
    cmake --build --preset "$build" -j "$(nproc)" --target mailfrom ses-sim | tail -n 20
    out=$PWD/build/watched/$build TEST_PATIENCE=6
    watch_begin
    echo "== $build"
    plant "$build"
    watched_planted "a_planted_bug" "$out/planted"
    scenarios "build/$build" | watch_all || bad=1
done
exit "$bad"
