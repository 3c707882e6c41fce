#!/usr/bin/python3
"""Failing system calls: the k-th call of each kind on the journal fails, for every k until none is
left to fail; and a disk that is full. And kills at each of the calls with which a journal is made: a
journal that was never whole has lost nothing, and says nothing of the kind.

  syscalls.py MAILFROM SES-SIM CLOCK [--every N] [--seed N] [--identities N]

strace injects the errors. After one the program must leave with 1 and a sentence, and SES must see
no write that the journal does not hold; when the disk is well again the run must reach the end of an
undisturbed one. CLOCK is the library of wall_clock.c: the programs' time passes SPEED times as fast, for
a write that was cut off is waited for."""

import argparse
import collections
import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile

import crash_room

# system call, error, must the program leave with 1? (what is not vital it may do without)
KINDS = (
    ("pwrite64", "EIO", True), ("pwrite64", "ENOSPC", True), ("fdatasync", "EIO", True), ("fsync", "EIO", False),
    ("ftruncate", "EIO", False), ("openat", "EIO", False), ("openat", "ENOSPC", False), ("rename", "EIO", False),
    ("rename", "ENOSPC", False),
)
OPTIONS = ("--rate", "60")
MAKING = "openat,pwrite64,write,fdatasync,fsync,ftruncate,unlink,rename,fcntl,mkdir"  # what makes a journal
MANY = ("pwrite64", "fdatasync", "openat")  # of these, --every skips some
WORKERS = 4  # of each kind; the kinds go on beside each other
FLEETS_MAX = 1500
KILLS_MAX = 200  # a journal is made in fewer calls
SPEED = 10
SLACK = 100000 * SPEED  # microseconds: the programs go by the Date of answers that took a while at that speed


def run_failing(mailfrom, fleet, call, error, k):
    """Exit code, what it said, the instant of the injected error (None: there was none)."""
    trace = fleet.folder / "strace"
    paths = [arg for name in ("journal.db", "journal.db-wal", "end.csv") for arg in ("-P", fleet.folder / name)]
    if call in ("rename", "fsync"):
        paths = []  # their paths are those of the report's file beside, and of folders
    command = ["strace", "-f", "--seccomp-bpf", "-ttt", "-o", trace, *paths, "-e", f"trace={call}", "-e",
               f"inject={call}:error={error}:when={k}", *mailfrom.command(fleet, *OPTIONS), "--report",
               f"csv:{fleet.folder / 'end.csv'}"]
    done = subprocess.run(command, capture_output=True, text=True, env=mailfrom.environment, timeout=120)
    hit = re.search(r"^\d+\s+(\d+\.\d+) .*INJECTED", trace.read_text(), re.M)
    return done.returncode, done.stderr, int(float(hit.group(1)) * 1e6) if hit else None


def heal(mailfrom, fleet):
    """Complaints about the life after the trouble."""
    if crash_room.Journal.has_run(fleet.journal):
        with crash_room.Journal(fleet.journal) as journal:
            if journal.run_has_ended():
                return []
    code, said = mailfrom.finish(fleet, *OPTIONS)
    return [f"the run after it ends with {code}: {said}"] if code else []


def killed_while_making(mailfrom, fleet, k):
    """Was it killed, at the k-th call on its journal's files?"""
    names = ("", "-wal", "-journal", ".lock", ".mark")
    paths = [arg for name in names for arg in ("-P", f"{fleet.journal}{name}")]
    command = ["strace", "-f", "-o", fleet.folder / "strace", *paths, "-P", fleet.folder, "-e", f"trace={MAKING}", "-e",
               f"inject={MAKING}:signal=SIGKILL:when={k}", *mailfrom.command(fleet, *OPTIONS)]
    return subprocess.run(command, capture_output=True, env=mailfrom.environment, timeout=120).returncode in (-9, 137)


def tells_a_loss(said):
    return any(words in said for words in ("lost", "removed or renamed", "is empty, although"))


def making_faults(mailfrom, fleets, step, counts):
    """Kills at the calls up to the first records, of one fleet each."""
    for k in range(1, KILLS_MAX, step):
        fleet = next(fleets)
        if not killed_while_making(mailfrom, fleet, k):
            yield f"not killed at call {k}"
            return
        counts["kills while a journal is made"] += 1
        kept = len(crash_room.Journal.all_records(fleet.journal)) if fleet.journal.exists() else 0
        for verb in ("status", "report"):
            said = subprocess.run([mailfrom.program, verb, "1", "--journal", fleet.journal], capture_output=True, text=True,
                                  env=mailfrom.environment, timeout=120).stderr
            if tells_a_loss(said):
                yield f"killed at call {k}: {verb} takes it for a loss: {said}"
        code, said = mailfrom.finish(fleet, *OPTIONS)
        if code or tells_a_loss(said):
            yield f"killed at call {k}: the run after it ends with {code}: {said}"
        if kept:
            return
    yield "no kill came after the first records"


