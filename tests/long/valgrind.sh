#!/usr/bin/env bash
# The programs as they are shipped, under valgrind: no access that is not ours, no decision on a value
# that nobody set, no block that is definitely lost; no suppression. First the unit tests, then whole
# runs. Left out: what is traced (run_reads_only), what counts the milliseconds or the megabytes of a run
# (run_crash_safety, hostile_wire), and what runs programs of the user (aws_process, notify_hook,
# notify_notifier), since valgrind 3.19 knows no pidfd_open; those run with sanitizers. What is to run may
# be named: tests/long/valgrind.sh [REGEX], as in 'test_wire_.*|kill9'.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/long/watched.bash
build=build/release
out=$PWD/build/watched/valgrind TEST_PATIENCE=15
valgrind=(valgrind -q --error-exitcode=99 --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite
    --child-silent-after-fork=yes)

programs=()
program_wrap() { # name: a program of that name which runs under valgrind
    cat >"$out/$1" <<END
#!/bin/sh
exec ${valgrind[*]} --log-file="\${REPORTS:-$out/report}.%p" "$PWD/$build/$1" "\$@"
END
    chmod +x "$out/$1"
    programs+=("$out/$1")
}

unit_tests() {
    local program
    for program in "$build"/tests/test_*; do
        case ${program##*/} in test_aws_process | test_notify_hook | test_notify_notifier) continue ;; esac
        echo "$(basename "$program") ${valgrind[*]} --log-file=$out/$(basename "$program")/report.%p $program"
    done
}

scenarios() {
    local name
    for name in run_detach run_discover run_plan_files run_rehearse run_rollback; do
        echo "$name ${python[*]} tests/wire/$name.py ${programs[*]}"
    done
    echo "inspect_knot ${python[*]} tests/wire/inspect_knot.py ${programs[0]}"
    echo "hostile_files ${python[*]} tests/hostile/hostile_files.py ${programs[*]}"
    echo "kill9 ${python[*]} tests/crash/kill9.py ${programs[*]} --seed 1 --rounds 10 --workers 2"
}

cmake --preset release >/dev/null
cmake --build --preset release -j "$(nproc)" >/dev/null
watch_begin
program_wrap mailfrom
program_wrap ses-sim
gcc -g -x c -o "$out/planted" - <<<'#include <stdlib.h>
    int main(void) { char *p = malloc(1); p = malloc(1); return p[0] ? 0 : 1; }'
watched_planted "a_planted_bug" "${valgrind[@]}" --log-file="$out/a_planted_bug/report.%p" "$out/planted"
{ unit_tests; scenarios; } | grep -E "^(${1:-.*}) " | watch_all
[ -z "$(find "$out" -maxdepth 1 -name 'report*' -size +0)" ]
