#!/usr/bin/python3
"""Where SES answers slowly, more writes are due than there are connections. What waits, waits where it can be
held back: no write leaves later than a minute after the last read of its identity, or after a pause or an
interrupt, and another pace holds at once. Arguments: mailfrom, ses-sim."""

import concurrent.futures
import datetime
import re
import signal
import subprocess
import sys
import threading
import time

import rehearsal_room
from rehearsal_room import DONE, STOPPED, TROUBLE, Room, until, verdict
from timeouts import patient

ANSWER_S = 3
READ_BEFORE_WRITE_MAX_S = 60  # engine/base/bounds.h
ROWS = 210  # eight connections have them written within 79 seconds
# So few descriptors for mailfrom that a carrier has a handful of connections.
FEW_FILES = ("sh", "-c", 'ulimit -n 96 && exec "$@"', "sh")
WRITE = "PutEmailIdentityMailFromAttributes"  # of mailfrom; the other operator's is of version 1
CONNECTIONS = re.compile(r"at most (\d+) at once to one host \(bound (\d+)\)")
READS = ("GetIdentityMailFromDomainAttributes", "GetEmailIdentity")

one_at_a_time = threading.Lock()


def check(*words):
    with one_at_a_time:
        rehearsal_room.check(*words)


def room_of(rows):
    names = [f"d{i}.example" for i in range(rows)]
    room = Room(*sys.argv[1:3], {name: {} for name in names}, sim=["--faults", f"delay={ANSWER_S * 1000}"])
    room.manifest("fleet.yaml", {name: {} for name in names})
    return room


def going(room):
    process = room.start("apply", "fleet.yaml", "--yes", "--verbose", "--rate", 50, before=FEW_FILES)
    until(lambda: len(room.writes()) >= 2)
    time.sleep(ANSWER_S / 2)  # by the pace all rows but those of the long queue are due
    return process


def seconds(call):
    return datetime.datetime.fromisoformat(call["time"].replace("Z", "+00:00")).timestamp()


def own_writes(room):
    return [call for call in room.writes() if call["action"] == WRITE]


def written(room):
    return [call["identities"][0] for call in own_writes(room)]


def order(room, *words):
    done = subprocess.run([room.mailfrom, *map(str, words)], cwd=room.path, env=room.environment(),
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=patient(60))
    return done.returncode, done.stdout + done.stderr


def stands_still(room, since):
    """Nothing arrives in the time of two answers; what was handed over with a connection leaves at once."""
    time.sleep(2 * ANSWER_S)
    late = [round(seconds(call) - since, 2) for call in own_writes(room) if seconds(call) > since + 1]
    return not late, late


def paused():
    with room_of(60) as room:
        process = going(room)
        code, said = order(room, "pause")
        since = time.time()
        check("a pause is acknowledged", code == DONE, said)
        good, late = stands_still(room, since)
        check("no write of a paused run waits for a connection and leaves", good, late)
        room.set("d59.example", "theirs.d59.example")
        check("the last row is not written yet", "d59.example" not in written(room))
        time.sleep(max(0, READ_BEFORE_WRITE_MAX_S - (time.time() - since)))
        order(room, "resume")
        out, err = process.communicate(timeout=patient(120))
        check("the run goes on", process.returncode == TROUBLE, process.returncode, err[-2000:])
        outcomes = room.outcomes(1)
        check("what another operator has set meanwhile is not overwritten",
              outcomes["d59.example"] == "drifted" and room.ses()["d59.example"][0] == "theirs.d59.example", outcomes)
        check("and each other row is written once, and done",
              sorted(written(room)) == sorted(set(room.identities) - {"d59.example"})
              and list(outcomes.values()).count("done") == 59, written(room), outcomes)
        used, there = map(int, CONNECTIONS.search(err).groups())
        check("with all the connections that there are, but for one that is kept for reads", there - 1 <= used <= there, err[-300:])


def interrupted():
    with room_of(60) as room:
        process = going(room)
        since = time.time()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=patient(60))
        good, late = stands_still(room, since)
        check("after an interrupt no write leaves that was not on its way", good, late)
        check("the run ends as stopped", process.returncode == STOPPED, process.returncode)


def paced():
    with room_of(60) as room:
        process = going(room)
        code, said = order(room, "pace", "--rate", "0.2")
        since = time.time()
        check("a pace is acknowledged", code == DONE, said)
        time.sleep(2 * ANSWER_S)
        after = [call for call in own_writes(room) if seconds(call) > since + 1]
        check("a slower pace holds for what waits for a connection", len(after) <= 2, len(after))
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=patient(60))


def ages(room):
    """{identity: seconds from its last read to its write}, as SES has seen them."""
    read, found = {}, {}
    for call in room.calls():
        for name in call["identities"] if call["action"] in READS else ():
            read[name] = seconds(call)
        if call["action"] == WRITE:
            name = call["identities"][0]
            found[name] = seconds(call) - read[name]
    return found


def long_queue():
    last = f"d{ROWS - 1}.example"
    with room_of(ROWS) as room:
        process = going(room)
        time.sleep(5)
        room.set(last, "theirs." + last)
        check("the last row waits", last not in written(room))
        out, err = process.communicate(timeout=patient(240))
        begun, ended = (seconds(own_writes(room)[at]) for at in (0, -1))
        check("the writes take longer than a read is good for", ended - begun > READ_BEFORE_WRITE_MAX_S + 5, ended - begun)
        oldest = max(ages(room).values())
        check("no write arrives later than a minute after the last read of its identity",
              oldest <= READ_BEFORE_WRITE_MAX_S, oldest)
        outcomes = room.outcomes(1)
        check("another operator's name at the end of the queue is not overwritten",
              process.returncode == TROUBLE and outcomes[last] == "drifted"
              and last not in written(room), process.returncode, outcomes, err[-2000:])
        check("nothing was sent in vain", len(written(room)) == ROWS - 1 and list(outcomes.values()).count("done") == ROWS - 1)


with concurrent.futures.ThreadPoolExecutor() as all_at_once:
    for done in [all_at_once.submit(part) for part in (paused, interrupted, paced, long_queue)]:
        done.result()
verdict()
