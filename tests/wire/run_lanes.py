#!/usr/bin/python3
"""Many accounts and Regions in one run, some of which cannot be reached: each lane fails or succeeds
by itself. Arguments: mailfrom, ses-sim."""

import csv
import json
import signal
import socket
import sys
import threading

from rehearsal_room import CANNOT_RUN, DONE, STOPPED, TROUBLE, Room, check, signalled, until, verdict

# Plain http has a rule and a test of its own, plain_http.py.
HOSTILE_URLS = (
    "https://email.us-east-1.amazonaws.com@evil.example", "https://evil.example/path", "https://evil.example?x",
    "https://127.0.0.1@evil.example", "https://evil.example#x", "https://evil.example\\@ok.example", "ftp://127.0.0.1",
    "//evil.example", "https://", "https://2130706433", "https://[::1]evil.example", "https://evil.example:0",
    "https://evil.example:99999", "https://evil.example ", "https://e\u0301vil.example", "javascript:alert(1)",
    "file:///etc/passwd", "https://user:secret@evil.example",
)
HOSTILE_REGIONS = ("x@evil.example:443/#", "us-east-1.evil.example/", "us-east-1#", "us-east-1\n", "US-EAST-1", "../us-east-1",
                   "us-east-1:443", "us-\u0435ast-1")
REGIONS = ("us-east-1", "eu-west-1", "ap-south-1")


class Accounts(Room):
    """Accounts a0, a1, ... with a profile each, in three Regions, two identities to a lane. odd:
    {account: {"key": another access key id, "deny": ..., "state": ..., "endpoint": ...}}"""

    def __init__(self, mailfrom, ses_sim, accounts, odd=None, sim=(), guards=False):
        self.accounts, self.odd, self.guards = accounts, odd or {}, guards
        self.more_environment = {}
        identities = {}
        for a in range(accounts):
            for region in REGIONS:
                for n in range(2):
                    name = f"d{n}.{region}.a{a}.example"
                    identities[name] = {"account": self.number(a), "region": region, "of": f"a{a}"}
        super().__init__(mailfrom, ses_sim, identities, sim=sim)
        self.write_profiles()
        self.write_manifest()

    @staticmethod
    def number(account):
        return f"{111100000000 + account}"

    def write_table(self):
        super().write_table()
        with open(self.path / "keys.csv", "w", newline="") as table:
            writer = csv.writer(table, lineterminator="\n")
            writer.writerow("account access_key_id secret_access_key session_token deny state".split())
            for a in range(self.accounts):
                odd = self.odd.get(f"a{a}", {})
                writer.writerow([self.number(a), f"AKIDEXAMPLE{a}", f"secret{a}", "", odd.get("deny", ""),
                                 odd.get("state", "")])
        self.more_sim = ["--credentials", self.path / "keys.csv"]

    def write_profiles(self):
        aws = self.path / ".aws"
        aws.mkdir()
        with open(aws / "credentials", "w") as keys, open(aws / "config", "w") as config:
            for a in range(self.accounts):
                odd = self.odd.get(f"a{a}", {})
                if odd.get("key") != "":
                    keys.write(f"[p{a}]\naws_access_key_id = {odd.get('key', f'AKIDEXAMPLE{a}')}\n"
                               f"aws_secret_access_key = {odd.get('secret', f'secret{a}')}\n")
                config.write(f"[profile p{a}]\nendpoint_url = {odd.get('endpoint', self.url)}\n{odd.get('config', '')}")

    def write_manifest(self):
        accounts = {}
        for a in range(self.accounts):
            accounts[f"a{a}"] = {"profile": f"p{a}"}
            if self.guards:
                accounts[f"a{a}"]["account_id"] = self.odd.get(f"a{a}", {}).get("account_id", self.number(a))
        rows = [{"identity": name, "account": row["of"], "region": row["region"]}
                for name, row in self.identities.items()]
        (self.path / "fleet.yaml").write_text(json.dumps(
            {"version": 1, "accounts": accounts, "defaults": {"mail_from": "bounce.{domain}"}, "identities": rows}))

    def environment(self):
        kept = {k: v for k, v in super().environment().items() if not k.startswith("AWS_") or "METADATA" in k}
        return {**kept, **self.more_environment}

    def of(self, rows, account):
        return {name: row for name, row in rows.items() if row["account"] == account}


