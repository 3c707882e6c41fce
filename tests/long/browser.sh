#!/usr/bin/env bash
# The HTML report at its full size in a real browser: 10,000 rows of plain and of hostile texts. It
# must not be skipped here, and it says how long a load, a keystroke and a sort take.
set -euo pipefail
cd "$(dirname "$0")/../.."
cmake --preset release && cmake --build --preset release -j "$(nproc)"
/usr/bin/python3 -B tests/unit/reports_browser.py build/release 10000
