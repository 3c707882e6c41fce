#!/usr/bin/python3
"""A fleet in which each state of DNS and of SES occurs once: what a plan says of rows that have
nothing to write, in every report and by its exit code. Knot DNS is asked as the authority, ses-sim
as SES. Arguments: mailfrom, ses-sim."""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

from knot_room import free_port, knot_conf, start, wait_until_it_serves
from rehearsal_room import DONE, STOPPED, TROUBLE, Room, check, verdict

REJECT = "REJECT_MESSAGE"
HOST = "10 feedback-smtp.us-east-1.amazonses.com."
SPF = '"v=spf1 include:amazonses.com ~all"'
MX, TXT = [f"MX {HOST}"], [f"TXT {SPF}"]

# name: (records at bounce.NAME, SES's status, what is said of the row; None: nothing is wrong)
AS_WANTED = {
    "well.test": (MX + TXT, "SUCCESS", None),
    "gone.test": ([], "SUCCESS", r"as wanted, but bounce\.gone\.test has no MX yet .*Publish 10 feedback-smtp"),
    "several.test": (MX + ["MX 20 mail.test."] + TXT, "SUCCESS", "as wanted, but .* (2 MX records|not an SES feedback host)"),
    "foreign.test": (["MX 10 mail.test."] + TXT, "SUCCESS", "as wanted, but .*not an SES feedback host"),
    "null.test": (["MX 0 ."] + TXT, "SUCCESS", "as wanted, but .*null MX"),
    "spf-gone.test": (MX, "SUCCESS", "as wanted, but .*no SPF record yet. Publish TXT"),
    "spf-several.test": (MX + TXT + ['TXT "v=spf1 -all"'], "SUCCESS", "as wanted, but .*2 SPF records"),
    "spf-syntax.test": (MX + ['TXT "v=spf1 include:amazonses.com foo:bar -all"'], "SUCCESS", "as wanted, but .*permanent error"),
    "spf-other.test": (MX + ['TXT "v=spf1 -all"'], "SUCCESS", "as wanted, but .*does not authorize Amazon SES"),
    "trouble.test": (["NS ns.trouble.test.", "lame"], "SUCCESS", r"as wanted, but DNS gives no verdict .*\(127\.0\.0\.2:\d+\): "),
    "busy.test": (MX + TXT, "PENDING", None),
    "nothing.test": ([], "PENDING", "set already; SES says PENDING; in DNS: .*no MX yet"),
    "suffix.test": (["MX 10 feedback-smtp.us-east-1.amazonaws.com."] + TXT, "PENDING", "PENDING; in DNS: .*amazonaws.com"),
    "pair.test": (MX + ["MX 10 feedback-smtp.eu-west-1.amazonses.com."] + TXT, "PENDING", "PENDING; in DNS: .*2 MX records"),
    "alias.test": (["CNAME mail.test."], "PENDING", "PENDING; in DNS: .*is a CNAME to mail.test"),
    "undefined.test": (["MX 10 feedback-smtp.undefined.amazonses.com."] + TXT, "PENDING",
                       "PENDING; in DNS: .*Did you mean feedback-smtp.us-east-1.amazonses.com"),
    "failing.test": ([], "TEMPORARY_FAILURE", "TEMPORARY_FAILURE: SES must see the MX again within 72 hours.*no MX yet"),
    "back.test": (MX + TXT, "TEMPORARY_FAILURE", "TEMPORARY_FAILURE: .* DNS shows its records as they should be"),
    "strict.example": (MX + TXT, "SUCCESS", None),
}
REJECTING = {"rejecting.test": (MX + TXT, "PENDING", "mail of rejecting.test is being rejected now: .*SES says PENDING")}
# Rows with a change: those of a wildcard wait, as absent names do.
NEW = {
    "new.test": (MX + TXT, "PLANNED", "planned"),
    "absent.test": ([], "", "waiting-dns"),
    "star-alias.test": (["*CNAME mail.test."], "", "waiting-dns"),
    "star-mx.test": (["*MX 10 mail.test."], "", "waiting-dns"),
    "star-half.test": (["*MX " + HOST], "", "waiting-dns"),
    "star-whole.test": (["*MX " + HOST, "*TXT " + SPF], "", "planned"),
    "slip.test": (["MX 10 feedback-smtp.us-east1.amazonses.com."] + TXT, "", "refused"),
    "failed.test": ([], "FAILED", "waiting-dns"),
}


