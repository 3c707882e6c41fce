"""What the crash campaigns stand on: a DNS server that answers from a rule, ses-sim, small mixed
fleets, and readers of the two witnesses, the journal and the server's log.

Everything is on loopback. A campaign prints its seed and its counts, and ends with 1 on the first
complaint."""

import concurrent.futures
import csv
import datetime
import json
import os
import pathlib
import shutil
import socket
import sqlite3
import struct
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "wire"))

from timeouts import patient

SES_HOST = "feedback-smtp.us-east-1.amazonses.com"
KEY = ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")  # of the AWS documentation
ACCOUNT = "111122223333"
INTENT, ANSWER = 1, 2  # enum record_kind
UNSURE = 6  # enum job_state
KINDS = ("set", "tight", "set", "change", "set", "as-wanted", "tight", "clear", "failed", "late")
# What a kill may change in a row of the report: when, how many calls, and the sentence that tells
# an identity found as wanted from one that this process made so.
MAY_DIFFER = {"writes", "calls", "first_seen", "finished", "reason", "findings", "source"}


class Dns:
    """Answers MX and TXT at bounce.* and old.* as SES wants them, and denies everything else. A name with
    "late" in it is denied the first time."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.socket.bind(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.socket.getsockname()[1]
        self.asked = set()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            query, peer = self.socket.recvfrom(4096)
            try:
                self.socket.sendto(self._answer(query), peer)
            except (IndexError, struct.error):
                continue

    @staticmethod
    def _name(query):
        at, labels = 12, []
        while query[at]:
            labels.append(query[at + 1 : at + 1 + query[at]].decode("latin-1").lower())
            at += 1 + query[at]
        return labels, at + 1

    def _answer(self, query):
        labels, end = self._name(query)
        kind = struct.unpack("!H", query[end : end + 2])[0]
        name, data = ".".join(labels), b""
        late = "late" in name and (name, kind) not in self.asked
        self.asked.add((name, kind))
        known = labels[:1] in (["bounce"], ["old"]) or name == "amazonses.com"
        if known and not late and kind == 15:
            host = b"".join(bytes([len(p)]) + p.encode() for p in SES_HOST.split(".")) + b"\0"
            data = struct.pack("!H", 10) + host
        if known and not late and kind == 16:
            text = b"v=spf1 ip4:199.255.192.0/22 ~all" if labels[0] == "amazonses" else b"v=spf1 include:amazonses.com ~all"
            data = bytes([len(text)]) + text
        rcode = 0 if known and not late else 3
        head = query[:2] + struct.pack("!HHHHH", 0x8580 | rcode, 1, 1 if data else 0, 0, 0)
        record = b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 60, len(data)) + data if data else b""
        return head + query[12 : end + 4] + record


class Fleet:
    """`count` identities of every kind, in a domain of its own."""

    def __init__(self, number, count, folder):
        self.number, self.folder = number, pathlib.Path(folder) / f"fleet{number}"
        self.folder.mkdir(parents=True, mode=0o700)
        self.journal = self.folder / "journal.db"
        self.manifest = self.folder / "fleet.yaml"
        self.rows = []
        for i in range(count):
            kind = KINDS[i % len(KINDS)]
            identity = f"{'late' if kind == 'late' else 'd'}{i}.f{number}.test"
            self.rows.append((identity, kind))
        self._write()

    def _write(self):
        lines = ["version: 1", "defaults: {region: us-east-1, mail_from: 'bounce.{domain}'}", "identities:"]
        for identity, kind in self.rows:
            more = ", mail_from: default" if kind == "clear" else ""
            more += ", behavior_on_mx_failure: REJECT_MESSAGE" if kind == "tight" else ""
            lines.append(f"  - {{identity: {identity}{more}}}")
        self.manifest.write_text("\n".join(lines) + "\n")

    def ses_rows(self):
        for identity, kind in self.rows:
            mail_from, status = "", ""
            if kind in ("change", "clear"):
                mail_from, status = "old." + identity, "SUCCESS"
            elif kind in ("as-wanted", "failed"):
                mail_from, status = "bounce." + identity, "SUCCESS" if kind == "as-wanted" else "FAILED"
            yield [ACCOUNT, "us-east-1", identity, "DOMAIN", "SUCCESS", mail_from, "USE_DEFAULT_VALUE", status, "true"]

    def wanted(self):
        """identity -> (mail_from, behaviour, status) at the end; v1 spellings."""
        for identity, kind in self.rows:
            behavior = "RejectMessage" if kind == "tight" else "UseDefaultValue"
            yield identity, ("" if kind == "clear" else "bounce." + identity, behavior, "" if kind == "clear" else "Success")

    def report(self, name):
        with open(self.folder / name, newline="") as table:
            rows = list(csv.DictReader(table))
        for row in rows:
            for column in row:
                row[column] = row[column].replace(f".f{self.number}.", ".f.")
        return rows


class Sim:
    """ses-sim with the identities of the fleets; plain http unless it is told otherwise."""

    def __init__(self, program, fleets, dns, folder, *options):
        self.folder = pathlib.Path(folder)
        self.log = self.folder / "ses-calls.jsonl"
        table = self.folder / "identities.csv"
        with open(table, "w", newline="") as out:
            writer = csv.writer(out)
            writer.writerow("account,region,identity,type,verified,mail_from,behavior,status,forwarding".split(","))
            for fleet in fleets:
                writer.writerows(fleet.ses_rows())
        command = [program, "--identities", table, "--resolver", dns.address, "--rate", "1000000", "--burst", "1000000",
                   "--detect-after", "0", "--log", self.log, *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().split()[1]

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def calls(self):
        with open(self.log) as log:
            for line in log:
                call = json.loads(line)
                when = datetime.datetime.fromisoformat(call["time"].replace("Z", "+00:00"))
                call["at"] = int(when.timestamp() * 1e6)
                yield call


class Mailfrom:
    def __init__(self, program, url, dns):
        self.program, self.url, self.dns = program, url, dns
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        self.environment.update(AWS_ACCESS_KEY_ID=KEY[0], AWS_SECRET_ACCESS_KEY=KEY[1], AWS_REGION="us-east-1",
                                AWS_EC2_METADATA_DISABLED="true", AWS_ENDPOINT_URL=url)

    def command(self, fleet, *arguments):
        """The first life of a fleet is an apply, the next ones resume it."""
        if Journal.has_run(fleet.journal):
            verb = ["resume"]
        else:
            verb = ["apply", fleet.manifest, "--yes", "--resolver", self.dns.address, "--dns", "recursive",
                    "--endpoint-url", self.url, *arguments]
        return [self.program, *verb, "--journal", fleet.journal, "--progress", "none"]

    def start(self, fleet, *arguments, **options):
        options = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "env": self.environment, "text": True, **options}
        return subprocess.Popen(self.command(fleet, *arguments), **options)

    def finish(self, fleet, *arguments, timeout=120):
        """Runs to the end. Exit code and what it said."""
        process = self.start(fleet, *arguments)
        said = process.communicate(timeout=patient(timeout))[1]
        return process.returncode, said

    def report(self, fleet, name):
        subprocess.run([self.program, "report", "1", "--journal", fleet.journal, "--report", f"csv:{fleet.folder / name}"],
                       check=True, env=self.environment, stdout=subprocess.DEVNULL)
        return fleet.report(name)


class Journal:
    """Reads a private copy, as a stranger would find it on the disk."""

    def __init__(self, path):
        self.folder = tempfile.TemporaryDirectory()
        copy = pathlib.Path(self.folder.name) / "journal.db"
        shutil.copyfile(path, copy)
        if pathlib.Path(f"{path}-wal").exists():
            shutil.copyfile(f"{path}-wal", f"{copy}-wal")
        self.db = sqlite3.connect(copy)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.db.close()
        self.folder.cleanup()

    @staticmethod
    def has_run(path):
        if not pathlib.Path(path).exists():
            return False
        with Journal(path) as journal:
            tables = journal.db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'run'").fetchone()[0]
            return bool(tables and journal.db.execute("SELECT count(*) FROM run").fetchone()[0])

    def records(self):
        return self.db.execute("SELECT seq, job, at, kind, from_state, state, outcome, write_mail_from, write_behavior"
                               " FROM record ORDER BY seq").fetchall()

    def identities(self):
        return dict(self.db.execute("SELECT place, identity FROM choice WHERE run = 1").fetchall())

    def run_has_ended(self):
        return self.db.execute("SELECT state FROM run ORDER BY id DESC LIMIT 1").fetchone()[0] == 2  # RUN_ENDED

    def healthy(self):
        return self.db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"

    def calls(self):
        """Calls that jobs say they took part in, by their last records."""
        return self.db.execute("SELECT sum(calls) FROM record WHERE seq IN (SELECT max(seq) FROM record GROUP BY job)").fetchone()[0]


def rows_differ(calm, shaken):
    """Complaints about rows that a kill must not have changed."""
    complaints = []
    if len(calm) != len(shaken):
        return [f"{len(shaken)} rows instead of {len(calm)}"]
    for a, b in zip(calm, shaken):
        for column in a:
            same = a[column] == b[column] or {a[column], b[column]} == {"done", "unchanged"} and column == "outcome"
            if column not in MAY_DIFFER and not same:
                complaints.append(f"{b['identity']}: {column} is '{b[column]}', undisturbed '{a[column]}'")
    return complaints


def ses_differs(url, fleet):
    """Complaints of an outsider, AWS's own SDK, about the end state."""
    import boto3

    ses = boto3.client("ses", endpoint_url=url, region_name="us-east-1", aws_access_key_id=KEY[0],
                       aws_secret_access_key=KEY[1])
    wanted, complaints = dict(fleet.wanted()), []
    names = list(wanted)
    for first in range(0, len(names), 100):
        answer = ses.get_identity_mail_from_domain_attributes(Identities=names[first : first + 100])
        for identity in names[first : first + 100]:
            a = answer["MailFromDomainAttributes"].get(identity, {})
            is_set = a.get("MailFromDomain", "")
            found = (is_set, a.get("BehaviorOnMXFailure", "UseDefaultValue"), a.get("MailFromDomainStatus", "") if is_set else "")
            if found != wanted[identity]:
                complaints.append(f"{identity}: SES has {found}, wanted {wanted[identity]}")
    return complaints


