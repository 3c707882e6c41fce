#!/usr/bin/python3
"""docs/WORKERS.md is walked as it is written, against a server of PostgreSQL of the test's own and ses-sim: the commands
of each section in their order, its SQL by the owner.

    workers_walk.py MAILFROM SES-SIM"""

import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import pg_server
from packaged import PACKAGING, Unit, calls_of
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
        """Its exit code, and what it says; what it has begun in the background ends with it."""
        with open(self.folder / "said", "w+") as said:
            process = subprocess.Popen(["bash", "-eu", "-c", script], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                                       env={**self.environment, **more}, start_new_session=True)
            try:
                process.wait(timeout=patient(120))
            except subprocess.TimeoutExpired:
                pass
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()
            said.seek(0)
            return process.returncode, said.read()

    def owner(self, sql):
        self.server.sql(self.server.url("mailfrom"), sql)


def blocks(title, language):
    return "\n".join(text for one, text in section(title) if one == language)


def on_one_machine(machine):
    code, said = machine.bash(blocks("Try it on one machine", "sh"))
    check("the walk on one machine works", [said] if code else [])
    for name in ("identities.csv", "fleet.yaml"):
        (machine.folder / name).rename(machine.folder / f"{name}.first")
    check("the journal was made", [] if "made a journal in the schema mailfrom" in said else [said])
    check("both workers have carried their lanes", [] if said.count("carried to the end") >= 2 else [said])
    rows = [line for line in said.splitlines() if line.startswith(("team-a,", "team-b,"))]
    check("and the report has every identity", [] if len(rows) == 3 and all(",done," in row for row in rows) else [said])


# Other identities each time, for a stand-in that begins anew has forgotten what was written.
PREPARED = """rm -f ready; n=$(date +%s%N)
sed "s/\\([abc]\\)\\.example/\\1$n.example/g" identities.csv.first >identities.csv
sed "s/\\([abc]\\)\\.example/\\1$n.example/g" fleet.yaml.first >fleet.yaml
ses-sim --identities identities.csv --credentials keys.csv >ready &
until grep -q ^ready ready; do sleep 0.1; done
export AWS_ENDPOINT_URL=$(sed -n 's/^ready //p' ready) AWS_EC2_METADATA_DISABLED=true
export AWS_SHARED_CREDENTIALS_FILE=$PWD/keys AWS_CONFIG_FILE=/dev/null
as() { user=$1; shift; MAILFROM_JOURNAL="postgresql:///mailfrom?user=$user${TEAM:+&team=$TEAM}" mailfrom "$@"; }
refused() { if "$@"; then echo "was not refused: $*" >&2; exit 1; fi; }
"""


def who_may_do_what(machine):
    machine.owner(blocks("Who may do what", "sql"))
    machine.owner("CREATE ROLE looker LOGIN IN ROLE mailfrom_reader; CREATE ROLE worker_b LOGIN IN ROLE mailfrom_worker;")
    code, said = machine.bash(PREPARED + """
as submitter apply fleet.yaml --yes --submit >number
as looker status "$(cat number)"
as looker report 1 >report
refused as looker pause "$(cat number)"
refused as looker work --once
refused as looker apply fleet.yaml --yes --submit
refused as submitter work --once
refused as worker_a apply fleet.yaml --yes --submit
as submitter pause "$(cat number)"
as submitter resume "$(cat number)" --submit
as worker_a work --once
as operator apply fleet.yaml --yes
as looker journal copy "postgresql:///mailfrom?user=looker" looked.db
for user in looker submitter worker_a operator; do
    refused psql -qX -U "$user" -c "DELETE FROM mailfrom.record" mailfrom
    refused psql -qX -U "$user" -c "UPDATE mailfrom.record SET state = 1" mailfrom
    refused psql -qX -U "$user" -c "DROP TABLE mailfrom.record" mailfrom
done
""")
    check("each role may do what the page says, and no more", [said] if code else [])


def lanes_by_role(machine):
    machine.owner(blocks("Lanes by role", "sql"))
    code, said = machine.bash(PREPARED + """
as submitter apply fleet.yaml --yes --submit >number
as worker_b work --once || [ $? = 4 ]
as submitter status "$(cat number)" >status
grep -q 'team-a us-east-1, eu-west-1: ' status
as worker_a work --once || [ $? = 4 ]
as submitter report "$(cat number)" | cut -d, -f1,6 >outcomes
test "$(grep -c done outcomes)" = 3
""")
    check("a lane is carried by the roles that the table names", [said] if code else [])
    machine.owner("DELETE FROM mailfrom.carrier")


def teams(machine):
    machine.owner(blocks("Runs of one team, closed to another", "sql"))
    code, said = machine.bash(PREPARED + """
TEAM=team_a as submitter apply fleet.yaml --yes --submit >number
as submitter status "$(cat number)" >status
as worker_a status "$(cat number)" >status
refused as worker_b status "$(cat number)"
refused as looker report "$(cat number)"
test "$(psql -qXAt -U worker_b -c "SELECT count(*) FROM mailfrom.run WHERE id = $(cat number)" mailfrom)" = 0
test "$(psql -qXAt -U worker_b -c "SELECT count(*) FROM mailfrom.choice WHERE run = $(cat number)" mailfrom)" = 0
as worker_a work --once || [ $? = 4 ]
""")
    check("a team's runs are there for its members alone", [said] if code else [])


def more(machine):
    for title in ("Look inside",):
        machine.owner(blocks(title, "sql"))
    code, said = machine.bash(PREPARED + "export MAILFROM_JOURNAL='postgresql:///mailfrom'\nmkdir -m 700 old; cd old\n"
                              "export PGUSER=postgres\nmailfrom journal copy \"$MAILFROM_JOURNAL\" .mailfrom/journal.db\n"
                              + blocks("Move a journal", "sh") + blocks("Backup, and a failover", "sh") + blocks("Upgrade", "sh"))
    check("copies, backup and migration are as the page says", [said] if code or "are equal in both journals" not in said else [])
    with pg_server.Pooler(machine.server) as pooler:
        code, said = machine.bash(PREPARED + "mailfrom apply fleet.yaml --yes", MAILFROM_JOURNAL=pooler.url("mailfrom"))
        check("a pooler may lie between", [said] if code else [])


def sandbox(machine):
    """The system calls of a worker, which the unit has to allow."""
    lines = Unit(PACKAGING / "systemd/mailfrom-work@.service")["Service"]["SystemCallFilter"].splitlines()
    allowed = calls_of([name for line in lines if not line.startswith("~") for name in line.split()] + ["@default"])
    allowed -= calls_of(name for line in lines if line.startswith("~") for name in line[1:].split())
    code, said = machine.bash(PREPARED + "export MAILFROM_JOURNAL=postgresql:///mailfrom\nmailfrom apply fleet.yaml --yes --submit\n"
                              "strace -f -o trace mailfrom work --once\ntrue\n")
    made = set(re.findall(r"^\d+ +(\w+)\(", (machine.folder / "trace").read_text(), re.M))
    check("a worker needs no system call that its unit refuses", [said] if code or "connect" not in made else sorted(made - allowed))


def main():
    with pg_server.Server() as server, tempfile.TemporaryDirectory() as temporary:
        machine = Machine(server, pathlib.Path(temporary))
        for walk in (on_one_machine, who_may_do_what, lanes_by_role, teams, more, sandbox):
            walk(machine)
    verdict()


main()
