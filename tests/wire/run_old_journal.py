#!/usr/bin/python3
"""Journals of version 1 and 2 are read, gone on with and taken back: tests/data/journal/README.md says
what is in them. Arguments: mailfrom, ses-sim."""

import pathlib
import shutil
import sqlite3
import sys
import time

from rehearsal_room import DONE, TROUBLE, Room, check, verdict

OLD = pathlib.Path(__file__).parents[1] / "data/journal"
REJECT = "REJECT_MESSAGE"
PENDING = {"status": "PENDING"}
# SES as run 2 had left it, and run 3, which took run 1 back.
IDENTITIES = {
    "a.example": {},
    "b.example": {"mail_from": "old.b.example"},
    "c.example": {"mail_from": "bounce.c.example"},
    "d.example": {"mail_from": "bounce.d.example", **PENDING},
    "e.example": {"late": True},
    "f.example": {"mail_from": "bounce.f.example", **PENDING},
}
INSTANTS = (("run", ("started", "stopped", "last")), ("record", ("at", "first_seen", "finished", "deadline")))


def place(room, old):
    """The old journal in the room, as if its runs had been made just now: rows have deadlines."""
    (room.path / ".mailfrom").mkdir(mode=0o700)
    journal = room.path / ".mailfrom/journal.db"
    shutil.copy(OLD / f"v{old}.db", journal)
    journal.chmod(0o600)
    with sqlite3.connect(journal) as db:
        later = int(time.time() * 1e6) - db.execute("SELECT max(stopped) FROM run").fetchone()[0]
        for table, columns in INSTANTS:
            for column in columns:
                db.execute(f"UPDATE {table} SET {column} = {column} + ? WHERE {column} BETWEEN 1 AND 1 << 60", (later,))
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    for more in ("-wal", "-shm"):
        journal.with_name("journal.db" + more).unlink(missing_ok=True)
    return journal


def version(journal):
    return int.from_bytes(journal.read_bytes()[60:64], "big")


def goes_on(old):
    with Room(*sys.argv[1:3], IDENTITIES) as room:
        journal = place(room, old)
        before = journal.read_bytes()
        text = room.ends("status reads the old journal", DONE, "status", "--all")
        check("and lists its runs", len(text.splitlines()) == 3 and "rollback" in text, text)
        text = room.ends("status of a run that was stopped", DONE, "status", 2)
        check("shows where its rows stand", "waits for DNS" in text or "waiting" in text, text)
        check("report shows the ended run", room.outcomes(1) == {
            "a.example": "done", "b.example": "done", "c.example": "unchanged", "none.example": "refused"}, room.outcomes(1))
        check("and the one that was stopped", room.outcomes(2) == {
            "d.example": "pending", "e.example": "waiting-dns", "f.example": "pending"}, room.outcomes(2))
        room.ends("a rollback that is only planned reads it as well", DONE, "rollback", 2, "--dry-run")
        check("readers have not written to it", journal.read_bytes() == before and version(journal) == old)
        check("nor left anything beside it", [p.name for p in journal.parent.iterdir()] == ["journal.db"],
              list(journal.parent.iterdir()))

        room.names.publish("bounce.e.example")
        room.names.publish("old.f.example")
        writes = len(room.writes())
        room.ends("the stopped run goes on to its end", DONE, "resume", 2)
        check("every row of it is done", set(room.outcomes(2).values()) == {"done"}, room.outcomes(2))
        check("the journal has been migrated", version(journal) > old, version(journal))
        written = sorted((w["identities"][0] for w in room.writes()[writes:]))
        check("what SES had taken was not written again, but tightened", written == ["d.example", "e.example"], written)
        check("and SES holds what was wanted", room.ses()["d.example"][:2] == ("bounce.d.example", "RejectMessage"))
        check("the ended runs say what they said", room.outcomes(1)["none.example"] == "refused"
              and room.outcomes(3) == {"a.example": "done", "b.example": "done"})

        room.ends("a run of the old journal is taken back", DONE, "rollback", 2, "--yes")
        after = {name: facts[0] for name, facts in room.ses().items()}
        check("to what the old records say", after["d.example"] == "" and after["f.example"] == "old.f.example", after)
        room.ends("and so is a rollback of it", DONE, "rollback", 3, "--yes")
        check("which sets again what run 1 had set", room.ses()["b.example"][0] == "bounce.b.example", room.ses())

    with Room(*sys.argv[1:3], IDENTITIES) as room:
        journal = place(room, old)
        room.ends("what did not succeed begins again, and does not succeed again", TROUBLE, "resume", 1, "--retry-failed")
        check("the row says so", room.outcomes(1)["none.example"] == "refused", room.outcomes(1))


for old in (1, 2):
    goes_on(old)
verdict()
