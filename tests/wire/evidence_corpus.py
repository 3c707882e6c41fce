#!/usr/bin/python3
"""Reports in the shapes of real reporters, and damaged ones, give what tests/data/dmarc-reports/index.json
says: as they are, packed in every way, in folders, and twice. Argument: evidence_driver."""

import gzip
import json
import os
import pathlib
import tempfile
import zipfile

from evidence_room import DATA, Reading, check, gzipped, report, verdict, zipped

INDEX = json.loads((DATA / "index.json").read_text())
SOUND = [name for name in INDEX if "rows" in INDEX[name]]


def each_file():
    wrong = []
    for name, wanted in INDEX.items():
        got = Reading(name, cwd=DATA)
        if "rows" in wanted:
            wrong += [f"{name}: {got.complaints}"] if got.complaints else []
            wrong += [f"{name}: {a} instead of {b}" for a, b in zip(got.bare(), wanted["rows"]) if a != b]
            wrong += [] if len(got.rows) == len(wanted["rows"]) else [f"{name}: {len(got.rows)} rows"]
            wrong += [] if got.counts["reports"] == 1 else [f"{name}: {got.counts}"]
        else:
            begins = [c.removeprefix(name + ":").lstrip().startswith(wanted["complaint"]) for c in got.complaints]
            wrong += [] if begins == [True] and not got.rows else [f"{name}: {got.complaints} instead of {wanted}"]
            wrong += [] if got.counts["bad_files"] + got.counts["bad_reports"] == 1 else [f"{name}: {got.counts}"]
    on_disk = {str(p.relative_to(DATA)) for p in DATA.rglob("*.*") if p.name != "index.json"}
    check("each file of the corpus gives the rows or the complaint of the index",
          wrong + [f"{name} is only on one side" for name in on_disk ^ set(INDEX)])


def packings(data):
    yield "gzip", gzipped(data)
    yield "gzip in two members", gzip.compress(data[:100]) + gzip.compress(data[100:])
    yield "gzip with zeros behind it", gzipped(data) + bytes(512)
    yield "gzip with a name and a comment", (b"\x1f\x8b\x08\x18" + bytes(6) + b"a\0b\0" + gzipped(data)[10:])
    yield "zip", zipped([("a.xml", data)])
    yield "zip, stored", zipped([("a.xml", data)], zipfile.ZIP_STORED)
    yield "zip in folders", zipped([("a/", b""), ("a/b/", b""), ("a/b/c.xml", data)])
    yield "gzip in zip", zipped([("a.xml.gz", gzipped(data))])


def packed(folder):
    wrong = []
    for name in SOUND:
        for title, data in packings((DATA / name).read_bytes()):
            path = folder / "report.pdf"  # the name says nothing
            path.write_bytes(data)
            got = Reading(path)
            if got.bare() != INDEX[name]["rows"] or got.complaints:
                wrong.append(f"{name}, {title}: {len(got.rows)} rows, {got.complaints}")
    check("packed in every way, a report gives the same rows", wrong)


def together(folder):
    members = [(name, (DATA / name).read_bytes()) for name in SOUND]
    members += [("notes.txt", b"no report"), ("inner.zip", zipped(members[:1])), ("bad.xml", b"<feedback>")]
    path = folder / "all.zip"
    path.write_bytes(zipped(members))
    got = Reading(path)
    wanted = [row for name in SOUND for row in INDEX[name]["rows"]]
    check("a zip of many gives all of them and tells what is none",
          [] if got.bare() == wanted and len(got.complaints) == 2 else [str(got.counts), *got.complaints])
    check("a text beside them is passed over, by its name", [] if [n for n in got.notes if "notes.txt" in n] and
          not [c for c in got.complaints if "notes.txt" in c] else got.notes)
    check("rows name the member of their file",
          [] if got.rows[0]["file"] == f"{path}!{SOUND[0]}" else [got.rows[0]["file"]])


