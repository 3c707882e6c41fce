#!/usr/bin/python3
"""The page's server against clients of every kind: browsers that look on and come back, sites that ask
under names of their own, clients without the token, slow ones, ones that never read, too many of them.

usage: page_server.py PAGE_DRIVER"""

import errno
import json
import os
import pathlib
import re
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import warnings

from rehearsal_room import check, verdict
from timeouts import patient

DRIVER = pathlib.Path(sys.argv[1]).resolve()
TOKEN = "a-token-of-22-letters."


class Server:
    def __init__(self, listen="127.0.0.1:0", rows=100, size=100, *options, token=None):
        # what is freed is freed, for the figures of memory, also with the sanitizer
        asan = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=4"
        environment = {**os.environ, "PAGE_TOKEN": token or "", "ASAN_OPTIONS": asan}
        options = [*options, *(["--token-env", "PAGE_TOKEN"] if token else [])]
        self.process = subprocess.Popen([DRIVER, listen, str(rows), str(size), *options], text=True, env=environment,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        word, self.url = self.process.stdout.readline().rstrip("\n").split(" ", 1)
        self.is_ready = word == "ready"
        if self.is_ready:
            self.host, self.port = re.fullmatch(r"https?://\[?([^\]]*?)\]?:(\d+)/", self.url).groups()
            self.port = int(self.port)

    def order(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def told(self, line):
        self.order(line)
        return self.process.stdout.readline().split()[1]

    def close(self):
        """The milliseconds it took, and what was printed besides."""
        out = self.process.communicate(timeout=patient(20))[0].splitlines()
        check("the server ended well", self.process.returncode == 0, self.process.returncode, out)
        return int(out[-1].split()[1]) if self.is_ready else 0, out[:-1]

    def connect(self, context=None):
        connection = socket.create_connection((self.host, self.port), timeout=patient(20))
        return context.wrap_socket(connection, server_hostname="localhost") if context else connection

    def ask(self, target="/", method="GET", body=None, raw=None, context=None, **headers):
        """(status, headers, body) of one request on a connection of its own."""
        headers = {"Host": f"127.0.0.1:{self.port}", "Connection": "close", **{k.replace("_", "-"): v for k, v in headers.items()}}
        if body is not None:
            headers = {"Content-Length": str(len(body)), "Content-Type": "application/x-www-form-urlencoded", **headers}
        head = f"{method} {target} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in headers.items() if v is not None) + "\r\n"
        with self.connect(context) as connection:
            connection.sendall(raw if raw is not None else (head + (body or "")).encode())
            got = b""
            try:
                while piece := connection.recv(65536):
                    got += piece
            except ConnectionResetError:
                pass
        return parsed(got)


def parsed(got):
    head, _, body = got.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    status = int(lines[0].split()[1]) if len(lines[0].split()) > 1 else 0
    return status, {k.lower(): v for k, _, v in (line.partition(": ") for line in lines[1:])}, body.decode(errors="replace")


class Browser:
    """One that looks on at /events, by a thread that keeps the events as they come."""

    def __init__(self, server, last=None, context=None, **headers):
        self.connection = server.connect(context)
        head = {"Host": f"127.0.0.1:{server.port}", **{k.replace("_", "-"): v for k, v in headers.items()}}
        if last:
            head["Last-Event-ID"] = last
        self.connection.sendall(("GET /events HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in head.items()) + "\r\n").encode())
        self.got, self.is_over = b"", threading.Event()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        try:
            while piece := self.connection.recv(65536):
                self.got += piece
        except OSError:
            pass
        self.is_over.set()

    def leave(self):
        self.connection.shutdown(socket.SHUT_RDWR)
        self.connection.close()

    def text(self):
        body, text = self.got.partition(b"\r\n\r\n")[2], b""
        while match := re.match(rb"([0-9a-fA-F]+)\r\n", body):
            size = int(match[1], 16)
            text, body = text + body[match.end():match.end() + size], body[match.end() + size + 2:]
        return text.decode()

    def events(self):
        """[(id, parts)]"""
        return [(m[1], json.loads(m[2])["parts"]) for m in re.finditer(r"id: (\S+)\nevent: parts\ndata: (.*)\n\n", self.text())]

    def wait(self, what, seconds=5):
        end = time.monotonic() + patient(seconds)
        while time.monotonic() < end:
            if what(self):
                return True
            time.sleep(0.02)
        return False


def looking_on():
    s = Server(rows=10000, size=20000)
    early = Browser(s)
    check("before the first snapshot there is a greeting", early.wait(lambda b: "retry: 2000\n\n" in b.text()), early.got)
    s.order("publish 1")
    check("the first snapshot is sent at once", early.wait(lambda b: len(b.events()) == 1, 0.9), early.got[:300])
    check("with all its parts", early.events() and set(early.events()[0][1]) == {"beat", "still"})
    late = Browser(s)
    check("who comes late gets the same at once", late.wait(lambda b: b.events() == early.events(), 0.9))
    time.sleep(1)
    s.order("publish 50")
    began = time.monotonic()
    check("then newer ones, up to the newest", late.wait(lambda b: b.events()[-1][1]["beat"] == "<b>51</b>", 20), late.events()[-1])
    took, beats = time.monotonic() - began, [parts["beat"] for _, parts in late.events()]
    check("fifty snapshots at once are one event a second", len(beats) - 1 <= 2 + took, beats, took)
    check("with the part that changed alone", all(set(parts) == {"beat"} for _, parts in late.events()[1:]))
    check("and two browsers saw the same", early.wait(lambda b: b.events() == late.events()), early.events()[-1], late.events()[-1])

    last = late.events()[-1][0]
    back = Browser(s, last=last)
    check("who comes back is not sent again what it has", back.wait(lambda b: "retry" in b.text()) and not back.events())
    s.order("publish 1")
    check("but what is new", back.wait(lambda b: len(b.events()) == 1) and set(back.events()[0][1]) == {"beat"}, back.text())
    strange = Browser(s, last="0123456789abcdef-52")
    check("an id of another process means nothing", strange.wait(lambda b: len(b.events()) == 1) and "still" in strange.events()[0][1])
    check("four look on", s.told("clients") == "4")
    back.leave()

    status, headers, body = s.ask("/api/rows?q=NEWS0042.example&limit=5")
    rows = json.loads(body)
    check("a search answers with JSON", status == 200 and headers["content-type"] == "application/json", status, headers)
    check("of all rows", rows["total"] == 10000 and rows["found"] == 0 and rows["rows"] == [], body)
    rows = json.loads(s.ask("/api/rows?q=news42+eu-west&limit=5")[2])
    check("and those that fit", rows["found"] == 55 and json.loads(s.ask("/api/rows?q=news43&from=1&limit=5")[2])["found"] == 111, rows)
    took, _ = s.close()
    check("at the end clients are told and ended within a second", took < patient(1) * 1000 and early.is_over.wait(2)
          and early.text().endswith("event: closing\ndata: {}\n\n"), took, early.text()[-80:])
    check("by a whole answer", early.got.endswith(b"0\r\n\r\n"), early.got[-20:])


def answers():
    s = Server()
    s.order("publish 1")
    time.sleep(0.1)
    status, headers, body = s.ask("/")
    check("the index page", status == 200 and "<b id=" in body, status)
    policy = headers["content-security-policy"]
    check("its policy names script and style by hash", policy.count("sha256-") == 2 and "unsafe" not in policy, policy)
    for name, value in {"x-content-type-options": "nosniff", "referrer-policy": "same-origin", "cache-control": "no-store"}.items():
        check(f"{name} is {value}", all(s.ask(path)[1].get(name) == value for path in ("/", "/api/status", "/metrics", "/no", "/healthz")))
    check("nobody may frame it", "frame-ancestors 'none'" in policy and "frame-ancestors 'none'" in s.ask("/api/rows")[1]["content-security-policy"])
    status, headers, body = s.ask("/metrics")
    check("metrics in Prometheus's format", headers["content-type"].startswith("text/plain; version=0.0.4") and body.endswith("mailfrom_count 1\n"))
    check("status", json.loads(s.ask("/api/status")[2]) == {"count": 1})
    check("health", s.ask("/healthz")[0] == 200)
    s.order("health 20")
    time.sleep(1.2)
    check("21 s of 10 s intervals are well", s.ask("/healthz")[0] == 200)
    s.order("health 26")
    time.sleep(1.2)
    status, _, body = s.ask("/healthz")
    check("26 s are not", status == 503 and body.startswith("bad: the last success was 2") and body.endswith("; SES did not answer\n"), body)
    status, headers, body = s.ask("/", method="HEAD")
    check("HEAD has no body", status == 200 and body == "" and int(headers["content-length"]) > 0, headers)
    check("HEAD of events ends", s.ask("/events", method="HEAD")[0] == 200)
    for method in ("PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH", "BREW"):
        check(f"{method} is refused", s.ask("/", method=method)[0] in (400, 405))
    with s.connect() as connection:
        head = f"GET /api/status HTTP/1.1\r\nHost: localhost:{s.port}\r\n\r\n".encode()
        connection.sendall(head * 10)
        got = b""
        while got.count(b'{"count":') < 10:
            got += connection.recv(65536)
        check("ten requests at once on one connection", got.count(b"HTTP/1.1 200") == 10)
        connection.sendall(head)
        check("and one more", b"200 OK" in connection.recv(65536))
    chunked = (f"POST /api/stop HTTP/1.1\r\nHost: localhost:{s.port}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nrate=\r\n0\r\n\r\n").encode()
    check("a chunked body is refused", s.ask(raw=chunked)[0] == 411)
    check("a large body is refused before it comes", s.ask("/login", method="POST", Content_Length="1000000000")[0] == 413)
    check("a long URL is refused", s.ask("/" + "x" * 40000)[0] in (414, 0, 413, 431))
    check("a long head is refused", s.ask("/", X="x" * 40000)[0] in (431, 413, 0))
    check("no line of HTTP is refused", s.ask(raw=b"\x16\x03\x01 hello\r\n\r\n")[0] in (0, 400, 505))
    check("two Host headers are refused", s.ask(raw=f"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())[0] == 400)
    check("no Host is refused", s.ask(raw=b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")[0] == 400)
    check("nothing is there", s.ask("/etc/passwd")[0] == 404 and s.ask("/../../etc/passwd")[0] == 404)
    s.close()


def other_sites():
    s = Server()
    s.order("publish 1")
    for path in ("/", "/events", "/api/rows", "/api/status", "/metrics", "/healthz"):
        check(f"{path} under another name is refused", s.ask(path, Host="evil.example")[0] == 421)
    check("a name that only looks like ours, too", s.ask("/", Host=f"localhost.evil.example:{s.port}")[0] == 421)
    check("localhost is ours", s.ask("/", Host=f"localhost:{s.port}")[0] == 200)
    for path in ("/events", "/api/rows", "/api/status"):
        check(f"{path} is refused to another origin", s.ask(path, Origin="http://evil.example")[0] == 403)
        check(f"{path} is refused to another site", s.ask(path, Sec_Fetch_Site="cross-site")[0] == 403)
    check("no answer lets another origin read it", "access-control-allow-origin" not in s.ask("/api/status")[1])
    check("a link leads to the page", s.ask("/", Sec_Fetch_Site="cross-site")[0] == 200)
    status, _, body = s.ask("/api/stop", method="POST", body="")
    check("without a token no orders are taken", status == 403 and "--token-env" in body, status, body)
    _, out = s.close()
    check("and none reached the owner", not any(line.startswith("order") for line in out), out)


def tokens():
    s = Server(token=TOKEN)
    s.order("publish 1")
    time.sleep(0.1)
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    for path in ("/events", "/api/rows", "/api/status", "/metrics"):
        check(f"{path} needs the token", s.ask(path)[0] == 401 and s.ask(path, Authorization="Bearer wrong-wrong-wrong-wrong")[0] == 401)
    check("with it metrics are read", s.ask("/metrics", **bearer)[0] == 200)
    check("under any name", s.ask("/metrics", Host="watch.internal:9", **bearer)[0] == 200)
    check("health needs none", s.ask("/healthz")[0] == 200)
    status, headers, body = s.ask("/")
    check("a browser is asked for it", status == 401 and 'action="/login"' in body and headers["www-authenticate"].startswith("Bearer"), body)
    check("an address with it is not let in", s.ask(f"/?token={TOKEN}")[0] == 401)
    origin = {"Origin": f"http://127.0.0.1:{s.port}"}
    check("a wrong one is not taken", s.ask("/login", method="POST", body="token=wrong", **origin)[0] == 401)
    check("nor one from another site", s.ask("/login", method="POST", body=f"token={TOKEN}", Origin="http://evil.example")[0] == 403)
    status, headers, _ = s.ask("/login", method="POST", body=f"token={TOKEN}", **origin)
    cookie = headers.get("set-cookie", "")
    check("the right one leads to the page", status == 303 and headers.get("location") == "/", status, headers)
    check("with a cookie for this page alone", "HttpOnly" in cookie and "SameSite=Strict" in cookie and TOKEN not in cookie, cookie)
    jar = {"Cookie": cookie.split(";")[0]}
    check("which opens it", s.ask("/", **jar)[0] == 200 and s.ask("/api/status", **jar)[0] == 200)
    browser = Browser(s, **jar)
    check("and its events", browser.wait(lambda b: len(b.events()) == 1), browser.got)
    check("an order by cookie needs an origin", s.ask("/api/pause", method="POST", body="", **jar)[0] == 403)
    check("not another one", s.ask("/api/pause", method="POST", body="", **jar, Origin="http://evil.example")[0] == 403)
    status, _, body = s.ask("/api/pause", method="POST", body="", **jar, **origin)
    check("but this page's", status == 200 and json.loads(body) == {"said": "the run will pause"}, status, body)
    check("a program orders with the token", s.ask("/api/pace", method="POST", body="rate=0.5", **bearer)[0] == 200)
    status, _, body = s.ask("/api/pace", method="POST", body="rate=fast", **bearer)
    check("an order may be refused", status == 400 and json.loads(body) == {"error": "the pace is no number"}, body)
    check("nothing is ordered by GET", s.ask("/api/stop", **bearer)[0] == 405)
    check("nor without a token", s.ask("/api/stop", method="POST", body="")[0] == 401)
    check("nor by JSON", s.ask("/api/pace", method="POST", body='{"rate":1}', **{"Content-Type": "application/json"}, **bearer)[0] == 415)
    _, out = s.close()
    check("the owner heard three orders", out == ["order pause ", "order pace 0.5", "order pace fast"], out)


def addresses(top):
    for listen, words in {"0.0.0.0:0": "others than this machine", "127.0.0.1:70000": "expected ADDRESS:PORT",
                          "192.0.2.1:0": "others than this machine", "watch.example:80": "is a name"}.items():
        s = Server(listen)
        check(f"{listen} is refused", not s.is_ready and words in s.url, s.url)
        s.process.communicate()
    short = Server(token="short")
    check("a short token is refused, unread", not short.is_ready and "has 5 characters" in short.url, short.url)
    short.process.communicate()
    s = Server("0.0.0.0:0", token=TOKEN)
    s.host = "127.0.0.1"
    check("with a token all addresses are served", s.is_ready and s.ask("/")[0] == 401)
    check("but names are not", s.ask("/", Host="evil.example")[0] == 421)
    taken = Server(f"127.0.0.1:{s.port}", token=TOKEN)
    check("a port that is taken is told", not taken.is_ready and "another program listens there" in taken.url, taken.url)
    taken.process.communicate()
    s.close()
    s = Server("[::1]:0")
    check("IPv6", s.is_ready and s.url.startswith("http://[::1]:") and s.ask("/", Host=f"[::1]:{s.port}")[0] == 200, s.url)
    s.close()
    for name in ("https://watch.example.com", "watch.example.com:8080", "watch.example.com/", ""):
        bad = Server("127.0.0.1:0", 100, 100, "--name", name)
        check(f"'{name}' is no host name", not bad.is_ready and "expected a host name alone" in bad.url, bad.url)
        bad.process.communicate()
    s = Server("127.0.0.1:0", 100, 100, "--name", "watch.example.com")
    check("a further name", s.ask("/", Host="watch.example.com")[0] == 200 and s.ask("/", Host="other.example.com")[0] == 421)
    s.close()


def over_tls(top):
    cert, key, other = top / "cert.pem", top / "key.pem", top / "other.pem"
    for name in (key, other):
        subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", name], check=True, capture_output=True)
        name.chmod(0o600)
    subprocess.run(["openssl", "req", "-x509", "-key", key, "-out", cert, "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                    "-days", "2"], check=True, capture_output=True)
    files = ["--tls-cert", str(cert), "--tls-key", str(key)]
    s = Server("0.0.0.0:0", 100, 100000, *files)
    s.host = "127.0.0.1"
    context = ssl.create_default_context(cafile=cert)
    check("HTTPS without a token listens everywhere", s.is_ready and s.url.startswith("https://0.0.0.0:"), s.url)
    status, _, body = s.ask("/", context=context)
    check("and answers", status == 200 and "<b id=" in body, status)
    browser = Browser(s, context=context)
    s.order("publish 1")
    check("events come", browser.wait(lambda b: len(b.events()) == 1), browser.got[:200])
    check("an origin without TLS is another one", s.ask("/events", context=context, Origin=f"http://127.0.0.1:{s.port}")[0] == 403)
    check("orders are not taken", s.ask("/api/stop", method="POST", body="", context=context)[0] == 403)
    old = ssl.create_default_context(cafile=cert)
    old.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Python, that they are old
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    try:
        s.connect(old)
        check("TLS 1.1 is refused", False)
    except (ssl.SSLError, ConnectionError) as error:
        check("TLS 1.1 is refused", True, error)
    check("plain HTTP gets nothing", s.ask("/")[0] == 0)
    took, _ = s.close()
    check("TLS ends within a second, too", took < patient(1) * 1000 and browser.is_over.wait(2), took)
    s = Server("127.0.0.1:0", 10, 10, *files, token=TOKEN)
    status, headers, _ = s.ask("/login", method="POST", body=f"token={TOKEN}", context=context, Origin=f"https://127.0.0.1:{s.port}")
    check("the cookie goes over TLS alone", status == 303 and "; Secure" in headers["set-cookie"] and headers["set-cookie"].startswith("__Host-"), headers)
    s.close()

    def refused(what, words, *options):
        bad = Server("127.0.0.1:0", 10, 10, *map(str, options))
        check(what, not bad.is_ready and words in bad.url, bad.url)
        bad.process.communicate()

    refused("a key of another certificate", "cannot be used", "--tls-cert", cert, "--tls-key", other)
    refused("no key", "give --tls-key", "--tls-cert", cert)
    refused("no certificate", "give --tls-cert", "--tls-key", key)
    refused("a missing file", os.strerror(errno.ENOENT), "--tls-cert", top / "none.pem", "--tls-key", key)
    refused("the key in the place of the certificate", "has no certificate", "--tls-cert", key, "--tls-key", key)
    refused("the certificate in the place of the key", "mode", "--tls-cert", cert, "--tls-key", cert)
    locked = top / "locked.pem"
    subprocess.run(["openssl", "pkey", "-in", key, "-aes128", "-passout", "pass:secret", "-out", locked], check=True, capture_output=True)
    locked.chmod(0o600)
    refused("a key with a passphrase", "is encrypted", "--tls-cert", cert, "--tls-key", locked)
    key.chmod(0o640)
    refused("a key that the group may read", "mode 0640", "--tls-cert", cert, "--tls-key", key)


def slow_ones():
    s = Server(rows=10000, size=3000000)
    s.order("publish 1")
    time.sleep(0.2)
    began = time.monotonic()
    drip = [s.connect() for _ in range(20)]
    silent = [s.connect() for _ in range(20)]
    half = s.connect()
    half.sendall(f"POST /login HTTP/1.1\r\nHost: localhost:{s.port}\r\nContent-Length: 100\r\n\r\ntoken=".encode())
    stuck = []
    for _ in range(20):
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(patient(30))
        connection.connect((s.host, s.port))
        connection.sendall(f"GET /events HTTP/1.1\r\nHost: localhost:{s.port}\r\n\r\n".encode())
        stuck.append(connection)
    before = int(s.told("memory"))
    over = set()
    while time.monotonic() - began < patient(32) and len(over) < len(drip + silent + stuck) + 1:
        s.order("publish 1")
        for connection in [c for c in drip if c not in over]:
            try:
                connection.sendall(b"G" if connection.fileno() % 2 else b"\r\n")
            except OSError:
                over.add(connection)
        for connection in [c for c in [*silent, half, *stuck] if c not in over]:
            if connection in stuck and time.monotonic() - began < 22:
                continue  # never reads
            connection.setblocking(False)
            try:
                for _ in range(1000):
                    if not connection.recv(65536):
                        over.add(connection)
                        break
            except BlockingIOError:
                pass
            except OSError:
                over.add(connection)
        check_quick(s)
        time.sleep(0.5)
    after = int(s.told("memory"))
    check("who drips is cut off", all(c in over for c in drip), len(over))
    check("who says nothing is cut off", all(c in over for c in silent))
    check("half a body is cut off", half in over)
    check("who never reads is cut off", all(c in over for c in stuck), sum(c in over for c in stuck))
    check("and they cost no memory", after - before < patient(60000), before, after)
    check("none looks on any more", s.told("clients") == "0")
    took, _ = s.close()
    for connection in [*drip, *silent, half, *stuck]:
        connection.close()


def check_quick(s):
    began = time.monotonic()
    status = s.ask("/healthz")[0]
    took = time.monotonic() - began
    if status != 200 or took > patient(1):
        check("others are served meanwhile", False, status, took)


def crowds():
    s = Server(rows=1000, size=20000)
    s.order("publish 1")
    browsers = [Browser(s) for _ in range(200)]
    check("two hundred look on at once", all(b.wait(lambda b: len(b.events()) == 1, 10) for b in browsers), s.told("clients"))
    check("and are counted", s.told("clients") == "200")
    time.sleep(1)
    s.order("publish 1")
    check("all see the next one", all(b.wait(lambda b: len(b.events()) == 2, 10) for b in browsers))
    check("others are served meanwhile", s.ask("/api/rows?q=news")[0] == 200)
    more = [Browser(s) for _ in range(70)]
    refused = [b for b in more if not b.wait(lambda b: b" 200 OK" in b.got or b" 503 " in b.got, 10) or b" 503 " in b.got]
    check("the 257th is told that there is no room", len(refused) == 14, len(refused))
    for b in more:
        b.leave()
    check("who has gone makes room", wait_for(lambda: s.told("clients") == "200", 12), s.told("clients"))
    idle = [s.connect() for _ in range(600)]
    check("hundreds of idle connections keep nobody out", s.ask("/healthz")[0] in (200, 503))
    time.sleep(0.5)
    check("nor break off who looks on", not any(b.is_over.is_set() for b in browsers))
    for connection in idle:
        connection.close()
    check("and then it is as before", wait_for(lambda: s.ask("/healthz")[0] == 200, 5))
    took, _ = s.close()
    check("all are ended within a second", took < patient(1) * 1000 and all(b.is_over.wait(2) for b in browsers), took)


def wait_for(what, seconds):
    end = time.monotonic() + patient(seconds)
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.1)
    return False


def main():
    slow = threading.Thread(target=slow_ones)  # waits for deadlines, while the rest goes on
    slow.start()
    with tempfile.TemporaryDirectory() as top:
        for part in (answers, other_sites, tokens, looking_on, crowds):
            part()
        addresses(pathlib.Path(top))
        over_tls(pathlib.Path(top))
    slow.join()
    verdict()


main()
