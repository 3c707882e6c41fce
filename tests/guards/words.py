#!/usr/bin/python3
"""Nothing is left for later in the tree, and it names no place of anybody's machine."""

import re

import guard

LATER = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" * 3, "HA" + "CK"]) + r")\b")
PLACE = re.compile(r"(?<![\w./*~}$-])/(home|root|Users|work|mnt|media)/\w")


def check(tree):
    complaints = []
    for path in tree.paths:
        if path.endswith((".png", ".gz", ".bin", ".der")) or path == "LICENSE":
            continue
        for number, line in enumerate(tree.lines(path), 1):
            for pattern, what in ((LATER, "is left for later"), (PLACE, "names a place of one machine")):
                found = pattern.search(line)
                if found:
                    complaints.append(f"{path}:{number}: '{found.group(0)}' {what}")
    return complaints


guard.run(
    "nothing is left for later and no machine is named",
    check,
    {"a.c": "/* see engine/work/ and https://example.com/home/x */\n"},
    {
        "work left for later": ({"b.c": "/* TO" + "DO: finish */\n"}, "b.c:1: 'TO" + "DO' is left for later"),
        "a path of one machine": ({"c.md": "run /ho" + "me/me/x\n"}, "names a place"),
    },
)
