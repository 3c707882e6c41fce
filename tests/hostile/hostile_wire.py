#!/usr/bin/python3
"""A server that stalls, drips, cuts, lies about lengths, floods, redirects or answers what is no answer:
whatever it does, once or for ever, to reads or to writes, the run ends in the right verdict, in bounded
memory, with nothing wrong in the journal, and no byte of it steers the terminal.

  hostile_wire.py MAILFROM SES-SIM            every lie once, then honesty: everything is done
  hostile_wire.py MAILFROM SES-SIM --for-ever the lie never ends: everything fails, and says why"""

import concurrent.futures
import os
import pathlib
import re
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "wire"))

from bad_server import LIES, Liar
from timeouts import patient
from rehearsal_room import DONE, TROUBLE, Room, check, verdict

MAILFROM, SES_SIM = (str(pathlib.Path(program).resolve()) for program in sys.argv[1:3])
FOR_EVER = sys.argv[3:] == ["--for-ever"]
MANY = 10**9
FLEET = {f"d{i}.example": {} for i in range(3)}
MEMORY_MAX_KB = 150_000  # two carriers with an answer at its limit each, and the program itself
TARGETS = {"read-v1": ("--read-api", "v1"), "read-v2": ("--read-api", "v2"), "write": ()}
STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
# An answer that is whole, whatever else lies behind it.
HARMLESS = {"double"}
# Lies by which no write reaches SES. After all others it is there, and a look finds it.
KEPT_FROM_SES = {"swallow", "redirect", "created", "no-content", "partial", "html-nothing", "other-json"}
WORKERS = 6


class LyingRoom(Room):
    def __init__(self, lie, target):
        super().__init__(MAILFROM, SES_SIM, FLEET)
        self.bad_server = Liar(self.url, target, lie, MANY if FOR_EVER else 1)
        self.manifest("fleet.yaml", {name: {} for name in FLEET})

    def __exit__(self, *_):
        self.bad_server.close()
        super().__exit__(*_)

    def environment(self):
        return {**super().environment(), "AWS_ENDPOINT_URL": self.bad_server.url}

    def apply(self, *more):
        """(exit code, all that was said, peak memory in KB) of a run."""
        said = self.path / "said.txt"
        with open(said, "wb") as out:
            process = self.start("apply", "fleet.yaml", "--yes", "--verbose", "--call-timeout", f"{patient(1):g}s", *more,
                                 stdout=out, stderr=out)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        return process.returncode, said.read_bytes().decode(errors="replace"), usage.ru_maxrss


def complaints_about(room, lie, target, code, said, memory_kb):
    """What is wrong with a run, as sentences; empty: nothing."""
    rows, found = room.report(1), []
    puts = [call["identities"][0] for call in room.writes()]
    if memory_kb > patient(MEMORY_MAX_KB):
        found.append(f"{memory_kb} KB of memory")
    if STEERING.search(said):
        found.append(f"steers the terminal: {STEERING.search(said)}")
    if room.bad_server.elsewhere:
        found.append("went to another host")
    kept, sent = sum(row["writes"] for row in rows.values()), room.bad_server.requests["write"]
    on_their_way = len(FLEET) if target == "write" else 0  # into a connection that was just being closed
    if not sent <= kept <= sent + on_their_way:
        found.append(f"{sent} writes were sent, the journal has {kept}")
    if any(puts.count(name) > (2 if target == "write" else 1) for name in FLEET):
        found.append(f"was written again and again: {puts}")
    if FOR_EVER and (lie in KEPT_FROM_SES if target == "write" else lie not in HARMLESS):
        if code != TROUBLE or any(row["outcome"] != "failed" or not row["reason"] for row in rows.values()):
            found.append(f"exit code {code}, {[(r['outcome'], r['reason']) for r in rows.values()]}")
    elif code != DONE or any(row["outcome"] != "done" for row in rows.values()):
        found.append(f"exit code {code}, {[(r['outcome'], r['reason']) for r in rows.values()]}")
    return found


def run_case(case):
    lie, target = case
    with LyingRoom(lie, target) as room:
        code, said, memory_kb = room.apply(*TARGETS[target])
        return lie, target, complaints_about(room, lie, target, code, said, memory_kb), said


def unknown_authority():
    """A certificate that nobody vouches for: no request leaves, and the rows say why."""
    with tempfile.TemporaryDirectory() as folder, Room(MAILFROM, SES_SIM, FLEET, sim=["--tls", folder]) as room:
        room.manifest("fleet.yaml", {name: {} for name in FLEET})
        room.ends("a server with an unknown authority ends a run with 3", TROUBLE, "apply", "fleet.yaml", "--yes")
        reasons = [row["reason"] for row in room.report(1).values()]
        check("every row has a reason", len(reasons) == len(FLEET) and all(reasons), reasons)
        check("and no request reached the server", not room.calls(), room.calls())


def main():
    cases = [(lie, target) for lie in LIES for target in TARGETS]
    with concurrent.futures.ThreadPoolExecutor(WORKERS * (4 if FOR_EVER else 1)) as pool:
        for lie, target, complaints, said in pool.map(run_case, cases):
            check(f"{lie} at a {target}" + (" for ever" if FOR_EVER else ""), not complaints, *complaints, said[-3000:])
    if FOR_EVER:
        unknown_authority()
    verdict()


main()
