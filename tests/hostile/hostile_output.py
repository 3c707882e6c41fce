#!/usr/bin/python3
"""Nothing from outside steers the terminal: no control byte, no C1, no bidirectional control of a TXT
record, a host name, an answer of SES, a manifest or a file's name reaches standard output, standard
error or a report. What is drawn is drawn by a seed.

  hostile_output.py MAILFROM SES-SIM [--seed N]"""

import argparse
import json
import pathlib
import random
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "wire"))

import dns.name
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.TXT import TXT
from timeouts import patient
from rehearsal_room import CANNOT_RUN, DONE, TROUBLE, Names, Room, check, verdict

STEERING = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
PAYLOADS = ["\x1b[2J\x1b[H", "\x1b]0;title\x07", "\x9b31m", "\u202egnp.exe", "\u2066x\u2069", "\r\nok 1 - forged", "\x00", "\x7f\x08\x08",
            "\x1b]8;;http://elsewhere.example\x07x", "\u200f", "\ufeff", "=cmd|' /C calc'!A0", "<script>alert(1)</script>"]
NAMES = 2000
MANIFESTS = 150


class HostileNames(Names):
    """Answers TXT with bytes that were drawn, and MX with hosts whose labels are such bytes."""

    def __init__(self, draw):
        self.draw = draw
        super().__init__()

    def noise(self, longest):
        if self.draw.random() < 0.6:
            return self.draw.choice(PAYLOADS).encode()[:longest]
        return self.draw.randbytes(self.draw.randint(1, longest))

    def answer(self, question):
        reply = super().answer(question)
        asked = question.question[0]
        kind, name = asked.rdtype, asked.name.to_text()
        if name.startswith(("bounce.", "h")) or name.startswith("_dmarc."):
            reply.set_rcode(0)
            reply.answer.clear()
            if kind == dns.rdatatype.TXT:
                start = b"v=DMARC1; p=none; rua=" if name.startswith("_dmarc.") else b"v=spf1 include:"
                strings = [start[: self.draw.choice((0, 99))] + self.noise(60), self.noise(200)]
                reply.answer.append(dns.rrset.from_rdata(asked.name, 1, TXT(dns.rdataclass.IN, kind, strings)))
            elif kind == dns.rdatatype.MX:
                host = dns.name.Name([self.noise(60), self.noise(60), b"example", b""])
                reply.answer.append(dns.rrset.from_rdata(asked.name, 1, MX(dns.rdataclass.IN, kind, 10, host)))
        return reply


class HostileRoom(Room):
    def __init__(self, draw, *arguments):
        super().__init__(*arguments)
        self.names.socket.close()
        self.names = HostileNames(draw)


    def inspect(self, *arguments):
        command = [self.mailfrom, "inspect", *arguments, "--resolver", f"127.0.0.1:{self.names.port}"]
        return subprocess.run(command, cwd=self.path, env=self.environment(), capture_output=True, text=True, timeout=patient(120))


def is_safe(title, *texts):
    found = [STEERING.search(text) for text in texts]
    check(title, not any(found), *[f"{m.group()!r} in {m.string[max(0, m.start() - 60):m.end() + 60]!r}" for m in found if m])


def of_dns(room):
    names = [f"h{number}.example" for number in range(NAMES)]
    (room.path / "names").write_text("\n".join(names))
    for how in ("text", "json"):
        done = room.inspect("@names", "--from", "example.com", "--format", how)
        check(f"inspect of {NAMES} hostile names as {how} ends", done.returncode in (DONE, TROUBLE), done.returncode, done.stderr[-500:])
        is_safe(f"inspect as {how} is safe", done.stdout, done.stderr)
        if how == "json":
            check("and is JSON with every name", len(json.loads(done.stdout)) == NAMES)


def of_runs(room):
    formats = ("csv", "json", "html", "markdown", "junit")
    reports = [word for name in formats for word in ("--report", f"{name}:plan.{name}")]
    done = room.run("plan", "fleet.yaml", "--verbose", *reports)
    check("a plan over hostile DNS ends", done.returncode in (DONE, TROUBLE), done.returncode)
    is_safe("what a plan prints is safe", done.stdout_text, done.stderr_text)
    for name in formats:
        is_safe(f"its {name} report is safe", (room.path / f"plan.{name}").read_text())
    done = room.run("apply", "fleet.yaml", "--yes", "--no-wait", "--call-timeout", "1s", *reports)
    is_safe("what apply prints is safe", done.stdout_text, done.stderr_text)
    is_safe("what status prints is safe", room.run("status").stdout_text)


# Names that somebody may have registered in SES. The first two are one name to a manifest.
IDENTITIES = ["b\u00fccher.example", "xn--bcher-kva.example", "Upper.Example", "\u202egnp.example",
              "a\u202eb@c.example", "\u2066x\u2069.example", "\u200fx.example", "\ufeffx.example", "x\u0085y.example",
              "x\u009b31m.example", "x\x1b[2J.example", "x\x07y.example", "x\x7fy.example", "=cmd|calc.example",
              "+1@a.example", "-x.example", "@x.example", "<script>.example", "no", "1e3", "a: b.example", "# x.example",
              "'x'@y.example", "\"x\"@y.example", "x\\y.example", "\U0001f4ee.example", "\u0645\u062b\u0627\u0644.example"]


