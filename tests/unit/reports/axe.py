#!/usr/bin/python3
"""axe-core over pages of reports in Chromium, light and dark, wide and narrow: axe.py AXE.min.js PAGE..."""

import json
import pathlib
import sys

import chromium

OPENED = 40  # rows whose facts are looked at too
FINDINGS = """axe.run(document, {resultTypes: ['violations']}).then(r => JSON.stringify(r.violations.map(
  v => [v.id, v.impact, v.nodes.length, v.nodes[0].html.slice(0, 160)])))"""


def findings(browser, page, scheme, width):
    browser.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    browser.ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
    browser.open(pathlib.Path(page).resolve().as_uri())
    browser.run(f"document.querySelectorAll('details').forEach((d, i) => {{ if (i < {OPENED}) d.open = true }})")
    browser.run(AXE + ";0")
    return json.loads(browser.run(FINDINGS))


AXE = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")
bad = 0
with chromium.Browser() as browser:
    browser.ask("Page.setBypassCSP", enabled=True)  # or the page's policy would not let axe in
    for page in sys.argv[2:]:
        for scheme in ("light", "dark"):
            for width in (1280, 400):
                for rule, impact, count, example in findings(browser, page, scheme, width):
                    bad += 1
                    print(f"{page} {scheme} {width}: {rule} ({impact}), {count} times: {example}")
print(f"axe-core: {bad} findings in {len(sys.argv) - 2} pages")
sys.exit(1 if bad else 0)