def full_disk(mailfrom, fleet, calm, counts):
    """A tmpfs that is too small, until it is made larger."""
    room = fleet.folder / "small"
    room.mkdir(mode=0o700)
    mounted = os.geteuid() == 0 and subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k,mode=700", "none", room],
                                                  stderr=subprocess.DEVNULL).returncode == 0
    if not mounted:
        print("# a full tmpfs: not tried, for only root may mount one")
        return []
    try:
        fleet.journal = room / "journal.db"
        code, said = mailfrom.finish(fleet, *OPTIONS)
        found = [] if code == 1 and "no space left on device" in said else [f"a full disk: ends with {code}: {said}"]
        subprocess.run(["mount", "-o", "remount,size=20m", room], check=True)
        counts["full disks"] += 1
        found += heal(mailfrom, fleet)
        return found + crash_room.rows_differ(calm, mailfrom.report(fleet, "end.csv"), crash_room.DNS_WORDS)
    finally:
        subprocess.run(["umount", room], check=True)


class Campaign:
    def __init__(self, args, mailfrom, fleets, calm):
        self.args, self.mailfrom, self.fleets, self.calm = args, mailfrom, fleets, calm
        self.counts, self.used = collections.Counter(), []

    def once(self, job):
        """One failing call. (was one hit?, complaints)"""
        fleet, (call, error, must_fail), k = job
        code, said, hit = run_failing(self.mailfrom, fleet, call, error, k)
        found = []
        if hit:
            self.counts[f"{call} {error}"] += 1
            self.used.append((fleet, hit))
        if code not in (0, 1) or (hit and must_fail and code != 1) or (not hit and code):
            found.append(f"ends with {code}: {said}")
        if code == 1 and not said.startswith("mailfrom: "):
            found.append(f"leaves without a sentence: '{said}'")
        if code:
            found += heal(self.mailfrom, fleet)
        found += crash_room.rows_differ(self.calm, self.mailfrom.report(fleet, "after.csv"), crash_room.DNS_WORDS)
        return hit, [f"{call} {error} at {k} (fleet {fleet.number}): {c}" for c in found]

    def sweep(self, kind):
        """k upward until nothing fails."""
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            return self.read_batch_in(pool, kind)

    def read_batch_in(self, pool, kind):
        step = self.args.every if kind[0] in MANY else 1
        k, complaints = 1 + self.args.seed % step, []
        while True:
            jobs = [(next(self.fleets), kind, k + i * step) for i in range(WORKERS)]
            k += WORKERS * step
            done = list(pool.map(self.once, jobs))
            complaints += [c for _, found in done for c in found]
            if complaints or not all(hit for hit, _ in done):
                return complaints


def after_the_failure(campaign, sim):
    """The server's word: no write without its intent, none after the failure but from a later life."""
    complaints, per_fleet = [], sim.calls_by_fleet()
    for fleet, _ in campaign.used:
        complaints += crash_room.ses_differs(sim.url, fleet)
        complaints += crash_room.witnesses_differ(fleet, per_fleet[fleet.number], campaign.counts, SLACK)
    return complaints


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("mailfrom")
    parser.add_argument("sim")
    parser.add_argument("clock")
    parser.add_argument("--every", type=int, default=1, help="of the calls that are many")
    parser.add_argument("--identities", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1, help="the first k, modulo --every")
    args = parser.parse_args()
    crash_room.speed_up(args.clock, SPEED)
    complaints = []
    with tempfile.TemporaryDirectory() as folder:
        dns = crash_room.Dns()
        fleets = [crash_room.Fleet(n, args.identities, folder) for n in range(FLEETS_MAX)]
        sim = crash_room.Sim(args.sim, fleets, dns, folder)
        mailfrom = crash_room.Mailfrom(args.mailfrom, sim.url, dns)
        try:
            code, said = mailfrom.finish(fleets[0], *OPTIONS)
            if code:
                complaints.append(f"the undisturbed run ends with {code}: {said}")
            campaign = Campaign(args, mailfrom, iter(fleets[2:]), mailfrom.report(fleets[0], "calm.csv"))
            complaints += full_disk(mailfrom, fleets[1], campaign.calm, campaign.counts)
            complaints += making_faults(mailfrom, campaign.fleets, 1 if args.every == 1 else 3, campaign.counts)
            complaints += crash_room.in_parallel(len(KINDS), campaign.sweep, KINDS)
            complaints += after_the_failure(campaign, sim)
        finally:
            sim.stop()
    return crash_room.verdict("failing system calls", args.seed, campaign.counts, complaints)


sys.exit(main())
