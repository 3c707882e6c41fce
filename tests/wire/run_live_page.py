#!/usr/bin/python3
"""The live page of runs: what programs are told, and what a browser shows while a run goes on.

    run_live_page.py MAILFROM SES-SIM"""

import json
import os
import pathlib
import re
import signal
import sys
import urllib.error
import urllib.parse
import urllib.request

import jsonschema

from rehearsal_room import CANNOT_RUN, DONE, STOPPED, Room, check, signalled, until, verdict

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/unit/reports"))

import chromium  # noqa: E402

SCHEMA = json.loads((ROOT / "docs/status.schema.json").read_text())
HOSTILE = "<img src=x onerror=alert(1)>"
TOKEN = "0123456789-abcdefghij"


class Process:
    """A verb with a live page, and the page's address as the verb says it."""

    def __init__(self, room, verb, *arguments, listen="127.0.0.1:0", **environment):
        silent = () if verb == "watch" else ("--progress", "none")
        os.environ.update(environment)
        self.process = room.start(verb, *arguments, "--listen", listen, *silent)
        self.told = ""
        for line in self.process.stderr:
            self.told += line
            if found := re.search(r"live page: (\S+)", line):
                self.url = found.group(1)
                break
        else:
            self.url = None

    def get(self, path):
        request = urllib.request.Request(self.url + path, headers={"Authorization": "Bearer " + TOKEN})
        with urllib.request.urlopen(request, timeout=10) as reply:
            return reply.read().decode()

    def post(self, path, body=""):
        headers = {"Authorization": "Bearer " + TOKEN, "Origin": self.url.rstrip("/")}
        request = urllib.request.Request(self.url + path, body.encode(), headers, method="POST")
        with urllib.request.urlopen(request, timeout=10) as reply:
            return reply.read().decode()

    def status(self):
        return json.loads(self.get("api/status"))

    def rows(self, **query):
        return json.loads(self.get("api/rows?" + urllib.parse.urlencode(query)))

    def end(self, *signals):
        out, told = signalled(self.process, *signals)
        return self.process.returncode, out, self.told + told


def for_programs(room):
    names = {f"late{i}.example": {} for i in range(8)}
    manifest = room.manifest("late.yaml", names)
    page = Process(room, "apply", manifest, "--yes")
    check("a run says where its live page is", page.url and page.url.startswith("http://127.0.0.1:"), page.told)
    waits = until(lambda: (s := page.status()).get("counts", {}).get("waiting-dns") == 8 and s)
    check("the status tells who waits", waits and waits["state"] == "running" and waits["not_finished"] == 8,
          page.status())
    jsonschema.validate(page.status(), SCHEMA)
    found = page.rows(q="LATE3 us-east", state="waiting-dns")
    check("rows are found by words and state", found["found"] == 1 and found["total"] == 8 and
          found["rows"][0]["identity"] == "late3.example" and "<details" in found["html"], found)
    check("the page is well", page.get("healthz") and page.get("").startswith("<!DOCTYPE html>"))

    watch = Process(room, "status", "--watch")
    seen = until(lambda: (s := watch.status()).get("counts", {}).get("waiting-dns") == 8 and s)
    check("another process shows the same from the journal", seen and seen["run"] == waits["run"], seen)
    jsonschema.validate(watch.status(), SCHEMA)

    for name in list(names)[:7]:
        room.names.publish("bounce." + name)
    done = until(lambda: (s := page.status())["counts"]["done"] == 7 and s)
    check("the status follows the run", done and done["writes"] == 7 and done["lanes"][0]["calls"] > 7, page.status())
    code, _, told = page.end(signal.SIGINT)
    check("a stopped run ends its page with it", code == STOPPED, code, told)
    code, _, told = watch.end()
    check("and that of the watcher", code == DONE, code, told)
    room.names.publish("bounce.late7.example")
    return done["run"]


def resumed(room, run):
    page = Process(room, "resume", run)
    begun = until(lambda: (s := page.status()).get("counts", {}).get("done", 0) >= 7 and s)
    check("a resumed run begins with the rows that the journal has", begun and begun["identities"] == 8, begun)
    code, _, told = page.end()
    check("and ends as it should", code == DONE, code, told)


def ordered(room):
    names = {f"held{i}.example": {} for i in range(4)}
    manifest = room.manifest("held.yaml", names)
    page = Process(room, "apply", manifest, "--yes", "--token-env", "PAGE_TOKEN", PAGE_TOKEN=TOKEN)
    until(lambda: page.status().get("counts", {}).get("waiting-dns") == 4)
    try:
        urllib.request.urlopen(page.url + "api/status", timeout=10)
        check("without the token nothing is told", False)
    except urllib.error.HTTPError as refusal:
        check("without the token nothing is told", refusal.code == 401, refusal.code)
    said = page.post("api/pause")
    paused = until(lambda: (s := page.status())["state"] == "paused" and s)
    check("a holder of the token pauses the run", paused and "page" in paused["reason"], said, page.status())
    for name in names:
        room.names.publish("bounce." + name)
    page.post("api/resume")
    check("and lets it go on", until(lambda: page.status()["state"] == "running"), page.status())
    figures = page.get("metrics")
    check("figures are there for Prometheus", 'mailfrom_run_identities{verb="apply"' in figures or "mailfrom_" in figures,
          figures)
    code, _, told = page.end()
    check("to its end", code == DONE, code, told)


