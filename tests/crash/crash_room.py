"""What the crash campaigns stand on: a DNS server that answers from a rule, ses-sim, small mixed
fleets, and readers of the two witnesses, the journal and the server's log.

Everything is on loopback. A campaign prints its seed and its counts, and ends with 1 when there is a
complaint."""

import collections
import concurrent.futures
import csv
import datetime
import json
import multiprocessing
import multiprocessing.connection
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
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "wire"))

from timeouts import patient

SES_HOST = "feedback-smtp.us-east-1.amazonses.com"
KEY = ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")  # of the AWS documentation
ACCOUNT = "111122223333"
INTENT, ANSWER = 1, 2  # enum record_kind
WAITING_DNS, UNSURE, DONE = 3, 6, 8  # enum job_state
FAILED, EXPIRED = 7, 8  # enum outcome
KINDS = ("set", "tight", "set", "change", "set", "as-wanted", "tight", "clear", "failed", "late")
# What DNS said last, and what follows of it; where clocks run fast, its time-outs are short.
DNS_WORDS = {"mx", "spf", "dmarc", "dmarc_ready"}
# What a kill may change in a row of the report: when, how many calls, and the sentence that tells
# an identity found as wanted from one that this process made so.
MAY_DIFFER = {"writes", "calls", "first_seen", "finished", "reason", "findings", "source"}


