#!/usr/bin/python3
"""Every case of the SPF suite (tests/data/spf) put through the command line: the zone by a DNS server of
the test's own, the message by --spf-check, --sender and --helo, and the result, its explanation and the
exit code as they are printed. The zones are read as tests/unit/rules/spf_suite.c reads them. Arguments:
mailfrom, the suite."""

import concurrent.futures
import json
import os
import selectors
import socket
import subprocess
import sys
import threading

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import yaml

from timeouts import patient

CASES = 203
AT_ONCE = 16  # most wait for a server that keeps silent, if for anything
STRING_MAX = 255
STAND_IN = "an.unknown.name.invalid"  # where the domain of a message is no name to inspect


def octets(value):
    """The suite means bytes by \\xNN, YAML means code points."""
    return str(value).encode("latin-1")


def labels(name):
    name = octets(name).rstrip(b".").lower()
    return dns.name.Name([*(name.split(b".") if name else []), b""])


class Zone:
    """The zone of a document: for each name a list of (type, data), in order; type None is TIMEOUT."""

    def __init__(self, data):
        self.names = {}
        for name, entries in data.items():
            has_txt = any(isinstance(e, dict) and "TXT" in e for e in entries)
            self.names[labels(name)] = [self.entry(e, has_txt) for e in entries]

    @staticmethod
    def entry(entry, has_txt):
        if entry == "TIMEOUT":
            return None, None
        (kind, value), = entry.items()
        if kind == "SPF" and not has_txt:
            kind = "TXT"
        return (kind, value) if value != "NONE" else ("NOTHING", None)

    def answer(self, query):
        """The reply; None: there is none."""
        question, = query.question
        entries = self.names.get(dns.name.Name([label.lower() for label in question.name.labels]))
        reply = dns.message.make_response(query, recursion_available=True)
        if entries is None:
            reply.set_rcode(dns.rcode.NXDOMAIN)
            return reply
        found = []
        for kind, value in entries:
            if kind is None and not found:
                return None
            if kind == dns.rdatatype.to_text(question.rdtype):
                found.append(rdata(kind, value))
        aliases = [rdata(kind, value) for kind, value in entries if kind == "CNAME"]
        found = found or aliases[:1]
        if found:
            reply.answer.append(dns.rrset.from_rdata_list(question.name, 60, found))
        return reply


def rdata(kind, value):
    """From wire format, because the suite has bytes that no zone file has."""
    if kind == "TXT":
        strings = [octets(s) for s in (value if isinstance(value, list) else [value])] or [b""]
        wire = b"".join(bytes([len(part)]) + part for s in strings
                        for part in ([s[i:i + STRING_MAX] for i in range(0, len(s), STRING_MAX)] or [b""]))
    elif kind == "MX":
        preference, host = value
        wire = int(preference).to_bytes(2, "big") + labels(host).to_wire()
    elif kind in ("PTR", "CNAME"):
        wire = labels(value).to_wire()
    else:
        wire = socket.inet_pton(socket.AF_INET if kind == "A" else socket.AF_INET6, value)
    return dns.rdata.from_wire(dns.rdataclass.IN, dns.rdatatype.from_text(kind), wire, 0, len(wire))


class Server(threading.Thread):
    """A resolver for each document, on a port of its own."""

    def __init__(self, zones):
        super().__init__(daemon=True)
        self.selector = selectors.DefaultSelector()
        self.ports = []
        for zone in zones:
            udp = socket.socket(type=socket.SOCK_DGRAM)
            udp.bind(("127.0.0.1", 0))
            self.ports.append(udp.getsockname()[1])
            self.selector.register(udp, selectors.EVENT_READ, zone)

    def run(self):
        while True:
            for key, _ in self.selector.select():
                wire, client = key.fileobj.recvfrom(65535)
                reply = key.data.answer(dns.message.from_wire(wire))
                if reply:
                    key.fileobj.sendto(reply.to_wire(max_size=65535), client)


def wanted(test):
    results = test["result"] if isinstance(test["result"], list) else [test["result"]]
    explanation = test.get("explanation")
    return set(results), None if explanation in (None, "DEFAULT") else explanation, explanation is not None


