#!/usr/bin/python3
"""Every C file is as clang-format 14 and .clang-format leave it: run tools/fmt."""

import shutil
import subprocess

import guard

FORMATTER = shutil.which("clang-format-14") or "clang-format"


def check(tree):
    style = f"--style=file:{guard.ROOT}/.clang-format"
    version = subprocess.run([FORMATTER, "--version"], capture_output=True, text=True).stdout
    if " 14." not in version:
        return [f"clang-format 14 is needed, found: {version.strip()}"]
    complaints = []
    paths = tree.having(".c", ".h")
    if paths:
        command = [FORMATTER, style, "--dry-run", "-Werror", *paths]
        out = subprocess.run(command, capture_output=True, text=True, cwd=tree.root).stderr
        wrong = sorted({line.split(":")[0] for line in out.splitlines() if "[-Wclang-format-violations]" in line})
        complaints += [f"{path} differs from what tools/fmt makes of it" for path in wrong]
    return complaints


guard.run(
    "tools/fmt has nothing to do",
    check,
    {"a.c": "int f(int a)\n{\n    return a;\n}\n"},
    {"another style": ({"b.c": "int f(int a) { return a; }\n"}, "b.c differs")},
)
