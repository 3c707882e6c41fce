#!/usr/bin/python3
"""Broken DNSSEC in real zones: Knot DNS serves zones that dnssec-signzone has signed and the test has
broken, unbound validates below the trust anchor of their parent. plan and inspect say dnssec-bogus where
a resolver sees nothing for it, and nowhere else: not of sound or insecure zones, not of resolvers that do
not validate, do not know CD, fail, keep silent or have a moment's trouble. What a good name costs is
counted. Arguments: mailfrom, ses-sim."""

import collections
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

from knot_room import free_port, knot_conf, start, unbound_conf, wait_until_it_serves
from rehearsal_room import DONE, EXCHANGE, SPF, TROUBLE, Room, check, verdict
from timeouts import patient

RECORDS = f"bounce MX {EXCHANGE}\nbounce TXT {SPF}\n"
SECOND = f"other MX {EXCHANGE}\nother TXT {SPF}\n"
PAST = ["-s", "20200101000000", "-e", "20200201000000"]
# what is broken of the zone; None: nothing
BROKEN = {
    "sound.test": None,
    "plain.test": None,
    "expired.test": "the zone",
    "wrong-ds.test": "the zone",
    "mx.test": "the MX",
    "txt.test": "the TXT",
}


def tool(*words, folder):
    done = subprocess.run(list(map(str, words)), cwd=folder, capture_output=True, text=True, timeout=patient(60))
    assert done.returncode == 0, (words, done.stdout, done.stderr)
    return done.stdout


def signed(folder, zone, *times):
    """Signs the zone's file in its place; the DS records for the parent, and the name of the key."""
    key = tool("dnssec-keygen", "-q", "-a", "ECDSAP256SHA256", "-f", "KSK", zone, folder=folder).strip()
    file = folder / f"{zone}.zone"
    text = file.read_text() + (folder / f"{key}.key").read_text()
    file.write_text(text)
    tool("dnssec-signzone", "-q", "-z", "-P", "-O", "full", *times, "-o", zone, "-f", file, file, key, folder=folder)
    return (folder / f"dsset-{zone}.").read_text(), key


def edited(folder, zone, old, new):
    file = folder / f"{zone}.zone"
    text, edits = re.subn(old, new, file.read_text(), flags=re.M)
    assert edits == 1, (zone, edits)
    file.write_text(text)


def zones_sign(folder):
    """The trust anchor of test."""
    parent = folder / "test.zone"
    for zone in BROKEN:
        if zone == "plain.test":
            continue
        ds, _ = signed(folder, zone, *(PAST if zone == "expired.test" else []))
        if zone == "wrong-ds.test":
            ds = ds.replace(ds.split()[-1], "00" * 4 + ds.split()[-1][8:])
        parent.write_text(parent.read_text() + ds)
    edited(folder, "mx.test", r"^(bounce\.mx\.test\.\s.*\sMX\s+)10 ", r"\g<1>11 ")
    edited(folder, "txt.test", r"^(bounce\.txt\.test\.\s.*\sTXT\s.*)~all", r"\g<1>-all")
    _, key = signed(folder, "test")
    return (folder / f"{key}.key").read_text()


