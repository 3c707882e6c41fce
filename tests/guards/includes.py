#!/usr/bin/python3
"""Rooms include only the rooms below them, an include names its room, and each external library has
its one file per room.

The table below is the direction of the house. It has no circle, and docs/ARCHITECTURE.md shows it."""

import os.path
import re

import guard

BASE = ["engine/base"]
WORDS = BASE + ["engine/model"]
DNS = WORDS + ["engine/dns"]
CALLS = DNS + ["engine/calls"]
SURVEY = CALLS + ["engine/rules", "engine/survey"]
DECIDES = SURVEY + ["engine/scheduler"]
LIVE = CALLS + ["engine/aws", "engine/wire"]
USE_CASE = DECIDES + ["engine", "engine/journal", "engine/aws", "engine/wire", "engine/access", "reports"]

# room -> rooms whose headers it may include (its own are always allowed)
ROOMS = {
    "engine/base": [],
    "engine/crypto": BASE,
    "engine/model": BASE,
    "engine/dns": WORDS,
    "engine/rules": DNS,
    "engine/calls": DNS,
    "engine/survey": DNS + ["engine/rules"],
    "engine/scheduler": SURVEY,
    "engine": CALLS,
    "engine/journal": WORDS + ["engine/scheduler"],
    "engine/journal/store_sqlite": WORDS + ["engine/scheduler", "engine/journal"],
    "engine/aws": CALLS + ["engine/crypto"],
    "engine/wire": CALLS + ["engine/aws", "engine"],
    "engine/world": DECIDES + ["engine"],
    "engine/plan": WORDS + ["engine/crypto", "engine/scheduler"],
    "manifests": DNS + ["engine/crypto", "engine/rules"],
    "reports": WORDS + ["engine/crypto", "engine/rules", "engine/scheduler"],
    "engine/access": LIVE,
    "engine/preflight": LIVE + ["engine", "engine/access"],
    "engine/run": USE_CASE + ["engine/journal/store_sqlite", "engine/preflight", "engine/plan"],
    "engine/inventory": LIVE + ["engine/rules", "engine", "engine/access", "manifests", "reports"],
    "engine/forecast": DECIDES + ["engine", "engine/world", "engine/access"],
    "engine/inspect": CALLS + ["engine/rules", "engine/survey", "engine"],
    "engine/handoff": LIVE + ["engine/rules", "engine/survey", "engine/access", "engine/inspect", "engine/journal", "reports"],
    "cmd/options": None,  # everything
    "cmd/ui": None,
    "cmd/mailfrom": None,
    "cmd/ses-sim": None,
}

# external library: (pattern of its headers, rooms that may use it, each in one .c file)
LIBRARIES = {
    "libyaml": (r"yaml\.h", ["manifests"]),
    "libcurl": (r"curl/.*", ["engine/wire"]),
    "c-ares": (r"ares.*\.h", ["engine/wire"]),
    "sqlite": (r"sqlite3\.h", ["engine/journal/store_sqlite"]),
    "expat": (r"expat\.h", ["engine/aws"]),
    "cJSON": (r"cjson/cJSON\.h|cJSON\.h", ["engine/aws", "engine/access", "engine/plan", "cmd/ses-sim"]),
    "libpsl": (r"libpsl\.h", ["engine/rules"]),
    "libidn2": (r"idn2\.h", ["engine/rules"]),
    "libmicrohttpd": (r"microhttpd\.h", ["cmd/ses-sim"]),
    "openssl": (r"openssl/.*", ["engine/crypto", "cmd/ses-sim"]),
}

EVERY_LIBRARY = {"cmd/ui/version.c"}  # asks each for its version, and nothing else

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')


def room_of(path):
    fits = [room for room in ROOMS if path.startswith(room + "/")]
    return max(fits, key=len) if fits else None


ROOTS = ["engine/", "", "cmd/"]  # where an include with a room in its path is looked for