def inspected(program, port, name, test):
    command = [program, "inspect", "--resolver", f"127.0.0.1:{port}", "--dns", "recursive", "--format", "json",
               "--spf-check", str(test["host"]), "--sender", str(test["mailfrom"]),
               "--helo", str(test["helo"]), name]
    return subprocess.run(command, capture_output=True, timeout=patient(60))


def fault(program, port, test):
    """What is wrong; None: nothing."""
    domain = (str(test["mailfrom"]) or str(test["helo"])).rpartition("@")[2]
    done = inspected(program, port, domain, test)
    if done.returncode == 1 and f'"{domain}" is not a name'.encode() in done.stderr:
        done = inspected(program, port, STAND_IN, test)
    if done.returncode not in (0, 3):
        return f"exit code {done.returncode}: {done.stderr.decode('utf-8', 'replace')}"
    spf = json.loads(done.stdout.decode("utf-8"))[0]["spf"]
    results, explanation, is_given = wanted(test)
    if spf["check"] not in results:
        return f"{spf['check']} ({spf['check_reason']}), not {' or '.join(results)}"
    if is_given and spf["check_explanation"] != explanation:
        return f"explained by {spf['check_explanation']!r}, not {explanation!r}"
    if spf["check"] == "temperror" and done.returncode != 3:
        return "a question without an answer, and exit code 0"
    return None


OWN = {
    "zonedata": {
        "own.example": [{"TXT": "v=spf1 -all exp=exp.own.example"}],
        "xn--bcher-kva.example": [{"TXT": "v=spf1 -all exp=exp.own.example"}],
        "exp.own.example": [{"TXT": "%{l}|%{o}|%{h}"}],
    },
    "tests": {  # sender, HELO and what comes through of both
        "a quoted local part": ('"a b"@own.example', "h.example", '"a b"|own.example|h.example'),
        "brackets in one": ('"a<b>"@own.example', "h.example", '"a<b>"|own.example|h.example'),
        "brackets in one, in brackets": ('<"a<b"@own.example>', "h.example", '"a<b"|own.example|h.example'),
        "an at sign in one": ('"a@b"@own.example', "h.example", '"a@b"|own.example|h.example'),
        "a name in front": ("Some Body <a@own.example>", "h.example", "a|own.example|h.example"),
        "U-labels": ("a@b\u00fccher.example", "b\u00fccher.example", "a|xn--bcher-kva.example|xn--bcher-kva.example"),
        "a HELO of signs": ("a@own.example", "!$ ;&|<>\"'", "a|own.example|!$ ;&|<>\"'"),
        "a HELO in brackets": ("a@own.example", "[IPv6:2001:db8::1]", "a|own.example|[IPv6:2001:db8::1]"),
        "no local part": ("@own.example", "h.example", "postmaster|own.example|h.example"),
    },
}
OWN["tests"] = {name: {"mailfrom": sender, "helo": helo, "host": "192.0.2.1", "result": "fail", "explanation": words}
                for name, (sender, helo, words) in OWN["tests"].items()}


def main():
    program, suite = sys.argv[1:3]
    with open(suite, encoding="utf-8") as file:
        documents = [d for d in yaml.safe_load_all(file) if d]
    documents.append(OWN)
    server = Server([Zone(d["zonedata"]) for d in documents])
    server.start()
    ports = dict(zip(server.ports, documents))
    slow_first = sorted(ports, key=lambda port: "TIMEOUT" not in str(ports[port]["zonedata"]))
    cases = [(name, port, test) for port in slow_first for name, test in ports[port]["tests"].items()]
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        faults = list(pool.map(lambda c: fault(program, *c[1:]), cases))
    wrong = [(case[0], f) for case, f in zip(cases, faults) if f]
    for name, f in wrong:
        print(f"not ok - {name}: {f}")
    print(f"{len(cases) - len(wrong)} of {len(cases)} cases as printed")
    sys.exit(bool(wrong) or len(cases) != CASES + len(OWN["tests"]))


main()
