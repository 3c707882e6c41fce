#!/usr/bin/python3
"""Rollback: what a run changed is put back exactly, what somebody else has changed since is not
touched. Arguments: mailfrom, ses-sim."""

import json
import sys

from rehearsal_room import CANNOT_RUN, DONE, STOPPED, TROUBLE, Room, check, verdict

REJECT = "REJECT_MESSAGE"
IDENTITIES = {
    "new.example": {},
    "old.example": {"mail_from": "old.old.example"},
    "tight.example": {"mail_from": "old.tight.example", "behavior": REJECT},
    "failed.example": {"mail_from": "old.failed.example", "status": "FAILED"},
    "strict.example": {"mail_from": "old.strict.example", "status": "FAILED", "behavior": REJECT},
    "same.example": {"mail_from": "bounce.same.example"},
    "loose.example": {"mail_from": "bounce.loose.example", "behavior": REJECT},
    "cleared.example": {"mail_from": "old.cleared.example"},
    "hand.example": {},
}
CHOICES = {name: {} for name in IDENTITIES} | {
    "new.example": {"behavior_on_mx_failure": REJECT},
    "cleared.example": {"mail_from": "default"},
}


def names_and_behaviours(ses):
    return {name: facts[:2] for name, facts in ses.items()}


def gone_records(room):
    """Names that had not succeeded have no records either: Success could never come."""
    for name in ("old.failed.example", "old.strict.example"):
        for kind in ("MX", "TXT"):
            room.names.records.pop((name, kind))


def whole_run(room):
    room.manifest("fleet.yaml", CHOICES)
    gone_records(room)
    before = names_and_behaviours(room.ses())
    room.ends("a fleet of all kinds is changed", DONE, "apply", "fleet.yaml", "--yes")
    applied = names_and_behaviours(room.ses())
    check("as wanted", applied["new.example"] == ("bounce.new.example", "RejectMessage")
          and applied["cleared.example"][0] == "" and applied["loose.example"][1] == "UseDefaultValue", applied)

    writes = len(room.writes())
    journal = (room.path / ".mailfrom/journal.db").read_bytes()
    text = room.ends("a dry run of the rollback ends with 0", DONE, "rollback", 1, "--dry-run")
    check("and accuses nobody of what the run itself has set", "overwrites-custom" not in text, text)
    check("shows before -> after", "bounce.old.example -> old.old.example" in text, text)
    check("writes nothing to SES", len(room.writes()) == writes)
    check("and not a byte to the journal", (room.path / ".mailfrom/journal.db").read_bytes() == journal)

    room.ends("a part of the run is put back by pattern", DONE, "rollback", 1, "--yes", "--only", "OLD.*")
    check("that part alone is another run", list(room.outcomes(2).items()) == [("old.example", "done")], room.outcomes(2))
    text = room.ends("nothing matches another outcome", DONE, "rollback", 1, "--yes", "--outcome", "failed")
    check("and that is said", "wrote nothing to what was asked for" in text, text)
    text = room.ends("an outcome must be a word of the report", CANNOT_RUN, "rollback", 1, "--outcome", "sad")

    room.manifest("next.yaml", {"new.example": {"mail_from": "next.new.example"}, "hand.example": {"mail_from": "next.hand.example"}})
    room.names.publish("next.new.example")
    room.set("hand.example", "else.hand.example")
    warned = "warning overwrites-custom"
    text = room.run("plan", "next.yaml", "--all", "--report", "json:next.json").stdout_text
    rows = {row["identity"]: [f["rule"] for f in row["findings"]] for row in json.loads((room.path / "next.json").read_text())["identities"]}
    check("a plan warns of what another hand has set, not of what a run of the journal has",
          "overwrites-custom" in rows["hand.example"] and "overwrites-custom" not in rows["new.example"], rows, text)
    text = room.run("plan", "next.yaml", "--journal", "other.db").stdout_text
    check("with another journal it knows nothing of that run", text.count(warned) >= 1, text)
    writes = len(room.writes())
    room.ends("the whole run is put back; a drifted row ends it with 3", TROUBLE, "rollback", 1, "--yes")
    outcomes = room.outcomes(3)
    ours = [name for name, row in room.report(3).items() if "overwrites-custom" in [f["rule"] for f in row["findings"]]]
    check("the rollback takes only that for another's", ours in ([], ["hand.example"]), ours)
    touched = {call["identities"][0] for call in room.writes()[writes:]}
    after = names_and_behaviours(room.ses())
    check("what somebody else has set since has drifted", outcomes["hand.example"] == "drifted", outcomes)
    check("and is still there", after["hand.example"][0] == "else.hand.example", after)
    check("what is back already, by another rollback, is unchanged",
          outcomes["old.example"] == "unchanged", outcomes)
    check("and not written to", not touched & {"hand.example", "old.example"}, touched)
    check("what the run never wrote to has no row", "same.example" not in outcomes, outcomes)
    others = [name for name in IDENTITIES if name not in ("hand.example",)]
    moved = {n: (before[n], after[n]) for n in others if after[n] != before[n]}
    loose = moved.pop("strict.example", None)
    check("everything else has its name and behaviour of before", not moved, moved)
    check("but REJECT_MESSAGE where SES does not say Success: with it, mail would be rejected",
          loose == (("old.strict.example", "RejectMessage"), ("old.strict.example", "UseDefaultValue")), loose)
    rejecting = [c for c in room.writes()[writes:] if "REJECT" in str(c).upper() and c["identities"][0] == "tight.example"]
    check("REJECT_MESSAGE came back in a write of its own, after Success", len(rejecting) == 1
          and len([c for c in room.writes()[writes:] if c["identities"][0] == "tight.example"]) == 2, room.writes()[writes:])

    text = room.ends("--force takes back even that", DONE, "rollback", 1, "--yes", "--force", "--only", "hand.example")
    row = room.report(4)["hand.example"]
    check("and says what it overwrote", "else.hand.example" in row["reason"] and room.ses()["hand.example"][0] == "", row)

    room.ends("a rollback is taken back like any other run", DONE, "rollback", 3, "--yes")
    again = names_and_behaviours(room.ses())
    wrong = {n: (applied[n], again[n]) for n in touched if applied[n] != again[n]}
    check("and everything it had put back is as the run had left it", not wrong, wrong)

    room.ends("--to default clears", DONE, "rollback", 1, "--yes", "--to", "default", "--only", "tight.example")
    check("the name is gone", room.ses()["tight.example"][0] == "", room.ses()["tight.example"])
    text = room.ends("a run that is not there cannot be taken back", CANNOT_RUN, "rollback", 99, "--yes")
    check("and that is said", "has no run 99" in text, text)


