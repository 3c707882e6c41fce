#!/usr/bin/python3
"""Command lines as people and scripts write them: what is asked on a terminal, what goes to standard output,
files of another kind than a verb reads. Arguments: mailfrom, ses-sim."""

import json
import os
import pty
import re
import subprocess
import sys

from rehearsal_room import CANNOT_RUN, DONE, Room, check, verdict

FLEET = {"a.example": {}, "moved.example": {"mail_from": "old.moved.example"}}


def said(process):
    return process.stdout_text + process.stderr_text


def asked(room, answer, *arguments, stderr=None, stdout=None):
    """apply on a terminal that only its standard input is; what the terminal was sent, and the process."""
    mine, its = pty.openpty()
    process = subprocess.Popen(room.command("apply", "fleet.yaml", "--progress", "none", *arguments), cwd=room.path,
                               env=room.environment(), stdin=its, stdout=stdout or subprocess.PIPE,
                               stderr=stderr or subprocess.PIPE, start_new_session=True, text=True)
    os.close(its)
    os.write(mine, answer)
    shown = b""
    try:
        while b"Only" not in shown and (piece := os.read(mine, 65536)):
            shown += piece
    except OSError:
        pass
    process.stdout_text, process.stderr_text = process.communicate(timeout=60)
    os.close(mine)
    return shown.decode(), process


def questions(room):
    """A question goes where somebody sees it."""
    with open(room.path / "log", "w") as log:
        shown, process = asked(room, b"no\n", stderr=log)
    check("a question is put to the terminal although standard error is a file", "Change SES as shown?" in shown, shown)
    check("and not into the file", "Change SES" not in (room.path / "log").read_text())
    check("no is taken for no", process.returncode == CANNOT_RUN and not room.writes(), process.returncode)
    shown, process = asked(room, b"no\n", "--report", "csv:-")
    check("with a report on standard output the plan is shown beside it", "old.moved.example -> " in process.stderr_text
          and "->" not in process.stdout_text, process.stdout_text)


def arguments_first(room):
    """What is wrong with the words is said before there is no terminal."""
    for words, wrong in [(["nowhere.yaml"], "nowhere.yaml: cannot be read"), ([], "no manifest given"),
                         (["--plan", "nowhere.plan"], "plan nowhere.plan: "), (["fleet.yaml"], "no terminal to ask")]:
        done = room.run("apply", *words)
        check(f"apply {' '.join(words)} says what is wrong", done.returncode == CANNOT_RUN and wrong in done.stderr_text
              and ("no terminal" in wrong) == ("no terminal" in done.stderr_text), said(done))


