#!/usr/bin/python3
"""The page of evidence in a real browser: evidence_browser.py BUILD-FOLDER

Ends with 77 (skipped) where no Chromium is installed."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

import chromium

DRIVER = pathlib.Path(sys.argv[1]).resolve() / "tests/evidence_report_driver"
DOMAINS = 21  # three of each kind

TAGS = """(() => { const seen = {};
  for (const e of document.querySelectorAll('*')) seen[e.tagName] = (seen[e.tagName] || 0) + 1;
  return JSON.stringify(Object.entries(seen).sort()); })()"""
VISIBLE = "[...document.querySelectorAll('#rows details')].filter(r => r.checkVisibility())"
FIRST = "document.querySelector('#rows .who').textContent"


class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.browser = cls.enterClassContext(chromium.Browser())
        cls.addClassCleanup(cls.folder.cleanup)
        cls.pages = {}
        for kind in ("plain", "hostile"):
            path = pathlib.Path(cls.folder.name) / f"{kind}.html"
            subprocess.run([DRIVER, str(DOMAINS), kind, "run", "html", path], check=True)
            cls.pages[kind] = path.as_uri()

    def open(self, kind="plain"):
        self.browser.open(self.pages[kind])
        troubles = [m for m in self.browser.messages
                    if m.get("method") in ("Log.entryAdded", "Runtime.exceptionThrown", "Page.javascriptDialogOpening")]
        self.assertEqual(troubles, [])
        asked = [m for m in self.browser.messages if m.get("method") == "Network.requestWillBeSent"]
        self.assertEqual([m["params"]["request"]["url"] for m in asked], [self.pages[kind]])

    def test_hostile_names_change_no_element_and_run_nothing(self):
        told = {}
        for kind in ("plain", "hostile"):
            self.open(kind)
            told[kind] = self.browser.run(TAGS)
        self.assertEqual(told["plain"], told["hostile"])

    def test_words_cards_and_reasons_narrow_the_list(self):
        self.open()
        self.browser.run("words.value = 'SHOP-0003'; words.dispatchEvent(new Event('input'))")
        self.assertEqual(self.browser.run("shown.textContent"), f"1 of {DOMAINS}")
        self.browser.run("document.getElementById('clear').click()")
        self.browser.run("document.querySelector('.counts .done button').click()")
        self.assertEqual(self.browser.run(f"[...new Set({VISIBLE}.map(r => r.className))]"), ["done"])
        self.assertEqual(self.browser.run(f"{VISIBLE}.length"), 6)
        self.browser.run("document.getElementById('clear').click()")
        self.browser.run("finding.value = 'other-region'; finding.dispatchEvent(new Event('change'))")
        self.assertEqual(self.browser.run(f"{VISIBLE}.length"), 3)

    def test_columns_sort_by_name_and_by_number(self):
        self.open()
        self.browser.run("document.querySelector('.head [data-column=domain]').click()")
        self.assertEqual(self.browser.run(FIRST), "shop-0000.example")
        figures = "[...document.querySelectorAll('#rows summary')].map(s => s.children[3].textContent.replace(/,/g, ''))"
        for _ in range(2):
            self.browser.run("document.querySelector('.head [data-column=figure1]').click()")
            seen = [-1 if text == "-" else int(text) for text in self.browser.run(figures)]
            self.assertIn(seen, (sorted(seen), sorted(seen, reverse=True)))
            self.assertEqual(len(seen), DOMAINS)

    def test_a_domain_opens_to_its_chart_and_numbers(self):
        self.open()
        row = "document.querySelector('#rows details')"
        self.browser.run(f"{row}.open = true")
        self.assertTrue(self.browser.run(f"{row}.querySelector('.picture svg').checkVisibility()"))
        self.assertEqual(self.browser.run(f"{row}.querySelectorAll('.picture path.mark').length"), 2)
        self.assertEqual(self.browser.run(f"{row}.querySelectorAll('.picture g').length"), 25)
        self.assertEqual(self.browser.run(f"{row}.querySelectorAll('.numbers')[0].querySelectorAll('tbody tr').length"), 25)
        box = self.browser.run(f"(r => [r.width, r.height])({row}.querySelector('.picture svg').getBoundingClientRect())")
        self.assertGreater(min(box), 100)

    def test_nothing_sticks_out_of_a_narrow_page(self):
        self.browser.ask("Emulation.setDeviceMetricsOverride", width=400, height=800, deviceScaleFactor=1, mobile=False)
        for kind in ("plain", "hostile"):
            self.open(kind)
            self.browser.run("document.querySelectorAll('#rows details').forEach(d => { d.open = true; })")
            self.assertLessEqual(self.browser.run("document.documentElement.scrollWidth"), 400, kind)
        self.browser.ask("Emulation.clearDeviceMetricsOverride")

    def test_the_table_of_senders_fits_a_page_of_a_laptop(self):
        self.browser.ask("Emulation.setDeviceMetricsOverride", width=1100, height=800, deviceScaleFactor=1, mobile=False)
        self.open()
        self.browser.run("document.querySelectorAll('#rows details').forEach(d => { d.open = true; })")
        wide = "[...document.querySelectorAll('#rows .numbers')].filter(n => n.scrollWidth > n.clientWidth).length"
        self.assertEqual(self.browser.run(wide), 0)
        self.browser.ask("Emulation.clearDeviceMetricsOverride")


if __name__ == "__main__":
    if not chromium.program():
        print("skipped: no " + " or ".join(chromium.PROGRAMS) + " is installed")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
