#!/usr/bin/python3
"""Plan files: what was reviewed is done, and nothing else. Arguments: mailfrom, ses-sim."""

import csv
import json
import signal
import sys

from rehearsal_room import CANNOT_RUN, DONE, STOPPED, TROUBLE, Denied, Room, check, signalled, until, verdict

IDENTITIES = {
    "a.example": {},
    "b.example": {"mail_from": "old.b.example"},
    "c.example": {"mail_from": "bounce.c.example"},
    "d.example": {"verified": "PENDING"},
    "e.example": {"mail_from": "old.e.example"},
    "f.example": {"late": True},
    "h.example": {},
    "news@g.example": {},
}


def edited(room, name, change):
    path = room.path / name
    path.write_text(change((room.path / "fleet.plan").read_text()))
    return name


NOT_WRITTEN = "plan fleet.plan: not written, because planning was stopped: run plan again"


def incomplete(programs):
    """A plan that was stopped, or could ask about nothing, tells no figure of what an apply needs."""
    many = {f"m{n}.example": {} for n in range(600)}
    plan = ("plan", "fleet.yaml", "--out", "fleet.plan", "--report", "json:plan.json")
    with Room(*programs, many, rate=1) as room:
        room.manifest("fleet.yaml", {name: {} for name in many})
        process = room.start(*plan)
        read = "GetIdentityMailFromDomainAttributes"  # one is the preflight's
        until(lambda: sum((c["action"], c["outcome"]) == (read, "ok") for c in room.calls()) >= 3)
        out, told = signalled(process, signal.SIGINT)
        check("a plan that is stopped ends with 4", process.returncode == STOPPED, process.returncode, told)
        check("and says that it is incomplete", "The plan is incomplete: it was stopped before " in out, out)
        check("and tells no figure", "pply needs about" not in out and "needs no write" not in out, out)
        summary = json.loads((room.path / "plan.json").read_text())["summary"]
        check("neither does its report", "apply_needs" not in summary, summary)
        check("and that it has written no plan file", NOT_WRITTEN in told and not (room.path / "fleet.plan").exists(), told)
    with Room(*programs, many, sim=["--faults", "delay=3000"]) as room:
        room.manifest("fleet.yaml", {name: {} for name in many})
        process = room.start(*plan)
        until(lambda: room.calls(), 2)
        _, told = signalled(process, signal.SIGINT)
        check("a plan that is stopped before its first row ends with 4", process.returncode == STOPPED, process.returncode, told)
        check("and says that it has written no plan file", NOT_WRITTEN in told and "run 0" not in told, told)
    few = dict(list(many.items())[:30])
    with Denied(*programs, few, "ses:Get* ses:List*") as room:
        room.manifest("fleet.yaml", {name: {} for name in few})
        told = room.ends("a plan that may ask nothing", TROUBLE, "plan", "fleet.yaml", "--report", "json:plan.json")
        check("says that it is incomplete", "SES could not be asked about any of its identities" in told
              and "needs no write" not in told, told)
        summary = json.loads((room.path / "plan.json").read_text())["summary"]
        check("and its report has no figure", "apply_needs" not in summary, summary)


