#!/usr/bin/env bash
# The HTML report and the live page at their full size in a real browser: 10,000 rows of plain and of hostile texts. They
# must not be skipped here, and it says how long a load, a keystroke and a sort take.
# With AXE=.../axe.min.js (npm install axe-core, outside of this tree), axe-core looks at pages too.
set -euo pipefail
cd "$(dirname "$0")/../.."
cmake --preset release && cmake --build --preset release -j "$(nproc)"
/usr/bin/python3 -B tests/unit/reports/browser.py build/release 10000
/usr/bin/python3 -B tests/unit/reports/live_browser.py build/release 10000
if [[ -z ${AXE:-} ]]; then
    echo "no axe-core: AXE is not set"
    exit
fi
pages=$(mktemp -d)
trap 'rm -rf "$pages"' EXIT
for page in 0-plain 1-plain 200-plain 200-hostile 10001-plain; do
    build/release/tests/report_driver "${page%-*}" "${page#*-}" html "$pages/$page.html"
done
for page in due-plain sets-plain sets-hostile; do
    build/release/tests/report_driver 30 "${page#*-}" "${page%-*}" "$pages/$page.html"
done
/usr/bin/python3 -B tests/unit/reports/axe.py "$AXE" "$pages"/*.html
