#!/usr/bin/python3
"""The way to the database, disturbed: servers that crash and stay away, lines that swallow, delay and
break, backends that are terminated, a pooler in transaction mode.

  network.py MAILFROM SES-SIM CLOCK [--only SCENARIO] [--times N]

No identity may suffer, no write may leave while the database is away, and everything goes on by itself."""

import argparse
import collections
import signal
import sys
import threading
import time

import database
import pg_server
import workers_room
from workers_room import REGIONS, check, judged, patient, until, verdict

SPEED = 10
TTL = 30  # seconds of the programs' time
LEAVES = 5 + 2  # so long after its intent was kept may a write still leave, and a little


class Story:
    """A run that two workers carry, each by a line of its own."""

    def __init__(self, room, url, name, first, each=24, through=None):
        self.room, self.counts, self.url = room, collections.Counter(), url
        self.name, self.lines = name, [database.Line(room.server.port) for _ in range(2)]
        self.fleet = workers_room.Fleet(room, name, room.accounts, room.regions, each, first=first)
        self.through, self.first = through, first

    def begin(self, endpoints=(None, None)):
        """endpoints: of SES, of each worker."""
        room = self.room
        self.run = room.submit(self.fleet, self.url)
        self.workers = []
        for n, line in enumerate(self.lines):
            url = self.through or room.server.at(host="127.0.0.1", port=line.port)
            name = f"{self.name}-{n}"
            self.workers.append(room.worker(len(room.workers), url, name=name, endpoint=endpoints[n]).start())
            if endpoints[0] and n == 0:
                until(lambda: self.writes(), 20)  # the first one has all lanes
        check(f"{self.name}: the workers write", until(lambda: len(self.writes()) > 8, 40), *(w.words()[-1500:] for w in self.workers))

    def writes(self):
        return [c for c in self.room.writes() if c["identities"][0] in self.names()]

    def names(self):
        self.known = getattr(self, "known", None) or {row[0] for row in self.fleet.rows}
        return self.known

    def silence(self, since, until, who=None):
        """Writes after all that was on its way has left, until then."""
        return [c for c in self.writes() if since + LEAVES + workers_room.CALL_TIMEOUT < c["at"] < until
                and (who is None or c["worker"] == who)]

    def ends(self, seconds=60, clock_steps=False):
        room = self.room
        ended = room.wait_for_end(self.run, seconds)
        check(f"{self.name}: the run ends by itself", ended, *(w.words()[-1500:] for w in self.workers))
        lived = [w.lives() for w in self.workers]
        check(f"{self.name}: no worker has left", all(lived), *(w.words()[-1500:] for w in self.workers))
        for w in self.workers:
            w.kill(signal.SIGTERM)
        codes = [w.ends() for w in self.workers]
        check(f"{self.name}: the workers end when they are asked to", set(codes) <= {0, 4}, codes)
        if clock_steps:
            self.room.server_clock.write_text("0")
        judged(self.name, workers_room.complaints_of(room, [self.fleet], self.url, counts=self.counts,
                                                   only={w.index for w in self.workers}, clock_steps=clock_steps), self.counts)


def crashed(story):
    """The server is killed and is back at once, twice."""
    story.begin()
    for _ in range(2):
        story.room.server.crash(away=0.2)
        time.sleep(0.6)
    story.ends()


def away(story):
    """It is away for longer than leases last."""
    story.begin()
    server = story.room.server
    server.stop(signal.SIGQUIT)
    since = story.room.programs_time()
    time.sleep((TTL + 25) / SPEED)
    back = story.room.programs_time()
    check("away: nothing is written while the database is away", not story.silence(since, back), story.silence(since, back))
    check("away: the workers wait for it", all(w.lives() for w in story.workers), *(w.words()[-1500:] for w in story.workers))
    server.start()
    story.ends()
    first = min((c["at"] for c in story.writes() if c["at"] > back), default=0)
    print(f"# it was away for {back - since:.0f} s, and the next write came {first - back:.0f} s after its return")


def swallowed(story, mode="swallow"):
    """The cable of one worker is cut: it hears nothing any more, and nobody hears of it."""
    story.begin()
    victim = max((0, 1), key=lambda n: sum(c["worker"] == story.workers[n].index for c in story.writes()))
    story.lines[victim].set(mode)
    since = story.room.programs_time()
    time.sleep((TTL + 45) / SPEED)
    back = story.room.programs_time()
    late = story.silence(since, back, story.workers[victim].index)
    check(f"{story.name}: who hears nothing writes nothing", not late, late)
    taken = [c for c in story.writes() if c["worker"] == story.workers[1 - victim].index and since < c["at"] < back]
    check(f"{story.name}: the other one has gone on", taken, *(w.words()[-1500:] for w in story.workers))
    story.lines[victim].set()
    story.ends()


def unheard(story):
    """What a worker says arrives, what it is told does not: a commit of which nobody hears."""
    swallowed(story, "unheard")


def delayed(story):
    """A far database: a fifth of a second of the programs' time there and back."""
    for line in story.lines:
        line.set(delay=0.1 / SPEED)
    story.begin()
    story.ends(120)


def broken(story):
    """Lines that break again and again."""
    story.begin()
    for n in range(8):
        story.lines[n % 2].set("refuse")
        time.sleep(0.15)
        story.lines[n % 2].set()
        time.sleep(0.3)
    story.ends()