def one_is_refused(programs):
    """Ten accounts in three Regions; the keys of one are unknown to AWS."""
    with Accounts(*programs, 10, {"a7": {"key": "AKIDUNKNOWN"}}) as room:
        told = room.ends("plan ends with trouble", TROUBLE, "plan", "fleet.yaml")
        check("the preflight of a large fleet is short", "27 of 30 pairs of account and Region (10 accounts) answer every question" in told, told)
        told = room.ends("apply ends with trouble", TROUBLE, "apply", "fleet.yaml", "--yes")
        rows = room.report(1)
        refused, others = room.of(rows, "a7"), {n: r for n, r in rows.items() if r["account"] != "a7"}
        check("the identities of all other accounts are done", {r["outcome"] for r in others.values()} == {"done"}
              and len(others) == 54, rows)
        check("those of the refused account failed", {r["outcome"] for r in refused.values()} == {"failed"}, refused)
        check("their rows say why", all("InvalidClientTokenId" in r["reason"] for r in refused.values()), refused)
        lines = [line for line in told.splitlines() if "account a7" in line]
        check("it is told in a sentence for each Region at most", 1 <= len(lines) <= 3, told)
        check("nothing else was written", len(room.writes()) == 54, len(room.writes()))
        room.ends("resume --retry-failed is refused again", TROUBLE, "resume", "--retry-failed")
        (room.path / ".aws" / "credentials").write_text(
            (room.path / ".aws" / "credentials").read_text().replace("AKIDUNKNOWN", "AKIDEXAMPLE7"))
        room.ends("with good keys it goes on to the end", DONE, "resume", "--retry-failed")
        check("and everything is done", set(room.outcomes(1).values()) == {"done"}, room.outcomes(1))


def without_keys(programs):
    """A profile without keys, one whose settings are not understood: known before the first call."""
    odd = {"a1": {"key": ""}, "a2": {"endpoint": "http://ses.example/path"}, "a3": {"config": "use_fips_endpoint = maybe\n"}}
    with Accounts(*programs, 4, odd) as room:
        told = room.ends("apply ends with trouble", TROUBLE, "apply", "fleet.yaml", "--yes")
        rows = room.report(1)
        for account, words in (("a1", "profile \"p1\""), ("a2", "must end after host and port"),
                               ("a3", "use_fips_endpoint of profile \"p3\" takes true or false")):
            mine = room.of(rows, account).values()
            check(f"{account} fails with its own reason", all(r["outcome"] == "failed" and words in r["reason"] for r in mine),
                  [r["reason"] for r in mine])
            check(f"{account} is told in one sentence", sum(f"account {account}, 3 Regions" in line for line in told.splitlines()) == 1,
                  told)
        check("the fourth is done", {r["outcome"] for r in room.of(rows, "a0").values()} == {"done"}, rows)
    with Accounts(*programs, 2, {"a0": {"key": ""}, "a1": {"key": ""}}) as room:
        told = room.ends("without any keys nothing is run", CANNOT_RUN, "apply", "fleet.yaml", "--yes")
        check("and the first account is named", "account a0: " in told, told)
        check("no run was begun", not (room.path / ".mailfrom" / "journal.db").exists()
              or "no run" in room.run("status").stderr_text)


def unreachable(programs):
    """An endpoint where nobody answers: the others do not wait for it."""
    with Accounts(*programs, 3, {"a1": {"endpoint": "http://127.0.0.1:9"}}) as room:
        process = room.start("apply", "fleet.yaml", "--yes")
        check("the other accounts are written to", until(lambda: len(room.writes()) == 12, 60), room.calls())
        done = until(lambda: list(room.outcomes(1).values()).count("done") == 12, 60)
        check("and done, while it is still tried", done, room.outcomes(1))
        signalled(process, signal.SIGINT)
        check("which is stopped like any run", process.returncode == STOPPED, process.returncode)
        left = {r["outcome"] for r in room.of(room.report(1), "a1").values()}
        check("the account that is away has not failed yet", "failed" not in left and "done" not in left, left)


