#!/usr/bin/python3
"""What ses-sim's --script says others do comes true at its time, as AWS's own SDK and Knot DNS show it:
identities lose MX, SPF, verification, name, behaviour or existence, and get them back. The 72 hours of
TemporaryFailure pass in scaled time, and after Failed nothing looks again.

usage: sim_script.py SES-SIM

One line per check; exit code 1 on any failure."""

import base64
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"

import boto3
import dns.message
import dns.query
from botocore.config import Config

from knot_room import free_port, knot_conf, start, wait_until_it_serves
from timeouts import PATIENCE, patient

SIM = sys.argv[1]
ACCOUNT, REGION = "111122223333", "us-east-1"
KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TSIG = ("hmac-sha256", "sim-key", base64.b64encode(b"0123456789abcdef0123456789abcdef").decode())
MX, SPF = "10 feedback-smtp.us-east-1.amazonses.com.", '"v=spf1 include:amazonses.com ~all"'
HOURS = 8 / PATIENCE  # of scaled time in a second
SCALE = int(HOURS * 3600)
NAMES = ["lost", "blinks", "several", "spf", "unverified", "deleted", "renamed", "rejecting"]

SCRIPT = f"""second,account,region,identity,what,value
36000,{ACCOUNT},{REGION},lost.fleet.example,mx,
36000,{ACCOUNT},{REGION},blinks.cloud.example,mx,
36000,{ACCOUNT},{REGION},several.fleet.example,mx,10 feedback-smtp.us-east-1.amazonses.com|20 mail.fleet.example
36000,{ACCOUNT},{REGION},spf.fleet.example,txt,v=spf1 -all
36000,{ACCOUNT},{REGION},unverified.fleet.example,verified,false
36000,{ACCOUNT},{REGION},deleted.fleet.example,exists,false
36000,{ACCOUNT},{REGION},renamed.fleet.example,mail_from,theirs.renamed.fleet.example
36000,{ACCOUNT},{REGION},rejecting.fleet.example,behavior,REJECT_MESSAGE
36000,{ACCOUNT},,,sending,false
43200,{ACCOUNT},{REGION},deleted.fleet.example,mx,
108000,{ACCOUNT},{REGION},blinks.cloud.example,mx,10 feedback-smtp.eu-west-1.amazonses.com
108000,{ACCOUNT},{REGION},spf.fleet.example,txt,v=spf1 include:amazonses.com ~all|unrelated
108000,{ACCOUNT},{REGION},unverified.fleet.example,verified,true
108000,{ACCOUNT},{REGION},deleted.fleet.example,exists,true
108000,{ACCOUNT},{REGION},rejecting.fleet.example,mail_from,
108000,{ACCOUNT},,,sending,true
324000,{ACCOUNT},{REGION},lost.fleet.example,mx,10 feedback-smtp.us-east-1.amazonses.com
"""

failures = 0


def check(what, got, want):
    global failures
    good = want(got) if callable(want) else got == want
    print(f"{'ok  ' if good else 'FAIL'} {what}" + ("" if good else f": got {got!r}"), flush=True)
    failures += not good


