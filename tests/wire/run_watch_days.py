#!/usr/bin/python3
"""Days of watching in half a minute: ses-sim plays a script of losses in scaled time, its 72 hours too, DNS loses
records at the same hours, and mailfrom watch looks again and again with the clock of that time. Every event must be
one that the script explains, at a time that the looks explain, with the right since and deadline; each comes
once, and none is missing. What shows in one look only is never told.

    run_watch_days.py MAILFROM SES-SIM WALL-CLOCK-LIBRARY"""

import datetime
import json
import pathlib
import subprocess
import sys
import threading
import time

from rehearsal_room import ACCOUNT, EXCHANGE, SPF, Room, check, verdict
from timeouts import PATIENCE

LIBRARY = sys.argv[3]
TICK = 0.75 * PATIENCE  # real seconds from look to look, if the machine keeps up: two hours. The clocks differ
SCALE = int(7200 / TICK)  # at each first call, which costs half a second
END = 88  # hours
REJECTS = "REJECT_MESSAGE"
FLEET = {name: {"mail_from": f"bounce.{name}", "behavior": behavior} for name, behavior in {
    "steady.example": REJECTS, "blinks.example": "", "mx.example": "", "rejects.example": REJECTS, "fails.example": "",
    "spf.example": "", "unverified.example": "", "gone.example": "", "renamed.example": "", "mute.example": "", "foreign.example": ""}.items()}

# Hour by hour, in DNS: (hour, identity, type, value). None: it is gone; "servfail": nobody answers.
RECORDS = [
    (4, "mx.example", "MX", None), (40, "mx.example", "MX", EXCHANGE),
    (4, "rejects.example", "MX", None), (20, "rejects.example", "MX", EXCHANGE),
    (4, "fails.example", "MX", None), (80, "fails.example", "MX", EXCHANGE),
    (8, "spf.example", "TXT", '"v=spf1 -all"'), (30, "spf.example", "TXT", SPF),
    (44, "foreign.example", "MX", "10 mail.elsewhere.example."), (60, "foreign.example", "MX", EXCHANGE),
    (8, "mute.example", "*", "servfail"), (30, "mute.example", "*", None),
]
# And at SES, by the script.
AT_SES = [
    (8, "unverified.example", "verified", "false"), (8, "gone.example", "exists", "false"),
    (8, "renamed.example", "mail_from", "theirs.renamed.example"),
    (30, "unverified.example", "verified", "true"), (30, "gone.example", "exists", "true"),
    (30, "renamed.example", "mail_from", "bounce.renamed.example"),
    (50, "gone.example", "mail_from", "bounce.gone.example"),
    (56, "steady.example", "behavior", "USE_DEFAULT_VALUE"), (66, "steady.example", "behavior", REJECTS),
    (56, None, "sending", "false"), (66, None, "sending", "true"),
    (83, "fails.example", "mail_from", "bounce.fails.example"),  # a person sets it again: apply
]
# What must be told, in this order for each kind: the hour at which it becomes so, and the level. SES looks once an
# hour, so what it says comes up to an hour later. DEADLINE: with an hour less than 24 left of the 72.
SES = 1.0
WANTED = {
    ("mx.example", "mx-gone"): [(4, "warning"), (10, "critical"), (40, "well")],
    ("mx.example", "status-temporary"): [(4, "critical"), (40, "well")],
    ("rejects.example", "mx-gone"): [(4, "warning"), (10, "critical"), (20, "well")],
    ("rejects.example", "status-temporary"): [(4, "critical"), (20, "well")],
    ("rejects.example", "rejecting"): [(4, "page"), (20, "well")],
    ("fails.example", "mx-gone"): [(4, "warning"), (10, "critical"), (80, "well")],
    ("fails.example", "status-temporary"): [(4, "critical"), (52, "page"), (76, "well")],
    ("fails.example", "status-failed"): [(76, "critical"), (83, "well")],
    ("foreign.example", "mx-wrong"): [(44, "warning"), (50, "critical"), (60, "well")],
    ("foreign.example", "status-temporary"): [(44, "critical"), (60, "well")],
    ("steady.example", "drift-behavior"): [(56, "warning"), (66, "well")],
    (None, "account-cannot-send"): [(56, "critical"), (66, "well")],
    ("spf.example", "spf-wrong"): [(8, "warning"), (30, "well")],
    ("unverified.example", "identity-unverified"): [(8, "critical"), (30, "well")],
    ("gone.example", "identity-missing"): [(8, "critical"), (30, "well")],
    ("gone.example", "drift-name"): [(30, "warning"), (50, "well")],
    ("renamed.example", "drift-name"): [(8, "warning"), (30, "well")],
    ("renamed.example", "status-pending"): [(8, "warning"), (14, "critical"), (30, "well")],  # their name has no MX
    ("mute.example", "dns-trouble"): [(8, "warning"), (30, "well")],
}


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class Days(Room):
    def __init__(self):
        self.looks = []  # (virtual second at which one began, and at which it ended)
        super().__init__(*sys.argv[1:3], FLEET, ["--time-scale", str(SCALE)])
        self.manifest("fleet.yaml", {name: {"behavior_on_mx_failure": row["behavior"] or "USE_DEFAULT_VALUE"} for name, row in FLEET.items()})
        self.clock = self.path / "clock"

    def write_table(self):
        super().write_table()
        (self.path / "script.csv").write_text("second,account,region,identity,what,value\n" + "".join(
            f"{hour * 3600},{ACCOUNT},{'us-east-1' if identity else ''},{identity or ''},{what},{value}\n"
            for hour, identity, what, value in sorted(AT_SES, key=lambda row: row[0])))
        self.more_sim = ["--script", self.path / "script.csv"]
        self.begin = time.time()  # the stand-in starts next

    def virtual(self):
        """Seconds since the stand-in began, of its scaled time."""
        return (time.time() - self.begin) * SCALE

    def environment(self):
        ahead = self.virtual() - (time.time() - self.begin)
        self.clock.write_text(str(int(ahead)))
        return {**super().environment(), "LD_PRELOAD": LIBRARY, "WALL_CLOCK": str(self.clock)}

    def change(self, identity, kind, value):
        name = f"bounce.{identity}"
        if value == "servfail":
            self.names.mute.add(name)
        elif kind == "*":
            self.names.mute.discard(name)
        elif value:
            self.names.records[(name, kind)] = value
        else:
            self.names.records.pop((name, kind), None)

    def look(self):
        began = self.virtual()
        done = self.run("watch", "fleet.yaml", "--events", "events.jsonl", "--metrics", "watch.prom", "--journal", "journal.db")
        self.looks.append((began, self.virtual(), done.returncode, done))

    def days(self):
        pending = sorted(RECORDS, key=lambda row: row[0])
        ticks = 0
        while self.virtual() < END * 3600:
            while pending and pending[0][0] * 3600 <= self.virtual():
                self.change(*pending.pop(0)[1:])
            if ticks == 1:  # seen by one look, and not by the next
                self.change("blinks.example", "TXT", None)
                self.look()
                self.change("blinks.example", "TXT", SPF)
            else:
                self.look()
            ticks += 1
            time.sleep(max(0, ticks * TICK - (time.time() - self.begin)))


