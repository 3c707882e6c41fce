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

# room -> rooms whose headers it may include (its own are always allowed)
ROOMS = {
    "engine/base": [],
    "engine/crypto": BASE,
    "engine/model": BASE,
    "engine/dns": WORDS,
    "engine/rules": DNS,
    "engine/calls": DNS,
    "engine/survey": DNS + ["engine/rules"],
    "engine/scheduler": WORDS + ["engine/rules", "engine/calls", "engine/survey"],
    "engine/watch": WORDS,
    "engine": BASE + ["engine/calls"],
    "engine/journal": WORDS + ["engine/calls", "engine/scheduler"],
    "engine/journal/store_sqlite": WORDS + ["engine/scheduler", "engine/journal"],
    "engine/journal/store_postgres": BASE + ["engine/scheduler", "engine/journal"],
    "engine/xml": BASE,
    "engine/aws": WORDS + ["engine/crypto", "engine/calls", "engine/xml"],
    "engine/providers": DNS + ["engine/crypto", "engine/aws"],
    "engine/wire": CALLS + ["engine", "engine/aws", "engine/providers"],
    "engine/page": BASE + ["engine/crypto", "engine/aws", "engine/wire"],
    "engine/world": CALLS + ["engine/rules", "engine"],
    "engine/plan": WORDS + ["engine/crypto", "engine/scheduler"],
    "engine/managed": WORDS + ["engine/aws"],
    "manifests": DNS + ["engine/crypto", "engine/rules", "engine/managed"],
    "reports": WORDS + ["engine/crypto", "engine/rules", "engine/scheduler", "engine/evidence"],
    "engine/access": CALLS + ["engine/aws", "engine/providers", "engine/wire"],
    "engine/preflight": WORDS + ["engine/calls", "engine", "engine/access"],
    "engine/organization": WORDS + ["engine/calls", "engine", "engine/aws", "engine/access", "engine/wire"],
    "engine/run": WORDS + ["engine/rules", "engine/scheduler", "engine", "engine/journal",
        "engine/journal/store_sqlite", "engine/journal/store_postgres", "engine/wire", "engine/plan", "reports", "engine/access", "engine/preflight",
        "engine/handoff", "engine/publish", "engine/providers", "engine/watch", "engine/evidence"],
    "engine/control": WORDS + ["engine/scheduler", "engine/journal", "engine/wire", "engine/run"],
    "engine/work": WORDS + ["engine/scheduler", "engine/journal", "engine/wire", "engine/access", "engine/preflight",
        "engine/run"],
    "engine/inventory": WORDS + ["engine/crypto", "engine/rules", "engine/calls", "engine", "engine/aws", "manifests", "reports",
        "engine/access", "engine/organization"],
    "engine/forecast": BASE + ["engine/rules", "engine/calls", "engine/scheduler", "engine", "engine/world", "engine/publish",
        "engine/access"],
    "engine/inspect": BASE + ["engine/calls", "engine/survey", "engine"],
    "engine/handoff": WORDS + ["engine/rules", "engine/survey", "engine/journal", "engine/wire", "reports", "engine/access",
        "engine/inspect"],
    "engine/publish": WORDS + ["engine/rules", "engine/calls", "engine/survey", "engine/scheduler", "engine/handoff"],
    "engine/evidence": WORDS + ["engine/rules", "engine/xml"],
    "engine/notify": WORDS + ["engine/crypto", "engine/calls", "engine/aws", "engine/wire", "reports"],
    "cmd/options": None,  # everything outside cmd, and what COMMANDS says
    "cmd/ui": None,
    "cmd/mailfrom": None,
    "cmd/ses-sim": None,
}

# room of cmd -> rooms of cmd whose headers it may include
COMMANDS = {
    "cmd/options": [],
    "cmd/ui": ["cmd/options"],
    "cmd/mailfrom": ["cmd/options", "cmd/ui"],
    "cmd/ses-sim": [],
}
FOLDERS = ["engine/aws/credentials"]  # of rooms that have more than one

