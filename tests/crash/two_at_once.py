#!/usr/bin/python3
"""Many starts on one journal at once: one runs, the others leave and say who does.

  two_at_once.py MAILFROM SES-SIM [--starts N] [--rounds N] [--seed N]

Then the one that runs is killed with -9: the lock is gone with it, and the next start takes it."""

import argparse
import collections
import os
import socket
import sys
import tempfile
import threading
import time

import crash_room
from crash_room import patient

PROMISED = 0.2  # seconds, alone on a machine
GENEROUS = 5.0  # fifty at once on two cores


def start_all(mailfrom, fleet, starts):
    """[(process, seconds until it left or None)] and what each said; all let go at one instant."""
    gate, lives = threading.Barrier(starts), []

    def one():
        gate.wait()
        began = time.monotonic()
        process = mailfrom.start(fleet)
        life = {"process": process, "took": None, "said": ""}
        lives.append(life)
        life["said"] = process.communicate()[1]
        life["took"] = time.monotonic() - began

    threads = [threading.Thread(target=one) for _ in range(starts)]
    for thread in threads:
        thread.start()
    return lives, threads


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("mailfrom")
    parser.add_argument("sim")
    parser.add_argument("--starts", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    counts, complaints, slowest, alone = collections.Counter(), [], 0, 0
    with tempfile.TemporaryDirectory() as folder:
        dns = crash_room.Dns()
        fleets = [crash_room.Fleet(n, 10, folder) for n in range(args.rounds)]
        sim = crash_room.Sim(args.sim, fleets, dns, folder, "--detect-after", "120")
        mailfrom = crash_room.Mailfrom(args.mailfrom, sim.url, dns)
        try:
            for fleet in fleets:
                lives, threads = start_all(mailfrom, fleet, args.starts)
                deadline = time.monotonic() + patient(60)
                while sum(life["took"] is not None for life in lives) < args.starts - 1 and time.monotonic() < deadline:
                    time.sleep(0.01)
                running = [life for life in lives if life["took"] is None]
                if len(running) != 1:
                    complaints.append(f"{len(running)} run")
                holder = f"pid {running[0]['process'].pid} on {socket.gethostname()}" if running else "nobody"
                for life in lives:
                    if life["took"] is None:
                        continue
                    counts["left"] += 1
                    slowest = max(slowest, life["took"])
                    if life["process"].returncode != 1 or holder not in life["said"]:
                        complaints.append(f"leaves with {life['process'].returncode}: {life['said']}")
                    if life["took"] > patient(GENEROUS):
                        complaints.append(f"takes {life['took']:.2f} s to leave")
                began = time.monotonic()
                code, said = mailfrom.finish(fleet)
                alone = max(alone, time.monotonic() - began)
                if code != 1 or holder not in said:
                    complaints.append(f"one more leaves with {code}: {said}")
                for life in running:
                    life["process"].kill()
                for thread in threads:
                    thread.join()
                counts["kills"] += 1
                again = mailfrom.start(fleet)
                time.sleep(0.5)
                if again.poll() is not None:
                    complaints.append(f"the lock outlives its holder: {again.communicate()[1]}")
                again.kill()
                again.communicate()
        finally:
            sim.stop()
    if alone > patient(PROMISED * 5):
        complaints.append(f"one alone takes {alone:.2f} s to leave")
    print(f"# slowest of {args.starts} at once: {slowest * 1000:.0f} ms; one alone: {alone * 1000:.0f} ms; load {os.getloadavg()[0]:.1f}")
    return crash_room.verdict("two at once", args.seed, counts, complaints)


sys.exit(main())
