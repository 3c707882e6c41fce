#!/usr/bin/python3
"""Any manifest of up to 1 MiB is accepted or refused within a second of processor time and 64 MB.

Usage: manifest_bombs.py MAILFROM CORPUS. What is given to `mailfrom check`: bombs made of one piece, every
input that the fuzzers keep, repeated to 1 MiB, as manifest and as CSV, and soups of YAML's own signs and of
any bytes, by seed. The kernel keeps count: the program is ended beyond 2 s, and what it took is compared.

The bounds are the shipped program's. One with a sanitizer in it keeps freed memory back and is several times
slower, so of that only its answers are looked at."""

import pathlib
import random
import resource
import subprocess
import sys
import tempfile
import os
import unittest

MAILFROM, CORPUS = sys.argv[1], pathlib.Path(sys.argv[2])
SIZE = 1 << 20
SECONDS_MAX, CPU_MAX, KB_MAX = 1.0, 2, 64 << 10
IS_SANITIZED = any(word in pathlib.Path(MAILFROM).read_bytes() for word in (b"__asan_init", b"__tsan_init"))
if IS_SANITIZED:
    CPU_MAX = 60
SEED, SOUPS = 20261126, 15
TOP = b"version: 1\ndefaults: {region: us-east-1, mail_from: default}\n"
PIECES = [b"[", b"{a: ", b"{", b"- ", b"? ", b"-\n", b"a: ", b"a:\n ", b"&a ", b"*a,", b"!t x,", b"---\n", b"...\n",
          b"%YAML 1.1\n", b"# x\n", b"\n", b"\t", b" ", b"|\n", b">\n a\n", b"'", b'"', b'"\\x41"', b"a", b"a b ",
          b"- a.example\n", b"- {identity: a.example, region: eu-west-1}\n", b"waves: [1]\n", b"\xc3\xbc", b"\xff", b"\0",
          b"<<: *a\n", b"- &a [*a]\n", b"include: x\n", b"- '*'\n", b"[]", b"{}", b",", b":", b"a,", b"[a]: b\n", b"? [",
          b"- - ", b"\r", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"@", b"`", b"%", b"- |2-\n", b"'' "]
WORDS = [p for p in PIECES if len(p) < 12] + [b"identities:\n", b"  - ", b"defaults: ", b"accounts:\n", b"region: ",
                                              b"us-east-1", b"mail_from: ", b"b.{domain}", b"version: 1\n", b"]", b"}"]
MANIFEST_OF_CSV = TOP + b"identities_from: fleet.csv\n"


class Bombs(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def check(self, what, name, content):
        path = pathlib.Path(self.folder.name)
        (path / name).write_bytes(content[:SIZE])
        if name == "fleet.csv":
            (path / "fleet.yaml").write_bytes(MANIFEST_OF_CSV)
        program = subprocess.Popen([MAILFROM, "check", str(path / "fleet.yaml")], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (CPU_MAX, CPU_MAX)))
        _, status, used = os.wait4(program.pid, 0)
        program.returncode = os.waitstatus_to_exitcode(status)
        self.assertIn(program.returncode, (0, 1, 3), what)
        if IS_SANITIZED:
            return
        self.assertLessEqual(used.ru_utime + used.ru_stime, SECONDS_MAX, what)
        self.assertLessEqual(used.ru_maxrss, KB_MAX, what)

    def repeated(self, name, contents):
        for what, content in contents:
            if content:
                self.check(f"{what} to 1 MiB", name, content * (SIZE // len(content) + 1))

    def test_a_piece_repeated_is_no_bomb(self):
        for head in (b"", TOP + b"identities: ", TOP + b"identities:\n  - "):
            for piece in PIECES:
                self.check(f"{head} {piece}", "fleet.yaml", head + piece * (SIZE // len(piece)))

    def test_what_the_fuzzers_keep_is_no_bomb_when_repeated(self):
        self.repeated("fleet.yaml", [(p.name, p.read_bytes()) for p in sorted((CORPUS / "manifest").iterdir())])
        self.repeated("fleet.csv", [(p.name, p.read_bytes()) for p in sorted((CORPUS / "csv_import").iterdir())])

    def test_soups_are_no_bombs(self):
        for number in range(SOUPS):
            dice = random.Random(SEED + number)
            words = dice.sample(WORDS, dice.randint(2, 12))
            soup = b"".join(dice.choices(words, k=SIZE // 2))
            self.check(f"soup {number} of {words}", "fleet.yaml", (TOP if number % 2 else b"") + soup)
            self.check(f"bytes {number}", "fleet.yaml", dice.randbytes(SIZE))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
