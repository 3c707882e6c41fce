#!/usr/bin/python3
"""The HTML report in a real browser: reports_browser.py BUILD-FOLDER [ROWS]

Ends with 77 (skipped) where no Chromium is installed. Prints how long a load, a keystroke in the
filter and a sort take, but nothing depends on it."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

import chromium

DRIVER = pathlib.Path(sys.argv[1]).resolve() / "tests/report_driver"
ROWS = int(sys.argv[2]) if len(sys.argv) > 2 else 1000

TAGS_OF_ROWS = """(() => { const seen = {};
  for (const e of document.querySelectorAll('#rows, #rows *')) seen[e.tagName] = (seen[e.tagName] || 0) + 1;
  return JSON.stringify(Object.entries(seen).sort()); })()"""
TAGS = "JSON.stringify([...new Set([...document.querySelectorAll('*')].map(e => e.tagName))].sort())"
ATTRIBUTES = """JSON.stringify([...new Set([...document.querySelectorAll('*')].flatMap(
  e => e.getAttributeNames()))].sort())"""
NEXT_FRAME = "new Promise(r => requestAnimationFrame(() => setTimeout(r, 0)))"


def timed_ms(browser, action):
    """How long until the action and the frame after it are done."""
    return browser.run(
        f"(async () => {{ await {NEXT_FRAME}; const start = performance.now(); {action};"
        f" await {NEXT_FRAME}; return performance.now() - start; }})()"
    )


def type_words(words):
    return f"words.value = {words!r}; words.dispatchEvent(new Event('input'))"


class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.browser = cls.enterClassContext(chromium.Browser())
        cls.addClassCleanup(cls.folder.cleanup)
        cls.pages = {}
        for kind in ("plain", "hostile"):
            path = pathlib.Path(cls.folder.name) / f"{kind}.html"
            subprocess.run([DRIVER, str(ROWS), kind, "html", path], check=True)
            cls.pages[kind] = path.as_uri()

    def open(self, kind):
        self.browser.open(self.pages[kind])
        troubles = [m for m in self.browser.messages
                    if m.get("method") in ("Log.entryAdded", "Runtime.exceptionThrown", "Page.javascriptDialogOpening")]
        self.assertEqual(troubles, [])
        asked = [m for m in self.browser.messages if m.get("method") == "Network.requestWillBeSent"]
        self.assertEqual([m["params"]["request"]["url"] for m in asked], [self.pages[kind]])

    def test_hostile_texts_change_no_element_and_run_nothing(self):
        told = {}
        for kind in ("plain", "hostile"):
            self.open(kind)
            told[kind] = [self.browser.run(question) for question in (TAGS_OF_ROWS, TAGS, ATTRIBUTES)]
        self.assertEqual(told["plain"], told["hostile"])
        self.assertEqual(self.browser.run("document.querySelectorAll('#rows details').length"), ROWS)

    def test_instants_are_told_in_the_time_and_the_manner_of_the_reader(self):
        told = "[...document.querySelectorAll('header time')].map(t => t.textContent)"
        for zone, locale, wanted in (("Europe/Berlin", "de-DE", "20. Mai 2026, 10:30 MESZ"),
                                     ("America/New_York", "en-US", "May 20, 2026, 04:30 AM EDT")):
            self.browser.ask("Emulation.setTimezoneOverride", timezoneId=zone)
            self.browser.ask("Emulation.setLocaleOverride", locale=locale)
            self.open("plain")
            self.assertEqual(self.browser.run(told)[0].replace("\u202f", " "), f"2026-05-20T08:30:00Z ({wanted})")
            self.assertEqual(self.browser.run("document.querySelector('time small').lang"), locale)
            folded = "document.querySelectorAll('#rows time small').length"
            self.assertEqual(self.browser.run(folded), 0)
            self.browser.run("document.querySelector('#rows details').open = true; 0")
            self.browser.run(NEXT_FRAME)
            self.assertGreater(self.browser.run(folded), 0)
        self.browser.ask("Emulation.setTimezoneOverride", timezoneId="UTC")
        self.browser.ask("Emulation.setLocaleOverride", locale="en-US")

    def test_words_narrow_the_list_and_clear_brings_all_back(self):
        self.open("plain")
        shown = "shown.textContent"
        self.browser.run(type_words("Customer-00012 BOUNCE"))
        self.assertEqual(self.browser.run(shown), f"1 of {ROWS}")
        self.browser.run(type_words("nobody-has-this"))
        self.assertEqual(self.browser.run(shown), f"0 of {ROWS}")
        self.browser.run("document.getElementById('clear').click()")
        self.assertEqual(self.browser.run(shown), f"{ROWS} of {ROWS}")

    def test_choices_and_cards_narrow_the_list(self):
        self.open("plain")
        visible = "[...document.querySelectorAll('#rows details')].filter(r => r.checkVisibility()).map(r => r.className)"
        self.browser.run("outcome.value = 'failed'; outcome.dispatchEvent(new Event('change'))")
        self.assertEqual(self.browser.run(f"[...new Set({visible})]"), ["failed"])
        self.browser.run("finding.value = 'spf-missing'; finding.dispatchEvent(new Event('change'))")
        self.assertEqual(self.browser.run(f"{visible}.length"), ROWS // 50)
        self.browser.run("document.querySelector('.counts .refused button').click()")
        self.assertEqual(self.browser.run(f"[...new Set({visible})]"), ["refused"])
        self.assertEqual(self.browser.run("document.querySelector('.counts .refused button').ariaPressed"), "true")

    def test_rows_are_chosen_by_what_they_pass_dmarc_by(self):
        self.open("plain")
        words = ("[...new Set([...document.querySelectorAll('#rows details')].filter(r => r.checkVisibility())"
                 ".map(r => r.querySelector('.dmarc').textContent))].sort()")
        self.assertEqual(self.browser.run(words), ["DKIM alone", "SPF alone", "SPF and DKIM", "neither", "not known"])
        self.browser.run("dmarc.value = 'SPF and DKIM'; dmarc.dispatchEvent(new Event('change'))")
        self.assertEqual(self.browser.run(words), ["SPF and DKIM"])

    def test_a_column_sorts_up_down_and_back(self):
        self.open("plain")
        first = "document.querySelector('#rows .who').textContent"
        press = "document.querySelector('.head [data-column=identity]').click()"
        seen = []
        for _ in range(3):
            self.browser.run(press)
            seen.append(self.browser.run(first))
        last = f"customer-{ROWS - 1:05}.example"
        self.assertEqual(seen, ["customer-00000.example", last, "customer-00000.example"])

    def test_without_a_script_rows_still_open_and_dead_controls_are_hidden(self):
        self.browser.ask("Emulation.setScriptExecutionDisabled", value=True)
        try:
            self.open("plain")
            # The protocol's own scripts run all the same; the page's must not.
            self.assertFalse(self.browser.run("document.getElementById('tools').checkVisibility()"))
            row = "document.querySelector('#rows details')"
            self.assertFalse(self.browser.run(f"{row}.open"))
            self.browser.run(f"{row}.scrollIntoView({{block: 'center'}})")
            x, y = self.browser.run(f"(r => [r.x + 9, r.y + 9])({row}.getBoundingClientRect())")
            for kind in ("mousePressed", "mouseReleased"):
                self.browser.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
            self.assertTrue(self.browser.run(f"{row}.open"))
            self.assertTrue(self.browser.run(f"{row}.querySelector('.more').checkVisibility()"))
        finally:
            self.browser.ask("Emulation.setScriptExecutionDisabled", value=False)

    def test_it_is_light_or_dark_as_wished_and_prints_without_controls(self):
        self.open("plain")
        back = "getComputedStyle(document.body).backgroundColor"
        seen = {}
        for scheme in ("light", "dark"):
            self.browser.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
            seen[scheme] = self.browser.run(back)
        self.assertEqual(seen, {"light": "rgb(246, 248, 250)", "dark": "rgb(13, 17, 23)"})
        self.browser.ask("Emulation.setEmulatedMedia", media="print", features=[])
        self.assertEqual(self.browser.run(back), "rgb(255, 255, 255)")
        self.assertFalse(self.browser.run("tools.checkVisibility()"))
        self.assertTrue(self.browser.run("document.querySelector('#rows .refused .more').checkVisibility()"))
        self.browser.ask("Emulation.setEmulatedMedia", media="", features=[])

    def test_nothing_sticks_out_of_a_narrow_page(self):
        self.browser.ask("Emulation.setDeviceMetricsOverride", width=400, height=800, deviceScaleFactor=1, mobile=False)
        for kind in ("plain", "hostile"):
            self.open(kind)
            self.assertLessEqual(self.browser.run("document.documentElement.scrollWidth"), 400, kind)
        self.browser.ask("Emulation.clearDeviceMetricsOverride")

    def test_how_long_it_takes_is_told(self):
        self.open("plain")
        load = self.browser.run("performance.getEntriesByType('navigation')[0].duration")
        keys = [timed_ms(self.browser, type_words("customer-0001"[:n])) for n in range(1, 14)]
        sort = timed_ms(self.browser, "document.querySelector('.head button').click()")
        elements = self.browser.run("document.querySelectorAll('*').length")
        print(f"{ROWS} rows, {elements} elements: load {load:.0f} ms, keystroke {sorted(keys)[6]:.0f} ms "
              f"(worst {max(keys):.0f}), sort {sort:.0f} ms")
        self.assertEqual(self.browser.run("shown.textContent"), f"{min(ROWS, 20) // 2} of {ROWS}")


if __name__ == "__main__":
    if not chromium.program():
        print("skipped: no " + " or ".join(chromium.PROGRAMS) + " is installed")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
