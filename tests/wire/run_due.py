#!/usr/bin/python3
"""Who still has to publish what: two days of a migration with a DNS server in which records arrive between
two looks. Ages are those of the first look, or of the run that waits; a look is remembered while another
process holds the journal; the folder for the owners is whole or not there, and neither an owner's name nor
what strangers publish leaves its place. Arguments: mailfrom, ses-sim, the library of wall_clock.c."""

import datetime
import email
import json
import re
import sys

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from rehearsal_room import CANNOT_RUN, DONE, EXCHANGE, SPF, TROUBLE, Names, Room, check, signalled, until, verdict

MAILFROM, SES_SIM, CLOCK = sys.argv[1:4]
DAY = 86400
ZONES = {"shop.test": r"dns\.admin.shop.test.", "blog.test": "hostmaster.blog.test.",
         "lone.test": "hostmaster.lone.test.", "evil.test": r"x\010Bcc\058\032all.evil.test."}
PATTERNS = {"*.shop.test": {"contact": "dns-team@shop.example", "format": "nsupdate"}}


class Authorities(Names):
    """One server for every zone: the resolver, and the authority that says AA and who is in charge."""

    zones = dict(ZONES)

    def answer(self, question):
        asked = question.question[0]
        reply = dns.message.make_response(question)
        reply.flags |= dns.flags.RA | dns.flags.AA
        name, kind = asked.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(asked.rdtype)
        zone = next((z for z in self.zones if name == z or name.endswith("." + z)), None)
        value = self.records.get((name, kind))
        if name in self.zones and kind == "NS":
            value = [f"ns1.{name}.", f"ns2.{name}."]
        elif re.fullmatch(r"ns[12]\..*", name) and kind == "A":
            value = "127.0.0.1" if name.startswith("ns1.") else "127.0.0.2"
        if value:
            values = [value] if isinstance(value, str) else value
            reply.answer.append(dns.rrset.from_text(asked.name, 60, "IN", kind, *values))
            return reply
        if not any(name == known or known.endswith("." + name) for known, _ in self.records) and name not in self.zones:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        if zone:
            soa = f"ns1.{zone}. {self.zones[zone]} 1 3600 600 86400 60"
            reply.authority.append(dns.rrset.from_text(dns.name.from_text(zone), 60, "IN", "SOA", soa))
        return reply


class DueRoom(Room):
    def __init__(self):
        identities = {zone: {"late": True} for zone in ZONES}
        super().__init__(MAILFROM, SES_SIM, identities)
        self.names.__class__ = Authorities
        port = self.names.port
        self.dns = ["--resolver", f"127.0.0.1:{port}", "--dns", "authority", "--authority-port", str(port)]
        self.clock = self.path / "clock"
        self.days(0)

    def days(self, days):
        self.clock.write_text(str(int(days * DAY)))

    def environment(self):
        return {**super().environment(), "LD_PRELOAD": CLOCK, "WALL_CLOCK": str(self.clock)}

    def due(self, title, wanted, *arguments):
        said = self.ends(title, wanted, "due", *arguments, "--format", "json", "--quiet")
        return json.loads(said) if wanted != CANNOT_RUN else said


def record(found, name, kind):
    return next((r for z in found["zones"] for r in z["records"] if (r["name"], r["type"]) == (name, kind)), None)


def zone_of(found, name):
    return next((z for z in found["zones"] if z["zone"] == name), None)


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def fleet(room, name="fleet.yaml", owners=PATTERNS, only=ZONES):
    rows = [{"identity": zone} for zone in only if zone != "blog.test"]
    (room.path / "blog.csv").write_text('identity,owner\nblog.test,"=Blog team ""x"""\n')
    (room.path / name).write_text(json.dumps({
        "version": 1, "owners": owners, "identities": rows,
        "defaults": {"region": "us-east-1", "mail_from": "bounce.{domain}", "dns": {"timeout": "72h"}},
        **({"identities_from": "blog.csv"} if "blog.test" in only else {})}))
    return name