def of_identities(programs):
    """Whatever names SES holds: discover writes what check takes, plan reads, and a person may open."""
    fleet = {name: {"verified": "SUCCESS"} for name in IDENTITIES}
    with Room(*programs, {**fleet, "plain.example": {}}) as room:
        for form in ("yaml", "csv", "json"):
            done = room.run("discover", "--regions", "us-east-1", "--format", form, "--out", f"found.{form}")
            check(f"discover of hostile identities as {form} ends", done.returncode == DONE, done.returncode, done.stderr_text)
            is_safe(f"and is safe as {form}, as is what it says", done.stdout_text, done.stderr_text,
                    (room.path / f"found.{form}").read_text(encoding="utf-8"))
        found = (room.path / "found.yaml").read_text(encoding="utf-8")
        lines = {line for line in found.splitlines() if "cher" in line}
        check("a name in two spellings is one entry and one comment", len(lines) == 2 and
              sum(line.startswith("  # -") for line in lines) == 1 and "  - xn--bcher-kva.example" in lines, found)
        checked = room.run("check", "found.yaml")
        check("what it wrote is taken by check", checked.returncode == DONE, checked.stdout_text, checked.stderr_text)
        (room.path / "rows.yaml").write_text("version: 1\naccounts: {default: {}}\nidentities_from: found.csv\n")
        checked = room.run("check", "rows.yaml")
        check("and so are the rows", checked.returncode == DONE, checked.stdout_text, checked.stderr_text)
        formats = {"csv": "csv", "json": "json", "html": "html", "markdown": "md", "junit": "xml", "sarif": "sarif"}
        reports = [word for form, end in formats.items() for word in ("--report", f"{form}:of.{end}")]
        for verb, more in (("plan", ()), ("apply", ("--yes", "--no-wait"))):
            done = room.run(verb, "found.yaml", *more, *reports)
            check(f"{verb} of it ends", done.returncode in (DONE, TROUBLE), done.returncode, done.stderr_text)
            is_safe(f"what {verb} says is safe, and each report", done.stdout_text, done.stderr_text,
                    *[(room.path / f"of.{end}").read_text(encoding="utf-8") for end in formats.values()])
        for form in ("bind", "nsupdate", "route53", "octodns", "dnscontrol", "terraform", "csv", "json"):
            done = room.run("records", "found.yaml", "--format", form)
            check(f"records as {form} end", done.returncode in (DONE, TROUBLE), done.returncode, done.stderr_text)
            is_safe(f"records as {form} are safe", done.stdout_text, done.stderr_text)
        for verb in (("status", "--all"), ("report", "1", "--report", "csv:-"), ("rollback", "1", "--dry-run")):
            done = room.run(*verb)
            is_safe(f"what {verb[0]} says is safe", done.stdout_text, done.stderr_text)


def quoted(text):
    return json.dumps(text)


def of_manifests(room, draw):
    said, codes = [], set()
    keys = ("identity", "mail_from", "region", "account", "behavior_on_mx_failure", "accept")
    for number in range(MANIFESTS):
        entry = {key: draw.choice(PAYLOADS) + draw.choice(("", "x.example")) for key in draw.sample(keys, 3)}
        entry[draw.choice(PAYLOADS)] = 1
        path = room.path / f"m{number}{draw.choice(PAYLOADS)}.yaml".replace("/", "").replace("\x00", "")
        lines = ", ".join(f"{quoted(k)}: {quoted(v)}" for k, v in entry.items())
        path.write_text(f"version: 1\ninclude: [{quoted(draw.choice(PAYLOADS))}]\nidentities: [{{{lines}}}]\n", encoding="utf-8")
        done = room.run("check", path)
        codes.add(done.returncode)
        said.append(done.stdout_text + done.stderr_text)
    check(f"{MANIFESTS} hostile manifests are refused", codes == {CANNOT_RUN}, codes)
    is_safe("what is said about them is safe", *said)


def of_arguments(room):
    said = []
    for payload in PAYLOADS:
        if "\x00" in payload:
            continue
        for words in ([payload], ["plan", "--" + payload], ["plan", "--rate", payload], ["explain", payload],
                      ["report", payload], ["status", "--journal", payload], ["apply", "--yes", "--plan", payload],
                      ["inspect", payload], ["report", "1", "--report", "csv:" + payload + "/x"]):
            done = subprocess.run([room.mailfrom, *words], cwd=room.path, env=room.environment(), capture_output=True,
                                  stdin=subprocess.DEVNULL, timeout=patient(60))
            said.append((done.stdout + done.stderr).decode(errors="replace"))
    is_safe("what is said about arguments is safe", *said)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("mailfrom")
    parser.add_argument("sim")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    print(f"# seed {args.seed}")
    draw = random.Random(args.seed)
    programs = [str(pathlib.Path(program).resolve()) for program in (args.mailfrom, args.sim)]
    fleet = {f"d{number}.example": {"late": True} for number in range(60)}
    with HostileRoom(draw, *programs, fleet) as room:
        room.manifest("fleet.yaml", {name: {} for name in fleet}, dns={"timeout": "2s"})
        of_dns(room)
        of_runs(room)
        of_manifests(room, draw)
        of_arguments(room)
    of_identities(programs)
    verdict()


main()
