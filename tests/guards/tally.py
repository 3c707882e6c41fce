#!/usr/bin/python3
"""The last line of tools/test is true: tools/tally counts what programs say of themselves."""

import pathlib
import subprocess
import sys
import tempfile

TALLY = pathlib.Path(__file__).resolve().parents[2] / "tools/tally"
CMOCKA = """[==========] Running 4 test(s).
[ RUN      ] a
[       OK ] a
[ RUN      ] b
[  ERROR   ] --- 0x1 != 0x2
[  FAILED  ] b
[ RUN      ] c
[  SKIPPED ] c
[ RUN      ] d
Could not run test: Test setup failed
[  ERROR   ] d
[==========] 4 test(s) run.
[  PASSED  ] 1 test(s).
[  FAILED  ] 1 test(s), listed below:
[  FAILED  ] b

 2 FAILED TEST(S)
"""
TAP = "ok 1 - one\nok 2 - two # SKIP\nnot ok 3 - three\n"
UNITTEST = ".F.\n" + "-" * 70 + "\nRan 5 tests in 0.1s\n\nFAILED (failures=1, errors=1, skipped=1)\n"

# what it is, (status, output, skip message) of each program, wanted last line, wanted exit code
CASES = [
    ("cmocka's tests are counted, failed set-ups too", [("fail", CMOCKA, None)], "1 passed, 2 failed", 1),
    ("TAP is counted, skips are not", [("fail", TAP, None)], "1 passed, 1 failed", 1),
    ("unittest is counted", [("fail", UNITTEST, None)], "2 passed, 2 failed", 1),
    ("a silent program is one test", [("run", "hello\n", None)], "1 passed, 0 failed", 0),
    ("a crash after green tests is a failure", [("fail", "ok 1\nok 2\n", None)], "2 passed, 1 failed", 1),
    ("a missing program is a failure", [("notrun", "", "Unable to find executable")], "0 passed, 1 failed", 1),
    ("a skipped program is neither", [("notrun", "", "SKIP_RETURN_CODE=77"), ("run", "ok 1\n", None)], "1 passed, 0 failed", 0),
    ("nothing at all is no success", [], "0 passed, 0 failed", 1),
]


def junit(programs):
    cases = []
    for status, output, skip in programs:
        skipped = f'<skipped message="{skip}"/>' if skip else ""
        cases.append(f'<testcase name="x" status="{status}">{skipped}<system-out>{output}</system-out></testcase>')
    return f'<?xml version="1.0"?><testsuite>{"".join(cases)}</testsuite>'


failed = 0
for number, (what, programs, want, want_code) in enumerate(CASES, 1):
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "x.xml").write_text(junit(programs))
        done = subprocess.run([TALLY, folder], capture_output=True, text=True)
    good = done.stdout.splitlines()[-1:] == [want] and done.returncode == want_code
    print(("ok" if good else "not ok") + f" {number} - {what}")
    if not good:
        print(f"# {done.returncode}: {done.stdout!r} {done.stderr!r}")
        failed += 1
sys.exit(1 if failed else 0)
