#!/usr/bin/python3
"""Tests that the documentation names exist: every `ctest -R PATTERN` there finds one, and every script
of tests/ or tools/ is where it is said to be. The build folder is this program's argument."""

import pathlib
import re
import subprocess
import sys

import guard

BUILD = pathlib.Path(sys.argv[1])
PATTERN = re.compile(r"`ctest -R (?:'([^']+)'|([^\s`]+))[^`]*`")
SCRIPT = re.compile(r"`((?:tests|tools)/[\w/.-]+\w)[^`]*`")


def tests():
    listed = subprocess.run(["ctest", "--test-dir", BUILD, "-N"], capture_output=True, text=True, check=True)
    return re.findall(r"^ *Test +#\d+: (.*)$", listed.stdout, re.M)


def check(tree):
    complaints, names = [], tests()
    for path in tree.having(".md"):
        for number, line in enumerate(tree.lines(path), 1):
            for quoted, bare in PATTERN.findall(line):
                for part in (quoted or bare).replace("\\|", "|").split("|"):
                    if not any(re.search(part, name) for name in names):
                        complaints.append(f"{path}:{number}: no test is called '{part}'")
            for script in SCRIPT.findall(line):
                if not (tree.root / script).exists():
                    complaints.append(f"{path}:{number}: there is no {script}")
    return complaints


guard.run(
    "every test that the documentation names exists",
    check,
    {"a.md": "`ctest -R base_` and `ctest -R 'base_text|base_when'`\n"},
    {
        "a test that is not there": ({"b.md": "text\n`ctest -R 'base_text\\|no_such'`\n"}, "b.md:2: no test is called 'no_such'"),
        "a script that is not there": ({"b.md": "`tools/nothing --now`\n"}, "b.md:1: there is no tools/nothing"),
    },
)