def the_first_look(room):
    manifest = fleet(room)
    found = room.due("a first look finds all that is missing", DONE, manifest)
    shop, lone, evil, blog = (zone_of(found, z) for z in ("shop.test", "lone.test", "evil.test", "blog.test"))
    check("each record of each zone is missing", found["missing"] == 8 and found["published"] == 0, found)
    check("the owner of a pattern, with the format for its files",
          (shop["owner"], shop["format"]) == ("dns-team@shop.example", "nsupdate"), shop)
    check("the owner of the CSV", blog["owner"] == '=Blog team "x"' and blog["format"] is None, blog)
    check("nobody's zone has its SOA contact", (lone["owner"], lone["soa_contact"]) == (None, "hostmaster@lone.test"), lone)
    check("a dot in the mailbox is a dot of the address", shop["soa_contact"] == "dns.admin@shop.test", shop)
    check("a mailbox that would write a header is none", evil["soa_contact"] is None, evil)
    check("the servers of the zone", shop["name_servers"] == ["ns1.shop.test", "ns2.shop.test"], shop)
    check("DNS has named the zones", all(z["zone_known"] for z in found["zones"]), found)
    mx = record(found, "bounce.shop.test", "MX")
    check("what is to be published", mx["value"] == EXCHANGE and mx["state"] == "missing", mx)
    check("asked for since this look, until 72 hours later",
          mx["asked_since"] == found["looked"] and
          instant(shop["deadline"]) - instant(found["looked"]) == 3 * DAY, shop)
    check("no look was before", found["last_look"] is None, found)
    check("and the look is remembered beside the journal", (room.path / ".mailfrom/journal.db.due").exists())
    return instant(found["looked"])


def the_second_look(room, first):
    room.days(1)
    room.names.records[("bounce.shop.test", "MX")] = EXCHANGE
    room.names.records[("bounce.lone.test", "MX")] = "10 mail.lone.test."
    room.names.records[("bounce.lone.test", "TXT")] = '"v=spf1 -all\\027[31m\\010"'
    before = (room.path / ".mailfrom/journal.db.due").read_bytes()
    dry = room.due("a look that is not to be remembered", TROUBLE, "fleet.yaml", "--dry-run")
    check("it leaves the memory alone", (room.path / ".mailfrom/journal.db.due").read_bytes() == before)
    found = room.due("a record that a person has to decide on gives exit code 3", TROUBLE, "fleet.yaml")
    check("and finds the same", dry["zones"] == json.loads(json.dumps(found["zones"]).replace(found["looked"], dry["looked"])), dry, found)
    check("the last look was that of yesterday", abs(instant(found["last_look"]) - first) < 2, found)
    mx, txt = record(found, "bounce.shop.test", "MX"), record(found, "bounce.shop.test", "TXT")
    check("a record that has arrived is published since the last look", mx["state"] == "published" and found["published"] == 1, mx)
    check("what is still missing is as old as it is", instant(txt["asked_since"]) == first, txt)
    lone = zone_of(found, "lone.test")
    check("an MX that receives mail is blocked, and says why", lone["records"][0]["state"] == "blocked" and
          "mail.lone.test" in lone["records"][0]["reason"], lone)
    check("a zone that denies neither record is asked for its contact by the way", lone["soa_contact"] == "hostmaster@lone.test", lone)
    check("it was asked for since the first look too", instant(lone["records"][0]["asked_since"]) == first, lone)
    text = room.ends("the text", TROUBLE, "due", "fleet.yaml")
    check("what strangers publish is escaped", "\x1b" not in text, text)
    check("what was published before the last look is not said again", "published since the last look" in text and
          "\nshop.test: 1 missing;" in text, text)


def only_the_difference(room):
    text = room.ends("only what has changed since yesterday", TROUBLE, "due", "fleet.yaml", "--since", "12h")
    check("a zone without a change is not there", "blog.test" not in text and "shop.test" in text, text)
    found = room.due("the same as JSON", TROUBLE, "fleet.yaml", "--since", "12h", "--dry-run")
    states = sorted((r["name"], r["type"], r["state"]) for z in found["zones"] for r in z["records"])
    check("the change of each record, and no more", states ==
          [("bounce.lone.test", "MX", "blocked"), ("bounce.lone.test", "TXT", "blocked"), ("bounce.shop.test", "MX", "published")], states)
    found = room.due("a date is its beginning", TROUBLE, "fleet.yaml", "--since", "2020-01-01", "--dry-run")
    check("and all has changed since then", sum(len(z["records"]) for z in found["zones"]) == 8, found)
    said = room.ends("a word that is no time", CANNOT_RUN, "due", "fleet.yaml", "--since", "tuesday")
    room.ends("a date to come", CANNOT_RUN, "due", "fleet.yaml", "--since", "2999-01-01")
    check("the words that are", "yesterday, a date such as" in said, said)