def witnesses_differ(fleet, calls, counts):
    """Holds the server's log against the journal. counts: a Counter that learns what was seen."""
    complaints, clock_slack = [], 2000  # the log shows whole milliseconds
    with Journal(fleet.journal) as journal:
        names, records = journal.identities(), journal.records()
        if not journal.healthy():
            complaints.append("the journal is damaged")
    by_identity = {name: {"intents": [], "writes": [], "looks": []} for name in names.values()}
    for _, job, at, kind, _, state, _, mail_from, behavior in records:
        intents = by_identity[names[job]]["intents"]
        if kind == INTENT:
            word = "REJECT_MESSAGE" if behavior else "USE_DEFAULT_VALUE"
            intents.append({"at": at, "value": (mail_from or "", word), "answered": False, "arrived": 0})
        elif kind == ANSWER and state != UNSURE and intents:  # unsure: it was lost
            intents[-1]["answered"] = True
    for call in calls:
        for identity in call["identities"]:
            if identity not in by_identity:
                continue
            if "mail_from" in call:
                by_identity[identity]["writes"].append((call["at"], (call["mail_from"], call["behavior"])))
            elif "MailFrom" in call["action"] or call["action"] == "GetEmailIdentity":
                by_identity[identity]["looks"].append(call["at"])
    for identity, story in by_identity.items():
        complaints += [f"{identity}: {c}" for c in job_history_faults(story, counts, clock_slack)]
    return complaints


