#!/usr/bin/python3
"""What a verb will write is proved writable before the first call leaves, a pipe of the shell's is written
to, and what is printed to be pasted can be pasted. Arguments: mailfrom, ses-sim."""

import errno
import json
import os
import pathlib
import re
import resource
import socket
import subprocess
import sys

from rehearsal_room import CANNOT_RUN, DONE, Room, check, until, verdict

ABSENT = os.strerror(errno.ENOENT)
FLEET = {f"d{i}.example": {} for i in range(3)}


def refused(room, title, words, verb, *arguments):
    before = len(room.calls())
    done = room.run(verb, *arguments)
    said = done.stdout_text + done.stderr_text
    check(title, done.returncode == CANNOT_RUN and re.search(words, said), done.returncode, said)
    check("and nothing has left", len(room.calls()) == before)


def proved(room):
    """Each is refused by its name, without a call, and none is waited for."""
    os.mkfifo(room.path / "fifo")
    with socket.socket(socket.AF_UNIX) as laid:
        laid.bind(str(room.path / "socket"))
    (room.path / "folder").mkdir()
    traps = [("nowhere/x", f"nowhere/x: {ABSENT}"), ("fifo", "fifo: is a FIFO"), ("socket", "socket: is a socket"),
             ("folder", "folder: is a directory"), ("/dev/null", "/dev/null: is a device"),
             ("/dev/stdin", "/dev/stdin: is a name of the system's"),
             ("/dev/fd/77", "descriptor 77 is not open")]
    for path, words in traps:
        refused(room, f"apply --report csv:{path} is refused", words, "apply", "fleet.yaml", "--yes", "--report",
                f"csv:{path}")
        refused(room, f"plan --out {path} is refused", words, "plan", "fleet.yaml", "--out", path)
        if path != "folder":
            refused(room, f"records --out {path} is refused", words, "records", "fleet.yaml", "--missing", "--out", path)
    refused(room, "records into a folder that cannot be made is refused", f"nowhere/records/: {ABSENT}", "records",
            "fleet.yaml", "--missing", "--out", "nowhere/records/")
    refused(room, "two reports of one file are refused", "is the file of --report", "apply", "fleet.yaml", "--yes",
            "--report", "csv:same", "--report", "json:folder/../same")
    refused(room, "and so are two to standard output", "is the file of --report", "plan", "fleet.yaml",
            "--report", "csv:-", "--report", "json:/dev/stdout")
    refused(room, "and a report where the plan goes", "is the file of --report", "plan", "fleet.yaml",
            "--report", "csv:same", "--out", "same")
    left = [path.name for path in room.path.iterdir() if "part" in path.name or path.name in (".mailfrom", "same")]
    check("neither a file nor a journal is left behind", not left, left)


def nothing_made(room):
    for verb in (["resume"], ["rollback", "1"], ["status"], ["report", "1"]):
        refused(room, f"{verb[0]} without a journal is refused", ABSENT, *verb)
    check("and makes none", not (room.path / ".mailfrom").exists())


def written(room):
    """The home is found (HOME is the room), links are followed, pipes of the shell's are written to."""
    (room.path / "real.csv").write_text("old")
    (room.path / "linked.csv").symlink_to(room.path / "real.csv")
    room.ends("a run with reports in the home and over a link", DONE, "apply", "fleet.yaml", "--yes", "--report",
              "csv:~/home.csv", "--report", "csv:linked.csv")
    home, linked = room.path / "home.csv", room.path / "linked.csv"
    check("~/ is the home", home.is_file() and len(home.read_text().splitlines()) == len(FLEET) + 1)
    check("a link at the name stays, and what it leads to is replaced", linked.is_symlink() and
          (room.path / "real.csv").read_bytes() == home.read_bytes())
    command = " ".join(map(str, room.command("report", 1, "--quiet", "--report")))
    shell = subprocess.run(["bash", "-c", f"{command} csv:>(cat >piped; touch over); while ! test -e over; do sleep 0.05; done"],
                           cwd=room.path, env=room.environment(), capture_output=True, text=True)
    check("a pipe that the shell has made is written to", (room.path / "piped").read_bytes() == home.read_bytes(), shell)
    for name in ("/dev/stdout", "/dev/fd/1"):
        got = room.run("report", 1, "--quiet", "--report", f"csv:{name}")
        check(f"{name} is standard output", got.stdout_text == home.read_text(), got.stdout_text, got.stderr_text)
    full = room.run("apply", "--help", stdout=open("/dev/full", "w"))
    check("help that cannot be written is an error", full.returncode == CANNOT_RUN, full.returncode)