def guarded(programs):
    with Accounts(*programs, 3, {"a2": {"account_id": "999988887777"}}, guards=True) as room:
        told = room.ends("a wrong account_id refuses to start", CANNOT_RUN, "apply", "fleet.yaml", "--yes")
        check("it names both numbers", "999988887777" in told and room.number(2) in told, told)
        check("no SES call was made", not [c for c in room.calls() if c["protocol"] != "sts"])
    with Accounts(*programs, 3, {"a2": {"key": "AKIDUNKNOWN"}}, guards=True) as room:
        room.ends("an account that STS refuses does not stop the guarded others", TROUBLE, "apply", "fleet.yaml", "--yes")
        rows = room.report(1)
        check("the others are done", {r["outcome"] for n, r in rows.items() if r["account"] != "a2"} == {"done"}, rows)
        check("SES was not asked with its keys", all("STS does not tell" in r["reason"] for r in room.of(rows, "a2").values()), rows)


def preflight(programs):
    odd = {"a0": {"state": "sandbox"}, "a1": {"state": "disabled"}, "a2": {"deny": "v1:GetIdentity* v1:ListIdentities"}}
    with Accounts(*programs, 3, odd) as room:
        process = room.run("plan", "fleet.yaml")
        out, err = process.stdout_text, process.stderr_text
        lines = out[out.index("Preflight"):].splitlines()[1:10]
        check("a small fleet has a line for each lane", all(line.startswith("  a") for line in lines), out)
        check("with the caller", all("arn:aws:iam::1111" in line for line in lines), out)
        check("the sandbox stands out", all("IN THE SANDBOX" in line for line in lines[:3]), out)
        check("so does sending that is disabled", all("sending is DISABLED" in line for line in lines[3:6]), out)
        check("a healthy lane shows its quota", all("may send, out of the sandbox, 50000 mails a day, 14 a second" in line
                                                    for line in lines[6:9]), out)
        check("what IAM refuses is named once for the account", err.count("This policy allows") == 1 and err.count("IAM refuses ses:ListIdentities") == 1
              and "account a2: IAM refuses ses:ListIdentities, ses:GetIdentityVerificationAttributes" in err, err)
        policy = json.loads(err[err.index("{\n"):err.index("\n}\n") + 2])
        actions = {a for s in policy["Statement"] for a in s["Action"]}
        check("the policy allows what was refused, and the write", {"ses:ListIdentities", "ses:GetIdentityVerificationAttributes",
              "ses:PutEmailIdentityMailFromAttributes"} <= actions, policy)
        check("it has the account's number in it",
              policy["Statement"][1]["Resource"] == f"arn:aws:ses:*:{room.number(2)}:identity/*", policy)
        check("nothing was throttled by asking before", not [c for c in room.calls() if c["outcome"] == "Throttling"])
        check("a plan writes nothing", not room.writes())
        process = room.run("plan", "fleet.yaml", "--report", "json:-")
        check("a report on standard output stands alone", json.loads(process.stdout_text)["identities"], process.stdout_text[:200])


