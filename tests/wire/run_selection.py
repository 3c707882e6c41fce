#!/usr/bin/python3
"""A part of a fleet: --only, --exclude, --account, --region, --limit, in every verb that takes a fleet or a run.
Arguments: mailfrom, ses-sim."""

import csv
import io
import json
import sys

from rehearsal_room import CANNOT_RUN, DONE, TROUBLE, Room, check, verdict

BOOK = "xn--bcher-kva.example"
NAMES = ["a.shop.example", "b.shop.example", "news.example", "c.shop.example", BOOK, "info@news.example"]
IDENTITIES = {name: {} for name in NAMES}


def rows_of(room, verb, *arguments):
    """Identities of a verb's CSV report on standard output, in order."""
    process = room.run(verb, *arguments, "--report", "csv:-", "--quiet")
    return [row["identity"] for row in csv.DictReader(io.StringIO(process.stdout_text))], process


def planned(room):
    room.manifest("fleet.yaml", IDENTITIES)
    for title, arguments, wanted in [
            ("a pattern", ["--only", "*.shop.example"], ["a.shop.example", "b.shop.example", "c.shop.example"]),
            ("two patterns are any of them, in the manifest's order", ["--only", "news.*", "--only", "A.*"],
             ["a.shop.example", "news.example"]),
            ("without what is excluded", ["--exclude", "*.shop.example", "--exclude", "*@*"], ["news.example", BOOK]),
            ("both", ["--only", "*.shop.example", "--exclude", "b.*"], ["a.shop.example", "c.shop.example"]),
            ("a U-label", ["--only", "bücher.example"], [BOOK]),
            ("a U-label with a wildcard", ["--only", "büch*"], [BOOK]),
            ("an A-label", ["--only", "xn--b*"], [BOOK])]:
        rows, process = rows_of(room, "plan", "fleet.yaml", *arguments)
        check(f"plan takes {title}", rows == wanted and process.returncode == DONE, rows, process.stderr_text)
    rows, _ = rows_of(room, "plan", "fleet.yaml", "--only", "a.*", "--only", "b.*", "--only", "gone.*")
    check("one pattern without an identity takes nothing from the others", rows == NAMES[:2], rows)
    text = room.ends("that is said", DONE, "plan", "fleet.yaml", "--only", "a.*", "--only", "gone.*")
    check("with the pattern, and with how many are left", "--only gone.* fits no identity of the manifest" in text
          and "1 of the 6 identities of the manifest is selected" in text, text)
    text = room.ends("when nothing at all is left there is no plan", CANNOT_RUN, "plan", "fleet.yaml", "--only", "gone.*")
    check("and the sentence names the option and the number", "--only 'gone.*' leaves none of the 6 identities" in text, text)
    text = room.ends("a plan of a part is kept", DONE, "plan", "fleet.yaml", "--only", "*.shop.example", "--exclude", "b.*", "--out", "part.plan")
    check("and the printed command means that part", "--only '*.shop.example' --exclude 'b.*'" in text.split("apply --plan")[1], text)
    room.log.write_text("")
    room.ends("one identity is planned", DONE, "plan", "fleet.yaml", "--only", "news.example")
    asked = {name for call in room.calls() for name in call["identities"] or []}
    check("and SES was asked about it, and about what may mask it", asked == {"news.example", "info@news.example"}, asked)
    for verb, code in (("check", DONE), ("rehearse", DONE)):
        text = room.ends(f"{verb} takes a selection", code, verb, "fleet.yaml", "--only", "*.shop.example", "--limit", 2)
        check("and counts it", "2 of the 6" in text, text)


