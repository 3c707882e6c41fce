#!/usr/bin/python3
"""docs/WORKERS.md is walked as it is written, against a server of PostgreSQL of the test's own and ses-sim: the commands
of each section in their order, its SQL by the owner.

    workers_walk.py MAILFROM SES-SIM"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import pg_server
from tap import check, verdict
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "wire"))
from timeouts import patient

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / "docs/WORKERS.md").read_text()
# As root of the machine that the page speaks of; what a package would bring is there.
SUDO = """#!/bin/sh
case "$1" in
-u) shift 2 && PGUSER=postgres exec "$@" ;;
apt-get) exit 0 ;;
*) exec "$@" ;;
esac
"""


def section(title):
    """Its blocks: [(language, text)]."""
    text = re.search(rf"^##+ {re.escape(title)}\n(.*?)(?=^##+ |\Z)", DOCUMENT, re.M | re.S)[1]
    return re.findall(r"^```(\w+)\n(.*?)^```$", text, re.M | re.S)


class Machine:
    def __init__(self, server, folder):
        self.server, self.folder = server, folder
        (folder / "bin").mkdir()
        for name, target in (("mailfrom", sys.argv[1]), ("ses-sim", sys.argv[2])):
            (folder / "bin" / name).symlink_to(pathlib.Path(target).resolve())
        (folder / "bin/sudo").write_text(SUDO)
        (folder / "bin/sudo").chmod(0o755)
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "MAILFROM_", "PG"))}
        self.environment = {**clean, "HOME": str(folder), "USER": "alice", "PGUSER": "alice", "PGHOST": str(server.folder),
                            "PATH": f"{folder}/bin:{server.bin}:/usr/sbin:{os.environ['PATH']}"}

    def bash(self, script, **more):
        """What it says, and its exit code; what it has begun in the background ends with it."""
        done = subprocess.run(["bash", "-eu", "-c", script + "\n{ kill $(jobs -p) 2>/dev/null; wait; } || true\n"], cwd=self.folder,
                              text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env={**self.environment, **more}, timeout=patient(120))
        return done.returncode, done.stdout

    def owner(self, sql):
        self.server.sql(self.server.url("mailfrom"), sql)


def on_one_machine(machine):
    script = "\n".join(text for language, text in section("Try it on one machine") if language == "sh")
    code, said = machine.bash(script)
    check("the walk on one machine works", [said] if code else [])
    check("the journal was made", [] if "made a journal in the schema mailfrom" in said else [said])
    check("both workers have carried their lanes", [] if said.count("carried") >= 2 else [said])
    rows = [line for line in said.splitlines() if line.startswith(("team-a,", "team-b,"))]
    check("and the report has every identity", [] if len(rows) == 3 and all(",done," in row for row in rows) else [said])


def main():
    with pg_server.Server() as server, tempfile.TemporaryDirectory() as temporary:
        machine = Machine(server, pathlib.Path(temporary))
        on_one_machine(machine)
    verdict()


main()
