#!/usr/bin/python3
"""Accounts that allow only one version of the API: each is enough for a whole migration, auto finds
out which, and a resumed run finds out anew. Arguments: mailfrom, ses-sim."""

import signal
import sys

from rehearsal_room import DONE, STOPPED, TROUBLE, Denied, check, signalled, until, verdict

FLEET = {f"d{n}.example": {} for n in range(30)}
FLEET["old.example"] = {"mail_from": "was.old.example"}


def used(room):
    """{(protocol, action): outcomes}"""
    found = {}
    for call in room.calls():
        found.setdefault((call["protocol"], call["action"]), set()).add(call["outcome"])
    return found


def migrates(programs, title, deny, options, says, never):
    with Denied(*programs, FLEET, deny) as room:
        room.manifest("fleet.yaml", {name: {} for name in FLEET})
        told = room.ends(f"{title}: plan", DONE, "plan", "fleet.yaml", *options)
        told += room.ends(f"{title}: apply", DONE, "apply", "fleet.yaml", "--yes", *options)
        check(f"{title}: every identity is done", set(room.outcomes(1).values()) == {"done"}, room.outcomes(1))
        check(f"{title}: it says what that costs" if says else f"{title}: nothing is told", ("one by one" in told) == says, told)
        served = {protocol for (protocol, _), outcomes in used(room).items() if "ok" in outcomes}
        check(f"{title}: {never} serves nothing", never not in served, used(room))
        room.ends(f"{title}: a second apply changes nothing", DONE, "apply", "fleet.yaml", "--yes", *options)
        check(f"{title}: one write for each", len(room.writes()) == len(FLEET), len(room.writes()))


def refused(programs):
    many = {f"m{n}.example": {} for n in range(90)}
    with Denied(*programs, many, "ses:Get* ses:List*", rate=30) as room:
        room.manifest("fleet.yaml", {name: {} for name in many})
        told = room.ends("no read at all: apply", TROUBLE, "apply", "fleet.yaml", "--yes")
        rows = room.report(1)
        check("no read at all: every identity failed", {r["outcome"] for r in rows.values()} == {"failed"}, rows)
        check("no read at all: the reason is SES's", all("not authorized to perform" in r["reason"] for r in rows.values()),
              {r["reason"] for r in rows.values()})
        gets = [c for c in room.calls() if c["action"] == "GetEmailIdentity"]
        check("no read at all: twenty refusals are enough to know", 20 <= len(gets) < len(many), len(gets))
        check("no read at all: it is told for the lane", "account default, Region us-east-1" in told, told)
        check("no read at all: nothing is written", not room.writes())
    with Denied(*programs, FLEET, "v1:*") as room:
        room.manifest("fleet.yaml", {name: {} for name in FLEET})
        room.ends("--read-api v1 does not fall back", TROUBLE, "plan", "fleet.yaml", "--read-api", "v1")
        check("--read-api v1 asks nothing by version 2 but the account",
              {a for (p, a) in used(room) if p == "v2"} <= {"GetAccount"}, used(room))


def resumed(programs):
    late = {name: {"late": name != "d0.example"} for name in FLEET}
    with Denied(*programs, late, "v1:Get*") as room:
        room.manifest("fleet.yaml", {name: {} for name in FLEET})
        process = room.start("apply", "fleet.yaml", "--yes")
        check("the first life writes", until(lambda: room.writes()))
        signalled(process, signal.SIGINT)
        check("the first life was stopped", process.returncode == STOPPED, process.returncode)
        before = len(room.calls())
        for name in late:
            room.names.publish("bounce." + name)
        room.ends("resume", DONE, "resume")
        check("every identity is done", set(room.outcomes(1).values()) == {"done"}, room.outcomes(1))
        after = room.calls()[before:]
        tried = [c for c in after if c["protocol"] == "v1" and c["action"].startswith("GetIdentity")]
        check("the second life tries version 1 anew, once", 1 <= len(tried) <= 3, tried)
        check("and one write for each identity is made", len(room.writes()) == len(FLEET), len(room.writes()))


def main():
    programs = sys.argv[1:3]
    migrates(programs, "version 1 alone, auto", "v2:*", ["--write-api", "v1"], False, "v2")
    migrates(programs, "version 1 alone, chosen", "v2:*", ["--write-api", "v1", "--read-api", "v1"], False, "v2")
    migrates(programs, "version 2 alone, auto", "v1:*", [], True, "v1")
    migrates(programs, "version 2 alone, chosen", "v1:*", ["--read-api", "v2"], False, "v1")
    refused(programs)
    resumed(programs)
    verdict()


main()
