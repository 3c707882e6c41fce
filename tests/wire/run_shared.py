#!/usr/bin/python3
"""The verbs over a journal in PostgreSQL, as a person uses them: submit, work, status, orders, resume, rollback,
report, watch, due, and what each says to wrong input. Arguments: mailfrom, ses-sim."""

import json
import os
import pathlib
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import jsonschema
import pg_server
from rehearsal_room import CANNOT_RUN, DONE, STOPPED, TROUBLE, Room, check, until, verdict
from timeouts import patient

SCHEMA = json.loads((pathlib.Path(__file__).parents[2] / "docs/progress.schema.json").read_text())
REGIONS = ("us-east-1", "eu-west-1")
PAUSE = 1.5  # seconds until workers have heard of an order, and what was on its way has arrived


class Shared(Room):
    """Accounts a0 and a1 with a profile each, in two Regions; the journal is a database."""

    def __init__(self, server, each=3, keys=(0, 1), rate=200):
        self.url_of_journal, self.keys = server.database(), keys
        identities = {f"d{n}.{region}.a{a}.example": {"account": f"11110000000{a}", "region": region, "of": f"a{a}"}
                      for a in range(2) for region in REGIONS for n in range(each)}
        super().__init__(*sys.argv[1:3], identities, rate=rate)
        self.rate = rate
        self.give(keys)
        self.manifest_of("fleet.yaml")
        self.ends("journal init", DONE, "journal", "init")

    def write_table(self):
        super().write_table()
        rows = "".join(f"11110000000{a},AKIDEXAMPLE{a},secret{a},,,\n" for a in range(2))
        (self.path / "keys.csv").write_text("account,access_key_id,secret_access_key,session_token,deny,state\n" + rows)
        self.more_sim = ["--credentials", self.path / "keys.csv"]

    def give(self, keys):
        (self.path / ".aws").mkdir(exist_ok=True)
        (self.path / ".aws/credentials").write_text("".join(
            f"[p{a}]\naws_access_key_id = AKIDEXAMPLE{a}\naws_secret_access_key = secret{a}\n" for a in keys))

    def manifest_of(self, name, **more):
        rows = [{"identity": i, "account": row["of"], "region": row["region"]} for i, row in self.identities.items()]
        accounts = {f"a{a}": {"profile": f"p{a}", "account_id": f"11110000000{a}"} for a in range(2)}
        (self.path / name).write_text(json.dumps({"version": 1, "accounts": accounts, "identities": rows,
                                                  "defaults": {"mail_from": "bounce.{domain}"}, **more}))

    def environment(self):
        kept = {k: v for k, v in super().environment().items() if not k.startswith("AWS_") or "METADATA" in k}
        return {**kept, "AWS_ENDPOINT_URL": self.url, "MAILFROM_JOURNAL": self.url_of_journal}

    def command(self, verb, *arguments):
        plain = ("journal", "pause", "pace", "stop", "completion")
        return [self.mailfrom, verb, *map(str, arguments)] if verb in plain else super().command(verb, *arguments)

    def told(self, run):
        """status --format json, held against its schema."""
        line = self.run("status", run, "--format", "json").stdout_text
        told = json.loads(line)
        jsonschema.validate(told, SCHEMA)
        return told

    def leases(self, run):
        return {(lane["account"], lane["region"]): lane["lease"] for lane in self.told(run)["lanes"]}


def says(title, text, *wanted):
    for words in wanted:
        check(f"{title}: {words}", words in text, text)