def main():
    incomplete(sys.argv[1:3])
    with Room(*sys.argv[1:3], IDENTITIES) as room:
        planned = [name for name in IDENTITIES if name != "h.example"]
        room.manifest("fleet.yaml", {name: {} for name in planned})
        text = room.ends("a plan with a refused row ends with 3", TROUBLE, "plan", "fleet.yaml", "--out", "fleet.plan",
                         "--report", "csv:plan.csv")
        plan_rows = {row["identity"]: row for row in csv.DictReader((room.path / "plan.csv").open(newline=""))}
        check("and says how to do just that", "apply --plan fleet.plan" in text, text)
        check("and who lists the records that are awaited", "mailfrom records fleet.yaml --missing --resolver" in text, text)
        check("a plan writes nothing to SES", room.writes() == [])
        check("a plan makes no journal", not (room.path / ".mailfrom").exists())
        plan = json.loads((room.path / "fleet.plan").read_text())
        rows = {row["identity"]: row for row in plan["identities"]}
        check("it has a row for every identity", list(rows) == planned)
        check("with what is wanted and with the live facts", rows["b.example"]["mail_from"] == "bounce.b.example"
              and rows["b.example"]["live"] == {"mail_from": "old.b.example", "behavior": "USE_DEFAULT_VALUE",
                                                "status": "SUCCESS", "verification": "SUCCESS", "dkim": "SUCCESS"},
              rows["b.example"])
        outcomes = {name: row["outcome"] for name, row in rows.items()}
        check("and with how each was judged", outcomes == {
            "a.example": "planned", "b.example": "planned", "c.example": "unchanged", "d.example": "refused",
            "e.example": "planned", "f.example": "waiting-dns", "news@g.example": "planned"}, outcomes)

        for what, change in {
            "one edited byte": lambda t: t.replace("bounce.a.example", "bounce.x.example", 1),
            "a cut end": lambda t: t[: len(t) // 2],
            "a line left out": lambda t: "".join(l for l in t.splitlines(True) if "a.example" not in l),
            "a line too many": lambda t: t + "\n",
            "an edited count": lambda t: t.replace('"changes":5', '"changes":4'),
        }.items():
            name = edited(room, "bad.plan", change)
            text = room.ends(f"{what} is refused", CANNOT_RUN, "apply", "--plan", name, "--yes")
            check("with a sentence", "damaged or was edited" in text, text)
        text = room.ends("a manifest is no plan file", CANNOT_RUN, "apply", "--plan", "fleet.yaml", "--yes")
        check("and that is said", "is not a plan file" in text, text)
        name = edited(room, "new.plan", lambda t: t.replace('"format_version":1', '"format_version":2', 1))
        text = room.ends("a newer format is refused", CANNOT_RUN, "apply", "--plan", name, "--yes")
        check("and both formats are named", "format 2" in text and "knows 1" in text, text)
        text = room.ends("an old plan is refused", CANNOT_RUN, "apply", "--plan", "fleet.plan", "--yes", "--max-age", "1ms")
        check("and its age is told, and the option that takes it", "ago, and may be" in text and "or give --max-age 1d" in text, text)
        room.manifest("other.yaml", {"a.example": {}})
        text = room.ends("other manifests are refused", CANNOT_RUN, "apply", "--plan", "fleet.plan", "other.yaml", "--yes")
        check("and that is said", "other manifests" in text, text)
        text = room.ends("without --yes and without a terminal nothing is done", CANNOT_RUN, "apply", "--plan", "fleet.plan")
        check("nothing of all this wrote to SES", room.writes() == [], room.writes())

        room.set("e.example", "hand.e.example")
        before = len(room.writes())
        room.names.publish("bounce.f.example")
        room.ends("a plan is applied beside its manifest; a drifted row ends it with 3", TROUBLE,
                  "apply", "--plan", "fleet.plan", "fleet.yaml", "--yes")
        rows = room.report(1)
        outcomes = {name: row["outcome"] for name, row in rows.items()}
        check("what was planned is done, what moved has drifted, the rest is as reviewed", outcomes == {
            "a.example": "done", "b.example": "done", "c.example": "unchanged", "d.example": "refused",
            "e.example": "drifted", "f.example": "done", "news@g.example": "done"}, outcomes)
        written = {call["identities"][0] for call in room.writes()[before:]}
        check("SES was written to for those that are done, and for no other",
              written == {"a.example", "b.example", "f.example", "news@g.example"}, written)
        check("what somebody else has set is still there", room.ses()["e.example"][0] == "hand.e.example")
        check("its reason names both", "hand.e.example" in rows["e.example"]["reason"]
              and "old.e.example" in rows["e.example"]["reason"], rows["e.example"]["reason"])
        check("rows keep their place in the manifest", rows["b.example"]["source"].startswith("fleet.yaml:"), rows["b.example"])

        check("a refused row keeps its reason and its rule", [f if isinstance(f, str) else f["rule"] for f in rows["d.example"]["findings"]] == plan_rows["d.example"]["findings"].split(";")
              and rows["d.example"]["reason"] == plan_rows["d.example"]["reason"] != "", rows["d.example"])
        text = room.ends("status has the same counts", DONE, "status")
        check("and nothing is unfinished", "skipped" not in text and "1 refused" in text, text)

        before = len(room.writes())
        room.ends("the same plan once more ends with 3, since everything has moved", TROUBLE, "apply", "--plan", "fleet.plan", "--yes")
        check("and writes nothing", len(room.writes()) == before)
        # A run of a plan whose only trouble is a refused row ends as apply does.
        room.manifest("two.yaml", {"c.example": {}, "d.example": {}, "h.example": {}})
        room.ends("a plan of it", TROUBLE, "plan", "two.yaml", "--out", "two.plan")
        text = room.ends("ends with 3, as apply does", TROUBLE, "apply", "--plan", "two.plan", "--yes")
        check("and counts as apply does", "1 unchanged, 1 done, 1 refused of 3" in text, text)
        room.ends("also when it is resumed", TROUBLE, "resume")
    verdict()


main()
