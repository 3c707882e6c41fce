#!/usr/bin/python3
"""What holds for the whole run although several workers carry it: waves, max_failures, pause, pace and stop
from elsewhere, a second run on the same lanes, workers whose wall clocks are wrong, and of equal name.

  orders.py MAILFROM SES-SIM CLOCK [--only SCENARIO]"""

import argparse
import collections
import re
import signal
import sys
import time

import workers_room
from workers_room import DONE, REGIONS, STOPPED, TROUBLE, check, judged, until, verdict

SPEED = 10
IN_FLIGHT = 3.0  # seconds of the programs' time until an order is heard and what was on its way has arrived


class Story:
    def __init__(self, room, name, first, each=12, kinds=("set",), more=None, workers=3):
        self.room, self.name, self.counts, self.workers_len = room, name, collections.Counter(), workers
        self.fleet = workers_room.Fleet(room, name, room.accounts, room.regions, each, kinds=kinds, more=more, first=first)
        self.url, self.workers = room.server.at(), []

    def begin(self, rate=None, **more):
        self.run = self.room.submit(self.fleet, self.url, rate=rate)
        self.more_workers(self.workers_len, **more)

    def more_workers(self, n, **more):
        for _ in range(n):
            self.workers.append(self.room.worker(len(self.room.workers), self.url, **more).start())

    def names(self):
        return {row[0] for row in self.fleet.rows}

    def writes(self):
        mine = self.names()
        return [c for c in self.room.writes() if c["identities"][0] in mine]

    def busiest(self):
        """The worker that has written last."""
        index = self.writes()[-1]["worker"]
        return next(w for w in self.workers if w.index == index)

    def order(self, verb, *more, code=DONE):
        """Given from another folder, by somebody without keys."""
        done = self.room.verb(verb, self.run, *more, url=self.url)
        check(f"{self.name}: {verb} ends with {code}", done.returncode == code, done.returncode, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def is_over(self, seconds=60):
        check(f"{self.name}: the run ends by itself", self.room.wait_for_end(self.run, seconds),
              *(w.words()[-1500:] for w in self.workers))

    def dismiss(self):
        for w in self.workers:
            w.kill(signal.SIGTERM)
        codes = [w.ends() for w in self.workers if w.process.returncode != -signal.SIGKILL]
        check(f"{self.name}: the workers end when they are asked to", set(codes) <= {0, 4}, codes,
              *(w.words()[-600:] for w in self.workers))

    def ends(self, seconds=60, **more):
        self.is_over(seconds)
        self.dismiss()
        judged(self.name, workers_room.complaints_of(self.room, [self.fleet], self.url, counts=self.counts,
                                                                  only={w.index for w in self.workers}, **more), self.counts)

    def rows(self, columns):
        """Of the records, in the order in which they were kept."""
        t = workers_room.Tables
        return self.room.server.ask(f"SELECT {columns} FROM mailfrom.record WHERE run = {self.run} ORDER BY {t.RECORD_NUMBER}", "mailfrom")


def waves(room):
    """Seven identities, a half, the rest; over six lanes and three workers, of which one dies."""
    story = Story(room, "waves", 0, 10, more={"waves": [7, "50%", "100%"]})
    yield story
    story.begin(options=("--max-lanes", "3"))
    until(lambda: len(story.writes()) > 12, 60)
    victim = story.busiest()
    victim.kill()
    time.sleep(0.5)
    victim.start()
    story.ends(90)
    first, final = {}, {}
    for at, kind, state, wave in story.rows("at, kind, state, wave"):  # numbers of records are no order between workers
        at, wave = int(at) / 1e6, int(wave or 0)
        if wave and int(kind) == 1:
            first[wave] = min(first.get(wave, at), at)
        if wave and int(state) == 8:
            final[wave] = max(final.get(wave, at), at)
    sizes = collections.Counter(dict((job, int(wave)) for job, wave in story.rows("job, wave") if wave and int(wave)).values())
    check("waves: each has the size that the manifest says", [sizes[w] for w in sorted(sizes)] == [7, 30, 23], sizes)
    check("waves: none begins before the one before has ended", all(first[w + 1] >= final[w] for w in first if w + 1 in first),
          first, final)


def failures(room):
    """A failure beyond max_failures pauses the run in every worker."""
    story = Story(room, "failures", 100, 30, kinds=("set",) * 9 + ("held",), more={"max_failures": 3})
    yield story
    held = [row for row in story.fleet.rows if row[3] == "held"]
    for row in held:
        room.dns.hold(row[0])
    story.begin(rate=0.2, options=("--max-lanes", "2"))
    until(lambda: len(story.writes()) > 12, 60)
    for a in range(room.accounts):
        for region in room.regions:
            with workers_room.outsider(room, a, region) as ses:
                for row in held:
                    if row[1:3] == (a, region):
                        ses.delete_identity(Identity=row[0])
    for row in held:
        room.dns.hold(row[0], 0)
    over = until(lambda: room.run_state(story.run) >= 1, 60)
    check("failures: the run stops", over and room.run_state(story.run) == 1, *(w.words()[-1500:] for w in story.workers))
    counted = len(story.writes())
    time.sleep(1.5)
    check("failures: nothing is written after it", len(story.writes()) == counted, counted, len(story.writes()))
    rows = room.report(story.run, story.url).values()
    check("failures: something is left", any(row["outcome"] in ("planned", "waiting-dns") for row in rows), len(rows))
    bad = sum(row["outcome"] == "failed" for row in rows)
    check("failures: as many have failed as it takes, and what was on its way", 3 < bad <= 3 + 6, bad)
    print(f"# {counted} writes, {bad} of {len(story.fleet.rows)} identities have failed")
    story.dismiss()
    judged("failures", workers_room.complaints_of(room, [story.fleet], story.url, counts=story.counts, done=False,
                                                  only={w.index for w in story.workers}), story.counts)


def paused(room):
    """pause, resume and pace from elsewhere."""
    story = Story(room, "paused", 200, 90)
    yield story
    story.begin(options=("--max-lanes", "2"))
    until(lambda: len(story.writes()) > 12, 60)
    story.order("pace", "--rate", "0.5")
    story.order("pause")
    since = room.programs_time()
    status = room.verb("status", story.run, url=story.url).stdout
    check("paused: status says so", "pause" in status.lower(), status)
    time.sleep(1.5)
    victim = story.busiest()  # who comes anew is paused too
    victim.kill()
    victim.start()
    time.sleep(5)
    late = [c for c in story.writes() if c["at"] > since + IN_FLIGHT]
    check("paused: no worker writes, nor one that begins then", not late, len(late), late[:3])
    check("paused: much is left", len(story.writes()) < len(story.fleet.rows) / 2, len(story.writes()))
    story.order("resume", "--submit")
    check("paused: resume goes on", until(lambda: len(story.writes()) > 20, 30), len(story.writes()))
    story.order("pace", "--rate", "0.25")
    slow = room.programs_time() + IN_FLIGHT
    time.sleep(3)
    fast = room.programs_time()
    slowly = [c for c in story.writes() if slow < c["at"] < fast]
    lanes = len(room.regions) * room.accounts
    check("paused: a pace holds in every worker", len(slowly) <= lanes * ((fast - slow) * 0.25 + 1), len(slowly), fast - slow)
    check("paused: and it goes on", slowly)
    story.order("pace", "--rate", "1")
    story.ends(90)


def stopped(room):
    """stop from elsewhere ends every carriage; resume opens the run again."""
    story = Story(room, "stopped", 300, 25)
    yield story
    story.begin()
    until(lambda: len(story.writes()) > 12, 60)
    story.order("stop")
    check("stopped: the run is stopped", until(lambda: room.run_state(story.run) == 1, 20), *(w.words()[-1500:] for w in story.workers))
    counted = len(story.writes())
    time.sleep(1.5)
    check("stopped: nothing is written any more", len(story.writes()) == counted, counted, len(story.writes()))
    check("stopped: the workers go on looking for work", all(w.lives() for w in story.workers))
    said = room.verb("resume", story.run, "--submit", url=story.url)
    check("stopped: resume --submit opens it again", said.returncode == DONE, said.returncode, said.stdout, said.stderr)
    story.ends(90)


def second(room):
    """A second run on the same lanes waits for the first, lane by lane."""
    one, two = Story(room, "first", 400, 12), Story(room, "second", 500, 12, workers=0)
    yield one, two
    one.begin()
    two.begin()
    status = room.verb("status", two.run, url=two.url).stdout
    check("second: status says what it waits for", str(one.run) in status and "wait" in status, status)
    two.is_over(90)
    check("second: the first has ended too", room.run_state(one.run) == 2)
    one.dismiss()
    last, first = {}, {}
    for c in one.writes():
        last[c["lane"]] = max(last.get(c["lane"], 0), c["at"])
    for c in two.writes():
        first[c["lane"]] = min(first.get(c["lane"], 1e18), c["at"])
    check("second: no lane goes on before the first run has left it", all(last[lane] < first[lane] for lane in first), last, first)
    judged("second", workers_room.complaints_of(room, [one.fleet, two.fleet], one.url, counts=one.counts), one.counts)


def clocks(room):
    """Wall clocks that are an hour off, and that jump while a worker is at work."""
    story = Story(room, "clocks", 600, 20, workers=0)
    yield story
    story.begin()
    for skew in (3600, -3600, 0):
        story.more_workers(1, skew=skew)
    until(lambda: len(story.writes()) > 12, 60)
    for worker, skew in zip(story.workers, (-3600, 3600, 86400)):
        worker.clock.write_text(str(skew))
    time.sleep(1)
    story.busiest().kill()  # whoever takes over judges by the database's clock
    story.ends(90, clocks_off=True)


def equal(room):
    """Two workers of one name."""
    story = Story(room, "equal", 700, 30, workers=0)
    yield story
    story.begin()
    story.more_workers(3, name="twin", options=("--max-lanes", "3"))
    until(lambda: len({c["worker"] for c in story.writes()}) > 1, 30)
    victim = story.busiest()
    victim.kill(signal.SIGSTOP)
    time.sleep(5)
    victim.kill(signal.SIGCONT)
    time.sleep(0.3)
    story.busiest().kill()
    story.ends(90)


def alone(room):
    """apply without --submit: a worker in the same process, which shares its run with others; killed, and
    gone on with by resume; then everything is taken back by workers."""
    story = Story(room, "alone", 800, 12, kinds=("change", "set"), workers=0)
    yield story
    home = room.worker(len(room.workers), story.url)
    words = ("--yes", "--rate", str(room.rate), "--resolver", room.dns.address, "--dns", "recursive", *workers_room.QUICK,
             "--progress", "none", "--journal", story.url)
    home.start_verb("apply", story.fleet.path, *words)
    check("alone: apply writes", until(lambda: len(story.writes()) > 6, 40), home.words()[-1500:])
    story.run = room.runs[story.name] = int(room.server.ask("SELECT max(id) FROM mailfrom.run", "mailfrom")[0][0])
    home.kill()
    home.process.wait()
    home.start_verb("resume", story.run, "--progress", "none", *workers_room.QUICK, "--journal", story.url)
    code = home.ends(90)
    check("alone: resume goes on to the end", code == DONE, code, home.words()[-1500:])
    judged("alone", workers_room.complaints_of(room, [story.fleet], story.url, counts=story.counts), story.counts)
    said = room.verb("rollback", story.run, "--yes", "--submit", url=story.url, home=home.home)
    check("alone: rollback --submit puts a run there", said.returncode == DONE, said.returncode, said.stdout, said.stderr)
    back = int(room.server.ask("SELECT max(id) FROM mailfrom.run", "mailfrom")[0][0])
    check("alone: of its own", back > story.run, back)
    story.more_workers(2)
    check("alone: workers take everything back", room.wait_for_end(back, 90), *(w.words()[-1500:] for w in story.workers))
    story.dismiss()
    wanted = {i: "old." + i if kind == "change" else "" for i, _, _, kind in story.fleet.rows}
    found = {}
    for a in range(room.accounts):
        for region in room.regions:
            found.update(workers_room.settings(room, a, region, [i for i, account, where, _ in story.fleet.rows
                                                                 if (account, where) == (a, region)]))
    wrong = [f"{i}: {found[i]}" for i in wanted if (found[i] or [""])[0] != wanted[i]]
    check("alone: SES is as it was before", not wrong, "\n".join(wrong[:10]))


SCENARIOS = (waves, failures, paused, stopped, second, clocks, equal, alone)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("programs", nargs=3)
    parser.add_argument("--only", action="append")
    args = parser.parse_args()
    parts = [s for s in SCENARIOS if not args.only or s.__name__ in args.only]
    with workers_room.Room(args.programs, accounts=2, workers=4 * len(parts), speed=SPEED) as room:
        begun = [part(room) for part in parts]
        fleets = []
        for one in begun:
            stories = next(one)
            fleets += [s.fleet for s in (stories if isinstance(stories, tuple) else (stories,))]
        room.serve(*fleets)
        room.begin_database()
        for part, one in zip(parts, begun):
            print("#", part.__name__, flush=True)
            for _ in one:
                pass
    verdict()


main()
