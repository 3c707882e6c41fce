"""Figures about one process with many lanes: accounts that are reached by roles, and in each the same Regions.
Over TLS, and at the rate that SES documents for each action of a lane, so a call too early is refused.

Fifty lanes share a host, as those of a Region do at AWS. With one host for all, which is harder for whatever
holds connections to a host down, the same is told beside it."""

import collections
import contextlib
import re
import threading
from typing import NamedTuple

import stage
from figures_ses import count_of
from row import Row, at_most

REGIONS = ("us-east-1", "us-east-2", "us-west-1", "us-west-2", "eu-west-1", "eu-west-2", "eu-west-3", "eu-central-1",
           "eu-north-1", "ca-central-1")
ESTABLISHED = "01"
UNITS = {"h": 3600, "min": 60, "s": 1}


class Size(NamedTuple):
    accounts: int
    each: int  # identities of a lane

    @property
    def lanes(self):
        return self.accounts * len(REGIONS)

    @property
    def count(self):
        return self.lanes * self.each

    def places(self):
        """(account, Region, identity), account by account, as people write them down."""
        for i, name in enumerate(stage.domains(self.count)):
            lane = i // self.each
            yield str(111100000000 + lane // len(REGIONS)), REGIONS[lane % len(REGIONS)], name

    def __str__(self):
        return f"{self.accounts} accounts x {len(REGIONS)} Regions x {self.each} identities, 1 call/s"


def zones_of(size):
    """MX and TXT as stage.zones_write() has them, each MX for the Region of its identity."""
    def write(folder, count):
        stage.zones_write(folder, 0)
        with open(folder / "test.zone", "a") as out:
            for _, region, name in size.places():
                host = name.removesuffix(".test")
                for owner in (host, f"bounce.{host}"):
                    out.write(f'{owner} MX 10 feedback-smtp.{region}.amazonses.com.\n'
                              f'{owner} TXT "v=spf1 include:amazonses.com ~all"\n')
    return write


class Lanes(stage.Fleet):
    """A manifest with an account for each role, and the profiles that lead there."""

    def __init__(self, build, size, dns_port):
        super().__init__(build, size.count, dns_port)
        self.size = size
        with open(self.manifest, "w") as out:
            out.write("version: 1\naccounts:\n")
            out.writelines(f"  a{a}: {{profile: a{a}}}\n" for a in range(size.accounts))
            out.write("defaults: {mail_from: 'bounce.{domain}'}\nidentities:\n")
            for account, region, name in size.places():
                out.write(f"  - {{identity: {name}, account: a{int(account) % 10**8}, region: {region}}}\n")

    def ses(self, **more):
        return super().ses(tls=True, places=self.size.places(), **more)

    def environment(self, ses, hosts):
        """Each account is reached by a role of its own, and at one of so many hosts; 1: at ses-sim's own."""
        config = self.folder / "config"
        with open(config, "w") as out:
            for a in range(self.size.accounts):
                host = f"h{a % hosts}.ses-sim.localhost" if hosts > 1 else "127.0.0.1"
                out.write(f"[profile a{a}]\nendpoint_url = {ses.url.replace('127.0.0.1', host)}\n"
                          f"role_arn = arn:aws:iam::{111100000000 + a}:role/mailfrom\n"
                          "credential_source = Environment\n")
        kept = {k: v for k, v in ses.environment.items() if k != "AWS_ENDPOINT_URL"}
        return {**kept, "AWS_CONFIG_FILE": str(config)}


def open_now(port):
    """How many connections to the port are established, by the kernel's table."""
    with open("/proc/net/tcp") as table:
        rows = (line.split() for line in table)
        return sum(row[3] == ESTABLISHED and row[2].endswith(f":{port:04X}") for row in rows)


@contextlib.contextmanager
def watched(url):
    """The most connections that were open at once, as the last of a list."""
    port, most, over = int(url.rsplit(":", 1)[1]), [0], threading.Event()

    def look():
        while not over.wait(0.2):
            most.append(max(most[-1], open_now(port)))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield most
    finally:
        over.set()
        thread.join()


def bound_of(fleet, hosts):
    """Seconds of the earliest finish, as the budget of a plan prints it."""
    with fleet.ses(rate=1, burst=1) as ses:
        ses.environment = fleet.environment(ses, hosts)
        said = fleet.run(ses, "plan", 1).said
    span = re.search(r"the earliest finish is in ((?:\d+ \w+ ?)+)", said).group(1)
    return sum(int(number) * UNITS[unit] for number, unit in re.findall(r"(\d+) (\w+)", span))


class Ran(NamedTuple):
    cost: stage.Cost
    calls: list
    open: int

    def per_host(self):
        """Of each host the connections that were used, as the server numbered them."""
        hosts = collections.defaultdict(set)
        for call in self.calls:
            hosts[call["host"]].add(call["connection"])
        return [len(connections) for connections in hosts.values()]


def run(fleet, hosts):
    with fleet.ses(rate=1, burst=1) as ses:
        ses.environment = fleet.environment(ses, hosts)
        with watched(ses.url) as most:
            cost = fleet.run(ses, "apply", 1)
        return Ran(cost, ses.calls(), most[-1])


def lanes_500(bench):
    size = bench.size(Size(50, 100), Size(5, 5))
    with stage.knot(size.count, zones_of(size)) as port, Lanes(bench.build, size, port) as fleet:
        bound = bound_of(fleet, len(REGIONS))
        ran = run(fleet, len(REGIONS))
        one = run(fleet, 1)
    cost = ran.cost
    writes, reads, refused = count_of(ran.calls)
    hosts = ran.per_host()
    yield at_most("SES writes of an apply in many lanes, to Success", size, writes - refused, size.count,
                  collections.Counter(call["action"] for call in ran.calls))
    yield at_most("SES calls that were refused, too early", size, refused, 5, {"one host": count_of(one.calls)[2]})
    yield at_most("time of the whole apply against the rate alone", size, cost.wall / bound, 1.05,
                  {"s": round(cost.wall, 2), "s, one host": round(one.cost.wall, 2), "bound, s": bound})
    yield at_most("processor time of the whole apply, % of one core", size, 100 * cost.cpu / cost.wall, 25,
                  {"cpu s": round(cost.cpu, 2), "one host": round(one.cost.cpu, 2),
                   "us a write": round(1e6 * cost.cpu / size.count)})
    yield at_most("peak memory, MB", size, cost.memory / 1e6, 300, {"one host": round(one.cost.memory / 1e6)})
    yield at_most("connections that are open at once, all hosts", f"{len(hosts)} hosts", ran.open, 272,
                  {"one host": one.open})
    yield Row("connections to a host in the whole run, each with a TLS session", f"{len(hosts)} hosts", "", max(hosts),
              None, {"least": min(hosts), "in all": sum(hosts), "one host": sum(one.per_host())})
