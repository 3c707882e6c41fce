#!/usr/bin/python3
"""Commands in the documentation work: every block that begins with ```sh test runs.

A block runs by `bash -eu` in a folder of its own that holds manifests/, docs/ and build/release/ as
links, so that what it leaves behind (a journal, reports) disappears. It must end with exit code 0.
The build folder is this program's argument."""

import pathlib
import re
import subprocess
import sys
import tempfile

import guard

BUILD = pathlib.Path(sys.argv[1]).resolve()
BLOCK = re.compile(r"^```sh test\n(.*?)^```$", re.M | re.S)


def run(script):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "build").mkdir()
        (folder / "build/release").symlink_to(BUILD)
        for name in ("manifests", "docs"):
            (folder / name).symlink_to(guard.ROOT / name)
        done = subprocess.run(["bash", "-eu", "-c", script], cwd=folder, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=120)
        return done.returncode, (done.stderr or done.stdout).strip().replace("\n", " / ")[-300:]


def check(tree):
    complaints = []
    for path in tree.having(".md"):
        text = tree.text(path)
        for block in BLOCK.finditer(text):
            line = text.count("\n", 0, block.start()) + 1
            code, said = run(block.group(1))
            if code:
                complaints.append(f"{path}:{line}: exit code {code}: {said}")
    return complaints


guard.run(
    "every command marked as tested in the documentation works",
    check,
    {"a.md": "```sh test\ntest -d manifests\n```\n\n```sh\nfalse\n```\n"},
    {"a command that fails": ({"b.md": "text\n\n```sh test\ntrue\nfalse\ntrue\n```\n"}, "b.md:3: exit code 1")},
)