def terminated(story):
    """Backends are terminated again and again."""
    story.begin()
    for _ in range(10):
        story.counts["backends terminated"] += len(story.room.server.ask(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'mailfrom' AND pid <> pg_backend_pid()"))
        time.sleep(0.3)
    story.ends()


def frozen_at_an_intent(story, n):
    """Freezes a worker when the server has kept an intent, before the worker hears of it. False: it has no more."""
    line, worker = story.lines[n], story.workers[n]
    for _ in range(60):
        frozen = threading.Event()

        def freeze():
            if not frozen.is_set():
                worker.kill(signal.SIGSTOP)
                frozen.set()

        line.at_commit = freeze
        is_frozen = frozen.wait(patient(3))
        line.at_commit = None
        if not is_frozen:
            return False
        newest = story.room.server.ask(f"SELECT kind FROM mailfrom.record WHERE run = {story.run} ORDER BY seq DESC LIMIT 1", "mailfrom")
        if newest == [["1"]]:
            return True
        worker.kill(signal.SIGCONT)
    return False


def between(story):
    """A worker is frozen between the commit of an intent and its call, until its leases have long passed to
    the other one."""
    story.begin()
    for n in (0, 1, 0, 1):
        if frozen_at_an_intent(story, n):
            story.counts["frozen at an intent"] += 1
            time.sleep((TTL + workers_room.CALL_TIMEOUT + 20) / SPEED)
            story.workers[n].kill(signal.SIGCONT)
            time.sleep(0.5)
    check("between: a worker was frozen there", story.counts["frozen at an intent"], story.counts)
    story.ends()


def lagging(story):
    """Answers that take seven seconds of the programs' time, for a while: too old to write by."""
    story.begin()
    for delay in (0.35, 0.0, 0.6, 0.0):
        story.lines[0].set(delay=delay)
        time.sleep(2)
    story.ends()


def pooled(story):
    """PgBouncer in transaction mode, with fewer connections than there are clients; and its backends are
    terminated under it."""
    story.begin()
    for _ in range(3):
        story.room.server.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'mailfrom'"
                              " AND pid <> pg_backend_pid() AND random() < 0.5")
        time.sleep(0.5)
    victim = story.workers[0]
    victim.kill()
    time.sleep(1)
    victim.start()
    story.ends()


def unwell(story):
    """A server that answers too late: every session waits for a lock that somebody holds."""
    story.begin()
    hold = story.room.server.hold_tables(5, "mailfrom.record", "mailfrom.lease")
    since = story.room.programs_time()
    hold.wait()
    back = story.room.programs_time()
    check("unwell: nothing is written meanwhile", not story.silence(since, back), story.silence(since, back))
    story.ends()


def frozen(story):
    """The server is frozen: connections stand, and nobody answers, a new one neither."""
    story.begin()
    story.room.server.freeze()
    since = story.room.programs_time()
    time.sleep((TTL + 15) / SPEED)
    back = story.room.programs_time()
    check("frozen: nothing is written meanwhile", not story.silence(since, back), story.silence(since, back))
    story.room.server.freeze(signal.SIGCONT)
    story.ends()


def behind(story):
    """What one worker sends to SES takes five seconds of the programs' time, and the server's clock is set so
    that its leases end at once: who takes over waits until everything has arrived."""
    slow = database.Line(int(story.room.url.rsplit(":", 1)[1]))
    slow.set(delay=2.5 / SPEED)
    story.begin(endpoints=(f"http://127.0.0.1:{slow.port}", None))
    for step in ("3600", "7200", "10800", "14400"):
        until(lambda: story.writes()[-1]["worker"] == story.workers[0].index, 8)
        story.room.server_clock.write_text(step)
        time.sleep(3.5)
        story.workers[1].kill(signal.SIGTERM)  # the slow one gets its turn again
        story.workers[1].ends()
        time.sleep(2)
        story.workers[1].start()
    story.ends(120, clock_steps=True)


def stepped(story):
    """The server's clock is set an hour forth, so all leases have ended at once, and back again."""
    story.begin()
    clock = story.room.server_clock
    for step in ("3600", "0", "3600"):
        clock.write_text(step)
        time.sleep(1.5)
    story.ends(90, clock_steps=True)


SCENARIOS = (crashed, away, swallowed, unheard, delayed, broken, terminated, between, lagging, pooled, unwell, frozen, behind, stepped)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("programs", nargs=3)
    parser.add_argument("--only", action="append")
    parser.add_argument("--times", type=int, default=1)
    args = parser.parse_args()
    parts = [s for s in SCENARIOS if not args.only or s.__name__ in args.only] * args.times
    with workers_room.Room(args.programs, accounts=2, workers=2 * len(parts), speed=SPEED) as room:
        url = room.server.at()
        stories = [Story(room, url, f"{part.__name__}{n or ''}", first=1000 * n, each={between: 40, behind: 80}.get(part, 24)) for n, part in enumerate(parts)]
        room.serve(*(story.fleet for story in stories))
        room.begin_database()
        pooler = pg_server.Pooler(room.server, pool_size=3)
        try:
            for part, story in zip(parts, stories):
                print("#", part.__name__, flush=True)
                if part is pooled:
                    story.through = room.server.at(host="127.0.0.1", port=pooler.port)
                part(story)
        finally:
            pooler.close()
    verdict()


main()