def submitted(server):
    with Shared(server) as room:
        told = room.ends("without a run status says so", CANNOT_RUN, "status")
        says("no run", told, "holds no run yet")
        done = room.run("apply", "fleet.yaml", "--yes", "--submit")
        check("--submit prints the number of the run", done.returncode == DONE and done.stdout_text == "1\n",
              done.stdout_text, done.stderr_text)
        says("--submit", done.stderr_text, "run 1 is in the journal", "mailfrom status 1 --watch", "mailfrom work")
        check("nothing was written", not room.writes())
        told = room.told(1)
        check("its state is submitted", told["state"] == "submitted" and told["workers"] == 0, told)
        check("every lane is free", {lease["state"] for lease in room.leases(1).values()} == {"free"}, told)
        text = room.ends("status", DONE, "status", 1)
        says("status", text, "submitted, and no worker carries it now", "To carry it, here or on any machine (as a role that carries lanes: user=ROLE in the URL): ", "Lanes: 4 that wait for a worker",
             "a0 us-east-1, eu-west-1: nobody carries it yet")
        room.ends("work --once carries it", DONE, "work", "--once", "--name", "alpha")
        check("each identity was written once", len(room.writes()) == len(room.identities), len(room.writes()))
        check("and is done", set(room.outcomes(1).values()) == {"done"}, room.outcomes(1))
        check("the run has ended", room.told(1)["state"] == "ended", room.told(1))
        says("status --all", room.ends("status --all lists the run", DONE, "status", "--all"), "apply", "12 identities  ended")
        room.ends("nothing is left for another worker", DONE, "work", "--once")
        runs = room.run("completion", "runs").stdout_text
        check("completion knows the run", runs.startswith("1\tapply of "), runs)
        done = room.run("apply", "fleet.yaml", "--yes")
        check("a second apply finds nothing to do", done.returncode == DONE, done.stderr_text)
        check("and writes nothing", len(room.writes()) == len(room.identities))


def carried(server):
    """apply and rollback are submit and work in one process."""
    with Shared(server) as room:
        done = room.run("apply", "fleet.yaml", "--yes", "--report", "csv:done.csv", "--progress", "json")
        check("apply carries its run", done.returncode == DONE, done.returncode, done.stdout_text, done.stderr_text)
        lines = [json.loads(line) for line in done.stderr_text.splitlines() if line.startswith("{")]
        for line in lines:
            jsonschema.validate(line, SCHEMA)
        check("progress ends with the end", lines and lines[-1]["type"] == "end" and lines[-1]["state"] == "ended", lines[-1:])
        check("the report has every row", (room.path / "done.csv").read_text().count(",done,") == len(room.identities))
        says("the end", done.stdout_text, "To take it back: ", "mailfrom rollback 1")
        room.ends("rollback", DONE, "rollback", 1, "--yes")
        check("puts all of it back", len(room.writes()) == 2 * len(room.identities))
        done = room.run("apply", "fleet.yaml", "--yes", "--dry-run")
        check("a dry run writes nothing", done.returncode == DONE and len(room.writes()) == 2 * len(room.identities), done.stderr_text)
        room.ends("a plan file", DONE, "plan", "fleet.yaml", "--out", "fleet.plan")
        room.ends("is carried out", DONE, "apply", "--plan", "fleet.plan", "--yes")
        check("as it was reviewed", set(room.outcomes(3).values()) == {"done"}, room.outcomes(3))
        room.ends("a rollback is submitted", DONE, "rollback", 3, "--yes", "--submit")
        room.ends("and carried by anybody", DONE, "work", 4, "--once")
        check("as its report says", set(room.outcomes(4).values()) == {"done"}, room.outcomes(4))


