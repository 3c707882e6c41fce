#!/usr/bin/python3
"""What becomes of the files that a verb writes: after a signal, behind a link, where several cannot be written,
and on a full disk. Arguments: mailfrom, ses-sim."""

import errno
import fcntl
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import termios

from rehearsal_room import CANNOT_RUN, DONE, SIGNALS, STOPPED, Room, check, signalled, until, verdict

PROGRAMS = [str(pathlib.Path(program).resolve()) for program in sys.argv[1:3]]
FLEET = {f"d{i}.example": {"mail_from": f"bounce.d{i}.example"} for i in range(160)}
ROOT = os.geteuid() == 0
OLD = "the report of yesterday"
HEAD = "account,region,identity,"


def left_beside(room):
    return sorted(path.name for path in room.path.rglob("*part*"))


# --- signals ------------------------------------------------------------------------------------


def held(room, verb, *arguments, **more):
    """The verb with a report half written: it grows beside one into a pipe that nobody reads."""
    (room.path / "done.csv").write_text(OLD)
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    process = room.start(verb, *arguments, "--report", "csv:done.csv", "--report", "html:done.html",
                         "--report", "json:-", stdout=writer, **more)
    os.close(writer)
    process.stdout = os.fdopen(reader)
    wanted = {"done.csv.mailfrom-part", "done.html.mailfrom-part"}
    until(lambda: fcntl.ioctl(reader, termios.FIONREAD, bytes(4)) != bytes(4) or process.poll() is not None)
    check(f"{verb} writes its reports", process.poll() is None and
          wanted <= {path.name for path in room.path.iterdir()}, process.poll())
    return process


