"""Holds check_host() against pyspf (Debian's python3-spf) on random zones and messages.

    spf_oracle.py DRIVER [CASES] [SEED]

Both see the same zone. A difference counts unless pyspf agrees once one of its known departures
from RFC 7208 is corrected (the classes in CORRECTIONS); those are counted apart.
"""
import random
import subprocess
import sys

import spf

NAMES = ["d%d.example.com" % i for i in range(6)]
HOSTS = ["h%d.example.com" % i for i in range(5)]
CLIENTS = ["192.0.2.%d" % i for i in range(1, 7)] + ["2001:db8::%d" % i for i in range(1, 4)]
MACROS = ["%{i}", "%{ir}", "%{d}", "%{d2}", "%{o}", "%{l}", "%{l1r-}", "%{L}", "%{h}", "%{v}",
          "%{s}", "%{S}", "%%", "%_", "%-", "%{dr.-}", "%{i1r}"]
BROKEN = ["moo", "all:x", "a:museum", "ip4:1.2.3", "ip4:192.0.2.1/33", "ip6:zz", "exists",
          "include", "a/33", "mx//129", "a:%{x}.example.com", "a:%a.example.com", "=x", "1a=b",
          "ip4:192.0.2.01", "a:abc.123", "a:", "-", "ptr/24", "ip4:192.0.2.0//24", "a/032",
          "redirect=", "exp=", "a:x.example.-com", "redirect:d1.example.com", "ip6:::1//64",
          "a:%{d}com"]


class Zone:
    def __init__(self):
        self.entries = {}

    def add(self, name, kind, value=""):
        self.entries.setdefault(name.lower(), []).append((kind, value))

    def look_up(self, name, qtype, *_rest, **_options):
        """The shape of spf.DNSLookup: a list of ((name, type), value)."""
        found = []
        for kind, value in self.entries.get(str(name).lower(), []):
            if kind in ("TIMEOUT", "SERVFAIL") and not found:
                raise spf.TempError("DNS " + kind)
            if kind == "CNAME":
                found.append(((name, "CNAME"), value))
            if kind != qtype:
                continue
            if kind == "MX":
                preference, host = value.split(" ")
                value = (int(preference), host)
            if kind == "TXT":
                value = [value.encode("latin-1")]
            found.append(((name, kind), value))
        return found

    def lines(self):
        for name, entries in self.entries.items():
            for kind, value in entries:
                yield "record\t%s\t%s\t%s\n" % (name, kind, value)


def some_name(rng):
    kind = rng.random()
    if kind < 0.45:
        return rng.choice(HOSTS)
    if kind < 0.75:
        return rng.choice(NAMES)
    if kind < 0.80:
        return "void%d.example.com" % rng.randrange(3)
    if kind < 0.84:
        return "trouble.example.com"
    if kind < 0.88:
        return "alias%d.example.com" % rng.randrange(3)
    return rng.choice(MACROS) + "." + rng.choice(["example.com", "m.example.com", "%{d2}"])


def some_prefix(rng, both):
    bits = ""
    if rng.random() < 0.3:
        bits = "/%d" % rng.choice([0, 24, 29, 30, 31, 32])
    if both and rng.random() < 0.2:
        bits += "//%d" % rng.choice([0, 64, 126, 128])
    return bits


def some_term(rng, owner):
    kind = rng.random()
    qualifier = rng.choice(["", "", "", "+", "-", "~", "?"])
    if kind < 0.15:
        return qualifier + "ip4:192.0.2.%d" % rng.randrange(8) + some_prefix(rng, False)
    if kind < 0.22:
        return qualifier + "ip6:2001:db8::%d/%d" % (rng.randrange(4), rng.choice([0, 64, 127, 128]))
    if kind < 0.40:
        return qualifier + "include:" + rng.choice(
            [n for n in NAMES * 2 if n != owner] + HOSTS[:1] + ["void0.example.com"])
    if kind < 0.58:
        target = "" if rng.random() < 0.2 else ":" + some_name(rng)
        return qualifier + rng.choice(["a", "A"]) + target + some_prefix(rng, True)
    if kind < 0.72:
        target = "" if rng.random() < 0.2 else ":" + some_name(rng)
        return qualifier + rng.choice(["mx", "MX"]) + target + some_prefix(rng, True)
    if kind < 0.80:
        return qualifier + "exists:" + some_name(rng)
    if kind < 0.86:
        return qualifier + "ptr" + ("" if rng.random() < 0.5 else ":" + rng.choice(
            ["example.com", "h1.example.com", "other.test"]))
    if kind < 0.90:
        # A fresh name each: pyspf refuses any modifier that comes twice, not only redirect and exp.
        return "%s%d=%s" % (rng.choice(["moo", "x-y.z_"]), rng.randrange(1 << 30), rng.choice(["", "y", "%{d}", "a/b:c"]))
    if kind < 0.92:
        return rng.choice(BROKEN)
    return qualifier + "all"


