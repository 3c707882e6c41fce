#!/usr/bin/python3
"""Random DMARC aggregate reports, read by this program and by a second reader, which is Python's
ElementTree and the rules of docs/EVIDENCE.md, written anew.

    evidence_oracle.py DRIVER [COUNT [SEED]]

With PARSEDMARC=PYTHON, an interpreter that has parsedmarc, its reader is the third: on the reports that it
takes, and the fields that both know. Prints the seed first, so that a failure can be repeated."""

import datetime
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

from evidence_room import DATA, Reading, check, gzipped, verdict, zipped

COUNT = int(sys.argv[2]) if len(sys.argv) > 2 else 200
SEED = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1 << 30)
SPACES = [None, None, None, "http://dmarc.org/dmarc-xml/0.1", "urn:ietf:params:xml:ns:dmarc-2.0", "urn:example:other"]
DOMAINS = ["shop.example", "Shop.Example.", "news.shop.example", "bücher.example", "BÜCHER.example", "_x.shop.example",
           "xn--bcher-kva.example", "a@b.shop.example", "<bounce@m.shop.example>", "日本.example"]
NO_DOMAINS = ["", "not a domain", "a..b", "[192.0.2.1]", "a" * 300 + ".example", "<>", "=?utf-8?q?x?=", ".shop.example"]
RESULTS = ["pass", "fail", "softfail", "neutral", "none", "policy", "temperror", "permerror", "PASS", "Fail", "hardfail",
           "unknown", "", " pass\n"]
ADDRESSES = ["192.0.2.1", "198.51.100.255", "2001:db8::1", "2001:DB8:0:0::F", "::ffff:192.0.2.1"]
BAD_ADDRESSES = ["192.0.2.256", "192.0.2", "2001:db8::1::2", "localhost", "", "192.0.2.01", "1.2.3.4 5"]
COUNTS = ["0", "1", "17", "10000000000"]
BAD_COUNTS = ["-1", "1.5", "10000000001", "many", "", "0x10", "1e3"]
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
MIME = "urn:example:extension"


# --- making -------------------------------------------------------------------------------------