def standard_output(room):
    """plan --out - writes the plan there and nothing else."""
    for name in ("-", "/dev/stdout"):
        done = room.run("plan", "fleet.yaml", "--out", name)
        (room.path / "piped.plan").write_text(done.stdout_text)
        check(f"plan --out {name} writes nothing else to standard output", done.returncode == DONE
              and done.stdout_text.startswith('{"format_version":') and done.stdout_text.endswith("}\n"), done.stdout_text)
    crlf = (room.path / "piped.plan").read_bytes().replace(b"\n", b"\r\n")
    (room.path / "crlf.plan").write_bytes(crlf)
    (room.path / "mark.plan").write_bytes(b"\xff\xfe" + (room.path / "piped.plan").read_text().encode("utf-16-le"))
    (room.path / "cut.plan").write_bytes(crlf[: len(crlf) // 2])
    for name, wrong in [("mark.plan", "is in UTF-16, as PowerShell keeps"), ("cut.plan", "is damaged or was edited")]:
        done = room.run("apply", "--yes", "--plan", name)
        check(f"{name} is not carried out", done.returncode == CANNOT_RUN and wrong in done.stderr_text, said(done))
    room.ends("a plan file with CR LF is carried out", DONE, "apply", "--yes", "--plan", "crlf.plan")


KINDS = {"fleet.plan": "a plan file", ".mailfrom/journal.db": "an SQLite database, such as a journal",
         "r.csv": "a CSV report", "r.json": "a JSON report", "r.sarif": "a SARIF report",
         "r.md": "a Markdown report", "r.html": "an HTML page", "r.xml": "an XML file"}


def kinds(room):
    """A file of another kind than the verb reads is named in one line."""
    formats = {"csv": "r.csv", "json": "r.json", "sarif": "r.sarif", "markdown": "r.md", "html": "r.html", "junit": "r.xml"}
    reports = [word for format, name in formats.items() for word in ("--report", f"{format}:{name}")]
    room.ends("a plan with every report", DONE, "plan", "fleet.yaml", "--out", "fleet.plan", *reports)
    for name, kind in KINDS.items():
        for verb in (["plan"], ["check"], ["apply", "--yes"], ["rehearse"], ["records"], ["status"], ["report"],
                     ["rollback"], ["resume"], ["inspect"], ["apply", "--yes", "--plan"]):
            if verb[-1] == "--plan" and name == "fleet.plan":
                continue
            done = subprocess.run([room.mailfrom, *verb, name], cwd=room.path, env=room.environment(),
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True)
            words = done.stdout + done.stderr
            check(f"{' '.join(verb)} {name} says what it is", done.returncode == CANNOT_RUN and f"{name} is {kind}" in words
                  and words.count("\n") == 1, words)
    for separator in ("semicolon", "tab"):
        room.run("plan", "fleet.yaml", "--report", f"csv:{separator}.csv", "--csv-separator", separator)
        done = room.run("check", f"{separator}.csv")
        check(f"a CSV report with another separator is one, too: {separator}", f"{separator}.csv is a CSV report" in said(done), said(done))
    for verb in ("plan", "apply", "check"):
        done = room.run(verb, "fleet.plan")
        check(f"{verb} hints at apply --plan", "mailfrom apply --plan fleet.plan" in done.stderr_text, said(done))
    done = room.run("apply", "--yes", "--plan", "fleet.yaml")
    check("a manifest needs no --plan", "carried out without --plan" in done.stderr_text, said(done))
    (room.path / "outer.yaml").write_text('version: 1\ninclude: [fleet.plan]\n')
    done = room.run("check", "outer.yaml")
    check("an included file is named as well", "fleet.plan: the file is a plan file" in said(done), said(done))


def complaints(room):
    """Fifty are read, thousands are not; no complaint stands at 0:0."""
    wrong = {f"d{n}.example": {"colour": "red"} for n in range(700)}
    (room.path / "wrong.yaml").write_text(json.dumps({"version": 1, "identities": [
        {"identity": name, **more} for name, more in wrong.items()]}, indent=0))
    for words, shown, more in [([], 50, r"\.\.\. and \d+ more; --all shows "), (["--all"], 700, "")]:
        for verb in ("check", "plan", "rehearse", "records", "apply"):
            done = room.run(verb, "wrong.yaml", *words, *(["--yes"] if verb == "apply" else []))
            lines = [line for line in done.stderr_text.splitlines() if "wrong.yaml:" in line]
            check(f"{verb} {' '.join(words)} shows {shown} complaints", len(lines) == shown if shown == 50 else len(lines) >= 700,
                  len(lines))
            check("and says what is left", bool(re.search(more, done.stderr_text)), done.stderr_text[-300:])
    findings = {f"d{n}.example": {"mail_from": f"d{n}.example"} for n in range(80)}
    room.manifest("refused.yaml", findings)
    for words, shown in [([], 50), (["--all"], 80)]:
        done = room.run("check", "refused.yaml", *words)
        lines = [line for line in done.stderr_text.splitlines() if ": error: " in line]
        check(f"check {' '.join(words)} shows {shown} findings", len(lines) == shown, len(lines))
    (room.path / "empty.yaml").write_text("")
    (room.path / "no.yaml").write_text("version: 1\nidentities: []\n")
    (room.path / "rows.yaml").write_text("version: 1\nidentities_from: [rows.csv]\n")
    (room.path / "rows.csv").write_bytes(b"PK\x03\x04xl/workbook.xml")
    for name in ("empty.yaml", "no.yaml", "nowhere.yaml", "rows.yaml", "."):
        done = room.run("check", name)
        check(f"check {name} stands at no 0:0", done.returncode == CANNOT_RUN and ":0" not in done.stderr_text, said(done))


def elsewhere(room):
    """In the wrong folder the way to the journal is told."""
    (room.path / "other").mkdir()
    for verb in (["status"], ["report", "1"], ["resume"], ["rollback", "1"], ["records", "1"], ["status", "--all"]):
        done = subprocess.run([room.mailfrom, *verb], cwd=room.path / "other", env=room.environment(),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)
        place = room.path / "other" / ".mailfrom" / "journal.db"
        check(f"{' '.join(verb)} says where a journal would be, and how to name one", done.returncode == CANNOT_RUN
              and str(place) in done.stderr and "--journal FILE" in done.stderr, done.stderr)
        check("and makes none", not place.parent.exists())


def spellings(room):
    """Options stand anywhere, help and the version are found however they are asked for."""
    same = [["--help"], ["-h"], ["help"], ["-q", "--help"]]
    outs = set(subprocess.run([room.mailfrom, *words], capture_output=True, text=True).stdout for words in same)
    check("help is one page", len(outs) == 1 and "Usage: mailfrom VERB" in next(iter(outs)), outs)
    versions = set(subprocess.run([room.mailfrom, *words], capture_output=True, text=True).stdout
                   for words in (["--version"], ["-V"], ["version"], ["-V", "-q"], ["plan", "--version"]))
    check("and so is the version", len(versions) == 1 and "libyaml" in next(iter(versions)), versions)
    pages = set(subprocess.run([room.mailfrom, *words], capture_output=True, text=True).stdout
                for words in (["help", "plan"], ["plan", "--help"], ["-h", "plan"], ["plan", "-h"], ["--help", "plan"]))
    check("and the page of a verb", len(pages) == 1 and "-o, --out FILE" in next(iter(pages)), pages)
    verbs = re.findall(r"^  ([a-z]+) ", next(iter(outs)), re.M)
    pages = {verb: subprocess.run([room.mailfrom, verb, "--help"], capture_output=True, text=True).stdout
             for verb in verbs} | {"": next(iter(outs))}
    pages["ses-sim"] = subprocess.run([sys.argv[2], "--help"], capture_output=True, text=True).stdout
    wide = [f"{verb}: {line}" for verb, page in pages.items() for line in page.splitlines() if len(line) > 80]
    check("every page of help fits 80 columns", len(verbs) > 14 and all(pages.values()) and not wide, verbs, *wide)
    for words, title in [("waiting for SES", "# pending"), ("in progress", "# planned"), ("drifted", "# drifted")]:
        page = subprocess.run([room.mailfrom, "explain", *words.split()], capture_output=True, text=True).stdout
        check(f"{words} has a page", page.startswith(title) and "What to do" in page, page)
    for words in (["-q", "check", "fleet.yaml"], ["check", "-q", "fleet.yaml"], ["--quiet", "--region", "us-east-1", "check",
                                                                                "fleet.yaml"]):
        done = subprocess.run([room.mailfrom, *words], cwd=room.path, capture_output=True, text=True)
        check(f"{' '.join(words)} is quiet", (done.returncode, done.stdout, done.stderr) == (DONE, "", ""), done)
    for words, told in [(["plna"], "did you mean plan?"), (["xyz"], "there is no verb"), (["fleet.yaml"], "is a file"),
                        (["help", "mx-missing"], "is a rule"), (["help", "reprot"], "did you mean report?")]:
        done = subprocess.run([room.mailfrom, *words], cwd=room.path, capture_output=True, text=True)
        check(f"{' '.join(words)}: {told}", done.returncode == CANNOT_RUN and told in done.stderr, done.stderr)


class Denied(Room):
    """Its key may not read in batches, nor list identities."""

    def write_table(self):
        super().write_table()
        (self.path / "keys.csv").write_text(
            "account,access_key_id,secret_access_key,deny\n111122223333,AKIDEXAMPLE,wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY,"
            "ses:GetIdentityVerificationAttributes ses:GetIdentityMailFromDomainAttributes ses:ListIdentities "
            "ses:ListEmailIdentities\n")
        self.more_sim = ["--credentials", self.path / "keys.csv"]


def notes_once(programs):
    """A plan that is shown and the run that follows say the same things; each is noted once."""
    with Denied(*programs, FLEET) as room:
        room.manifest("fleet.yaml", {name: {} for name in FLEET})
        shown, process = asked(room, b"yes\n")
        notes = [line for line in process.stderr_text.splitlines() if line.startswith("note: ")]
        check("a run that was confirmed repeats no note of its plan", process.returncode == DONE and len(notes) >= 2
              and len(notes) == len(set(notes)), process.returncode, process.stderr_text)


def main():
    with Room(*sys.argv[1:3], FLEET) as room:
        room.manifest("fleet.yaml", {name: {} for name in FLEET})
        spellings(room)
        elsewhere(room)
        questions(room)
        arguments_first(room)
        standard_output(room)
        kinds(room)
        complaints(room)
    notes_once(sys.argv[1:3])
    verdict()


if __name__ == "__main__":
    main()