def watched(room):
    names = {f"held{i}.example": {} for i in range(4)}
    manifest = room.manifest("held.yaml", names)
    room.names.records.pop(("bounce.held2.example", "MX"))
    page = Process(room, "watch", manifest, "--every", "1s")
    problem = until(lambda: (s := page.status()).get("problems") and s)
    check("watching shows what is wrong", problem and problem["problems"][0]["identity"] == "held2.example" and
          problem["problems"][0]["level"] == "unconfirmed" and "seen" in problem["verdict"], page.status())
    jsonschema.validate(page.status(), SCHEMA)
    found = page.rows(q="held", state="well")
    check("and the search has the others", found["found"] == 3 and found["total"] == 4, found)
    check("it is well as long as looks succeed", page.get("healthz") and "mailfrom_" in page.get("metrics"))
    code, _, told = page.end(signal.SIGINT)
    check("and it ends when it is stopped", code == STOPPED, code, told)


def refused(room):
    manifest = room.manifest("one.yaml", {"late0.example": {}})
    for title, arguments, sentence in (
            ("an address for all needs a token or TLS", ["--listen", "0.0.0.0:0"], "--listen 0.0.0.0:0"),
            ("a port is needed", ["--listen", "127.0.0.1"], "expected ADDRESS:PORT"),
            ("a token is in the environment", ["--listen", "127.0.0.1:0", "--token-env", "NO_SUCH_NAME"],
             "NO_SUCH_NAME"),
            ("a token is of a page", ["--token-env", "HOME"], "give --listen"),
            ("a dry run has none", ["--listen", "127.0.0.1:0", "--dry-run"], "--listen follows")):
        told = room.ends(title, CANNOT_RUN, "apply", manifest, "--yes", *arguments)
        check("and says so", sentence in told, told)
    check("nothing was begun", not room.run("status", "--all").stdout_text.count("one.yaml"))


def timed(browser, condition, seconds=20):
    return until(lambda: browser.run(condition), seconds)


def shown(browser):
    return browser.run("document.querySelector('#verdict h1')?.textContent ?? ''")


def troubles(browser):
    return [m for m in browser.messages
            if m.get("method") in ("Runtime.exceptionThrown", "Page.javascriptDialogOpening") or
            (m.get("method") == "Log.entryAdded" and m["params"]["entry"]["source"] in ("security", "javascript"))]


def in_a_browser(room):
    names = {f"slow{i}.example": {} for i in range(12)}
    manifest = room.manifest("slow.yaml", names)
    first = Process(room, "apply", manifest, "--yes")
    port = urllib.parse.urlsplit(first.url).port
    with chromium.Browser() as browser:
        browser.open(first.url)
        check("the page shows the run while it goes on",
              timed(browser, "document.body.textContent.includes('12 waiting for DNS')"), shown(browser))
        check("with its rows", timed(browser, "document.querySelectorAll('#rows details').length === 12"))
        check("and what waits for whom", browser.run("document.querySelector('#waiting').textContent"
                                                     ".includes('slow3.example')"))
        browser.run("document.querySelector('#rows details:nth-child(6)').open = true;"
                    "document.getElementById('words').focus(); window.scrollTo(0, 300)")
        key = browser.run("document.querySelector('#rows details[open] .who').textContent")
        for name in list(names)[:6]:
            room.names.publish("bounce." + name)
        check("it changes by itself", timed(browser, "document.body.textContent.includes('6 waiting for DNS')") and
              timed(browser, "document.querySelectorAll('#rows details.done').length === 6"), shown(browser))
        check("what is unfolded, focused and scrolled stays so",
              browser.run("document.querySelector('#rows details[open] .who')?.textContent") == key and
              browser.run("document.activeElement.id") == "words" and browser.run("window.scrollY") > 0)
        check("nothing was refused by the page's policy, and nothing failed", not troubles(browser), troubles(browser))

        code, _, told = first.end(signal.SIGINT)
        check("the last state stays when the run has ended, and the page says so",
              timed(browser, "document.getElementById('link').className === 'link ended'") and
              "stopped" in browser.run("document.querySelector('#verdict .facts').textContent"), code, told)
        run = browser.run("document.querySelector('#verdict .facts').textContent")
        number = re.search(r"run (\d+)", run).group(1)
        second = Process(room, "resume", number, listen=f"127.0.0.1:{port}")
        check("it comes back when the run goes on at the same port",
              timed(browser, "document.getElementById('link').className === 'link live'", 30), second.told)
        for name in names:
            room.names.publish("bounce." + name)
        code, _, told = second.end()
        check("and shows its end", code == DONE and
              timed(browser, "document.querySelector('#verdict h1').textContent.startsWith('All is well with 12')"),
              shown(browser), told)


def hostile_in_a_browser(room):
    names = {f"evil{i}.example": {} for i in range(3)}
    manifest = room.manifest("evil.yaml", names)
    room.names.publish("bounce.evil0.example")
    room.names.records[("bounce.evil0.example", "TXT")] = f'"v=spf1 {HOSTILE} -all"'
    page = Process(room, "apply", manifest, "--yes")
    with chromium.Browser() as browser:
        browser.open(page.url)
        arrived = timed(browser, "document.getElementById('reasons').textContent.includes('onerror')")
        inert = browser.run("document.querySelectorAll('img, script:not(body > script)').length === 0")
        check("markup from a stranger's DNS is only shown", arrived and inert and not troubles(browser),
              browser.run("document.getElementById('reasons').textContent"), troubles(browser))
    page.end(signal.SIGINT)


def main():
    late = [*(f"late{i}.example" for i in range(8)), *(f"slow{i}.example" for i in range(12)),
            *(f"evil{i}.example" for i in range(3)), *(f"held{i}.example" for i in range(4))]
    with Room(*sys.argv[1:3], {name: {"late": True} for name in late}) as room:
        resumed(room, for_programs(room))
        ordered(room)
        watched(room)
        refused(room)
        if chromium.program():
            in_a_browser(room)
            hostile_in_a_browser(room)
    verdict()


main()