class Maker:
    """One random report, as a tree; every seventh is damaged in some place. A tame one has values of all
    kinds, and is otherwise as the standard has it."""

    def __init__(self, rng, number, tame=False):
        self.rng, self.number, self.tame = rng, number, tame
        self.space = None if tame else rng.choice(SPACES)
        self.only_root = self.space and rng.random() < 0.3  # as in RFC 7489's schema
        self.is_bad = not tame and rng.random() < 0.15

    def rare(self, chance=0.1):
        return not self.tame and self.rng.random() < chance

    def bad(self):
        return self.is_bad and self.rare(0.2)

    def tag(self, name, is_root=False):
        return f"{{{self.space}}}{name}" if self.space and (is_root or not self.only_root) else name

    def node(self, name, *children, text=None):
        made = ElementTree.Element(self.tag(name))
        made.text = text
        children = [c for c in children if c is not None]
        if self.rare(0.3):
            self.rng.shuffle(children)
        made.extend(children)
        if self.rare(0.05):
            made.insert(0, self.stranger())
        return made

    def leaf(self, name, text):
        made = ElementTree.Element(self.tag(name))
        made.text = text if text is None or self.rare(0.8) else f"\n   {text}\t"
        if self.rare(0.05):
            made.set(LANGUAGE, "en")
        return made

    def stranger(self):
        """What no version knows, with words of the report inside."""
        made = ElementTree.Element(self.rng.choice([f"{{{MIME}}}count", f"{{{MIME}}}record", "extension", "x"]))
        inside = ElementTree.SubElement(made, self.tag("record"))
        inside.text = "row"
        ElementTree.SubElement(inside, self.tag("count")).text = "-7"
        return made

    def domain(self):
        return self.rng.choice(NO_DOMAINS if self.rare(0.15) else DOMAINS)

    def results(self):
        made = []
        for _ in range(self.rng.choice([0, 0, 1, 1, 2, 3, 40 if self.rare(0.05) else 1])):
            made.append(self.node("dkim", self.leaf("domain", self.domain()),
                                  None if self.rare(0.2) else self.leaf("selector", f"s{self.rng.randrange(9)}"),
                                  self.leaf("result", self.rng.choice(RESULTS)),
                                  self.leaf("human_result", "2048-bit key") if self.rare() else None))
        for _ in range(self.rng.choice([0, 1, 1, 1, 2, 3])):
            made.append(self.node("spf", self.leaf("domain", self.domain()),
                                  self.leaf("scope", self.rng.choice(["mfrom", "helo", "HELO", ""])) if self.rare(0.5) else None,
                                  self.leaf("result", self.rng.choice(RESULTS))))
        return self.node("auth_results", *made)

    def record(self):
        evaluated = self.node("policy_evaluated",
                              self.leaf("disposition", self.rng.choice(["none", "quarantine", "Reject", "pass", "maybe"])),
                              None if self.rare() else self.leaf("dkim", self.rng.choice(["pass", "fail", "Pass", "none"])),
                              None if self.rare() else self.leaf("spf", self.rng.choice(["pass", "fail", "PASS", ""])),
                              self.node("reason", self.leaf("type", "forwarded")) if self.rare() else None)
        address = self.rng.choice(BAD_ADDRESSES if self.bad() else ADDRESSES)
        count = self.rng.choice(BAD_COUNTS if self.bad() else COUNTS)
        row = self.node("row", None if self.bad() else self.leaf("source_ip", address),
                        None if self.bad() else self.leaf("count", count), evaluated)
        names = self.node("identities" if self.rare() else "identifiers", self.leaf("header_from", self.domain()),
                          self.leaf("envelope_from", self.domain()) if self.rare(0.5) else None,
                          self.leaf("envelope_to", self.domain()) if self.rare(0.3) else None)
        return self.node("record", None if self.bad() else row, names, None if self.rare() else self.results())

    def instant(self, at):
        if self.bad():
            return self.rng.choice(["", "soon", "0", "-5", "2026-05-20", "9" * 18])
        return str(at * 1000) if self.rare(0.05) else f"{at}.000" if self.rare(0.05) else str(at)

    def report(self):
        begin = self.rng.randrange(1400000000, 1779000000)
        span = self.rng.choice([0, 86399, 86400, 604800, 31 * 86400] + ([31 * 86400 + 1] if self.is_bad else []))
        ends = [begin, begin + span]
        if self.rare():
            ends.reverse()
        dates = self.node("date_range", None if self.bad() else self.leaf("begin", self.instant(ends[0])),
                          None if self.bad() else self.leaf("end", self.instant(ends[1])))
        head = self.node("report_metadata",
                         None if self.bad() else self.leaf("org_name", self.rng.choice(["Org & Söhne", "<org>", "", "org.example"])),
                         self.leaf("email", self.rng.choice(["rua@org.example", "Rua <rua@ORG2.example>", "org3.example"])),
                         None if self.bad() else self.leaf("report_id", f"<{self.number}@{self.rng.randrange(99)}>"),
                         None if self.bad() else dates)
        policy = self.node("policy_published", None if self.bad() else self.leaf("domain", self.rng.choice(DOMAINS)),
                           self.leaf("p", self.rng.choice(["none", "Quarantine", "reject", "", "x"])),
                           self.leaf("np", "none") if self.rare() else None)
        made = ElementTree.Element(self.tag("feedback", True))
        made.extend([head, policy])
        made.extend(self.record() for _ in range(self.rng.choice([1, 5] if self.tame else [0, 1, 2, 5, 20])))
        if self.rare(0.2):
            made.append(self.stranger())
        return made


