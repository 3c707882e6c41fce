#!/usr/bin/python3
"""Workers that are killed, frozen, ended and begun again at random, and backends that are terminated under
them, while they carry one run on one journal.

  kills.py MAILFROM SES-SIM CLOCK [--rounds N] [--seed N] [--workers N] [--accounts N]

Whatever happens: a lane never has two writers, the pace of each lane and action holds over all workers,
every write was kept before it was sent, and in the end every identity is done."""

import argparse
import collections
import random
import signal
import sys
import time

import workers_room
from workers_room import REGIONS, check, judged, verdict

SPEED = 10
A_ROUND = (0.2, 1.6)  # seconds between two disturbances
KINDS = ("kill", "kill", "freeze", "freeze", "short freeze", "end", "leave", "terminate")
PER_LANE = 5  # identities of a lane for each round: more than are written in its time


class Campaign:
    def __init__(self, room, url, draw):
        self.room, self.url, self.draw, self.counts = room, url, draw, collections.Counter()
        self.thaw, self.again = {}, {}  # worker: when it goes on, or begins again
        self.takeovers = []

    def disturb(self):
        what = self.draw.choice(KINDS)
        living = [w for w in self.room.workers if w.lives() and w not in self.thaw]
        if not living:
            return
        worker, now = self.draw.choice(living), time.monotonic()
        if what == "terminate":
            self.counts["backends terminated"] += len(self.room.server.ask(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'mailfrom' AND pid <> pg_backend_pid()"
                " AND random() < 0.5"))
            return
        if "freeze" in what:
            worker.kill(signal.SIGSTOP)
            self.thaw[worker] = now + self.draw.uniform(0.05, 1) if what == "short freeze" else now + self.draw.uniform(2, 7)
        elif what == "end":
            worker.kill(signal.SIGTERM)
        elif what == "leave":
            worker.kill(signal.SIGTERM)
            worker.kill(signal.SIGINT)
        else:
            worker.kill()
        self.counts[what] += 1
        if "freeze" not in what:
            self.again[worker] = now + self.draw.choice((0, self.draw.uniform(0, 5)))

    def mend(self, all_of_them=False):
        now = time.monotonic()
        for worker, at in list(self.thaw.items()):
            if now >= at or all_of_them:
                worker.kill(signal.SIGCONT)
                del self.thaw[worker]
        for worker, at in list(self.again.items()):
            if (now >= at or all_of_them) and not worker.lives():
                worker.start()
                self.counts["begun again"] += 1
                del self.again[worker]
        for worker in self.room.workers:
            if not worker.lives() and worker not in self.again:
                self.counts[f"ended by itself with {worker.process.returncode}"] += 1
                self.again[worker] = now + 0.5


def takeovers(room, database="mailfrom"):
    """Seconds of the programs' time from the last call of a holder to the first of the next."""
    spans, last = [], {}
    for call in sorted(room.calls(), key=lambda call: call["at"]):
        if call["action"] in workers_room.WRITES:
            before = last.get(call["lane"])
            if before and before["worker"] != call["worker"]:
                spans.append(call["at"] - before["at"])
            last[call["lane"]] = call
    return sorted(spans)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("programs", nargs=3)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--accounts", type=int, default=2)
    parser.add_argument("--speed", type=int, default=SPEED)
    args = parser.parse_args()
    draw = random.Random(args.seed)
    with workers_room.Room(args.programs, accounts=args.accounts, workers=args.workers, speed=args.speed,
                           sim=("--faults", "delay=40")) as room:
        fleet = workers_room.Fleet(room, "one", args.accounts, REGIONS, max(10, args.rounds * PER_LANE),
                                   kinds=("set", "tight", "set", "change", "as-wanted", "late"))
        room.serve(fleet)
        url = room.begin_database()
        run = room.submit(fleet, url)
        for index in range(args.workers):
            room.worker(index, url, options=("--max-lanes", "4") if index % 2 else ()).start()
        campaign = Campaign(room, url, draw)
        begun = time.monotonic()
        for _ in range(args.rounds):
            ends = time.monotonic() + draw.uniform(*A_ROUND)
            while time.monotonic() < ends:
                campaign.mend()
                time.sleep(0.02)
            campaign.disturb()
        ended = room.wait_for_end(run, 120 + args.rounds, each=campaign.mend)
        campaign.mend(all_of_them=True)
        check("the run comes to its end by itself", ended, *(w.words()[-1500:] for w in room.workers))
        codes = []
        for worker in room.workers:
            worker.kill(signal.SIGTERM)
            codes.append(worker.ends())
        check("the workers end when they are asked to", set(codes) <= {0, 4}, codes, *(w.words()[-600:] for w in room.workers))
        counts = campaign.counts
        found = workers_room.complaints_of(room, [fleet], url, counts=counts)
        judged(f"seed {args.seed}, {args.rounds} rounds", found, counts)
        spans = takeovers(room)
        if spans:
            print(f"# {time.monotonic() - begun:.0f} s; {len(spans)} times another worker wrote next, after "
                  f"{spans[len(spans) // 2]:.1f} s (median), {spans[-1]:.1f} s (longest)")
    verdict()


main()
