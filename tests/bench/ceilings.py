#!/usr/bin/python3
"""Counts that must not grow unnoticed: calls to SES, system calls, allocations and instructions. No time is
judged, so the machine may be as busy as it likes.

  ceilings.py [--build FOLDER] [--show]

What one identity, write or call costs is the difference between many and a few, so that starting does
not count. A count above its ceiling fails and says where to look. So does one far below, for then the
ceiling guards nothing. --show prints the counts, and judges nothing."""

import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
from typing import NamedTuple

import stage
from row import number

ROOM = 1.1  # a ceiling over what was measured: other libraries and a busy machine, but no other design
FORGOTTEN = 0.6  # below this part of its ceiling a count has been lowered and its ceiling has not
WAITS = "trace=!poll,ppoll,epoll_wait,epoll_pwait,futex"  # a busy machine needs more or fewer
STRACE = "strace -f -c says which, and strace -f -k from where"
CALLS = "mailfrom rehearse --format json says which"
MEMORY = "gdb's backtrace at malloc, or valgrind --tool=dhat"
WORK = "valgrind --tool=callgrind, then callgrind_annotate --inclusive=yes"


class Ceiling(NamedTuple):
    most: float
    look: str  # with what one sees where a count went
    library: bool = False  # a version of a library costs much less: nothing is too low


# What was measured on Debian 12 and 13, the larger, times ROOM. What came out the same each time and on both
# has no room for one more. Allocations are those of our own code (allocations.c).
CEILINGS = {
    "calls to SES, plan of 1000": Ceiling(26, CALLS),
    "reads of SES, rehearsed apply of 2000": Ceiling(198, CALLS),
    "messages sent and received, identity of an apply": Ceiling(16.4, STRACE, library=True),
    "allocations, identity of an apply": Ceiling(25.5, MEMORY),
    "system calls, kept write": Ceiling(28, STRACE),
    "allocations, kept write": Ceiling(0.1, MEMORY),
    "system calls, signed call over TLS": Ceiling(13.6, STRACE),
    "allocations, signed call over TLS": Ceiling(16.5, MEMORY),
    "allocations, identity of a check": Ceiling(0.1, MEMORY),
    "instructions, identity of a check": Ceiling(21_600, WORK),
    "instructions, identity of a rehearsal": Ceiling(135_000, WORK),
}


class Traced(NamedTuple):
    """What one run asked of the kernel and of the allocator."""

    syscalls: int
    good: int  # of these, those that did not fail
    allocations: int


class Bench:
    def __init__(self, build, folder):
        self.build, self.folder = build.resolve(), folder

    def tracer(self, name, *options):
        """To be put before a command."""
        return ["strace", "-f", "-qq", "-c", "-U", "calls,errors,name", "-o", self.folder / f"{name}.calls", *options, "-E",
                f"ALLOCATIONS={self.folder}/{name}.asked", "-E", f"LD_PRELOAD={self.build}/tests/liballocations.so"]

    def traced(self, name):
        rows = (line.split() for line in (self.folder / f"{name}.calls").read_text().splitlines())
        calls, *errors, _ = next(row for row in rows if row[-1:] == ["total"])
        asked = (self.folder / f"{name}.asked").read_text()
        return Traced(int(calls), int(calls) - sum(map(int, errors)), int(asked))

    def instructions(self, count, *verb):
        manifest = stage.manifest_write(self.folder / "fleet.yaml", count)
        command = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null", self.build / "mailfrom"]
        done = subprocess.run([*command, *verb, manifest], capture_output=True, text=True, check=True)
        return int(re.search(r"I +refs: +([\d,]+)", done.stderr)[1].replace(",", ""))


def each(few, many, measure):
    """What one more costs."""
    ones, others = measure(few), measure(many)
    if isinstance(ones, tuple):
        return [(b - a) / (many - few) for a, b in zip(ones, others)]
    return (others - ones) / (many - few)


def calls_to_ses(bench):
    with stage.knot(1_000) as port, stage.Fleet(bench.build, 1_000, port) as fleet, fleet.ses() as ses:
        fleet.run(ses, "plan", 10_000)
        yield "calls to SES, plan of 1000", len(ses.calls())
    manifest = stage.manifest_write(bench.folder / "fleet.yaml", 2_000)
    command = [bench.build / "mailfrom", "rehearse", manifest, "--quiet", "--dns-delay", "1m..4h", "--format", "json"]
    said = json.loads(stage.cost_of(bench.build, *command, good=(0, 3)).said)
    yield "reads of SES, rehearsed apply of 2000", sum(c["calls"] for c in said["calls"] if c["action"] not in stage.WRITES)