def written(rng, tree):
    """The tree as bytes, in one of the ways in which reporters write."""
    if rng.random() < 0.5:
        ElementTree.indent(tree, rng.choice(["  ", "\t", ""]))
    encoding = rng.choice(["utf-8", "utf-8", "us-ascii", "utf-16", "iso-8859-1"])
    text = ElementTree.tostring(tree, encoding=encoding, xml_declaration=True)
    if encoding == "utf-8" and rng.random() < 0.3:
        text = b"\xef\xbb\xbf" + text
    if encoding != "utf-16" and rng.random() < 0.2:
        text = text.replace(b"<record>", b"<!-- a record -->\n<record>").replace(b"pass</", b"<![CDATA[pass]]></")
    if encoding == "utf-8" and rng.random() < 0.3:
        text = text.replace(b"2048-bit", b"20\x04\xff8\0bit").replace(b"_x.", b"\xc3.")
    return text


# --- the second reader --------------------------------------------------------------------------


class Damaged(Exception):
    pass


class Second:
    """By ElementTree and XPath-like look-ups, not by events."""

    def __init__(self, data):
        self.root = ElementTree.fromstring(data)
        space, _, name = self.root.tag.rpartition("}")
        self.space = space.lstrip("{")
        if name != "feedback":
            raise Damaged("root")

    def all(self, node, name):
        return [] if node is None else [c for c in node if c.tag == name or self.space and c.tag == f"{{{self.space}}}{name}"]

    def last(self, node, *names):
        for name in names:
            found = self.all(node, name)
            node = found[-1] if found else None
        return node

    @staticmethod
    def text(node):
        return "" if node is None or len(node) else (node.text or "").strip(" \t\r\n")

    def value(self, node, *names):
        return self.text(self.last(node, *names))

    @staticmethod
    def domain(text):
        text = text.removeprefix("<").removesuffix(">").rpartition("@")[2]
        try:
            name = ".".join(label if label.isascii() else label.encode("idna").decode() for label in text.split("."))
        except UnicodeError:
            return ""
        name = name.lower().removesuffix(".")
        sound = name and len(name) <= 253 and name[0] != "." and ".." not in name
        return name if sound and all(c in "abcdefghijklmnopqrstuvwxyz0123456789-._" for c in name) else ""

    @staticmethod
    def result(text):
        word = text.lower() or "none"
        known = ("none", "pass", "fail", "softfail", "neutral", "policy", "temperror", "permerror")
        return "fail" if word == "hardfail" else word if word in known else "other"

    @staticmethod
    def word(text):
        return text.lower() if text.lower() in ("none", "pass", "quarantine", "reject") else ""

    @staticmethod
    def instant(text):
        whole, dot, fraction = text.partition(".")
        if not whole.isdigit() or dot and fraction and not fraction.isdigit() or int(whole) >= 1 << 64:
            raise Damaged("instant")
        at = int(whole) // 1000 if int(whole) >= 10**11 else int(whole)
        if not 86400 <= at < 7258118400:
            raise Damaged("instant")
        return at

    def head(self):
        meta, policy = self.last(self.root, "report_metadata"), self.last(self.root, "policy_published")
        dates = [self.instant(self.value(meta, "date_range", name)) for name in ("begin", "end")]
        made = {"reporter": self.value(meta, "org_name") or self.domain(self.value(meta, "email")),
                "report_id": self.value(meta, "report_id"), "domain": self.domain(self.value(policy, "domain")),
                "begin": min(dates), "end": max(dates), "is_rfc9990": self.space.endswith("dmarc-2.0"),
                "p": self.word(self.value(policy, "p"))}
        if not made["reporter"] or not made["report_id"] or not made["domain"] or made["end"] - made["begin"] > 31 * 86400:
            raise Damaged("head")
        return made

    def address(self, text):
        import socket
        for family in (socket.AF_INET, socket.AF_INET6):
            try:
                socket.inet_pton(family, text)
                return text
            except OSError:
                pass
        raise Damaged("address")

    def row(self, record):
        row = self.last(record, "row")
        names = self.last(record, "identifiers")
        names = self.last(record, "identities") if names is None else names
        auth = self.last(record, "auth_results")
        count = self.value(row, "count")
        if row is None or not (count.isascii() and count.isdigit()) or int(count) > 10**10:
            raise Damaged("row")
        evaluated = self.last(row, "policy_evaluated")
        spf = [(self.domain(self.value(s, "domain")), self.result(self.value(s, "result")),
                self.value(s, "scope").lower() == "helo") for s in self.all(auth, "spf")]
        best = max(spf, key=lambda s: (not s[2], s[1] == "pass"), default=("", "none", False))
        dkim = [[self.domain(self.value(d, "domain")), self.value(d, "selector")[:253], self.result(self.value(d, "result"))]
                for d in self.all(auth, "dkim")]
        return {"source_ip": self.address(self.value(row, "source_ip")), "messages": int(count),
                "header_from": self.domain(self.value(names, "header_from")),
                "envelope_from": self.domain(self.value(names, "envelope_from")),
                "spf_aligned": self.value(evaluated, "spf").lower() == "pass",
                "dkim_aligned": self.value(evaluated, "dkim").lower() == "pass",
                "disposition": self.word(self.value(evaluated, "disposition")), "spf_domain": best[0],
                "spf_result": best[1], "spf_is_helo": best[2], "dkim": dkim[:32], "dkim_more": max(0, len(dkim) - 32)}

    def rows(self):
        head = self.head()
        rows = [{**head, **self.row(record)} for record in self.all(self.root, "record")]
        return [{**row, "header_from": row["header_from"] or head["domain"]} for row in rows]