def killed_reader(room):
    """A reader that is killed while it copies a journal with a large log leaves nothing behind."""
    log = room.path / ".mailfrom" / "journal.db-wal"
    kept = log.read_bytes() if log.exists() else None
    with open(log, "wb") as wal:
        wal.truncate(400 << 20)
    reader = room.start("status", 1)
    fds = pathlib.Path(f"/proc/{reader.pid}/fd")

    def copies():
        return reader.poll() is not None or any("(deleted)" in os.readlink(fd) for fd in fds.iterdir()
                                                if os.path.islink(fd))

    until(copies)
    caught = reader.poll() is None
    reader.kill()
    reader.communicate()
    log.unlink()
    if kept is not None:
        log.write_bytes(kept)
    left = [path.name for path in room.path.iterdir() if path.name.startswith("mailfrom-")]
    check("a reader killed while it copies leaves no copy", caught and not left, caught, left)


def advice(room):
    """What stands after the colon is given to a shell in the same folder, and acts on the same run."""
    there = room.path / "it's here"
    there.mkdir(0o700)
    out = room.ends("a run with a journal of its own", DONE, "apply", "other.yaml", "--yes", "--journal",
                    there / "j.db")
    line = next((line for line in out.splitlines() if line.startswith("To take it back: ")), "")
    words = line.partition(": ")[2]
    check("its advice names the journal, quoted, and the resolver", "'\"'\"'" in words and "--resolver" in words, line)
    shell = subprocess.run(["sh", "-c", words.replace("mailfrom rollback", f"{room.mailfrom} rollback") + " --yes"],
                           cwd=room.path, env=room.environment(), capture_output=True, text=True)
    check("pasted, it takes back that run", shell.returncode == DONE and "1 done" in shell.stdout, words, shell)


def spared(room):
    """No output is put over the journal, nor over what the run reads: not under another name either."""
    (room.path / "teams").mkdir()
    room.manifest("teams/inner.yaml", {"d1.example": {}})
    (room.path / "teams" / "rows.csv").write_text("identity\nd0.example\n")
    (room.path / "d0.example.json").write_text(json.dumps(
        {"version": 1, "defaults": {"region": "us-east-1", "mail_from": "bounce.{domain}"},
         "include": ["teams/inner.yaml"], "identities_from": ["teams/rows.csv"]}))
    room.ends("a plan to be carried out", DONE, "plan", "d0.example.json", "--out", "kept.plan")
    (room.path / "way").symlink_to(".mailfrom")
    (room.path / "journal.link").symlink_to(".mailfrom/journal.db")
    os.link(room.path / "teams" / "inner.yaml", room.path / "inner.hard")
    (room.path / "new").mkdir(0o700)
    before = kept_bytes(room)
    plan, apply, words = ["plan", "d0.example.json"], ["apply", "d0.example.json", "--yes"], "which would be overwritten"
    for title, verb in [
            ("a report over the journal", ["report", 1, "--report", "csv:.mailfrom/journal.db"]),
            ("its log", ["report", 1, "--report", "csv:.mailfrom/journal.db-wal"]),
            ("its lock", ["resume", 1, "--report", "csv:.mailfrom/journal.db.lock"]),
            ("its high-water mark", ["resume", 1, "--report", "csv:.mailfrom/journal.db.mark"]),
            ("the journal by another folder", ["rollback", 1, "--yes", "--report", "csv:way/../.mailfrom/journal.db"]),
            ("the journal by a linked folder", [*apply, "--report", "csv:way/journal.db"]),
            ("the journal by a link", ["report", 1, "--report", "json:journal.link"]),
            ("a journal that is yet to be made", [*apply, "--journal", "new/j.db", "--report", "csv:new/../new/j.db"]),
            ("and its log", [*apply, "--journal", "new/j.db", "--report", "csv:new/j.db-wal"]),
            ("a plan over the journal", [*plan, "--out", ".mailfrom/journal.db"]),
            ("records over the journal", ["records", 1, "--out", ".mailfrom/journal.db"]),
            ("an inventory over the journal", ["discover", "--region", "us-east-1", "--force", "--out",
                                               ".mailfrom/journal.db"]),
            ("a plan over its manifest", [*plan, "--out", "d0.example.json"]),
            ("a report over what it includes", [*plan, "--report", "csv:teams/inner.yaml"]),
            ("what it includes under a second name", [*apply, "--report", "csv:inner.hard"]),
            ("a report over its rows", [*apply, "--report", "csv:./teams/rows.csv"]),
            ("records over a manifest", ["records", "d0.example.json", "--out", "teams/../d0.example.json"]),
            ("records of a zone over a manifest", ["records", "d0.example.json", "--format", "json", "--zone",
                                                   "d0.example", "--out", "./"]),
            ("an inventory over the manifest of its accounts", ["discover", "--manifest", "d0.example.json", "--force",
                                                                "--out", "d0.example.json"]),
            ("a report over the plan that is carried out", ["apply", "--plan", "kept.plan", "--yes", "--report",
                                                            "json:kept.plan"])]:
        refused(room, f"{title} is refused", words, *verb)
        now = kept_bytes(room)
        check("and all is as it was", now == before, {name: now.get(name) != before.get(name) for name in {*now, *before}})


