#!/usr/bin/python3
"""SIGINT, SIGTERM, SIGHUP, the same twice, and a closed standard output, at random instants.

  signals.py MAILFROM SES-SIM [--rounds N] [--seed N]

The program must leave within GRACE seconds (a request takes milliseconds here), by itself, with 4
(can be resumed) or 0 (it had ended already); a resume must then reach the end."""

import argparse
import collections
import os
import random
import signal
import sys
import tempfile
import time

import crash_room
from crash_room import patient

GRACE = 3.0  # 2 s, and a busy machine
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, "twice", "closed pipe")
EARLY = (-signal.SIGINT, -signal.SIGTERM, -signal.SIGHUP)  # before the run had begun: nothing to keep


def disturb(mailfrom, fleet, what, delay):
    """Exit code, seconds from the disturbance to the exit, and what it said."""
    reader, writer = os.pipe()
    process = mailfrom.start(fleet, "--rate", "60", stdout=writer)
    os.close(writer)
    time.sleep(delay)
    began = time.monotonic()
    if what == "closed pipe":
        os.close(reader)
        began = None
    elif what == "twice":
        process.send_signal(signal.SIGINT)
        time.sleep(delay % 0.02)
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
    else:
        process.send_signal(what)
    said = process.communicate(timeout=patient(60))[1]
    took = time.monotonic() - began if began else 0
    if began:
        os.close(reader)
    return process.returncode, took, said


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("mailfrom")
    parser.add_argument("sim")
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    args = parser.parse_args()
    counts, slowest = collections.Counter(), [0.0]
    with tempfile.TemporaryDirectory() as folder:
        dns = crash_room.Dns()
        fleets = [crash_room.Fleet(n, 20, folder) for n in range(args.rounds + 1)]
        sim = crash_room.Sim(args.sim, fleets, dns, folder, "--faults", "delay=15", "--detect-after", "1")
        mailfrom = crash_room.Mailfrom(args.mailfrom, sim.url, dns)
        code, said = mailfrom.finish(fleets[0])
        calm = mailfrom.report(fleets[0], "calm.csv")

        def campaign(fleet):
            draw, found = random.Random(args.seed * 1000003 + fleet.number), []
            what = SIGNALS[fleet.number % len(SIGNALS)]
            code, took, said = disturb(mailfrom, fleet, what, draw.uniform(0, 1.2))
            counts[f"exit {code}"] += 1
            slowest[0] = max(slowest[0], took)
            allowed = (0,) if what == "closed pipe" else (0, 4, *EARLY)
            if code not in allowed:
                found.append(f"{what}: ends with {code}: {said}")
            if took > patient(GRACE):
                found.append(f"{what}: takes {took:.1f} s to leave")
            if code != 0:
                code, said = mailfrom.finish(fleet)
                if code:
                    found.append(f"{what}: the run after it ends with {code}: {said}")
            found += crash_room.rows_differ(calm, mailfrom.report(fleet, "end.csv"))
            return [f"fleet {fleet.number}: {c}" for c in found]

        try:
            complaints = [f"the undisturbed run ends with {code}: {said}"] if code else []
            complaints += crash_room.in_parallel(34, campaign, fleets[1:])
            for fleet in fleets[1:]:
                complaints += crash_room.ses_differs(sim.url, fleet)
        finally:
            sim.stop()
    print(f"# slowest exit after a signal: {slowest[0]:.2f} s")
    return crash_room.verdict("signals", args.seed, counts, complaints)


sys.exit(main())
