"""What measurements stand on: Knot DNS and ses-sim on loopback, fleets of any size, and programs that
are timed from outside by what the kernel says of them.

Nothing here knows a figure or a goal."""

import concurrent.futures
import contextlib
import contextvars
import json
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
from typing import NamedTuple

import ran

ACCOUNT = "111122223333"
KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
HERE = pathlib.Path(__file__).parent
PYTHON = "/usr/bin/python3"
WRITES = ("SetIdentityMailFromDomain", "PutEmailIdentityMailFromAttributes")


class Cost(NamedTuple):
    """Of one program from start to end, with those of its children that it waited for."""

    wall: float  # seconds
    cpu: float  # seconds, user and system
    memory: int  # bytes at the peak
    said: str  # standard output


def environment(url="", folder="/nonexistent", ca=None):
    """Nothing of the user's, and AWS's well-known example key."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "MAILFROM_"))}
    return {**kept, "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_ENDPOINT_URL": url,
            "AWS_EC2_METADATA_DISABLED": "true", "AWS_DEFAULT_REGION": "us-east-1", "HOME": str(folder),
            "AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
            **({"AWS_CA_BUNDLE": str(ca)} if ca else {})}


def cost_of(build, *command, good=(0,), **more):
    """Runs a program and says what it cost. An exit code that is not good ends the benchmark: what
    failed was not measured. tests/bench/peak.c says why it is not started from here."""
    with tempfile.NamedTemporaryFile() as cost, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        command = [*map(str, command)]
        ran.note(command)
        code = subprocess.call([build / "tests/bench_peak", cost.name, *command], stdin=subprocess.DEVNULL,
                               stdout=out, stderr=err, **more)
        out.seek(0)
        said = out.read().decode()
        if code not in good:
            err.seek(0)
            told = (said + err.read().decode())[-2000:]
            raise SystemExit(f"bench: {' '.join(command)} ended with {code}:\n{told}")
        return Cost(**json.load(cost), said=said)


def median(values):
    return statistics.median(values)


def interleaved(rounds, *measures):
    """Each measure in turn, so many rounds of all: what else the machine does meets them alike. One
    list of results per measure."""
    results = [[measure() for measure in measures] for _ in range(rounds)]
    return [list(column) for column in zip(*results)]


def at_once(rounds, measure):
    """As many rounds beside each other, of what waits nearly all the time."""
    with concurrent.futures.ThreadPoolExecutor(rounds) as pool:
        waiting = [pool.submit(contextvars.copy_context().run, measure) for _ in range(rounds)]
        return [one.result() for one in waiting]


def domains(count):
    return [f"d{i}.test" for i in range(count)]


def manifest_write(path, count, lanes=1):
    """count short identities; with more than one lane each goes to an account in turn."""
    with open(path, "w") as out:
        out.write("version: 1\n")
        if lanes > 1:
            out.write("accounts:\n" + "".join(f"  a{i}: {{regions: [us-east-1]}}\n" for i in range(lanes)))
        out.write("defaults: {region: us-east-1, mail_from: 'bounce.{domain}'}\nidentities:\n")
        for i, name in enumerate(domains(count)):
            out.write(f"  - {{identity: {name}, account: a{i % lanes}}}\n" if lanes > 1 else f"  - {name}\n")
    return path


def free_port():
    """Free for UDP and for TCP."""
    while True:
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            with contextlib.suppress(OSError):
                udp.bind(tcp.getsockname())
                return tcp.getsockname()[1]


def zones_write(folder, count):
    """MX and TXT at bounce.dN.test and at dN.test."""
    head = "$TTL 300\n@ SOA ns hostmaster 1 3600 600 86400 60\n@ NS ns\nns A 127.0.0.1\n"
    with open(folder / "test.zone", "w") as out:
        out.write("$ORIGIN test.\n" + head)
        for i in range(count):
            for name in (f"d{i}", f"bounce.d{i}"):
                out.write(f'{name} MX 10 feedback-smtp.us-east-1.amazonses.com.\n'
                          f'{name} TXT "v=spf1 include:amazonses.com ~all"\n')
    (folder / "amazonses.com.zone").write_text(
        "$ORIGIN amazonses.com.\n" + head + '@ TXT "v=spf1 ip4:199.255.192.0/22 ip4:54.240.0.0/18 -all"\n')


KNOT = """server:
    rundir: "{folder}/run"
    listen: [ 127.0.0.1@{port} ]
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stderr
    any: error
database:
    storage: "{folder}/run"
