#!/usr/bin/python3
"""A record is noticed by the first look after it was published, although the zone lets "no such name"
be remembered for an hour (SOA minimum 3600): by the authorities of Knot DNS whatever is between, and
by a resolver, unbound, as soon as that forgets; until when it does not is what status says. So nothing
of ours remembers either, the resolver library included. Arguments: mailfrom, ses-sim."""

import datetime
import os
import pathlib
import re
import sys
import tempfile
import time

import dns.query
import dns.update

from knot_room import free_port, knot_conf, start, unbound_conf, wait_until_it_serves
from timeouts import patient
from rehearsal_room import DONE, EXCHANGE, SPF, STOPPED, Room, check, signalled, until, verdict

SOA_MINIMUM = 3600
LOOKS_BEFORE = 3  # that find nothing, before the record is published
LOOK_MAX = 60  # seconds between looks at a name that is waited for at most (BACKOFF_DNS)
ZONES = {"test": "", "amazonses.com": '@ TXT "v=spf1 ip4:199.255.192.0/22 -all"\n'}
LOOK = re.compile(r"^dns MX ", re.M)
DENIED = re.compile(r"goes on denying it until (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)Z")


def publish(port, zone):
    update = dns.update.Update(zone)
    update.add(f"bounce.{zone}.", 60, "MX", EXCHANGE)
    update.add(f"bounce.{zone}.", 60, "TXT", SPF)
    reply = dns.query.udp(update, "127.0.0.1", port=port, timeout=patient(5))
    assert reply.rcode() == 0, reply


class Apply:
    """A run that waits for bounce.ZONE, and what it has said so far."""

    def __init__(self, room, title, zone, dns_words):
        self.room, self.title, self.zone = room, title, zone
        self.said = room.path / f"{zone}.said"
        room.dns = [*dns_words, "--verbose", "--no-color"]
        manifest = room.manifest(f"{zone}.yaml", {zone: {}})
        with open(self.said, "w") as file:
            self.process = room.start("apply", manifest, "--yes", "--journal", zone, stdout=file, stderr=file)

    def looks(self):
        return len(LOOK.findall(self.said.read_text()))

    def writes(self):
        return [call for call in self.room.writes() if self.zone in str(call)]

    def waits(self):
        check(f"{self.title}: the record is looked for", until(lambda: self.looks() >= LOOKS_BEFORE, 60), self.said.read_text())
        check(f"{self.title}: and nothing is written for want of it", not self.writes(), self.room.writes())

    def notices(self, forgets_within=0):
        """The look that is out, if one is, may still miss the record; the next may not. By the authorities it asks twice: the
        server that has denied the record, and when that does not any more, all of them."""
        before, began = self.looks(), time.monotonic()
        publish(self.room.knot_port, self.zone)
        found = until(self.writes, LOOK_MAX + 1 + forgets_within)
        took, looks = time.monotonic() - began, self.looks() - before
        check(f"{self.title}: the record is noticed within one interval and a second", found, self.said.read_text())
        check(f"{self.title}: by the first look after it was published", looks <= (3 if not forgets_within else 4), looks)
        print(f"# noticed {took:.1f} s after it was published, by question {looks}")
        self.process.wait(timeout=patient(60))
        check(f"{self.title}: and the run is done", self.process.returncode == DONE, self.said.read_text())

    def is_denied_for_an_hour(self):
        """What status says of a resolver that remembers, and how the run is left."""
        denied = DENIED.search(self.room.run("status", "--journal", self.zone).stdout_text)
        check(f"{self.title}: status says until when the resolver denies the record", denied)
        if denied:
            at = datetime.datetime.fromisoformat(denied[1] + "+00:00").timestamp()
            left = at - time.time()
            check(f"{self.title}: which is an hour after it was asked", SOA_MINIMUM - patient(60) < left <= SOA_MINIMUM, left)
        before = self.looks()
        publish(self.room.knot_port, self.zone)
        check(f"{self.title}: it does deny it", until(lambda: self.looks() >= before + 2, 2 * LOOK_MAX) and not self.writes())
        signalled(self.process, 2)
        check(f"{self.title}: a signal ends the waiting", self.process.returncode == STOPPED, self.process.returncode)


def resolver_start(folder, knot_port, name, options=""):
    """unbound in front of Knot; its port and its process."""
    port, place = free_port(), folder / name
    place.mkdir()
    stubs = [*ZONES, *ZONE_OF.values()]
    process = start(["unbound", "-d", "-c", unbound_conf(place, port, knot_port, stubs, options=options)], place)
    wait_until_it_serves(port, "test")
    return port, process


ZONE_OF = {"authority": "a.test", "behind": "b.test", "recursive": "c.test", "forgetful": "d.test"}


def main():
    zones = {**ZONES, **{zone: "" for zone in ZONE_OF.values()}}
    identities = {zone: {"late": True} for zone in ZONE_OF.values()}
    knot_port = free_port()
    with tempfile.TemporaryDirectory() as name:
        folder, daemons = pathlib.Path(name), []
        os.chmod(name, 0o755)
        try:
            daemons.append(start(["knotd", "-c", knot_conf(folder, knot_port, zones)], folder))
            wait_until_it_serves(knot_port, "a.test")
            keeping, process = resolver_start(folder, knot_port, "keeping")
            daemons.append(process)
            forgetful, process = resolver_start(folder, knot_port, "forgetful", "    cache-max-negative-ttl: 1\n")
            daemons.append(process)
            with Room(*sys.argv[1:3], identities, sim=["--resolver", f"127.0.0.1:{knot_port}"]) as room:
                room.knot_port = knot_port
                ways = {
                    "authority": ["--resolver", f"127.0.0.1:{knot_port}", "--dns", "authority"],
                    "behind": ["--resolver", f"127.0.0.1:{keeping}", "--dns", "authority"],
                    "recursive": ["--resolver", f"127.0.0.1:{keeping}", "--dns", "recursive"],
                    "forgetful": ["--resolver", f"127.0.0.1:{forgetful}", "--dns", "recursive"],
                }
                runs = {way: Apply(room, way, zone, [*ways[way], "--authority-port", str(knot_port)])
                        for way, zone in ZONE_OF.items()}
                for run in runs.values():
                    run.waits()
                runs["authority"].notices()
                runs["behind"].notices()
                runs["forgetful"].notices(forgets_within=1)
                runs["recursive"].is_denied_for_an_hour()
        finally:
            for daemon in daemons:
                daemon.terminate()
                daemon.wait()
    verdict()


main()
