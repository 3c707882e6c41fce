#!/usr/bin/python3
"""What strangers may send for a report: bombs of gzip, zip and XML, archives that lie, damage in every
byte, and what may lie in a folder that is none. Each ends soon, in little memory, and never in rows that
are not in a sound report. Argument: evidence_driver."""

import os
import pathlib
import random
import resource
import socket
import struct
import tempfile
import zipfile
import zlib

from evidence_room import DATA, DRIVER, Reading, check, gzipped, report, verdict, zipped

LITTLE = 96 << 10  # KB; with sanitizers memory is not looked at
SANITIZED = b"__asan_init" in pathlib.Path(DRIVER).read_bytes()
SECONDS = 60 if SANITIZED else 10
GOOGLE = Reading(DATA / "google.xml").bare()


def work():
    """Seconds of the processor that all drivers have had so far; the clock on the wall would count others' work."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def refused(title, path, *words, rows=0):
    begun = work()
    got = Reading(path, timeout=240)
    said = "\n".join(got.complaints)
    wrong = [f"{title}: no word of {word!r}: {said}" for word in words if word not in said]
    wrong += [] if len(got.rows) == rows else [f"{title}: {len(got.rows)} rows"]
    took = work() - begun
    wrong += [] if took < SECONDS else [f"{title}: {took:.0f} s"]
    memory = got.counts["memory_kb"]
    return wrong + ([] if SANITIZED or memory < LITTLE else [f"{title}: {memory} KB"])


# --- bombs --------------------------------------------------------------------------------------


def deflated(pieces, wbits):
    packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
    return b"".join(packer.compress(piece) for piece in pieces) + packer.flush()


def blanks(megabytes):
    """One report, nearly all of it blanks."""
    body = report()
    yield body[:10]
    for _ in range(megabytes):
        yield b" " * (1 << 20)
    yield body[10:]


def overlapping(count, megabytes):
    """As David Fifield's: every entry of the directory unpacks the same bytes."""
    pieces = list(blanks(megabytes))
    packed = deflated(pieces, -15)
    crc, size = 0, 0
    for piece in pieces:
        crc, size = zlib.crc32(piece, crc), size + len(piece)
    name = b"a.xml"
    fixed = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 0x21, crc, len(packed), size, len(name), 0)
    local = b"PK\3\4" + fixed + name + packed
    entry = b"PK\1\2" + struct.pack("<H", 20) + fixed + struct.pack("<HHHII", 0, 0, 0, 0, 0) + name
    directory = entry * count
    return local + directory + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, count, count, len(directory), len(local), 0)


def bombs(folder):
    path = folder / "bomb"
    path.write_bytes(deflated(blanks(500), 31))
    wrong = refused("gzip of blanks", path, "unpacks to over 200 times")
    path.write_bytes(gzipped(gzipped(report())))
    wrong += refused("gzip in gzip", path, "gzip inside gzip")
    path.write_bytes(zipped([("a.xml", b"".join(blanks(300)))]))
    wrong += refused("zip of blanks", path, "unpacks to over 200 times")
    path.write_bytes(overlapping(5000, 4))
    wrong += refused("entries that overlap", path, "unpacks to over 200 times", rows=1)
    inner = zipped([("a.xml", b"".join(blanks(20)))])
    for _ in range(5):
        inner = zipped([(f"{i}.zip", inner) for i in range(16)])
    path.write_bytes(inner)
    wrong += refused("zips in zips", path, "a zip inside another file is not opened")
    with open(path, "wb") as file:
        file.write(report()[:10])
        file.truncate((1 << 30) + 1)
    wrong += refused("a file of a gigabyte", path, "over 1024 MB")
    with open(path, "wb") as file:
        file.write(zipped([("a.xml", report())]))
        file.truncate((64 << 20) + 1)
    wrong += refused("a zip of 64 MB", path, "over 64 MB")
    path.write_bytes(zipped([(str(i), b"") for i in range(100001)], zipfile.ZIP_STORED))
    wrong += refused("100,001 members", path, "100001 members")
    check("bombs of gzip and zip go off in nobody's memory", wrong)


