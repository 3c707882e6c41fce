#!/usr/bin/python3
"""kill -9 at random instants of apply and of each resume after it.

  kill9.py MAILFROM SES-SIM [--rounds N] [--seed N] [--identities N] [--workers N]

After each kill the journal must hold everything that it held at the kill before. After the end SES
must be as wanted, seen by AWS's SDK; every write in the server's log must have its intent in the
journal; a write may be repeated only when its answer was never kept, and after a look; the report
must have the rows of an undisturbed run (see MAY_DIFFER in crash_room.py)."""

import argparse
import collections
import pathlib
import random
import subprocess
import sys
import tempfile
import time

import crash_room

KILLS = 12  # of one fleet
OPTIONS = ("--rate", "45")


def kill_once(mailfrom, fleet, draw, counts):
    """One life. Exit code, or None when it was killed."""
    process = mailfrom.start(fleet, *OPTIONS)
    delay = draw.uniform(0, 0.6) if draw.random() < 0.9 else draw.uniform(0, 5)
    try:
        process.wait(delay)
    except subprocess.TimeoutExpired:
        process.kill()
    said = process.communicate()[1]
    counts["kills"] += process.returncode == -9
    if process.returncode in (-9, 0):
        return (None if process.returncode == -9 else 0), said
    return process.returncode, said


def snapshot(fleet):
    if not fleet.journal.exists() or not crash_room.Journal.has_run(fleet.journal):
        return []
    with crash_room.Journal(fleet.journal) as journal:
        return journal.records()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("mailfrom")
    parser.add_argument("sim")
    parser.add_argument("--rounds", type=int, default=500)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--identities", type=int, default=40)
    parser.add_argument("--workers", type=int, default=24)
    args = parser.parse_args()
    counts, complaints = collections.Counter(), []
    with tempfile.TemporaryDirectory() as folder:
        dns = crash_room.Dns()
        fleets = [crash_room.Fleet(n, args.identities, folder) for n in range(2 + args.rounds // 3)]
        sim = crash_room.Sim(args.sim, fleets, dns, folder, "--faults", "delay=15", "--detect-after", "1.5")
        mailfrom = crash_room.Mailfrom(args.mailfrom, sim.url, dns)
        code, said = mailfrom.finish(fleets[0], *OPTIONS)
        if code:
            complaints.append(f"the undisturbed run ends with {code}: {said}")
        calm = mailfrom.report(fleets[0], "calm.csv")

        def campaign(fleet):
            if counts["kills"] >= args.rounds:
                return []
            draw, before, found = random.Random(args.seed * 1000003 + fleet.number), [], []
            counts["fleets"] += 1
            for _ in range(KILLS):
                code, said = kill_once(mailfrom, fleet, draw, counts)
                now = snapshot(fleet)
                if now[: len(before)] != before:
                    found.append(f"fleet {fleet.number}: records that were kept are gone")
                before = now
                if code is not None:
                    break
            if code is None:
                code, said = mailfrom.finish(fleet, *OPTIONS)
            if code:
                found.append(f"fleet {fleet.number}: ends with {code}: {said}")
            found += [f"fleet {fleet.number}: {c}" for c in crash_room.rows_differ(calm, mailfrom.report(fleet, "end.csv"))]
            fleet.is_done = True
            return found

        try:
            complaints += crash_room.in_parallel(args.workers, campaign, fleets[1:])
            done = [f for f in fleets[1:] if hasattr(f, "is_done")]
            per_fleet = collections.defaultdict(list)
            for call in sim.calls():
                for number in {i.split(".")[1] for i in call["identities"]}:
                    per_fleet[number].append(call)
            for fleet in done:
                complaints += crash_room.ses_differs(sim.url, fleet)
                complaints += crash_room.witnesses_differ(fleet, per_fleet[f"f{fleet.number}"], counts)
        finally:
            sim.stop()
        if complaints:
            kept = pathlib.Path(tempfile.mkdtemp(prefix="kill9."))
            pathlib.Path(folder).rename(kept / "world")
            pathlib.Path(folder).mkdir()
            print(f"# everything is kept in {kept}")
    return crash_room.verdict("kill -9", args.seed, counts, complaints)


sys.exit(main())
