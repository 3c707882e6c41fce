#!/usr/bin/python3
"""Workers that are killed, frozen, ended and begun again at random, and backends that are terminated under
them, while they carry one run on one journal.

  kills.py MAILFROM SES-SIM CLOCK [--rounds N] [--seed N] [--workers N] [--accounts N] [--lines] [--pooled]

With --lines each worker has a line of its own to the database, which is disturbed, too, and now and then the
server crashes. With --pooled a pooler in transaction mode lies before the server.

Whatever happens: a lane never has two writers, the pace of each lane and action holds over all workers,
every write was kept before it was sent, and in the end every identity is done."""

import argparse
import collections
import pathlib
import random
import signal
import sys
import time

import database
import pg_server
import workers_room
from workers_room import REGIONS, check, judged, verdict

SPEED = 10
A_ROUND = (0.2, 1.6)  # seconds between two disturbances
KINDS = ("kill", "kill", "freeze", "freeze", "short freeze", "end", "leave", "terminate")
OF_LINES = ("swallow", "unheard", "refuse", "slow", "swallow", "unheard", "refuse", "slow", "crash")
PER_LANE = 4  # identities of a lane for each round: more than are written in its time


class Campaign:
    def __init__(self, room, url, draw):
        self.room, self.url, self.draw, self.counts = room, url, draw, collections.Counter()
        self.thaw, self.again = {}, {}  # worker: when it goes on, or begins again
        self.lines, self.kinds = {}, KINDS  # lines: of each worker
        self.well_at = {}  # line: when it is passed on again

    def disturb(self):
        what = self.draw.choice(self.kinds)
        if what == "crash":
            self.room.server.crash(away=self.draw.uniform(0, 2))
            self.counts["server crashes"] += 1
            return
        if what in OF_LINES:
            line = self.draw.choice(list(self.lines.values()))
            line.set(*(("pass", self.draw.uniform(0.01, 0.5)) if what == "slow" else (what,)))
            self.well_at[line] = time.monotonic() + self.draw.uniform(0.2, 6)
            self.counts[what] += 1
            return
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
        for line, at in list(self.well_at.items()):
            if now >= at or all_of_them:
                line.set()
                del self.well_at[line]
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


def hears(pid):
    """A process that has just begun dies of a signal that it does not await yet."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    blocked = next(int(line.split()[1], 16) for line in status.splitlines() if line.startswith("SigBlk:"))
    return bool(blocked >> (signal.SIGTERM - 1) & 1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("programs", nargs=3)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--accounts", type=int, default=2)
    parser.add_argument("--speed", type=int, default=SPEED)
    parser.add_argument("--lines", action="store_true")
    parser.add_argument("--pooled", action="store_true")
    args = parser.parse_args()
    draw = random.Random(args.seed)
    with workers_room.Room(args.programs, accounts=args.accounts, workers=args.workers, speed=args.speed,
                           sim=("--faults", "delay=40")) as room:
        fleet = workers_room.Fleet(room, "one", args.accounts, REGIONS, max(10, args.rounds * PER_LANE),
                                   kinds=("set", "tight", "set", "change", "as-wanted", "late"))
        room.serve(fleet)
        url = room.begin_database()
        run = room.submit(fleet, url)
        campaign, pooler = Campaign(room, url, draw), pg_server.Pooler(room.server, pool_size=5) if args.pooled else None
        for index in range(args.workers):
            port = pooler.port if pooler else room.server.port
            if args.lines:
                line = database.Line(port)
                campaign.lines[index], campaign.kinds, port = line, KINDS + OF_LINES, line.port
            way = room.server.at(host="127.0.0.1", port=port) if pooler or args.lines else url
            room.worker(index, way, options=("--max-lanes", "4") if index % 2 else ()).start()
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
        files = [len(list(pathlib.Path(f"/proc/{w.process.pid}/fd").iterdir())) for w in room.workers if w.lives()]
        check("no worker has gathered files or sockets", all(n < 100 for n in files), files)
        codes = []
        for worker in room.workers:
            while worker.lives() and not hears(worker.process.pid):
                time.sleep(0.02)
            worker.kill(signal.SIGTERM)
            codes.append(worker.ends())
        check("the workers end when they are asked to", set(codes) <= {0, 4}, codes, *(w.words()[-600:] for w in room.workers))
        counts = campaign.counts
        found = workers_room.complaints_of(room, [fleet], url, counts=counts)
        judged(f"seed {args.seed}, {args.rounds} rounds", found, counts)
        if pooler:
            pooler.close()
        spans = takeovers(room)
        if spans:
            print(f"# {time.monotonic() - begun:.0f} s; {len(spans)} times another worker wrote next, after "
                  f"{spans[len(spans) // 2]:.1f} s (median), {spans[-1]:.1f} s (longest)")
    verdict()


main()