def an_apply(bench):
    """Of its system calls those that send and receive, unless there was nothing to be received. Of all others
    a busy machine needs more or fewer: they are waits and commits."""
    with stage.knot(400) as port:
        def once(count):
            with stage.Fleet(bench.build, count, port) as fleet, fleet.ses() as ses:
                moving = ("--seccomp-bpf", "-e", "trace=sendto,sendmsg,sendmmsg,recvfrom,recvmsg,recvmmsg")
                fleet.run(ses, "apply", 10_000, before=bench.tracer("apply", *moving))
            return bench.traced("apply")

        _, messages, allocations = each(150, 400, once)
    yield "messages sent and received, identity of an apply", messages
    yield "allocations, identity of an apply", allocations


def a_program(bench, name, few, many, *arguments):
    """arguments: in each, COUNT is how many."""
    def once(count):
        words = [str(word).replace("COUNT", str(count)) for word in arguments]
        stage.cost_of(bench.build, *bench.tracer(name, "-e", WAITS), bench.build / "tests" / name, *words)
        return bench.traced(name)

    return each(few, many, once)


def a_commit(bench):
    """Intent and answer, each a commit; beside them two writes and two syncs of the bare peer."""
    syscalls, _, allocations = a_program(bench, "journal_bench", 20, 60, "keeps", bench.folder / "COUNT.db", "COUNT", 1)
    yield "system calls, kept write", syscalls
    yield "allocations, kept write", allocations


def a_call(bench):
    """One after the other on one connection, with what the test's own server does in the same process."""
    syscalls, _, allocations = a_program(bench, "bench_wire_https", 50, 150, "COUNT", 1, 1)
    yield "system calls, signed call over TLS", syscalls
    yield "allocations, signed call over TLS", allocations


def a_check(bench):
    def asked(count):
        manifest = stage.manifest_write(bench.folder / "fleet.yaml", count)
        stage.cost_of(bench.build, *bench.tracer("check"), bench.build / "mailfrom", "check", manifest)
        return bench.traced("check").allocations

    yield "allocations, identity of a check", each(250, 2_000, asked)


def instructions(bench):
    yield "instructions, identity of a check", each(250, 1_500, lambda n: bench.instructions(n, "check"))
    yield "instructions, identity of a rehearsal", each(100, 300, lambda n: bench.instructions(n, "rehearse", "--quiet"))


def complaint_about(name, count):
    """None: it is as it should be."""
    ceiling = CEILINGS[name]
    if count > ceiling.most:
        return (f"at most {ceiling.most:g} were expected. To see where it went: {ceiling.look}. If it is worth that, raise the "
                "ceiling in tests/bench/ceilings.py, and say in the commit what was won")
    if count < FORGOTTEN * ceiling.most and ceiling.most >= 1 and not ceiling.library:
        return (f"this is far below its ceiling of {ceiling.most:g}: lower that to what ceilings.py --show prints, or see why the "
                "count is wrong")
    return None


def proofs():
    """That a count can fail in both ways."""
    name, ceiling = next(iter(CEILINGS.items()))
    yield "a count at its ceiling passes", not complaint_about(name, ceiling.most)
    yield "finds a count above it", "at most" in (complaint_about(name, ceiling.most * 1.01) or "")
    yield "finds a ceiling that was forgotten", "far below" in (complaint_about(name, ceiling.most / 2) or "")


class Tap:
    def __init__(self):
        self.number, self.failed = 0, 0

    def say(self, name, complaint=None, skip=""):
        self.number += 1
        self.failed += bool(complaint)
        print(f"{'not ok' if complaint else 'ok'} {self.number} - {name}{skip and f' # SKIP {skip}'}", flush=True)
        if complaint:
            print(f"# {complaint}", flush=True)


def judge(bench):
    tap = Tap()
    for name, good in proofs():
        tap.say(name, None if good else "not so")
    for name, count in counts(bench):
        tap.say(f"{name}: {number(count)}", complaint_about(name, count))
    if not shutil.which("valgrind"):
        for name in (n for n in CEILINGS if n.startswith("instructions")):
            tap.say(name, skip="valgrind counts them, and it is not installed")
    return 1 if tap.failed else 0


def counts(bench):
    for measure in (calls_to_ses, an_apply, a_commit, a_call, a_check):
        yield from measure(bench)
    if shutil.which("valgrind"):
        yield from instructions(bench)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build/release"))
    parser.add_argument("--show", action="store_true", help="prints the counts and judges nothing")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(arguments.build, pathlib.Path(folder))
        if not arguments.show:
            return judge(bench)
        for name, count in counts(bench):
            print(f'    "{name}": {number(count)}, with room {number(count * ROOM)}', flush=True)
    return 0


sys.exit(main())