class Dns:
    """Answers MX and TXT at bounce.* and old.* as SES wants them, and denies everything else. A name with
    "late" in it is denied the first time, that of an identity that is held until the instant said. It
    runs in a process of its own, for answers are wanted at once, whatever the campaign does."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.socket.bind(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.socket.getsockname()[1]
        self.asked, self.held, self.lock = set(), {}, threading.Lock()
        self.told, teller = multiprocessing.Pipe(duplex=False)
        multiprocessing.get_context("fork").Process(target=self._serve, daemon=True).start()
        self.teller = teller

    def hold(self, identity, until=float("inf")):
        """Until that instant it has no records; 0: it has them now."""
        with self.lock:
            self.teller.send((identity, until))

    def _serve(self):
        while True:
            for ready in multiprocessing.connection.wait([self.socket, self.told]):
                if ready is self.told:
                    self.held.update([self.told.recv()])
                    continue
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

    @staticmethod
    def host_of(_labels):
        """What the MX names."""
        return SES_HOST

    def _answer(self, query):
        labels, end = self._name(query)
        kind = struct.unpack("!H", query[end : end + 2])[0]
        name, data = ".".join(labels), b""
        late = "late" in name and (name, kind) not in self.asked
        self.asked.add((name, kind))
        known = labels[:1] in (["bounce"], ["old"]) or name == "amazonses.com"
        known = known and self.held.get(".".join(labels[1:]), 0) <= time.time()
        if known and not late and kind == 15:
            host = b"".join(bytes([len(p)]) + p.encode() for p in self.host_of(labels).split(".")) + b"\0"
            data = struct.pack("!H", 10) + host
        if known and not late and kind == 16:
            text = b"v=spf1 ip4:199.255.192.0/22 ~all" if labels[0] == "amazonses" else b"v=spf1 include:amazonses.com ~all"
            data = bytes([len(text)]) + text
        rcode = 0 if known and not late else 3
        head = query[:2] + struct.pack("!HHHHH", 0x8580 | rcode, 1, 1 if data else 0, 0, 0)
        record = b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 60, len(data)) + data if data else b""
        return head + query[12 : end + 4] + record


def environment_of_programs():
    """That of the shell, without its keys. Where clocks run fast, those of the programs do in every way."""
    return {k: v for k, v in os.environ.items() if not k.startswith("AWS_") and k != "CLOCK_WALL_ONLY"}


class Fleet:
    """`count` identities of every kind, in a domain of its own."""

    kinds, head = KINDS, ""  # head: further lines of the manifest

    def __init__(self, number, count, folder):
        self.number, self.folder = number, pathlib.Path(folder) / f"fleet{number}"
        self.folder.mkdir(parents=True, mode=0o700)
        self.journal = self.folder / "journal.db"
        self.manifest = self.folder / "fleet.yaml"
        self.rows = []
        for i in range(count):
            kind = self.kinds[i % len(self.kinds)]
            identity = f"{'late' if kind == 'late' else 'd'}{i}.f{number}.test"
            self.rows.append((identity, kind))
        self._write()

    def _write(self):
        lines = ["version: 1", *self.head.splitlines(), "defaults: {region: us-east-1, mail_from: 'bounce.{domain}'}", "identities:"]
        for identity, kind in self.rows:
            more = ", mail_from: default" if kind == "clear" else ""
            more += ", behavior_on_mx_failure: REJECT_MESSAGE" if kind == "tight" else ""
            more += self.more_of(kind)
            lines.append(f"  - {{identity: {identity}{more}}}")
        self.manifest.write_text("\n".join(lines) + "\n")

    def more_of(self, _kind):
        """Further keys of an identity of that kind."""
        return ""

    def ses_rows(self):
        for identity, kind in self.rows:
            mail_from, status = "", ""
            if kind in ("change", "clear", "back"):
                mail_from, status = "old." + identity, "SUCCESS"
            elif kind in ("as-wanted", "failed"):
                mail_from, status = "bounce." + identity, "SUCCESS" if kind == "as-wanted" else "FAILED"
            yield [ACCOUNT, "us-east-1", identity, "DOMAIN", "SUCCESS", mail_from, "USE_DEFAULT_VALUE", status, "true"]

    def wanted(self):
        """identity -> (mail_from, behaviour, status) at the end; v1 spellings. None: it is gone."""
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
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment_of_programs())
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

    def watch(self):
        """{fleet's number: an event}, set by a thread as soon as the log has a write of that fleet."""
        written = collections.defaultdict(threading.Event)

        def follow():
            begun = ""
            with open(self.log) as log:
                while self.process.poll() is None:
                    *lines, begun = (begun + log.read()).split("\n")
                    for line in lines:
                        if '"mail_from"' in line:
                            written[int(json.loads(line)["identities"][0].split(".")[1][1:])].set()
                    time.sleep(0.001)

        threading.Thread(target=follow, daemon=True).start()
        return written

    def calls_by_fleet(self):
        """{fleet's number: its calls}"""
        per_fleet = collections.defaultdict(list)
        for call in self.calls():
            for number in {i.split(".")[1] for i in call["identities"]}:
                per_fleet[int(number[1:])].append(call)
        return per_fleet


class Mailfrom:
    def __init__(self, program, url, dns):
        self.program, self.url, self.dns = program, url, dns
        self.environment = environment_of_programs()
        self.environment.update(AWS_ACCESS_KEY_ID=KEY[0], AWS_SECRET_ACCESS_KEY=KEY[1], AWS_REGION="us-east-1",
                                AWS_EC2_METADATA_DISABLED="true", AWS_ENDPOINT_URL=url)

    def command(self, fleet, *arguments):
        """The first life of a fleet is an apply, the next ones resume it. With "rollback" in front of the
        arguments the first one is the rollback of run 1."""
        beginning = ["rollback", "1"] if arguments[:1] == ("rollback",) else ["apply", fleet.manifest]
        if Journal.runs(fleet.journal) >= (2 if beginning[0] == "rollback" else 1):
            verb = ["resume"]
        else:
            verb = [*beginning, "--yes", "--resolver", self.dns.address, "--dns", "recursive", "--endpoint-url", self.url,
                    *(a for a in arguments if a != "rollback")]
        return [self.program, *verb, "--journal", fleet.journal, "--progress", "none"]

    def start(self, fleet, *arguments, **options):
        options = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "env": self.environment, "text": True, **options}
        return subprocess.Popen(self.command(fleet, *arguments), **options)

    def finish(self, fleet, *arguments, timeout=420):
        """Runs to the end. Exit code and what it said. A write without an answer may be waited for for five
        minutes."""
        process = self.start(fleet, *arguments)
        said = process.communicate(timeout=patient(timeout))[1]
        return process.returncode, said

    def report(self, fleet, name):
        subprocess.run([self.program, "report", "1", "--journal", fleet.journal, "--report", f"csv:{fleet.folder / name}"],
                       check=True, env=self.environment, stdout=subprocess.DEVNULL)
        return fleet.report(name)


