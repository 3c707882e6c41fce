#!/usr/bin/python3
"""Inquiries of a real Knot DNS on loopback that plays resolver and authority: what was found must be
what the zones hold. Argument: the inquiry_driver program."""

import os
import pathlib
import subprocess
import sys
import tempfile

from knot_room import free_port, knot_conf, start, wait_until_it_serves

SES = "feedback-smtp.us-east-1.amazonses.com"
ZONES = {
    "d1.test": f"""
good MX 10 {SES}.
good TXT "v=spf1 " "include:amazonses.com ~all"
foreign MX 10 mail.example.net.
doubled MX 10 {SES}
alias CNAME good
*.wild MX 10 {SES}.
*.text TXT "v=spf1 -all"
null MX 0 .
two MX 10 {SES}.
two MX 20 mail.example.net.
cut NS ns.cut
ns.cut A 127.0.0.1
lame NS ns.lame
ns.lame A 127.0.0.1
""",
    "cut.d1.test": f"""
@ MX 10 {SES}.
@ TXT "v=spf1 include:amazonses.com ~all"
""",
}
# mode, name, MX, TXT, values, CNAME, zone, wildcard, part of the trouble
WANT = [
    ("recursive", "good.d1.test", "found", "found", f"10 {SES}", "", "", "", ""),
    ("authority", "good.d1.test", "found", "found", f"10 {SES}", "", "d1.test", "", ""),
    ("authority", "foreign.d1.test", "found", "nodata", "10 mail.example.net", "", "d1.test", "", ""),
    ("authority", "doubled.d1.test", "found", "nodata", f"10 {SES}.d1.test", "", "d1.test", "", ""),
    ("recursive", "alias.d1.test", "found", "found", f"10 {SES}", "good.d1.test", "", "", ""),
    ("authority", "alias.d1.test", "found", "found", f"10 {SES}", "good.d1.test", "d1.test", "", ""),
    ("authority", "x.wild.d1.test", "found", "nodata", f"10 {SES}", "", "d1.test", "wildcard", ""),
    ("authority", "x.text.d1.test", "nodata", "found", "", "", "d1.test", "wildcard", ""),
    ("authority", "null.d1.test", "found", "nodata", "0 ", "", "d1.test", "", ""),
    ("authority", "two.d1.test", "found", "nodata", f"10 {SES}, 20 mail.example.net", "", "d1.test", "", ""),
    ("recursive", "none.d1.test", "nxdomain", "nxdomain", "", "", "", "", ""),
    ("authority", "none.d1.test", "nxdomain", "nxdomain", "", "", "d1.test", "", ""),
    ("authority", "a.b.c.d1.test", "nxdomain", "nxdomain", "", "", "d1.test", "", ""),
    ("authority", "cut.d1.test", "found", "found", f"10 {SES}", "", "d1.test", "", ""),
    ("authority", "b.cut.d1.test", "nxdomain", "nxdomain", "", "", "cut.d1.test", "", ""),
    ("recursive", "b.lame.d1.test", "trouble", "trouble", "", "", "", "", "refers to other servers"),
    ("authority", "b.lame.d1.test", "trouble", "trouble", "", "", "lame.d1.test", "", "ns.lame.d1.test"),
    ("authority", "x.unknown.example", "trouble", "trouble", "", "", "", "", "resolver: REFUSED"),
]


def inquire(driver, port, names):
    return subprocess.run([driver, str(port), *names], capture_output=True, text=True, check=True).stdout


def matches(want, got):
    return got is not None and tuple(got[:8]) == want[:8] and want[8] in got[8]


def main():
    driver, port, failed = sys.argv[1], free_port(), 0
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        folder = pathlib.Path(name)
        knot = start(["knotd", "-c", knot_conf(folder, port, ZONES)], folder)
        try:
            wait_until_it_serves(port, "d1.test")
            names = sorted({w[1] for w in WANT})
            rows = [line.split("\t") for line in inquire(driver, port, names).splitlines()]
            found = {(row[0], row[1]): row for row in rows}
        finally:
            knot.terminate()
            knot.wait()
    for number, want in enumerate(WANT, 1):
        got = found.get(want[:2])
        good = matches(want, got)
        print(("ok" if good else "not ok") + f" {number} - {want[1]}, {want[0]}")
        if not good:
            print(f"# want {want}\n# got  {got}")
        failed += not good
    return 1 if failed else 0


sys.exit(main())
