#!/usr/bin/python3
"""What may befall a run: signals, a second run, a full disk, a closed pipe, kill -9.
Arguments: mailfrom, ses-sim."""

import os
import re
import resource
import signal
import subprocess
import sys
import time

from timeouts import patient
from rehearsal_room import CANNOT_RUN, DONE, SIGNALS, STOPPED, Room, check, signalled, until, verdict

FLEET = {f"d{i}.example": {} for i in range(40)}
SLOW = ["--faults", "delay=200"]


def room_of(slow=True, rate=10):
    room = Room(*sys.argv[1:3], FLEET, sim=SLOW if slow else (), rate=rate)
    room.manifest("fleet.yaml", {name: {} for name in FLEET})
    return room


def going(room, *arguments, **more):
    """An apply that has begun to write."""
    process = room.start("apply", "fleet.yaml", "--yes", *arguments, **more)
    until(lambda: len(room.writes()) >= 3)
    return process


def drained(name):
    with room_of() as room:
        process = going(room, "--report", "csv:stopped.csv")
        out, err = signalled(process, name)
        check(f"the first {name.name} drains: exit code 4", process.returncode == STOPPED, process.returncode, err)
        check("and says how to go on", "mailfrom resume 1" in out, out)
        rows = (room.path / "stopped.csv").read_text().splitlines()
        check("its report has every row", len(rows) == len(FLEET) + 1, len(rows))
        written = {call["identities"][0] for call in room.writes()}
        kept = {name for name, row in room.report(1).items() if row["writes"]}
        check("the journal knows of every write that SES saw", written == kept, written ^ kept)
        check("not everything was written", len(written) < len(FLEET))
        room.ends("resume goes on to the end", DONE, "resume")
        check("everything is done, by one write each", set(room.outcomes(1).values()) == {"done"}
              and len(room.writes()) == len(FLEET), len(room.writes()))


def left_at_once(title, seen, begun):
    with Room(*sys.argv[1:3], FLEET, sim=["--faults", "delay=5000"], rate=10) as room:
        room.manifest("fleet.yaml", {name: {} for name in FLEET})
        process = room.start("apply", "fleet.yaml", "--yes")
        until(lambda: [call for call in room.calls() if seen(call["action"])])
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        check(f"{title}, the first signal waits for what is on its way", process.poll() is None)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=patient(60))
        check("a second one leaves at once", time.monotonic() - began < patient(2), time.monotonic() - began)
        check("with 4", process.returncode == STOPPED, process.returncode)
        if begun:
            check("the journal is whole: every row can be reported", len(room.report(1)) == len(FLEET))
        else:
            room.ends("no run was begun", CANNOT_RUN, "report")


def two_at_once():
    with room_of() as room:
        first = going(room)
        began = time.monotonic()
        second = room.run("apply", "fleet.yaml", "--yes")
        took = time.monotonic() - began
        check("a second run on the journal leaves with 1", second.returncode == CANNOT_RUN)
        check("it names the first one's pid and host", f"pid {first.pid} on {os.uname().nodename}" in second.stderr_text,
              second.stderr_text)
        check("within 400 ms, start and end of the process included", took < patient(0.4), took)
        third = room.run("resume")
        check("and says which run, whose process, and how to watch it",
              re.search(rf"another mailfrom, pid {first.pid} on \S+, is at run 1 \(apply of \S+, \d+ identities\)", third.stderr_text)
              and "To watch it: " in third.stderr_text and "mailfrom status 1 --watch" in third.stderr_text, third.stderr_text)
        check("so does resume", third.returncode == CANNOT_RUN and "another mailfrom" in third.stderr_text, third.stderr_text)
        signalled(first, signal.SIGTERM)


def limit_files(size):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    return limit


def full_disk():
    with room_of(slow=False) as room:
        process = room.run("apply", "fleet.yaml", "--yes", preexec_fn=limit_files(220_000))
        check("a journal that cannot be written ends the run with 1", process.returncode == CANNOT_RUN,
              process.returncode, process.stdout_text, process.stderr_text)
        check("says why, and that resume goes on", "journal" in process.stderr_text
              and "mailfrom resume 1" in process.stderr_text, process.stderr_text)
        written = {call["identities"][0] for call in room.writes()}
        kept = {name for name, row in room.report(1).items() if row["writes"]}
        check("nothing reached SES that is not in the journal", written and written <= kept, written - kept)
        check("and not everything was written", len(written) < len(FLEET), len(written))
        room.ends("resume goes on to the end", DONE, "resume")
        check("everything is done", set(room.outcomes(1).values()) == {"done"}, room.outcomes(1))


def killed():
    with room_of() as room:
        process = going(room)
        process.kill()
        process.communicate()
        status = room.run("status").stdout_text
        check("after kill -9 status says that the run was cut off", "cut off" in status, status)
        room.ends("resume goes on to the end", DONE, "resume")
        check("everything is done", set(room.outcomes(1).values()) == {"done"}, room.outcomes(1))


def closed_output():
    with room_of(slow=False, rate=200) as room:
        process = room.start("apply", "fleet.yaml", "--yes", "--verbose")
        process.stdout.close()
        process.stdout = None
        process.communicate(timeout=patient(60))
        check("a reader that went away does not end a run", process.returncode == DONE, process.returncode)
        check("everything is done", set(room.outcomes(1).values()) == {"done"}, room.outcomes(1))
        command = room.command("apply", "fleet.yaml", "--yes")
        code = subprocess.run(["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *command], cwd=room.path,
                              env=room.environment()).returncode
        check("nor do descriptors that are closed from the start", code == DONE, code)
        head = (room.path / ".mailfrom/journal.db").read_bytes()[:15]
        check("and nothing is printed into the journal", head == b"SQLite format 3" and len(room.report(2)) == len(FLEET))


def main():
    for name in SIGNALS:
        drained(name)
    left_at_once("while STS is asked", lambda action: True, False)
    left_at_once("while SES is asked", lambda action: action != "GetCallerIdentity", True)
    two_at_once()
    full_disk()
    killed()
    closed_output()
    verdict()


main()
