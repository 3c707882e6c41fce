#!/usr/bin/python3
"""A plan file is shown as plan showed it, tried without a write, and asked about with what it will do; files that are
there stay. Arguments: mailfrom, ses-sim."""

import errno
import json
import os
import pty
import re
import subprocess
import sys
import time

from rehearsal_room import CANNOT_RUN, DONE, TROUBLE, Room, check, verdict

IDENTITIES = {
    "a.example": {},
    "b.example": {"mail_from": "old.b.example"},
    "c.example": {"mail_from": "bounce.c.example"},
    "d.example": {"verified": "PENDING"},
    "e.example": {"late": True},
}


def shown(text):
    """What a plan prints of its rows: the calls, the cost and the next step are of the moment."""
    return [line for line in text.splitlines() if line and not line.startswith(("SES calls", "Kept in", "To do just", "mailfrom "))]


def same_as_plan(room):
    forms = [word for form in ("csv", "json", "html", "markdown", "junit", "sarif") for word in ("--report", f"{form}:plan.{form}")]
    planned = room.run("plan", "fleet.yaml", "--out", "fleet.plan", *forms)
    check("a plan is kept", planned.returncode == TROUBLE, planned.stderr_text)
    before = len(room.calls())
    again = [word.replace(":plan.", ":shown.") for word in forms]
    process = room.run("show", "fleet.plan", *again)
    check("it is shown", process.returncode == DONE, process.stdout_text, process.stderr_text)
    check("without a call", len(room.calls()) == before)
    check("and without a journal", not (room.path / ".mailfrom").exists())
    rows = shown(process.stdout_text)
    missing = [line for line in shown(planned.stdout_text) if line not in rows and "wait" not in line and "records" not in line
               and not line.startswith(("Preflight", "  default us-east-1: "))]  # what only a plan of this moment asks
    check("every line about its rows is there", not missing, missing, process.stdout_text)
    for form in ("csv", "json", "html", "markdown", "junit", "sarif"):
        one, two = ((room.path / f"{name}.{form}").read_text() for name in ("plan", "shown"))
        if form == "json":
            one, two = json.loads(one), json.loads(two)
            one, two = one["identities"], two["identities"]
        elif form in ("html", "junit"):  # the head has the instants of the planning
            one, two = (text.count("e.example") for text in (one, two))
        check(f"as {form}", one == two, one, two)
    text = process.stdout_text
    check("its age, manifest and account are named", "Plan fleet.plan, made " in text and " ago, by mailfrom" in text
          and "Manifests: fleet.yaml" in text and "Accounts: default (111122223333) in us-east-1" in text, text)
    check("and its options", "Options: --resolver 127.0.0.1" in text and "--dns recursive" in text, text)
    check("and how to do just that", "mailfrom apply --plan fleet.plan" in process.stderr_text, process.stderr_text)
    text = room.ends("a part of it is shown", DONE, "show", "fleet.plan", "--only", "b.*")
    check("with its rows alone", "b.example" in text and "a.example" not in text and "Selected by --only 'b.*': 1 of 5" in text, text)
    for arguments, why in ((["fleet.yaml"], "fleet.yaml is"), ([], "expected one plan file"), (["gone.plan"], os.strerror(errno.ENOENT))):
        text = room.ends(f"show {' '.join(arguments)} is refused", CANNOT_RUN, "show", *arguments)
        check("and says why", why in text, text)
    damaged = (room.path / "fleet.plan").read_text().replace("bounce.b.example", "bounce.x.example", 1)
    (room.path / "edited.plan").write_text(damaged)
    room.ends("an edited plan is not shown", CANNOT_RUN, "show", "edited.plan")


def tried(room):
    writes = len(room.writes())
    text = room.ends("a dry run of the plan", TROUBLE, "apply", "--plan", "fleet.plan", "--dry-run")
    check("shows it and writes nothing", "old.b.example -> bounce.b.example" in text and len(room.writes()) == writes
          and not (room.path / ".mailfrom").exists(), text)
    room.set("a.example", "else.a.example")
    text = room.ends("what has moved since", TROUBLE, "apply", "--plan", "fleet.plan", "--dry-run")
    check("is seen as drifted", "drifted" in text and "else.a.example" in text, text)
    text = room.ends("a dry run of a manifest", TROUBLE, "apply", "fleet.yaml", "-n")
    check("is its plan", "else.a.example -> bounce.a.example" in text and not (room.path / ".mailfrom").exists(), text)
    room.set("a.example", "")


