#!/usr/bin/python3
"""tools/setup on a system that is no Debian: it installs nothing, and says which libraries of
docs/LIBRARIES.md are missing or too old, and the least version of each."""

import os
import pathlib
import re
import subprocess
import tempfile

from tap import check, verdict

ROOT = pathlib.Path(__file__).resolve().parents[2]
LEAST = dict(re.findall(r"^\| [^|]+ \| `([^`]+)` \| ([0-9.]+) \|", (ROOT / "docs/LIBRARIES.md").read_text(), re.M))
# Knows the libraries of a file, "module version" a line.
PKG_CONFIG = """#!/usr/bin/python3
import sys
has = dict(line.split() for line in open(FILE))
number = lambda version: [int(part) for part in version.split(".")]
wanted = sys.argv[1].partition("=")[2] or "0"
sys.exit(0 if number(has.get(sys.argv[2], "-1")) >= number(wanted) else 1)
"""


def setup(folder, has):
    """Code and words of tools/setup where pkg-config knows these modules. apt would be seen."""
    (folder / "has").write_text("".join(f"{module} {version}\n" for module, version in has.items()))
    for name, text in {"pkg-config": PKG_CONFIG.replace("FILE", repr(str(folder / "has"))),
                       **{tool: "#!/bin/sh\necho APT\n" for tool in ("apt-get", "apt-cache", "sudo")},
                       **{tool: "#!/bin/sh\n" for tool in ("cc", "cmake", "ninja")}}.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    (folder / "os-release").write_text('ID=another\nVERSION_CODENAME=trixie\n')
    done = subprocess.run([ROOT / "tools/setup", "build"], capture_output=True, text=True, timeout=60,
                          env={**os.environ, "PATH": f"{folder}:/usr/bin:/bin", "OS_RELEASE": str(folder / "os-release")})
    return done.returncode, done.stdout + done.stderr


def listed(words):
    """The libraries that it asks for: module and least version."""
    return {module: least for least, module in re.findall(r"^  \S+ +(\S+) +as pkg-config calls it: (\S+)$", words, re.M)}


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        code, words = setup(folder, {})
        check("a system without the libraries is told all of them with their least versions",
              [] if (code, listed(words)) == (1, LEAST) and len(LEAST) == 14 else [words])
        check("and that cmocka builds the tests", [] if re.search("^  cmocka ", words, re.M) else [words])
        packages = re.findall(r"^build (?:lib(?!c6|cmocka)\S+|zlib1g)-dev ", (ROOT / "tools/setup").read_text(), re.M)
        check("on Debian it installs as many", [] if len(packages) == len(LEAST) else packages)
        check("apt is left alone", [] if "APT" not in words else [words])
        code, words = setup(folder, {**LEAST, "cmocka": "1.1.5", "libcares": "1.17.2"})
        check("of a library that is too old the same is said, and of no other",
              [] if (code, listed(words)) == (1, {"libcares": LEAST["libcares"]}) else [words])
        check("where all are there nothing is said", [] if setup(folder, {**LEAST, "cmocka": "1.1.5"}) == (0, "") else
              [str(setup(folder, {**LEAST, "cmocka": "1.1.5"}))])
    verdict()


main()
