#!/usr/bin/python3
"""Journals of killed runs are damaged, and every loss must be said.

  damage.py MAILFROM SES-SIM CLOCK [--journals N] [--seed N] [--identities N] [--workers N]

CLOCK is the library of wall_clock.c: the programs' time passes SPEED times as fast, for a write that was
kept and never sent is waited for for five minutes.

A run is killed with its log beside the journal, some after a resume, so that the main file has
records too. Copies of the journal are damaged in many places. Whoever reads such a copy must say
that records are lost where some are; resume and rollback must refuse it and send nothing. Each
fleet's own journal is damaged as well and then taken back with --refresh, at once or after a resume
with --refresh: a rollback that ends with 0 has put back every identity.

The campaign ends early once there are complaints enough: where losses are not seen, verbs that should
refuse go on for long, and each is given up after its time."""

import argparse
import collections
import pathlib
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

import crash_room
from timeouts import patient

COPIES = 9  # of one fleet's journal, damaged and only read; its own is damaged once more and taken back
SPEED = 20
OPTIONS = ("--rate", "4.5")  # a second of the programs' time, as below
SIM = ("--faults", "delay=300", "--detect-after", "10")
ENDED = (0, 3)  # 3: at that speed DNS may time out for a row that is as wanted, and that is an alarm
LONGEST = 120  # seconds of one verb
REFUSAL = 20  # seconds in which a verb that must refuse has done so; it only reads its journal
ENOUGH = 10  # complaints, after which nothing more is tried
LOG_BYTES = (90_000, 300_000)  # of a log when its run is killed
FRAME = 4096 + 24
NEXT = ("from a copy", "--refresh", "name another file")  # what a refusal advises
SAID = ("has lost", "may have lost", "damaged", "is empty, although", "removed or renamed", "not a journal")
OF_SQLITE = ("malformed",)
MESSAGES = pathlib.Path(__file__).resolve().parents[2] / "docs/MESSAGES.md"
SPEAKERS = ("engine/journal", "cmd/ui/run_lost.c")  # the files of the page whose messages are meant


def quoted_wrongly(page):
    """The phrases of NEXT and SAID that no message says any more: a copy whose loss is told in other
    words would count as one whose loss is not told."""
    sections = [s for s in page.split("\n### ") if s.startswith(SPEAKERS)]
    return [phrase for phrase in NEXT + SAID if not any(phrase in s for s in sections)]


def flip(path, draw, first=0, last=None):
    data = bytearray(path.read_bytes())
    if len(data) <= first:
        return
    at = draw.randrange(first, min(len(data), last or len(data)))
    data[at] ^= 1 << draw.randrange(8)
    path.write_bytes(data)


def zero_sector(path, draw):
    data = bytearray(path.read_bytes())
    if not data:
        return
    at = draw.randrange(len(data)) // 512 * 512
    data[at : at + 512] = bytes(len(data[at : at + 512]))
    path.write_bytes(data)


