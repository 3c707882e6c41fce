#!/usr/bin/python3
"""watch on a machine whose clock is wrong: no time is negative, figures stay readable, and what SES's own clock tells
keeps the memory right. And what is said when nobody takes the text. Arguments: mailfrom, ses-sim, wall_clock."""

import json
import re
import subprocess
import sys

from rehearsal_room import CANNOT_RUN, DONE, TROUBLE, Room, check, verdict
from timeouts import patient

FLEET = {"good.example": {}, "falls.example": {"mail_from": "bounce.falls.example", "status": "TEMPORARY_FAILURE"}}
DEADLINE = 72 * 3600


def look(room, what, seconds_off, *arguments, **more):
    (room.path / "clock").write_text(str(seconds_off))
    room.clock = {"LD_PRELOAD": sys.argv[3], "WALL_CLOCK": str(room.path / "clock")}
    done = room.run("watch", what, "--metrics", "watch.prom", *arguments, **more)
    room.clock = {}
    return done


class ClockRoom(Room):
    clock = {}

    def environment(self):
        return {**super().environment(), **self.clock}


def figures(room):
    text = (room.path / "watch.prom").read_text()
    read = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
    took = re.search(r"^mailfrom_watch_duration_seconds (\S+)$", text, re.MULTILINE)
    return read.returncode == 0 and took and 0 < float(took[1]) < patient(20), text + read.stderr


def known(room):
    """(since, deadline) of the 72 hours, by a look with the right clock."""
    problems = json.loads(look(room, "fleet.yaml", 0, "--format", "json").stdout_text)["problems"]
    return [(p["since"], p["deadline"]) for p in problems if p["kind"] == "status-temporary"]


def main():
    with ClockRoom(*sys.argv[1:3], FLEET) as room:
        room.manifest("fleet.yaml", {name: {} for name in FLEET})
        room.ends("a run", DONE, "apply", "fleet.yaml", "--only", "good.example", "--yes")
        first = known(room)
        check("the 72 hours run", len(first) == 1, first)
        for minutes in (14, 16, 60, -16, -60, -4000):
            for what, code in (("1", DONE), ("fleet.yaml", TROUBLE)):
                journal = ["--journal", ".mailfrom/journal.db"] if what == "1" or minutes < 0 else ["--journal", "ahead.db"]
                done = look(room, what, minutes * 60, *journal)
                good, told = figures(room)
                check(f"a look at {what}, {minutes} minutes off, has good figures", done.returncode == code and good, done, told)
                check("and took no odd time", re.search(r"calls to SES, (under a second|\d+s)$", done.stdout_text, re.MULTILINE), done)
        check("a clock that was behind has changed nothing of what is known", known(room) == first, known(room), first)
        done = look(room, "fleet.yaml", DEADLINE + 900)
        check("a deadline that has passed is told as such", "72 hours of SES were over at the latest" in done.stdout_text, done)
        for form, code in (("text", TROUBLE), ("json", CANNOT_RUN)):
            with open("/dev/full", "w") as full:
                done = room.run("watch", "fleet.yaml", "--format", form, stdout=full)
            check(f"{form} that nobody takes is told, with no wrong reason", done.returncode == code and "standard output" in done.stderr_text
                  and "ioctl" not in done.stderr_text, done)
    verdict()


main()