def some_record(rng, owner):
    terms = [some_term(rng, owner) for _ in range(rng.choice([0, 1, 2, 2, 3, 3, 4, 5, 7]))]
    if rng.random() < 0.6:
        terms.append(rng.choice(["-all", "~all", "?all", "+all"]))
    elif rng.random() < 0.5:
        # In lower case only: pyspf takes "Redirect=" for an unknown modifier.
        terms.insert(rng.randrange(len(terms) + 1),
                     "redirect=" + rng.choice(NAMES + ["void0.example.com"]))
    if rng.random() < 0.05:
        terms.append("exp=exp.example.com")
    record = rng.choice(["v=spf1", "v=spf1", "V=SPF1"])
    for term in terms:
        record += rng.choice([" ", " ", " ", "  "]) + term
    return record + rng.choice(["", "", " "])


def some_zone(rng):
    zone = Zone()
    for name in NAMES:
        kind = rng.random()
        if kind < 0.93:
            zone.add(name, "TXT", some_record(rng, name))
        if kind < 0.02 or 0.93 <= kind < 0.95:
            zone.add(name, "TXT", some_record(rng, name))
        if rng.random() < 0.3:
            zone.add(name, "TXT", "v=spf10 unrelated")
        if rng.random() < 0.1 and kind >= 0.95:
            zone.add(name, "TIMEOUT")
        if rng.random() < 0.6:
            zone.add(name, "MX", "10 " + rng.choice(HOSTS))
        if rng.random() < 0.6:
            zone.add(name, "A", "192.0.2.%d" % rng.randrange(8))
    for host in HOSTS:
        for _ in range(rng.randrange(3)):
            zone.add(host, "A", "192.0.2.%d" % rng.randrange(8))
        if rng.random() < 0.6:
            zone.add(host, "AAAA", "2001:db8::%d" % rng.randrange(4))
        for _ in range(rng.choice([0, 0, 1, 2, 3, 11])):
            zone.add(host, "MX", "%d %s" % (rng.randrange(3), rng.choice(HOSTS)))
    zone.add("trouble.example.com", rng.choice(["TIMEOUT", "SERVFAIL"]))
    zone.add("alias0.example.com", "CNAME", rng.choice(HOSTS))
    zone.add("alias1.example.com", "CNAME", "alias0.example.com")
    zone.add("alias2.example.com", "CNAME", "void2.example.com")
    zone.add("example.com", "A", "192.0.2.1")
    zone.add("exp.example.com", "TXT", "%{i} may not send for %{d}")
    for i in range(1, 7):
        if rng.random() < 0.5:
            zone.add("%d.2.0.192.in-addr.arpa" % i, "PTR", rng.choice(HOSTS))
    return zone


class IgnoringErrorsOfPtr:
    """RFC 7208, 5.5: an error on the way to a validated name is no error of the record. pyspf makes
    it one, and counts void look-ups of names that the client's side chose."""

    def validated_ptrs(self):
        names, voids, found = [], self.void_lookups, []
        try:
            names = self.dns_ptr(self.i)[:spf.MAX_PTR]
        except spf.TempError:
            pass
        voids = min(self.void_lookups, voids + 1)
        for name in names:
            self.void_lookups = -1000
            try:
                if self.cidrmatch(self.dns_a(name, self.A), self.cidrmax):
                    found.append(name)
            except (spf.TempError, spf.PermError):
                pass
        self.void_lookups = voids
        return found


