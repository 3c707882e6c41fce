#!/usr/bin/python3
"""plan, inspect and records ask DNS the same questions in the same order (records neither for DMARC nor
for records at wrong places and DNSSEC, which it does not judge), the resolver never hears a
MAIL FROM name in authority mode, and DMARC is judged before the records of a row are there. One name
server on loopback is the resolver (RD is set) and all authorities, and writes down what it is asked.
Arguments: mailfrom, ses-sim."""

import json

import dns.flags
import dns.rcode
import dns.rdatatype
import dns.rrset

import sys

from rehearsal_room import DONE, EXCHANGE, SPF, Names, Room, check, verdict

STRICT = '"v=DMARC1; p=reject; aspf=s"'
RELAXED = '"v=DMARC1; p=none"'
# identity: records at bounce.IDENTITY, the outcome of its plan, rules that the plan names
FLEET = {
    "ready.test": ({"MX": EXCHANGE, "TXT": SPF}, "planned", {"dmarc-missing"}),
    "nothing.test": ({}, "waiting-dns", {"mx-missing", "spf-missing", "dmarc-missing"}),
    "strict.test": ({}, "waiting-dns", {"mx-missing", "spf-missing", "dmarc-strict-spf"}),
    "spf-mx.test": ({"TXT": '"v=spf1 mx include:amazonses.com ~all"'}, "waiting-dns", {"mx-missing", "dmarc-missing"}),
    "spf-below.test": ({"TXT": '"v=spf1 include:amazonses.com include:x.bounce.spf-below.test ~all"'}, "waiting-dns", {"mx-missing", "dmarc-missing"}),
    "half.test": ({"MX": EXCHANGE}, "waiting-dns", {"spf-missing", "dmarc-missing"}),
    "alias.test": ({"CNAME": "www.alias.test."}, "refused", {"cname-at-name", "dmarc-missing"}),
    "news.group.test": ({}, "waiting-dns", {"mx-missing", "spf-missing"}),
    "shop.group.test": ({}, "waiting-dns", {"mx-missing", "spf-missing"}),
}
DMARC = {"strict.test": STRICT, "group.test": RELAXED}
ZONES = {name if name.count(".") == 1 else name.partition(".")[2] for name in FLEET}


class Logging(Names):
    """The name server, and (RD, name, type) of each question in the order of arrival."""

    def __init__(self):
        self.asked = []
        super().__init__()
        for zone in ZONES:
            self.records[(zone, "NS")] = f"ns.{zone}."
            self.records[(f"ns.{zone}", "A")] = "127.0.0.1"
        for domain, record in DMARC.items():
            self.records[(f"_dmarc.{domain}", "TXT")] = record
        for identity, (records, _, _) in FLEET.items():
            for kind, value in records.items():
                self.records[(f"bounce.{identity}", kind)] = value

    def take(self):
        asked, self.asked = self.asked, []
        return asked

    def answer(self, question):
        asked = question.question[0]
        name, recurse = asked.name.to_text(omit_final_dot=True).lower(), bool(question.flags & dns.flags.RD)
        self.asked.append((recurse, name, dns.rdatatype.to_text(asked.rdtype)))
        reply = super().answer(question)
        if (alias := self.records.get((name, "CNAME"))) and not reply.answer:
            reply.answer.append(dns.rrset.from_text(asked.name, 1, "IN", "CNAME", alias))
        if not recurse:
            reply.flags |= dns.flags.AA
        zone = max((z for z in ZONES if f".{name}".endswith(f".{z}")), key=len, default=None)
        if zone and not reply.answer:
            reply.authority.append(dns.rrset.from_text(zone + ".", 60, "IN", "SOA", f"ns.{zone}. h. 1 60 60 60 60"))
        return reply


def shown(asked):
    return "\n".join(f"{'RD' if recurse else '  '} {name} {kind}" for recurse, name, kind in asked)


def without_dmarc(asked):
    return [question for question in asked if not question[1].startswith("_dmarc.")]


def without_closer_looks(asked, identity):
    """Without the doubled name, the domain itself and the DS records of the zone."""
    doubled = [f"bounce.{identity}.{zone}" for zone in ZONES]
    return [q for q in asked if q[1] not in doubled and q[1:] != (identity, "TXT") and q[2] != "DS" and
            q[1:] not in [(zone, "TXT") for zone in ZONES]]


def the_same_questions(room, log, identity):
    name = f"bounce.{identity}"
    manifest = room.manifest("one.yaml", {identity: {}})

    def asked(*words):
        log.take()
        done = room.run(*words)
        return log.take(), done.stdout_text + done.stderr_text

    plan, said = asked("plan", manifest, "--carriers", "1")  # else two threads race
    inspect, _ = asked("inspect", name, "--from", identity)
    check(f"plan and inspect ask the same of {name}, in the same order", plan and plan == inspect, shown(plan), "-- inspect:",
          shown(inspect), said)
    records, said = asked("records", manifest, "--missing", "--format", "csv")
    inspect, _ = asked("inspect", name)
    check(f"so do records --missing and inspect without --from, which looks closer",
          records and records == without_closer_looks(inspect, identity), shown(records), "-- inspect:", shown(inspect), said)
    check("and these are the questions of plan but for DMARC", records == without_closer_looks(without_dmarc(plan), identity),
          shown(records), "-- plan:", shown(plan))
    heard = [question for question in plan if question[0] and question[1] == name]
    check("the resolver never hears the name", not heard, shown(plan))
    if not FLEET[identity][0]:
        below = [question for question in plan if question[0] and question[1].endswith(f".{name}")]
        check("nor any name below one that does not exist", not below, shown(plan))


def a_plan_shows_what_dmarc_makes_of_it(room, log):
    manifest = room.manifest("all.yaml", {identity: {} for identity in FLEET})
    log.take()
    done = room.run("plan", manifest, "--report", "json:-", "--quiet")
    asked = log.take()
    rows = {row["identity"]: row for row in json.loads(done.stdout_text)["identities"]}
    for identity, (_, outcome, rules) in FLEET.items():
        row = rows[identity]
        found = {finding["rule"] for finding in row["findings"]}
        check(f"{identity} is {outcome}, with {', '.join(sorted(rules))}", row["outcome"] == outcome and found >= rules, row)
    words = {identity: rows[identity]["dmarc"] for identity in FLEET}
    check("the column dmarc has a word for each", words["strict.test"] == "strict" and words["nothing.test"] == "missing" and
          words["news.group.test"] == "ok" and all(words.values()), words)
    for name in ("_dmarc.group.test", "_dmarc.test", "amazonses.com"):
        check(f"{name} is asked for once", [q[1] for q in asked].count(name) == 1, shown(asked))


def main():
    log = Logging()
    late = {identity: {"late": True} for identity in FLEET}
    with Room(sys.argv[1], sys.argv[2], late) as room:
        room.dns = ["--resolver", f"127.0.0.1:{log.port}", "--dns", "authority", "--authority-port", str(log.port)]
        for identity in FLEET:
            the_same_questions(room, log, identity)
        a_plan_shows_what_dmarc_makes_of_it(room, log)
    verdict()


main()
