"""Figures of asking DNS at its authorities, in virtual time. Each function yields rows."""

import json

from row import Row, at_least, at_most


def noticing(bench):
    """All names have been waited for since twelve hours, and their owners publish within the next hour: every
    look of that hour is made, by the scheduler of apply, at servers whose questions are counted."""
    names, servers = bench.size((1_000_000, 10_000), (2_000, 10))
    said = json.loads(bench.tool("notice_bench", names, servers, 720, 60, good=(0, 1)))
    size = f"{names} names at {servers} servers, waited for since 12 h"
    raw = {key: said[key] for key in ("median", "p99", "last", "noticed", "questions")}
    yield at_least("share of records noticed within one poll interval", size, said["within_one_interval"], 0.99, raw)
    yield at_most("questions out at one server, the most", size, said["out_max"], 32, {})
    yield at_most("questions to one server in one second, the most", size, said["second_max"], 232, {})
    yield Row("questions for each name, the first look included", size, "", said["questions"] / names, None, {})
