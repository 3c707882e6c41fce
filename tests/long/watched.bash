# Sourced by sanitizers.sh and valgrind.sh: whole runs of programs that report what they do to memory or
# to each other's. A run is good when its own checks hold and none of its processes has left a report,
# whatever the exit code that it was expected to have.
#
# The caller sets: out, a folder that is begun anew; TEST_PATIENCE, see tests/wire/timeouts.py.

python=(/usr/bin/python3 -B)
export TEST_PATIENCE

watch_begin() {
    rm -rf "$out"
    mkdir -p "$out"
    : >"$out/bad"
}

# Files of a folder that hold a report. The leak sanitizer's sigh when it is killed at its work is none.
reports_of() {
    find "$1" -name 'report*' -size +0 -exec grep -lvE '^==[0-9]+==Unable to get registers from thread' {} +
}
export -f reports_of

# watched TITLE COMMAND...: the command's reports are the files REPORTS*, which the caller's environment
# or wrapper derives from $REPORTS.
watched() {
    local title=$1 folder=$out/$1 began=$SECONDS
    shift
    mkdir -p -m 777 "$folder"
    export REPORTS=$folder/report
    export ASAN_OPTIONS="log_path=$REPORTS:exitcode=99:detect_stack_use_after_return=1:strict_string_checks=1"
    export UBSAN_OPTIONS="log_path=$REPORTS:exitcode=99:print_stacktrace=1"
    export TSAN_OPTIONS="log_path=$REPORTS:exitcode=99:second_deadlock_stack=1:suppressions='$PWD/tests/tsan.supp'"
    local code=0 reports
    "$@" >"$folder/said" 2>&1 || code=$?
    reports=$(reports_of "$folder")
    if [ "$code" = 0 ] && [ -z "$reports" ]; then
        echo "ok - $title, $((SECONDS - began)) s"
        return 0
    fi
    echo "not ok - $title: exit code $code, see $folder"
    grep -h '^not ok\|^FAIL\|^#' "$folder/said" | head -n 20
    # shellcheck disable=SC2086 # one word per file
    [ -z "$reports" ] || head -qn 40 $reports
    echo "$title" >>"$out/bad"
    return 1
}
export -f watched
export out

# What must be found, or nothing of the rest means anything: COMMAND has a bug of the kind.
watched_planted() { # title, command...
    if watched "$@" >/dev/null; then
        echo "not ok - a planted bug goes unseen: $1"
        exit 1
    fi
    : >"$out/bad"
    echo "ok - $1 is seen"
}

# Lines of "TITLE COMMAND..." from standard input, as many at once as there are processors.
watch_all() {
    xargs -P "$(nproc)" -L 1 bash -c 'watched "$@" || true' watched
    [ ! -s "$out/bad" ]
}