Record = collections.namedtuple("Record", "seq run job at kind from_state state outcome write_mail_from write_behavior"
                                " accepted wave")


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
    def all_records(path):
        """Those of a journal that may not have begun."""
        if not Journal.has_run(path):
            return []
        with Journal(path) as journal:
            return journal.records()

    @staticmethod
    def has_seen(path, run):
        """Has SES ever answered in that run?"""
        with Journal(path) as journal:
            return journal.db.execute("SELECT count(*) FROM record WHERE run = ? AND seen_known", (run,)).fetchone()[0] > 0

    @staticmethod
    def runs(path):
        """How many there are; 0 where no journal is."""
        if not pathlib.Path(path).exists():
            return 0
        with Journal(path) as journal:
            tables = journal.db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'run'").fetchone()[0]
            return journal.db.execute("SELECT count(*) FROM run").fetchone()[0] if tables else 0

    @staticmethod
    def has_run(path):
        return Journal.runs(path) > 0

    def records(self):
        return [Record(*row) for row in self.db.execute(f"SELECT {', '.join(Record._fields)} FROM record ORDER BY seq")]

    def standing(self):
        """(identity, seq, state, accepted) of every row of the first run, by its last record."""
        return self.db.execute("SELECT identity, seq, state, accepted FROM record JOIN choice ON place = job AND choice.run = 1"
                               " WHERE seq IN (SELECT max(seq) FROM record WHERE run = 1 GROUP BY job)").fetchall()

    def identities(self):
        """{(run, job): identity}"""
        return {(run, place): name for run, place, name in self.db.execute("SELECT run, place, identity FROM choice")}

    def run_has_ended(self):
        return self.db.execute("SELECT state FROM run ORDER BY id DESC LIMIT 1").fetchone()[0] == 2  # RUN_ENDED

    def healthy(self):
        return self.db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"

    def calls(self):
        """Calls that jobs say they took part in, by their last records."""
        return self.db.execute("SELECT sum(calls) FROM record WHERE seq IN (SELECT max(seq) FROM record GROUP BY job)").fetchone()[0]


def rows_differ(calm, shaken, may_differ=frozenset()):
    """Complaints about rows that a kill must not have changed. may_differ: further columns."""
    complaints, calm, shaken = [], list(calm), list(shaken)
    if len(calm) != len(shaken):
        return [f"{len(shaken)} rows instead of {len(calm)}"]
    for a, b in zip(calm, shaken):
        for column in a:
            same = a[column] == b[column] or {a[column], b[column]} == {"done", "unchanged"} and column == "outcome"
            if column not in MAY_DIFFER | may_differ and not same:
                complaints.append(f"{b['identity']}: {column} is '{b[column]}', undisturbed '{a[column]}'")
    return complaints


class Sdk:
    """AWS's own client, for outsiders. It asks again as often as it takes, for minutes."""

    def __init__(self, url, key=KEY):
        import boto3
        import botocore.config
        import botocore.exceptions

        self.trouble = (botocore.exceptions.HTTPClientError, botocore.exceptions.ClientError)
        self.client = boto3.client("ses", endpoint_url=url, region_name="us-east-1", aws_access_key_id=key[0],
                                   aws_secret_access_key=key[1], config=botocore.config.Config(retries={"max_attempts": 0}))

    def __getattr__(self, operation):
        def asked(**arguments):
            for _ in range(3000):
                try:
                    return getattr(self.client, operation)(**arguments)
                except self.trouble as trouble:
                    said = trouble
                    time.sleep(0.05)
            raise said

        return asked


def settings(ses, names):
    """identity -> (mail_from, behaviour, status), as an outsider sees them. None: it is not there."""
    for first in range(0, len(names), 100):
        answer = ses.get_identity_mail_from_domain_attributes(Identities=names[first : first + 100])
        for identity in names[first : first + 100]:
            a = answer["MailFromDomainAttributes"].get(identity)
            is_set = a and a.get("MailFromDomain", "")
            yield identity, a and (is_set, a["BehaviorOnMXFailure"], a.get("MailFromDomainStatus", "") if is_set else "")


def ses_differs(url, fleet):
    """Complaints about the end state."""
    wanted = dict(fleet.wanted())
    return [f"{identity}: SES has {found}, wanted {wanted[identity]}" for identity, found in
            settings(Sdk(url), list(wanted)) if found != wanted[identity]]