class StoppingAtTheMxThatMatches:
    """pyspf looks all hosts of an mx up before it compares the first, and so meets errors of hosts
    that nobody had to ask for."""

    def dns_mx(self, domainname):
        names = self.dns(domainname, "MX")
        if len(names) > spf.MAX_MX:
            raise spf.PermError("too many MX")
        return (a for mx in names for a in self.dns_a(mx[1], self.A))

    def cidrmatch(self, ipaddrs, n):
        return any(spf.query.cidrmatch(self, [a], n) for a in ipaddrs)


class CountingAnAliasOnce:
    """A void look-up behind an alias is one void look-up (4.6.4); pyspf counts each link."""

    def dns(self, name, qtype, cnames=None, ignore_void=False):
        return spf.query.dns(self, name, qtype, cnames, ignore_void or cnames is not None)


class SeveralOfThem(IgnoringErrorsOfPtr, StoppingAtTheMxThatMatches, CountingAnAliasOnce):
    """More than one departure in one message."""


CORRECTIONS = [IgnoringErrorsOfPtr, StoppingAtTheMxThatMatches, CountingAnAliasOnce, SeveralOfThem]


def ask_pyspf(zone, client, sender, helo, correction=object):
    """(result, sentence) of pyspf, with one of its known departures corrected."""
    query = type("Query", (correction, spf.query) if correction is not object else (spf.query,), {})
    spf.DNSLookup = zone.look_up
    result, _code, sentence = query(i=client, s=sender, h=helo, strict=True).check()
    return result, sentence


def known_departure(zone, client, sender, helo, ours, lookups):
    """The name of the correction with which pyspf agrees; None: there is none."""
    for correction in CORRECTIONS:
        if ask_pyspf(zone, client, sender, helo, correction)[0] == ours:
            return correction.__name__
    # pyspf counts a redirect when it reads one, the RFC when it is followed (4.6.4: "evaluation").
    # With our count in bounds, a limit that leaves room for those never followed must agree.
    if lookups <= 10:
        spf.MAX_LOOKUP = 10 + 5
        agrees = ask_pyspf(zone, client, sender, helo, SeveralOfThem)[0] == ours
        spf.MAX_LOOKUP = 10
        if agrees:
            return "CountingARedirectWhenFollowed"
    return None


def main():
    driver = sys.argv[1]
    cases = int(sys.argv[2]) if len(sys.argv) > 2 else 2000
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.SystemRandom().randrange(1 << 31)
    print("seed", seed)
    process = subprocess.Popen([driver], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               encoding="latin-1")
    tally, departures, wrong = {}, {}, 0
    for case in range(cases):
        rng = random.Random(seed * 1000003 + case)
        zone, client = some_zone(rng), rng.choice(CLIENTS)
        sender = rng.choice(["", "Joe-Smith+x@", "joe@"])
        sender = sender + NAMES[0] if sender else ""
        helo = NAMES[0] if not sender else rng.choice(["h0.example.com", "not-a-name"])
        process.stdin.write("".join(zone.lines()))
        process.stdin.write("check\t%s\t%s\t%s\n" % (client, sender, helo))
        process.stdin.flush()
        ours, lookups, voids, reason = process.stdout.readline().rstrip("\n").split("\t")
        theirs, sentence = ask_pyspf(zone, client, sender, helo)
        tally[ours] = tally.get(ours, 0) + 1
        if ours == theirs:
            continue
        excuse = known_departure(zone, client, sender, helo, ours, int(lookups))
        if excuse:
            departures[excuse] = departures.get(excuse, 0) + 1
            continue
        wrong += 1
        if wrong <= 5:
            print("case %d: %s %s: we say %s (%s; %s look-ups, %s void), pyspf %s (%s)" % (
                case, client, sender or helo, ours, reason, lookups, voids, theirs, sentence))
            print("".join(zone.lines()))
    process.stdin.close()
    process.wait()
    print("results:", ", ".join("%s %d" % pair for pair in sorted(tally.items())))
    for excuse, count in sorted(departures.items()):
        print("pyspf departs %d times: agrees with %s" % (count, excuse))
    print("%d of %d agree, %d known departures, %d wrong" % (
        cases - wrong - sum(departures.values()), cases, sum(departures.values()), wrong))
    return 1 if wrong or process.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
