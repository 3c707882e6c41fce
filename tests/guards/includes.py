#!/usr/bin/python3
"""Rooms include only the rooms below them, and each external library has its one file per room.

The compiler sees to the first half as well (a room's include path holds only what it links); this
guard keeps the table below true, which is the one that docs/ARCHITECTURE.md shows."""

import re

import guard

# room -> rooms whose headers it may include (its own are always allowed)
ROOMS = {
    "engine/base": [],
    "engine/model": ["engine/base"],
    "engine/dns": ["engine/base", "engine/model"],
    "engine/rules": ["engine/base", "engine/model", "engine/dns"],
    "engine/core": ["engine/base", "engine/model", "engine/dns", "engine/rules"],
    "engine": ["engine/base", "engine/model", "engine/dns", "engine/rules", "engine/core"],
    "engine/journal": ["engine/base", "engine/model", "engine/core"],
    "engine/aws": ["engine/base", "engine/model", "engine/dns", "engine/core"],
    "engine/wire": ["engine/base", "engine/model", "engine/dns", "engine/core", "engine", "engine/aws"],
    "engine/world": ["engine/base", "engine/model", "engine/dns", "engine/rules", "engine/core", "engine"],
    "manifests": ["engine/base", "engine/model", "engine/dns", "engine/rules"],
    "plans": ["engine/base", "engine/model", "engine/core"],
    "reports": ["engine/base", "engine/model", "engine/core"],
    "cmd/mailfrom": None,  # everything
    "cmd/ses-sim": None,
}

# external library: (pattern of its headers, rooms that may use it, each in one .c file)
LIBRARIES = {
    "libyaml": (r"yaml\.h", ["manifests"]),
    "libcurl": (r"curl/.*", ["engine/wire"]),
    "c-ares": (r"ares.*\.h", ["engine/wire"]),
    "sqlite": (r"sqlite3\.h", ["engine/journal"]),
    "expat": (r"expat\.h", ["engine/aws"]),
    "cJSON": (r"cjson/cJSON\.h|cJSON\.h", ["engine/aws", "plans", "cmd/mailfrom", "cmd/ses-sim"]),
    "libpsl": (r"libpsl\.h", ["engine/rules"]),
    "libidn2": (r"idn2\.h", ["engine/rules"]),
    "libmicrohttpd": (r"microhttpd\.h", ["cmd/ses-sim"]),
    "openssl": (r"openssl/.*", ["engine/aws", "manifests", "plans", "reports", "cmd/ses-sim"]),
}

EVERY_LIBRARY = {"cmd/mailfrom/version.c"}  # asks each for its version, and nothing else

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')


def room_of(path):
    fits = [room for room in ROOMS if path.startswith(room + "/")]
    return max(fits, key=len) if fits else None


def check(tree):
    complaints, homes, users = [], {}, {}
    sources = [p for p in tree.having(".c", ".h") if room_of(p)]
    for path in sources:
        homes.setdefault(path.rsplit("/", 1)[1], []).append(room_of(path))
    for path in sources:
        room = room_of(path)
        for number, line in enumerate(tree.lines(path), 1):
            found = INCLUDE.match(line)
            if not found:
                continue
            kind, name = found.groups()
            where = f"{path}:{number}: "
            if kind == '"':
                complaints += [where + c for c in own(room, name.rsplit("/", 1)[-1], homes)]
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


def own(room, name, homes):
    allowed = ROOMS[room]
    found = homes.get(name, [])
    if not found or room in found or allowed is None:
        return [] if found else [f"there is no header {name} in any room"]
    return [] if any(home in allowed for home in found) else [f"{room} does not see {name} of {found[0]}"]


CLEAN = {
    "engine/base/text.h": "",
    "engine/core/job.h": '#include "text.h"\n',
    "engine/wire/https.c": '#include <curl/curl.h>\n#include "job.h"\n',
}

guard.run(
    "every include goes down the house, and every library has its one door",
    check,
    CLEAN,
    {
        "base looking up": ({"engine/base/up.c": '#include "job.h"\n'}, "engine/base does not see job.h"),
        "a second file with curl": ({"engine/wire/two.c": "#include <curl/curl.h>\n"}, "several files"),
        "sqlite in the core": ({"engine/core/cheat.c": "#include <sqlite3.h>\n"}, "sqlite is no business of engine/core"),
        "a library in a header": ({"engine/wire/https.h": "#include <curl/curl.h>\n"}, "named in a header"),
        "a header that is nowhere": ({"engine/core/lost.c": '#include "lost.h"\n'}, "no header lost.h"),
    },
)
