#!/usr/bin/python3
"""Headers have unique names and guards made from them; no file is called by what says nothing."""

import re

import guard

EMPTY = re.compile(r"(^|[_-])(utils?|misc|helpers?|common|manager|stuff)([_-]|$)")


def check(tree):
    complaints, seen = [], {}
    for path in tree.paths:
        name = path.rsplit("/", 1)[-1]
        if EMPTY.search(name.split(".")[0]):
            complaints.append(f"{path}: the name says nothing")
        if not name.endswith(".h"):
            continue
        if name in seen:
            complaints.append(f"{path}: {seen[name]} has the same name")
        seen[name] = path
        word = re.sub(r"\W", "_", name).upper()
        text = tree.text(path).rstrip()
        if not re.search(rf"^#ifndef (MF_(\w+_)?{word})\n#define \1\n", text, re.M) or not text.endswith("#endif"):
            complaints.append(f"{path}: the header guard is not MF_{word}")
    return complaints


HEADER = "#ifndef MF_JOB_H\n#define MF_JOB_H\n#endif\n"

guard.run(
    "names are unique and say something",
    check,
    {"a/job.h": HEADER, "a/commonplace.c": ""},
    {
        "two headers of one name": ({"b/job.h": HEADER}, "same name"),
        "another header's guard": ({"b/call.h": HEADER}, "not MF_CALL_H"),
        "a header without a guard": ({"b/pace.h": "int x;\n"}, "not MF_PACE_H"),
        "a file of odds and ends": ({"b/ut" + "il.c": ""}, "says nothing"),
    },
)
