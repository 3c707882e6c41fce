#!/usr/bin/python3
"""Journals without their high-water mark are damaged, and what the records can prove must be said.

  unmarked.py MAILFROM SES-SIM [--copies N] [--seed N]

Without the mark each verb says that records may be lost, whatever is there. But each record is kept with a digest over
itself and the one before, so a record that was changed, or that is missing between two others, is known to be, and
must be told as a loss. SQLite itself, by another program than ours, says of each damaged copy which records it still
has: those of before, the first of them, or others. Only where the last ones are missing nothing more can be known."""

import argparse
import collections
import os
import pathlib
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "wire"))

from rehearsal_room import Room, check, until, verdict
from timeouts import patient

FLEET = {f"d{i}.example": {} if i % 2 else {"mail_from": f"bounce.d{i}.example"} for i in range(60)}
SUSPECTED, KNOWN = "may have lost records of run 1", "has lost records of run 1"


def flip(path, draw):
    data = bytearray(path.read_bytes())
    data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
    path.write_bytes(data)


def zero(path, draw, size):
    data = bytearray(path.read_bytes())
    at = draw.randrange(len(data)) // size * size
    data[at : at + size] = bytes(len(data[at : at + size]))
    path.write_bytes(data)


def drop_record(path, draw):
    """Takes a record out of the middle, by SQL, as no bad disk would: the file itself stays sound."""
    with sqlite3.connect(path) as db:
        numbers = [number for (number,) in db.execute("SELECT seq FROM record ORDER BY seq")]
        db.execute("DELETE FROM record WHERE seq = ?", (draw.choice(numbers[1:-1]),))
    db.close()


DAMAGES = {
    "a bit": flip,
    "another bit": flip,
    "a sector": lambda path, draw: zero(path, draw, 512),
    "a page": lambda path, draw: zero(path, draw, 4096),
    "a cut": lambda path, draw: os.truncate(path, draw.randrange(path.stat().st_size)),
    "a record less": drop_record,
}


def records_of(folder):
    """By another reader, of a copy that it may change; None: it cannot read them all."""
    with tempfile.TemporaryDirectory() as room:
        copy = shutil.copytree(folder, pathlib.Path(room) / "copy")
        db = sqlite3.connect(copy / "journal.db")
        try:
            return db.execute("SELECT * FROM record ORDER BY seq").fetchall()
        except (sqlite3.Error, UnicodeDecodeError, OverflowError):
            return None
        finally:
            db.close()


def value_of(field):
    return field.encode() if isinstance(field, str) else 0 if field is None else field


def values_of(records):
    """A bit makes a NULL of a 0, or bytes of a text, and the program reads each like the other."""
    return [tuple(value_of(field) for field in record) for record in records]


def kept_of(records, before):
    if records is None:
        return "unreadable"
    if records == before:
        return "all"
    if values_of(records) == values_of(before):
        return "the values"
    return "the first" if records == before[: len(records)] else "others"


def faults(kept, code, said):
    """What is wrong with the words of a report about a copy."""
    if code != 0:  # refused, with a sentence: no row is told of it
        if code != 1 or "journal" not in said:
            yield f"it ends with {code}: {said}"
    elif kept in ("all", "the values", "the first"):
        if SUSPECTED not in said and KNOWN not in said:
            yield f"a missing mark is not said: {said}"
        if kept == "all" and KNOWN in said:
            yield f"a false alarm: {said}"
    elif KNOWN not in said:
        yield f"a record that was changed or taken out is not said: {said}"


def campaign(room, name, source, args, counts):
    before, wrong = records_of(source), []
    for number in range(args.copies):
        draw = random.Random(args.seed * 1000003 + number)
        copy = room.path / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(source, copy)
        files = [path for path in (copy / "journal.db", copy / "journal.db-wal") if path.exists()]
        damage = list(DAMAGES)[number % len(DAMAGES)]
        DAMAGES[damage](files[0] if damage == "a record less" else draw.choice(files), draw)
        kept = kept_of(records_of(copy), before)
        done = subprocess.run([room.mailfrom, "report", "1", "--journal", copy / "journal.db", "--report", "json:-"],
                              cwd=room.path, env=room.environment(), capture_output=True, timeout=patient(60))
        said = done.stderr.decode(errors="replace")
        counts[f"{name}: {kept} of the records, {'told as lost' if KNOWN in said else 'told as suspected' if not done.returncode else 'refused'}"] += 1
        wrong += [f"copy {number}, {damage}: {one}" for one in faults(kept, done.returncode, said)]
    check(f"{args.copies} damaged copies of {name} say what their records prove (seed {args.seed})", not wrong, *wrong[:5])


def unmarked(room, name):
    folder = shutil.copytree(room.path / ".mailfrom", room.path / name, ignore=shutil.ignore_patterns("*.sock", "*.mark"))
    folder.chmod(0o700)
    return folder


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("mailfrom")
    parser.add_argument("sim")
    parser.add_argument("--copies", type=int, default=120)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    args = parser.parse_args()
    counts = collections.Counter()
    with Room(str(pathlib.Path(args.mailfrom).resolve()), args.sim, FLEET, rate=30) as room:
        room.manifest("fleet.yaml", {name: {} for name in FLEET})
        process = room.start("apply", "fleet.yaml", "--yes")
        until(lambda: len(room.writes()) >= 20)
        process.kill()
        process.communicate()
        campaign(room, "a journal with its log", unmarked(room, "killed"), args, counts)
        room.run("resume")
        campaign(room, "a journal without a log", unmarked(room, "ended"), args, counts)
    for what, count in sorted(counts.items()):
        print(f"# {count} {what}")
    check("records were changed or taken out", any("others of" in what for what in counts))
    check("and the last ones were missing", any("the first of" in what for what in counts))
    verdict()


main()
