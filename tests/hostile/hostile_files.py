#!/usr/bin/python3
"""Files that somebody else has laid in the way: links, pipes, devices, foreign owners, folders that all
may write to, names that lead elsewhere, names that change while they are opened, a journal that is taken
away under a run, disks that are full or read-only. Each is refused or survived, and the sentence says why. Arguments: mailfrom, ses-sim."""

import errno
import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "wire"))

from timeouts import patient
from rehearsal_room import CANNOT_RUN, DONE, Room, check, until, verdict

MAILFROM, SES_SIM = (str(pathlib.Path(program).resolve()) for program in sys.argv[1:3])
FLEET = {f"d{i}.example": {} for i in range(3)}
ROOT = os.geteuid() == 0
ABSENT = os.strerror(errno.ENOENT)
SECRET = "not-for-you.example"
SOUND = "version: 1\nidentities: []\n"


def skipped(title):
    print(f"ok - {title} # SKIP only root can lay this trap")


def refused(room, title, words, verb, *arguments, **more):
    """Ends with 1 within the time-out of run(), and says one of the words."""
    done = room.run(verb, *arguments, **more)
    said = done.stdout_text + done.stderr_text
    check(title, done.returncode == CANNOT_RUN and re.search(words, said) and SECRET not in said,
          f"exit code {done.returncode}", said)


# --- journals: where they may not lie -----------------------------------------------------------


def trap_symlink(path):
    path.with_suffix(".real").touch()
    path.symlink_to(path.with_suffix(".real"))


def trap_hard_link(path):
    path.touch(0o600)
    os.link(path, path.with_suffix(".other"))


def trap_world_writable(path):
    path.touch()
    path.chmod(0o666)


def trap_parent(path):
    path.parent.chmod(0o777)


def trap_owner(path):
    path.touch(0o600)
    os.chown(path, 65534, 65534)


def trap_parent_owner(path):
    os.chown(path.parent, 65534, 65534)


def trap_device(path):
    os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, 3))  # the null device under another name


def trap_socket(path):
    os.mknod(path, 0o600 | stat.S_IFSOCK)


JOURNAL_TRAPS = [
    ("a symbolic link", trap_symlink, "symbolic link", False),
    ("a file with a second name", trap_hard_link, "hard links", False),
    ("a file that others can write to", trap_world_writable, "others can write", False),
    ("a folder that others can write to", trap_parent, "others can write to its folder", False),
    ("a FIFO", lambda path: os.mkfifo(path, 0o600), "FIFO", False),
    ("a socket", trap_socket, "socket", False),
    ("a directory", lambda path: path.mkdir(), "directory", False),
    ("no database", lambda path: (path.write_bytes(b"\x00\xff" * 4096), path.chmod(0o600)), "journal", False),
    ("a device", trap_device, "device", True),
    ("somebody else's file", trap_owner, "another user", True),
    ("a file in somebody else's folder", trap_parent_owner, "another user", True),
]


def journals(room):
    for number, (what, lay, words, needs_root) in enumerate(JOURNAL_TRAPS):
        title = f"a journal that is {what} is refused"
        if needs_root and not ROOT:
            skipped(title)
            continue
        folder = room.path / f"journal{number}"
        folder.mkdir(0o700)
        lay(folder / "journal.db")
        refused(room, title, words, "apply", "fleet.yaml", "--yes", "--journal", folder / "journal.db")
    check("and none of them led to a write", not room.writes(), room.writes())


# --- what a manifest names ----------------------------------------------------------------------


def include_manifest(room, name, path):
    (room.path / name).write_text(f"version: 1\ninclude: [{path!r}]\n"
                                  "identities: [{identity: a.example, region: us-east-1, mail_from: default}]\n")
    return name