def kept_bytes(room):
    return {str(path): path.read_bytes() for path in room.path.rglob("*")
            if path.is_file() and path.name not in ("calls.jsonl",)}


def small_stack(room):
    """64 kB are enough for the stack, as a container's or a service's limit may have it; a sanitizer needs more, and
    so does code that is not optimized, as where its coverage is counted."""
    program = pathlib.Path(room.mailfrom).read_bytes()
    if any(sign in program for sign in (b"__asan_init", b"__tsan_init", b".gcda")):
        return

    def limit():
        resource.setrlimit(resource.RLIMIT_STACK, (64 << 10, 64 << 10))

    (room.path / "wide.yaml").write_text((room.path / "small.yaml").read_text(), encoding="utf-16")
    (room.path / "book.csv").write_bytes(b"PK\3\4" + bytes(100) + b"xl/workbook.xml")
    (room.path / "book.yaml").write_text("version: 1\nidentities_from: book.csv\n")
    for title, code, verb in [
            ("a plan", DONE, ["plan", "small.yaml", "--out", "small.plan", "--report", "html:small.html"]),
            ("an apply", DONE, ["apply", "small.yaml", "--yes", "--report", "json:small.json"]),
            ("a report", DONE, ["report", 1, "--report", "sarif:small.sarif"]),
            ("a status", DONE, ["status"]),
            ("records", DONE, ["records", "small.yaml", "--missing"]),
            ("an inventory", DONE, ["discover", "--region", "us-east-1"]),
            ("a rollback", DONE, ["rollback", 1, "--yes"]),
            ("a manifest in UTF-16", DONE, ["check", "wide.yaml"]),
            ("a workbook in the place of CSV", CANNOT_RUN, ["check", "book.yaml"]),
            ("a folder for owners", DONE, ["due", "late.yaml", "--out", "owners"])]:
        done = room.run(*verb, preexec_fn=limit)
        check(f"{title} needs no large stack", done.returncode == code, done.returncode, done.stderr_text)
    journal = ("--journal", "under-way/journal.db")
    process = room.start("apply", "late.yaml", "--yes", *journal)
    until(lambda: room.run("status", *journal).returncode == DONE)
    done = room.run("status", *journal, preexec_fn=limit)
    check("a status of a run under way needs no large stack", done.returncode == DONE and "running" in done.stdout_text,
          done.returncode, done.stdout_text, done.stderr_text)
    (room.path / "under-way/journal.db.lock").unlink()
    said = room.run("status", *journal).stdout_text
    check("without its lock file it is not said to be cut off", "cut off" not in said and "it is not known whether a process is running it" in said, said)
    process.terminate()
    process.communicate()


def advice_beside(room):
    """On standard error the sentence is made safe, and the command behind it is what a shell takes."""
    kept = "p'q\\r.plan"
    done = room.run("plan", "other.yaml", "--out", kept, "--call-timeout", "9s")
    line = next((line for line in done.stderr_text.splitlines() if line.startswith("Kept in ")), "")
    words = line.partition("; to do just that: ")[2]
    check("a span is advised as the option takes it", " --call-timeout 9s" in words, done.stderr_text)
    shell = subprocess.run(["sh", "-c", words.replace("mailfrom apply", f"{room.mailfrom} apply") + " --yes"],
                           cwd=room.path, env=room.environment(), capture_output=True, text=True)
    check("pasted, it applies the plan whatever its name is", shell.returncode == DONE and "1 done" in shell.stdout,
          line, shell)


def refused_writes():
    with Room(*sys.argv[1:3], {"gone.example": {"verified": "PENDING"}}) as room:
        room.manifest("fleet.yaml", {"gone.example": {}})
        out = room.run("apply", "fleet.yaml", "--yes").stdout_text
        check("nothing is offered to be taken back where nothing was written", "To take it back" not in out, out)


def main():
    refused_writes()
    with Room(*sys.argv[1:3], {**FLEET, "other.example": {}, "small.example": {}, "late.example": {"late": True}}) as room:
        room.manifest("fleet.yaml", {name: {} for name in FLEET})
        room.manifest("other.yaml", {"other.example": {}})
        proved(room)
        nothing_made(room)
        written(room)
        killed_reader(room)
        spared(room)
        advice(room)
        advice_beside(room)
        room.manifest("small.yaml", {"small.example": {}})
        room.manifest("late.yaml", {"late.example": {}})
        small_stack(room)
    verdict()


main()
