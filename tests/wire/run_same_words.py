#!/usr/bin/python3
"""A run that was stopped with rows in several states: the terminal, status and every report call a
state by the same word and count it alike. Arguments: mailfrom, ses-sim."""

import csv
import json
import os
import pty
import re
import sys
from collections import Counter

from rehearsal_room import STOPPED, Room, check, verdict

IDENTITIES = {
    "first.example": {}, "second.example": {},                                    # set, and SES has not looked yet
    "late.example": {"late": True}, "later.example": {"late": True},              # wait for DNS
    "set.example": {"mail_from": "bounce.set.example"},                           # is as wanted
    "unverified.example": {"verified": "PENDING"},                                # refused
}
KINDS = ("csv", "json", "markdown", "html", "junit")


WORDS = {"waiting for SES": "pending", "waiting for DNS": "waiting-dns"}  # for people; programs have the others


def counts_in(line):
    """"2 waiting for SES, 1 refused" as a Counter of outcomes."""
    return Counter({WORDS.get(word, word): int(count)
                    for count, word in re.findall(r"(\d+) ([a-z][A-Za-z -]*?)(?=,| of|;|$)", line)})


def words_are_the_same(room):
    room.manifest("fleet.yaml", {name: {} for name in IDENTITIES})
    reports = [f"--report={kind}:out.{kind}" for kind in KINDS]
    text = room.ends("a run that does not wait is stopped", STOPPED, "apply", "fleet.yaml", "--yes", "--no-wait", *reports)
    files = {kind: (room.path / f"out.{kind}").read_text() for kind in KINDS}
    wanted = Counter(row["outcome"] for row in csv.DictReader(files["csv"].splitlines()))
    check("rows stand in four states", set(wanted) == {"pending", "waiting-dns", "unchanged", "refused"}, wanted)
    told = re.search(r"^Run 1: (.*) of 6 identities$", text, re.M)
    check("the terminal counts them so", told and counts_in(told.group(1)) == wanted, wanted, text)
    status = room.run("status", 1).stdout_text
    told = re.search(r"^6 identities: (.*); \d+ writes kept$", status, re.M)
    check("status does", told and counts_in(told.group(1)) == wanted, wanted, status)
    mine, its = pty.openpty()
    room.start("report", 1, stdout=its).wait()
    os.close(its)
    seen = os.read(mine, 65536).decode()
    os.close(mine)
    check("report to a terminal tells the verdict and the next command",
          "Run 1: 1 of 6 identities needs attention" in seen and "report 1 --report html:run.html" in seen
          and "pass DMARC by SPF" in seen and seen.count("\n") == 3, seen)
    summary = json.loads(files["json"])["summary"]["outcomes"]
    check("JSON does", +Counter(summary) == wanted, wanted, summary)
    html = Counter({word: int(count) for word, count, shown in
                    re.findall(r'<li class="([a-z-]+)"><b>(\d+)</b> <span>([^<]+)</span></li>', files["html"])
                    if WORDS.get(shown, shown) == word})
    check("HTML does", html == wanted, wanted, html)
    for what, pattern in (("pills", r'<span class="pill ([a-z-]+)">([^<]+)</span>'),
                          ("rows", r'<details class="([a-z-]+)".*?<span class="state">([^<]+)</span>')):
        shown = set(re.findall(pattern, files["html"])) - {(word, word) for word in ("error", "warning", "info")}
        check(f"its {what} speak so", shown and all(WORDS.get(words, words) == word for word, words in shown), shown)
    markdown = Counter({WORDS.get(word, word): int(count)
                        for word, count in re.findall(r"^\| ([a-z][A-Za-z ]+) \| (\d+) \|$", files["markdown"], re.M)})
    check("Markdown does", markdown == wanted, wanted, markdown)
    cases = Counter(re.findall(r"^outcome: ([a-z-]+)$", files["junit"], re.M))
    check("JUnit does", cases == wanted, wanted, cases)
    watched = json.loads(room.run("status", 1, "--format", "json").stdout_text or "{}")
    states = watched.get("total", {}).get("states", {})
    check("status --json counts the same rows", sum(states.values()) == 6
          and states["waiting-dns"] == wanted["waiting-dns"] and watched["total"]["bad"] == wanted["refused"], watched)


def main():
    with Room(*sys.argv[1:3], IDENTITIES, sim=["--detect-after", "250000"]) as room:
        words_are_the_same(room)
    verdict()


if __name__ == "__main__":
    main()
