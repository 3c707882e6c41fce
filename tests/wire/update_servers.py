#!/usr/bin/python3
"""Updates of DNS carried to Knot DNS and to BIND, which say what has become of each; and to servers that
close, keep silent, or answer with a false signature, which leave no change taken for done.
Arguments: the driver (update_driver), the clocks to preload (wall_clock)."""

import base64
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading

import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.tsigkeyring
import dns.update

from knot_room import free_port, start, wait_until_it_serves
from timeouts import patient

HOST = "feedback-smtp.us-east-1.amazonses.com"
SPF = "v=spf1 include:amazonses.com ~all"
ZONE = """$ORIGIN example.test.
$TTL 60
@ SOA ns h 1 3600 600 86400 3600
@ NS ns
ns A 127.0.0.1
alias CNAME elsewhere.test.
foreign MX 10 mx.elsewhere.test.
two TXT "one"
two TXT "two"
torn TXT "v=spf1 " "-all"
cut NS ns.cut
ns.cut A 127.0.0.1
"""
KEYS = {name: (algorithm, base64.b64encode(os.urandom(size)).decode())
        for name, algorithm, size in (("good", "hmac-sha256", 32), ("long", "hmac-sha384", 48),
                                      ("longer", "hmac-sha512", 64), ("narrow", "hmac-sha256", 32))}
failed = number = 0


def check(good, title, *told):
    global failed, number
    number += 1
    failed += not good
    print(("ok" if good else "not ok") + f" {number} - {title}", *("" if good else f"\n# {t}" for t in told), flush=True)


def knot(folder, port):
    for name in ("run", "db"):
        (folder / name).mkdir()
    keys = "".join(f"  - id: {n}\n    algorithm: {a}\n    secret: {s}\n" for n, (a, s) in KEYS.items())
    (folder / "knot.conf").write_text(f"""server:
    rundir: "{folder}/run"
    listen: [ 127.0.0.1@{port} ]
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stderr
    any: error
database:
    storage: "{folder}/db"
key:
{keys}acl:
  - id: all
    key: [ good, long, longer ]
    action: update
  - id: narrow
    key: narrow
    action: update
    update-owner: name
    update-owner-match: equal
    update-owner-name: [ only.example.test. ]
zone:
  - domain: example.test
    storage: "{folder}"
    zonefile-sync: -1
    zonefile-load: whole
    journal-content: none
    acl: [ all, narrow ]
""")
    return ["knotd", "-c", str(folder / "knot.conf")]


def bind(folder, port):
    keys = "".join(f'key "{n}" {{ algorithm {a}; secret "{s}"; }};\n' for n, (a, s) in KEYS.items())
    grants = "".join(f"grant {n} zonesub ANY; " for n in KEYS if n != "narrow")
    (folder / "named.conf").write_text(f"""options {{ directory "{folder}"; listen-on port {port} {{ 127.0.0.1; }};
  listen-on-v6 {{ none; }}; pid-file none; session-keyfile none; recursion no; dnssec-validation no; notify no; }};
controls {{ }};
{keys}zone "example.test" {{ type primary; file "example.test.zone";
  update-policy {{ {grants}grant narrow name only.example.test MX TXT; }}; }};
""")
    return ["named", "-f", "-c", str(folder / "named.conf")]


