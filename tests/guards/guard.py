"""What every guard shares: the list of tracked files, and the proof that it can fail.

A guard is a function check(tree) that returns complaints. Before it looks at the real tree it must
find a violation planted into a small one, and find nothing in the small one without it."""

import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOREIGN = ("tests/data/", "tests/fuzz/corpus/")  # others wrote it, or fuzzers; their style is theirs


class Tree:
    """A folder with its tracked files (all files where there is no git)."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.paths = sorted(p for p in self._list() if not p.startswith(FOREIGN))

    def _list(self):
        if (self.root / ".git").exists():
            git = subprocess.run(["git", "-C", str(self.root), "ls-files", "-z"], capture_output=True)
            if git.returncode == 0:
                names = git.stdout.decode().split("\0")
                return [n for n in names if n and (self.root / n).is_file()]
        found = []
        for folder, folders, files in os.walk(self.root):
            folders[:] = [d for d in folders if d not in ("build", ".git", "__pycache__", ".mailfrom")]
            found += [os.path.relpath(os.path.join(folder, f), self.root) for f in files]
        return found

    def having(self, *suffixes):
        return [p for p in self.paths if p.endswith(suffixes)]

    def text(self, path):
        return (self.root / path).read_text(encoding="utf-8", errors="replace")

    def lines(self, path):
        return self.text(path).splitlines()


def plant(folder, files):
    for name, text in files.items():
        path = pathlib.Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def complaints_about(check, files):
    with tempfile.TemporaryDirectory() as folder:
        plant(folder, files)
        return check(Tree(folder))


def run(title, check, clean, planted):
    """clean: files without a violation. planted: {what: (files laid over them, part of the
    complaint)}. Prints TAP and ends the program."""
    failed = 0

    def report(number, name, complaints):
        nonlocal failed
        print(("not ok" if complaints else "ok") + f" {number} - {name}")
        for complaint in complaints[:50]:
            print("# " + complaint)
        failed += bool(complaints)

    report(1, "a clean tree passes", complaints_about(check, clean))
    for number, (what, (files, part)) in enumerate(planted.items(), 2):
        found = complaints_about(check, {**clean, **files})
        missed = [] if any(part in c for c in found) else [f"not found; complaints were: {found}"]
        report(number, f"finds {what}", missed)
    report(len(planted) + 2, title, check(Tree(ROOT)))
    sys.exit(1 if failed else 0)