def asked(room):
    """The question on a terminal, answered with no."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(room.command("apply", "--plan", "fleet.plan"), cwd=room.path, env=room.environment(),
                               stdin=follower, stdout=follower, stderr=follower)
    os.close(follower)
    text, ends = b"", time.monotonic() + 60
    while b"yes: " not in text and time.monotonic() < ends:
        try:
            text += os.read(leader, 4096)
        except OSError:
            break
    os.write(leader, b"no\n")
    check("no is taken for no", process.wait(timeout=60) == CANNOT_RUN)
    os.close(leader)
    text = text.decode(errors="replace").replace("\r", "")
    check("the question names age, account, Region and count", "The plan was made 20" in text and " ago. Changes by account" in text
          and "  default (111122223333) in us-east-1: 3" in text and "Change SES for 3 of 5 identities, as reviewed?" in text, text)
    check("and the names that are replaced", "Custom MAIL FROM names that go: old.b.example" in text, text)


def kept(room):
    for verb, arguments in (("plan", ["fleet.yaml", "--out", "fleet.plan"]), ("records", ["fleet.yaml", "--out", "fleet.zone"])):
        (room.path / "fleet.zone").write_text("mine")
        before = (room.path / arguments[-1]).read_bytes()
        text = room.ends(f"{verb} does not overwrite a file", CANNOT_RUN, verb, *arguments)
        check("and says how it would", f"{arguments[-1]} is there already; --force overwrites it" in text, text)
        check("the file is as it was", (room.path / arguments[-1]).read_bytes() == before)
        process = room.run(verb, *arguments, "--force")
        check("with --force it does", process.returncode in (DONE, TROUBLE) and (room.path / arguments[-1]).read_bytes() != before,
              process.stderr_text)


def handed_over(room):
    """A folder for the owners of zones, written again every day."""
    folder = room.path / "handoff"
    room.names.records.pop(("bounce.a.example", "MX"), None)
    room.names.records.pop(("bounce.a.example", "TXT"), None)
    (room.path / "handoff").mkdir()
    (folder / "notes.txt").write_text("mine")

    def hand_over(title, code, *more):
        text = room.ends(title, code, "records", "fleet.yaml", "--missing", "--out", "handoff/", *more)
        return text, {path.name for path in folder.iterdir()}, (folder / "INDEX").read_text() if (folder / "INDEX").exists() else ""

    text, files, index = hand_over("what is missing goes into a folder", DONE)
    check("a file for each zone, and an index", files == {"a.example.zone", "e.example.zone", "notes.txt", "INDEX"}, files)
    check("which says what is new", "2 new, 0 changed, 0 done" in index and "since yesterday: 2 zone files new, 0 changed, 0 done" in text,
          index, text)
    room.names.publish("bounce.a.example")
    text, files, index = hand_over("a zone whose owner has published", DONE)
    check("is moved to done, and nothing else is", files == {"done", "e.example.zone", "notes.txt", "INDEX"}
          and [path.name for path in (folder / "done").iterdir()] == ["a.example.zone"], files)
    check("and the index says so", "1 new, 0 changed, 1 done" in index and re.search(r"(?m)^done .* a\.example\.zone$", index), index)
    (folder / "INDEX").write_text(re.sub(r"(?m)^((?!#).*?)20\d\d-(.*?)20\d\d-", r"\g<1>2020-\g<2>2020-", index))
    text, files, index = hand_over("days later", DONE)
    check("nothing is new, and what was done is no news", "0 new, 0 changed, 0 done" in index and "open" in index, index)
    text, files, index = hand_over("another TTL", DONE, "--ttl", 60)
    check("changes the file, and the index says so", "0 new, 1 changed, 0 done" in index, index)
    text, files, index = hand_over("a part of the fleet", DONE, "--only", "a.*")
    check("leaves the files of others where they are", "e.example.zone" in files, files)
    room.names.records.pop(("bounce.a.example", "MX"), None)
    text, files, index = hand_over("a zone that has lost its record", DONE)
    check("is back", "a.example.zone" in files and not list((folder / "done").iterdir()), files, index)
    (folder / "e.example.zone").write_text("mine, too")
    (folder / "INDEX").unlink()
    text, files, index = hand_over("a file that no index names stays", CANNOT_RUN)
    check("and the sentence says how to overwrite it", "does not name it as written by mailfrom; --force overwrites it" in text
          and (folder / "e.example.zone").read_text() == "mine, too", text)
    hand_over("with --force it is overwritten", DONE, "--force")
    (folder / "INDEX").write_text("../../etc/passwd\n")
    text, files, index = hand_over("an index of another hand", CANNOT_RUN)
    check("is refused with its line", "INDEX:1 is no line of an index" in text, text)


def main():
    with Room(*sys.argv[1:3], IDENTITIES) as room:
        room.manifest("fleet.yaml", {name: {} for name in IDENTITIES})
        same_as_plan(room)
        tried(room)
        asked(room)
        kept(room)
        handed_over(room)
    verdict()


main()