class Driver:
    """One key at one server. Every command's answer is (how, status, code, zones, message)."""

    def __init__(self, port, folder, key="good", secret=None, hours_off=0, timeout_ms=10000, host="127.0.0.1"):
        algorithm, right = KEYS.get(key, KEYS["good"])
        file = folder / "tsig.key"
        file.touch(0o600)
        file.write_text(f"{algorithm}:{key}:{secret or right}\n")
        environment = dict(os.environ)
        if hours_off:
            (folder / "clock").write_text(str(3600 * hours_off))
            environment |= {"LD_PRELOAD": sys.argv[2], "WALL_CLOCK": str(folder / "clock")}
        self.process = subprocess.Popen([sys.argv[1], f"{host}:{port}", file, str(int(patient(timeout_ms)))], text=True,
                                        env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.zone("example.test")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()

    def write(self, *columns):
        self.process.stdin.write("\t".join(columns) + "\n")

    def zone(self, name):
        self.write("zone", name)

    def answer(self, verb):
        self.write(verb)
        self.process.stdin.flush()
        return self.process.stdout.readline().rstrip("\n").split("\t")

    def ask(self, name):
        self.zone(name)
        answer = self.answer("ask")
        self.zone("example.test")
        return answer

    def send(self, *changes):
        for change in changes:
            self.write(*change)
        return self.answer("send")


def mx(name, *values, verb="create"):
    return (verb, f"{name}.example.test", "MX", "300", *(values or [f"10 {HOST}"]))


def txt(name, *values, verb="create"):
    return (verb, f"{name}.example.test", "TXT", "300", *(values or [SPF]))


class Server:
    def __init__(self, port):
        self.port = port

    def served(self, name, kind):
        """The values as they are served, and their TTL."""
        reply = dns.query.tcp(dns.message.make_query(f"{name}.example.test.", kind), "127.0.0.1", port=self.port,
                              timeout=patient(5))
        return {(rrset.ttl, rdata.to_text()) for rrset in reply.answer for rdata in rrset}

    def write_beside(self, name, kind, value):
        """A second writer, with the same key."""
        update = dns.update.Update("example.test", keyring=dns.tsigkeyring.from_text({"good": KEYS["good"][1]}),
                                   keyalgorithm="hmac-sha256")
        update.add(name, 60, kind, value)
        assert dns.query.tcp(update, "127.0.0.1", port=self.port, timeout=patient(5)).rcode() == 0


def is_done(answer):
    return answer[:3] == ["HTTP", "200", ""]


def is_refused(answer, *codes):
    return answer[:2] == ["HTTP", "400"] and answer[2] in codes


def is_create_only(title, server, d):
    done = d.send(mx("bounce"), txt("bounce"))
    ours = {(300, f"10 {HOST}.")}
    check(is_done(done) and server.served("bounce", "MX") == ours and server.served("bounce", "TXT") == {(300, f'"{SPF}"')},
          f"{title}: MX and TXT are created as they were said", done)
    again = d.send(mx("bounce"))
    check(is_refused(again, "YXRRSET") and server.served("bounce", "MX") == ours, f"{title}: an equal set is left alone", again)
    alias = d.send(mx("alias"))
    check(is_refused(alias, "YXRRSET") and server.served("alias", "CNAME") == {(60, "elsewhere.test.")},
          f"{title}: nothing is written at a CNAME, and that is told", alias)
    foreign = d.send(mx("foreign"))
    check(is_refused(foreign, "YXRRSET") and server.served("foreign", "MX") == {(60, "10 mx.elsewhere.test.")},
          f"{title}: no MX is put beside a foreign one", foreign)
    server.write_beside("raced", "TXT", '"v=spf1 -all"')
    raced = d.send(mx("raced"), txt("raced"))
    check(is_refused(raced, "YXRRSET") and not server.served("raced", "MX") and
          server.served("raced", "TXT") == {(60, '"v=spf1 -all"')},
          f"{title}: what a second writer has set in between stops the whole update", raced)
    hidden = d.send(mx("hidden.cut"))
    check(is_done(hidden) and not server.served("hidden.cut", "MX"),
          f"{title}: below a zone cut the server says success, and nothing is seen", hidden)


def is_exact(title, server, d):
    ours = {(300, f"10 {HOST}.")}
    swap = d.send(txt("bounce", SPF, "=>", "v=spf1 include:amazonses.com include:other.test ~all", verb="swap"))
    after = {(300, '"v=spf1 include:amazonses.com include:other.test ~all"')}
    check(is_done(swap) and server.served("bounce", "TXT") == after, f"{title}: one set takes the place of another", swap)
    stale = d.send(txt("bounce", SPF, "=>", "v=spf1 -all", verb="swap"))
    check(is_refused(stale, "NXRRSET") and server.served("bounce", "TXT") == after,
          f"{title}: of a set that is no longer the old one nothing is replaced", stale)
    for title_of, values in (("one of two values", ["one"]), ("more values than there are", ["one", "two", "three"])):
        part = d.send(txt("two", *values, verb="delete"))
        check(is_refused(part, "NXRRSET") and len(server.served("two", "TXT")) == 2,
              f"{title}: {title_of}: nothing is removed", part)
    torn = d.send(txt("torn", "v=spf1 -all", verb="delete"))
    whole = d.send(txt("torn", "v=spf1 |-all", verb="delete"), txt("two", "two", "one", verb="delete"))
    check(is_refused(torn, "NXRRSET") and is_done(whole) and not server.served("torn", "TXT") and not server.served("two", "TXT"),
          f"{title}: a set is removed when it is named as it is, string by string", torn, whole)
    gone = d.send(mx("bounce", verb="delete"))
    check(is_done(gone) and not server.served("bounce", "MX") and server.served("bounce", "TXT") == after,
          f"{title}: the other set of the name stays", gone)
    wide = "v=spf1 " + "include:a.example " * 50  # a message beyond 16 KB, where names cannot be pointed at
    done = d.send(*[change for i in range(50) for change in (mx(f"n{i}"), txt(f"n{i}", wide))])
    many = [server.served(f"n{i}", kind) for i in (0, 17, 49) for kind in ("MX", "TXT")]
    check(is_done(done) and many[0] == many[2] == many[4] == ours and many[1] == many[3] == many[5] and
          "".join(dict(many[1])[300].split('" "')) == f'"{wide}"', f"{title}: fifty names are one message", done, *many)


def is_the_zone(title, d):
    has = d.ask("example.test")
    none = [d.ask(name) for name in ("bounce.example.test", "cut.example.test", "elsewhere.test")]
    check(has[:4] == ["HTTP", "200", "", "1"] and all(a[:2] == ["HTTP", "200"] and a[3] == "0" and a[4] for a in none),
          f"{title}: a zone is there when the server is the authority of this very name", has, *none)
    strange = d.send(("create", "bounce.elsewhere.test", "MX", "300", f"10 {HOST}"))
    d.zone("elsewhere.test")
    absent = d.send(("create", "bounce.elsewhere.test", "MX", "300", f"10 {HOST}"))
    d.zone("example.test")
    check(is_refused(strange, "NOTZONE") and is_refused(absent, "NOTAUTH", "REFUSED"),
          f"{title}: a name of another zone, and a zone that is not there, are refused", strange, absent)


def are_the_keys(title, server, port, folder):
    def of(key, *changes, **more):
        with Driver(port, folder, key, **more) as d:
            return d.send(*changes)

    wrong = of("good", mx("k"), secret=base64.b64encode(b"x" * 32).decode())
    unknown = of("stranger", mx("k"))
    check(is_refused(wrong, "BADSIG") and is_refused(unknown, "BADKEY") and "no key stranger" in unknown[4],
          f"{title}: a wrong secret and an unknown key are told apart", wrong, unknown)
    for hours in (-1, 1):
        late = of("good", mx("k"), hours_off=hours)
        check(is_refused(late, "BADTIME") and len(set(re.findall(r"T(\d\d):", late[4]))) == 2,
              f"{title}: a clock that is {hours} hour off is told, with both times", late)
    narrow = [of("narrow", mx("k"), txt("only")), of("narrow", mx("only"))]
    check(is_refused(narrow[0], "BADKEY" if title == "Knot" else "REFUSED") and is_done(narrow[1]),
          f"{title}: a key of few names writes these and no others", *narrow)
    check(not server.served("k", "MX"), f"{title}: nothing of what was refused is served")
    check(is_done(of("long", mx("long"))) and is_done(of("longer", mx("longer"))), f"{title}: HMAC-SHA-384 and 512 are spoken")


class StandIn:
    """Reads one message and does with the answer what it is made for."""

    def __init__(self, make, host="127.0.0.1"):
        self.make = make
        self.socket = socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.port = self.socket.getsockname()[1]
        self.messages = 0
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            connection, _ = self.socket.accept()
            with connection, connection.makefile("rb") as stream:
                query = stream.read(int.from_bytes(stream.read(2), "big"))
                self.messages += 1
                answer = self.make(query)
                if answer is None:  # silence
                    connection.recv(1)
                else:
                    connection.sendall(answer)


def answered(query, secret=None):
    keyring = dns.tsigkeyring.from_text({"good": KEYS["good"][1]})
    request = dns.message.from_wire(query, keyring=keyring)
    answer = dns.message.make_response(request)
    if secret:
        answer.use_tsig(dns.tsigkeyring.from_text({"good": secret}), "good", algorithm="hmac-sha256")
        answer.request_mac = request.mac
    wire = answer.to_wire()
    return len(wire).to_bytes(2, "big") + wire


def stand_ins(folder):
    cases = {
        "closes without an answer": (lambda q: b"", "LOST", "without an answer"),
        "closes in the middle": (lambda q: answered(q)[:-5], "LOST", "in the middle of the answer"),
        "keeps silent": (lambda q: None, "LOST", "no answer in time"),
        "answers nonsense": (lambda q: b"\0\3abc", "GARBLED", "no whole DNS message"),
        "answers nothing": (lambda q: b"\0\0", "GARBLED", "no whole DNS message"),
        "signs with another secret": (lambda q: answered(q, base64.b64encode(b"x" * 32).decode()), "GARBLED", "wrong code"),
        "answers rightly": (answered, "HTTP", ""),
    }
    for title, (make, how, words) in cases.items():
        server = StandIn(make)
        with Driver(server.port, folder, timeout_ms=300 if "silent" in title else 10000) as d:
            answer = d.send(mx("bounce"))
        check(answer[0] == how and words in answer[4] and server.messages == 1,
              f"a server that {title}: {how}, and the message was sent once", answer, server.messages)
    try:
        six = StandIn(answered, "::1")
    except OSError:
        print("# no IPv6 on loopback, so no server by IPv6")
    else:
        with Driver(six.port, folder, host="[::1]") as d:
            check(is_done(d.send(mx("bounce"))), "a server by IPv6 is reached")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with Driver(closed.getsockname()[1], folder) as d:
            answer = d.send(mx("bounce"))
    check(answer[0] == "NOT_SENT" and "Connection refused" in answer[4], "a server that is not there: nothing was sent", answer)


def main():
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        daemons, places = [], []
        for title, command in (("Knot", knot), ("BIND", bind)):
            home, port = pathlib.Path(name) / title, free_port()
            home.mkdir()
            (home / "example.test.zone").write_text(ZONE)
            daemons.append(start(command(home, port), home))
            places.append((title, port))
        folder = pathlib.Path(name)
        try:
            stand_ins(folder)
            for title, port in places:
                wait_until_it_serves(port, "example.test")
                server = Server(port)
                with Driver(port, folder) as d:
                    is_the_zone(title, d)
                    is_create_only(title, server, d)
                    is_exact(title, server, d)
                are_the_keys(title, server, port, folder)
        finally:
            for daemon in daemons:
                daemon.terminate()
                daemon.wait()
    print(f"1..{number}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