# external library: (pattern of its headers, rooms that may use it, each in one .c file)
LIBRARIES = {
    "libyaml": (r"yaml\.h", ["manifests"]),
    "libcurl": (r"curl/.*", ["engine/wire"]),
    "c-ares": (r"ares.*\.h", ["engine/wire"]),
    "sqlite": (r"sqlite3\.h", ["engine/journal/store_sqlite"]),
    "libpq": (r"(libpq-fe|postgres_ext|pg_config.*)\.h", ["engine/journal/store_postgres"]),
    "expat": (r"expat\.h", ["engine/xml"]),
    "cJSON": (r"cjson/cJSON\.h|cJSON\.h", ["engine/aws", "engine/access", "engine/plan", "engine/publish", "cmd/ses-sim"]),
    "libpsl": (r"libpsl\.h", ["engine/rules"]),
    "libidn2": (r"idn2\.h", ["engine/rules"]),
    "libmicrohttpd": (r"microhttpd\.h", ["engine/page", "cmd/ses-sim"]),
    "ldns": (r"ldns/.*", ["engine/providers", "cmd/ses-sim"]),
    "libzip": (r"zip(conf)?\.h", ["engine/evidence"]),
    "zlib": (r"zlib\.h", ["engine/evidence"]),
    "openssl": (r"openssl/.*", ["engine/crypto", "cmd/ses-sim"]),
}

EVERY_LIBRARY = {"cmd/ui/version.c"}  # asks each for its version, and nothing else

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')


def room_of(path):
    fits = [room for room in ROOMS if path.startswith(room + "/")]
    return max(fits, key=len) if fits else None


ROOTS = ["engine/", "", "cmd/"]  # where an include with a room in its path is looked for


def check(tree):
    complaints, users, used = circles() + check_page(tree) + strangers(tree), {}, set()
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
                complaints += [where + c for c in own(path, room, name, headers, used)]
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
    if "CMakeLists.txt" in tree.paths:  # the whole tree
        complaints += [f"{room} includes nothing of {other}: take it out of the table"
                       for room, sees in ROOMS.items() for other in sees or [] if (room, other) not in used]
    return complaints + linked(tree, used)


ROOM_CALL = re.compile(r"mailfrom_room\((\w+)([^)]*)\)")


def linked(tree, used):
    """USES of a room's CMakeLists.txt names no room whose headers the room does not include."""
    lists = [p for p in tree.paths if p.endswith("CMakeLists.txt") and room_of(p)]
    calls = [(p, name, rest) for p in lists for name, rest in ROOM_CALL.findall(tree.text(p))]
    home = {name: room_of(p) for p, name, _ in calls}
    complaints = []
    for path, name, rest in calls:
        uses = re.search(r"\bUSES ([\w\s]*?)\s*(?:LIBRARIES\b|$)", rest)
        room = home[name]
        complaints += [f"{path}: {name} is linked with {other}, of which it includes nothing"
                       for other in (uses.group(1).split() if uses else [])
                       if home.get(other, room) != room and (room, home[other]) not in used]
    return complaints


def strangers(tree):
    """Folders that are no room of the table, which would pass for a part of the room above them."""
    folders = {os.path.dirname(p) for p in tree.having(".c", ".h")}
    return [f"{folder} is no room of the table" for folder in sorted(folders)
            if folder.startswith(("engine", "cmd", "manifests", "reports"))
            and folder not in ROOMS and folder not in FOLDERS]


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
    outside = [room for room in ROOMS if room not in COMMANDS]

    def below(room, seen):
        for other in outside + COMMANDS[room] if room in COMMANDS else ROOMS[room]:
            if other not in seen:
                seen.add(other)
                below(other, seen)
        return seen

    return [f"{room} sees itself by way of others" for room in ROOMS if room in below(room, set())]


def own(path, room, name, headers, used):
    beside = f"{os.path.dirname(path)}/{name}"
    if beside in headers and room_of(beside) == room:
        return []
    found = [root + name for root in ROOTS if root + name in headers]
    if not found:
        return [f"there is no header {name}; an include of another room names it"]
    home = room_of(found[0])
    allowed = COMMANDS[room] if room in COMMANDS and home in COMMANDS else ROOMS[room]
    used.add((room, home))
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
        "options that look at the screen": (
            {"cmd/options/up.c": '#include "ui/screen.h"\n', "cmd/ui/screen.h": ""},
            "cmd/options does not see ui/screen.h",
        ),
        "a folder that is no room": ({"engine/foo/foo.c": ""}, "engine/foo is no room of the table"),
        "the turn looking up": (
            {"engine/turn.c": '#include "run/run.h"\n', "engine/run/run.h": ""},
            "engine does not see run/run.h",
        ),
        "a room that is linked and not included": (
            {
                "engine/base/CMakeLists.txt": "mailfrom_room(base SOURCES text.c)\n",
                "engine/rules/CMakeLists.txt": "mailfrom_room(rules SOURCES mx.c\n  USES base LIBRARIES PkgConfig::libpsl)\n",
            },
            "rules is linked with base, of which it includes nothing",
        ),
        "an include without its room": ({"engine/rules/flat.c": '#include "text.h"\n'}, "another room names it"),
    },
)
