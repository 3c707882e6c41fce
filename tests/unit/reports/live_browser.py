#!/usr/bin/python3
"""A live page in a real browser, served by a stand-in: live_browser.py BUILD-FOLDER [ROWS]

Ends with 77 (skipped) where no Chromium is installed. With AXE=.../axe.min.js axe-core looks at it, too. Prints
how large it is and how long an update takes, but nothing depends on it."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

import chromium
import live_stand

DRIVER = pathlib.Path(sys.argv[1]).resolve() / "tests/report_driver"
ROWS = int(sys.argv[2]) if len(sys.argv) > 2 else 400
TAGS = "JSON.stringify([...new Set([...document.querySelectorAll('*')].map(e => e.tagName))].sort())"
ATTRIBUTES = """JSON.stringify([...new Set([...document.querySelectorAll('*')].flatMap(
  e => e.getAttributeNames()))].sort())"""
LOADED = "document.querySelector('#verdict h1') && document.querySelector('#rows details') && true"
VIOLATIONS = """axe.run(document, {resultTypes: ['violations']}).then(r => JSON.stringify(r.violations.map(
  v => [v.id, v.impact, v.nodes.length, v.nodes[0].html.slice(0, 160)])))"""


class LivePage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.browser = cls.enterClassContext(chromium.Browser())
        cls.files = {}
        for kind in ("run", "watch", "sets"):
            for texts in ("plain", "hostile"):
                path = cls.folder / f"{kind}-{texts}.json"
                subprocess.run([DRIVER, str(ROWS), texts, f"live-{kind}", path], check=True)
                cls.files[kind, texts] = path

    def tearDown(self):
        self.browser.ask("Emulation.clearDeviceMetricsOverride")
        self.browser.ask("Emulation.setEmulatedMedia", media="", features=[])

    def open(self, kind, texts="plain"):
        stand = live_stand.Stand(self.files[kind, texts])
        self.addCleanup(stand.stop)
        self.browser.open(stand.url)
        self.wait(LOADED)
        return stand

    def wait(self, condition, seconds=20):
        deadline = time.monotonic() + seconds
        while not (value := self.browser.run(condition)) and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertTrue(value, condition)

    def press(self, key, code=None, text=""):
        for kind in ("keyDown", "keyUp"):
            self.browser.ask("Input.dispatchKeyEvent", type=kind, key=key, code=code or key, text=text if kind == "keyDown" else "",
                             windowsVirtualKeyCode={"Tab": 9, "Enter": 13, "Escape": 27}.get(key, 0))

    def say(self, text):
        self.browser.ask("Input.insertText", text=text)

    def test_hostile_texts_change_no_element_and_run_nothing(self):
        for kind in ("run", "watch", "sets"):
            told = {}
            for texts in ("plain", "hostile"):
                self.open(kind, texts)
                self.browser.run("document.querySelectorAll('details').forEach(d => { d.open = true })")
                told[texts] = [set(json.loads(self.browser.run(question))) for question in (TAGS, ATTRIBUTES)]
                troubles = [m for m in self.browser.messages
                            if m.get("method") in ("Runtime.exceptionThrown", "Page.javascriptDialogOpening")]
                self.assertEqual(troubles, [])
            self.assertLessEqual(told["hostile"][0], told["plain"][0] | {"P"})
            self.assertLessEqual(told["hostile"][1], told["plain"][1])

    def test_parts_change_in_place(self):
        stand = self.open("run")
        self.browser.run("""document.querySelector('#rows details').open = true; document.getElementById('words').focus();
          window.scrollTo(0, 250); document.querySelector('#standings .picture').dataset.mine = 'same'; 0""")
        verdict = stand.told["parts"]["verdict"].replace("</h1>", " Indeed.</h1>")
        stand.tell({"verdict": verdict, "standings": stand.told["parts"]["standings"].replace("Large:", "Great:")})
        self.wait("document.querySelector('#verdict h1').textContent.endsWith('Indeed.')")
        self.wait("document.getElementById('standings').textContent.includes('Great:')")
        self.assertTrue(self.browser.run("document.querySelector('#rows details').open"))
        self.assertEqual(self.browser.run("document.activeElement.id"), "words")
        self.assertEqual(self.browser.run("window.scrollY"), 250)

    def test_only_the_verdict_is_said_and_not_at_each_change(self):
        stand = self.open("run")
        said = "document.getElementById('said').textContent"
        self.assertEqual(self.browser.run("document.querySelectorAll('[aria-live]').length"), 1)
        first = self.browser.run(said)
        self.assertIn("need attention", first)
        verdict = stand.told["parts"]["verdict"]
        stand.tell({"verdict": verdict.replace("</h1>", " Again.</h1>")})
        self.wait("document.querySelector('#verdict h1').textContent.endsWith('Again.')")
        self.assertEqual(self.browser.run(said), first)
        stand.tell({"verdict": verdict.replace('<header class="bad">', '<header class="good">').replace("</h1>", " Well.</h1>")})
        self.wait(said + ".endsWith('Well.')")

    def test_words_and_states_ask_the_server_once_typing_rests(self):
        stand = self.open("run")
        self.wait("document.getElementById('shown').textContent.includes('in all')")
        asked = len(stand.asked)
        self.browser.run("document.getElementById('words').focus()")
        for letter in "customer-0001":
            self.say(letter)
        self.wait("document.getElementById('shown').textContent.startsWith('10 of')")
        self.assertLessEqual(len(stand.asked) - asked, 4)
        self.press("Escape")
        self.wait("document.getElementById('shown').textContent.includes('in all')")
        self.browser.run("document.querySelector('.counts .refused button').click()")
        self.wait("[...document.querySelectorAll('#rows details')].every(d => d.className === 'refused')")
        self.assertEqual(self.browser.run("document.querySelector('.counts .refused button').ariaPressed"), "true")
        self.assertEqual(self.browser.run("document.getElementById('state').value"), "refused")

    def test_pages_are_turned_with_the_keyboard(self):
        self.open("run")
        self.wait("!document.getElementById('pages').hidden")
        self.browser.run("document.getElementById('after').focus()")
        self.press("Enter", text="\r")
        self.wait("document.querySelector('#rows .who').textContent === 'customer-00050.example'")
        self.assertEqual(self.browser.run("document.getElementById('page').textContent"), f"51 to 100 of {ROWS}")
        self.assertEqual(self.browser.run("document.activeElement.id"), "after")

    def test_the_keyboard_reaches_search_and_rows(self):
        self.open("run")
        self.press("Tab")
        self.assertEqual(self.browser.run("document.activeElement.textContent"), "To the search")
        self.press("Enter", text="\r")
        self.press("Tab")
        self.assertEqual(self.browser.run("document.activeElement.id"), "words")
        for _ in range(3):
            self.press("Tab")
        self.assertEqual(self.browser.run("document.activeElement.nodeName"), "SUMMARY")
        self.press("Enter", text="\r")
        self.assertTrue(self.browser.run("document.querySelector('#rows details').open"))

    def test_a_lost_connection_is_told_and_mended(self):
        stand = self.open("run")
        link = "document.getElementById('link').className"
        stand.stop(says_so=False)
        self.wait(link + " === 'link lost'")
        self.assertIn("is old", self.browser.run("document.getElementById('link').textContent"))
        again = live_stand.Stand(self.files["run", "plain"], stand.port)
        self.addCleanup(again.stop)
        self.wait(link + " === 'link live'")
        again.stop()
        self.wait(link + " === 'link ended'")
        self.assertIn("last state", self.browser.run("document.getElementById('link').textContent"))

    def test_a_server_that_wants_the_token_again_is_not_called_ended(self):
        stand = self.open("run")
        link = "document.getElementById('link').className"
        stand.stop()
        self.wait(link + " === 'link ended'")
        again = live_stand.Stand(self.files["run", "plain"], stand.port, is_locked=True)
        self.addCleanup(again.stop)
        self.wait(link + " === 'link locked'", 30)
        self.assertIn("wants the token again", self.browser.run("document.getElementById('link').textContent"))
        again.is_locked = False  # it was given in another tab
        self.wait(link + " === 'link live'", 30)

    def test_orders_are_sent_and_answered(self):
        stand = self.open("run")
        self.browser.run("document.querySelector('[data-order=pause]').click()")
        self.wait("document.getElementById('answer').textContent === 'The run is told.'")
        self.browser.run("rate.value = '0.5'; document.querySelector('[data-order=pace]').click()")
        deadline = time.monotonic() + 10
        while len(stand.orders) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertEqual(stand.orders, [("/api/pause", ""), ("/api/pace", "rate=0.5")])

    def test_another_kind_of_page_is_loaded_anew(self):
        stand = self.open("run")
        watch = json.loads(self.files["watch", "plain"].read_text())
        stand.told = watch
        stand.tell(watch["parts"])
        self.wait("document.getElementById('problems') && document.querySelector('#verdict h1') && true")

    def test_it_is_light_or_dark_or_still_as_wished(self):
        self.open("run")
        back = "getComputedStyle(document.body).backgroundColor"
        seen = {}
        for scheme in ("light", "dark"):
            self.browser.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
            seen[scheme] = self.browser.run(back)
        self.assertEqual(seen, {"light": "rgb(246, 248, 250)", "dark": "rgb(13, 17, 23)"})
        moves = "getComputedStyle(document.querySelector('.dot')).animationName"
        self.assertEqual(self.browser.run(moves), "breathe")
        self.browser.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-reduced-motion", "value": "reduce"}])
        self.assertEqual(self.browser.run(moves), "none")

    def test_nothing_sticks_out_of_a_narrow_page(self):
        self.browser.ask("Emulation.setDeviceMetricsOverride", width=360, height=800, deviceScaleFactor=1, mobile=False)
        for kind, texts in self.files:
            self.open(kind, texts)
            self.assertLessEqual(self.browser.run("document.documentElement.scrollWidth"), 360, (kind, texts))

    def test_axe_core_finds_nothing(self):
        if not os.environ.get("AXE"):
            self.skipTest("AXE is not set")
        axe = pathlib.Path(os.environ["AXE"]).read_text(encoding="utf-8")
        self.browser.ask("Page.setBypassCSP", enabled=True)
        for kind, texts in self.files:
            for scheme in ("light", "dark"):
                for width in (1280, 400):
                    self.browser.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
                    self.browser.ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
                    self.open(kind, texts)
                    self.browser.run("document.querySelectorAll('details').forEach((d, i) => { if (i < 30) d.open = true })")
                    self.browser.run(axe + ";0")
                    self.assertEqual(json.loads(self.browser.run(VIOLATIONS)), [], (kind, texts, scheme, width))

    def test_how_large_it_is_is_told(self):
        stand = self.open("run")
        elements = self.browser.run("document.querySelectorAll('*').length")
        size = len(json.dumps(stand.told["parts"]))
        begun = time.monotonic()
        stand.tell({"verdict": stand.told["parts"]["verdict"].replace("</h1>", " Again.</h1>"), "time": stand.told["parts"]["time"],
                    "standings": stand.told["parts"]["standings"], "reasons": stand.told["parts"]["reasons"]})
        self.wait("document.querySelector('#verdict h1').textContent.endsWith('Again.')")
        took = time.monotonic() - begun
        print(f"{ROWS} rows: {elements} elements, {size} bytes of parts, an update is seen after {took * 1000:.0f} ms")
        self.assertLess(elements, 5000)


if __name__ == "__main__":
    if not chromium.program():
        print("skipped: no " + " or ".join(chromium.PROGRAMS) + " is installed")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
