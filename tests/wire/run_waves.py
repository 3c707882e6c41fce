#!/usr/bin/python3
"""Waves as a person sees them: what the running one waits for, who waits for a later one, and that
--no-wait leaves when only others are waited for. Arguments: mailfrom, ses-sim."""

import json
import pathlib
import sys

import jsonschema

from rehearsal_room import DONE, STOPPED, Room, check, until, verdict

ROOT = pathlib.Path(__file__).resolve().parents[2]
FLEET = {f"{letter}{i}.example": {} for letter in "wn" for i in range(6)}


def schema(name):
    return json.loads((ROOT / "docs" / name).read_text())


def first(room):
    (room.path / "fleet.yaml").write_text(json.dumps({
        "version": 1, "defaults": {"region": "us-east-1", "mail_from": "bounce.{domain}"},
        "waves": [2, "100%"], "identities": [name for name in FLEET if name[0] == "w"]}))
    text = room.ends("--no-wait ends when the first wave waits for SES", STOPPED, "apply", "fleet.yaml", "--yes",
                     "--no-wait", "--report", "html:fleet.html", "--report", "markdown:fleet.md",
                     "--report", "json:fleet.json")
    check("after as many writes as it has", len(room.writes()) == 2, room.writes())
    check("and says who waits for whom", "2 wait for SES, 4 for their wave. To follow them:" in text, text)
    told = "wave 1 of 2: 0 of 2 at Success, waits for 2 at SES, oldest "
    check("the last line of progress has the wave", told in text and "; 4 wait for later waves" in text, text)
    text = room.run("status").stdout_text
    check("status has it", "Now " + told in text and "; 4 wait for later waves" in text, text)
    for name in ("fleet.html", "fleet.md"):
        page = (room.path / name).read_text()
        check(f"{name} has it", told + "since " in page, page[:2000])
    report = json.loads((room.path / "fleet.json").read_text())
    jsonschema.Draft202012Validator(schema("report.schema.json")).validate(report)
    wave = report["summary"]["wave"]
    check("the JSON report has its numbers", (wave["number"], wave["of"], wave["size"], wave["waits_for_ses"],
          wave["later"]) == (1, 2, 2, 2, 4), wave)
    held = [row for row in report["identities"] if row["outcome"] == "planned"]
    check("rows that wait for a later wave say so", len(held) == 4
          and all("waits for a place in a wave" in row["reason"] for row in held), report["identities"])
    progress = json.loads(room.run("status", "--format", "json").stdout_text)
    jsonschema.Draft7Validator(schema("progress.schema.json")).validate(progress)
    check("the JSON of status has it too", progress["wave"]["waits_for_ses"] == 2 and progress["waiting_since"], progress)


def onwards(room):
    until(lambda: sum(facts[2] == "Success" for facts in room.ses().values()) == 2)
    text = room.ends("a resume sees that the first wave has succeeded, and starts the second", STOPPED, "resume",
                     "--no-wait")
    check("with all the others", len(room.writes()) == 6, room.writes())
    check("and says so", "wave 2 of 2: 0 of 4 at Success, waits for 4 at SES" in text, text)
    until(lambda: sum(facts[2] == "Success" for facts in room.ses().values()) == 6)
    text = room.ends("the next one looks before it leaves, and ends the run", DONE, "resume", "--no-wait")
    check("in the second wave", "wave 1" not in text and room.run("status").stdout_text.count("wave") == 0, text)


def chosen(room):
    """wave: at an entry, in a CSV file and in the defaults of an included file."""
    names = [f"n{i}.example" for i in range(5)]
    base = {"region": "us-east-1", "mail_from": "bounce.{domain}"}
    (room.path / "n.csv").write_text("identity,wave\nn3.example,2\nn0.example,\n")
    (room.path / "team.yaml").write_text(json.dumps({"version": 1, "defaults": {"wave": 2}, "identities": ["n2.example"]}))
    (room.path / "chosen.yaml").write_text(json.dumps({
        "version": 1, "defaults": base, "include": "team.yaml", "identities_from": "n.csv",
        "identities": ["n1.example", {"identity": "n4.example", "wave": 1}]}))
    before = len(room.writes())
    written = lambda: [call["identities"][0] for call in room.writes()[before:]]
    room.names.records.pop(("bounce.n4.example", "MX"))
    text = room.ends("a wave with a number is waited for, also while it waits for DNS", STOPPED, "apply", "chosen.yaml",
                     "--yes", "--no-wait", "--report", "csv:chosen.csv")
    check("nobody else goes before it", written() == [], written())
    check("and that is said", "wave 1 of 3: 0 of 1 at Success, waits for 1 to begin; 4 wait for later waves" in text, text)
    check("rows that wait for their number say so",
          (room.path / "chosen.csv").read_text().count("waits for the wave that the manifest names") == 2)
    room.names.publish("bounce.n4.example")
    room.ends("then it goes", STOPPED, "resume", "--no-wait")
    check("alone", written() == ["n4.example"], written())
    until(lambda: room.ses()["n4.example"][2] == "Success")
    room.ends("the rest goes on by itself", DONE, "resume")
    check("in the order of the numbers", [sorted(written()[a:b]) for a, b in ((0, 1), (1, 3), (3, 5))] ==
          [["n4.example"], ["n2.example", "n3.example"], ["n0.example", "n1.example"]], written())
    (room.path / "wrong.yaml").write_text(json.dumps({"version": 1, "defaults": base, "identities": [
        {"identity": "n0.example", "wave": 65}]}))
    text = room.ends("a number beyond the bound is refused", 1, "check", "wrong.yaml")
    check("by a sentence", "wave: found" in text and "from 1 to 64" in text, text)


def main():
    with Room(*sys.argv[1:3], FLEET, sim=("--detect-after", "4")) as room:
        first(room)
        onwards(room)
        chosen(room)
    verdict()


main()