def zero_page(path, draw):
    data = bytearray(path.read_bytes())
    at = draw.randrange(max(1, len(data) // 4096)) * 4096
    data[at : at + 4096] = bytes(len(data[at : at + 4096]))
    path.write_bytes(data)


def cut(path, draw):
    size = path.stat().st_size
    keep = draw.randrange(size) if draw.random() < 0.5 else size - draw.choice((1, FRAME, 2 * FRAME, 3 * FRAME))
    with open(path, "r+b") as file:
        file.truncate(max(0, keep))


def cut_between(path, draw):
    """Behind a transaction: what is left is a whole log."""
    data = path.read_bytes()
    ends = [at + FRAME for at in range(32, len(data) - FRAME + 1, FRAME) if data[at + 4 : at + 8] != bytes(4)]
    with open(path, "r+b") as file:
        file.truncate(draw.choice([0, 32, *ends[:-1]]))


def drop_frame(path, draw):
    data = path.read_bytes()
    frames = (len(data) - 32) // FRAME
    at = 32 + draw.randrange(max(1, frames)) * FRAME
    path.write_bytes(data[:at] + data[at + FRAME :])


def last_frame_bit(path, draw):
    flip(path, draw, max(0, path.stat().st_size - FRAME))


class Files:
    """A journal: main file, log and mark, and an older copy of each."""

    def __init__(self, journal, older):
        self.db, self.log, self.mark = journal, pathlib.Path(f"{journal}-wal"), pathlib.Path(f"{journal}.mark")
        self.older = older

    def older_one(self, name):
        source = self.older / name
        target = self.db.parent / name
        if source.exists():
            shutil.copyfile(source, target)
        elif target != self.db:
            target.unlink(missing_ok=True)

    def older_all(self):
        self.older_one(self.db.name)
        self.older_one(self.log.name)


DAMAGES = {
    "a bit of the log": lambda f, d: flip(f.log, d),
    "a bit of the log's last frame": lambda f, d: last_frame_bit(f.log, d),
    "a bit of the log's head": lambda f, d: flip(f.log, d, 0, 32),
    "a sector of the log": lambda f, d: zero_sector(f.log, d),
    "a log that was cut": lambda f, d: cut(f.log, d),
    "a frame of the log dropped": lambda f, d: drop_frame(f.log, d),
    "no log": lambda f, d: f.log.unlink(),
    "an older log": lambda f, d: f.older_one(f.log.name),
    "an older main file": lambda f, d: f.older_one(f.db.name),
    "an older journal": lambda f, d: f.older_all(),
    "a bit of the main file": lambda f, d: flip(f.db, d),
    "a page of the main file": lambda f, d: zero_page(f.db, d),
    "an empty main file": lambda f, d: f.db.write_bytes(b""),
    "a bit of the mark": lambda f, d: flip(f.mark, d),
    "no mark": lambda f, d: f.mark.unlink(),
    "a mark of zeros": lambda f, d: f.mark.write_bytes(bytes(f.mark.stat().st_size)),
    "an empty mark, and a log cut between two transactions": lambda f, d: (f.mark.write_bytes(b""), cut_between(f.log, d)),
    "no mark, and a log cut between two transactions": lambda f, d: (f.mark.unlink(), cut_between(f.log, d)),
    "a log cut between two transactions": lambda f, d: cut_between(f.log, d),
    "no main file": lambda f, d: f.db.unlink(),
    "no main file and no log": lambda f, d: (f.db.unlink(), f.log.unlink()),
    "nothing": lambda f, d: None,
}
NO_PROOF = {name for name in DAMAGES if "no mark" in name or "a mark of zeros" in name or "an empty mark" in name}


def records_of(journal):
    """Every record, or None where SQLite cannot read them all."""
    if not journal.exists():
        return None
    try:
        with crash_room.Journal(journal) as opened:
            return opened.db.execute("SELECT * FROM record ORDER BY seq").fetchall()
    except (sqlite3.Error, UnicodeDecodeError, OverflowError):
        return None


def log_size(journal):
    log = pathlib.Path(f"{journal}-wal")
    return log.stat().st_size if log.exists() else 0


def log_without_last(data):
    """A log without its last transaction, which nobody may have been told of: the run may have been killed
    before it heard that the disk has it."""
    ends = [at for at in range(32, len(data) - FRAME + 1, FRAME) if data[at + 4 : at + 8] != bytes(4) and data[at + 8 : at + 16] == data[16:24]]
    return data[: ends[-2] + FRAME] if len(ends) > 1 else data[:32]


def acknowledged(journal):
    with tempfile.TemporaryDirectory() as room:
        copy = journal_copy(journal, pathlib.Path(room) / "copy")
        log = pathlib.Path(f"{copy}-wal")
        log.write_bytes(log_without_last(log.read_bytes()))
        return records_of(copy)


def journal_copy(source, folder):
    folder.mkdir(mode=0o700)
    for end in ("", "-wal", ".mark", ".lock"):
        if pathlib.Path(f"{source}{end}").exists():
            shutil.copyfile(f"{source}{end}", folder / f"{source.name}{end}")
            (folder / f"{source.name}{end}").chmod(0o600)
    return folder / source.name


class World:
    def __init__(self, mailfrom, sim):
        import boto3

        self.mailfrom, self.sim = mailfrom, sim
        self.complaints = []  # of all workers
        self.ses = boto3.client("ses", endpoint_url=sim.url, region_name="us-east-1", aws_access_key_id=crash_room.KEY[0],
                                aws_secret_access_key=crash_room.KEY[1])

    def has_enough(self):
        return len(self.complaints) >= ENOUGH

    def run(self, journal, *arguments, longest=LONGEST):
        process = subprocess.Popen([self.mailfrom.program, *arguments, "--journal", journal],
                                   env=self.mailfrom.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            return process.communicate(timeout=patient(longest))[0], process.returncode
        except subprocess.TimeoutExpired:
            process.kill()
            return process.communicate()[0], "none in time"

    def killed(self, fleet, draw, lives):
        """Lives that are killed once their log has grown to some size, the older copy made on the way of
        the last one. False: the run ended before that."""
        for life in range(lives):
            limit = draw.randrange(*LOG_BYTES) // lives
            process = self.mailfrom.start(fleet, *OPTIONS)
            deadline = time.monotonic() + patient(LONGEST)
            while process.poll() is None and time.monotonic() < deadline:
                size = log_size(fleet.journal)
                if life == lives - 1 and size > limit // 2 and not fleet.older.exists():
                    journal_copy(fleet.journal, fleet.older)
                if size > limit:
                    break
                time.sleep(0.003)
            process.kill()
            process.communicate()
        return process.returncode == -9 and fleet.older.exists() and log_size(fleet.journal) > FRAME

    def states(self, fleet):
        """identity -> what SES has; the behaviour of the default MAIL FROM says nothing."""
        found, names = {}, [identity for identity, _ in fleet.rows]
        for first in range(0, len(names), 100):
            answer = self.ses.get_identity_mail_from_domain_attributes(Identities=names[first : first + 100])
            for name, a in answer["MailFromDomainAttributes"].items():
                found[name] = (a["MailFromDomain"], a["BehaviorOnMXFailure"]) if a.get("MailFromDomain") else ("", "")
        return {name: found.get(name, ("", "")) for name in names}


def unknown_writes(world, fleet, records):
    """Writes that reached SES and have no intent among the records."""
    with crash_room.Journal(fleet.kept) as journal:
        names = journal.identities()
    intents = collections.Counter(names[r[1], r[2]] for r in records if r[4] == crash_room.INTENT)
    writes = collections.Counter(i for call in world.sim.calls() if "mail_from" in call for i in call["identities"])
    return [i for i, _ in fleet.rows if writes[i] > intents[i]]


def damaged(world, fleet, files, name, draw, counts):
    """Damages the journal. Are records lost that were acknowledged, or is the proof lost that none are?"""
    DAMAGES[name](files, draw)
    after, before = records_of(files.db), fleet.acknowledged
    lost = after is None or after[: len(before)] != before or bool(unknown_writes(world, fleet, after))
    counts["damaged journals"] += name != "nothing"
    counts["that lost records"] += lost
    counts["that lost the proof alone"] += name in NO_PROOF and not lost
    return lost or name in NO_PROOF


def read_only_faults(world, fleet, journal, name, lost, counts):
    """Whoever reads must say it, and whoever would write must refuse."""
    for verb, more in (("status", ("1",)), ("report", ("1", "--report", "json:-")), ("resume", ("1",)),
                       ("rollback", ("1", "--yes"))):
        with tempfile.TemporaryDirectory() as room:
            copy = journal_copy(journal, pathlib.Path(room) / "copy")
            writes = verb in ("resume", "rollback")
            if writes and not lost:
                continue
            before = world.states(fleet) if writes else None
            said, code = world.run(copy, verb, *more, longest=REFUSAL)
            told = any(words in said for words in SAID + OF_SQLITE)
            where = f"fleet {fleet.number}, {name}, {verb}: exit code {code}"
            counts["verbs"] += 1
            if lost and not told:
                yield f"{where}: a loss is not said: {said[:300]}"
            if not lost and told and name in ("nothing", "a bit of the mark"):
                yield f"{where}: a false alarm: {said[:300]}"
            if lost and writes and code != 1:
                yield f"{where}: it went on: {said[:300]}"
            if lost and told and code == 1 and not any(words in said.lower() for words in NEXT):
                yield f"{where}: no next step: {said[:300]}"
            if lost and not writes and verb == "report" and code == 0 and '"lost_records"' not in said:
                yield f"{where}: the report does not carry it"
            if writes and world.states(fleet) != before:
                yield f"{where}: it has written"


def taken_back_faults(world, fleet, name, draw, lost, counts):
    more = ("--refresh",) if lost else ()
    after_resume = draw.random() < 0.5
    if after_resume:
        said, code = world.run(fleet.journal, "resume", "1", *more)
        counts["resumed with --refresh" if lost else "resumed"] += 1
        counts[f"resumes that end with {code}"] += 1
    said, code = world.run(fleet.journal, "rollback", "1", "--yes", "--refresh")
    counts[f"rollbacks that end with {code}"] += 1
    changed = {i: (was, now) for i, was, now in
               ((i, fleet.before[i], now) for i, now in world.states(fleet).items()) if was != now}
    counts["identities left changed, and said"] += len(changed) if code else 0
    counts["identities put back"] += len(fleet.rows) - len(changed)
    if code == 0 and changed:
        yield f"fleet {fleet.number}, {name}, {'after a resume' if after_resume else 'at once'}: rollback ends with 0 and leaves {changed}"
    if name == "nothing" and (code not in ENDED or changed):
        yield f"fleet {fleet.number}: an undamaged journal is not taken back: {code}: {said[-400:]}"
    if code == 1:
        print(f"# {name}: {said[-300:]}")
    if code not in (0, 1, 3):
        yield f"fleet {fleet.number}, {name}: rollback ends with {code}: {said[-400:]}"


def campaign(world, fleet, seed, counts):
    draw, found = random.Random(seed * 1000003 + fleet.number), world.complaints
    if world.has_enough():
        counts["fleets left out"] += 1
        return
    fleet.older = fleet.folder / "older"
    fleet.before = world.states(fleet)
    if not world.killed(fleet, draw, 1 + fleet.number % 2):
        counts["ended before the kill"] += 1
        return
    counts["fleets"] += 1
    fleet.kept = journal_copy(fleet.journal, fleet.folder / "kept")
    fleet.acknowledged = acknowledged(fleet.kept)
    names = list(DAMAGES)
    for copy in range(COPIES):
        if world.has_enough():
            return
        name = names[(fleet.number * COPIES + copy) % len(names)]
        journal = journal_copy(fleet.journal, fleet.folder / f"copy{copy}")
        lost = damaged(world, fleet, Files(journal, fleet.older), name, draw, counts)
        for complaint in read_only_faults(world, fleet, journal, name, lost, counts):
            found.append(complaint)
    if world.has_enough():
        return
    name = names[fleet.number % len(names)]
    lost = damaged(world, fleet, Files(fleet.journal, fleet.older), name, draw, counts)
    for complaint in taken_back_faults(world, fleet, name, draw, lost, counts):
        found.append(complaint)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("mailfrom")
    parser.add_argument("sim")
    parser.add_argument("clock")
    parser.add_argument("--journals", type=int, default=500)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--identities", type=int, default=60)
    parser.add_argument("--workers", type=int, default=4)
    args = parser.parse_args()
    wrong = quoted_wrongly(MESSAGES.read_text())
    if wrong:
        sys.exit(f"damage.py looks for words that no message of {', '.join(SPEAKERS)} in docs/MESSAGES.md has: {', '.join(wrong)}. "
                 "Quote there what the programs say now")
    crash_room.speed_up(args.clock, SPEED)
    counts = collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        dns = crash_room.Dns()
        fleets = [crash_room.Fleet(n, args.identities, folder) for n in range(1 + args.journals // COPIES)]
        sim = crash_room.Sim(args.sim, fleets, dns, folder, *SIM)
        world = World(crash_room.Mailfrom(args.mailfrom, sim.url, dns), sim)
        try:
            crash_room.in_parallel(args.workers, lambda f: campaign(world, f, args.seed, counts) or [], fleets)
        finally:
            sim.stop()
    complaints = world.complaints
    if not counts["that lost records"]:
        complaints.append("no damage has lost a record")
    return crash_room.verdict("damaged journals", args.seed, counts, complaints)


sys.exit(main())
