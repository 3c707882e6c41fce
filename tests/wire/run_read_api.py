#!/usr/bin/python3
"""Accounts that allow only one version of the API: each is enough for a whole migration, auto finds
out which, and a resumed run finds out anew. Arguments: mailfrom, ses-sim."""

import json
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


def times(room, action, outcome=None):
    return sum(c["action"] == action and outcome in (None, c["outcome"]) for c in room.calls())


def attributes_refused(programs):
    """IAM refuses GetIdentityVerificationAttributes alone: what the list shows as verified is read by the batch,
    the rest one by one, and nothing is said to be refused that is not."""
    many = {f"m{n}.example": {"verified": "SUCCESS" if n % 3 else "PENDING"} for n in range(240)}
    deny = "v1:GetIdentityVerificationAttributes"
    with Denied(*programs, many, deny) as room:
        room.manifest("fleet.yaml", {name: {} for name in many})
        told = room.ends("without attributes: plan", TROUBLE, "plan", "fleet.yaml", "--report", "json:plan.json")
        check("without attributes: the 80 that are not verified are read one by one", times(room, "GetEmailIdentity") == 80,
              times(room, "GetEmailIdentity"))
        check("without attributes: the others by the batch", 2 <= times(room, "GetIdentityMailFromDomainAttributes") <= 6,
              times(room, "GetIdentityMailFromDomainAttributes"))
        check("without attributes: the refused action is tried once", times(room, "GetIdentityVerificationAttributes") == 1,
              times(room, "GetIdentityVerificationAttributes"))
        check("without attributes: it says what is refused, what is used, and for how many",
              "IAM refuses ses:GetIdentityVerificationAttributes, so" in told and "by ses:GetEmailIdentity: 80 of 240" in told, told)
        check("without attributes: and blames no other action", "MailFromDomainAttributes" not in told.split("Preflight")[-1], told)
        summary = json.loads((room.path / "plan.json").read_text())["summary"]
        check("without attributes: the plan knows who is not verified",
              (summary["outcomes"]["planned"], summary["outcomes"]["refused"]) == (160, 80), summary)
        check("without attributes: apply needs a list, 80 single reads, two batches with their DKIM, and two to follow",
              summary["apply_needs"]["reads"] == 1 + 80 + 2 + 2 + 2, summary["apply_needs"])
        before = len(room.calls())
        process = room.start("apply", "fleet.yaml", "--yes")
        check("without attributes: an apply goes on at once", until(lambda: len(room.writes()) == 160, 60), len(room.writes()))
        process.communicate(timeout=120)
        gets = [c for c in room.calls()[before:] if c["action"] == "GetEmailIdentity"]
        check("without attributes: and follows by the batch", len(gets) == 80, len(gets))
    with Denied(*programs, many, deny + " v2:GetEmailIdentity") as room:
        room.manifest("fleet.yaml", {name: {} for name in many})
        room.ends("nor single reads: apply", TROUBLE, "apply", "fleet.yaml", "--yes")
        rows = room.report(1)
        outcomes = {name: row["outcome"] for name, row in rows.items()}
        check("nor single reads: what the list shows as verified is done",
              {o for n, o in outcomes.items() if many[n]["verified"] == "SUCCESS"} == {"done"}, outcomes)
        check("nor single reads: the others fail, with the reason", all(
            row["outcome"] == "failed" and "GetEmailIdentity" in row["reason"] for name, row in rows.items()
            if many[name]["verified"] == "PENDING"), rows)
        check("nor single reads: twenty refusals are enough to know", 20 <= times(room, "GetEmailIdentity") < 80,
              times(room, "GetEmailIdentity"))
    few = dict(list(many.items())[:30])
    with Denied(*programs, few, deny) as room:
        room.manifest("fleet.yaml", {name: {} for name in few})
        told = room.ends("few rows, without attributes: plan", TROUBLE, "plan", "fleet.yaml")
        check("few rows, without attributes: the preflight's refusal is enough",
              times(room, "GetIdentityVerificationAttributes") == 1, used(room))
        check("few rows, without attributes: all are read one by one", "by ses:GetEmailIdentity: 30 of 30" in told, told)


def list_refused(programs):
    """A lane that would be listed by version 2 is listed by version 1, and asked once."""
    many = {f"m{n}.example": {} for n in range(120)}
    with Denied(*programs, many, "v2:ListEmailIdentities") as room:
        room.manifest("fleet.yaml", {name: {} for name in many})
        room.ends("without the list of version 2: plan", DONE, "plan", "fleet.yaml")
        check("without the list of version 2: it is tried once", times(room, "ListEmailIdentities") == 1, used(room))
        check("without the list of version 2: and no identity is read one by one", not times(room, "GetEmailIdentity"), used(room))
        before = len(room.calls())
        room.ends("without the list of version 2: apply", DONE, "apply", "fleet.yaml", "--yes")
        lists = [c for c in room.calls()[before:] if c["action"] == "ListEmailIdentities"]
        check("without the list of version 2: once, too", len(lists) == 1, lists)
    with Denied(*programs, many, "v1:GetIdentityMailFromDomainAttributes") as room:
        room.manifest("fleet.yaml", {name: {} for name in many})
        told = room.ends("without MAIL FROM: plan", DONE, "plan", "fleet.yaml")
        check("without MAIL FROM: it is tried once", times(room, "GetIdentityMailFromDomainAttributes") == 1, used(room))
        check("without MAIL FROM: that alone is said to be refused",
              "IAM refuses ses:GetIdentityMailFromDomainAttributes, so its 120 identities" in told, told)
        room.ends("without MAIL FROM: apply", DONE, "apply", "fleet.yaml", "--yes")


def main():
    programs = sys.argv[1:3]
    attributes_refused(programs)
    list_refused(programs)
    migrates(programs, "version 1 alone, auto", "v2:*", ["--write-api", "v1"], False, "v2")
    migrates(programs, "version 1 alone, chosen", "v2:*", ["--write-api", "v1", "--read-api", "v1"], False, "v2")
    migrates(programs, "version 2 alone, auto", "v1:*", [], True, "v1")
    migrates(programs, "version 2 alone, chosen", "v1:*", ["--read-api", "v2"], False, "v1")
    refused(programs)
    resumed(programs)
    verdict()


main()
