#!/usr/bin/python3
"""Every C file is as clang-format 14 and .clang-format leave it: run tools/fmt."""

import shutil
import subprocess
import sys

import guard

FORMATTER = shutil.which("clang-format-14") or "clang-format"
SKIPPED = 77  # for ctest


def check(tree):
    style = f"--style=file:{guard.ROOT}/.clang-format"
    complaints = []
    paths = tree.having(".c", ".h")
    if paths:
        command = [FORMATTER, style, "--dry-run", "-Werror", *paths]
        out = subprocess.run(command, capture_output=True, text=True, cwd=tree.root).stderr
        wrong = sorted({line.split(":")[0] for line in out.splitlines() if "[-Wclang-format-violations]" in line})
        complaints += [f"{path} differs from what tools/fmt makes of it" for path in wrong]
    return complaints


version = subprocess.run([FORMATTER, "--version"], capture_output=True, text=True).stdout.strip()
if " 14." not in version:  # each version formats otherwise; Debian 12's is the one that counts
    print(f"1..0 # SKIP clang-format 14 is needed, found: {version}")
    sys.exit(SKIPPED)
guard.run(
    "tools/fmt has nothing to do",
    check,
    {"a.c": "int f(int a)\n{\n    return a;\n}\n"},
    {"another style": ({"b.c": "int f(int a) { return a; }\n"}, "b.c differs")},
)
