#!/usr/bin/python3
"""No source file has more than 700 lines, no function more than 70.

A function that does not fit on a screen is read twice. A file may be longer: what belongs together
(the watcher of the simulation, the table of options) is easier to follow in one than cut in half."""

import re

import guard

FILE_LINES = 700
FUNCTION_LINES = 70


def functions(lines):
    """(line, name, length) by the tree's style: braces of a function stand in the first column."""
    start = None
    for number, line in enumerate(lines):
        if line == "{":
            start = number
        elif line == "}" and start is not None:
            head = start
            while head > 0 and re.match(r"\w|    ", lines[head - 1]) and not lines[head - 1].endswith(";"):
                head -= 1
            while head < start and not re.match(r"\w", lines[head]):
                head += 1
            name = re.search(r"(\w+)\(", " ".join(lines[head:start]))
            yield head + 1, name.group(1) if name else "?", number - head + 1
            start = None


def check(tree):
    complaints = []
    for path in tree.having(".c", ".h"):
        lines = tree.lines(path)
        if len(lines) > FILE_LINES:
            complaints.append(f"{path} has {len(lines)} lines")
        for line, name, length in functions(lines):
            if length > FUNCTION_LINES:
                complaints.append(f"{path}:{line}: {name} has {length} lines")
    return complaints


LONG = "int f(int a)\n{\n" + "    a++;\n" * 67 + "    return a;\n}\n"

guard.run(
    "no file has more than 700 lines, no function more than 70",
    check,
    {"a.c": LONG.replace("    a++;\n", "", 1) + "int x;\n" * 620},
    {
        "a long file": ({"b.c": "int x;\n" * 701}, "b.c has 701 lines"),
        "a long function": ({"c.c": LONG}, "c.c:1: f has 71 lines"),
    },
)