def level_events(events):
    found = {}
    for event in events:
        if event["type"] == "problem":
            found.setdefault((event["identity"], event["kind"]), []).append(event)
    return found


def judge(room, events):
    found = level_events(events)
    check("nothing is told that the script does not explain", set(found) <= set(WANTED), set(found) - set(WANTED))
    check("nothing is missing", set(found) >= set(WANTED), set(WANTED) - set(found))
    gap = max(b[1] - a[0] for a, b in zip(room.looks, room.looks[1:]))
    for key, wanted in WANTED.items():
        told = found.get(key, [])
        levels = ["well"] + [level for _, level in wanted]
        title = f"{key[0] or 'the account'} {key[1]}"
        check(f"{title}: {' to '.join(levels)}, each once", [(e["from"], e["to"]) for e in told] == list(zip(levels, levels[1:])),
              *told)
        late = []
        for (hour, level), event in zip(wanted, told):
            at = instant(event["at"]) - room.begin
            # Two looks confirm; three say trouble; and SES takes an hour.
            limit = hour * 3600 + (3 if key[1] == "dns-trouble" else 2) * gap + SES * 3600 + SCALE
            # A look dates what it tells by its beginning, and may meet what happens until it ends.
            ended = [end for began, end, *_ in room.looks if began <= at + SCALE][-1]
            if ended < hour * 3600 - SCALE or at > limit:
                late.append(f"{level} at hour {at / 3600:.1f}, expected {hour} to {limit / 3600:.1f}")
        check(f"{title}: in time", not late, *late)
    return found, gap


def main():
    with Days() as room:
        room.names.mute = set()
        answer = room.names.answer

        def mute_answer(question):
            import dns.message
            import dns.rcode
            reply = answer(question)
            if question.question[0].name.to_text(omit_final_dot=True).lower() in room.names.mute:
                reply = dns.message.make_response(question)
                reply.set_rcode(dns.rcode.SERVFAIL)
            return reply

        room.names.answer = mute_answer
        room.days()
        events = [json.loads(line) for line in (room.path / "events.jsonl").read_text().splitlines()]
        codes = {code for *_, code, _ in room.looks}
        check("looks end with 0 or 3", codes == {0, 3}, *[(d.returncode, d.stdout_text, d.stderr_text) for *_, c, d in room.looks if c not in (0, 3)][:3])
        check("the first look finds all well, and so does the last", room.looks[0][2] == 0 and room.looks[-1][2] == 0,
              room.looks[0][3].stdout_text, room.looks[-1][3].stdout_text)
        blink = room.looks[1][3].stdout_text
        check("what one look alone has seen is shown, and not yet told", "unconfirmed" in blink and "blinks.example" in blink, blink)
        check("there are looks enough", len(room.looks) > 20, len(room.looks))
        check("no event comes twice", len({e["id"] for e in events}) == len(events), *events)
        found, gap = judge(room, events)
        failing = found.get(("fails.example", "status-temporary"), [{}])[0]
        if failing.get("deadline"):
            first = next(began for began, ended, *_ in room.looks if ended + room.begin >= instant(failing["at"]))
            off = instant(failing["deadline"]) - 72 * 3600 - instant(failing["since"])
            check("the deadline is 72 hours after the first look that saw it", abs(off) < 1 and abs(instant(failing["since"]) - room.begin - first) <= gap,
                  failing)
        check("nothing is written to SES", not room.writes(), *room.writes())
        figures = (room.path / "watch.prom").read_text()
        check("the figures have no problem at the end", 'mailfrom_problems_by_level{level="critical"} 0' in figures, figures)
        done = subprocess.run(["promtool", "check", "metrics"], input=figures, capture_output=True, text=True)
        check("promtool takes them", done.returncode == 0, done.stdout, done.stderr)
    verdict()


main()
