#!/usr/bin/python3
"""Every command that a run prints is pasted into a bare shell, which knows the keys and nothing else: it
must do what the sentence before it says. Arguments: mailfrom, ses-sim."""

import os
import re
import shlex
import subprocess
import sys

from timeouts import patient
from rehearsal_room import CANNOT_RUN, DONE, STOPPED, TROUBLE, Room, check, verdict

FLEET = {"a.example": {}, "b.example": {"late": True}, "c.example": {"verified": "PENDING"}, "d.example": {}}
COMMAND = re.compile(r"(?:[A-Z][A-Z_]*=\S+ )*mailfrom [a-z]+ .*$", re.M)


class Shell:
    """Knows where mailfrom is, and whose keys to use. No endpoint, no resolver, no journal."""

    def __init__(self, room):
        self.room = room
        tools = room.path / "bin"
        tools.mkdir()
        (tools / "mailfrom").symlink_to(room.mailfrom)
        clean = {k: v for k, v in room.environment().items() if k not in ("AWS_ENDPOINT_URL", "HOME")}
        self.environment = {**clean, "PATH": f"{tools}:{os.environ['PATH']}", "HOME": str(room.path / "home")}
        self.folder = room.path

    def paste(self, title, command, wanted, more=""):
        shell = subprocess.run(["bash", "-c", command + more], cwd=self.folder, env=self.environment, text=True,
                               stdin=subprocess.DEVNULL, capture_output=True, timeout=patient(120))
        text = shell.stdout + shell.stderr
        check(f"{title}: pasted, it works", shell.returncode == wanted, command, f"exit code {shell.returncode}", text)
        return text


def commands(text):
    return [found[0].strip() for found in COMMAND.finditer(text)]


def one(text, verb):
    """The only command of a verb in a text."""
    found = sorted({command for command in commands(text) if f"mailfrom {verb}" in command})
    check(f"one `mailfrom {verb}` is printed", len(found) == 1, text)
    return found[0] if found else "false"


def verbs(title, text, *wanted):
    """No command may be printed that nobody pastes."""
    found = {re.search(r"mailfrom ([a-z]+(?: \d+)?(?: --(?:retry-failed|give-up|through \d+))?)", c)[1] for c in commands(text)}
    check(f"{title}: the commands printed are those pasted", found == set(wanted), found, text)


def named(journal):
    return f" --journal {shlex.quote(journal)}" if journal else ""


def endpoint(room):
    """An endpoint that only a journal names is not used: the shell must say the same."""
    return f"AWS_ENDPOINT_URL={room.url} "


def a_run(room, shell, journal):
    where = ["--journal", journal] if journal else []
    room.manifest("fleet.yaml", {name: {} for name in FLEET if name != "d.example"})
    text = room.ends("a run waits for somebody's DNS", STOPPED, "apply", "fleet.yaml", "--yes", "--no-wait", *where)
    verbs("its end", text, "records 1", "resume 1")
    status = room.run("status", *where).stdout_text
    verbs("status", status, "records 1", "resume 1")
    for printed in (text, status):
        told = shell.paste("what is missing", one(printed, "records"), DONE)
        check("with the run's resolver", "bounce" in told and "b.example" in told, told)
    bare = shell.paste("the shortest way", f"mailfrom records 1 --missing{named(journal)}", DONE)
    check("has it, too", "b.example" in bare, bare)

    room.manifest("more.yaml", {"b.example": {}, "d.example": {}})
    text = room.ends("a second run that wants the same is refused", CANNOT_RUN, "apply", "more.yaml", "--yes", *where)
    verbs("the refusal", text, "resume 1", "apply", "resume 1 --give-up")
    others = shell.paste("to do the others", one(text, "apply"), DONE, " --dry-run")
    check("which are those of no other run", "d.example" in others and "b.example" not in others, others)
    room.names.publish("bounce.b.example")
    text = shell.paste("to go on", one(status, "resume"), TROUBLE)
    verbs("an end with a refused row", text, "resume 1 --retry-failed", "rollback 1")
    check("it counts what did not succeed", "1 did not succeed. To try it again" in text, text)
    again = shell.paste("to try again", one(text, "resume 1 --retry-failed"), TROUBLE)
    verbs("its end", again, "resume 1 --retry-failed", "rollback 1")
    status = room.run("status", *where).stdout_text
    verbs("status of an ended run", status, "resume 1 --retry-failed")
    shell.paste("from status", one(status, "resume 1 --retry-failed"), TROUBLE)
    text = shell.paste("an ended run", endpoint(room) + f"mailfrom resume 1{named(journal)}", TROUBLE)
    shell.paste("what that says", one(text, "resume 1 --retry-failed"), TROUBLE)
    return again


def taken_back(room, shell, journal, text):
    where = ["--journal", journal] if journal else []
    room.names.publish("bounce2.a.example")
    room.manifest("later.yaml", {"a.example": {"mail_from": "bounce2.a.example"}})
    room.ends("a later run changes one", DONE, "apply", "later.yaml", "--yes", *where)
    back = one(text, "rollback")
    refused = shell.paste("to take the first back", back, CANNOT_RUN, " --yes")
    verbs("the refusal", refused, "rollback 2", "rollback 1 --through 2")
    if journal:
        shell.paste("to take both back", one(refused, "rollback 1 --through"), DONE, " --yes")
    else:
        shell.paste("to take the second back", one(refused, "rollback 2"), DONE, " --yes")
        shell.paste("and then the first", back, DONE, " --yes")
    ses = room.ses()
    check("as it was", all(not facts[0] for facts in ses.values()), ses)


def main():
    for journal in ("", "deep/er/j o'b.db"):
        with Room(*sys.argv[1:3], FLEET) as room:
            (room.path / "deep/er").mkdir(parents=True)
            shell = Shell(room)
            taken_back(room, shell, journal, a_run(room, shell, journal))
    verdict()


main()
