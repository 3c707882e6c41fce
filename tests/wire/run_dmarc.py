#!/usr/bin/python3
"""By what mail passes DMARC: plan, apply, status, every report, watch and discover say the same, before and
after, of a fleet whose DKIM is mixed. Arguments: mailfrom, ses-sim."""

import csv
import json
import pathlib
import sys

import jsonschema

from rehearsal_room import DONE, TROUBLE, Room, check, until, verdict

DOCS = pathlib.Path(__file__).parents[2] / "docs"
POLICY = '"v=DMARC1; p=none"'

IDENTITIES = {
    "set.example": {"mail_from": "bounce.set.example", "dkim": "SUCCESS"},
    "new.example": {"dkim": "SUCCESS"},
    "nokeys.example": {"dkim": "FAILED"},
    "late.example": {"dkim": "SUCCESS", "late": True},
    "strict.example": {"dkim": "DISABLED"},
    "norecord.example": {"dkim": "SUCCESS"},
    "old.example": {"mail_from": "em.old.example", "dkim": "PENDING"},
    "kim@new.example": {"dkim": "NOT_STARTED"},
}

# identity: (now, after) in the words of the column
WANTED = {
    "set.example": ("both", "both"),
    "new.example": ("dkim, missing mail-from", "both"),
    "nokeys.example": ("none, missing mail-from dkim", "spf, missing dkim"),
    "late.example": ("dkim, missing mail-from spf", "both"),
    "strict.example": ("none, missing mail-from alignment dkim", "none, missing alignment dkim"),
    "norecord.example": ("none, missing dmarc-record mail-from", "none, missing dmarc-record"),
    "old.example": ("unknown, missing dkim, not known dns", "spf, missing dkim"),
    "kim@new.example": ("dkim, missing mail-from", "both"),  # it signs with the keys of its domain
}


def schema(name):
    return json.loads((DOCS / f"{name}.schema.json").read_text())


def policies(room):
    for name in IDENTITIES:
        room.names.records[("_dmarc." + name.rpartition("@")[2], "TXT")] = POLICY
    room.names.records[("_dmarc.strict.example", "TXT")] = '"v=DMARC1; p=reject; aspf=s"'
    del room.names.records[("_dmarc.norecord.example", "TXT")]


def ready(rows, of):
    """Which rows do not say what is wanted."""
    return {name: (rows.get(name, {}).get("dmarc_ready"), words[of]) for name, words in WANTED.items()
            if rows.get(name, {}).get("dmarc_ready") != words[of]}


def plan(room):
    text = room.ends("plan ends", DONE, "plan", "fleet.yaml", "--report", "csv:plan.csv", "--report", "json:plan.json",
                     "--report", "markdown:plan.md")
    with open(room.path / "plan.csv", newline="") as file:
        rows = {row["identity"]: row for row in csv.DictReader(file)}
    check("each row says what passes now", not ready(rows, 0), ready(rows, 0))
    check("and what SES says of DKIM", rows["nokeys.example"]["dkim"] == "FAILED" and
          rows["strict.example"]["dkim"] == "DISABLED" and rows["kim@new.example"]["dkim"] == "SUCCESS", rows)
    told = ("1 of 8 identities passes DMARC by SPF now, without 1 whose earlier MAIL FROM was not looked at; 5 will after this "
            "plan, and 6 once DNS and SES are ready with what is waited for.")
    check("plan tells now, after it, and at last", told in " ".join(text.split()), text)
    check("Markdown tells the same", told in (room.path / "plan.md").read_text())
    report = json.loads((room.path / "plan.json").read_text())
    jsonschema.Draft202012Validator(schema("report")).validate(report)
    figures = report["summary"]["dmarc"]
    check("JSON has the figures", (figures["by_spf_before"], figures["by_spf_after"], figures["by_spf_finished"],
                                   figures["by_dkim"], figures["by_both"], figures["none"], figures["unknown"],
                                   figures["before_not_looked_at"]) == (1, 5, 6, 4, 3, 2, 0, 1), figures)