def includes(room):
    outside = room.path.parent / f"{room.path.name}-outside.yaml"
    outside.write_text(f"version: 1\nidentities: [{SECRET}: oops]\n")
    try:
        (room.path / "link.yaml").symlink_to(outside)
        (room.path / "folder").symlink_to(room.path.parent)
        os.mkfifo(room.path / "pipe.yaml")
        (room.path / "hard.yaml").write_text(SOUND)
        cases = [
            ("a link that leads out", "link.yaml", "symbolic link"),
            ("a path through a linked folder", f"folder/{outside.name}", "symbolic link"),
            ("a path with ..", f"../{outside.name}", r"\.\."),
            ("an absolute path", str(outside), "absolute"),
            ("a FIFO", "pipe.yaml", "not a regular file"),
            ("a folder", "journal0", "not a regular file"),
            ("a name that is not there", "nobody.yaml", ABSENT),
        ]
        for number, (what, path, words) in enumerate(cases):
            manifest = include_manifest(room, f"include{number}.yaml", path)
            refused(room, f"an include that is {what} is refused", words, "check", manifest)
            refused(room, "and so is identities_from", words, "check", identities_manifest(room, number, path))
        swapped(room, outside)
    finally:
        outside.unlink()


def identities_manifest(room, number, path):
    name = f"from{number}.yaml"
    (room.path / name).write_text(f"version: 1\ndefaults: {{region: us-east-1, mail_from: 'b.{{domain}}'}}\n"
                                  f"identities_from: {path!r}\n")
    return name


def swapped(room, outside):
    """A name that is a sound file at one moment and a link that leads out at the next."""
    manifest = include_manifest(room, "swap.yaml", "swapped.yaml")
    target, good, bad = (room.path / name for name in ("swapped.yaml", "good.yaml", "bad.yaml"))
    over = threading.Event()

    def swap():
        while not over.is_set():
            good.write_text(SOUND)
            os.replace(good, target)
            bad.symlink_to(outside)
            os.replace(bad, target)

    swapper = threading.Thread(target=swap)
    swapper.start()
    try:
        said = [room.run("check", manifest) for _ in range(100)]
    finally:
        over.set()
        swapper.join()
    leaked = [done.stderr_text for done in said if SECRET in done.stdout_text + done.stderr_text]
    codes = {done.returncode for done in said}
    check("a file that is swapped for a link while it is opened never leads out", not leaked, *leaked[:1])
    check("each of 100 tries was accepted or refused", codes <= {DONE, CANNOT_RUN}, codes)


def arguments(room):
    """Files that options name: none of them is waited for."""
    pipe = room.path / "pipe"
    os.mkfifo(pipe)
    for verb, *words in (("apply", "--yes", "--plan"), ("plan", "fleet.yaml", "--psl-file"),
                         ("plan", "fleet.yaml", "--ca-bundle"), ("check",)):
        refused(room, f"{' '.join([verb, *words])} FIFO is refused", "not a regular file", verb, *words, pipe)


# --- what is written ----------------------------------------------------------------------------


def modes(room):
    """Under umask 000 nothing in the state folder has a bit for others."""
    room.ends("a run under umask 000", DONE, "apply", "fleet.yaml", "--yes", "--report", "csv:done.csv",
              preexec_fn=lambda: os.umask(0))
    state = [room.path / ".mailfrom", *(room.path / ".mailfrom").iterdir()]
    loose = [f"{path}: {path.stat().st_mode & 0o777:o}" for path in state if path.stat().st_mode & 0o077]
    check("leaves a folder and files that only their owner may open", not loose and len(state) > 1, *loose)


def reports(room):
    victim = room.path / "victim.txt"
    victim.write_text("precious")
    (room.path / "taken.csv.mailfrom-part").symlink_to(victim)
    room.ends("a link laid where a report is written beside is stepped over", DONE, "report", "1", "--report",
              "csv:taken.csv", "--quiet")
    check("and what it points to is left alone", victim.read_text() == "precious")
    (room.path / "sealed").mkdir()
    (room.path / "sealed").chmod(0o500)
    before = (room.path / "done.csv").read_bytes()
    refused(room, "a report into a folder that is not there is refused", ABSENT, "report", "1", "--report",
            "csv:nowhere/done.csv")
    refused(room, "a report over a folder is refused", "directory", "report", "1", "--report", "csv:sealed")
    check("the report that was there is untouched", (room.path / "done.csv").read_bytes() == before)