def witnesses_differ(fleet, calls, counts, clock_slack=2000):
    """Holds the server's log against the journal. counts: a Counter that learns what was seen. clock_slack:
    microseconds by which their clocks may differ; the log shows whole milliseconds."""
    complaints = []
    with Journal(fleet.journal) as journal:
        names, records = journal.identities(), journal.records()
        if not journal.healthy():
            complaints.append("the journal is damaged")
    by_identity = {name: {"intents": [], "shown": [], "writes": [], "looks": []} for name in names.values()}
    accepted = collections.Counter()
    for r in records:
        record_told(by_identity[names[r.run, r.job]], r, r.accepted > accepted[r.run, r.job])
        accepted[r.run, r.job] = r.accepted
    for call in calls:
        if call["key"] != KEY[0]:  # another operator's
            continue
        for identity in call["identities"]:
            if identity not in by_identity:
                continue
            if "mail_from" in call:
                by_identity[identity]["writes"].append((call["at"], (call["mail_from"], call["behavior"]), call["outcome"] == "ok"))
            elif "MailFrom" in call["action"] or call["action"] == "GetEmailIdentity":
                by_identity[identity]["looks"].append(call["at"])
    for identity, story in by_identity.items():
        complaints += [f"{identity}: {c}" for c in job_history_faults(story, counts, clock_slack)]
    return complaints


def record_told(story, r, is_taken):
    """A record of one identity. is_taken: SES has taken a write, as it said or as a look shows."""
    open_ones = [i for i in story["intents"] if i["open"]]
    if r.kind == INTENT:
        word = "REJECT_MESSAGE" if r.write_behavior else "USE_DEFAULT_VALUE"
        story["intents"].append({"seq": r.seq, "at": r.at, "value": (r.write_mail_from or "", word), "open": True,
                                 "refused": False, "taken": 0, "arrived": 0})
    elif r.kind == ANSWER and r.state != UNSURE:
        open_ones[-1].update(open=False, refused=not is_taken, taken=r.seq if is_taken else 0)
        story["shown"] += [open_ones[-1:]] if is_taken else []
    elif is_taken:  # one of them, nobody knows which
        for intent in open_ones:
            intent.update(open=False, taken=r.seq)
        story["shown"].append(open_ones)


def job_history_faults(story, counts, slack):
    """Complaints about one identity. Each write belongs to the newest intent before it that is not
    another write's, which is why the newest write chooses first. What SES took was not refused."""
    chosen, intents = [], story["intents"]
    for when, value, is_ok in reversed(story["writes"]):
        fits = [i for i in intents if not i["arrived"] and i["value"] == value and i["at"] <= when + slack
                and not (is_ok and i["refused"])]
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
        if 0 < before["taken"] < intent["seq"]:
            yield f"{intent['value']} was written again although its answer was kept"
        elif not any(before["at"] < look <= when + slack for look in story["looks"]):
            yield f"{intent['value']} was written again without a look"
    counts["intents"] += len(intents)
    counts["intents never sent"] += sum(not intent["arrived"] for intent in intents)
    for group in story["shown"]:
        if not any(intent["arrived"] for intent in group):
            yield f"{[i['value'] for i in group]} is taken in the journal and never reached SES"


def speed_up(library, speed):
    """Begins this program anew with clocks that run fast: its own wall clock, for it signs requests, and all
    clocks of the programs that it starts. library: of wall_clock.c."""
    if "CLOCK_SPEED" in os.environ:
        return
    os.environ.update(LD_PRELOAD=library, CLOCK_SPEED=str(speed), CLOCK_WALL_ONLY="1",
                      CLOCK_SINCE=str(time.clock_gettime_ns(time.CLOCK_BOOTTIME)))
    os.execv(sys.executable, [sys.executable, "-B", *sys.argv])


def killed(process, seconds, counts, event=None):
    """One life, ended after so long, or at the event, unless it has ended by itself: exit code, or None,
    and what it said."""
    ends = time.monotonic() + seconds
    try:
        while event and process.poll() is None and time.monotonic() < ends and not event.wait(0.1):
            pass
        process.wait(0 if event else max(0, seconds))
    except subprocess.TimeoutExpired:
        process.kill()
    said = process.communicate()[1]
    counts["kills"] += process.returncode == -9
    return (None if process.returncode == -9 else process.returncode), said


def keep_world(folder):
    """For whoever looks into a complaint."""
    kept = pathlib.Path(tempfile.mkdtemp(prefix="crash."))
    pathlib.Path(folder).rename(kept / "world")
    pathlib.Path(folder).mkdir()
    print(f"# everything is kept in {kept}")


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