def mended(data):
    """Bytes that are no UTF-8, and characters that XML does not allow, as question marks."""
    if b"\0" in data[:2] or data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"encoding='iso-8859-1'" in data or b'="ISO-8859-1"' in data:
        return data
    text = data.decode("utf-8", "replace").replace("\ufffd", "?")
    text = "".join(c if c >= " " or c in "\t\r\n" else "?" for c in text)
    return re.sub(r"&(?!(amp|lt|gt|quot|apos|#\d+|#x[0-9a-fA-F]+);)", "?", text).encode()


def second(data):
    try:
        return Second(mended(data.lstrip(b" \t\r\n"))).rows()
    except (Damaged, ElementTree.ParseError):
        return None


# --- holding them against each other ------------------------------------------------------------


def difference(ours, theirs):
    """What differs first."""
    if ours is None or theirs is None or len(ours) != len(theirs):
        return " and ".join("refused" if rows is None else f"{len(rows)} rows" for rows in (ours, theirs))
    return next((f"row {i}, {key}: {a[key]!r} and {b[key]!r}" for i, (a, b) in enumerate(zip(ours, theirs))
                 for key in a if a[key] != b[key]), "nothing")


def agree(folder, reports):
    """reports: bytes, each with an id of its own. All in one reading, in every packing."""
    rng = random.Random(SEED + 1)
    wanted = {}
    for i, data in enumerate(reports):
        name = f"{i:05}"
        packed = rng.choice([data, data, gzipped(data), zipped([("r.xml", data)])])
        (folder / name).write_bytes(packed)
        wanted[name] = second(data)
    got = Reading(folder, timeout=300)
    rows = {}
    for row in got.rows:
        rows.setdefault(row.pop("file").partition("!")[0].rpartition("/")[2], []).append(row)
    told = {c.removeprefix(f"{folder}/")[:5] for c in got.complaints}
    wrong = []
    for name, theirs in wanted.items():
        ours = None if name in told else rows.get(name, [])
        if ours != theirs:
            wrong.append(f"{name}: {difference(ours, theirs)}")
    refused = sum(theirs is None for theirs in wanted.values())
    total = sum(len(theirs or []) for theirs in wanted.values())
    check(f"{len(reports)} random reports with {total} rows are read alike, {refused} of them refused by both", wrong[:5])
    check("and they are of all kinds", [] if total > len(reports) and 0 < refused < len(reports) / 2 else [f"{total} rows"])


def corpus_agrees():
    wrong = []
    for path in sorted(DATA.glob("*.xml")):
        ours, theirs = Reading(path).bare(), second(path.read_bytes())
        wrong += [] if ours == theirs else [f"{path.name}: {difference(ours, theirs)}"]
    check("the corpus as well", wrong)


