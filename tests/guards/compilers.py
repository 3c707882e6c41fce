#!/usr/bin/python3
"""Both compilers take every file without a warning: who builds with one of them hears at once what the
other, or clang of another Debian, would say. Usage: compilers.py BUILD_FOLDER [tests]: the files of the
program, or of the tests."""

import concurrent.futures
import json
import os
import pathlib
import shlex
import subprocess
import sys

import guard

BUILD = pathlib.Path(sys.argv[1])
OF_TESTS = sys.argv[2:] == ["tests"]
LEFT_OUT = ("-c", "-g", "-O1", "-O2", "--coverage")  # nothing is compiled


def commands():
    """Of each source file once: its folder, and how the build's compiler is called for it."""
    found = {}
    for entry in json.loads((BUILD / "compile_commands.json").read_text()):
        if entry["file"].startswith(f"{guard.ROOT / 'tests'}/") == OF_TESTS:
            found.setdefault(entry["file"], (entry["directory"], shlex.split(entry["command"])))
    return found


def other_command(words, source):
    other = "gcc" if "clang" in os.path.basename(words[0]) else "clang"
    kept, words = [], iter(words[1:])
    for word in words:
        if word == "-o":
            next(words)
        elif word not in LEFT_OUT and not word.startswith("-fsanitize=") and not word.endswith(".c"):
            kept.append(word)
    return [other, *kept, "-fsyntax-only", "-Werror", source]


def warnings_of(source, folder, words):
    run = subprocess.run(other_command(words, source), cwd=folder, capture_output=True, text=True)
    return [line for line in run.stderr.splitlines() if " error: " in line] or ([run.stderr] if run.returncode else [])


def check(tree):
    built = commands()
    if tree.root != guard.ROOT:  # planted files, by the flags of any other
        folder, words = next(iter(built.values()))
        built = {str(tree.root / path): (folder, words) for path in tree.having(".c")}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = pool.map(lambda source: warnings_of(source, *built[source]), built)
        return [complaint for complaints in found for complaint in complaints]


guard.run(
    "the other compiler has nothing to warn of",
    check,
    {"a.c": "int a(void);\nint a(void)\n{\n    return 0;\n}\n"},
    {
        "a conversion that loses bits": ({"b.c": "char b(int i);\nchar b(int i)\n{\n    return i;\n}\n"}, "b.c:4:"),
        "a variable that is not set": ({"c.c": "int c(void);\nint c(void)\n{\n    int i;\n    return i;\n}\n"}, "c.c:5:"),
    },
)
