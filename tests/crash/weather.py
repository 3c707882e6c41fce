#!/usr/bin/python3
"""kill -9 in bad weather: reads that lag, outages, throttling, lost answers, and another operator at the
same identities, over fleets in waves and with a budget of failures.

  weather.py MAILFROM SES-SIM CLOCK [--rounds N] [--seed N] [--workers N] [--speed N] [--lives N]

CLOCK is the library of wall_clock.c: the programs' time passes --speed times as fast, so that an outage
of minutes, a lag of a minute and the five minutes after which a read is believed pass in seconds. Each
fleet is killed at random instants of apply and of each resume up to --lives times, then the last resume
ends; then the run is rolled back, and that is killed, too. Some are rolled back where they were killed. A
pause between waves is answered by resume.

What must hold, by the server's log and the journal, whose writers know nothing of each other:

  records      what a journal had at a kill it has at the next one
  intents      no write reaches SES without its intent in the journal before it
  repeats      no value is written again after SES took it, unless the kill took the answer and a look came
               between
  others       nothing that the other operator did is written over
  waves        a first write leaves only when its wave allows it, whoever was killed in between
  budget       and only while no more rows have failed than max_failures allows, over all lives
  rows         each row ends as its kind must, and as in a run in the same weather that nobody killed
  end of SES   SES holds what the rows say, by the server's log
  rollback     puts back what stood before, and nothing of what the other operator did, seen by AWS's SDK

What may differ from the undisturbed run: the columns of crash_room.MAY_DIFFER, and done for unchanged, since a
row whose answer was lost is found as wanted; what DNS said last (mx, spf, dmarc), since its time-outs are
short at that speed, and rows are judged by whoever runs at that moment; how far SES has got with what the other
operator has set (ses_status); and rows that expire (see weather_fleet.py). Where the budget holds rows back, which of them had their turn
before depends on when each one's DNS was asked: there every row ends as its kind must, or was not started.

A run begins while SES answers, and so does a process of a run that has no record yet: where SES has never
answered in a run, its rows fail after some attempts, as they do where the endpoint is wrong. On a busy machine
the start may take until the next outage; such a run, which has met nothing of SES, is counted and not judged.

No process starts while reads may still show what was there before the other operator came: SES promises no
order of reads, so a row that was read anew and then from an old copy is drifted, rightly and by chance."""

import argparse
import collections
import random
import sys
import tempfile
import threading
import time

import crash_room
import weather_fleet

LAG, OUTAGE = 45, 330  # seconds of the programs' time, as all below
WEATHER = ("--faults", f"throttle=0.03,reset-after=0.02,stale=0.35,lag={LAG},outage=0.15,outage-lasts={OUTAGE}",
           "--detect-after", "5")
OPTIONS = ("--rate", "4")
SLACK = 3000000  # microseconds: the programs go by the Date of answers that took a while at that speed
AT_A_WRITE = 0.3  # share of the lives that end when SES has a write and its answer is on its way
GIVEN_UP = 0.2  # share of the fleets whose run is rolled back where it was killed, and not gone on with
STARTS = 100  # of one fleet: pauses and kills
ENDED, PAUSED = (0, 3), 4
CALM = len(weather_fleet.SHAPES)  # as many fleets are not killed