def job_history_faults(story, counts, slack):
    """Complaints about one identity. Each write belongs to the newest intent before it that is not
    another write's, which is why the newest write chooses first."""
    chosen, intents = [], story["intents"]
    for when, value in reversed(story["writes"]):
        fits = [i for i in intents if not i["arrived"] and i["value"] == value and i["at"] <= when + slack]
        if fits:
            fits[-1]["arrived"] = when
        else:
            yield f"a write of {value} reached SES without an intent before it"
        chosen.append((when, fits[-1] if fits else None))
    counts["writes"] += len(chosen)
    chosen.reverse()
    for (_, before), (when, intent) in zip(chosen, chosen[1:]):
        if not before or not intent or before["value"] != intent["value"]:
            continue
        counts["repeated writes"] += 1
        if before["answered"]:
            yield f"{intent['value']} was written again although its answer was kept"
        elif not any(before["at"] < look <= when + slack for look in story["looks"]):
            yield f"{intent['value']} was written again without a look"
    counts["intents"] += len(intents)
    for intent in intents:
        counts["intents never sent"] += not intent["arrived"]
        if intent["answered"] and not intent["arrived"]:
            yield f"an answer to {intent['value']}, which never reached SES, is in the journal"


def in_parallel(workers, work, items):
    """Complaints of all; work(item) gives a list of them."""
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        return [c for complaints in pool.map(work, items) for c in complaints]


def verdict(title, seed, counts, complaints):
    told = ", ".join(f"{n} {what}" for what, n in sorted(counts.items()))
    for complaint in complaints[:30]:
        print("# " + str(complaint))
    print(f"{'not ok' if complaints else 'ok'} 1 - {title}: seed {seed}, {told}, {len(complaints)} complaints")
    return 1 if complaints else 0