def stopped(room):
    for one in SIGNALS:
        process = held(room, "report", 1)
        err = signalled(process, one)[1]
        check(f"{one.name} ends a report as it ends other programs", process.returncode == -one, process.returncode, err)
        check(f"{one.name} leaves nothing beside, and the old report", not left_beside(room) and
              (room.path / "done.csv").read_text() == OLD and not (room.path / "done.html").exists(), left_beside(room))
    for one in SIGNALS:
        process = held(room, "plan", "fleet.yaml")
        err = signalled(process, one)[1]
        check(f"{one.name} ends a plan that writes its reports with 4", process.returncode == STOPPED,
              process.returncode, err)
        check(f"{one.name} leaves nothing beside those of a plan", not left_beside(room), left_beside(room))
    process = held(room, "report", 1, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    process.send_signal(signal.SIGHUP)
    process.communicate()
    check("under nohup the report is written", process.returncode == DONE and not left_beside(room) and
          (room.path / "done.csv").read_text().startswith(HEAD), process.returncode)
    folder_held(room)


def folder_held(room):
    """A signal while a folder for owners is made comes when the folder is whole."""
    tracer = shutil.which("strace")
    if not tracer:
        print("# a signal while a folder is made: not tried, strace is not there")
        return
    ended = room.run("due", "late.yaml", "--out", "owners", before=[
        tracer, "-f", "-o", room.path / "trace", "-e", "trace=syncfs", "-e", "inject=syncfs:signal=SIGTERM:when=1"])
    check("a signal while a folder is made ends the verb", ended.returncode in (-signal.SIGTERM, 128 + signal.SIGTERM),
          ended.returncode, ended.stderr_text)
    check("and the folder is whole, with nothing beside", (room.path / "owners").is_dir() and
          any((room.path / "owners").iterdir()) and not left_beside(room), left_beside(room))


# --- links --------------------------------------------------------------------------------------


def refused(room, title, words, *arguments, **more):
    done = room.run(*arguments, **more)
    check(title, done.returncode == CANNOT_RUN and re.search(words, done.stderr_text), done.returncode, done.stderr_text)
    return done


def links(room):
    """A link stays and its file is replaced, however far it is; the file beside is there, too."""
    far = room.path / "far"
    far.mkdir()
    (far / "real.csv").write_text(OLD)
    (room.path / "near.csv").symlink_to("far/hop.csv")
    (far / "hop.csv").symlink_to("real.csv")
    (far / "real.csv.mailfrom-part").write_text("of a process that was killed")
    room.ends("a report over a link", DONE, "report", 1, "--report", "csv:near.csv")
    check("leaves the links, and replaces their file", (room.path / "near.csv").is_symlink() and
          (far / "hop.csv").is_symlink() and not (far / "real.csv").is_symlink() and
          (far / "real.csv").read_text().startswith(HEAD), list(far.iterdir()))
    check("and nothing is left beside", not left_beside(room), left_beside(room))
    room.ends("a plan over a link", DONE, "plan", "fleet.yaml", "--out", "near.csv", "--force")
    check("is kept in its file", (room.path / "near.csv").is_symlink() and '"format' in (far / "real.csv").read_text()[:200])
    refused(room, "a link and its file are one file", "is the file of --report near.csv too", "report", 1,
            "--report", "csv:near.csv", "--report", "json:far/real.csv")
    (room.path / "lost.csv").symlink_to("far/nothing.csv")
    (room.path / "one.csv").symlink_to("two.csv")
    (room.path / "two.csv").symlink_to("one.csv")
    (room.path / "folder.csv").symlink_to("far")
    (room.path / "null.csv").symlink_to("/dev/null")
    (room.path / "away.csv").symlink_to("/proc/self/status")
    for name, words in (("lost.csv", "lost.csv: is a link to far/nothing.csv, which is not there"),
                        ("one.csv", "one.csv: is a link that leads in a circle"),
                        ("folder.csv", "folder.csv: leads to far: is a directory"),
                        ("null.csv", "null.csv: leads to /dev/null: is a device"),
                        ("away.csv", "away.csv: leads to /proc/self/status: is a name of the system's")):
        refused(room, f"a report over the link {name} is refused", words, "report", 1, "--report", f"csv:{name}")
        check("and the link is as it was", (room.path / name).is_symlink() and not (far / "nothing.csv").exists())
    strangers_link(room)
    sealed(room, far)


def strangers_link(room):
    if not ROOT:
        print("# a link of another user: not tried, for only root can lay one")
        return
    (room.path / "victim").write_text(OLD)
    (room.path / "laid.csv").symlink_to("victim")
    os.chown(room.path / "laid.csv", 65534, 65534, follow_symlinks=False)
    refused(room, "a link of another user is not followed", "is a link of another user .uid 65534., which is not followed",
            "report", 1, "--report", "csv:laid.csv")
    check("and its file is as it was", (room.path / "victim").read_text() == OLD)


def sealed(room, far):
    """Root may write anywhere but on a disk that nobody may write to."""
    say = os.strerror(errno.EROFS if ROOT else errno.EACCES)
    before = ["unshare", "-m", "sh", "-c", f'mount -t tmpfs none "{far}" && touch "{far}/real.csv" && '
              f'mount -o remount,ro "{far}" && exec "$@"', "sh"] if ROOT else []
    (room.path / "straight.csv").symlink_to("far/real.csv")
    if not ROOT:
        far.chmod(0o500)
    if ROOT and subprocess.run([*before, "true"], capture_output=True).returncode:
        print("# a link to a sealed disk: not tried, for nothing can be mounted here")
        return
    refused(room, "a link into a folder that cannot be written to is refused", f"leads to far/real.csv: {say}", "report", 1,
            "--report", "csv:straight.csv", before=before)
    far.chmod(0o700)


# --- several at once ----------------------------------------------------------------------------


def several(room):
    """Whatever can be seen before is complained of at once, and nothing is written."""
    (room.path / "good.csv").write_text(OLD)
    (room.path / "a-folder").mkdir()
    done = refused(room, "two outputs of four that cannot be written are both said", "sarif:|nowhere/x.json", "report", 1,
                   "--report", "csv:good.csv", "--report", "json:nowhere/x.json", "--report", "html:a-folder",
                   "--report", "junit:good.csv")
    lines = done.stderr_text.splitlines()
    check("each on a line of its own, in their order", len(lines) == 3 and
          all(line.startswith("mailfrom: report: --report ") for line in lines) and "nowhere/x.json" in lines[0] and
          "a-folder: is a directory" in lines[1] and "is the file of --report good.csv too" in lines[2], *lines)
    check("and the one that could be is not", (room.path / "good.csv").read_text() == OLD)


REPORTS = ("--report", "csv:{}/a.csv", "--report", "json:{}/b.json")
CHUNK = 64  # kB of one write of a report (engine/base/bounds.h)


def full_disk(room):
    """Two reports grow side by side until the disk is full of the one that does not fit; the other one does."""
    disk, kept, whole = (room.path / name for name in ("disk", "kept", "whole"))
    disk.mkdir()
    whole.mkdir()
    room.ends("reports on a disk with room", DONE, "report", 1, *(word.format(whole) for word in REPORTS))
    size = {path.name: path.stat().st_size >> 10 for path in whole.iterdir()}
    left = (size["b.json"] - CHUNK) * 3 // 4
    check("while both are there neither fits", CHUNK < size["b.json"] < 2 * CHUNK and left > 8 and
          left + 4 < size["a.csv"] < CHUNK, size)
    before = ["unshare", "-m", "sh", "-c", f'mount -t tmpfs -o size={4 + CHUNK + left}k none "{disk}" && '
              f'echo "{OLD}" >"{disk}/b.json" && {{ "$@"; code=$?; cp -a "{disk}" "{kept}"; exit $code; }}', "sh"]
    if not ROOT or subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "none", disk], capture_output=True).returncode:
        print("# a full disk: not tried, for nothing can be mounted here")
        return
    done = room.run("report", 1, *(word.format(disk) for word in REPORTS), before=before)
    told = [line for line in done.stderr_text.splitlines() if os.strerror(errno.ENOSPC) in line]
    check("the verb ends with 1 and says which had no room, and how much there was", done.returncode == CANNOT_RUN and
          len(told) == 1 and re.search("b.json: .*: it is larger than the [0-9]+ kB that it found room for", told[0]),
          done.returncode, done.stderr_text)
    check("the one that fits is there and whole", (kept / "a.csv").exists() and
          (kept / "a.csv").read_bytes() == (whole / "a.csv").read_bytes(), list(kept.iterdir()))
    check("and of the other one that of yesterday", (kept / "b.json").read_text().strip() == OLD and
          sorted(path.name for path in kept.iterdir()) == ["a.csv", "b.json"], list(kept.iterdir()))


def main():
    with Room(*PROGRAMS, {**FLEET, "late.example": {"late": True}}) as room:
        room.manifest("fleet.yaml", {name: {} for name in FLEET})
        room.manifest("late.yaml", {"late.example": {}})
        room.ends("a run with nothing to do", DONE, "apply", "fleet.yaml", "--yes", "--quiet")
        stopped(room)
        links(room)
        several(room)
        full_disk(room)
    verdict()


main()
