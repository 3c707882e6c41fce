#!/usr/bin/python3
"""What `cmake --install` leaves: every file in its place, and manuals that say what the programs say.

    install_tree.py BUILD_FOLDER"""

import gzip
import json
import pathlib
import re
import subprocess
import sys
import tempfile

from tap import check, verdict

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(sys.argv[1])
# It writes empty paragraphs for spacing, and newer ones a date with \- for -.
SCDOCS_OWN = re.compile(r"skipping paragraph macro: PP (empty|after S[HS])$|cannot parse date, using it verbatim: TH [\d\\-]+$")
WANTED = """
bin/mailfrom bin/ses-sim
share/man/man1/mailfrom.1.gz share/man/man1/ses-sim.1.gz share/man/man5/mailfrom-manifest.5.gz
share/bash-completion/completions/mailfrom share/zsh/vendor-completions/_mailfrom
share/fish/vendor_completions.d/mailfrom.fish
share/mailfrom/manifest.schema.json share/mailfrom/report.schema.json share/mailfrom/progress.schema.json
share/doc/mailfrom/README.md share/doc/mailfrom/docs/GUIDE.md share/doc/mailfrom/docs/FAQ.md share/doc/mailfrom/LICENSE
share/doc/mailfrom/docs/ARCHITECTURE.md share/doc/mailfrom/docs/rules/sandbox.md
share/doc/mailfrom/examples/fleet.yaml share/doc/mailfrom/examples/teams/orders.yaml
lib/systemd/system/mailfrom-watch.service lib/systemd/system/mailfrom-watch.timer
lib/systemd/system/mailfrom-watch-always.service lib/systemd/system/mailfrom-watch-mail@.service
lib/systemd/system/mailfrom-work@.service share/doc/mailfrom/examples/systemd/work.env
share/doc/mailfrom/docs/WORKERS.md share/doc/mailfrom/examples/kubernetes/work-deployment.yaml
lib/sysusers.d/mailfrom.conf share/doc/mailfrom/examples/systemd/watch.env
share/doc/mailfrom/examples/systemd/mailfrom-mail share/doc/mailfrom/docs/watch/mx-gone.md
share/doc/mailfrom/examples/kubernetes/watch-cronjob.yaml share/doc/mailfrom/examples/prometheus/mailfrom.rules.yml
share/doc/mailfrom/examples/grafana/mailfrom.json
share/mailfrom/ci/comment.sh share/mailfrom/ci/plan.sh share/doc/mailfrom/examples/gitlab/mailfrom.gitlab-ci.yml share/doc/mailfrom/docs/CI.md
share/doc/mailfrom/examples/one-domain.yaml share/doc/mailfrom/examples/customers/bakery.yaml
""".split()


def said(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def words_of(page):
    """A manual as it is shown, without bold face, one blank between words."""
    shown = said("mandoc", "-Tutf8", "-Owidth=200", page)
    return " ".join(re.sub(".\x08", "", shown).split())


def missing(page, wanted):
    shown = words_of(page)
    return [f"{page.name} does not say {word}" for word in wanted if word not in shown]


def options_of(text):
    return re.findall(r"^  (--[a-z0-9-]+)", text, re.M)


def variables():
    """Every variable of the environment that a source file of the program names, and those of its table."""
    sources = [path for folder in ("cmd/mailfrom", "engine") for path in (ROOT / folder).rglob("*.c")]
    name = re.compile(r'"((?:AWS|MAILFROM)_[A-Z0-9_]+|NO_COLOR|TERM|TMPDIR|https?_proxy|HTTPS?_PROXY|no_proxy|NO_PROXY)"')
    table = re.findall(r"NAMED\((AWS_[A-Z0-9_]+)\)", (ROOT / "engine/aws/variables.c").read_text())
    return sorted({*table, *(found for path in sources for found in name.findall(path.read_text()))})


def keys_of(schema):
    sections = [schema] + [schema["definitions"][name] for name in ("account", "identity", "dns")]
    return sorted({key for section in sections for key in section["properties"]})


def main(folder):
    subprocess.run(["cmake", "--install", BUILD, "--prefix", folder], check=True, stdout=subprocess.DEVNULL)
    check("every file is in its place", [name for name in WANTED if not (folder / name).is_file()])
    check("nothing is enabled", [str(p) for p in folder.rglob("*.wants/*")])
    open_to_all = [p for p in folder.rglob("*") if p.stat().st_mode & 0o022]
    check("only its owner may change a file", open_to_all)

    pages = []
    for packed in sorted(folder.glob("share/man/*/*.gz")):
        page = folder / packed.stem
        page.write_bytes(gzip.decompress(packed.read_bytes()))
        pages.append(page)
    lint = [line for page in pages for line in subprocess.run(
        ["mandoc", "-Tlint", "-Wwarning", page], capture_output=True, text=True).stdout.splitlines()]
    check("mandoc finds nothing wrong with the manuals", [l for l in lint if not SCDOCS_OWN.search(l)])

    program, sim = folder / "bin/mailfrom", folder / "bin/ses-sim"
    verbs = re.findall(r"^  ([a-z]+) +\S", said(program, "--help"), re.M)
    wanted = {option for verb in verbs for option in options_of(said(program, verb, "--help"))}
    check("mailfrom(1) has every verb and every option",
          missing(folder / "mailfrom.1", verbs + sorted(wanted)) if len(verbs) > 8 else ["no verbs"])
    names = variables()
    check("mailfrom(1) has every variable of the environment",
          missing(folder / "mailfrom.1", names) if "AWS_PROFILE" in names else names)
    check("ses-sim(1) has every option", missing(folder / "ses-sim.1", options_of(said(sim, "--help"))))
    schema = json.loads((ROOT / "docs/manifest.schema.json").read_text())
    check("mailfrom-manifest(5) has every key", missing(folder / "mailfrom-manifest.5", keys_of(schema)))
    check("a word that no manual has is missed", [] if missing(folder / "ses-sim.1", ["--no-such"]) else ["no"])

    check("the program says what it is made of", [] if "libyaml" in said(program, "--version") else ["no libyaml"])
    words = said(program, "--version", "--verbose")
    check("and knows of each library which versions were tried", [line for line in words.splitlines() if "no version of" in line])
    bill = json.loads(said(program, "--version", "--format", "json"))
    libraries = {c["name"]: c["version"] for c in bill["components"]}
    linked = re.findall(r"NEEDED.*\[lib(yaml|curl|crypto|cjson|cares|sqlite3|expat|psl|idn2|ldns|microhttpd|pq|z|zip)[.-]",
                        said("readelf", "-d", program))
    check("the bill of materials has as many libraries as are linked, each with its version",
          [str(libraries)] if len(libraries) != len(set(linked)) or
          not all(re.fullmatch(r"[0-9][0-9.]+[a-z]?", v) for v in libraries.values()) else [])


with tempfile.TemporaryDirectory() as temporary:
    main(pathlib.Path(temporary))
verdict()
