#!/usr/bin/python3
"""A process that may open few files, map little memory, or copy nothing into a full TMPDIR: each verb does
its work with less, or says in one sentence, soon, what it lacks. Never does it wait without a word.

  hostile_limits.py MAILFROM SES-SIM"""

import pathlib
import resource
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "wire"))

from timeouts import patient
from rehearsal_room import CANNOT_RUN, DONE, TROUBLE, Room, check, until, verdict

MAILFROM, SES_SIM = (str(pathlib.Path(program).resolve()) for program in sys.argv[1:3])
FLEET = {f"d{i}.example": {} for i in range(3)}
VERBS = {"plan": ("fleet.yaml",), "apply": ("fleet.yaml", "--yes"), "discover": ("--regions", "us-east-1"), "records": ("fleet.yaml",),
         "check": ("fleet.yaml",), "status": ("--all",)}
FEW = (*range(4, 41, 2), 60, 200)
IS_ASAN = b"__asan_init" in pathlib.Path(MAILFROM).read_bytes()  # it maps terabytes by itself
MB = 1 << 20
SOON = 2  # seconds
TRIES = 3  # a busy machine delays one of them; a program that waits does so in each


def limited(kind, soft, hard=None):
    return lambda: resource.setrlimit(kind, (soft, hard or soft))


def run(room, verb, *arguments, **more):
    """(exit code, all that it said, seconds); the code is None when it had to be killed."""
    began, process = time.monotonic(), room.start(verb, *arguments, **more)
    try:
        out, err = process.communicate(timeout=patient(20))
        return process.returncode, out + err, time.monotonic() - began
    except subprocess.TimeoutExpired:
        process.kill()
        return None, "".join(process.communicate()), time.monotonic() - began


def one_verb(room, verb, arguments, limits, name, ends=(DONE,)):
    journal = ("--journal", f"{name}/journal.db") if verb in ("apply", "status") else ()
    if verb == "status":
        room.run("apply", "fleet.yaml", "--yes", *journal)
    for _ in range(TRIES):
        code, said, seconds = run(room, verb, *arguments, *journal, preexec_fn=limits)
        good = code in ends or (code == CANNOT_RUN and said.strip() and seconds < patient(SOON))
        if good or code != CANNOT_RUN:
            break
    return good, f"{verb} at {name}: exit code {code} after {seconds:.1f} s: {said[-300:]}"


def descriptors(room):
    for verb, arguments in VERBS.items():
        told = [one_verb(room, verb, arguments, limited(resource.RLIMIT_NOFILE, few), f"n{few}") for few in FEW]
        check(f"{verb} with few descriptors is done, or says at once that it cannot go on",
              all(good for good, _ in told), *[what for good, what in told if not good])
        check(f"{verb} with 40 descriptors is done", "exit code 0" in told[FEW.index(40)][1], told[FEW.index(40)][1])
    _, said, _ = run(room, "plan", "fleet.yaml", preexec_fn=limited(resource.RLIMIT_NOFILE, 10))
    check("the sentence names the limit and what is needed", "10 files open (ulimit -n), and needs" in said, said)
    code, said, _ = run(room, "plan", "fleet.yaml", preexec_fn=limited(resource.RLIMIT_NOFILE, 10, 4096))
    check("a low soft limit is raised to the hard one", code == DONE, code, said)


def memory(room):
    if IS_ASAN:
        print("ok - too little address space # SKIP the sanitizer needs more than any limit")
        return
    # TROUBLE: there was no memory for one answer of DNS, and its row says so (a c-ares since 1.28 calls such
    # an answer a broken one).
    told = [one_verb(room, verb, VERBS[verb], limited(resource.RLIMIT_AS, mb * MB), f"v{mb}", ends=(DONE, TROUBLE))
            for verb in ("plan", "apply") for mb in range(32, 321, 16)]
    check("with little address space it is done, or says at once that it cannot go on",
          all(good for good, _ in told), *[what for good, what in told if not good])
    check("both came about", {what.split("exit code ")[1][0] for _, what in told} >= {"0", "1"}, told)


def full_temporary_folder(room):
    """status copies the journal of a run that goes on; its copies have no room."""
    full = room.path / "full"
    full.mkdir()
    mounted = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs -o size=8k none "$0" && exec "$@"', full]
    if subprocess.run([*mounted, "true"], capture_output=True).returncode:
        print("ok - a full TMPDIR is said # SKIP only root can make one")
        return
    process = room.start("apply", "slow.yaml", "--yes", "--journal", "slow/journal.db")
    until(lambda: room.run("status", "--journal", "slow/journal.db").returncode == 0)
    code, said, seconds = run(room, "status", "--journal", "slow/journal.db",
                              before=[*mounted, "env", f"TMPDIR={full}"])
    check("a full TMPDIR is said", code == CANNOT_RUN and "space" in said and seconds < patient(SOON), code, said)
    process.terminate()
    process.communicate()


def main():
    with Room(MAILFROM, SES_SIM, {**FLEET, "late.example": {"late": True}}) as room:
        room.manifest("fleet.yaml", {name: {} for name in FLEET})
        room.manifest("slow.yaml", {"late.example": {}})
        room.run("apply", "fleet.yaml", "--yes")
        descriptors(room)
        memory(room)
        full_temporary_folder(room)
    verdict()


main()