class Campaign:
    def __init__(self, args, folder):
        self.args, self.counts = args, collections.Counter()
        self.dns, self.ses_dns = crash_room.Dns(), crash_room.Dns()
        fleets = CALM + 1 + 3 * args.rounds // args.lives  # most end before they had all their lives
        self.fleets = [weather_fleet.WeatherFleet(n, folder) for n in range(fleets)]
        keys = f"{folder}/keys.csv"
        with open(keys, "w") as out:
            out.write("account,access_key_id,secret_access_key\n")
            out.writelines(f"{crash_room.ACCOUNT},{key},{secret}\n" for key, secret in (crash_room.KEY, weather_fleet.OTHER_KEY))
        self.sim = crash_room.Sim(args.sim, self.fleets, self.ses_dns, folder, "--credentials", keys, "--seed", str(args.seed), *WEATHER)
        self.mailfrom = crash_room.Mailfrom(args.mailfrom, self.sim.url, self.dns)
        self.other = crash_room.Sdk(self.sim.url, weather_fleet.OTHER_KEY)
        self.written = self.sim.watch()

    def draw(self, fleet):
        return random.Random(self.args.seed * 1000003 + fleet.number)

    def wait_for_sun(self):
        """Until SES answers, and will for a while: ses-sim has its outages in spans of that length."""
        while True:
            self.other.get_send_quota()
            if time.time() % OUTAGE < OUTAGE - 150:
                return
            time.sleep(0.05)

    def life(self, fleet, operator, start, seconds, until):
        """Exit code, or None when it was killed, and what it said. until: an event that ends it, too."""
        while time.time() < operator.quiet_at:
            time.sleep(0.05)
        until.clear()
        process, ends = start(), time.monotonic() + seconds
        while operator.waits and process.poll() is None and time.monotonic() < ends and not until.wait(0.1):
            operator.look()
        return crash_room.killed(process, ends - time.monotonic(), self.counts, until)

    def lives(self, fleet, operator, start, kills, goes_on=True):
        """Until all is over, or all kills are used up. What was found, and whether it is over."""
        draw, found, used_up = self.draw(fleet), [], 0
        before = known = crash_room.Journal.all_records(fleet.journal)
        for _ in range(STARTS):
            delay = draw.uniform(0, 1) if draw.random() < 0.6 else draw.uniform(0, 8)
            until = self.written[fleet.number] if kills and draw.random() < AT_A_WRITE else threading.Event()
            operator.since = max((r.seq for r in before), default=0)
            fleet.starts.append(operator.since)
            if len(before) == len(known):
                self.wait_for_sun()
            code, said = self.life(fleet, operator, start, delay if kills else crash_room.patient(240), until)
            now = crash_room.Journal.all_records(fleet.journal)
            if now[: len(before)] != before:
                found.append("records that were kept are gone")
            before = now
            used_up += code == PAUSED and "max_failures" in said
            if code in ENDED or (used_up == 3 and fleet.may_stay_behind()):
                return found, True
            self.counts["pauses"] += code == PAUSED
            if code not in (None, PAUSED) or (code is None and not kills):
                return [*found, f"does not end, or cannot go on: {code}: {said}"], True
            kills -= code is None
            if not kills and not goes_on:
                return found, False
        return [*found, f"did not end in {STARTS} starts; {code}: {said}"], True

    def run(self, fleet):
        kills = self.args.lives if fleet.number >= CALM else 0
        if kills and self.counts["kills"] >= self.args.rounds:
            return []
        operator = weather_fleet.OtherOperator(self.other, fleet, self.dns, self.ses_dns, LAG + 5)
        goes_on = not kills or self.draw(fleet).random() >= GIVEN_UP
        start = lambda: self.mailfrom.start(fleet, *OPTIONS)
        found, is_over = self.lives(fleet, operator, start, kills if goes_on else 1 + kills // 6, goes_on)
        fleet.given_up, fleet.never_met, fleet.ended = not is_over, operator.leave(), time.time()
        if not crash_room.Journal.has_run(fleet.journal) or not crash_room.Journal.has_seen(fleet.journal, 1):
            self.counts["fleets that never met SES"] += 1
            return []
        fleet.report_rows = self.mailfrom.report(fleet, "end.csv")
        start = lambda: self.mailfrom.start(fleet, "rollback", *OPTIONS)
        found += [f"rollback: {c}" for c in self.lives(fleet, operator, start, kills // 6)[0]]
        fleet.is_back = crash_room.Journal.runs(fleet.journal) > 1 and crash_room.Journal.has_seen(fleet.journal, 2)
        fleet.is_done = True
        self.counts["rollbacks"] += fleet.is_back
        self.counts["fleets"] += bool(kills)
        self.counts["fleets given up"] += not is_over
        self.counts["identities"] += len(fleet.rows) if kills else 0
        return [f"fleet {fleet.number} ({fleet.shape.name}): {c}" for c in found]

    def judge(self, fleet, calls):
        found = list(crash_room.witnesses_differ(fleet, calls, self.counts, SLACK))
        found += weather_fleet.overwritten(calls)
        found += weather_fleet.waves_are_wrong(fleet, crash_room.Journal.all_records(fleet.journal))
        if not fleet.given_up:
            found += weather_fleet.rows_are_wrong(fleet, fleet.report_rows)
            found += weather_fleet.ses_is_wrong(fleet, weather_fleet.replayed(fleet, calls), rolled_back=False)
        calm = self.fleets[fleet.number % CALM]
        if hasattr(calm, "is_done") and not fleet.given_up and not fleet.may_stay_behind():
            found += crash_room.rows_differ(calm.comparable(), fleet.comparable(), crash_room.DNS_WORDS)
        if fleet.is_back:
            now = dict(crash_room.settings(self.other, [i for i, _ in fleet.rows]))
            found += [f"after the rollback: {c}" for c in weather_fleet.ses_is_wrong(fleet, now, rolled_back=True)]
        return [f"fleet {fleet.number} ({fleet.shape.name}): {c}" for c in found]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("mailfrom")
    parser.add_argument("sim")
    parser.add_argument("clock")
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--workers", type=int, default=24)
    parser.add_argument("--speed", type=int, default=60)
    parser.add_argument("--lives", type=int, default=24)
    args = parser.parse_args()
    crash_room.speed_up(args.clock, args.speed)
    with tempfile.TemporaryDirectory() as folder:
        campaign = Campaign(args, folder)
        try:
            complaints = crash_room.in_parallel(args.workers, campaign.run, campaign.fleets)
            time.sleep(LAG / args.speed + 1)  # nobody is shown an old copy any more
            campaign.counts.update("calls met " + call["fault"] for call in campaign.sim.calls() if "fault" in call)
            campaign.counts.update("changes by the other operator" for _, call in weather_fleet.changes(campaign.sim.calls())
                                   if call["key"] == weather_fleet.OTHER_KEY[0])
            per_fleet = campaign.sim.calls_by_fleet()
            for fleet in campaign.fleets:
                if hasattr(fleet, "is_done"):
                    complaints += campaign.judge(fleet, per_fleet[fleet.number])
        finally:
            campaign.sim.stop()
        if complaints:
            crash_room.keep_world(folder)
    return crash_room.verdict("kill -9 in bad weather", args.seed, campaign.counts, complaints)


sys.exit(main())
