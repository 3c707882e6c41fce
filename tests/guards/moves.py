#!/usr/bin/python3
"""The picture of a job's life in job.h is the table in job.c, arrow by arrow.

That each arrow is taken by some job is what `sim --covers` asks."""

import re

import guard

STATE = r"[A-Z][A-Z_]*"


def picture(text):
    arrows = set()
    for before, after in re.findall(rf"^ \*   ({STATE}) +-> ({STATE})  ", text, re.M):
        arrows.add((before, after))
    return arrows


def table(text):
    arrows = set()
    rows = re.search(r"moves\[JOB_STATES\] = \{(.*?)\n\};", text, re.S)
    for before, targets in re.findall(rf"\[JOB_({STATE})\] =([^\[]*)", rows.group(1) if rows else ""):
        arrows |= {(before, after) for after in re.findall(rf"TO\(JOB_({STATE})\)", targets)}
    return arrows


def check(tree):
    drawn = picture(tree.text("engine/scheduler/job.h"))
    allowed = table(tree.text("engine/scheduler/job.c"))
    ends = {(before, after) for before, after in allowed if after == "DONE"}
    states = {state for arrow in allowed for state in arrow} - {"DONE"}
    complaints = [] if allowed else ["no table of moves was understood in engine/scheduler/job.c"]
    complaints += [f"{a} -> {b} is drawn in job.h and not allowed" for a, b in sorted(drawn - allowed)]
    complaints += [f"{a} -> {b} is allowed and not drawn in job.h"
                   for a, b in sorted(allowed - ends - drawn)]
    complaints += [f"{s} does not lead to DONE" for s in sorted(states) if (s, "DONE") not in ends]
    return complaints


HEADER = "/*\n *   NEW         -> READY        it begins\n *   any of them -> DONE         final\n */\n"
TABLE = """static const unsigned moves[JOB_STATES] = {
    [JOB_NEW] = TO(JOB_READY) |
                TO(JOB_DONE),
    [JOB_READY] = TO(JOB_DONE),
};
"""

guard.run(
    "the picture in job.h is the table in job.c",
    check,
    {"engine/scheduler/job.h": HEADER, "engine/scheduler/job.c": TABLE},
    {
        "an arrow that is not allowed": (
            {"engine/scheduler/job.h": HEADER.replace("NEW         -> READY", "READY       -> NEW  ")},
            "READY -> NEW is drawn in job.h and not allowed"),
        "an arrow that is missing": (
            {"engine/scheduler/job.h": HEADER.replace("->", "  ", 1)}, "NEW -> READY is allowed and not drawn"),
        "a state without an end": (
            {"engine/scheduler/job.c": TABLE.replace("[JOB_READY] = TO(JOB_DONE)", "[JOB_READY] = 0")},
            "READY does not lead to DONE"),
    },
)