def zone_lines(name, records):
    """Lines of the zone test. and those of zones of their own."""
    owner = name.removesuffix(".test")
    lines = []
    for record in records:
        if record == "lame":
            lines.append(f"ns.{owner} A 127.0.0.2")
        elif record.startswith("NS"):
            lines.append(f"{owner} {record}")
        else:
            lines.append(f"*.{owner} {record[1:]}" if record.startswith("*") else f"bounce.{owner} {record}")
    return "".join(line + "\n" for line in lines)


def zones():
    rows = {name: row[0] for group in (AS_WANTED, REJECTING, NEW) for name, row in group.items()}
    strict = "".join(f"bounce {r}\n" for r in rows.pop("strict.example"))
    return {"test": "mail A 192.0.2.1\n" + "".join(zone_lines(n, r) for n, r in rows.items()),
            "strict.example": strict + '_dmarc TXT "v=DMARC1; p=reject; aspf=s"\n',
            "amazonses.com": '@ TXT "v=spf1 ip4:199.255.192.0/22 -all"\n'}


class Standing(Room):
    """The names are Knot's, and every server of theirs is asked."""

    port = 0

    def command(self, verb, *arguments):
        silent = ("report", "status", "explain", "check")
        command = [self.mailfrom, verb, *map(str, arguments)]
        if verb in silent:
            return command
        dns = ["--dns", "authority", "--resolver", f"127.0.0.1:{self.port}", "--authority-port", self.port]
        return [*command, *map(str, dns)] + ([] if verb == "records" else ["--rate", str(self.rate)])


def identities():
    rows = {}
    for name, (_, status, _) in {**AS_WANTED, **REJECTING}.items():
        rows[name] = {"mail_from": f"bounce.{name}", "status": status}
    rows["rejecting.test"]["behavior"] = REJECT
    for name, (_, status, _) in NEW.items():
        rows[name] = {"mail_from": f"bounce.{name}", "status": status} if status == "FAILED" else {}
    return rows


def rows_are_judged(room):
    room.manifest("standing.yaml", {name: {} for name in AS_WANTED} | {"rejecting.test": {"behavior_on_mx_failure": REJECT}})
    reports = [f"--report={kind}:out.{kind}" for kind in ("json", "csv", "markdown", "html", "junit")]
    text = room.ends("a fleet that is as wanted, but ill, ends a plan with 3", TROUBLE, "plan", "standing.yaml", *reports)
    report = json.loads((room.path / "out.json").read_text())
    rows = {row["identity"]: row for row in report["identities"]}
    ill = [name for name, row in AS_WANTED.items() if row[2]]
    for name, (_, status, said) in AS_WANTED.items():
        wanted = "unchanged" if status == "SUCCESS" else "pending"
        check(f"{name} is {wanted}" + (", but" if said else ""), rows[name]["outcome"] == wanted
              and (not said or re.search(said, rows[name]["reason"])), rows[name])
    summary = report["summary"]
    check("they are counted", (summary["as_wanted_but"], summary["rejecting_mail"], summary["attention"])
          == (len(ill), 1, len(ill) + 1), summary)
    said = REJECTING["rejecting.test"][2]
    markdown, html = ((room.path / f"out.{kind}").read_text() for kind in ("markdown", "html"))
    for kind, page, first, second in (("text", text, "\n  mail is being rejected now (1)", f"\n  as wanted, but ... ({len(ill)})"),
                                      ("Markdown", markdown, "### Mail is being rejected now (1)", f"### As wanted, but ... ({len(ill)})"),
                                      ("HTML", html, "<h2>Mail is being rejected now</h2>", "<h2>As wanted, but ...</h2>")):
        sections = [m.start() for m in re.finditer(r"\n  [a-z][^\n]* \(\d+\)\n|\n### |<h2>", page)]
        check(f"{kind} begins with the mail that is rejected", first in page and page.find(first) <= sections[0] + 1
              and re.search(said, page.replace("\n", " ").replace("        ", "")), page[:3000])
        check(f"{kind} has a section for what is as wanted, but", second in page, page[:6000])
        check(f"{kind} names each of them", all(name in page[page.find(second):] for name in ill[:10]), page[:9000])
    suite = xml.parse(room.path / "out.junit").getroot().find("testsuite")
    failures = {case.get("name"): case.find("failure") for case in suite.iter("testcase")}
    failed = {name: failure.get("type") for name, failure in failures.items() if failure is not None}
    check("JUnit fails them", failed == {**{name: "as-wanted-but" for name in ill}, "rejecting.test": "rejects-mail"}
          and suite.get("failures") == str(len(failed)), failed, suite.attrib)
    check("and says why", re.search(said, failures["rejecting.test"].get("message"))
          and all(re.search(AS_WANTED[name][2], failures[name].get("message")) for name in ill))
    strict = [f["rule"] for f in rows["strict.example"]["findings"]]
    check("aspf=s is seen although a name above cannot be looked up", "dmarc-strict-spf" in strict and "dns-trouble" not in strict, strict)
    room.ends("--detailed-exitcode ends with 3 then, not with 0", TROUBLE, "plan", "standing.yaml", "--detailed-exitcode", "--quiet")
    room.manifest("well.yaml", {"well.test": {}, "strict.example": {}})
    text = room.ends("what is well ends with 0", DONE, "plan", "well.yaml", "--detailed-exitcode")
    check("and has no such section", "but ..." not in text and "rejected" not in text, text)
    room.manifest("accepted.yaml", {"rejecting.test": {"behavior_on_mx_failure": REJECT, "accept": ["rejects-mail"]},
                                    "spf-gone.test": {"accept": ["spf-missing"]}})
    room.ends("what is accepted is a note", DONE, "plan", "accepted.yaml", "--detailed-exitcode")


