#!/usr/bin/python3
"""kill -9 at random instants of apply and of each resume after it.

  kill9.py MAILFROM SES-SIM CLOCK [--rounds N] [--seed N] [--identities N] [--workers N]

CLOCK is the library of wall_clock.c: the programs' time passes SPEED times as fast, for a write that was
kept and never sent is waited for for five minutes.

After each kill the journal must hold everything that it held at the kill before. After the end SES
must be as wanted, seen by AWS's SDK; every write in the server's log must have its intent in the
journal; a write may be repeated only when its answer was never kept, and after a look; the report
must have the rows of an undisturbed run (see MAY_DIFFER in crash_room.py)."""

import argparse
import collections
import random
import sys
import tempfile
import time

import crash_room

KILLS = 12  # of one fleet
SPEED = 20
SLACK = 1000000  # microseconds: the programs go by the Date of answers that took a while at that speed
ENDED = (0, 3)  # 3: at that speed DNS may time out for a row that is as wanted, and that is an alarm
OPTIONS = ("--rate", "2.25")  # a second of the programs' time, as below
SIM = ("--faults", "delay=300", "--detect-after", "30")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("mailfrom")
    parser.add_argument("sim")
    parser.add_argument("clock")
    parser.add_argument("--rounds", type=int, default=500)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--identities", type=int, default=40)
    parser.add_argument("--workers", type=int, default=24)
    args = parser.parse_args()
    crash_room.speed_up(args.clock, SPEED)
    counts, complaints = collections.Counter(), []
    with tempfile.TemporaryDirectory() as folder:
        dns = crash_room.Dns()
        fleets = [crash_room.Fleet(n, args.identities, folder) for n in range(2 + args.rounds // 3)]
        sim = crash_room.Sim(args.sim, fleets, dns, folder, *SIM)
        mailfrom = crash_room.Mailfrom(args.mailfrom, sim.url, dns)
        code, said = mailfrom.finish(fleets[0], *OPTIONS)
        if code not in ENDED:
            complaints.append(f"the undisturbed run ends with {code}: {said}")
        calm = mailfrom.report(fleets[0], "calm.csv")

        def campaign(fleet):
            if counts["kills"] >= args.rounds:
                return []
            draw, before, found = random.Random(args.seed * 1000003 + fleet.number), [], []
            counts["fleets"] += 1
            for _ in range(KILLS):
                delay = draw.uniform(0, 0.6) if draw.random() < 0.9 else draw.uniform(0, 5)
                code, said = crash_room.killed(mailfrom.start(fleet, *OPTIONS), delay, counts)
                now = crash_room.Journal.all_records(fleet.journal)
                if now[: len(before)] != before:
                    found.append(f"fleet {fleet.number}: records that were kept are gone")
                before = now
                if code is not None:
                    break
            if code is None:
                code, said = mailfrom.finish(fleet, *OPTIONS)
            if code not in ENDED:
                found.append(f"fleet {fleet.number}: ends with {code}: {said}")
            found += [f"fleet {fleet.number}: {c}" for c in crash_room.rows_differ(calm, mailfrom.report(fleet, "end.csv"), crash_room.DNS_WORDS)]
            fleet.is_done = True
            return found

        try:
            complaints += crash_room.in_parallel(args.workers, campaign, fleets[1:])
            done = [f for f in fleets[1:] if hasattr(f, "is_done")]
            per_fleet = sim.calls_by_fleet()
            for fleet in done:
                complaints += crash_room.ses_differs(sim.url, fleet)
                complaints += crash_room.witnesses_differ(fleet, per_fleet[fleet.number], counts, SLACK)
        finally:
            sim.stop()
        if complaints:
            crash_room.keep_world(folder)
    return crash_room.verdict("kill -9", args.seed, counts, complaints)


sys.exit(main())
