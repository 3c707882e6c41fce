#!/usr/bin/python3
"""The plan as a person reads it: on a terminal of 80 and of 200 columns, in a pipe, for a large
fleet. Arguments: mailfrom, ses-sim. With a third one, "show", it prints what it saw."""

import fcntl
import os
import pty
import re
import struct
import sys
import termios

from rehearsal_room import TROUBLE, Room, check, verdict

ALIKE = {f"customer-{n:03}.example": {} for n in range(400)}
IDENTITIES = {
    "refused.example": {"verified": "PENDING"},
    "xn--bcher-kva.example": {},
    "moved.example": {"mail_from": "old.moved.example"},
    "leaver.example": {"mail_from": "old.leaver.example"},
    "late.example": {"late": True},
    **ALIKE,
}
COLOR = re.compile(r"\x1b\[[0-9;]*m")


def on_terminal(room, columns, *arguments):
    """What a terminal that wide is sent."""
    mine, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    process = room.start("plan", "fleet.yaml", "--progress", "none", *arguments, stdout=its, stderr=its)
    os.close(its)
    text = b""
    try:
        while piece := os.read(mine, 65536):
            text += piece
    except OSError:  # the other side is closed
        pass
    process.wait()
    os.close(mine)
    return text.decode().replace("\r\n", "\n")


def widest(text):
    """Commands that are printed to be pasted are not broken."""
    return max(len(line) for line in COLOR.sub("", text).split("\n") if ": mailfrom " not in line)


def warnings(text):
    return set(re.findall(r"^ +(warning [a-z-]+: .*)$", text, re.M))


def large_fleet():
    """3,000 identities in two Regions: most are refused, by four rules, for hundreds of reasons."""
    identities = {}
    for n in range(3000):
        name, region = f"n{n:04}.example", ("us-east-1", "eu-west-1")[n // 100 % 2]
        row = {"region": region}
        if n < 900:
            row["verified"] = "PENDING"
        elif n < 1400:
            row["receives"] = f"10 mx{n}.mail.example."
        elif n < 1500:
            row["receives"] = "10 mx.elsewhere.example."
        elif n < 2000:
            row["late"] = True
        elif n < 2300:
            row["mail_from"] = f"old.{name}"
        identities[name] = row
    return identities


def refused_rows_name_their_rule(mailfrom, ses_sim):
    fleet = large_fleet()
    with Room(mailfrom, ses_sim, fleet, rate=1000) as room:
        for name, row in fleet.items():
            if row.get("receives"):
                room.names.records[("bounce." + name, "MX")] = row["receives"]
        room.manifest("fleet.yaml", {name: {"region": row["region"]} for name, row in fleet.items()})
        text = room.ends("a plan of 3,000", TROUBLE, "plan", "fleet.yaml", "--progress", "none",
                         "--report", "html:plan.html", "--report", "markdown:plan.md")
        print(text if "show" in sys.argv else "", end="")
        check("fits two screens of 50 lines", text.count("\n") <= 100, text)
        rules = re.findall(r"^    ([a-z-]+) \((\d+)\): mailfrom explain \1$", text, re.M)
        check("refused rows stand by their rules, each with a count and its page",
              rules[:2] == [("identity-unverified", "900"), ("receives-mail", "600")], rules)
        check("equal sentences of two Regions are one, with a count",
              "... and 899 more like this one, default 2 Regions; --all shows them\n" in text, text)
        check("and what differs in a name only is counted", re.search(r"\.\.\. and \d+ more of \d+ other reasons?; --all", text),
              text)
        page = (room.path / "plan.html").read_text()
        reasons = page[page.index("by reason"):]
        check("the page folds likewise", ">900</td><td class=\"short\">default</td><td class=\"short\">2 Regions</td>"
              in reasons and "<b>identity-unverified</b>: " in reasons, reasons[:2000])
        check("and so does the comment", "<b>900</b> set <code>default</code> <code>2 Regions</code> "
              "<b>identity-unverified</b>" in (room.path / "plan.md").read_text(), (room.path / "plan.md").read_text()[:2000])
        text = room.ends("with --all", TROUBLE, "plan", "fleet.yaml", "--progress", "none", "--all")
        check("every row names its rule", text.count("\n        identity-unverified: identity ") == 900, text[:2000])


def main():
    with Room(*sys.argv[1:3], IDENTITIES) as room:
        wanted = {name: {} for name in IDENTITIES}
        wanted["leaver.example"] = {"mail_from": "default"}
        room.manifest("fleet.yaml", wanted)
        text = room.ends("a plan with a refused row ends with 3", TROUBLE, "plan", "fleet.yaml", "--progress", "none")
        order = [text.find(part) for part in ("  refused: ", "  change: ", "  clear: ", "  set once DNS", "  set: would get a custom MAIL FROM (401)")]
        check("risky ones come first, each section with its count", -1 not in order and order == sorted(order), text)
        check("a row has before, after, account, Region and line",
              "    moved.example  old.moved.example -> bounce.moved.example  default us-east-1  fleet.yaml:1\n" in text, text)
        check("an internationalized name is shown as people write it", "xn--bcher-kva.example (bücher.example)" in text)
        check("what is refused says why", "\n    identity-unverified (1): mailfrom explain identity-unverified\n" in text
              and "\n        identity refused.example is not verified" in text, text)
        check("what goes on in spite of a warning shows it", "warning overwrites-custom: " in text, text)
        check("rows that are alike are folded", "    ... and 398 more like these, default us-east-1; --all shows them\n"
              in text and text.count("\n") < 45, text)
        check("it ends with counts, call budget and earliest finish",
              "Plan: 403 would change, 1 would wait for DNS, 1 refused of 405 identities\n" in text
              and re.search(r"\nApply needs about 404 writes and \d+ reads; .*earliest finish is in ", text), text)
        check("and what holds that", re.search(r"\nIt is held by 404 calls of PutEmailIdentityMailFromAttributes in account default, "
                                               r"Region us-east-1, at \d+ a second\n", text), text)
        check("a pipe gets no colour and whole lines", "\x1b" not in text and widest(text) > 120)
        plain = warnings(text)
        text = room.ends("with --all", TROUBLE, "plan", "fleet.yaml", "--progress", "none", "--all")
        check("every row is shown", all(f"    {name}  (default) -> " in text for name in ALIKE) and "more like" not in text)
        check("and the warnings of a row stand below it",
              re.search(r"^    moved\.example  .*\n +warning overwrites-custom: ", text, re.M), text)
        every = warnings(text)
        check("--all and --verbose show the warnings that the plan shows", plain and plain <= every
              and plain <= warnings(room.ends("with --verbose", TROUBLE, "plan", "fleet.yaml", "--progress", "none",
                                              "--verbose")), plain, every)
        for columns in (80, 200):
            text = on_terminal(room, columns)
            check(f"{columns} columns are enough", widest(text) <= columns, text)
            check(f"there is colour at {columns}", "\x1b[31mrefused.example\x1b[0m" in text, text)
            if "show" in sys.argv:
                print(text)
        check("--no-color takes it away", "\x1b" not in on_terminal(room, 80, "--no-color"))
        os.environ["NO_COLOR"] = "1"
        check("and so does NO_COLOR", "\x1b" not in on_terminal(room, 80))
    refused_rows_name_their_rule(*sys.argv[1:3])
    verdict()


if __name__ == "__main__":
    main()