def shared(room):
    """What is judged of a row does not depend on what is selected beside it."""
    room.manifest("shared.yaml", {"news.example": {"mail_from": "bounce.news.example"},
                                  "info@news.example": {"mail_from": "bounce.news.example"}})

    def rules(*more):
        process = room.run("plan", "shared.yaml", "--report", "json:-", "--quiet", *more)
        rows = json.loads(process.stdout_text)["identities"]
        return {row["identity"]: {f["rule"] for f in row["findings"]} for row in rows}

    whole, part = rules(), rules("--only", "news.example")
    check("a MAIL FROM that is shared is called so when one of its rows is planned alone",
          "shared-mail-from" in whole["news.example"] and part == {"news.example": whole["news.example"]}, whole, part)
    room.set("a.shop.example", "else.a.shop.example")
    room.manifest("masked.yaml", {"shop.example": {}, "a.shop.example": {}})
    process = room.run("plan", "masked.yaml", "--only", "shop.example", "--report", "json:-", "--quiet")
    rows = json.loads(process.stdout_text)["identities"]
    check("an identity below that is not selected still masks", "masked-by-identity" in
          {f["rule"] for f in rows[0]["findings"]} and len(rows) == 1, rows)


def limited(room):
    text = room.ends("a limit is of changes", DONE, "plan", "fleet.yaml", "--limit", 2, "--report", "csv:two.csv", "--out", "two.plan")
    rows = {row["identity"]: row for row in csv.DictReader((room.path / "two.csv").open(newline=""))}
    check("the first ones of the manifest are planned, the others are skipped, and say why",
          [rows[name]["outcome"] for name in NAMES] == ["planned"] * 2 + ["skipped"] * 4
          and rows[BOOK]["reason"] == "left for another run by --limit 2", rows)
    check("and the plan counts so", "2 would change, 4 skipped of 6" in text, text)
    room.ends("apply takes the first two", DONE, "apply", "fleet.yaml", "--yes", "--limit", 2)
    outcomes = room.outcomes(1)
    check("and skips the others", [outcomes[name] for name in NAMES] == ["done"] * 2 + ["skipped"] * 4, outcomes)
    check("no other was written", {w["identities"][0] for w in room.writes()} >= {"a.shop.example", "b.shop.example"}
          and not {w["identities"][0] for w in room.writes()} & set(NAMES[2:]), room.writes())
    text = room.ends("status knows how the run was limited", DONE, "status", 1)
    check("and says it", "Selected by --limit 2" in text, text)
    room.ends("resume adds nothing", DONE, "resume", 1, "--retry-failed")
    check("to the two", room.outcomes(1) == outcomes)
    room.ends("the same limit again takes the next ones", DONE, "apply", "fleet.yaml", "--yes", "--limit", 2)
    outcomes = room.outcomes(2)
    check("since what is as wanted is no change", [outcomes[name] for name in NAMES] ==
          ["unchanged"] * 2 + ["done"] * 2 + ["skipped"] * 2, outcomes)
    room.ends("a limit over a plan file", DONE, "plan", "fleet.yaml", "--out", "rest.plan", "--force")
    room.ends("carries out the first of its changes", DONE, "apply", "--plan", "rest.plan", "--yes", "--limit", 1)
    outcomes = room.outcomes(3)
    check("and no other", outcomes[BOOK] == "done" and outcomes["info@news.example"] == "skipped", outcomes)
    room.ends("a pattern over a plan file", DONE, "apply", "--plan", "rest.plan", "--yes", "--only", "info@*")
    check("makes a run of those rows", room.outcomes(4) == {"info@news.example": "done"}, room.outcomes(4))
    text = room.ends("whose status says so", DONE, "status", 4)
    check("with the words and the numbers", "Selected by --only 'info@*': 1 of 6 identities" in text, text)
    report = json.loads(room.run("report", 4, "--report", "json:-").stdout_text)
    check("like its report", report["run"]["selection"] == "--only 'info@*': 1 of 6 identities", report["run"])