def xml_bombs(folder):
    path = folder / "bomb.xml"
    laughs = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
    head = '<?xml version="1.0"?><!DOCTYPE feedback [<!ENTITY l0 "ha">' + laughs + "]>"
    traps = {
        "entities of entities": (head.encode() + report(org="&l9;"), "a document type"),
        "an entity that is a file": (b'<!DOCTYPE feedback [<!ENTITY f SYSTEM "/etc/hostname">]>' + report(org="&f;"), "a document type"),
        "parameter entities": (b'<!DOCTYPE feedback [<!ENTITY % a "x"> %a;]>' + report(), "a document type"),
        "a depth of 100,000": (b"<feedback>" + b"<a>" * 100000, "too deep"),
        "a depth in what is passed by": (report(filler="<x>" * 40 + "</x>" * 40), "too deep"),
        "100,000 attributes": (report(filler="<x " + " ".join(f"a{i}=''" for i in range(20000)) + "/>"), "attributes"),
        "a tag of 30 MB": (b"<feedback a='" + b"x" * (30 << 20) + b"'/>", "a tag or a comment is too long"),
        "a comment of 30 MB": (report(filler="<!--" + "x" * (30 << 20) + "-->"), "a tag or a comment is too long"),
        "a text of 30 MB": (report(org="x" * (30 << 20)), "too long"),
        "a name of 30 MB": (b"<" + b"x" * (30 << 20) + b">", "a tag or a comment is too long"),
        "blanks of 30 MB": (b" " * (30 << 20), ""),
        "namespaces": (b"<feedback " + b" ".join(b'xmlns:a%d="%s"' % (i, b"u" * 100) for i in range(2000)) + b"/>", ""),
    }
    wrong = []
    for title, (data, words) in traps.items():
        path.write_bytes(data)
        wrong += refused(title, path, words)
    path.write_bytes(report(filler="<x>" + "y" * (30 << 20) + "</x>"))
    got = Reading(path)
    wrong += [] if len(got.rows) == 1 else ["a long text of what is passed by: " + str(got.complaints)]
    check("bombs of XML as well", wrong)


# --- archives that lie --------------------------------------------------------------------------


def lies(folder):
    path = folder / "lie.zip"
    good = zipped([("a.xml", report())])
    wrong = []
    for name in ("/etc/passwd", "../../up.xml", "C:\\up.xml", "a\0b.xml", "\u202exml.a", "x" * 4000, "CON"):
        path.write_bytes(zipped([(name, report())]))
        got = Reading(path)
        wrong += [] if len(got.rows) == 1 and not got.complaints else [f"{name}: {got.complaints}"]
    wrong += [f"written: {p}" for p in folder.iterdir() if p != path]
    encrypted = bytearray(good)
    for at in (6, good.index(b"PK\1\2") + 8):
        encrypted[at] |= 1
    path.write_bytes(encrypted)
    wrong += refused("an encrypted member", path, "it is encrypted")
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        path.write_bytes(zipped([("a.xml", report())], method))
        wrong += refused(f"method {method}", path, "another method than deflate")
    size = bytearray(good)
    for at in (22, good.index(b"PK\1\2") + 24):
        size[at:at + 4] = struct.pack("<I", 7)
    path.write_bytes(size)
    wrong += [] if len(Reading(path).rows) in (0, 1) else ["a size that lies"]
    path.write_bytes(b"PK\5\6" + bytes(18))
    wrong += [] if not Reading(path).rows else ["rows of an empty zip"]
    link = zipfile.ZipInfo("link.xml")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    path.write_bytes(zipped([(link, b"/etc/passwd")]))
    wrong += refused("a link in a zip", path, "it is no report")
    check("names, sizes, links and ciphers of archives are taken for nothing", wrong)


def damage(folder, rng):
    """Bytes changed, cut off and put in: either the rows of the sound report, or none. All in one reading,
    so each has an id of its own."""
    plain = (DATA / "google.xml").read_bytes()
    marked = b"<report_id>11223344556677889900<"
    assert marked in plain
    for i in range(2400):
        mine = plain.replace(marked, b"<report_id>%020d<" % i)
        data = gzipped(mine) if i % 2 else zipped([("a.xml", mine)])
        at = rng.randrange(len(data)) if i % 4 < 2 else rng.choice([rng.randrange(60), len(data) - 1 - rng.randrange(120)])
        change = (data[:at], data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1:],
                  data[:at] + bytes([rng.randrange(256)]) + data[at:])[i % 3]
        (folder / f"{i:04}").write_bytes(change)
    got, rows, wrong = Reading(folder), {}, []
    for row in got.rows:
        rows.setdefault(int(row.pop("file").removeprefix(f"{folder}/")[:4]), []).append(row)
    for i, found in rows.items():
        wanted = [{**row, "report_id": f"{i:020}"} for row in GOOGLE]
        wrong += [] if found == wanted else [f"file {i}: {found}"]
    told = {int(c.removeprefix(f"{folder}/")[:4]) for c in got.complaints}
    silent = set(range(2400)) - told - set(rows)
    wrong += [f"file {i}: neither rows nor a complaint" for i in silent if i % 2]  # a zip may have become an empty one
    wrong += [] if len(told) > 1000 and len(silent) < 20 else [f"{len(told)} told, {len(silent)} silent"]
    check(f"damage in any byte of an archive gives the sound rows or none ({len(told)} were told)", wrong[:20])


