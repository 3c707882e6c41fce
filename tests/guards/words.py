#!/usr/bin/python3
"""Nothing is left for later in the tree, it names no place of anybody's machine, and no test knows by heart
what the system says of an error: strerror has it."""

import errno
import os
import re

import guard

LATER = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" * 3, "HA" + "CK"]) + r")\b")
PLACE = re.compile(r"(?<![\w./*~}$-])(/(?:home|root|Users|work|mnt|media)/\w)")


# The first three words of each error that has as many, inside a string.
SYSTEM = re.compile("[\"'][^\"']*\\b(" + "|".join(sorted(
    {re.escape(" ".join(os.strerror(number).split()[:3])) for number in errno.errorcode
     if len(os.strerror(number).split()) >= 3})) + r")\b")


def patterns_for(path):
    yield LATER, "is left for later"
    yield PLACE, "names a place of one machine"
    if path.startswith("tests/") and path.endswith((".c", ".py")):
        yield SYSTEM, "is what the system says: take it from strerror"


def check(tree):
    complaints = []
    for path in tree.paths:
        if path.endswith((".png", ".gz", ".bin", ".der")) or path == "LICENSE":
            continue
        for number, line in enumerate(tree.lines(path), 1):
            for pattern, what in patterns_for(path):
                found = pattern.search(line)
                if found:
                    complaints.append(f"{path}:{number}: '{found.group(1)}' {what}")
    return complaints


guard.run(
    "nothing is left for later, no machine is named, and no error is known by its words",
    check,
    {"a.c": "/* see engine/work/ and https://example.com/ho" "me/x */\n", "engine/d.c": f'f("{os.strerror(errno.ENOENT)}");\n',
     "tests/e.py": f"say({os.strerror(errno.EACCES)!r})  # two words, too few\n"},
    {
        "work left for later": ({"b.c": "/* TO" + "DO: finish */\n"}, "b.c:1: 'TO" + "DO' is left for later"),
        "a path of one machine": ({"c.md": "run /ho" + "me/me/x\n"}, "names a place"),
        "an error's words in a test": ({"tests/e.c": f'assert_says("x: {os.strerror(errno.ENOENT)}");\n'},
                                       "tests/e.c:1: 'No such " "file' is what the system says"),
    },
)
