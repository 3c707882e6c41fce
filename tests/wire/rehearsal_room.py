"""A room for tests of whole runs: DNS and ses-sim on loopback, a folder, and mailfrom in it.

Nothing here is a test. A test makes a Room, changes its DNS, runs verbs, and looks at what SES holds
and at what SES was asked. Every check() is one printed line of TAP."""

import csv
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from timeouts import patient

EXCHANGE = "10 feedback-smtp.us-east-1.amazonses.com."
SPF = '"v=spf1 include:amazonses.com ~all"'
ACCOUNT = "111122223333"
WRITES = ("SetIdentityMailFromDomain", "PutEmailIdentityMailFromAttributes")

DONE, CANNOT_RUN, TROUBLE, STOPPED = 0, 1, 3, 4

# Names in braces stand in manifests and in --mail-from bounce.{domain}, never in what a person is told.
PLACEHOLDER = re.compile(r"\{(identity|mail_from\w*)\}")

checks = []


def check(title, good, *told):
    """One line of TAP; what is told is shown when it is not good."""
    checks.append(bool(good))
    print(("ok" if good else "not ok") + f" {len(checks)} - {title}", flush=True)
    for thing in told if not good else ():
        for line in str(thing).splitlines():
            print("#", line)


def verdict():
    print(f"1..{len(checks)}")
    sys.exit(0 if checks and all(checks) else 1)


