#!/usr/bin/python3
"""Keys that change in the middle of a run, and wall clocks that are wrong: what a run holds on to and what
it waits for. Arguments: mailfrom, ses-sim, the library of wall_clock.c."""

import sys

from timeouts import patient
from rehearsal_room import ACCOUNT, DONE, STOPPED, TROUBLE, check, signalled, until, verdict
from two_accounts import KEYS, OTHER, STS, TwoAccounts

HOUR, DAY, DECADE = 3600, 86400, 3653 * 86400

# A credential_process whose keys live for as long as the file `lives` says, in seconds of the true clock. It
# gives those of the account that the file `who` names, or refuses.
SOURCE = """#!/usr/bin/python3 -I
import datetime, json, pathlib, sys
here = pathlib.Path(sys.argv[1])
keys, who = {keys!r}, (here / "who").read_text().strip()
if who == "refuse":
    sys.exit("no keys today")
_, key, secret = keys[who]
now = datetime.datetime.fromtimestamp(float(pathlib.Path("/proc/uptime").read_text().split()[0]) + {booted}, datetime.timezone.utc)
ends = now + datetime.timedelta(seconds=int((here / "lives").read_text()))
with open(here / "asked", "a") as asked:
    print(who, file=asked)
print(json.dumps({{"Version": 1, "AccessKeyId": key, "SecretAccessKey": secret, "Expiration": ends.strftime("%Y-%m-%dT%H:%M:%SZ")}}))
"""


class Renewed(TwoAccounts):
    def __init__(self, mailfrom, ses_sim, clock, identities, lives=HOUR, **more):
        super().__init__(mailfrom, ses_sim, identities, **more)
        import time
        uptime = float(open("/proc/uptime", encoding="ascii").read().split()[0])
        helper = self.path / "helper"
        helper.write_text(SOURCE.format(keys=KEYS, booted=time.time() - uptime))
        helper.chmod(0o700)
        (self.path / ".aws/config").write_text(f"[profile renewed]\ncredential_process = {helper} {self.path}\n")
        self.give("own", lives)
        self.clock = self.path / "wall"
        self.set_clock(0)
        self.more_environment = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_PROFILE": "renewed",
                                 "LD_PRELOAD": clock, "WALL_CLOCK": str(self.clock),
                                 "ASAN_OPTIONS": "verify_asan_link_order=0"}
        self.manifest("fleet.yaml", {name: {} for name in identities})

    def set_clock(self, seconds):
        (self.path / "wall.new").write_text(f"{seconds}\n")
        (self.path / "wall.new").rename(self.clock)

    def give(self, who, lives):
        for name, value in (("lives", lives), ("who", who)):
            (self.path / f"{name}.new").write_text(f"{value}\n")
            (self.path / f"{name}.new").rename(self.path / name)

    def asked(self, who):
        path = self.path / "asked"
        return path.read_text().split().count(who) if path.exists() else 0

    def begun(self):
        """An apply that waits for the DNS of its late identities."""
        process = self.start("apply", "fleet.yaml", "--yes")
        until(lambda: self.sent())
        return process

    def of(self, account):
        return [call for call in self.calls() if call.get("account") == account]


LATE = {"a.example": {}, "late.example": {"late": True}}


def keys_that_change_hands(programs):
    """25 writes once went to the other account."""
    with Renewed(*programs, LATE, lives=4) as room:
        process = room.begun()
        until(lambda: room.asked("own") >= 2 and room.writes())
        room.give("other", 4)
        until(lambda: room.asked("other"))
        room.names.publish("bounce.late.example")
        told = process.communicate(timeout=patient(120))
        check("a run whose keys come from another account ends with trouble", process.returncode == TROUBLE, process.returncode, *told)
        rows = room.report(1)
        reason = rows["late.example"]["reason"]
        check("the row names both accounts", rows["late.example"]["outcome"] == "failed" and ACCOUNT in reason and OTHER in reason, rows)
        check("the other account was asked for nothing but its number", {c["action"] for c in room.of(OTHER)} == {STS}, room.of(OTHER))
        check("at every renewal STS was asked first", len([c for c in room.of(ACCOUNT) if c["action"] == STS]) >= room.asked("own") - 1, room.calls())
        room.give("own", HOUR)
        room.ends("with the own keys it goes on", DONE, "resume", "--retry-failed")
        check("and ends", set(room.outcomes(1).values()) == {"done"}, room.outcomes(1))


def a_source_that_refuses_for_a_while(programs):
    with Renewed(*programs, LATE, lives=4) as room:
        process = room.begun()
        until(lambda: room.writes())
        room.give("refuse", 4)
        room.names.publish("bounce.late.example")
        seen = len(room.sent())
        until(lambda: len(room.sent()) == seen, 1)
        check("the run waits for its keys", process.poll() is None, process.returncode)
        room.give("own", HOUR)
        told = process.communicate(timeout=patient(120))
        check("and ends well when they come", process.returncode == DONE, process.returncode, *told)
        check("every row is done", set(room.outcomes(1).values()) == {"done"}, room.outcomes(1))


def a_source_that_never_worked(programs):
    with Renewed(*programs, LATE) as room:
        room.give("refuse", HOUR)
        text = room.ends("a source that never gave keys ends the run at once", 1, "apply", "fleet.yaml", "--yes")
        check("with its own words", "no keys today" in text, text)
        check("nothing was asked", not room.calls(), room.calls())


def wrong_clocks(programs):
    """The wall clock at the start, while the run goes on, and at the resume, in seconds off the true time. The
    keys live for an hour of true time."""
    cases = ((-DECADE, -DECADE, 0), (DAY, DAY, 0), (DECADE, DECADE, 0), (0, DECADE, 0), (0, -DECADE, 0), (0, -HOUR, HOUR),
             (0, HOUR, -HOUR), (0, 0, DECADE), (0, 0, -DECADE), (-DECADE, DECADE, -DAY))
    for start, meanwhile, resume in cases:
        title = f"clock off by {start}, {meanwhile}, {resume} s"
        with Renewed(*programs, {**LATE, "later.example": {"late": True}}) as room:
            room.set_clock(start)
            process = room.begun()
            until(lambda: room.writes())
            room.set_clock(meanwhile)
            room.names.publish("bounce.late.example")
            until(lambda: len(room.writes()) == 2)
            check(f"{title}: the run goes on after the jump", process.poll() is None and len(room.writes()) == 2, room.writes())
            told = signalled(process, 2)
            check(f"{title}: it is stopped", process.returncode == STOPPED, process.returncode, *told)
            room.set_clock(resume)
            room.names.publish("bounce.later.example")
            room.ends(f"{title}: the resumed run ends well", DONE, "resume")
            check(f"{title}: every row is done", set(room.outcomes(1).values()) == {"done"}, room.outcomes(1))
            check(f"{title}: the keys were fetched once a process", room.asked("own") == 2, room.asked("own"))


def main():
    programs = sys.argv[1:4]
    for part in (keys_that_change_hands, a_source_that_refuses_for_a_while, a_source_that_never_worked, wrong_clocks):
        part(programs)
    verdict()


main()