def apply(room):
    run = room.start("apply", "fleet.yaml", "--yes", "--quiet")

    def status():
        process = room.run("status", 1, "--format", "json")
        return json.loads(process.stdout_text) if process.stdout_text.startswith("{") else None

    seen = until(lambda: (s := status()) and s["total"]["states"]["done"] == 7 and s)
    jsonschema.validate(seen, schema("progress"))
    check("status tells programs how many pass by now, and at last",
          seen["dmarc"]["by_spf_after"] == 5 and seen["dmarc"]["by_spf_finished"] == 6, seen["dmarc"])
    text = " ".join(room.run("status", 1).stdout_text.split())
    check("and people", "5 of 8 identities pass DMARC by SPF so far (before: 1, without 1 whose earlier MAIL FROM was not "
          "looked at)" in text and "Once every open one is done, 6 pass by SPF." in text, text)
    room.names.publish("bounce.late.example")
    run.communicate()
    check("apply ends when DNS has the records", run.returncode == DONE, run.returncode)


def after(room):
    report = json.loads(room.run("report", 1, "--report", "json:-").stdout_text)
    jsonschema.Draft202012Validator(schema("report")).validate(report)
    rows = {row["identity"]: row for row in report["identities"]}
    check("each row says what passes after the run", not ready(rows, 1), ready(rows, 1))
    told = ("6 of 8 identities pass DMARC by SPF after this run (before: 1, without 1 whose earlier MAIL FROM was not "
            "looked at), 4 by DKIM, 4 by both, 2 by neither.")
    check("and the summary, how many before and after", report["summary"]["dmarc"]["text"] == told,
          report["summary"]["dmarc"])
    again = room.run("report", 1, "--report", "json:-").stdout_text
    check("the same journal gives the same bytes", json.loads(again) == report)
    page = room.run("report", 1, "--report", "html:-").stdout_text
    check("the page has the sentence", told in page)
    check("and a word for each row", page.count('<span class="dmarc by-both">SPF and DKIM</span>') == 4, page)
    text = " ".join(room.ends("a second apply finds nothing to do", DONE, "apply", "fleet.yaml", "--yes").split())
    check("and says that all is as before", "6 of 8 identities pass DMARC by SPF, as before this run, 4 by DKIM, 4 by both, "
          "2 by neither." in text, text)
    text = " ".join(room.run("rollback", 1, "--dry-run").stdout_text.split())
    check("the dry run of a rollback says what would be lost", "0 of 7 identities pass DMARC by SPF now, without 7 whose "
          "earlier MAIL FROM was not looked at; 1 will after this rollback" in text, text)


def others(room):
    process = room.run("watch", "fleet.yaml", "--format", "json", "--metrics", "mailfrom.prom")
    sweep = json.loads(process.stdout_text)
    jsonschema.validate(sweep, schema("watch"))
    check("a look of watch counts the same", sweep["dmarc"]["text"] ==
          "6 of 8 identities pass DMARC by SPF, 4 by DKIM, 4 by both, 2 by neither.", sweep["dmarc"])
    figures = (room.path / "mailfrom.prom").read_text()
    check("and so do its figures", 'mailfrom_identities_dmarc_ready{by="both"} 4' in figures and
          'mailfrom_identities_dmarc_ready{by="spf"} 2' in figures, figures)
    process = room.run("discover", "--region", "us-east-1", "--format", "json")
    found = {i["identity"]: i for i in json.loads(process.stdout_text)["identities"]}
    check("discover has DKIM, and knows what it has not asked",
          (found["nokeys.example"]["dkim"], found["nokeys.example"]["dmarc_ready"]) ==
          ("FAILED", "unknown, missing dkim, not known dns") and
          (found["new.example"]["dkim"], found["new.example"]["dmarc_ready"]) == ("SUCCESS", "dkim, not known dns"), found)
    check("its summary counts DKIM", "DKIM at Success: 5 of 8 (1 PENDING, 1 FAILED, 1 DISABLED)" in process.stderr_text,
          process.stderr_text)
    text = room.run("discover", "--region", "us-east-1").stdout_text
    check("a manifest notes keys that fail", "# DKIM FAILED" in text and "# DKIM DISABLED" in text and
          "DKIM SUCCESS" not in text, text)


def main():
    with Room(sys.argv[1], sys.argv[2], IDENTITIES) as room:
        policies(room)
        room.manifest("fleet.yaml", {name: {} for name in IDENTITIES})
        plan(room)
        apply(room)
        after(room)
        others(room)
    verdict()


main()
