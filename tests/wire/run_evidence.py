#!/usr/bin/python3
"""Reports of receivers are held against a run: a real apply over ses-sim, then aggregate reports of the time
before and after it. Arguments: mailfrom, ses-sim, and the folder of pg_server where there is PostgreSQL."""

import csv
import datetime
import io
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

import jsonschema

sys.path += sys.argv[3:]

from dmarc_reports import report, row, save
from rehearsal_room import CANNOT_RUN, DONE, TROUBLE, Room, check, verdict

IDENTITIES = {
    "shop.example": {},
    "news.example": {},
    "calm.example": {"mail_from": "bounce.calm.example"},
    "kim@mail.example": {},
}
DAY = 86400
HOSTILE = "<script>alert(1)</script>.example"
SCHEMA = json.loads((pathlib.Path(__file__).resolve().parents[2] / "docs/evidence.schema.json").read_text())


def instant(text):
    return datetime.datetime.fromisoformat(text).timestamp()


class Mail:
    """What receivers saw: a folder of reports, before the run and after it."""

    def __init__(self, room, run):
        rows = room.report(run)
        self.folder = room.path / "reports"
        self.before = int(min(instant(r["first_seen"]) for r in rows.values())) - 2
        self.after = int(max(instant(r["finished"]) for r in rows.values())) + 1
        self.number = 0

    def add(self, domain, when, *rows, name="xml.gz"):
        # The middle of a report tells its day: that of "the day before" is another one than now's at any hour.
        begin, end = {"before": (self.before - DAY, self.before), "after": (self.after, self.after + 3600),
                      "the day before": (self.before - DAY * 3 // 2, self.before - DAY // 2),
                      "long ago": (self.before - 90 * DAY, self.before - 89 * DAY),
                      "across": (self.before - 3600, self.after + 3600)}[when]
        self.number += 1
        return save(self.folder, f"r{self.number:03}.{name}", report(domain, begin, end, rows, f"id-{self.number}"))


def seen(room):
    """Before the run everything leaves as amazonses.com; after it nearly nothing of two domains does."""
    mail = Mail(room, 1)
    for domain in ("shop.example", "news.example", "sub.news.example", "mail.example"):
        mail.add(domain, "the day before", row(1000, "amazonses.com", aligned="dkim"))
        mail.add(domain, "across", row(500, "amazonses.com", aligned="dkim"), name="xml")
    for domain in ("shop.example", "sub.news.example", "mail.example"):
        mail.add(domain, "after", row(990, f"bounce.{domain.removeprefix('sub.')}", aligned="spf dkim"),
                 row(10, "relay.example", aligned="dkim", address="198.51.100.4"), name="zip")
    mail.add("news.example", "after", row(100, "bounce.news.example", aligned="spf dkim", signers=("news.example",)),
             row(1900, "eu-west-1.amazonses.com", aligned="dkim", address="54.240.3.1"),
             row(70, "news.example", spf="fail", signers=(), disposition="reject", address="203.0.113.9"))
    mail.add("calm.example", "after", row(300, "bounce.calm.example", aligned="spf dkim"))
    mail.add("strange.example", "after", row(7, "amazonses.com"), row(3, HOSTILE, signers=(), header_from=HOSTILE))
    return mail


def told(room):
    text = room.ends("evidence of the run", DONE, "evidence", "--dmarc-reports", "reports", "1")
    check("the verdict is first", text.startswith("Mail through SES aligned by SPF: 0 % before, 61.4 % after run 1 (4,000 and 5,000\n"
                                                  "messages of 4 domains)."), text)
    check("no line is wider than a terminal", max(map(len, text.splitlines())) <= 80, text)
    check("who still fails, with which MAIL FROM", "- 1,900 messages of news.example still left with MAIL FROM\n"
          "  eu-west-1.amazonses.com (Region eu-west-1, 1 address): the identity in that" in text, text)
    check("the domains, and what is proved of them", "still failing" in text and "better" in text and "1 not changed" in text
          and "not in the run" in text, text)
    check("and whose mail it is not", "Others: 73" in text, text)
    text = room.ends("all of them", DONE, "evidence", "1", "--dmarc-reports", "reports", "--verbose")
    check("those that the run does not touch, too", "strange.example" in text and "calm.example" in text, text)


def figures(room):
    process = room.run("evidence", "--dmarc-reports", "reports", "1", "--format", "json")
    found = json.loads(process.stdout_text)
    jsonschema.validate(found, SCHEMA)
    domains = {d["domain"]: d for d in found["domains"]}
    check("JSON is as its schema", process.returncode == DONE)
    check("each domain has its verdict", {name: d["verdict"] for name, d in domains.items()} == {
        "shop.example": "better", "mail.example": "better", "sub.news.example": "better", "news.example": "still-failing",
        "calm.example": "not-changed", "strange.example": "not-in-the-run"}, process.stdout_text)
    check("what is no name is counted to the policy's domain", domains["strange.example"]["others"]["messages"] == 3, domains)
    check("what was mended is no fault of now", all(s["fault"] == "default" for d in domains.values() for s in d["senders"]
                                                    if s["mail_from"] == "amazonses.com"), domains)
    shop = domains["shop.example"]
    check("before, during, after", [shop[p]["messages"] for p in ("before", "during", "after")] == [1000, 500, 1000], shop)
    check("aligned by SPF after", (shop["after"]["spf_aligned"], shop["after"]["spf_aligned_percent"]) == (990, 99.0), shop)
    check("SES is known by its signature, and by the run's MAIL FROM", domains["news.example"]["known_by"] ==
          {"dkim": 1500 + 1900, "spf-default": 0, "spf-custom": 100}, domains["news.example"])
    senders = {s["mail_from"]: s for s in domains["news.example"]["senders"]}
    check("a MAIL FROM tells its Region", senders["eu-west-1.amazonses.com"]["region"] == "eu-west-1"
          and senders["eu-west-1.amazonses.com"]["fault"] == "other-region", senders)
    check("a forgery is not SES's", senders["news.example"]["through_ses"] is False
          and domains["news.example"]["others"]["rejected"] == 70, senders)
    check("sums are those of the domains", found["summary"]["ses"]["messages"] == sum(d["ses"]["messages"] for d in domains.values()))
    check("and of their days", all(sum(day["ses"]["messages"] for day in d["days"]) == d["ses"]["messages"] for d in domains.values()))
    again = room.run("evidence", "--dmarc-reports", "reports", "1", "--format", "json")
    check("equal reports give equal bytes", again.stdout_text == process.stdout_text)
    for path in sorted((room.path / "reports").iterdir()):  # the other way round
        path.rename(path.with_name(f"{999 - int(path.name[1:4])}{path.name[4:]}"))
    again = room.run("evidence", "--dmarc-reports", "reports", "1", "--format", "json")
    check("in whatever order they come", again.stdout_text == process.stdout_text)
    return found


def files(room, found):
    reports = [word for form in ("csv", "json", "html", "text") for word in ("--report", f"{form}:evidence.{form}")]
    text = room.ends("all formats at once", DONE, "evidence", "--dmarc-reports", "reports", "1", *reports)
    check("the terminal is told as well", text.startswith("Mail through SES"), text)
    lines = list(csv.DictReader(io.StringIO((room.path / "evidence.csv").read_text())))
    check("CSV has a line for each domain and day", len(lines) == sum(len(d["days"]) for d in found["domains"]), lines)
    check("whose sums are the domain's", sum(int(l["spf_aligned"]) for l in lines if l["domain"] == "shop.example") == 990)
    page = (room.path / "evidence.html").read_text()
    check("nothing hostile is on the page", HOSTILE not in page)
    check("has a chart with its numbers", page.count("<svg viewBox") == 1 + len(found["domains"]) and "<desc" in page
          and "last Success" in page, page.count("<svg viewBox"))
    check("and asks nobody", "http" not in page.replace("http-equiv", ""))
    process = room.run("evidence", "--dmarc-reports", "reports", "1", "--report", "csv:-")
    check("standard output is the report's alone", process.stdout_text == (room.path / "evidence.csv").read_text(), process.stdout_text)
    process = room.run("evidence", "--dmarc-reports", "reports", "1", "--format", "csv", "--csv-dialect", "excel",
                       "--csv-separator", "semicolon")
    check("or as a spreadsheet wants it", process.stdout_text.startswith("\ufeffdomain;day;coarse;"), process.stdout_text[:200])
    check("with the line ends of RFC 4180", b"\r\n" in (room.path / "evidence.csv").read_bytes())


def alone(room):
    away = room.path / "away"
    away.mkdir()
    shutil.copytree(room.path / "reports", away / "reports")
    process = room.run("evidence", "--dmarc-reports", "away/reports", "--format", "json", "--journal", "away/none.db")
    found = json.loads(process.stdout_text)
    jsonschema.validate(found, SCHEMA)
    check("without a run nothing is before or after", found["run"] is None and "before" not in found["domains"][0]
          and process.returncode == DONE, process.stderr_text)
    check("and no journal is made", not (away / "none.db").exists())
    check("all of SES's mail is counted but what only the run knows", found["summary"]["ses"]["messages"] ==
          4 * 1500 + 3 * 1000 + 1900 + 300 + 7, found["summary"])
    one, two = sorted((room.path / "reports").iterdir())[:2]
    text = room.ends("files one by one, as a shell gives them", DONE, "evidence", "--dmarc-reports", one, two, "--report", "json:two.json")
    check("are read", json.loads((room.path / "two.json").read_text())["read"]["files"] == 2, text)
    day = datetime.datetime.fromtimestamp(Mail(room, 1).after + 1800, datetime.timezone.utc).date()
    text = room.ends("only some days", DONE, "evidence", "--dmarc-reports", "reports", "--since", day, "--report", "json:days.json")
    found = json.loads((room.path / "days.json").read_text())
    check("are counted", found["read"]["first_day"] == str(day) and found["read"]["rows_of_other_days"] > 0, found["read"])
    text = room.ends("none before a day long ago", DONE, "evidence", "--dmarc-reports", "reports", "--until", "2001-01-01")
    check("is said so", text.startswith("The reports show no mail through SES."), text)


def damaged(room):
    folder = room.path / "damaged"
    shutil.copytree(room.path / "reports", folder)
    for number in range(25):
        (folder / f"bad-{number:02}.xml").write_text("<feedback><report_metadata>")
    process = room.run("evidence", "--dmarc-reports", "damaged", "1")
    check("damaged reports are told, and the rest is shown", process.returncode == TROUBLE
          and process.stdout_text.startswith("Mail through SES aligned by SPF: 0 % before, 61.4 % after"), process.stderr_text)
    check("twenty of them, and how many more", process.stderr_text.count("bad-") == 20
          and "... and 5 more; --all shows them" in process.stderr_text, process.stderr_text)
    process = room.run("evidence", "--dmarc-reports", "damaged", "1", "--all")
    check("or all", process.stderr_text.count("bad-") == 25, process.stderr_text)
    copied = room.path / "reports" / "again.xml.gz"
    shutil.copy(next((room.path / "reports").glob("*.gz")), copied)
    process = room.run("evidence", "--dmarc-reports", "reports", "1", "--format", "json")
    found = json.loads(process.stdout_text)
    check("a report that comes twice counts once", found["read"]["duplicates"] == 1
          and found["summary"]["before"]["messages"] == 4000, found["read"])
    copied.unlink()
    silent = row(31, "amazonses.com", header_from="silent.example")
    silent = silent[:silent.index("<policy_evaluated>")] + silent[silent.index("</row>"):]
    save(folder := room.path / "silent", "one.xml", report("silent.example", 1779235200, 1779321599, [silent], "silent"))
    text = room.ends("a row without a verdict", DONE, "evidence", "--dmarc-reports", folder, "--report", "json:silent.json")
    found = json.loads((room.path / "silent.json").read_text())
    jsonschema.validate(found, SCHEMA)
    check("is no failure, and is told", found["left_out"]["messages_without_verdict"] == 31 and found["summary"]["ses"]["messages"] == 0
          and "31 messages are in rows without a verdict" in " ".join(text.split()), text)


def refused(room):
    for arguments, why in (
            (["1"], "no reports given: --dmarc-reports takes files and folders"),
            (["--dmarc-reports", "nowhere", "1"], f"nowhere: {os.strerror(2)}"),
            (["--dmarc-reports", "reports", "77"], "77"),
            (["--dmarc-reports", "reports", "1", "2"], "found runs 1 and 2, expected one at a time"),
            (["--dmarc-reports", "reports", "1", "--format", "yaml"], 'unknown format "yaml", expected one of text, csv, json, html'),
            (["--dmarc-reports", "reports", "1", "--report", "junit:x"], 'unknown format "junit"'),
            (["--dmarc-reports", "reports", "--since", "2026-05-21", "--until", "2026-05-20"], "no day is left"),
            (["--dmarc-reports", "reports", "--until", "tomorrow"], "--until takes a date such as"),
            (["--dmarc-reports", "reports", "--format", "csv", "--report", "json:-"], "both write to standard output"),
            (["--dmarc-reports", "reports/again.xml", "--report", "csv:reports/again.xml"], "a report to be read")):
        (room.path / "reports" / "again.xml").write_text("x")
        text = room.ends(f"evidence {' '.join(arguments)} is refused", CANNOT_RUN, "evidence", *arguments)
        check("and says why", why in text, text)
    (room.path / "reports" / "again.xml").unlink()


def quiet(room):
    process = room.run("evidence", "--dmarc-reports", "reports", "1", "-q", "--report", "json:quiet.json")
    check("-q leaves the summary out beside a report", process.returncode == DONE and not process.stdout_text and not process.stderr_text
          and (room.path / "quiet.json").exists(), process.stdout_text, process.stderr_text)
    process = room.run("evidence", "--dmarc-reports", "reports", "1", "-q")
    check("and never what alone was asked for", process.stdout_text.startswith("Mail through SES"), process.stdout_text)


def noted(room):
    folder = room.path / "beside"
    shutil.copytree(room.path / "reports", folder)
    (folder / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
    process = room.run("evidence", "--dmarc-reports", "beside", "1")
    check("what systems put beside reports is a note, and no trouble", process.returncode == DONE
          and "beside/.DS_Store: passed over: by its name and content it is no report" in process.stderr_text, process.stderr_text)
    process = room.run("evidence", "--dmarc-reports", "beside", "1", "-q")
    check("which -q leaves out", process.returncode == DONE and not process.stderr_text, process.stderr_text)


def spared(room):
    """A report of a receiver comes once: no output may take its place, nor lie where it would be taken for one."""
    folder = room.path / "kept"
    shutil.copytree(room.path / "reports", folder)
    one = sorted(folder.iterdir())[0]
    (room.path / "link").symlink_to(one)
    (room.path / "folder").symlink_to(folder)
    os.link(one, room.path / "hard")
    whole = {path: path.read_bytes() for path in folder.iterdir()}
    for target, why in ((one, "lies in kept, where every later look would take it for a report of a receiver: put it elsewhere"),
                        (folder / "new.csv", "lies in kept"), ("folder/new.csv", "lies in kept"), ("link", "kept"),
                        ("kept/../kept/new.csv", "lies in kept"), ("hard", "is a report to be read kept/")):
        text = room.ends(f"a report written to {target} is refused", CANNOT_RUN, "evidence", "kept", "--report",
                         "json:first.json", "--report", f"csv:{target}")
        check("and says why", why in " ".join(text.split()), text)
        check("before anything is written", not (room.path / "first.json").exists() and not (folder / "new.csv").exists()
              and {path: path.read_bytes() for path in folder.iterdir()} == whole)
    with open(folder / "out.csv", "ab") as file:
        process = subprocess.run([room.mailfrom, "evidence", "kept", "--format", "csv"], cwd=room.path, env=room.environment(),
                                 stdout=file, stderr=subprocess.PIPE, text=True)
    check("standard output is not a file to be read", process.returncode == CANNOT_RUN and "standard output is kept/out.csv" in process.stderr
          and not (folder / "out.csv").read_bytes(), process.stderr)
    (folder / "out.csv").unlink()
    room.ends("a file beside those that are named is fine", DONE, "evidence", *sorted(folder.iterdir()), "--report", f"csv:{folder}/new.csv")


def shared(room):
    """The same run in a database."""
    import pg_server

    with pg_server.Server() as server:
        url = server.database()
        room.ends("a journal in PostgreSQL", DONE, "journal", "init", "--journal", url)
        room.ends("gets the run", DONE, "journal", "copy", ".mailfrom/journal.db", url)
        file, database = (room.run("evidence", "--dmarc-reports", "reports", "1", "--format", "json", *where)
                          for where in ((), ("--journal", url)))
        check("and evidence of it is the same", database.returncode == DONE and database.stdout_text == file.stdout_text,
              database.stdout_text[:900], database.stderr_text)


def rolled_back(room):
    room.ends("the run is taken back", DONE, "rollback", "1", "--yes")
    mail = Mail(room, 2)
    mail.folder = room.path / "back"
    mail.add("shop.example", "before", row(100, "bounce.shop.example", aligned="spf dkim"))
    mail.add("shop.example", "after", row(100, "amazonses.com", aligned="dkim"))
    text = room.ends("evidence of a rollback", DONE, "evidence", "--dmarc-reports", "back", "2", "--report", "html:back.html")
    check("has its own words", text.startswith("Mail through SES aligned by SPF: 100 % before, 0 % after rollback 2 (100 and 100"), text)
    check("what it wants is no fault", "as the run wants it" in " ".join(text.split()) and "default wanted" in text, text)
    check("and is no alarm", '<header class="good">' in (room.path / "back.html").read_text())
    mail.add("shop.example", "across", row(7, "amazonses.com", aligned="dkim"))
    text = room.ends("evidence of the run that was taken back", DONE, "evidence", "--dmarc-reports", "back", "1", "--report", "json:one.json")
    found = json.loads((room.path / "one.json").read_text())
    jsonschema.validate(found, SCHEMA)
    shop = found["domains"][0]
    check("mail since the rollback is not after it", [shop[p]["messages"] for p in ("before", "during", "after", "later")] ==
          [0, 107, 0, 100], shop)
    check("and it is said", "A later run has written to 1 domain again: what was sent since then (100 messages) tells nothing "
          "of run 1." in " ".join(text.split()), text)
    check("nobody is blamed", "still left" not in text, text)


def main():
    mailfrom, ses_sim = sys.argv[1:3]
    with Room(mailfrom, ses_sim, IDENTITIES) as room:
        room.manifest("fleet.yaml", {name: {} for name in IDENTITIES})
        room.ends("a fleet is migrated", DONE, "apply", "fleet.yaml", "--yes")
        seen(room)
        told(room)
        found = figures(room)
        files(room, found)
        alone(room)
        damaged(room)
        if len(sys.argv) > 3:
            shared(room)
        refused(room)
        quiet(room)
        noted(room)
        spared(room)
        time.sleep(1.1)  # reports of the first run's time end before the second begins
        rolled_back(room)
    verdict()


main()