# --- the journal under a run --------------------------------------------------------------------


def replaced(path):
    shutil.copytree(path, path.with_name("copy"), ignore=shutil.ignore_patterns("*.sock"))
    path.rename(path.with_name("away"))
    path.with_name("copy").rename(path)


DEEDS = {
    "removed with its folder": (shutil.rmtree, "was removed"),
    "replaced by a copy": (replaced, "replaced"),
    "without its lock file": (lambda path: (path / "journal.db.lock").unlink(), "lock was removed"),
    "without its high-water mark": (lambda path: (path / "journal.db.mark").unlink(), "mark was removed"),
    "without its log": (lambda path: (path / "journal.db-wal").unlink(), "wal was removed"),
    "robbed of its log's bytes": (lambda path: os.truncate(path / "journal.db-wal", 0), "another program wrote to"),
    "overwritten": (lambda path: (path / "journal.db").write_bytes(b"something else"), "another program wrote to"),
    "under a second name": (lambda path: os.link(path / "journal.db", path / "other.db"), "second name"),
}


def taken_away(deed):
    """A run whose journal is taken away sends nothing that is not on its way already."""
    hand, words = DEEDS[deed]
    with Room(MAILFROM, SES_SIM, {f"t{i}.example": {} for i in range(120)}, rate=20) as room:
        room.manifest("fleet.yaml", {name: {} for name in room.identities})
        process = room.start("apply", "fleet.yaml", "--yes")
        begun = until(lambda: len(room.writes()) >= 3)
        hand(room.path / ".mailfrom")
        seen = len(room.writes())
        out, err = process.communicate(timeout=patient(60))
        later = len(room.writes()) - seen
        check(f"a journal that is {deed} ends the run, with the reason",
              begun and process.returncode == CANNOT_RUN and words in err, process.returncode, out, err)
        check(f"a journal that is {deed}: nothing more is sent", later <= 5, f"{later} after {seen}")


# --- disks --------------------------------------------------------------------------------------


def on_disk(options, script):
    """The script in a mount namespace of its own, with the disk at its first argument."""
    return ["unshare", "-m", "sh", "-c", f'mount -t tmpfs {options} none "$0" && {script}']


def disks(room):
    titles = ("a full disk ends a run that has not begun", "a read-only disk is said")
    folder = room.path / "disk"
    folder.mkdir(0o700)
    probe = subprocess.run(on_disk("-o size=64k", "true") + [folder], capture_output=True)
    if not ROOT or probe.returncode:
        for title in titles:
            skipped(title)
        return
    journal = ("--journal", folder / "journal.db")
    small = on_disk("-o size=64k,mode=700", 'dd if=/dev/zero of="$0/fill" bs=1k 2>/dev/null; exec "$@"') + [folder]
    refused(room, titles[0], "journal", "apply", "fleet.yaml", "--yes", *journal, before=small)
    sealed = on_disk("-o size=1m,mode=700", 'mount -o remount,ro "$0" && exec "$@"') + [folder]
    refused(room, titles[1], os.strerror(errno.EROFS), "apply", "fleet.yaml", "--yes", *journal, before=sealed)
    check("and neither led to a write", not room.writes()[len(FLEET):], room.writes())


def main():
    with Room(MAILFROM, SES_SIM, FLEET) as room:
        room.manifest("fleet.yaml", {name: {} for name in FLEET})
        journals(room)
        includes(room)
        arguments(room)
        modes(room)
        reports(room)
        disks(room)
    for deed in DEEDS:
        taken_away(deed)
    verdict()


main()
