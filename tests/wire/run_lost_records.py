#!/usr/bin/python3
"""A journal that has lost records of a run, or may have: every verb says so, resume and rollback refuse,
and with --refresh they go by what SES shows. Arguments: mailfrom, ses-sim."""

import contextlib
import json
import pathlib
import shutil
import sqlite3
import sys

from rehearsal_room import CANNOT_RUN, DONE, TROUBLE, Room, check, until, verdict

FRAME = 4096 + 24
IDENTITIES = {f"d{i}.example": {"mail_from": f"old.d{i}.example"} if i % 2 else {} for i in range(12)}
BEFORE = {name: row.get("mail_from", "") for name, row in IDENTITIES.items()}


def room_of():
    room = Room(*sys.argv[1:3], IDENTITIES, sim=["--faults", "delay=40"], rate=10)
    room.manifest("fleet.yaml", {name: {} for name in IDENTITIES})
    return room


def killed(room):
    """A run that was killed after some writes, its log beside the journal."""
    process = room.start("apply", "fleet.yaml", "--yes")
    until(lambda: len(room.writes()) >= 8)
    process.kill()
    process.communicate()
    return room.path / ".mailfrom/journal.db"


def cut_to(log, share):
    """The log without its last frames, as after a restore that was not whole."""
    frames = (log.stat().st_size - 32) // FRAME
    with open(log, "r+b") as file:
        file.truncate(32 + int(frames * share) * FRAME)


