#!/usr/bin/python3
"""What check, records and rehearse say of manifests without asking anybody: every rule that needs no
network, on every row. Arguments: mailfrom, ses-sim (which is not started)."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

import jsonschema

from rehearsal_room import CANNOT_RUN, DONE, TROUBLE, check, until, verdict
from timeouts import patient

HEAD = 'version: 1\ndefaults: {region: us-east-1, mail_from: "bounce.{domain}"}\nidentities:\n'

# title, entry of the list of identities, exit code, what is said of line 4
ENTRIES = [
    ("a sound domain", "a.example", DONE, ""),
    ("a URL", "https://example.com/", TROUBLE, "did you mean example.com? (invalid-name)"),
    ("an ARN", "arn:aws:ses:us-east-1:111122223333:identity/example.com", TROUBLE, "it is an ARN; did you mean example.com?"),
    ("a wildcard", '"*.example.com"', TROUBLE, "SES has no wildcards"),
    ("a template", "${DOMAIN}", TROUBLE, "a template that nothing has filled in"),
    ("smart quotes", "\u201cexample.com\u201d", TROUBLE, "U+201C (quotation mark)"),
    ("default in capitals", "{identity: a.example, mail_from: Default}", CANNOT_RUN, "did you mean default?"),
    ("none", "{identity: a.example, mail_from: none}", TROUBLE, "did you mean default?"),
    ("SES's own domain", "{identity: a.example, mail_from: amazonses.com}", TROUBLE, "did you mean default"),
    ("a bare label", "{identity: a.example, mail_from: mail}", TROUBLE, "did you mean mail.{domain}?"),
    ("a sibling", "{identity: m.a.example, mail_from: b.a.example}", TROUBLE, "is not below m.a.example"),
    ("the domain itself", "{identity: a.example, mail_from: a.example}", TROUBLE, "the identity's own domain"),
    ("an underscore", "{identity: a.example, mail_from: _x.a.example}", TROUBLE, '"_" (invalid-name)'),
    ("a public suffix", "co.uk", TROUBLE, "(public-suffix)"),
    ("a name too long once filled in", ".".join(["a" * 60] * 4) + ".example", TROUBLE, "longer than 253"),
    ("a Region with a slip", "{identity: a.example, region: us-esat-1}", TROUBLE, "Did you mean us-east-1? (unknown-region)"),
    ("an MX Region with a slip", "{identity: a.example, dns: {mx_region: us-esat-1}}", TROUBLE, "dns.mx_region: no AWS Region"),
    ("a Region without SES", "{identity: a.example, region: mx-central-1}", DONE, "warning: region: AWS has no SES in the Region mx-central-1"),
    ("the European partition", "{identity: a.example, region: eusc-de-east-1}", DONE, "feedback host of eusc-de-east-1 is not documented"),
    ("the European partition, named twice", "{identity: a.example, region: eusc-de-east-1, dns: {mx_region: eusc-de-east-1}}", DONE,
     "feedback host of eusc-de-east-1 is not documented"),
    ("default with a slip", "{identity: a.example, mail_from: defualt}", TROUBLE, "did you mean default?"),
    ("a word for no MAIL FROM", "{identity: a.example, mail_from: remove}", TROUBLE, "did you mean default?"),
    ("a tilde", "{identity: a.example, mail_from: ~}", TROUBLE, "did you mean default?"),
    ("a variable of a shell", "{identity: a.example, mail_from: 'bounce.${domain}'}", TROUBLE, "write {domain} for the domain"),
    ("a placeholder", "{identity: a.example, mail_from: bounce.<domain>}", TROUBLE, "write {domain} for the domain"),
    ("a wildcard without quotes", "*.example.com", CANNOT_RUN, "text that begins with * or & needs quotes"),
    ("an availability zone", "{identity: a.example, region: us-east-1a}", CANNOT_RUN, "did you mean us-east-1?"),
    ("a mailbox at a provider", "somebody@gmail.com", DONE, "(not-your-domain)"),
    ("an accepted fault", "{identity: a.example, mail_from: b.example, accept: [not-a-subdomain]}", DONE, "error, accepted: MAIL FROM"),
]


class Desk:
    def __init__(self, mailfrom):
        self.mailfrom = mailfrom
        self.folder = tempfile.TemporaryDirectory()
        self.environment = {"PATH": os.environ["PATH"], "HOME": self.folder.name}

    def write(self, name, text):
        with open(os.path.join(self.folder.name, name), "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())

    def run(self, *arguments, **more):
        return subprocess.run([self.mailfrom, *arguments], cwd=self.folder.name, env=self.environment,
                              capture_output=True, timeout=patient(60), **more)


def entries(desk):
    for title, entry, code, said in ENTRIES:
        desk.write("fleet.yaml", HEAD + f"  - {entry}\n")
        done = desk.run("check", "fleet.yaml")
        lines = [line for line in done.stderr.decode().splitlines() if line.startswith("fleet.yaml:4:")]
        check(f"check of {title} ends with {code}", done.returncode == code, done.returncode, done.stderr.decode())
        check(f"check of {title} says so at its line", any(said in line for line in lines) if said else not lines,
              said, done.stderr.decode())


def other_verbs(desk):
    """records gives nothing to the owners of the DNS that check refuses; rehearse says the same words."""
    for title, entry, code, said in ENTRIES:
        if code != TROUBLE and "gmail" not in entry:
            continue
        desk.write("fleet.yaml", HEAD + f"  - {entry}\n")
        records = desk.run("records", "fleet.yaml")
        check(f"records of {title} has no record", b"feedback-smtp" not in records.stdout and records.returncode == TROUBLE,
              records.returncode, records.stdout.decode(), records.stderr.decode())
        rehearsal = desk.run("rehearse", "fleet.yaml")
        checked = desk.run("check", "fleet.yaml")
        check(f"rehearse of {title} says what check says", rehearsal.stderr == checked.stderr and rehearsal.returncode == code,
              rehearsal.returncode, rehearsal.stderr.decode())


def formats(desk):
    """Everything that check says of any of the entries is in its JSON and in its SARIF, and the exit code is the same."""
    schema = json.loads((pathlib.Path(__file__).parents[2] / "docs/check.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    for title, entry, code, said in ENTRIES:
        desk.write("fleet.yaml", HEAD + f"  - {entry}\n")
        written = desk.run("check", "fleet.yaml", "--format", "json")
        found = json.loads(written.stdout)
        jsonschema.Draft202012Validator(schema).validate(found)
        told = found["complaints"] + found["findings"]
        text = desk.run("check", "fleet.yaml", "--verbose")
        lines = [line for line in text.stderr.decode().splitlines() if line.startswith("fleet.yaml:")]
        check(f"JSON of {title} has every line of the text", written.returncode == code and len(lines) == len(told) and
              all(line.startswith(f"fleet.yaml:{one['line']}:{one['column']}:") and one["text"] in line
                  for line, one in zip(lines, told)), lines, told)
        sarif = desk.run("check", "fleet.yaml", "--format", "sarif")
        results = json.loads(sarif.stdout)["runs"][0]["results"]
        check(f"and so has SARIF of {title}", sarif.returncode == code and
              sorted(r["message"]["text"].split(" (xn--")[0] for r in results) == sorted(one["text"] for one in told), results, told)


def feedback_host(desk):
    desk.write("fleet.yaml", HEAD + "  - {identity: a.example, region: eusc-de-east-1}\n")
    done = desk.run("check", "fleet.yaml", "--feedback-host", "feedback-smtp.{region}.amazonses.eu")
    check("a feedback host that is given needs no warning", done.returncode == DONE and not done.stderr, done.stderr.decode())
    records = desk.run("records", "fleet.yaml")
    check("records warns of one that is not documented", b"not documented" in records.stderr, records.stderr.decode())


def option_region(desk):
    desk.write("fleet.yaml", 'version: 1\ndefaults: {mail_from: "bounce.{domain}"}\nidentities: [a.example]\n')
    done = desk.run("check", "fleet.yaml", "--region", "us-esat-1")
    check("--region is vetted", done.returncode == TROUBLE and b"us-east-1?" in done.stderr, done.returncode, done.stderr.decode())
    done = desk.run("check", "fleet.yaml", "--region", "useast1")
    check("--region that has no Region's form is a complaint", done.returncode == CANNOT_RUN and b"us-east-1" in done.stderr,
          done.returncode, done.stderr.decode())


def environment_region(desk):
    """A Region that the environment has and that is none: that is the fault, and no empty manifest."""
    desk.write("fleet.yaml", 'version: 1\ndefaults: {mail_from: "bounce.{domain}"}\nidentities: [a.example]\n')
    for verb in "check", "plan", "records", "rehearse":
        for value in '"us-east-1"', "US-EAST-1":
            desk.environment["AWS_REGION"] = value
            done = desk.run(verb, "fleet.yaml")
            check(f"{verb} with AWS_REGION={value} names the variable", done.returncode == CANNOT_RUN and b"AWS_REGION" in done.stderr and
                  b"no identities" not in done.stderr, done.returncode, done.stderr.decode())
    del desk.environment["AWS_REGION"]


def empty(desk):
    desk.write("fleet.yaml", "version: 1\nidentities: []\n")
    for verb in "check", "plan", "apply", "rehearse", "records":
        done = desk.run(verb, "fleet.yaml", *(["--yes"] if verb == "apply" else []))
        check(f"{verb} of a manifest without identities is refused", done.returncode == CANNOT_RUN and b"--allow-empty" in done.stderr,
              done.returncode, done.stderr.decode())
    for verb in "check", "rehearse", "records":
        done = desk.run(verb, "fleet.yaml", "--allow-empty")
        check(f"{verb} --allow-empty takes it", done.returncode == DONE, done.returncode, done.stderr.decode())


def through_pipes(desk):
    manifest = (HEAD + "  - a.example\n").encode()
    done = desk.run("check", "-", input=manifest)
    check("a manifest comes from standard input", done.returncode == DONE, done.stderr.decode())
    done = desk.run("records", "-", input=manifest)
    check("for records, too", b"feedback-smtp.us-east-1" in done.stdout, done.stderr.decode())
    done = desk.run("check", "-", input=b"\xff\xfe" + manifest.decode().encode("utf-16-le"))
    check("in UTF-16, too", done.returncode == DONE, done.stderr.decode())
    read, write = os.pipe()
    os.write(write, manifest)
    os.close(write)
    done = desk.run("check", f"/dev/fd/{read}", pass_fds=[read])
    os.close(read)
    check("a manifest comes through a pipe", done.returncode == DONE, done.stderr.decode())
    desk.write("below.yaml", HEAD + "  - b.example\n")
    desk.write("above.yaml", HEAD + "  - a.example\ninclude: [below.yaml]\n")
    for name in "-", "/dev/stdin":
        with open(os.path.join(desk.folder.name, "above.yaml"), "rb") as file:
            done = desk.run("check", name, stdin=file)
        check(f"{name} has no folder to include from, though a file is behind it", done.returncode == CANNOT_RUN and
              b"which has no folder" in done.stderr, done.returncode, done.stderr.decode())
    for out in [], ["--out", "-"]:
        target = os.path.join(desk.folder.name, "zone.txt")
        with open(target, "wb") as file:
            done = subprocess.run([desk.mailfrom, "records", "-", *out], cwd=desk.folder.name, env=desk.environment, input=manifest,
                                  stdout=file, stderr=subprocess.PIPE, timeout=patient(60))
        with open(target, "rb") as file:
            check(f"records - {' '.join(out)} is written into a file by the shell", done.returncode == DONE and
                  b"feedback-smtp" in file.read(), done.returncode, done.stderr.decode())
    done = desk.run("check", "")
    check("a manifest without a name is told as that", b"name is empty" in done.stderr, done.stderr.decode())
    fifo = os.path.join(desk.folder.name, "fifo")
    os.mkfifo(fifo)
    writer = subprocess.Popen(["/bin/sh", "-c", "printf '%s' \"$0\" >\"$1\"", manifest, fifo])
    try:
        tries = until(lambda: (done := desk.run("check", "fifo")).returncode == DONE and [done])
        check("through a FIFO that has a writer", tries, "refused each time")
    finally:
        writer.wait()


def lines_of(done):
    """Those that name a place, and what is said of the others."""
    lines = done.stderr.decode().splitlines()
    return [line for line in lines if line.startswith("fleet.yaml:")], [line for line in lines if line.startswith("...")]


def really_all(desk):
    """What --all shows, and the count of what it does not show: 5,321 rows that cannot be read, and as many that
    can and break a rule."""
    many = 5321
    desk.write("fleet.yaml", HEAD + "".join(f"  - {{identity: d{i}.example, regoin: eu-west-1}}\n" for i in range(many)))
    placed, rest = lines_of(desk.run("check", "fleet.yaml"))
    check("without --all the first 50 complaints are shown, and how many --all shows", len(placed) == 50 and
          rest == [f"... and {many - 50} more; --all shows the first 1000"], len(placed), rest)
    done = desk.run("check", "fleet.yaml", "--all")
    placed, rest = lines_of(done)
    check("--all shows the first 1,000 complaints of 5,321, and says so", done.returncode == CANNOT_RUN and
          len(placed) == 1000 and len(rest) == 1 and f"{many - 1000} more: these are the first 1000 of {many}," in rest[0],
          len(placed), rest)
    check("the count at the end is the same", f"{many} complaints" in done.stderr.decode(), done.stderr.decode()[-200:])
    found = json.loads(desk.run("check", "fleet.yaml", "--format", "json").stdout)
    check("and so is that in JSON", len(found["complaints"]) + found["complaints_left_out"] == many)
    desk.write("fleet.yaml", HEAD + "".join(f"  - {{identity: d{i}.example, mail_from: b.other.example}}\n" for i in range(many)))
    placed, rest = lines_of(desk.run("check", "fleet.yaml", "--all"))
    check("--all shows each finding, also the last one", len(placed) == many and not rest and
          placed[-1].startswith(f"fleet.yaml:{many + 3}:"), len(placed), rest, placed[-1:])
    placed, rest = lines_of(desk.run("check", "fleet.yaml"))
    check("without --all their number is said", len(placed) == 50 and
          rest == [f"... and {many - 50} more: {many - 50} of severity error; --all shows them"], len(placed), rest)


def main():
    desk = Desk(str(pathlib.Path(sys.argv[1]).resolve()))
    entries(desk)
    really_all(desk)
    other_verbs(desk)
    formats(desk)
    feedback_host(desk)
    option_region(desk)
    environment_region(desk)
    empty(desk)
    through_pipes(desk)
    verdict()


main()
