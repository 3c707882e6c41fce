#!/usr/bin/python3
"""Verbs that only read: no write reaches SES, and the journal is never opened for writing, as the
kernel tells. Arguments: mailfrom, ses-sim."""

import re
import shutil
import sys

from timeouts import leaks_unwatched
from rehearsal_room import DONE, TROUBLE, Room, check, verdict

FLEET = {"a.example": {}, "b.example": {"mail_from": "old.b.example"}, "c.example": {"verified": "PENDING"}}
OPENED = re.compile(r'open(?:at)?\((?:[^,"]*, )?"([^"]*)", ([A-Z_|]+)')
CHANGES = re.compile(r"O_(WRONLY|RDWR|CREAT|TRUNC|APPEND)")


def opened_for_writing(trace, root):
    """Files below the folder of the journal, by whatever name."""
    found = []
    for line in trace.read_text().splitlines():
        match = OPENED.search(line)
        if match and ".mailfrom/" in match[1] and CHANGES.search(match[2]):
            found.append(line)
        elif re.search(r'\b(rename|unlink|ftruncate|mkdir|chmod)\w*\(.*\.mailfrom[/"]', line):
            found.append(line)
    return found


def bytes_of(folder):
    return {p.name: p.read_bytes() for p in folder.iterdir()}


def main():
    tracer = shutil.which("strace")
    if not tracer:
        print("1..0 # SKIP strace is not there")
        return
    with leaks_unwatched(), Room(*sys.argv[1:3], FLEET) as room:
        room.manifest("fleet.yaml", {name: {} for name in FLEET})
        room.ends("a run to look at", TROUBLE, "apply", "fleet.yaml", "--yes")
        writes, journal = len(room.writes()), room.path / ".mailfrom"
        before = bytes_of(journal)
        for title, code, *arguments in [
            ("check", DONE, "check", "fleet.yaml"),
            ("plan", TROUBLE, "plan", "fleet.yaml", "--out", "fleet.plan"),
            ("status", DONE, "status"),
            ("status --all", DONE, "status", "--all"),
            ("report", DONE, "report", 1, "--report", "json:r.json"),
            ("explain", DONE, "explain", "mx-missing"),
            ("rollback --dry-run", DONE, "rollback", 1, "--dry-run"),
        ]:
            trace = room.path / "trace"
            room.ends(f"{title} runs", code, *arguments,
                      before=[tracer, "-f", "-qq", "-o", str(trace), "-e", "trace=file,ftruncate"])
            opened = opened_for_writing(trace, journal)
            check(f"{title} opens nothing of the journal for writing", not opened, "\n".join(opened))
            check(f"{title} makes no write call", len(room.writes()) == writes, room.writes()[writes:])
        check("not a byte in the journal's folder has changed", bytes_of(journal) == before)
        trace = room.path / "trace"
        room.ends("apply runs", TROUBLE, "apply", "fleet.yaml", "--yes",
                  before=[tracer, "-f", "-qq", "-o", str(trace), "-e", "trace=file,ftruncate"])
        check("the trace would have shown it: apply does open the journal for writing", opened_for_writing(trace, journal))
    verdict()


main()
