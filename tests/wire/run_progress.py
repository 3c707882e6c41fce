#!/usr/bin/python3
"""Progress of real runs, seen by a terminal (pyte), by a log and by a program.

    run_progress.py MAILFROM SES-SIM"""

import fcntl
import json
import os
import pathlib
import pty
import re
import select
import signal
import struct
import sys
import termios
import threading

import jsonschema
import pyte

import rehearsal_room
from rehearsal_room import DONE, STOPPED, check, until

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs/progress.schema.json").read_text())


class Terminal:
    """A verb on a terminal of its own, and what is to be seen there."""

    def __init__(self, room, columns, rows, verb, *arguments):
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.status = None
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(room.path)
            os.execve(room.mailfrom, room.command(verb, *arguments), {**room.environment(), "TERM": "xterm"})
        self.resize(columns, rows)
        self.lock = threading.Lock()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        while True:
            try:
                seen = os.read(self.fd, 65536)
            except OSError:
                return
            with self.lock:
                self.stream.feed(seen)

    def resize(self, columns, rows):
        self.screen.resize(rows, columns)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text):
        os.write(self.fd, text.encode())

    def lines(self):
        with self.lock:
            return [line.rstrip() for line in self.screen.display if line.strip()]

    def shows(self, pattern):
        return until(lambda: any(re.search(pattern, line) for line in self.lines()))

    def ended(self):
        """Its exit code; what it wrote is on the screen."""
        if self.status is None:
            self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
            until(lambda: not select.select([self.fd], [], [], 0)[0], 2)
        return self.status


def on_a_terminal(room):
    names = {f"late{i}.example": {"late": True, "region": ("us-east-1", "eu-west-1")[i % 2]} for i in range(8)}
    room.identities.update(names)
    manifest = room.manifest("late.yaml", {name: {"region": row["region"]} for name, row in names.items()})
    terminal = Terminal(room, 80, 24, "apply", manifest, "--yes")
    shown = terminal.shows(r"^default us-east-1 +0/4 +0 .* DNS$")
    seen = terminal.lines()
    check("a progress view shows each lane and what it waits for", shown and terminal.shows("waits for DNS"), *seen)
    seconds = lambda: max([int(found.group(1)) for line in terminal.lines()
                           if (found := re.match(r"(\d+)s;", line))], default=0)
    since = seconds()
    check("the clock of an idle run goes on", until(lambda: seconds() > since + 1), *terminal.lines())

    terminal.resize(40, 8)
    narrow = until(lambda: [line for line in terminal.lines() if re.search(r"^account Region +finished +left$", line)])
    seen = terminal.lines()
    check("a narrower terminal gets a narrower progress view", narrow and all(len(line) <= 40 for line in seen), *seen)
    check("and only one", sum(line.startswith("Run ") for line in seen) == 1, *seen)
    terminal.resize(120, 30)
    check("a wider one gets a wider progress view", terminal.shows(r"throttled +deadline"), *terminal.lines())
    check("and only one", sum(line.startswith("account Region") for line in terminal.lines()) == 1, *terminal.lines())

    watcher = Terminal(room, 100, 24, "status", "--watch")
    check("another process watches the run through its journal",
          watcher.shows(r"^default eu-west-1 +0/4 .* DNS$") and watcher.shows("writes/s"), *watcher.lines())

    terminal.type("\x13")  # Ctrl-S: the terminal takes nothing more
    before = len(room.writes())
    for name in names:
        room.names.publish("bounce." + name)
    check("a run does not wait for a terminal that is stopped",
          until(lambda: len(room.writes()) == before + len(names)), len(room.writes()))
    terminal.type("\x11")
    check("it ends as it should", terminal.ended() == DONE, *terminal.lines())
    seen = terminal.lines()
    check("the progress view makes room for the result", not any(line.startswith("account Region") for line in seen) and
          any(re.search("8 of 8 finished; after", line) for line in seen), *seen)
    check("the watcher ends with the run", watcher.ended() == DONE and watcher.shows("Run .*: ended"), *watcher.lines())


def interrupted(room):
    manifest = room.manifest("never.yaml", {name: {} for name in room.identities if name.startswith("never")})
    terminal = Terminal(room, 80, 24, "apply", manifest, "--yes")
    terminal.shows("waits for DNS")
    terminal.type("\x03")
    check("Ctrl-C ends a run on a terminal cleanly", terminal.ended() == STOPPED and
          terminal.shows("To go on: "), *terminal.lines())
    room.names.publish("bounce.never0.example")
    room.names.publish("bounce.never1.example")
    go_on = room.start("resume", "--progress", "json")
    until(lambda: room.run("status", "--format", "json").stdout_text.count('"done":2') > 0)
    _, complaints = rehearsal_room.signalled(go_on, signal.SIGINT)
    once = json_lines(complaints)
    room.names.publish("bounce.never2.example")
    rest = json_lines(room.run("resume", "--progress", "json").stderr_text)
    check("a resumed run begins its counts where the last one ended",
          once[-1]["state"] == "stopped" and once[-1]["total"]["final"] == rest[0]["total"]["final"] == 2 and
          rest[-1]["total"]["final"] == 3, once[-1:], rest[:1])
    counts = [part for line in once + rest for part in [line["total"], *line["lanes"]]]
    check("every identity is counted in one state, in every line",
          all(sum(part["states"].values()) == part["identities"] for part in counts), counts)


def json_lines(text):
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def for_programs(room):
    room.manifest("plain.yaml", {name: {} for name in room.identities if name.startswith("plain")})
    run = room.run("apply", "plain.yaml", "--yes", "--progress", "json")
    lines = json_lines(run.stderr_text)
    kinds = [line["type"] for line in lines]
    check("JSON lines begin, go on and end",
          kinds[0] == "begin" and kinds[-1] == "end" and set(kinds[1:-1]) <= {"progress"}, kinds, run.stderr_text)
    check("the last says that all is done", lines[-1]["total"]["final"] == 12 and lines[-1]["state"] == "ended", lines[-1])
    check("its calls are those that SES saw", lines[-1]["total"]["calls"] <= len(room.calls()), lines[-1])
    kept = json.loads(room.run("status", "--format", "json").stdout_text)
    check("status says the same from the journal",
          (kept["total"]["final"], kept["total"]["writes"]) == (12, lines[-1]["total"]["writes"]), kept)
    wrong = []
    for line in lines + [kept]:
        try:
            jsonschema.validate(line, SCHEMA)
        except jsonschema.ValidationError as error:
            wrong.append(error.message)
    check("every line obeys docs/progress.schema.json", lines and not wrong, *wrong)

    run = room.run("apply", "plain.yaml", "--yes")
    check("elsewhere there is a plain line, and nothing that steers a terminal",
          re.search(r"^Run \d+, apply: 12 of 12 finished; after \d+s; ", run.stderr_text, re.M) and
          "\033" not in run.stderr_text + run.stdout_text, run.stderr_text)
    run = room.run("apply", "plain.yaml", "--yes", "--progress", "none")
    check("none is none", " of 12 finished" not in run.stderr_text, run.stderr_text)


def main():
    identities = {f"plain{i}.example": {} for i in range(12)}
    identities.update({f"never{i}.example": {"late": True} for i in range(3)})
    identities.update({f"late{i}.example": {"late": True, "region": ("us-east-1", "eu-west-1")[i % 2]}
                       for i in range(8)})
    with rehearsal_room.Room(sys.argv[1], sys.argv[2], identities) as room:
        for_programs(room)
        on_a_terminal(room)
        interrupted(room)
    rehearsal_room.verdict()


main()
