#!/usr/bin/env bash
# What compilers and analyzers say without running anything: gcc and clang with all warnings, gcc
# -fanalyzer, clang-tidy by .clang-tidy, scan-build, and cppcheck. Every finding is an error; one that is
# none carries its reason beside the line. The parts to run may be named:
# tests/long/static.sh [gcc|clang|analyzer|tidy|scan|cppcheck]...
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
jobs=$(nproc)
out=build/static
mkdir -p "$out"
parts=("$@")
[ $# -gt 0 ] || parts=(gcc clang analyzer tidy scan cppcheck)
bad=0

verdict() { # part, its exit code
    if [ "$2" = 0 ]; then
        echo "ok - $1"
    else
        tail -n 60 "$out/$1.log"
        echo "not ok - $1, see $out/$1.log"
        bad=1
    fi
}

# A build of its own: the tree as others compile it, with these options added.
compile() { # part, cmake's options...
    local part=$1
    shift
    cmake -S . -B "$out/$part" -G Ninja "$@" >"$out/$part.log" 2>&1 &&
        cmake --build "$out/$part" -j "$jobs" >>"$out/$part.log" 2>&1
}

check_gcc() { compile gcc -DCMAKE_BUILD_TYPE=Release; }
check_clang() { compile clang -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_COMPILER=clang; }

# Leaks are left to LeakSanitizer and valgrind: gcc 12 takes memory that is kept behind two pointers for
# lost, in complaints_grow() and take_head() for instance.
check_analyzer() {
    compile analyzer -DCMAKE_BUILD_TYPE=Release -DMAILFROM_TESTS=OFF \
        '-DCMAKE_C_FLAGS=-fanalyzer -Wno-analyzer-malloc-leak'
}

sources() { git ls-files -- 'engine/*.c' 'manifests/*.c' 'reports/*.c' 'cmd/*.c'; }

check_tidy() {
    compile tidy -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_COMPILER=clang -DMAILFROM_TESTS=OFF || return
    sources | xargs -P "$jobs" -n 8 clang-tidy -p "$out/tidy" --quiet >>"$out/tidy.log" 2>&1
}

check_scan() {
    rm -rf "$out/scan" "$out/scan-reports"
    scan-build --use-cc=clang cmake -S . -B "$out/scan" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DMAILFROM_TESTS=OFF \
        >"$out/scan.log" 2>&1 &&
        scan-build --use-cc=clang --status-bugs -o "$out/scan-reports" \
            -disable-checker deadcode.DeadStores -disable-checker security.insecureAPI.DeprecatedOrUnsafeBufferHandling \
            cmake --build "$out/scan" -j "$jobs" >>"$out/scan.log" 2>&1
}

check_cppcheck() {
    compile cppcheck -DCMAKE_BUILD_TYPE=Release -DMAILFROM_TESTS=OFF || return
    cppcheck --project="$out/cppcheck/compile_commands.json" --quiet -j "$jobs" --error-exitcode=1 --inline-suppr \
        --enable=warning,performance,portability --suppress=missingIncludeSystem --std=c11 \
        --template='{file}:{line}: {id}: {message}' >>"$out/cppcheck.log" 2>&1
}

for part in "${parts[@]}"; do
    "check_$part"
    verdict "$part" $?
done
exit "$bad"
