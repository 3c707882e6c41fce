#!/usr/bin/python3
"""Headers have unique names and guards made from them; no file is called by what says nothing, and each
.c file of the product begins with what it is for."""

import re

import guard

EMPTY = re.compile(r"(^|[_-])(utils?|misc|helpers?|common|manager|stuff)([_-]|$)")
PRODUCT = ("engine/", "manifests/", "reports/", "cmd/")


def check(tree):
    complaints, seen = [], {}
    for path in tree.paths:
        name = path.rsplit("/", 1)[-1]
        if EMPTY.search(name.split(".")[0]):
            complaints.append(f"{path}: the name says nothing")
        if name.endswith(".c") and path.startswith(PRODUCT) and not tree.text(path).startswith("/*"):
            complaints.append(f"{path}: does not begin with what it is for")
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
        "a file without a head": ({"engine/base/x.c": "int x;\n"}, "does not begin with what it is for"),
        "a file of odds and ends": ({"b/ut" + "il.c": ""}, "says nothing"),
    },
)