THIRD = """
import json, sys, parsedmarc
for line in sys.stdin:
    try:
        r = parsedmarc.parse_aggregate_report_xml(open(line.strip(), "rb").read(), offline=True,
                                                  normalize_timespan_threshold_hours=1e9)
        head = [r["report_metadata"]["begin_date"], r["report_metadata"]["end_date"], r["policy_published"]["domain"]]
        print(json.dumps([{"head": head, "source_ip": x["source"]["ip_address"], "messages": x["count"],
            "spf_aligned": x["alignment"]["spf"], "dkim_aligned": x["alignment"]["dkim"],
            "disposition": x["policy_evaluated"]["disposition"], "header_from": x["identifiers"]["header_from"],
            "dkim": [[d["domain"], d["selector"], d["result"]] for d in x["auth_results"]["dkim"]],
            "spf": [[d["domain"], d["scope"], d["result"]] for d in x["auth_results"]["spf"]]} for x in r["records"]]))
    except Exception as e:
        print(json.dumps(repr(e)))
"""


def day(at):
    return datetime.datetime.fromtimestamp(at, datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S")


def third_row(ours, theirs):
    """(field, ours, theirs) where both must agree. parsedmarc gives names as they came, and no result
    without a domain."""
    mend = Second.domain
    yield "policy", ours["domain"], mend(theirs["head"][2])
    for i, key in enumerate(("begin", "end")):
        yield key, day(ours[key]), theirs["head"][i]
    for key in ("source_ip", "messages", "spf_aligned", "dkim_aligned"):
        yield key, ours[key], theirs[key]
    yield "disposition", ours["disposition"], Second.word(theirs["disposition"] or "")
    yield "header_from", ours["header_from"], mend(theirs["header_from"]) or ours["domain"]
    named = [d for d in ours["dkim"] if d[0]]
    yield "dkim", named, [[mend(d), "" if s == "none" else s, Second.result(r)] for d, s, r in theirs["dkim"] if mend(d)][:len(named)]
    if ours["spf_domain"]:
        mine = [ours["spf_domain"], ours["spf_is_helo"], ours["spf_result"]]
        yield "spf", True, mine in [[mend(d), s.lower() == "helo", Second.result(r)] for d, s, r in theirs["spf"]]


def third(folder):
    """Only the tame ones: parsedmarc reads no root with a prefix, no UTF-16, no latin-1, and no millisecond."""
    python = os.environ.get("PARSEDMARC")
    if not python:
        print("ok - parsedmarc reads them alike # SKIP PARSEDMARC names no Python that has it")
        return
    rng = random.Random(SEED + 2)
    reports = [ElementTree.tostring(Maker(rng, i, tame=True).report(), "utf-8") for i in range(COUNT)]
    reports += [p.read_bytes() for p in sorted(DATA.glob("*.xml"))]
    paths = []
    for i, data in enumerate(reports):
        paths.append(folder / f"third{i}.xml")
        paths[-1].write_bytes(data)
    out = subprocess.run([python, "-c", THIRD], input="\n".join(map(str, paths)), capture_output=True, text=True, check=True)
    wrong, compared, left_out = [], 0, {}
    for path, line in zip(paths, out.stdout.splitlines(), strict=True):
        theirs, ours = json.loads(line), Reading(path).rows
        if isinstance(theirs, str) or len(theirs) != len(ours):
            why = theirs[:60] if isinstance(theirs, str) else "it left out rows"
            left_out[why] = left_out.get(why, 0) + 1
            continue
        for a, b in zip(ours, theirs):
            compared += 1
            wrong += [f"{path.name}, {key}: {x!r} and {y!r}" for key, x, y in third_row(a, b) if x != y]
    print(f"# of {len(reports)} reports it did not read: {left_out}")
    check(f"parsedmarc reads {compared} rows alike", wrong[:8])


def main():
    print(f"# SEED={SEED}")
    rng = random.Random(SEED)
    reports = [written(rng, Maker(rng, i).report()) for i in range(COUNT)]
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        (folder / "all").mkdir()
        agree(folder / "all", reports)
        third(folder)
    corpus_agrees()
    verdict()


main()
