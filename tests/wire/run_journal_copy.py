#!/usr/bin/python3
"""A journal is copied from a file into PostgreSQL and back: reports are the same to the byte, what was stopped
goes on in the copy, and what was written before can be taken back from there. Kills take nothing of it.

    run_journal_copy.py MAILFROM SES-SIM"""

import pathlib
import random
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import pg_server
from rehearsal_room import CANNOT_RUN, DONE, STOPPED, Room, check, until, verdict
from timeouts import patient

NAMES = {f"d{i}.example": {} for i in range(30)}


def report(room, journal, run, kind="csv"):
    return room.run("report", run, "--report", f"{kind}:-", "--quiet", "--journal", journal).stdout_text


def same_reports(room, title, one, other, runs):
    wrong = [f"run {run}, {kind}" for run in runs for kind in ("csv", "json", "junit") if report(room, one, run, kind) != report(room, other, run, kind)]
    check(title, not wrong and report(room, one, runs[0]), *wrong)


def stop_early(room, manifest):
    """A run that was stopped with some of its writes done."""
    process = room.start("apply", manifest, "--yes", "--rate", 10, "--journal", "journal.db")
    until(lambda: len(room.writes()) >= 5 + len(NAMES))
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=patient(60))
    return process.returncode


def kills(room, server, seed=20):
    """Copies that are killed at any instant, until one has ended."""
    url, draw, cut = server.database(), random.Random(seed), 0
    room.run("journal", "init", "--journal", url)
    for _ in range(40):
        process = room.start("journal", "copy", "journal.db", url)
        time.sleep(draw.uniform(0, 0.12))
        process.kill()
        process.communicate()
        cut += process.returncode == -signal.SIGKILL
    told = room.ends("a copy that was killed again and again is gone on with", DONE, "journal", "copy", "journal.db", url)
    check("and each run is there once", "2 of 2 runs are equal" in told and cut > 3 and
          server.sql(url, "SELECT count(*) FROM mailfrom.run") == [["2"]], told, cut)


def watched(room, url):
    """What looks have found is in files beside the journal, and in the database."""
    room.run("watch", "fleet.yaml", "--journal", "journal.db")
    room.run("due", "fleet.yaml", "--journal", "journal.db")
    beside = [path.name for path in room.path.glob("journal.db.*") if path.suffix in (".watch", ".due")]
    told = room.ends("what is remembered beside a journal goes along", DONE, "journal", "copy", "journal.db", url)
    check("as it says", "what watching remembers is copied" in told or beside != ["journal.db.watch"], told, beside)
    room.ends("and comes back", DONE, "journal", "copy", url, "again.db")
    check("into files beside", sorted(beside) == sorted(p.name.replace("again", "journal") for p in room.path.glob("again.db.*")
                                                        if p.suffix in (".watch", ".due")), list(room.path.iterdir()))


def main():
    with Room(sys.argv[1], sys.argv[2], NAMES) as room, pg_server.Server() as server:
        url = server.database()
        accounts = {"main": {"account_id": "111122223333"}}
        room.manifest("fleet.yaml", NAMES, account="main")
        room.manifest("more.yaml", {name: {"mail_from": "em.{domain}", "dns": {"require": "none"}} for name in NAMES}, account="main")
        for name in NAMES:
            room.names.publish("em." + name)
        for name in ("fleet.yaml", "more.yaml"):
            text = (room.path / name).read_text()
            (room.path / name).write_text(text.replace('{"version": 1,', '{"version": 1, "accounts": ' + str(accounts).replace("'", '"') + ","))
        room.ends("a run in a file", DONE, "apply", "fleet.yaml", "--yes", "--journal", "journal.db")
        check("and one that was stopped", stop_early(room, "more.yaml") == STOPPED, room.run("status", "--journal", "journal.db").stdout_text)

        room.ends("there is nothing to copy into", CANNOT_RUN, "journal", "copy", "journal.db", url)
        room.ends("the tables are made", DONE, "journal", "init", "--journal", url)
        told = room.ends("the copy", DONE, "journal", "copy", "journal.db", url)
        check("is compared", "2 of 2 runs are equal in both journals, row by row" in told, told)
        same_reports(room, "reports of the copy are the same to the byte", "journal.db", url, (1, 2))
        told = room.ends("a second copy copies nothing", DONE, "journal", "copy", "journal.db", url)
        check("and says so", "2 of the runs had been copied before" in told and "is copied" not in told, told)
        room.ends("the way back", DONE, "journal", "copy", url, "back.db")
        same_reports(room, "reports of what came back are the same to the byte", "journal.db", "back.db", (1, 2))

        watched(room, url)
        kills(room, server)

        room.ends("the stopped run goes on in the database", DONE, "resume", 2, "--journal", url)
        outcomes = {row for row in room.run("report", 2, "--report", "csv:-", "--quiet", "--journal", url).stdout_text.splitlines()[1:]}
        check("to its end", len(outcomes) == len(NAMES) and all("done" in row for row in outcomes), outcomes)
        told = room.ends("the file and the database differ then", CANNOT_RUN, "journal", "copy", "journal.db", url)
        check("and it is said of which run", "run 2 of journal.db and run 2 of" in told and "1 of 2 runs are equal" in told, told)
        room.ends("both runs are taken back from there", DONE, "rollback", 1, "--through", 2, "--yes", "--journal", url)
        check("to what was before the first", all(facts[0] == "" for facts in room.ses().values()), room.ses())
    verdict()


main()