def wildcards_hinder_nobody(room):
    room.manifest("new.yaml", {name: {} for name in NEW})
    room.ends("a fleet with changes is planned", TROUBLE, "plan", "new.yaml", "--report", "json:new.json")
    rows = {row["identity"]: row for row in json.loads((room.path / "new.json").read_text())["identities"]}
    wrong = {name: rows[name] for name, row in NEW.items() if rows[name]["outcome"] != row[2]}
    check("what stands under a wildcard waits as an absent name does", not wrong, wrong)
    warned = {name for name, row in rows.items() if "wildcard-answer" in [f["rule"] for f in row["findings"]]}
    check("and is warned of it", warned == {name for name in NEW if name.startswith("star")}, warned)
    check("an impossible Region is refused, with the host that was meant", "Did you mean feedback-smtp.us-east-1.amazonses.com"
          in rows["slip.test"]["reason"], rows["slip.test"])
    room.ends("the records that are missing are written", DONE, "records", "new.yaml", "--missing", "--format", "csv", "--out", "missing.csv")
    lines = (room.path / "missing.csv").read_text()
    for name in ("star-alias.test", "star-mx.test", "star-half.test", "absent.test", "failed.test"):
        both = re.findall(rf"^[^\n]*bounce\.{re.escape(name)}\.?,[^\n]*$", lines, re.M)
        check(f"MX and TXT of {name} are among them", len(both) == 2, lines)
    check("those of a wildcard that serves are not", "star-whole" not in lines, lines)
    check("the slip is replaced", "bounce.slip.test" in lines and "us-east1." not in re.sub(r'"[^"]*"', "", lines).split("slip.test")[0], lines)


def a_run_says_so_too(room):
    room.ends("apply has nothing to write and goes on", STOPPED, "apply", "standing.yaml", "--yes", "--no-wait")
    check("nothing was written", not room.writes(), room.writes())
    text = room.run("status", 1, "--verbose").stdout_text
    ill = [name for name, row in AS_WANTED.items() if row[2]]
    check("status begins with the mail that is rejected", "\nMail is being rejected now (1):\n  rejecting.test  mail of" in text
          and text.index("Mail is being") < text.index("Started"), text)
    check("and shows what is as wanted, but", f"\nAs wanted, but ... ({len(ill)}):\n" in text
          and all(re.search(rf"\n  {re.escape(name)}  ", text[text.index("As wanted, but"):]) for name in ill), text)


def main():
    with tempfile.TemporaryDirectory() as folder:
        path, port = pathlib.Path(folder), free_port()
        path.chmod(0o755)
        knot = start(["knotd", "-c", knot_conf(path, port, zones())], path)
        try:
            wait_until_it_serves(port, "test")
            with Standing(*sys.argv[1:3], identities(), sim=["--detect-after", "250000"]) as room:
                room.port = port
                rows_are_judged(room)
                wildcards_hinder_nobody(room)
                a_run_says_so_too(room)
        finally:
            knot.terminate()
            knot.wait()
    verdict()


if __name__ == "__main__":
    main()