class Forwarder(threading.Thread):
    """A resolver in front of another, which writes down what it is asked. how: "" as it is; "blind" to CD;
    "failing": SERVFAIL to all; "silent"; "flaky": SERVFAIL to the first of equal questions."""

    def __init__(self, port, how=""):
        super().__init__(daemon=True)
        self.upstream, self.how, self.asked = port, how, []
        self.socket = socket.socket(type=socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.start()

    def run(self):
        while True:
            try:
                wire, peer = self.socket.recvfrom(4096)
                reply = self.answer(dns.message.from_wire(wire))
                if reply:
                    self.socket.sendto(reply.to_wire(), peer)
            except dns.exception.DNSException:
                continue

    def answer(self, query):
        asked = (query.question[0].name.to_text(True).lower(), dns.rdatatype.to_text(query.question[0].rdtype))
        first = asked not in [a[:2] for a in self.asked]
        self.asked.append((*asked, bool(query.flags & dns.flags.CD)))
        if self.how == "silent":
            return None
        if self.how == "failing" or (self.how == "flaky" and first):
            reply = dns.message.make_response(query, recursion_available=True)
            reply.set_rcode(dns.rcode.SERVFAIL)
            return reply
        if self.how == "blind":
            query.flags &= ~dns.flags.CD
        return dns.query.udp(query, "127.0.0.1", port=self.upstream, timeout=patient(5))

    def take(self):
        asked, self.asked = self.asked, []
        return asked


class Inspect:
    def __init__(self, program, authority_port):
        self.program, self.authority_port = program, str(authority_port)

    def names(self, names, resolvers, mode):
        """{name: object}"""
        servers = ",".join(f"127.0.0.1:{port}" for port in resolvers)
        done = subprocess.run([self.program, "inspect", "--format", "json", "--dns", mode, "--resolver", servers,
                               "--authority-port", self.authority_port, *names],
                              capture_output=True, text=True, timeout=patient(120))
        return {o["name"]: o for o in json.loads(done.stdout)}

    def zones(self, title, resolvers, wanted, mode="authority", zones=BROKEN):
        """wanted: whether what is broken is said."""
        found = self.names([f"bounce.{zone}" for zone in zones], resolvers, mode)
        for zone in zones:
            o = found[f"bounce.{zone}"]
            sentences = [f["text"] for f in o["findings"] if f["rule"] == "dnssec-bogus"]
            if wanted and BROKEN[zone]:
                told = re.match(f"DNSSEC is broken for (.*) of bounce.{zone}: ", sentences[0]) if sentences else None
                # Only the one resolver that the zone is looked for at tells it from two records.
                alone = mode == "authority" and len(resolvers) == 1
                known = {BROKEN[zone]} | ({"MX and TXT"} if BROKEN[zone] == "the zone" and not alone else set())
                good = o["dnssec_bogus"] and len(sentences) == 1 and told and told[1] in known
                waits = [f["severity"] for f in o["findings"] if f["rule"] == "dnssec-bogus"] == ["wait"]
                check(f"{title}, {mode}: {zone} is said to be broken", good and waits, o)
            else:
                check(f"{title}, {mode}: nothing is said of {zone}", not o["dnssec_bogus"] and not sentences, o)
            if mode == "authority" and "moment" not in title:
                check(f"{title}: and its records are judged", (o["mx"]["status"], o["spf"]["status"]) == ("ok", "ok"), o)


def the_findings(inspect, validating, plain):
    silent, failing = Forwarder(0, "silent").port, Forwarder(0, "failing").port
    for mode in ("authority", "recursive"):
        inspect.zones("a resolver that validates", [validating], True, mode)
        inspect.zones("one that does not", [plain], False, mode)
        inspect.zones("one that does not, before one that does", [plain, validating], True, mode)
        inspect.zones("one that does, before one that does not", [validating, plain], True, mode)
        inspect.zones("one that fails, before one that does not validate", [failing, plain], False, mode)
        inspect.zones("one without CD, before one that does not validate",
                      [Forwarder(validating, "blind").port, plain], False, mode)
        inspect.zones("a moment's trouble", [Forwarder(plain, "flaky").port], False, mode, ["sound.test", "mx.test"])
        inspect.zones("one that keeps silent, behind one that validates", [validating, silent], True, mode,
                      ["sound.test", "mx.test"])
        inspect.zones("one that is not there", [validating, free_port()], True, mode, ["sound.test", "mx.test"])
    inspect.zones("one without CD", [Forwarder(validating, "blind").port], False)


def the_cost(inspect, validating):
    """Questions for DNSSEC alone: what the authorities are found with is not counted."""
    log = Forwarder(validating)

    def asked(*names):
        log.take()
        inspect.names(names, [log.port], "authority")
        return collections.Counter(a for a in log.take() if a[1] in ("DS", "MX", "TXT") and a[0].endswith(".test"))

    insecure = asked("bounce.plain.test", "other.plain.test")
    check("an insecure zone is asked for once, and its names not at all", insecure == {("plain.test", "DS", False): 1}, insecure)
    secure = asked("bounce.sound.test", "other.sound.test")
    wanted = {("sound.test", "DS", False): 1,
              **{(f"{host}.sound.test", kind, False): 1 for host in ("bounce", "other") for kind in ("MX", "TXT")}}
    check("a signed zone is asked for once, and two questions for each of its names", secure == wanted, secure)
    broken = asked("bounce.mx.test")
    wanted = {("mx.test", "DS", False): 1, ("bounce.mx.test", "TXT", False): 1,
              ("bounce.mx.test", "MX", False): 2, ("bounce.mx.test", "MX", True): 1}
    check("a broken record costs two questions more", broken == wanted, broken)
    missing = asked("nothing.sound.test")
    check("a name that is not there is never said to the resolver", not missing, missing)


def the_plan(room, validating, authority_port):
    room.dns = ["--resolver", f"127.0.0.1:{validating}", "--dns", "authority", "--authority-port", str(authority_port)]
    manifest = room.manifest("broken.yaml", {zone: {} for zone in BROKEN})
    done = room.run("plan", manifest, "--report", "json:-", "--quiet")
    rows = {row["identity"]: row for row in json.loads(done.stdout_text)["identities"]}
    for zone, broken in BROKEN.items():
        row = rows[zone]
        rules = {finding["rule"] for finding in row["findings"]}
        wanted = ("waiting-dns" if broken else "planned", bool(broken))
        check(f"plan: {zone} is {wanted[0]}", (row["outcome"], "dnssec-bogus" in rules) == wanted, row)
    manifest = room.manifest("accepted.yaml", {"mx.test": {}}, accept=["dnssec-bogus"])
    done = room.run("plan", manifest, "--report", "json:-", "--quiet")
    row = json.loads(done.stdout_text)["identities"][0]
    check("plan: an accepted one is planned", row["outcome"] == "planned", row, done.stderr_text)
    manifest = room.manifest("mx.yaml", {"txt.test": {}, "mx.test": {}}, dns={"require": "mx"})
    done = room.run("plan", manifest, "--report", "json:-", "--quiet")
    rows = {row["identity"]: row["outcome"] for row in json.loads(done.stdout_text)["identities"]}
    check("plan: a TXT that is not required does not hold up", rows == {"txt.test": "planned", "mx.test": "waiting-dns"}, rows)


def main():
    zones = {"test": "", "amazonses.com": '@ TXT "v=spf1 ip4:199.255.192.0/22 -all"\n', **{zone: RECORDS for zone in BROKEN}}
    for zone in ("plain.test", "sound.test"):
        zones[zone] += SECOND
    knot_port = free_port()
    with tempfile.TemporaryDirectory() as name:
        folder, daemons = pathlib.Path(name), []
        os.chmod(name, 0o755)
        conf = knot_conf(folder, knot_port, zones)
        anchor = zones_sign(folder)
        try:
            daemons.append(start(["knotd", "-c", conf], folder))
            wait_until_it_serves(knot_port, "test")
            ports = []
            for place, options in (("validating", f'    module-config: "validator iterator"\n    trust-anchor: "{anchor_line(anchor)}"\n'),
                                   ("plain", "")):
                ports.append(free_port())
                (folder / place).mkdir()
                unbound = unbound_conf(folder / place, ports[-1], knot_port, zones, options=options)
                daemons.append(start(["unbound", "-d", "-c", unbound], folder / place))
                wait_until_it_serves(ports[-1], "plain.test")
            inspect = Inspect(sys.argv[1], knot_port)
            the_findings(inspect, *ports)
            the_cost(inspect, ports[0])
            with Room(*sys.argv[1:3], {zone: {"late": True} for zone in BROKEN}) as room:
                the_plan(room, ports[0], knot_port)
        finally:
            for daemon in daemons:
                daemon.terminate()
                daemon.wait()
    verdict()


def anchor_line(key_file):
    """The DNSKEY of a key file, on one line."""
    return " ".join(line for line in key_file.splitlines() if not line.startswith(";"))


main()