def until(condition, seconds=30):
    """Waits for a condition of the world outside; its value, false when it never came."""
    deadline = time.monotonic() + patient(seconds)
    while not (value := condition()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return value


class Names(threading.Thread):
    """A name server on UDP with what the test says it has: {(name, type): value}."""

    def __init__(self):
        super().__init__(daemon=True)
        self.records = {("amazonses.com", "TXT"): '"v=spf1 ip4:199.255.192.0/22 -all"'}
        self.socket = socket.socket(type=socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.start()

    def publish(self, name):
        self.records[(name, "TXT")] = SPF
        self.records[(name, "MX")] = EXCHANGE

    def run(self):
        while True:
            try:
                wire, peer = self.socket.recvfrom(4096)
                self.socket.sendto(self.answer(dns.message.from_wire(wire)).to_wire(), peer)
            except dns.exception.DNSException:
                continue
            except OSError:
                return

    def answer(self, question):
        reply = dns.message.make_response(question)
        reply.flags |= dns.flags.RA
        asked = question.question[0]
        name, kind = asked.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(asked.rdtype)
        value = self.records.get((name, kind))
        if value:
            reply.answer.append(dns.rrset.from_text(asked.name, 1, "IN", kind, value))
        elif not any(name == known or known.endswith("." + name) for known, _ in self.records):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        return reply


class Room:
    """identities: {name: {column of ses-sim's table: value}}; each is verified and has no MAIL FROM
    unless it says otherwise, and its MAIL FROM bounce.NAME is published unless it says late."""

    def __init__(self, mailfrom, ses_sim, identities, sim=(), rate=200):
        self.mailfrom, self.rate = mailfrom, rate
        self.folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.folder.name)
        self.names = Names()
        self.dns = ["--resolver", f"127.0.0.1:{self.names.port}", "--dns", "recursive"]
        self.identities = identities
        self.more_sim = []  # options of ses-sim that write_table() adds
        self.write_table()
        for name, row in identities.items():
            if not row.get("late"):
                self.names.publish("bounce." + name.rpartition("@")[2])
            if row.get("mail_from"):
                self.names.publish(row["mail_from"])
        self.log = self.path / "calls.jsonl"
        self.sim = subprocess.Popen(
            [ses_sim, "--identities", self.path / "identities.csv", "--resolver", f"127.0.0.1:{self.names.port}",
             "--rate", str(rate), "--burst", str(rate), "--detect-after", "1", "--log", self.log, *sim, *self.more_sim],
            stdout=subprocess.PIPE, text=True)
        self.url = self.sim.stdout.readline().removeprefix("ready ").strip()
        if not self.url:
            sys.exit("ses-sim did not start")  # without an address of its own, mailfrom would ask AWS

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sim.terminate()
        self.sim.wait()
        self.sim.stdout.close()
        self.names.socket.close()
        self.folder.cleanup()

    def write_table(self):
        columns = "account region identity type verified mail_from behavior status forwarding dkim".split()
        with open(self.path / "identities.csv", "w", newline="") as table:
            writer = csv.DictWriter(table, columns, extrasaction="ignore", lineterminator="\n")
            writer.writeheader()
            for name, row in self.identities.items():
                status = "SUCCESS" if row.get("mail_from") else ""
                writer.writerow({"account": ACCOUNT, "region": "us-east-1", "identity": name,
                                 "type": "EMAIL_ADDRESS" if "@" in name else "DOMAIN", "verified": "SUCCESS",
                                 "mail_from": "", "behavior": "USE_DEFAULT_VALUE", "status": status,
                                 "forwarding": "true", "dkim": "", **row})

    def manifest(self, name, entries, **defaults):
        """entries: {identity: {key: value}}; JSON is YAML."""
        defaults = {"region": "us-east-1", "mail_from": "bounce.{domain}", **defaults}
        rows = [{"identity": identity, **more} for identity, more in entries.items()]
        (self.path / name).write_text(json.dumps({"version": 1, "defaults": defaults, "identities": rows}))
        return name

    def environment(self):
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "MAILFROM_"))}
        return {**clean, "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_ENDPOINT_URL": self.url,
                "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                "AWS_EC2_METADATA_DISABLED": "true", "HOME": str(self.path), "TMPDIR": str(self.path)}

    def command(self, verb, *arguments):
        silent = ("report", "status", "explain", "check", "journal", "evidence")
        dns = [] if verb in (*silent, "discover") else self.dns
        rated = verb not in (*silent, "records", "inspect", "due") and "--rate" not in arguments
        live = dns + (["--rate", str(self.rate)] if rated else [])
        return [self.mailfrom, verb, *map(str, arguments), *live]

    def start(self, verb, *arguments, before=(), **more):
        """A verb that goes on beside the test."""
        more = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
        return subprocess.Popen([*before, *self.command(verb, *arguments)], cwd=self.path, text=True,
                                stdin=subprocess.DEVNULL, env=self.environment(), **more)

    def run(self, verb, *arguments, **more):
        """A verb to its end; .returncode, .stdout and .stderr. After a kill it may wait for five minutes for
        a write that was never sent."""
        process = self.start(verb, *arguments, **more)
        process.stdout_text, process.stderr_text = process.communicate(timeout=patient(420))
        told = (process.stdout_text or "") + (process.stderr_text or "")
        if PLACEHOLDER.search(told):
            check(f"{verb} prints no placeholder", False, told)
        return process

    def ends(self, title, wanted, verb, *arguments, **more):
        """A verb that must end with this exit code: a check of its own."""
        process = self.run(verb, *arguments, **more)
        check(title, process.returncode == wanted, f"exit code {process.returncode}", process.stdout_text,
              process.stderr_text)
        return (process.stdout_text or "") + (process.stderr_text or "")

    def calls(self):
        return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []

    def writes(self):
        return [call for call in self.calls() if call["action"] in WRITES]

    def report(self, run):
        """{identity: row} of a run's JSON report."""
        process = self.run("report", run, "--report", "json:-", "--quiet")
        return {row["identity"]: row for row in json.loads(process.stdout_text)["identities"]}

    def outcomes(self, run):
        return {identity: row["outcome"] for identity, row in self.report(run).items()}

    def ses(self):
        """{identity: (MAIL FROM, behaviour, status)} by AWS's own SDK."""
        import boto3

        client = boto3.client("ses", region_name="us-east-1", endpoint_url=self.url,
                              aws_access_key_id="AKIDEXAMPLE",
                              aws_secret_access_key="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
        answer = client.get_identity_mail_from_domain_attributes(Identities=list(self.identities))
        return {name: (facts.get("MailFromDomain", ""), facts["BehaviorOnMXFailure"],
                       facts.get("MailFromDomainStatus", ""))
                for name, facts in answer["MailFromDomainAttributes"].items()}

    def set(self, identity, mail_from, behavior="UseDefaultValue"):
        """Somebody else's hand."""
        import boto3

        client = boto3.client("ses", region_name="us-east-1", endpoint_url=self.url,
                              aws_access_key_id="AKIDEXAMPLE",
                              aws_secret_access_key="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
        client.set_identity_mail_from_domain(Identity=identity, MailFromDomain=mail_from,
                                             BehaviorOnMXFailure=behavior)


class Denied(Room):
    """A room whose only key may not do what `deny` says."""

    def __init__(self, mailfrom, ses_sim, identities, deny, **more):
        self.deny = deny
        super().__init__(mailfrom, ses_sim, identities, **more)

    def write_table(self):
        super().write_table()
        (self.path / "keys.csv").write_text("account,access_key_id,secret_access_key,deny\n"
                                            f"111122223333,AKIDEXAMPLE,wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY,{self.deny}\n")
        self.more_sim = ["--credentials", self.path / "keys.csv"]


def signalled(process, *signals):
    for one in signals:
        process.send_signal(one)
    return process.communicate(timeout=patient(60))


SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