# --- what the sender of one mail writes ---------------------------------------------------------


def senders(folder):
    """Whatever one From line holds, the rows of all others count."""
    path, wrong = folder / "report.xml", []
    names = ["a&#1;b", "a&#x1b;[31mb", "a\x01b", "a\ufffeb", "a&#xFFFE;b", "a&#xD800;b", "a&#0;b", "a&nbsp;b", "a]]>b", "AT&T",
             "&" * 1000, "<![CDATA[]]]]>", "x" * (1 << 20), "<!--&nbsp;-->", "a\x00b", "a\x85b"]
    for name in names:
        for tag in ("header_from", "envelope_from"):
            bad = report(filler=report(domain="other.example").decode().split("</policy_published>")[1].removesuffix("</feedback>").replace(
                "<header_from>other.example</header_from>", f"<{tag}>{name}</{tag}>"))
            for encoding in ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "iso-8859-1"):
                text = bad.decode()
                head = '<?xml version="1.0" encoding="iso-8859-1"?>' if encoding == "iso-8859-1" else ""
                path.write_bytes((head + text).encode(encoding, "replace"))
                got = Reading(path)
                rows = [r["header_from"] for r in got.rows]
                wrong += [] if rows == ["shop.example"] * 2 and not got.complaints else [f"{name[:30]!r} in {encoding}: {rows} {got.complaints}"]
    check("no From line spoils a report", wrong)


# --- what lies in folders -----------------------------------------------------------------------


def strange_files(folder):
    (folder / "good.xml").write_bytes(report())
    (folder / "secret").mkdir()
    (folder / "secret/other.xml").write_bytes(report(report_id="2"))
    inside = folder / "in"
    inside.mkdir()
    os.mkfifo(inside / "fifo")
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(inside / "socket"))
    (inside / "link").symlink_to(folder / "good.xml")
    (inside / "folder").symlink_to(folder / "secret")
    (inside / "loop").symlink_to(inside)
    (inside / "nowhere").symlink_to(folder / "nothing")
    (inside / "a\n\x1b[31mb.xml").write_bytes(b"no report")
    if os.geteuid() == 0:
        os.mknod(inside / "device", 0o020600, os.makedev(1, 5))  # /dev/zero
    got = Reading(inside)
    said = "\n".join(got.complaints)
    wrong = [] if not got.rows and got.error is None else [str(got.rows)]
    wrong += [f"nothing of {name}" for name in ("fifo: it is neither", "socket: it is neither", "/link: it is a link",
              "folder: it is a link", "loop: it is a link", "nowhere: it is a link") if name not in said]
    wrong += [] if "\x1b" not in said and len(got.complaints) == len(list(inside.iterdir())) else [said]
    check("below a folder no link is followed, and nothing but files is opened", wrong)
    got = Reading(inside / "link", inside / "folder")
    check("a link that is named is followed", [] if len(got.rows) == 2 else [str(got.complaints)])
    got = Reading(inside / "fifo", "/dev/zero", "/dev/null", folder / "good.xml")
    check("a pipe or a device that is named is told",
          [] if len(got.complaints) == 3 and len(got.rows) == 1 else [str(got.complaints)])


def large_folders(folder):
    deep = folder / "deep"
    path = deep
    for i in range(40):
        path = path / "d"
    path.mkdir(parents=True)
    (path / "x.xml").write_bytes(report())
    got = Reading(deep)
    check("folders in folders have an end", [] if "too many folders" in str(got.complaints) else [str(got.complaints)])
    wide = folder / "wide"
    wide.mkdir()
    sound = report()
    for i in range(20000):
        (wide / f"{i:05}.xml").write_bytes(sound.replace(b"<report_id>1<", b"<report_id>%d<" % i))
    begun = work()
    got = Reading(wide, timeout=240)
    took = work() - begun
    wrong = [] if [r["report_id"] for r in got.rows] == [str(i) for i in range(20000)] else [str(got.counts)]
    wrong += [] if SANITIZED or got.counts["memory_kb"] < LITTLE else ["too much memory"]
    check("a folder of 20,000 reports is read in order", wrong + ([] if took < SECONDS else [f"{took} s"]))


def main():
    seed = int(os.environ.get("SEED", "1"))
    print(f"# SEED={seed}")
    for part in (bombs, xml_bombs, lies, senders, lambda f: damage(f, random.Random(seed)), strange_files, large_folders):
        with tempfile.TemporaryDirectory() as temporary:
            part(pathlib.Path(temporary))
    verdict()


main()