def without_mx():
    """REJECT_MESSAGE stood there before, and the MX has gone since: of the name that is put back, so that SES says
    PENDING, or of the one that has stayed, while SES has not looked again."""
    identities = {"moved.example": {"mail_from": "old.moved.example", "behavior": REJECT},
                  "stayed.example": {"mail_from": "bounce.stayed.example", "behavior": REJECT},
                  "well.example": {"mail_from": "bounce.well.example", "behavior": REJECT}}
    with Room(*sys.argv[1:3], identities) as room:
        room.manifest("fleet.yaml", {name: {} for name in identities}, dns={"timeout": "4s"})
        room.ends("a run loosens what rejects", DONE, "apply", "fleet.yaml", "--yes")
        written = len(room.writes())
        for name in ("old.moved.example", "bounce.stayed.example"):
            for kind in ("MX", "TXT"):
                room.names.records.pop((name, kind))
        room.ends("where the MX is gone, REJECT_MESSAGE is not put back", TROUBLE, "rollback", 1, "--yes")
        rejecting = [call["identities"][0] for call in room.writes()[written:] if "REJECT" in call["behavior"].upper()]
        check("only where it is there REJECT_MESSAGE is written", rejecting == ["well.example"], rejecting)
        rows, ses = room.report(2), names_and_behaviours(room.ses())
        check("the name is back without it", ses["moved.example"] == ("old.moved.example", "UseDefaultValue"), ses)
        check("which the row says, and why", "behavior stays USE_DEFAULT_VALUE" in rows["moved.example"]["reason"]
              and '"missing"' in rows["moved.example"]["reason"], rows["moved.example"])
        check("SES's Success alone is not enough", ses["stayed.example"] == ("bounce.stayed.example", "UseDefaultValue")
              and "REJECT_MESSAGE waits for the right MX" in rows["stayed.example"]["reason"], ses, rows["stayed.example"])


def cut_off(room):
    """The process dies with writes on their way: what they wrote is known from the intents alone."""
    room.manifest("fleet.yaml", {name: {} for name in room.identities})
    before = names_and_behaviours(room.ses())
    process = room.start("apply", "fleet.yaml", "--yes")
    from rehearsal_room import until
    until(lambda: room.writes())
    process.kill()
    process.communicate()
    changed = {n for n, facts in names_and_behaviours(room.ses()).items() if facts != before[n]}
    check("a run is killed with writes on their way", changed and process.returncode < 0, changed)
    text = room.run("status", 1).stdout_text
    check("status says that it was cut off", "cut off" in text, text)
    room.ends("it is taken back", DONE, "rollback", 1, "--yes")
    check("and SES is as it was before", names_and_behaviours(room.ses()) == before)
    check("every row of it ends well", set(room.outcomes(2).values()) <= {"done", "unchanged"}, room.outcomes(2))


def main():
    without_mx()
    with Room(*sys.argv[1:3], IDENTITIES) as room:
        whole_run(room)
    fleet = {f"d{i}.example": {"mail_from": f"old.d{i}.example"} if i % 2 else {} for i in range(60)}
    with Room(*sys.argv[1:3], fleet, sim=["--faults", "delay=300"], rate=10) as room:
        cut_off(room)
    verdict()


main()