def elsewhere(programs):
    """Feedback hosts of another name, and settings that must not lead a request away."""
    with Accounts(*programs, 1) as room:
        for name in room.identities:
            region = room.identities[name]["region"]
            room.names.records[("bounce." + name, "MX")] = f"10 feedback-smtp.{region}.bounces.example."
        told = room.ends("MX records that are no feedback hosts are refused", TROUBLE, "plan", "fleet.yaml")
        check("as hosts that receive mail", "receives-mail" in told or "not an SES feedback host" in told, told)
        room.ends("unless it is said that they are", DONE, "plan", "fleet.yaml", "--feedback-host",
                  "feedback-smtp.{region}.bounces.example")
        process = room.run("records", "fleet.yaml", "--feedback-host", "{region}.bounces.example")
        check("records follow", "us-east-1.bounces.example" in process.stdout_text, process.stdout_text, process.stderr_text)
        room.ends("a pattern without a Region is refused", CANNOT_RUN, "plan", "fleet.yaml", "--feedback-host", "x.example")
        before = len(room.calls())
        for url in HOSTILE_URLS:
            process = room.run("plan", "fleet.yaml", "--endpoint-url", url)
            check(f"--endpoint-url {url!r} is refused", process.returncode == CANNOT_RUN and "endpoint URL: " in
                  process.stderr_text, process.returncode, process.stderr_text)
        for region in HOSTILE_REGIONS:
            process = room.run("check", "fleet.yaml", "--region", region)
            check(f"--region {region!r} is refused", process.returncode == CANNOT_RUN, process.stderr_text)
        check("nobody was asked", len(room.calls()) == before, room.calls()[before:])


def through_a_proxy(programs):
    """HTTPS goes by the proxy of the environment, loopback never does."""
    with Accounts(*programs, 1) as room:
        heard, proxy = [], socket.create_server(("127.0.0.1", 0))

        def listen():
            while True:
                try:
                    peer, _ = proxy.accept()
                except OSError:
                    return
                heard.append(peer.recv(4096).split(b"\r\n")[0].decode())
                peer.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                peer.close()

        threading.Thread(target=listen, daemon=True).start()
        room.more_environment = {"HTTPS_PROXY": f"http://127.0.0.1:{proxy.getsockname()[1]}"}
        room.ends("loopback needs no proxy", DONE, "plan", "fleet.yaml")
        check("and is not asked for by it", not heard, heard)
        process = room.start("plan", "fleet.yaml", "--endpoint-url", "https://ses.example")
        check("another host is", until(lambda: heard), heard)
        signalled(process, signal.SIGINT)
        check("by CONNECT alone", set(heard) == {"CONNECT ses.example:443 HTTP/1.1"}, heard)
        heard.clear()
        room.more_environment["NO_PROXY"] = "ses.example"
        process = room.start("plan", "fleet.yaml", "--endpoint-url", "https://ses.example", "--verbose")
        tried = any("not sent" in line for line in iter(process.stderr.readline, ""))
        signalled(process, signal.SIGINT)
        check("NO_PROXY leaves it out", tried and not heard, heard)
        proxy.close()


def clocks(programs):
    for skew in (3600, -3600):
        with Accounts(*programs, 2, sim=["--faults", f"skew={skew}"]) as room:
            room.ends(f"apply with a clock {skew} s off", DONE, "apply", "fleet.yaml", "--yes")
            bad = [c for c in room.calls() if c["outcome"] not in ("ok",)]
            check("each lane was corrected by its first answers", all(c["outcome"] in
                  ("RequestExpired", "InvalidSignatureException") for c in bad) and len(bad) <= 3 * 6, bad)
    odd = {"a0": {"config": "disable_clock_skew_correction = true\n"}}
    with Accounts(*programs, 2, odd, sim=["--faults", "skew=3600"]) as room:
        room.ends("without correction", TROUBLE, "apply", "fleet.yaml", "--yes")
        rows = room.report(1)
        check("the account that keeps its own clock fails", {r["outcome"] for r in room.of(rows, "a0").values()} == {"failed"}, rows)
        check("and says so in AWS's words", all("Signature" in r["reason"] for r in room.of(rows, "a0").values()), rows)
        check("the other is done", {r["outcome"] for r in room.of(rows, "a1").values()} == {"done"}, rows)


def main():
    programs = sys.argv[1:3]
    for part in (one_is_refused, without_keys, unreachable, guarded, preflight, elsewhere, through_a_proxy, clocks):
        print("#", part.__name__, flush=True)
        part(programs)
    verdict()


main()