def check(tree):
    complaints, users = circles() + check_page(tree), {}
    sources = [p for p in tree.having(".c", ".h") if room_of(p)]
    headers = {p for p in sources if p.endswith(".h")}
    for path in sources:
        room = room_of(path)
        for number, line in enumerate(tree.lines(path), 1):
            found = INCLUDE.match(line)
            if not found:
                continue
            kind, name = found.groups()
            where = f"{path}:{number}: "
            if kind == '"':
                complaints += [where + c for c in own(path, room, name, headers)]
                continue
            for library, (pattern, rooms) in LIBRARIES.items():
                if not re.fullmatch(pattern, name) or path in EVERY_LIBRARY:
                    continue
                if path.endswith(".h"):
                    complaints.append(where + f"{library} is named in a header, where guests see it")
                elif room not in rooms:
                    complaints.append(where + f"{library} is no business of {room}")
                users.setdefault((library, room), set()).add(path)
    for (library, room), paths in users.items():
        if len(paths) > 1:
            complaints.append(f"{library} is used by several files of {room}: {', '.join(sorted(paths))}")
    return complaints


def short(room):
    return room.removeprefix("engine/")


def shown(page):
    """room -> what it may see, of the table in docs/ARCHITECTURE.md; None: everything."""
    rows = re.findall(r"^\| ((?:engine|cmd)[\w/-]*|manifests|reports) \| [^|]+ \| ([^|]+) \|", page, re.M)
    return {room: None if sees.startswith("everything") else {s.strip() for s in sees.split(",")} - {"libc"}
            for room, sees in rows}


def check_page(tree):
    page = "docs/ARCHITECTURE.md"
    if page not in tree.paths:
        return []
    on_page = shown(tree.text(page))
    told = {room: None if sees is None else {short(s) for s in sees} for room, sees in ROOMS.items()}
    return [f"{page}: the row of {room} and the table of this guard differ"
            for room in sorted(told.keys() | on_page.keys()) if told.get(room, 0) != on_page.get(room, 0)]


def circles():
    """A room may see only rooms that do not see it, by whatever way."""
    def below(room, seen):
        for other in ROOMS.get(room) or []:
            if other not in seen:
                seen.add(other)
                below(other, seen)
        return seen

    return [f"{room} sees itself by way of others" for room in ROOMS if room in below(room, set())]


def own(path, room, name, headers):
    if f"{os.path.dirname(path)}/{name}" in headers:
        return []
    found = [root + name for root in ROOTS if root + name in headers]
    if not found:
        return [f"there is no header {name}; an include of another room names it"]
    home = room_of(found[0])
    allowed = ROOMS[room]
    return [] if allowed is None or home == room or home in allowed else [f"{room} does not see {name} of {home}"]


CLEAN = {
    "engine/base/text.h": "",
    "engine/base/arena.c": '#include "text.h"\n',
    "engine/calls/call.h": '#include "base/text.h"\n',
    "engine/wire/https.c": '#include <curl/curl.h>\n#include "calls/call.h"\n',
}

guard.run(
    "every include goes down the house, and every library has its one door",
    check,
    CLEAN,
    {
        "base looking up": ({"engine/base/up.c": '#include "calls/call.h"\n'}, "engine/base does not see calls/call.h"),
        "a second file with curl": ({"engine/wire/two.c": "#include <curl/curl.h>\n"}, "several files"),
        "sqlite where jobs are decided": ({"engine/scheduler/cheat.c": "#include <sqlite3.h>\n"}, "sqlite is no business of engine/scheduler"),
        "sqlite above the seam": ({"engine/journal/cheat.c": "#include <sqlite3.h>\n"}, "sqlite is no business of engine/journal"),
        "a journal that looks into its store": (
            {"engine/journal/cheat.c": '#include "journal/store_sqlite/sql.h"\n', "engine/journal/store_sqlite/sql.h": ""},
            "engine/journal does not see journal/store_sqlite/sql.h",
        ),
        "a library in a header": ({"engine/wire/https.h": "#include <curl/curl.h>\n"}, "named in a header"),
        "a header that is nowhere": ({"engine/rules/lost.c": '#include "lost.h"\n'}, "no header lost.h"),
        "a page that shows another direction": (
            {"docs/ARCHITECTURE.md": "| engine/base | text | engine/model | |\n"},
            "the row of engine/base and the table of this guard differ",
        ),
        "an include without its room": ({"engine/rules/flat.c": '#include "text.h"\n'}, "another room names it"),
    },
)