class Sim:
    def __init__(self, folder, port):
        self.port, self.log = port, folder / "log"
        where, key = f"127.0.0.1:{port}", ":".join(TSIG)
        names = [(n, "cloud" if n == "blinks" else "fleet") for n in NAMES]
        (folder / "zones.csv").write_text(
            "provider,account,id,name,server,key,file\n"
            f"route53,{ACCOUNT},ZEXAMPLE,example,,,\n"
            f"route53,{ACCOUNT},ZFLEET,fleet.example,{where},{key},{folder}/fleet.example.zone\n"
            f"cloudflare,{'c' * 32},{'d' * 32},cloud.example,{where},{key},{folder}/cloud.example.zone\n")
        (folder / "identities.csv").write_text(
            "account,region,identity,type,verified,mail_from,behavior,status,forwarding\n" + "".join(
                f"{ACCOUNT},{REGION},{n}.{z}.example,DOMAIN,SUCCESS,bounce.{n}.{z}.example,,SUCCESS,\n" for n, z in names))
        (folder / "script.csv").write_text(SCRIPT)
        self.errors = open(folder / "errors", "w+")
        self.process = subprocess.Popen(
            [SIM, "--identities", folder / "identities.csv", "--zones", folder / "zones.csv", "--script", folder / "script.csv",
             "--resolver", where, "--time-scale", str(SCALE), "--rate", "1e6", "--burst", "1e6", "--log", self.log],
            stdout=subprocess.PIPE, stderr=self.errors, text=True)
        self.began = time.monotonic()
        self.url = self.process.stdout.readline().removeprefix("ready ").strip()
        client = lambda service: boto3.client(service, region_name=REGION, endpoint_url=self.url, aws_access_key_id=KEY,
                                              aws_secret_access_key=SECRET, config=Config(retries={"total_max_attempts": 1}))
        self.ses, self.sesv2 = client("ses"), client("sesv2")
        self.full = {n: f"{n}.{z}.example" for n, z in names}

    def hours(self):
        return (time.monotonic() - self.began) * HOURS

    def wait(self, hour):
        time.sleep(max(0, hour - self.hours()) / HOURS)

    def facts(self, name):
        """(MAIL FROM, status, behaviour, verification), or None."""
        full = self.full[name]
        found = self.ses.get_identity_mail_from_domain_attributes(Identities=[full])["MailFromDomainAttributes"].get(full)
        if not found:
            return None
        verified = self.ses.get_identity_verification_attributes(Identities=[full])["VerificationAttributes"][full]
        return (found.get("MailFromDomain"), found.get("MailFromDomainStatus"), found["BehaviorOnMXFailure"],
                verified["VerificationStatus"])

    def served(self, name, kind):
        message = dns.message.make_query(f"bounce.{self.full[name]}", kind)
        answer = dns.query.tcp(message, "127.0.0.1", port=self.port, timeout=patient(5))
        return sorted(r.to_text() for s in answer.answer for r in s if dns.rdatatype.to_text(s.rdtype) == kind)

    def until(self, probe, want, hour):
        """Waits until probe() gives want, or it is that hour; what it gave in the end."""
        while (got := probe()) != want and self.hours() < hour:
            time.sleep(0.01)
        return got


def usual(name, zone="fleet", status="Success", behavior="UseDefaultValue", verified="Success"):
    return f"bounce.{name}.{zone}.example", status, behavior, verified


def days(s):
    zones = {n: "cloud" if n == "blinks" else "fleet" for n in NAMES}
    seen = {n: s.facts(n) for n in NAMES}, s.sesv2.get_account()["SendingEnabled"], s.served("lost", "MX")
    if s.hours() < 9:  # else this machine was too slow to see the beginning
        check("at first all is well", seen, ({n: usual(n, zones[n]) for n in NAMES}, True, [MX]))
    status = lambda name: (s.facts(name) or [None] * 4)[1]
    s.wait(10)
    for name in "lost", "blinks", "several":
        got = s.until(lambda: status(name), "TemporaryFailure", 28)
        check(f"{name}: TemporaryFailure, once SES has looked", got, "TemporaryFailure")
    fallen = s.hours()
    check("the MX is gone from DNS, or has company", (s.served("lost", "MX"), s.served("blinks", "MX"), s.served("several", "MX")),
          ([], [], [MX, "20 mail.fleet.example."]))
    check("SES does not mind the SPF record", (s.served("spf", "TXT"), status("spf")), (['"v=spf1 -all"'], "Success"))
    check("the verification is lost", s.facts("unverified"), usual("unverified", verified="Failed"))
    check("the identity is gone", s.facts("deleted"), None)
    check("another operator has given a name", s.facts("renamed")[0], "theirs.renamed.fleet.example")
    check("another behaviour", s.facts("rejecting"), usual("rejecting", behavior="RejectMessage"))
    check("the account may not send", s.sesv2.get_account()["SendingEnabled"], False)
    check("all of it before anything is mended", s.hours(), lambda hour: hour < 30)
    s.wait(30)
    check("the MX comes back, and Success with it", s.until(lambda: status("blinks"), "Success", 60), "Success")
    check("a record that is back is served", s.until(lambda: s.served("spf", "TXT"), ['"unrelated"', SPF], 60), ['"unrelated"', SPF])
    check("verified again", s.facts("unverified"), usual("unverified"))
    check("created again, without a name", s.facts("deleted"), (None, None, "UseDefaultValue", "Success"))
    check("cleared, and the behaviour with it", s.facts("rejecting"), (None, None, "UseDefaultValue", "Success"))
    check("the account may send again", s.sesv2.get_account()["SendingEnabled"], True)
    check("it is TemporaryFailure still", status("lost"), lambda got: got == "TemporaryFailure" or s.hours() > 81)
    got = s.until(lambda: status("lost"), "Failed", 200)
    check("Failed after 72 hours, and not before", (got, s.hours() - 10), lambda found: found[0] == "Failed" and found[1] >= 72)
    check("no more than an hour later than SES's look allows", s.hours() - fallen, lambda took: took < 72 + 2 + 0.5 * HOURS * PATIENCE)
    s.wait(90)
    check("the MX is back in DNS", s.until(lambda: s.served("lost", "MX"), [MX], 200), [MX])
    s.wait(s.hours() + 12)
    check("but SES never looks again", status("lost"), "Failed")
    s.ses.set_identity_mail_from_domain(Identity=s.full["lost"], MailFromDomain="bounce.lost.fleet.example")
    check("until the name is set again", s.until(lambda: status("lost"), "Success", 300), "Success")