def the_folder(room):
    owners = {**PATTERNS, "lone.test": "../../../etc/passwd", "*.evil.test": {"contact": "Évil <a@b>, c", "format": "json"}}
    fleet(room, "hostile.yaml", owners)
    room.ends("a folder for the owners", TROUBLE, "due", "hostile.yaml", "--out", "today/")
    def files():
        return sorted(str(p.relative_to(room.path / "today")) for p in (room.path / "today").rglob("*") if p.is_file())

    def index():
        return [line.split(maxsplit=4) for line in (room.path / "today/INDEX").read_text().splitlines() if line[0] != "#"]

    made = [name for name in files() if name != "INDEX"]
    check("its index names each of them", sorted(line[4] for line in index()) == made, index(), made)
    news = {line[4].split("/")[1]: line[0] for line in index() if line[0] != "message"}
    check("and says what is new and what is changed since yesterday", news["shop.test.nsupdate"] == "changed" and
          news["lone.test.zone"] == "stuck", index())
    check("a folder for each owner, with a message and the files of its zones", len(made) == 8 and
          "dns-team@shop.example/shop.test.nsupdate" in made, made)
    check("no name leaves the folder", not (room.path.parent.parent / "etc/passwd.txt").exists() and
          all(re.fullmatch(r"[a-z0-9@._+-]+/[a-z0-9._-]+", name) and ".." not in name.split("/")[0].replace("__", "")[:2] for name in made), made)
    check("nothing else is beside it", sorted(p.name for p in room.path.glob("today*")) == ["today"])
    told = email.message_from_bytes((room.path / "today/dns-team@shop.example/message.txt").read_bytes())
    check("a message with its headers and no others", told.keys() ==
          ["To", "Subject", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"] and
          told["To"] == "dns-team@shop.example", told.keys())
    check("its subject says how many and until when", re.fullmatch(
        r"1 DNS record to publish in shop\.test, until \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", told["Subject"]), told["Subject"])
    body = told.get_payload()
    check("its text names the record", "missing TXT bounce.shop.test" in body and "Zone shop.test" in body, body)
    check("the file has what is missing, and not what is there", "TXT" in (room.path / "today/dns-team@shop.example/shop.test.nsupdate").read_text()
          and "feedback-smtp" not in (room.path / "today/dns-team@shop.example/shop.test.nsupdate").read_text())
    for name in made:
        if name.endswith("message.txt") and not name.startswith("dns-team"):
            other = email.message_from_bytes((room.path / "today" / name).read_bytes())
            check("a recipient that is no address is in no header: " + name, "To" not in other and "Bcc" not in other, other.keys())
    mine = room.path / "today/dns-team@shop.example/mine.txt"
    mine.write_text("mine")
    said = room.ends("a file of somebody else is not mixed with ours", CANNOT_RUN, "due", "hostile.yaml", "--out", "today")
    check("and is named", "does not name, dns-team@shop.example/mine.txt" in said and mine.exists(), said)
    mine.unlink()
    room.names.records[("bounce.shop.test", "TXT")] = SPF
    room.ends("without it the folder is made anew", TROUBLE, "due", "hostile.yaml", "--out", "today")
    check("with nothing stale in it, and nothing beside it", not [name for name in files() if "shop.test" in name] and
          sorted(p.name for p in room.path.glob("today*")) == ["today"], files())
    check("what is published stands in the index", ["done", "dns-team@shop.example shop.test"] in [[line[0], line[4]] for line in index()], index())
    (room.path / "link").symlink_to("today")
    room.ends("through a link", TROUBLE, "due", "hostile.yaml", "--out", "link")
    check("which stays one", (room.path / "link").is_symlink() and "INDEX" in files() and not list(room.path.glob("*.mailfrom-part*")))
    (room.path / "other").mkdir()
    (room.path / "other/INDEX").write_text("../../etc/passwd\n")
    said = room.ends("an index of somebody else is none", CANNOT_RUN, "due", "hostile.yaml", "--out", "other")
    check("and a new folder is asked for", "name a new folder" in said and (room.path / "other/INDEX").exists(), said)
    (room.path / "other/INDEX").write_text("# mailfrom due:\nnew 1 - - ../fleet.yaml\nnew 1 - - /etc/passwd\nnew 1 - - a/../x\n")
    room.ends("one that leads out of its folder", TROUBLE, "due", "hostile.yaml", "--out", "other")
    check("leads nowhere", (room.path / "fleet.yaml").exists())
    said = room.ends("an unknown format of files", CANNOT_RUN, "due", "hostile.yaml", "--out", "more", "--format", "html")
    check("names the formats", "expected one of bind" in said and not (room.path / "more").exists(), said)


def the_tables(room):
    import csv
    import io

    said = room.run("due", "fleet.yaml", "--format", "csv", "--quiet", "--dry-run", "--by", "owner").stdout_text
    rows = list(csv.DictReader(io.StringIO(said)))
    check("a row for each record", len(rows) == 7, said)
    check("no cell is a formula", all(not v.startswith(("=", "+", "-", "@")) for r in rows for v in r.values()), rows)
    marked = room.run("due", "fleet.yaml", "--format", "csv", "--quiet", "--dry-run", "--by", "owner", "--csv-dialect", "excel",
                      "--csv-separator", "semicolon").stdout_text
    check("the same for a spreadsheet", marked.startswith("\ufeff") and
          list(csv.DictReader(io.StringIO(marked[1:]), delimiter=";")) == rows, marked)
    page = room.run("due", "fleet.yaml", "--format", "html", "--quiet", "--dry-run").stdout_text
    check("a page that only shows times", page.startswith("<!DOCTYPE html>") and page.count("<script") == 1 and
          "<h2>lone.test</h2>" in page and re.search(r'<time datetime="[0-9TZ:-]{20}">', page), page)
    by = room.run("due", "fleet.yaml", "--by", "account", "--dry-run", "--quiet").stdout_text
    check("by account", "== account default ==" in by, by)
    by = room.run("due", "fleet.yaml", "--by", "owner", "--dry-run", "--quiet").stdout_text
    check("by owner, or the contact where there is none", "== owner dns-team@shop.example ==" in by and
          "== owner hostmaster@lone.test ==" in by and "== owner no owner and no contact ==" in by, by)


def a_run_that_waits(room):
    room.days(2)
    fleet(room, "run.yaml", only=["blog.test"])
    apply = room.start("apply", "run.yaml", "--yes", "--journal", "other.db", "--progress", "none")
    waits = until(lambda: "1 waiting for DNS" in room.run("status", 1, "--journal", "other.db").stdout_text)
    check("a run waits for DNS and holds its journal", waits and apply.poll() is None)
    text = room.run("status", 1, "--journal", "other.db").stdout_text
    check("status says which domain it waits for, since when", "\n  blog.test: 1 identity since 20" in text and
          "bounce.blog.test has no MX yet" in text, text)
    page = room.run("report", 1, "--report", "html:-", "--journal", "other.db", "--quiet").stdout_text
    check("and so does the page, with the owner", "<h2>Who still has to publish what</h2>" in page and
          "<td>=Blog team &quot;x&quot;</td>" in page, page[page.find("Who still"):][:600])
    room.days(2.5)
    found = room.due("what its owners still have to publish", DONE, 1, "--journal", "other.db")
    blog = zone_of(found, "blog.test")
    age = instant(found["looked"]) - instant(blog["asked_since"])
    check("asked for since the run began to wait", 0.5 * DAY - 60 < age < 0.5 * DAY + 60, found)
    check("until the deadline of the run", abs(instant(blog["deadline"]) - instant(blog["asked_since"]) - 3 * DAY) < 60, blog)
    check("the number of the run", found["run"] == 1 and blog["owner"] == '=Blog team "x"', found)
    room.names.publish("bounce.blog.test")
    found = room.due("a second look beside the run", DONE, 1, "--journal", "other.db")
    check("the records have arrived since the last one", found["published"] == 2 and found["missing"] == 0, found)
    signalled(apply, 15)


def nothing_and_damage(room):
    room.days(3)
    fleet(room, "blog.yaml", only=["blog.test"])
    room.ends("where nothing is due", DONE, "due", "blog.yaml", "--journal", "new/none.db")
    check("a first look leaves no file", not (room.path / "new").exists())
    said = room.ends("no argument", CANNOT_RUN, "due")
    check("asks for a manifest or a run", "no manifest or run given" in said, said)
    looks = room.path / ".mailfrom/journal.db.due"
    looks.write_bytes(b"not a journal of looks, but long enough to be one" * 40)
    before = looks.read_bytes()
    said = room.ends("a memory that is something else", CANNOT_RUN, "due", "fleet.yaml")
    check("is named and left alone", "journal.db.due" in said and looks.read_bytes() == before, said)


with DueRoom() as room:
    first = the_first_look(room)
    the_second_look(room, first)
    only_the_difference(room)
    the_tables(room)
    the_folder(room)
    a_run_that_waits(room)
    nothing_and_damage(room)
verdict()