def nobody_can(server):
    """Credentials for one account of two."""
    with Shared(server, keys=(0,)) as room:
        done = room.run("apply", "fleet.yaml", "--yes")
        check("apply does what it can", done.returncode == STOPPED, done.returncode, done.stderr_text)
        says("the rest", done.stderr_text, "run 1 is not at its end: 2 of its 4 lanes are open")
        check("half of it", len(room.writes()) == len(room.identities) // 2, len(room.writes()))
        leases = room.leases(1)
        check("JSON says what nobody could carry, who has tried and why",
              all(leases["a1", r]["state"] == "no-worker-can" and "p1" in leases["a1", r]["tried"]["why"] for r in REGIONS), leases)
        text = room.ends("status says it", DONE, "status", 1)
        says("status", text, "2 that no worker could carry", "a1 us-east-1, eu-west-1: nobody carries it: ", "has tried", "p1")
        room.ends("work --once leaves it, too", STOPPED, "work", "--once", "--name", "beta")
        says("status", room.run("status", 1).stdout_text, "beta has tried")
        room.give((0, 1))
        room.ends("with the credentials it goes on to the end", DONE, "work", "--once", "--lanes", "a1/*")
        check("and everything is done", set(room.outcomes(1).values()) == {"done"}, room.outcomes(1))


def left_over(server):
    """What work --once leaves, and why: other workers, --lanes, an earlier run, the table carrier, a stop."""
    with Shared(server, each=20, rate=2) as room:
        room.ends("submit", DONE, "apply", "fleet.yaml", "--yes", "--submit")
        told = room.ends("lanes that are not meant", STOPPED, "work", 1, "--once", "--lanes", "b9/*")
        says("--lanes", told, "nothing more can be carried here now: 0 lanes were carried",
             "4 lanes are open and not carried here: 4 not among --lanes")
        holder = room.start("work", "--name", "alpha", "--lanes", "a0/*", "--lanes", "a1/us-east-1")
        until(lambda: len(room.writes()) > 2)
        told = room.ends("lanes that others hold", STOPPED, "work", 1, "--once", "--lanes", "a0/*")
        says("lanes of others", told, "4 lanes are open", "2 held by other workers, 2 not among --lanes")
        holder.kill()
        holder.wait(patient(60))
        told = room.ends("lanes whose worker was killed a moment ago", STOPPED, "work", "--once", "--lanes", "a0/*")
        says("lanes of the dead", told, "2 held by other workers")
        room.ends("stop", DONE, "stop", 1)
        says("a stop", room.ends("a stopping run", STOPPED, "work", 1, "--once", "--lanes", "a0/*"), "held by other workers")
    with Shared(server) as room:
        room.ends("submit", DONE, "apply", "fleet.yaml", "--yes", "--submit")
        room.ends("stop", DONE, "stop", 1)
        says("a stop", room.ends("a stopped run", STOPPED, "work", 1, "--once"), "run 1 is stopped", "mailfrom resume 1")
        room.ends("resume opens it", DONE, "resume", 1, "--submit")
        server.sql(room.url_of_journal, "CREATE ROLE carries_a0 LOGIN IN ROLE mailfrom_worker, mailfrom_submitter; "
                                        "INSERT INTO mailfrom.carrier VALUES ('carries_a0', '111100000000/*'), ('postgres', '111100000001/*')")
        owner, room.url_of_journal = room.url_of_journal, room.url_of_journal.replace("user=postgres", "user=carries_a0")
        told = room.ends("a role that may carry half of it", STOPPED, "work", "--once")
        says("the table carrier", told, "2 lanes are open and not carried here: 2 which this role of the database may not carry")
        told = room.ends("resume by that role", STOPPED, "resume", 1)
        says("resume", told, "2 of its 4 lanes are open, and nobody carries them. 2 of them this role of the database may not carry "
             "(table carrier): a worker whose role may can")
        room.url_of_journal = owner
        room.ends("the owner carries the rest", DONE, "work", 1, "--once")
        says("an ended run", room.ends("work on an ended run", DONE, "work", 1, "--once"), "nothing is left to carry")


def roles(server):
    """What a role of the database may not do, and what the sentence says would mend it."""
    with Shared(server) as room:
        server.sql(room.url_of_journal, "CREATE ROLE only_reads LOGIN IN ROLE mailfrom_reader; CREATE ROLE nobody_here LOGIN; "
                                        "CREATE ROLE only_submits LOGIN IN ROLE mailfrom_submitter")
        owner = room.url_of_journal
        by = lambda role: owner.replace("user=postgres", f"user={role}")
        done = room.run("apply", "fleet.yaml", "--yes", "--submit", "--journal", by("only_submits"))
        check("a submitter submits", done.returncode == DONE, done.stderr_text)
        says("who carries", done.stderr_text, "(as a role that carries lanes: user=ROLE in the URL)")
        check("the command names no user that cannot work", "user=only_submits" not in done.stderr_text.split("To carry it")[1],
              done.stderr_text)
        for verb, role, wanted in ((("work", "--once"), "only_submits", "members of mailfrom_worker carry lanes"),
                                   (("watch", "fleet.yaml"), "only_reads", "members of mailfrom_submitter begin runs, give orders and watch"),
                                   (("pause", 1), "only_reads", "members of mailfrom_submitter begin runs"),
                                   (("status",), "nobody_here", "mailfrom_reader")):
            told = room.ends(f"{verb[0]} by {role}", CANNOT_RUN, *verb, "--journal", by(role))
            says(f"{verb[0]} by {role}", told, wanted)
            check("the roles are named", "SCHEMA_" not in told, told)
        empty = server.database()
        told = room.ends("init by a role without CREATE", CANNOT_RUN, "journal", "init", "--journal",
                         empty.replace("user=postgres", "user=nobody_here"))
        says("init", told, "GRANT CREATE ON DATABASE", "the owner of the schema mailfrom")
        told = room.ends("init of what is there", DONE, "journal", "init", "--journal", by("only_submits"))
        says("init again", told, "the journal in the schema mailfrom is up to date")


def ordered(server):
    with Shared(server, each=40, rate=4) as room:
        room.ends("submit", DONE, "apply", "fleet.yaml", "--yes", "--submit")
        watch = room.start("status", 1, "--watch")
        worker = room.start("work", "--name", "alpha")
        until(lambda: len(room.writes()) > 8)
        check("status names the worker", room.leases(1)["a0", "us-east-1"]["worker"]["name"] == "alpha", room.leases(1))
        says("status", room.run("status", 1).stdout_text, "running, carried by 1 worker", "carried by alpha (pid ")
        says("status --all", room.run("status", "--all").stdout_text, "open, 4 of 4 lanes are carried", "Workers that have not ended:",
             "alpha (pid ", ": 4 lanes, seen ")
        says("pause", room.ends("pause", DONE, "pause"), "run 1 is paused, and its workers hear of it within a second")
        until(lambda: False, PAUSE)
        before = len(room.writes())
        until(lambda: False, PAUSE)
        check("a paused run writes nothing", len(room.writes()) == before, before, len(room.writes()))
        says("a second pause", room.ends("a second pause", DONE, "pause", 1), "is paused already, by root (pid ")
        check("JSON says paused", room.told(1)["state"] == "paused" and "by root" in room.told(1)["reason"], room.told(1))
        says("status", room.run("status", 1).stdout_text, "paused, carried by 1 worker", "Paused by root (pid ", "mailfrom resume 1")
        says("pace", room.ends("pace", DONE, "pace", 1, "--rate", 20), "at most 20 calls a second")
        says("resume", room.ends("resume lets it go on", DONE, "resume", 1), "run 1 goes on, and its workers hear of it")
        until(lambda: len(room.writes()) > before)
        check("and it writes", len(room.writes()) > before)
        says("stop", room.ends("stop", DONE, "stop", 1), "run 1 stops, and its workers hear of it within a second")
        until(lambda: room.told(1)["state"] == "stopped")
        told = watch.communicate(timeout=patient(60))[0]
        told = told if isinstance(told, str) else told.decode()
        says("status --watch", told, f"alpha (pid {worker.pid} on ", " carries a", "Run 1, apply, stopped: ")
        check("the run is stopped", room.told(1)["state"] == "stopped", room.told(1))
        check("the worker goes on", worker.poll() is None)
        says("a stopped run", room.ends("a stopped run takes no order", CANNOT_RUN, "pause", 1), "run 1 is stopped")
        says("stop --now", room.ends("stop --now is of one process", CANNOT_RUN, "stop", 1, "--now"), "second signal")
        room.ends("resume --submit opens it", DONE, "resume", 1, "--submit")
        until(lambda: room.told(1)["state"] == "ended", 120)
        check("and the worker carries it to its end", set(room.outcomes(1).values()) == {"done"}, room.outcomes(1))
        worker.send_signal(signal.SIGTERM)
        check("a signal ends the worker well", worker.wait(patient(60)) == DONE, worker.returncode, worker.stderr.read())
        report = json.loads(room.run("report", 1, "--report", "json:-", "--quiet").stdout_text)["run"]
        check("the report has the orders", [o["order"] for o in report["orders"]] == ["pause", "pace", "resume", "pace", "stop"], report)
        says("an ended run", room.ends("an ended run takes no order", CANNOT_RUN, "pause", 1), "run 1 has ended")
        says("no open run", room.ends("without a number", CANNOT_RUN, "pause"), "no run of this journal is open")


def remembered(server):
    """What watch and due remember lies in the database; the fleet is one whose DNS is not there yet."""
    with Shared(server) as room:
        room.names.records.clear()
        done = room.run("watch", "fleet.yaml", "--events", "events.jsonl")
        check("watch looks", done.returncode == TROUBLE, done.returncode, done.stderr_text)
        first = json.loads(room.run("watch", "fleet.yaml", "--format", "json").stdout_text)
        again = json.loads(room.run("watch", "fleet.yaml", "--format", "json").stdout_text)
        since = lambda told: sorted(p["since"] for p in told["problems"])
        check("and remembers since when", since(first) and since(first) == since(again), first, again)
        check("nothing lies beside", not (room.path / ".mailfrom").exists())
        told = room.ends("due asks", DONE, "due", "fleet.yaml")
        check("and has something to ask for", "a0.example" in told, told)
        count = lambda: int(server.sql(room.url_of_journal, "SELECT count(*) FROM mailfrom.asked")[0][0])
        check("and remembers it", count() > 1, count())


def reviewed(server):
    """A plan of who has credentials for one account of two: the other rows are left to who has the others."""
    with Shared(server, keys=(0,)) as room:
        room.run("plan", "fleet.yaml", "--out", "fleet.plan")
        told = room.ends("a reviewed plan is submitted", DONE, "apply", "--plan", "fleet.plan", "--yes", "--submit")
        says("what nobody has reviewed", told, "SES could not be asked from here about", "open without a review")
        check("what could not be asked is no verdict", "failed" not in room.outcomes(1).values(), room.outcomes(1))
        room.ends("one worker carries its part", STOPPED, "work", "--once", "--lanes", "a0/*")
        room.give((1,))
        room.ends("another one the rest", DONE, "work", "--once", "--lanes", "a1/*")
        check("and everything is done", set(room.outcomes(1).values()) == {"done"}, room.outcomes(1))
    with Shared(server, keys=(0,)) as room:
        room.run("plan", "fleet.yaml", "--out", "fleet.plan")
        room.ends("with a limit", DONE, "apply", "--plan", "fleet.plan", "--yes", "--submit", "--limit", 2)
        room.give((0, 1))
        room.ends("nobody goes beyond it", DONE, "work", "--once")
        check("of the whole run", sorted(set(room.outcomes(1).values())) == ["done", "skipped"] and len(room.writes()) == 2,
              room.outcomes(1), len(room.writes()))


def tried_again(server):
    """What another run has open does not begin again."""
    with Shared(server, keys=(0,)) as room:
        (room.path / "fleet.yaml").write_text(json.dumps({"version": 1, "accounts": {"a0": {"profile": "p0", "account_id": "111100000000"}},
            "identities": [{"identity": "nobody.example", "account": "a0", "region": REGIONS[0]}],
            "defaults": {"mail_from": "bounce.{domain}"}}))
        room.ends("a run with a bad row", TROUBLE, "apply", "fleet.yaml", "--yes")
        room.ends("and one that has it open", DONE, "apply", "fleet.yaml", "--yes", "--submit")
        told = room.ends("the row does not begin again", CANNOT_RUN, "resume", 1, "--retry-failed", "--submit")
        says("it", told, "run 2 (apply) is not finished", "nobody.example")
        check("the run stays at its end", room.told(1)["state"] == "ended", room.told(1))
        room.ends("given up", DONE, "resume", 2, "--give-up", "--quiet")
        room.ends("it begins again", DONE, "resume", 1, "--retry-failed", "--submit")


def of_a_team(server):
    """Who takes back what a team has done keeps it to the team, and so does who copies it."""
    with Shared(server) as room:
        ask = lambda sql, url=room.url_of_journal: server.sql(url, sql)
        ask("CREATE ROLE team_x NOLOGIN; CREATE ROLE team_y NOLOGIN; CREATE ROLE carol LOGIN IN ROLE mailfrom_submitter, team_x")
        room.ends("a run of a team", DONE, "apply", "fleet.yaml", "--yes", "--team", "team_x")
        room.ends("its rollback", DONE, "rollback", 1, "--yes", "--submit")
        teams = ask("SELECT team FROM mailfrom.run ORDER BY id")
        check("is the team's", [row[0] for row in teams] == ["team_x", "team_x"], teams)
        room.ends("is carried", DONE, "work", "--once")
        room.ends("another team", DONE, "apply", "fleet.yaml", "--yes", "--team", "team_y")
        told = room.ends("runs of two teams", CANNOT_RUN, "rollback", 1, "--through", 3, "--yes", "--submit")
        says("runs of two teams", told, "different teams")
        copy = server.database()
        room.ends("another journal", DONE, "journal", "init", "--journal", copy)
        told = room.ends("a copy", DONE, "journal", "copy", room.url_of_journal, copy)
        teams = ask("SELECT team FROM mailfrom.run ORDER BY id", copy)
        check("keeps the teams", [row[0] for row in teams] == ["team_x", "team_x", "team_y"], teams)
        ask("UPDATE mailfrom.run SET team = NULL WHERE id = 2", copy)
        told = room.run("journal", "copy", room.url_of_journal, copy)
        check("and compares them", told.returncode != DONE and "different teams" in told.stderr_text, told.stderr_text)
        told = room.ends("a file", DONE, "journal", "copy", room.url_of_journal, "copy.db")
        says("a file", told, "run 1 is of the team team_x")
        ask("INSERT INTO mailfrom.lost VALUES (3, 0, 'secret'), (99, 0, 'gone')")
        rows = ask("SELECT run FROM mailfrom.lost ORDER BY run", room.url_of_journal.replace("user=postgres", "user=carol"))
        check("losses are the team's, too", [row[0] for row in rows] == ["99"], rows)
        ask("ALTER ROLE postgres SET standard_conforming_strings = off")
        ask("INSERT INTO mailfrom.carrier VALUES ('postgres', '*\\_/*')")
        ask("INSERT INTO mailfrom.carrier VALUES ('postgres', '*')")
        room.ends("strings with escapes", DONE, "apply", "fleet.yaml", "--yes")
        ask("ALTER ROLE postgres RESET standard_conforming_strings")


def damaged(server):
    """Rows that somebody else has changed are damage of their run alone."""
    with Shared(server) as room:
        ask = lambda sql: server.sql(room.url_of_journal, sql)
        room.ends("one run", DONE, "apply", "fleet.yaml", "--yes", "--submit")
        for title, change in (("a rate beyond its bound", "rate_per_s = 20000"), ("a great rate", "rate_per_s = 1e300"),
                              ("no rate", "rate_per_s = 'Infinity'"), ("waves", "numbered = 70, has_waves = 1"),
                              ("a wave of nothing", "has_waves = 1, size = 0"), ("counts", "open = -1")):
            ask(f"CREATE TABLE kept AS SELECT * FROM mailfrom.run_shared; UPDATE mailfrom.run_shared SET {change}")
            done = room.run("work", "--once")
            check(f"{title}: the worker lives", done.returncode in (CANNOT_RUN, STOPPED), done.returncode, done.stderr_text)
            says(title, done.stderr_text, "the journal is damaged")
            ask("DELETE FROM mailfrom.run_shared; INSERT INTO mailfrom.run_shared SELECT * FROM kept; DROP TABLE kept")
        ask("UPDATE mailfrom.lease SET rate_per_s = '{1e300,-1,Infinity,NaN}', next_call = '{9000000000000000000}'")
        ask("UPDATE mailfrom.lease SET next_call = '{0}'")
        ask("CREATE TABLE kept AS SELECT * FROM mailfrom.account; DELETE FROM mailfrom.account")
        done = room.run("work", "--once")
        check("without accounts the worker lives", done.returncode in (CANNOT_RUN, STOPPED), done.returncode, done.stderr_text)
        says("without accounts", done.stderr_text, "the journal is damaged")
        check("nothing was written", not room.writes(), len(room.writes()))
        ask("INSERT INTO mailfrom.account SELECT * FROM kept")
        room.ends("mended it is carried", DONE, "work", "--once")


def wrong_input(server):
    with Shared(server) as room:
        says("a file", room.ends("work on a file", CANNOT_RUN, "work", "--journal", "j.db"), "the journal j.db is a file")
        says("a file", room.ends("submit to a file", CANNOT_RUN, "apply", "fleet.yaml", "--yes", "--submit", "--journal", "j.db"),
             "j.db is a file")
        for words, wanted in ((("--no-wait",), "--no-wait"), (("--publish",), "mailfrom publish first"),
                              (("--events", "e.jsonl"), "mailfrom watch RUN"),
                              (("--submit", "--report", "csv:r.csv"), "mailfrom report RUN")):
            says(words[0], room.ends(f"apply {words[0]}", CANNOT_RUN, "apply", "fleet.yaml", "--yes", *words), wanted)
        says("a password", room.ends("a password in the URL", CANNOT_RUN, "status", "--journal", "postgresql://u:p@127.0.0.1/x"),
             "has a password in it")
        slips = ("postgresql:/mailfrom", "POSTGRESQL://u:secret@h/x", "postgresql:x", "mysql://u:secret@x/y", "http://x/y",
                 "host=/tmp dbname=mailfrom password=secret")
        for name in slips + (room.url_of_journal.split("?")[0] + "?dbname=postgresql://u:secret@h/x",):
            for verb in (("status",), ("apply", "fleet.yaml", "--yes"), ("work", "--once"), ("watch", "fleet.yaml"), ("journal", "init")):
                told = room.ends(f"{verb[0]} {name}", CANNOT_RUN, *verb, "--journal", name)
                says(name, told, "expected ", "postgresql://HOST/DATABASE")
                check(f"{name} is not repeated", "secret" not in told, told)
        room.url_of_journal, right = slips[0], room.url_of_journal
        says("MAILFROM_JOURNAL", room.ends("from the environment", CANNOT_RUN, "status"), "expected postgresql://HOST/DATABASE")
        room.url_of_journal = right
        says("copy", room.ends("copy to a slip", CANNOT_RUN, "journal", "copy", right, slips[3]), '"mysql:"')
        check("no slip has become a file, and SES heard nothing",
              not [p for p in room.path.rglob("*") if p.name.split(":")[0] in ("postgresql", "POSTGRESQL", "mysql", "http") or "=" in p.name]
              and not room.writes(), list(room.path.iterdir()))
        empty = server.database()
        for verb in (("status",), ("apply", "fleet.yaml", "--yes"), ("work", "--once"), ("watch", "fleet.yaml")):
            says(verb[0], room.ends(f"{verb[0]} without tables", CANNOT_RUN, *verb, "--journal", empty), "mailfrom journal init")
        says("a run", room.ends("work on no run", CANNOT_RUN, "work", 9), "9")
        says("a manifest", room.ends("work on a manifest", CANNOT_RUN, "work", "fleet.yaml"), "fleet.yaml")


PARTS = {part.__name__: part for part in (submitted, carried, nobody_can, left_over, roles, reviewed, tried_again, of_a_team,
                                          damaged, ordered, remembered, wrong_input)}


def main():
    with pg_server.Server() as server:
        for name in sys.argv[3:] or PARTS:
            print("#", name, flush=True)
            PARTS[name](server)
    verdict()


main()