def told(s):
    s.errors.seek(0)
    errors = s.errors.read()
    check("what cannot be is told, and the rest goes on", errors,
          "ses-sim: script: mx of deleted.fleet.example: the identity does not exist at this time\n")
    played = [line for line in map(json.loads, s.log.read_text().splitlines()) if line["protocol"] == "script"]
    check("the log has a line for each row", [(line["action"], (line["identities"] or [""])[0], line["outcome"]) for line in played],
          [(what, identity, "refused" if second == "43200" else "ok") for second, _, _, identity, what, *_ in
           (row.split(",") for row in SCRIPT.splitlines()[1:])])


def refusals(folder):
    good = f"{ACCOUNT},{REGION},a.example"
    (folder / "few.csv").write_text(f"account,region,identity,type,verified,mail_from,behavior,status,forwarding\n{good},,,,,,\n")
    for what, rows, words in [
        ("an identity that is not in the table", f"1,{ACCOUNT},eu-west-1,a.example,exists,false", "row 2: account, region and identity: "),
        ("an unknown word", f"1,{good},rain,true", "row 2: what: verified, "),
        ("a value that is no switch", f"1,{good},verified,yes", "row 2: value: true or false"),
        ("a time that is none", f"soon,{good},exists,false", "row 2: second: "),
        ("rows out of order", f"5,{good},exists,false\n4,{good},exists,true", "row 3: second: it is before the row above"),
        ("sending of an identity", f"1,{good},sending,false", "row 2: sending is a matter of an account"),
    ]:
        (folder / "bad.csv").write_text("second,account,region,identity,what,value\n" + rows + "\n")
        done = subprocess.run([SIM, "--identities", folder / "few.csv", "--script", folder / "bad.csv"], capture_output=True, text=True,
                              timeout=patient(10))
        check(f"refuses {what}", (done.returncode, done.stderr), lambda got: got[0] == 1 and words in got[1])


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        os.chmod(folder, 0o755)
        port = free_port()
        records = {"fleet.example": "".join(f"bounce.{n} MX {MX}\nbounce.{n} TXT {SPF}\n" for n in NAMES if n != "blinks"),
                   "cloud.example": f"bounce.blinks MX {MX}\nbounce.blinks TXT {SPF}\n"}
        knot = start(["knotd", "-c", knot_conf(folder, port, records, TSIG)], folder)
        try:
            wait_until_it_serves(port, "fleet.example")
            refusals(folder)
            s = Sim(folder, port)
            try:
                days(s)
                told(s)
            finally:
                s.process.terminate()
                check("it stops cleanly", s.process.wait(20), 0)
                s.process.stdout.close()
                s.errors.close()
        finally:
            knot.terminate()
            knot.wait(20)
    print(f"{failures} failed")
    return 1 if failures else 0


sys.exit(main())