def cut_before_looks(room, journal):
    """What the run found at the identities is lost as well: the log ends where the run was begun."""
    log, copy = pathlib.Path(f"{journal}-wal"), room.path / "copy.db"
    for frames in range((log.stat().st_size - 32) // FRAME, 0, -1):
        with open(log, "r+b") as file:
            file.truncate(32 + frames * FRAME)
        shutil.copy(journal, copy)
        shutil.copy(log, f"{copy}-wal")
        with contextlib.closing(sqlite3.connect(copy)) as db:
            if db.execute("SELECT count(*) FROM record").fetchone()[0] == 0:
                return check("the run is there without a record", db.execute("SELECT count(*) FROM run").fetchone()[0] == 1)


def mail_from(room):
    return {name: facts[0] for name, facts in room.ses().items()}


def everybody_says_it():
    with room_of() as room:
        journal = killed(room)
        cut_to(pathlib.Path(f"{journal}-wal"), 0.6)
        writes = len(room.writes())
        for verb, *more in (("status", 1), ("status", "--format", "json"), ("report", 1)):
            text = room.ends(f"{verb} reads it", DONE, verb, *more)
            check("and says the file, the run and what is missing", ".mailfrom/journal.db has lost records of run 1: of its " in text
                  and "are missing" in text, text)
            check("and the next step", "mailfrom resume 1 --refresh" in text, text)
        text = room.ends("status --all reads it", DONE, "status", "--all")
        check("and says it as well", "has lost records of run 1" in text and "mailfrom status 1" in text, text)
        for verb, *more in (("resume", 1), ("rollback", 1, "--yes"), ("rollback", 1, "--dry-run"), ("resume", 1)):
            text = room.ends(f"{verb} refuses", CANNOT_RUN, verb, *more)
            check("says why and how to go on", "has lost records of run 1" in text and f"mailfrom {verb} 1 --refresh" in text, text)
        check("the damaged log was kept", (journal.parent / "journal.db-wal.damaged-1").exists())
        check("and nothing was written", len(room.writes()) == writes)
        reports_carry_it(room)


def reports_carry_it(room):
    names = {"json": "r.json", "html": "r.html", "markdown": "r.md", "junit": "r.xml", "sarif": "r.sarif"}
    wishes = [word for kind, name in names.items() for word in ("--report", f"{kind}:{name}")]
    room.ends("every format is written", DONE, "report", 1, *wishes)
    for kind, name in names.items():
        check(f"{kind} carries the note", "are missing" in (room.path / name).read_text())
    report = json.loads((room.path / "r.json").read_text())
    check("under its name", "are missing" in report["run"]["lost_records"], report["run"])
    check("SARIF is still JSON", json.loads((room.path / "r.sarif").read_text())["runs"][0]["invocations"])


def resumed_then_taken_back():
    with room_of() as room:
        journal = killed(room)
        cut_before_looks(room, journal)
        text = room.ends("resume --refresh goes on to the end", DONE, "resume", 1, "--refresh")
        check("and says what it does", "Every identity of the run is read from SES" in text, text)
        check("all are as wanted", all(name == f"bounce.{i}" for i, name in mail_from(room).items()), room.ses())
        text = room.ends("the loss stays known", CANNOT_RUN, "rollback", 1, "--yes")
        check("with the step that is left", "mailfrom rollback 1 --refresh" in text, text)
        process = room.run("rollback", 1, "--yes", "--refresh")
        left = {i for i, name in mail_from(room).items() if name != BEFORE[i]}
        check("what is not put back is not hidden", process.returncode == (TROUBLE if left else DONE), process.returncode, left)
        rows = room.report(2)
        check("each of them says that it is not known what it had",
              all(rows[i]["outcome"] == "refused" and "is not known" in rows[i]["reason"] for i in left), left, rows)
        check("and some are left in this test", left)


def taken_back_to_the_default():
    with room_of() as room:
        journal = killed(room)
        cut_before_looks(room, journal)
        room.ends("it goes on", DONE, "resume", 1, "--refresh")
        room.ends("to the default all can go back", DONE, "rollback", 1, "--yes", "--refresh", "--to", "default")
        check("and do", set(mail_from(room).values()) == {""}, room.ses())


def taken_back_at_once():
    with room_of() as room:
        journal = killed(room)
        cut_to(pathlib.Path(f"{journal}-wal"), 0.85)
        room.set("d0.example", "hand.d0.example")
        process = room.run("rollback", 1, "--yes", "--refresh")
        after = mail_from(room)
        check("another operator's name is left alone", after["d0.example"] == "hand.d0.example"
              and room.outcomes(2)["d0.example"] in ("drifted", "unchanged"), room.report(2)["d0.example"])
        left = {i for i, name in after.items() if name != BEFORE[i] and i != "d0.example"}
        check("the others are back, or it is said", process.returncode in (DONE, TROUBLE)
              and all(room.outcomes(2)[i] == "refused" for i in left), process.returncode, left)
        check("every identity of the run was read", set(room.outcomes(2)) == set(IDENTITIES), room.outcomes(2))


def the_next_run():
    with room_of() as room:
        journal = killed(room)
        cut_to(pathlib.Path(f"{journal}-wal"), 0.85)
        text = room.ends("apply of another run names the one that is not finished", CANNOT_RUN, "apply", "fleet.yaml", "--yes")
        check("and says what the journal has lost", "has lost records of run 1" in text and "mailfrom status 1" in text, text)
        room.run("resume", 1, "--give-up")
        text = room.ends("apply goes on when that run is given up", DONE, "apply", "fleet.yaml", "--yes")
        check("and says again what the journal has lost", "has lost records of 1 of its runs" in text, text)
        room.ends("that run is whole", DONE, "rollback", 2, "--yes")
        room.ends("the first one is not", CANNOT_RUN, "resume", 1)


def a_run_that_is_gone():
    with room_of() as room:
        journal = killed(room)
        pathlib.Path(f"{journal}-wal").unlink()
        text = room.ends("status finds no run", CANNOT_RUN, "status")
        check("and says that there was one", "has lost run 1: " in text, text)
        text = room.ends("a run that is lost is not one that never was", CANNOT_RUN, "rollback", 1, "--yes")
        check("and what can be done is said", "has lost run 1: " in text and "mailfrom discover" in text, text)
        text = room.ends("status --all knows of it from now on", DONE, "status", "--all")
        check("and says so", "has lost all of run 1" in text, text)
        room.ends("another run takes another number", DONE, "apply", "fleet.yaml", "--yes")
        text = room.ends("which can be taken back", DONE, "rollback", 2, "--yes")
        check("and nothing is said of the lost one", "lost" not in text, text)


def a_mark_that_is_gone():
    """A log that was cut between two transactions looks like a whole one, and nothing else tells."""
    with room_of() as room:
        journal = killed(room)
        cut_to(pathlib.Path(f"{journal}-wal"), 0.6)
        pathlib.Path(f"{journal}.mark").write_bytes(bytes(8192))
        may = "may have lost records"
        for verb, *more in (("status", 1), ("status", "--all"), ("status", "--format", "json"), ("report", 1), ("records", 1)):
            text = room.ends(f"{verb} reads it", DONE, verb, *more)
            check("and says that it may have lost records, and why", f"{may}" in text and "high-water mark (.mark) is missing" in text, text)
        text = room.run("plan", "fleet.yaml").stderr_text
        check("plan says it as well", may in text and "status --all" in text, text)
        writes = len(room.writes())
        for verb, *more in (("rollback", 1, "--dry-run"), ("resume", 1), ("rollback", 1, "--yes"), ("resume", 1)):
            text = room.ends(f"{verb} refuses", CANNOT_RUN, verb, *more)
            check("says why and how to go on", f"{may} of run 1" in text and f"mailfrom {verb} 1 --refresh" in text, text)
        check("nothing was written", len(room.writes()) == writes)
        for kind in ("html", "markdown"):
            text = room.ends(f"a report as {kind} is written", DONE, "report", 1, "--report", f"{kind}:-")
            check("and does not say that it has", "may have lost records of this run" in text and "has lost" not in text, text)
        text = room.run("plan", "fleet.yaml").stderr_text
        check("plan says what is known of the journal", f"{may} of 1 of its runs; of run 1" in text, text)
        process = room.run("rollback", 1, "--yes", "--refresh")
        left = {i for i, name in mail_from(room).items() if name != BEFORE[i]}
        check("what a rollback cannot put back is not hidden", process.returncode == (TROUBLE if left else DONE), process.returncode, left)
        text = room.ends("the next run goes on", DONE, "apply", "fleet.yaml", "--yes")
        check("and says what is known of the journal", f"{may} of 1 of its runs" in text, text)


def a_main_file_that_was_removed():
    with room_of() as room:
        journal = killed(room)
        journal.rename(room.path / "aside.db")
        writes = len(room.writes())
        for verb, *more in (("apply", "fleet.yaml", "--yes"), ("resume",), ("rollback", 1, "--yes"), ("status",), ("report", 1), ("records", 1)):
            text = room.ends(f"{verb} refuses", CANNOT_RUN, verb, *more)
            check("and says what was found and what to do", "(-wal, .mark)" in text and "Put it back" in text and "--journal" in text, text)
        text = room.run("plan", "fleet.yaml").stderr_text
        check("plan says it", "it was removed or renamed" in text, text)
        check("nothing was written or made", len(room.writes()) == writes and not journal.exists())
        (room.path / "aside.db").rename(journal)
        room.ends("put back, it goes on", DONE, "resume", 1)


everybody_says_it()
resumed_then_taken_back()
taken_back_to_the_default()
taken_back_at_once()
the_next_run()
a_run_that_is_gone()
a_mark_that_is_gone()
a_main_file_that_was_removed()
verdict()