def beside(folder):
    path = folder / "all.zip"
    names = ["__MACOSX/._a.xml", "__MACOSX/sub/x.xml.gz", ".DS_Store", "a/.hidden", "Thumbs.db", "desktop.ini", "README", "readme.TXT", "b/notes.md"]
    path.write_bytes(zipped([("a.xml", report())] + [(name, bytes([0, 5, 22, 7]) * (i % 3)) for i, name in enumerate(names)]))
    got = Reading(path)
    check("what systems put beside reports is passed over with a note",
          [] if (len(got.rows), len(got.notes), got.complaints) == (1, len(names), []) else [str(got.notes), str(got.complaints)])
    path.write_bytes(zipped([("readme.txt", report()), ("report.bin", b"no report"), ("txt", b"no report")]))
    got = Reading(path)
    check("a report under such a name is read, and other names are told",
          [] if (len(got.rows), len(got.notes), len(got.complaints)) == (1, 0, 2) else [str(got.notes), str(got.complaints)])
    for title, members in (("an empty zip", []), ("a zip of folders", [("a/", b"")])):
        path.write_bytes(zipped(members))
        got = Reading(path)
        check(f"{title} is told", [] if got.counts["bad_files"] == 1 and "has no files in it" in str(got.complaints) else got.complaints)
    path.write_bytes(report().replace(b"record>", b"RECORD>"))
    got = Reading(path)
    check("a report without a record gets a word, and is no damage", [] if len(got.notes) == 1 and "has no record" in got.notes[0]
          and (got.counts["reports"], got.counts["bad_reports"]) == (1, 0) else [str(got.notes), str(got.counts)])


def copies(folder):
    for name in ("a", "b/c", "b/d"):
        (folder / name).mkdir(parents=True)
    data = (DATA / "google.xml").read_bytes()
    (folder / "a/one.xml").write_bytes(data)
    (folder / "b/c/two.xml.gz").write_bytes(gzipped(data))
    (folder / "b/d/three.zip").write_bytes(zipped([("x.xml", data), ("y.xml", data)]))
    got = Reading(folder, folder / "a/one.xml")
    check("a report that comes five times is counted once",
          [] if (len(got.rows), got.counts["duplicates"], got.counts["reports"]) == (2, 4, 1) else [str(got.counts)])
    differ = [report(), report(org="b.example"), report(report_id="2"), report(domain="other.example")]
    for i, other in enumerate(differ):
        (folder / f"differ{i}.xml").write_bytes(other)
    got = Reading(*(folder / f"differ{i}.xml" for i in range(len(differ))))
    check("by reporter, id and domain", [] if got.counts["reports"] == 4 else [str(got.counts)])
    days = [report(), report().replace(b"<begin>1779235200<", b"<begin>1779148800<").replace(b"<end>1779321599<", b"<end>1779235199<"),
            report(org="o" * 255, report_id="i" * 512, domain=".".join(["d" * 60] * 4))]
    for i, other in enumerate([*days, *days]):
        (folder / f"day{i}.xml").write_bytes(other)
    got = Reading(*(folder / f"day{i}.xml" for i in range(6)))
    check("and by its range: some reporters give every day the same id",
          [] if (got.counts["reports"], got.counts["duplicates"], got.error) == (3, 3, None) else [str(got.counts), str(got.error)])
    (folder / "capitals.xml").write_bytes(report(org="B.Example"))
    got = Reading(folder / "differ1.xml", folder / "capitals.xml")
    check("in whatever capitals the reporter writes itself", [] if got.counts["duplicates"] == 1 else [str(got.counts)])
    (folder / "bad.xml").write_bytes(report(filler="<record/>"))
    got = Reading(folder / "bad.xml", folder / "differ0.xml")
    check("a damaged one does not stand for the sound one",
          [] if (got.counts["reports"], got.counts["bad_reports"], len(got.rows)) == (1, 1, 1) else [str(got.counts)])


def ordered(folder):
    for name in ("b/2", "b/1", "a/z", "c"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(report(report_id=name))
    got = Reading(folder)
    check("files come in the order of their names",
          [] if [row["report_id"] for row in got.rows] == ["a/z", "b/1", "b/2", "c"] else [str(got.rows)])
    got = Reading(folder, options=["--stop-after", "2"])
    check("who has enough ends the reading", [] if len(got.rows) == 2 and not got.error else [str(got.counts)])
    got = Reading(folder, folder / "no", folder / "none")
    check("a path that is not there is told before anything is read",
          [] if got.error and "/no: " in got.error and "1 more" in got.error and not got.rows else [str(got.error)])


def main():
    each_file()
    for part in (packed, together, beside, copies, ordered):
        with tempfile.TemporaryDirectory() as temporary:
            part(pathlib.Path(os.path.realpath(temporary)))
    verdict()


main()
