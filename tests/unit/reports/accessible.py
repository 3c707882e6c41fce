#!/usr/bin/python3
"""What a screen reader and a keyboard need of the HTML pages, told by its elements and its colours, without
a browser: accessible.py BUILD-FOLDER. tests/long/browser.sh asks axe-core the same, where it is installed."""

import base64
import hashlib
import html.parser
import itertools
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

BUILD = pathlib.Path(sys.argv[1]).resolve()
SOURCE = pathlib.Path(__file__).resolve().parents[3] / "reports"
VOID = {"meta", "input"}
LANDMARKS = ("header", "main", "footer")
CONTRAST_LEAST = 4.5  # WCAG 2.1, 1.4.3


class Elements(html.parser.HTMLParser):
    """Every element as (tag, attributes, path of the tags around it), and the text inside each."""

    def __init__(self, page):
        super().__init__()
        self.open, self.all = [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        element = {"tag": tag, "around": [e["tag"] for e in self.open], "text": "", **{f"@{k}": v for k, v in attrs}}
        element["parent"] = self.open[-1] if self.open else None
        self.all.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag):
        assert self.open.pop()["tag"] == tag, tag

    def handle_data(self, data):
        for element in self.open:
            element["text"] += data

    def of(self, *tags):
        return [e for e in self.all if e["tag"] in tags]


def luminance(color):
    digits = color[1:] if len(color) == 7 else "".join(2 * c for c in color[1:])
    parts = [int(digits[i:i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(a, b):
    dark, light = sorted((luminance(a), luminance(b)))
    return (light + 0.05) / (dark + 0.05)


class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.pages = {}
        for rows, kind in ((0, "plain"), (1, "plain"), (200, "plain"), (200, "hostile"), (10001, "plain")):
            cls.page_make(rows, kind, "html")
        for page in ("sets", "due"):
            for kind in ("plain", "hostile"):
                cls.page_make(30, kind, page)
        for domains, kind, run in ((0, "plain", "run"), (1, "plain", "alone"), (14, "plain", "run"), (7, "hostile", "run")):
            path = pathlib.Path(cls.folder) / f"evidence-{kind}-{domains}.html"
            subprocess.run([BUILD / "tests/evidence_report_driver", str(domains), kind, run, "html", path], check=True)
            cls.pages[path.name] = Elements(path.read_text(encoding="utf-8"))

    @classmethod
    def page_make(cls, rows, kind, page):
        path = pathlib.Path(cls.folder) / f"{page}-{kind}-{rows}.html"
        subprocess.run([BUILD / "tests/report_driver", str(rows), kind, page, path], check=True)
        cls.pages[path.name] = Elements(path.read_text(encoding="utf-8"))

    def each(self):
        for name, page in self.pages.items():
            with self.subTest(name):
                yield page

    def test_it_has_a_language_a_title_and_landmarks(self):
        for page in self.each():
            self.assertEqual(page.of("html")[0]["@lang"], "en")
            self.assertTrue(page.of("title")[0]["text"].strip())
            for tag in LANDMARKS:
                self.assertEqual(len(page.of(tag)), 1, tag)
            for element in page.of("section", "h2", "table", "p", "ul"):
                self.assertTrue(set(LANDMARKS) & set(element["around"]), element)

    def test_headings_descend_by_one(self):
        for page in self.each():
            levels = [int(e["tag"][1]) for e in page.all if re.fullmatch("h[1-6]", e["tag"])]
            self.assertEqual((levels[0], levels.count(1)), (1, 1))
            self.assertTrue(all(b - a <= 1 for a, b in itertools.pairwise(levels)), levels)

    def test_lists_hold_items_and_items_are_no_buttons(self):
        for page in self.each():
            for item in page.of("li"):
                self.assertEqual(item["around"][-1], "ul")
                self.assertNotIn("@role", item)
            for element in page.all:
                if element["parent"] and element["parent"]["tag"] == "ul":
                    self.assertEqual(element["tag"], "li")
        self.assertNotIn("'role'", (SOURCE / "html_script.js").read_text())

    def test_what_scrolls_has_a_name_and_takes_the_focus(self):
        style = (SOURCE / "html_style.css").read_text()
        scrolling = re.findall(r"^\.([a-z]+) \{[^}]*overflow-x: auto", style, re.M)
        self.assertEqual(sorted(scrolling), ["picture", "scroll"])
        for page in self.each():
            for element in page.all:
                if element.get("@class") in scrolling:
                    self.assertEqual((element["@tabindex"], element["@role"]), ("0", "group"))
                    self.assertTrue(element["@aria-label"])

    def test_tables_have_headers_for_their_columns(self):
        for page in self.each():
            for table in page.of("table"):
                cells = [e for e in page.of("th", "td") if self.is_in(e, table)]
                rows = [[e for e in cells if e["parent"] is row] for row in page.of("tr") if self.is_in(row, table)]
                self.assertTrue(all(e["tag"] == "th" and e["@scope"] == "col" and e["text"].strip() for e in rows[0]))
                self.assertEqual({len(row) for row in rows}, {len(rows[0])})

    def test_pictures_and_fields_have_names(self):
        for page in self.each():
            named = {e["@id"] for e in page.all if "@id" in e and e["text"].strip()}
            for element in page.of("svg", "input", "select"):
                names = element.get("@aria-labelledby", "").split()
                shown = element.get("@aria-hidden") != "true"  # what is hidden is told beside it
                self.assertTrue(not shown or element.get("@aria-label") or (names and named.issuperset(names)), element.get("@class"))
            for element in page.of("button", "summary"):
                self.assertTrue(element["text"].strip(), element)
            identifiers = [e["@id"] for e in page.all if "@id" in e]
            self.assertEqual(len(identifiers), len(set(identifiers)))

    def test_instants_are_elements_and_scripts_are_named(self):
        instant = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
        for page in self.each():
            times = page.of("time")
            self.assertEqual(bool(times), page.of("title")[0]["text"] != "mailfrom evidence")  # of no run
            for time in times:
                self.assertRegex(time["text"], instant)
                self.assertEqual(time["@datetime"], time["text"])
            outside = [e for e in page.of("p", "td", "li") if instant.search(e["text"])]
            for element in outside:
                inside = sum(len(instant.findall(t["text"])) for t in times if self.is_in(t, element))
                self.assertEqual(inside, len(instant.findall(element["text"])), element["text"])
            policy = page.of("meta")[1]["@content"]
            for script in page.of("script"):
                digest = base64.b64encode(hashlib.sha256(script["text"].encode()).digest()).decode()
                self.assertIn(f"'sha256-{digest}'", policy)

    def test_words_stand_out_from_what_is_behind_them(self):
        style = (SOURCE / "html_style.css").read_text()
        schemes = re.findall(r":root \{(.*?)\n\s*\}", style, re.S)[:2]
        self.assertEqual(len(schemes), 2)
        for scheme in schemes:
            color = dict(re.findall(r"--([\w-]+): (#\w+)", scheme))
            for word in ("ink", "soft", "good", "calm", "ready", "follow", "wait", "bad"):
                for behind in ("back", "card", "tint"):
                    self.assertGreaterEqual(contrast(color[word], color[behind]), CONTRAST_LEAST, (word, behind))

    @staticmethod
    def is_in(element, outer):
        while element and element is not outer:
            element = element["parent"]
        return element is outer


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