def looked_at(room):
    rows, _ = rows_of(room, "report", 2, "--only", "*.shop.example")
    check("report takes a pattern", rows == ["a.shop.example", "b.shop.example", "c.shop.example"], rows)
    rows, _ = rows_of(room, "report", 2, "--limit", 3)
    check("and a limit, of rows", rows == NAMES[:3], rows)
    rows, process = rows_of(room, "report", 2, "--only", "gone.*")
    check("nothing at all is an error", process.returncode == CANNOT_RUN and "leaves none of the 6 identities of run 2" in
          process.stderr_text, process.stderr_text)
    text = room.ends("status takes a pattern", DONE, "status", 2, "--only", "*.shop.example")
    check("and counts that part", "3 identities: 2 unchanged, 1 done" in text, text)
    text = room.run("status", 2, "--only", "*.shop.example", "--format", "json").stdout_text
    check("its JSON likewise", json.loads(text)["jobs"] == 3 if "jobs" in json.loads(text) else "3" in text, text)
    for form in ("html", "markdown", "junit", "json", "sarif"):
        room.ends(f"the part as {form}", DONE, "report", 2, "--only", "*.shop.example", "--report", f"{form}:part.{form}")
        text = (room.path / f"part.{form}").read_text()
        check("has no other identity", "news.example" not in text and "info@" not in text, text[:3000])
    text = room.ends("records of a run", DONE, "records", 2, "--only", "a.*")
    check("are those of the part", "bounce.a " in text and "bounce.b " not in text and "news" not in text, text)
    text = room.ends("records of a manifest", DONE, "records", "fleet.yaml", "--only", "news.example", "--exclude", "*@*")
    check("likewise", "$ORIGIN news.example." in text and "shop" not in text, text)
    text = room.ends("a zone is a selection of names", DONE, "records", "fleet.yaml", "--zone", "shop.example")
    check("those below it", "bounce.c" in text and "news" not in text, text)
    text = room.ends("a zone without a name is said", DONE, "records", "fleet.yaml", "--zone", "shop.example", "--zone", "gone.example")
    check("with its name", "--zone gone.example: no MAIL FROM is at or below it" in text, text)
    room.ends("and is an error when there is no other", CANNOT_RUN, "records", "fleet.yaml", "--zone", "gone.example")


def taken_back(room):
    before = {name: facts[0] for name, facts in room.ses().items()}
    room.ends("another run for the whole fleet", DONE, "apply", "fleet.yaml", "--yes")
    room.manifest("other.yaml", {name: {"mail_from": "em." + name.rpartition("@")[2]} for name in NAMES})
    for name in NAMES:
        room.names.publish("em." + name.rpartition("@")[2])
    room.ends("every name is changed", DONE, "apply", "other.yaml", "--yes")
    run = 6
    text = room.ends("two patterns take back two", DONE, "rollback", run, "--yes", "--only", "a.*", "--only", "b.*")
    check("and not the last of them alone", set(room.outcomes(run + 1)) == {"a.shop.example", "b.shop.example"}, room.outcomes(run + 1))
    after = {name: facts[0] for name, facts in room.ses().items()}
    check("nothing else", after["news.example"] == "em.news.example" and after["a.shop.example"] == before["a.shop.example"], after)
    text = room.ends("a limit takes back the next change, not those that are back", DONE, "rollback", run, "--yes", "--limit", 1)
    outcomes = room.outcomes(run + 2)
    check("the third of the manifest", outcomes["news.example"] == "done" and outcomes["c.shop.example"] == "skipped"
          and outcomes["a.shop.example"] == "unchanged", outcomes)
    text = room.ends("a dry run of it", DONE, "rollback", run, "--dry-run", "--limit", 1)
    check("shows the fourth", "em.c.shop.example -> bounce.c.shop.example" in text and "info@" not in text.split("skipped")[0], text)
    room.ends("and the rest is taken back by a second one", DONE, "rollback", run, "--yes")
    check("all is as before", {name: facts[0] for name, facts in room.ses().items()} == before, room.ses(), before)
    text = room.ends("a pattern without an identity takes nothing back", CANNOT_RUN, "rollback", run, "--yes", "--only", "gone.*")
    check("and says of how many", f"leaves none of the 6 identities of those that run {run} has changed" in text, text)


def main():
    with Room(*sys.argv[1:3], {**IDENTITIES, "shop.example": {}}) as room:
        planned(room)
        limited(room)
        looked_at(room)
        taken_back(room)
        shared(room)
    verdict()


main()
