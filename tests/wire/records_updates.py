#!/usr/bin/python3
"""What records writes for nsupdate and knsupdate, sent to Knot DNS and to BIND: at a CNAME, which a server
keeps in silence, it fails aloud; where the zone is not known none is named, and nsupdate finds it.
Arguments: the mailfrom program."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

import dns.message
import dns.query
import dns.rdatatype
import dns.update

from knot_room import free_port, knot_conf, start, wait_until_it_serves
from timeouts import patient

ZONES = {"test": "", "d1.test": "cut NS ns.cut.d1.test.\nns.cut A 127.0.0.1\n", "cut.d1.test": ""}
failed = number = 0


def check(good, title, *told):
    global failed, number
    number += 1
    failed += not good
    print(("ok" if good else "not ok") + f" {number} - {title}", *("" if good else f"\n# {t}" for t in told), flush=True)


def bind_conf(folder, port):
    conf = f"""options {{ directory "{folder}"; listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
  pid-file none; session-keyfile none; recursion no; dnssec-validation no; notify no; }};
controls {{ }};
"""
    for zone, records in ZONES.items():
        cut = "d1 NS ns.d1.test.\nns.d1 A 127.0.0.1\n" if zone == "test" else ""
        (folder / f"{zone}.zone").write_text(f"$ORIGIN {zone}.\n$TTL 60\n@ SOA ns h 1 3600 600 86400 3600\n@ NS ns\n"
                                             f"ns A 127.0.0.1\n{records}{cut}")
        conf += f'zone "{zone}" {{ type primary; file "{zone}.zone"; allow-update {{ 127.0.0.1; }}; }};\n'
    (folder / "named.conf").write_text(conf)
    return ["named", "-f", "-c", str(folder / "named.conf")]


def knot(folder, port):
    return ["knotd", "-c", knot_conf(folder, port, ZONES)]


class Server:
    def __init__(self, program, folder, port):
        self.program, self.folder, self.port = program, folder, port

    def records(self, identity, *words):
        manifest = self.folder / "fleet.yaml"
        manifest.write_text(json.dumps({"version": 1, "defaults": {"region": "us-east-1"}, "identities": [
            {"identity": identity, "mail_from": f"bounce.{identity}"}]}))
        dns_options = ["--resolver", f"127.0.0.1:{self.port}", "--dns", "authority", "--authority-port", str(self.port)]
        done = subprocess.run([self.program, "records", manifest, "--format", "nsupdate", "--server",
                               f"127.0.0.1:{self.port}", *words, *dns_options], capture_output=True, text=True)
        return done.stdout

    def send(self, client, text):
        (self.folder / "update").write_text(text)
        return subprocess.run([client, self.folder / "update"], capture_output=True, text=True)

    def types(self, name):
        found = set()
        for kind in ("MX", "TXT", "CNAME"):
            reply = dns.query.tcp(dns.message.make_query(name, kind), "127.0.0.1", port=self.port, timeout=patient(5))
            found |= {dns.rdatatype.to_text(rrset.rdtype) for rrset in reply.answer}
        return found

    def add(self, zone, name, kind, value):
        update = dns.update.Update(zone)
        update.add(name, 60, kind, value)
        assert dns.query.tcp(update, "127.0.0.1", port=self.port, timeout=patient(5)).rcode() == 0


def situations(server, title):
    for client in ("nsupdate", "knsupdate"):
        domain = f"{client}.d1.test"
        text = server.records(domain, "--missing")
        server.add("d1.test", f"bounce.{domain}.", "CNAME", "elsewhere.example.")
        done = server.send(client, text)
        check(done.returncode != 0 and server.types(f"bounce.{domain}") == {"CNAME"},
              f"{title}: at a CNAME that came in between, {client} fails aloud", done, text)
        text = server.records(f"{client}.cut.d1.test", "--missing")
        done = server.send(client, text)
        check("\nzone cut.d1.test.\n" in text and done.returncode == 0 and
              server.types(f"bounce.{client}.cut.d1.test") == {"MX", "TXT"},
              f"{title}: the zone that DNS has named is the one that {client} updates", done, text)
    text = server.records("unasked.cut.d1.test")
    done = server.send("nsupdate", text)
    check("\nzone " not in text and "; The zone of names below d1.test is not known" in text and done.returncode == 0 and
          server.types("bounce.unasked.cut.d1.test") == {"MX", "TXT"},
          f"{title}: without a look the zone is left to nsupdate, and that is remarked", done, text)
    text = server.records("given.cut.d1.test", "--zone", "cut.d1.test")
    check("\nzone cut.d1.test.\n" in text and server.send("knsupdate", text).returncode == 0,
          f"{title}: --zone names it", text)


def main():
    program = os.path.abspath(sys.argv[1])
    for title, command in (("Knot", knot), ("BIND", bind_conf)):
        with tempfile.TemporaryDirectory() as name:
            folder, port = pathlib.Path(name), free_port()
            home = folder / "server"
            home.mkdir()
            os.chmod(name, 0o755)
            daemon = start(command(home, port), home)
            try:
                for zone in ZONES:
                    wait_until_it_serves(port, zone)
                situations(Server(program, folder, port), title)
            finally:
                daemon.terminate()
                daemon.wait()
    print(f"1..{number}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
