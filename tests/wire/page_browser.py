#!/usr/bin/python3
"""The page's server and a real browser: the token, the cookie, orders, and what a page of another origin
can do, which is nothing.

usage: page_browser.py PAGE_DRIVER"""

import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "unit/reports"))

import chromium
from rehearsal_room import check, until, verdict

TOKEN = "a-token-of-22-letters."


class Server:
    def __init__(self, *options):
        self.process = subprocess.Popen([sys.argv[1], "127.0.0.1:0", "10", "10", *options], text=True, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, env={**os.environ, "PAGE_TOKEN": TOKEN})
        self.url = self.process.stdout.readline().split()[1]
        self.order("publish 1")

    def order(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def close(self):
        return self.process.communicate(timeout=20)[0].splitlines()[:-1]


def give(browser, token):
    """Types it into the form, and waits for the page that comes."""
    def is_there():
        try:
            return browser.run("!window.isOld && document.readyState === 'complete'")
        except chromium.Navigated:
            return False

    browser.run(f"window.isOld = true, document.getElementById('token').value = '{token}', "
                "setTimeout(() => document.forms[0].requestSubmit())")
    return until(is_there, 10)


def order(path):
    return f"fetch('{path}', {{method: 'POST'}}).then(a => a.status, () => 0)"


def visit(browser, page, other):
    browser.open(page.url)
    check("the browser is asked for the token", browser.run("document.querySelector('label').textContent") == "The token of this page")
    check("in the form's own style", browser.run("getComputedStyle(document.body).maxWidth") not in ("none", None))
    check("a wrong one is told", give(browser, "wrong") and "not the token" in (browser.run("document.querySelector('[role=alert]')?.textContent") or ""))
    check("the right one shows the page", give(browser, TOKEN) and browser.run("!!document.getElementById('beat')"), browser.run("document.body.innerHTML"))
    check("it is in no address", browser.run("location.href") == page.url and browser.run("document.referrer.includes('token=')") is False)
    check("no script reads the cookie", browser.run("document.cookie") == "")
    browser.open(page.url)
    check("the page is there when it is loaded again", browser.run("!!document.getElementById('beat')"))
    check("the one script runs", browser.run("x") == 1)
    check("the one style holds", browser.run("getComputedStyle(document.getElementById('beat')).color") == "rgb(255, 0, 0)")
    first = "new Promise(r => new EventSource('/events').addEventListener('parts', m => r(JSON.parse(m.data).parts.beat)))"
    check("events come", browser.run(first) == "<b>1</b>")
    browser.run("document.body.insertAdjacentHTML('beforeend', '<img src=\"x:y\" onerror=\"window.hit = 1\"><b style=\"color:blue\">')")
    time.sleep(0.2)
    check("no other script does", browser.run("window.hit === undefined"))
    check("nor another style", browser.run("getComputedStyle(document.querySelector('b:last-of-type')).color") == "rgb(255, 0, 0)")
    check("an order is taken", browser.run(order("/api/pause")) == 200)
    check("another address is not asked", browser.run(f"fetch('{other.url}').then(() => 1, () => 0)") == 0)

    browser.open(other.url)  # of another origin, though of the same site: cookies know no ports
    simple = f"fetch('{page.url}api/stop', {{method: 'POST', mode: 'no-cors', credentials: 'include'}}).then(() => 1, () => 0)"
    browser.run(simple)
    browser.run(f"document.body.insertAdjacentHTML('beforeend', '<form id=f method=post action=\"{page.url}api/stop\"></form>'), f.submit()")
    time.sleep(0.5)
    browser.open("about:blank")
    browser.run(simple)
    browser.run(f"document.body.innerHTML = '<iframe src=\"{page.url}\"></iframe>'")
    time.sleep(0.5)
    blocked = any("frame-ancestors" in str(m) or "ERR_BLOCKED_BY_RESPONSE" in str(m) for m in browser.messages)
    check("nobody frames the page", blocked or browser.run("frames[0].length") == 0)


def main():
    if not chromium.program():
        print("1..0 # SKIP no chromium here")
        sys.exit(77)
    with chromium.Browser() as browser:
        page, other = Server("--token-env", "PAGE_TOKEN"), Server()
        visit(browser, page, other)
        out = page.close()
        check("the owner heard one order, of this page", out == ["order pause "], out)
        other.close()
    verdict()


main()