template:
  - id: default
    storage: "{folder}"
    file: "%s.zone"
    zonefile-sync: -1
    zonefile-load: whole
    journal-content: none
zone:
  - domain: test
  - domain: amazonses.com
"""


def knot_answers(port):
    with socket.socket(type=socket.SOCK_DGRAM) as udp:
        udp.settimeout(0.2)
        udp.connect(("127.0.0.1", port))
        with contextlib.suppress(OSError):
            udp.send(b"\0\1\0\0\0\1\0\0\0\0\0\0\4test\0\0\6\0\1")  # SOA of test.
            reply = udp.recv(512)
            return reply[3] & 15 == 0 and reply[7] > 0
    return False


@contextlib.contextmanager
def knot(names, zones=zones_write):
    """A name server with so many names; its port. It gives up its privileges, if it has any."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-knot-"))
    port = free_port()
    (folder / "run").mkdir()
    zones(folder, names)
    (folder / "knot.conf").write_text(KNOT.format(folder=folder, port=port))
    command = ["/usr/sbin/knotd", "-c", str(folder / "knot.conf")]
    if os.geteuid() == 0:
        for path in (folder, *folder.iterdir()):
            shutil.chown(path, "nobody", "nogroup")
        command = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", *command]
    process = subprocess.Popen(command)
    try:
        deadline = time.monotonic() + 60
        while not knot_answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("bench: Knot DNS did not come up")
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder)


class Ses:
    """ses-sim with verified identities that have no custom MAIL FROM. places: (account, Region, identity) of
    each; count of them in one lane if there are none. keys: (account, access key, secret) of each account, else
    AWS's well-known one."""

    def __init__(self, build, count, dns_port, rate=1e6, burst=1e6, tls=False, places=None, keys=()):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-ses-"))
        self.log = self.folder / "calls.jsonl"
        self.ca = self.folder / "tls/ca.pem" if tls else None
        table = self.folder / "identities.csv"
        places = places or ((ACCOUNT, "us-east-1", name) for name in domains(count))
        rows = (f"{','.join(place)},DOMAIN,SUCCESS,,USE_DEFAULT_VALUE,,true\n" for place in places)
        with open(table, "w") as out:
            out.write("account,region,identity,type,verified,mail_from,behavior,status,forwarding\n")
            out.writelines(rows)
        command = [build / "ses-sim", "--identities", table, "--resolver", f"127.0.0.1:{dns_port}",
                   "--rate", rate, "--burst", burst, "--detect-after", 0, "--log", self.log]
        if keys:
            (self.folder / "keys.csv").write_text("account,access_key_id,secret_access_key,session_token\n" + "".join(
                f"{','.join(key)},\n" for key in keys))
            command += ["--credentials", self.folder / "keys.csv"]
        if tls:
            (self.folder / "tls").mkdir()
            command += ["--tls", self.folder / "tls"]
        self.process = subprocess.Popen([*map(str, command)], stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().removeprefix("ready ").strip()
        self.environment = environment(self.url, self.folder, self.ca)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()
        shutil.rmtree(self.folder)

    def calls(self):
        return [json.loads(line) for line in self.log.read_text().splitlines()]


def write_span(calls):
    """Seconds from the first write to the last, as the server's log has them."""
    times = [seconds_of(c["time"]) for c in calls if c["action"] in WRITES]
    return times[-1] - times[0]


def seconds_of(time_text):
    """Of the day; nobody measures over midnight for long."""
    hours, minutes, seconds = time_text[11:].rstrip("Z").split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


class Fleet:
    """A manifest of count identities in one lane, its DNS, and the program that is measured."""

    def __init__(self, build, count, dns_port):
        self.build, self.count, self.dns_port = build, count, dns_port
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-fleet-"))
        self.manifest = manifest_write(self.folder / "fleet.yaml", count)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)

    def ses(self, **more):
        return Ses(self.build, self.count, self.dns_port, **more)

    def run(self, ses, verb, rate, *more, journal=None, before=(), good=(0,)):
        """What one verb over the whole fleet costs; it must end well."""
        folder = tempfile.mkdtemp(prefix="run-", dir=journal or self.folder)
        yes = ["--yes", "--journal", f"{folder}/journal/j.db"] if verb == "apply" else []
        try:
            return cost_of(self.build, *before, self.build / "mailfrom", verb, self.manifest, "--dns", "recursive",
                           "--resolver", f"127.0.0.1:{self.dns_port}", "--rate", f"{rate:g}", "--progress", "none",
                           *yes, *more, cwd=folder, good=good, env=ses.environment)
        finally:
            shutil.rmtree(folder)
