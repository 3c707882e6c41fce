#!/usr/bin/python3
"""discover: what lives in SES becomes a manifest in which plan finds nothing to change, or one that
proposes a migration and nothing else. Arguments: mailfrom, ses-sim."""

import collections
import csv
import errno
import io
import json
import os
import pathlib
import re
import shutil
import signal
import stat
import sys
import tempfile

import yaml

from timeouts import leaks_unwatched, patient
from rehearsal_room import CANNOT_RUN, DONE, STOPPED, TROUBLE, Room, check, until, verdict

ONE, TWO = "111122223333", "444455556666"
KEYS = {ONE: ("AKIDONE", "secretone"), TWO: ("AKIDTWO", "secrettwo")}
REJECT = "REJECT_MESSAGE"

# (account, Region, identity): columns of ses-sim's table
WORLD = {
    (ONE, "us-east-1", "plain.example"): {"tags": "team=shop"},
    (ONE, "us-east-1", "custom.example"): {"mail_from": "em.custom.example", "forwarding": "false",
                                           "tags": "team=shop;stage=prod"},
    (ONE, "us-east-1", "strict.example"): {"mail_from": "em.strict.example", "behavior": REJECT},
    (ONE, "us-east-1", "pending.example"): {"mail_from": "bounce.pending.example", "status": "PENDING"},
    (ONE, "us-east-1", "failed.example"): {"mail_from": "em.failed.example", "status": "FAILED"},
    (ONE, "us-east-1", "new.example"): {"verified": "PENDING"},
    (ONE, "us-east-1", "Clerk@plain.example"): {},
    (ONE, "eu-west-1", "plain.example"): {"mail_from": "bounce.plain.example"},
    (ONE, "eu-west-1", "news.example"): {},
    (TWO, "us-east-1", "shop.example"): {},
    (TWO, "eu-west-1", "shop.example"): {"mail_from": "em.shop.example", "status": "TEMPORARY_FAILURE"},
}
HOSTILE = ["no", "on", "null", "1e3.example", "0x10", "2026-11-26", "a", '"x y"@quoted.example', "-dash@a.example",
           "*star@a.example", "&anchor@a.example", "!tag@a.example", "%percent@a.example", "=cmd|x!A1@a.example",
           "+plus@a.example", "#hash@a.example", "a#b@a.example", "o'brien@a.example", "{domain}@a.example",
           '"a,b"@a.example', "back\\slash@a.example", "xn--bcher-kva.example", "~", "<<@a.example", "key:@a.example"]


class Accounts(Room):
    """A room with several accounts, a profile for each, and one whose keys nobody knows."""

    def __init__(self, mailfrom, ses_sim, world, sim=(), rate=200):
        self.world, self.keys = world, tempfile.TemporaryDirectory()
        keys = pathlib.Path(self.keys.name) / "keys.csv"
        keys.write_text("account,access_key_id,secret_access_key,session_token\n"
                        + "".join(f"{account},{id},{secret},\n" for account, (id, secret) in KEYS.items()))
        names = {name: row for (_, _, name), row in world.items()}
        super().__init__(mailfrom, ses_sim, names, ["--credentials", keys, *sim], rate)
        for row in world.values():  # what is not SUCCESS stays so
            if row.get("status"):
                self.names.records.pop((row["mail_from"], "MX"), None)
        (self.path / ".aws").mkdir()
        (self.path / ".aws/credentials").write_text("".join(
            f"[{name}]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n"
            for name, (id, secret) in {"one": KEYS[ONE], "two": KEYS[TWO], "again": KEYS[TWO],
                                       "nobody": ("AKIDNOBODY", "x")}.items()))

    def __exit__(self, *failure):
        super().__exit__(*failure)
        self.keys.cleanup()

    def environment(self):
        return {k: v for k, v in super().environment().items() if not k.startswith("AWS_") or "KEY" not in k}

    def write_table(self):
        columns = "account region identity type verified mail_from behavior status forwarding tags".split()
        with open(self.path / "identities.csv", "w", newline="") as table:
            writer = csv.DictWriter(table, columns)
            writer.writeheader()
            for (account, region, name), row in self.world.items():
                status = "SUCCESS" if row.get("mail_from") else ""
                writer.writerow({"account": account, "region": region, "identity": name, "status": status, **row})

    def discover(self, title, code, *arguments):
        """Standard output of a discover that ends with this code; its standard error is kept."""
        self.log.write_text("")
        process = self.run("discover", *arguments)
        self.told = process.stderr_text
        check(title, process.returncode == code, f"exit code {process.returncode}", process.stderr_text)
        return process.stdout_text

    def plan(self, *manifests):
        """{(account, Region, identity): row} of a plan, and its exit code."""
        process = self.run("plan", *manifests, "--report", "json:-", "--quiet")
        rows = json.loads(process.stdout_text)["identities"] if process.stdout_text.startswith("{") else []
        if not rows:
            print("#", process.stderr_text)
        return {(r["account"], r["region"], r["identity"]): r for r in rows}, process.returncode

    def counted(self):
        return collections.Counter(call["action"] for call in self.calls())


BOTH = ("--profile", "one,two", "--regions", "us-east-1,eu-west-1")


def as_profile(world):
    return {({ONE: "one", TWO: "two"}[account], region, name): row for (account, region, name), row in world.items()}


def entries(text):
    """{(account, Region, identity): entry} of a manifest that names both with each identity."""
    rows = [row if isinstance(row, dict) else {"identity": row} for row in yaml.safe_load(text)["identities"]]
    return {(row.get("account"), row.get("region"), row["identity"]): row for row in rows}


def round_trip(room):
    first = room.discover("two accounts in two Regions are listed", DONE, *BOTH, "--out", "all.yaml")
    check("nothing but the manifest is written where --out is given", first == "")
    text = (room.path / "all.yaml").read_text()
    check("the file has the rights of any file", stat.S_IMODE((room.path / "all.yaml").stat().st_mode) & 0o600 == 0o600)
    check("and nothing lies beside it", not list(room.path.glob("*.mailfrom-part*")), list(room.path.iterdir()))
    calls = room.counted()
    check("a listing, four reads and two questions for each account and Region, and who is asking for each account", calls ==
          {"GetCallerIdentity": 2, "ListIdentities": 4, "ListMultiRegionEndpoints": 4, "GetAccount": 4, "GetIdentityVerificationAttributes": 4,
           "GetIdentityMailFromDomainAttributes": 4, "GetIdentityNotificationAttributes": 4, "GetIdentityDkimAttributes": 4}, calls)
    check("the summary has a line for each of them", re.search(r"^one +us-east-1 +7 +6 +6 +4 \(1 PENDING, 1 FAILED\)$",
          room.told, re.M) and re.search(r"^two +eu-west-1 +1 +1 +1 +1 \(1 TEMPORARY_FAILURE\)$", room.told, re.M), room.told)
    check("and one for all together", re.search(r"^total +11 +10 +10 +6 \(", room.told, re.M), room.told)
    manifest = yaml.safe_load(text)
    check("the accounts' numbers are there as guards", {n: a["account_id"] for n, a in manifest["accounts"].items()}
          == {"one": ONE, "two": TWO}, text)
    left = {("one", "us-east-1", "new.example"), ("one", "us-east-1", "failed.example")}
    check("every identity is an entry, but for one that is not verified and one that FAILED",
          set(entries(text)) == set(as_profile(WORLD)) - left, text)
    check("what is as usual has no comment", "SUCCESS" not in text and text.count("feedback forwarding off") == 1, text)
    check("those are comments, with the reason", "# - {identity: new.example" in text and "# not verified: PENDING" in text
          and re.search(r"# - {identity: failed.example.*FAILED", text), text)
    room.ends("check accepts it", DONE, "check", "all.yaml")
    rows, code = room.plan("all.yaml")
    check("plan finds nothing to change, and two that are not well", code == TROUBLE and len(rows) == 9 and
          all(r["action"] == "none" and r["outcome"] in ("unchanged", "pending") for r in rows.values()), code,
          *((k, r["action"], r["outcome"], r["reason"]) for k, r in rows.items()))
    again = room.discover("it is listed again", DONE, *BOTH)
    check("byte for byte the same", again == text)
    check("no call was a write", not room.writes())
    room.discover("the Regions come in the order asked for", DONE, "--profile", "two,one", "--regions", "eu-west-1,us-east-1",
                  "--format", "json", "--out", "order.json")
    lanes = [(lane["account"], lane["region"]) for lane in json.loads((room.path / "order.json").read_text())["lanes"]]
    check("and so do the accounts", lanes == [(a, r) for a in ("two", "one") for r in ("eu-west-1", "us-east-1")], lanes)


def proposals(room):
    room.discover("a migration is proposed", DONE, *BOTH, "--mail-from", "bounce.{domain}", "--out", "propose.yaml")
    text = (room.path / "propose.yaml").read_text()
    rows, code = room.plan("propose.yaml")
    changes = {key: (r["action"], r["mail_from_after"]) for key, r in rows.items() if r["action"] != "none"}
    wanted = {("one", "us-east-1", "plain.example"): ("set", "bounce.plain.example"),
              ("one", "us-east-1", "Clerk@plain.example"): ("set", "bounce.plain.example"),
              ("one", "us-east-1", "failed.example"): ("restart", "em.failed.example"),
              ("one", "eu-west-1", "news.example"): ("set", "bounce.news.example"),
              ("two", "us-east-1", "shop.example"): ("set", "bounce.shop.example")}
    check("plan shows exactly the proposals", changes == wanted and code == TROUBLE, changes, text)
    check("a FAILED one keeps its name and is started again", "FAILED: apply starts its set-up again" in text, text)
    check("the summary counts them", "Proposed: 5 of 10" in room.told, room.told)

    room.discover("custom ones are proposed too with --replace", DONE, *BOTH, "--mail-from", "bounce.{domain}",
                  "--replace", "--out", "replace.yaml")
    rows, _ = room.plan("replace.yaml")
    changes = {key[1:] for key, r in rows.items() if r["action"] != "none"}
    check("plan shows them, and not those that have that very name", changes == {
        ("us-east-1", "plain.example"), ("us-east-1", "Clerk@plain.example"), ("us-east-1", "custom.example"),
        ("us-east-1", "strict.example"), ("us-east-1", "failed.example"), ("eu-west-1", "news.example"),
        ("us-east-1", "shop.example"), ("eu-west-1", "shop.example")}, changes)
    strict = rows[("one", "us-east-1", "strict.example")]
    check("a replaced one keeps its behaviour", strict["behavior_after"] == REJECT, strict)
    check("and what it has now stands beside it", "# now em.strict.example\n" in (room.path / "replace.yaml").read_text())

    for wrong, why in [(["--mail-from", "bounce.{domian}"], "takes a name"), (["--mail-from", "a b"], "takes a name"),
                       (["--mail-from", "bounce.example"], "below the identity's domain"), (["--mail-from", ".{domain}"], "such as bounce."),
                       (["--out", "."], "--out .: is a directory"),
                       (["--replace"], "needs --mail-from"), (["--regions", "moon"], "expected one such as us-east-1"), (["--regions", "us-esat-1"], "did you mean us-east-1"),
                       (["--all-profiles"], "needs neither --profile"),
                       (["fleet.yaml"], "--manifest FILE"), (["--tag", "=x"], "--tag takes KEY"), (["--profile", ",one"], "found an empty name")]:
        text = room.ends(f"{' '.join(wrong)} is refused", CANNOT_RUN, "discover",
                         *([] if "--profile" in wrong else ["--profile", "one"]), *wrong)
        check("and the sentence says why", why in text, text)


def selection(room):
    def names(*arguments):
        text = room.discover(f"discover {' '.join(arguments)}", DONE, *BOTH, *arguments)
        return {key[2] for key in entries(text)}

    check("by pattern, in any case, several are any of them", names("--only", "PLAIN.*", "--only", "*@*") ==
          {"plain.example", "Clerk@plain.example"})
    check("without what is excluded", names("--only", "*plain.example", "--exclude", "*@*") == {"plain.example"})
    check("only what is selected was read", room.counted()["GetIdentityMailFromDomainAttributes"] == 2, room.counted())
    check("by tag", names("--tag", "team=shop") == {"plain.example", "custom.example"})
    calls = room.counted()
    check("at a call for each identity, and no batched read", calls["GetEmailIdentity"] == len(WORLD) and
          calls["GetIdentityMailFromDomainAttributes"] == 0, calls)
    check("which is said before", room.told.index("7 calls of GetEmailIdentity, about") < room.told.index("identities  verified"),
          room.told)
    check("by a tag whatever its value, and by two tags together", names("--tag", "stage", "--tag", "team=shop") ==
          {"custom.example"})
    check("a pattern first makes it cheap", names("--tag", "team", "--only", "custom.*") == {"custom.example"} and
          room.counted()["GetEmailIdentity"] == 1, room.counted())
    check("the first ones, of all lanes together", names("--limit", "3") == {"Clerk@plain.example", "custom.example"})
    check("of one account", {key[0] for key in entries(room.discover("by account", DONE, *BOTH, "--account", "two"))} <= {"two", None}
          and "AKIDONE" not in str(room.calls()), room.calls())
    text = room.discover("a pattern that fits nothing is said", DONE, *BOTH, "--only", "nobody.*", "--only", "plain.*")
    check("with its words", "--only nobody.* fits no identity" in room.told, room.told)
    room.discover("so is one that leaves out nothing", DONE, *BOTH, "--exclude", "nobody.*")
    check("with its words too", "--exclude nobody.* fits no identity" in room.told, room.told)
    room.discover("nothing at all is no manifest", CANNOT_RUN, *BOTH, "--only", "nobody.*")
    check("and of how many", "leave none of the 11 identities" in room.told, room.told)
    once = room.discover("profiles and Regions add up", DONE, *BOTH)
    check("however they are given", once == room.discover("one by one", DONE, "--profile", "one", "--profile", "two", "--regions",
                                                           "us-east-1", "--region", "eu-west-1"))
    text = room.discover("every profile, one of which nobody knows", TROUBLE, "--all-profiles", "--regions", "us-east-1")
    check("two of them lead to one account", set(yaml.safe_load(text)["accounts"]) >= {"one", "two"} and "account of another profile" in room.told,
          text, room.told)
    text = room.discover("every Region", DONE, "--profile", "one", "--regions", "all")
    check("those without any are counted", re.search(r"^No identities in \d\d other pairs", room.told, re.M) and
          yaml.safe_load(text)["accounts"]["one"]["regions"] == ["eu-west-1", "us-east-1"], text, room.told)
    check("is asked, and those with identities are there", {key[1] for key in entries(text)} == {"us-east-1", "eu-west-1"}
          and len({c["region"] for c in room.calls() if c["action"] == "ListIdentities"}) > 20, text, room.told)
    room.discover("by version 2 alone", DONE, *BOTH, "--read-api", "v2", "--out", "v2.yaml")
    check("one by one, the result is the same", (room.path / "v2.yaml").read_text() == (room.path / "all.yaml").read_text() and
          not [a for a in room.counted() if "Attributes" in a or a == "ListIdentities"], room.counted())


def formats(room):
    room.discover("rows for identities_from", DONE, *BOTH, "--format", "csv", "--out", "rows.csv")
    accounts = {"one": {"profile": "one"}, "two": {"profile": "two"}}
    (room.path / "of-csv.yaml").write_text(json.dumps({"version": 1, "accounts": accounts, "identities_from": "rows.csv"}))
    room.ends("check accepts them", DONE, "check", "of-csv.yaml")
    rows, code = room.plan("of-csv.yaml")
    check("plan finds nothing to change in them", code == TROUBLE and len(rows) == 9 and
          all(r["action"] == "none" for r in rows.values()), rows)
    for dialect, separator in (("excel", "semicolon"), ("excel", "tab"), ("rfc4180", "semicolon")):
        room.discover(f"for spreadsheets, {dialect} with {separator}", DONE, *BOTH, "--format", "csv", "--csv-dialect", dialect,
                      "--csv-separator", separator, "--out", "rows.csv", "--force")
        written = (room.path / "rows.csv").read_bytes()
        check("it has its mark and its separator", written.startswith(b"\xef\xbb\xbf") == (dialect == "excel") and
              list(csv.reader(io.StringIO(written.decode("utf-8-sig")), delimiter={"semicolon": ";", "tab": "\t"}[separator]))[0][:2]
              == ["identity", "account"], written)
        again, code = room.plan("of-csv.yaml")
        check("identities_from reads it all the same", code == TROUBLE and again.keys() == rows.keys(), again)
    text = room.discover("all that is known, as JSON", DONE, *BOTH, "--format", "json", "--tag", "team")
    known = json.loads(text)
    check("JSON has the facts of an identity", [{**i, "account_id": None} for i in known["identities"]][0] ==
          {"identity": "custom.example", "account": "one", "account_id": None, "region": "us-east-1",
           "identity_type": "DOMAIN", "verification": "SUCCESS", "mail_from": "em.custom.example",
           "mail_from_status": "SUCCESS", "behavior_on_mx_failure": "USE_DEFAULT_VALUE", "feedback_forwarding": False,
           "dkim": "SUCCESS", "dmarc_ready": "dkim, not known dns", "tags": {"team": "shop", "stage": "prod"}, "left_out": None}, text)
    room.ends("a file that is there is not overwritten", CANNOT_RUN, "discover", *BOTH, "--out", "rows.csv")
    check("before any call is made", not room.calls() or room.counted()["ListIdentities"] == 4, room.counted())
    room.ends("but with --force", DONE, "discover", *BOTH, "--out", "rows.csv", "--force")
    text = room.ends("a folder that is not there is told before", CANNOT_RUN, "discover", *BOTH, "--out", "no/where.yaml")
    check("with its reason", f"--out no/where.yaml: {os.strerror(errno.ENOENT)}" in text, text)


def refusals(room):
    room.discover("an account that is refused does not stop the others", TROUBLE, "--profile", "one,nobody,two", "--regions",
                  "us-east-1", "--out", "some.yaml")
    check("it is said, with SES's reason", "account nobody, Region us-east-1 could not be read, and is left out: "
          "GetCallerIdentity: InvalidClientTokenId" in room.told, room.told)
    text = (room.path / "some.yaml").read_text()
    check("the others are there", {key[0] for key in entries(text)} == {"one", "two"} and "nobody, Region us-east-1: could not be read"
          in text, text)
    room.ends("check accepts what is there", DONE, "check", "some.yaml")
    text = room.discover("nor does a profile that is not there", TROUBLE, "--profile", "one,gone", "--regions", "us-east-1")
    check("its reason is where it was looked for", "account gone, Region us-east-1 could not be read, and is left out: "
          'profile "gone" is neither in' in room.told and len(entries(text)) == 5, room.told, text)
    room.discover("with nothing to read there is no manifest", CANNOT_RUN, "--profile", "nobody", "--regions", "us-east-1",
                  "--out", "none.yaml")
    check("and no file", not (room.path / "none.yaml").exists())
    text = room.discover("two profiles of one account", DONE, "--profile", "two,again", "--regions", "us-east-1")
    check("list it once, and say so", len(entries(text)) == 1 and "again" not in yaml.safe_load(text)["accounts"] and
          "account again, Region us-east-1 belongs to the account of another profile" in room.told, text, room.told)
    (room.path / "accounts.yaml").write_text(json.dumps({"version": 1, "accounts": {
        "letters": {"profile": "one", "account_id": ONE, "regions": ["eu-west-1", "us-east-1"], "rate": 50},
        "parcels": {"profile": "two", "account_id": ONE, "regions": ["us-east-1"]}}}))
    text = room.discover("a manifest says which accounts, and guards them", TROUBLE, "--manifest", "accounts.yaml")
    check("an account that is another one is not read", "the credentials belong to account 444455556666" in room.told and
          {key[1] for key in entries(text)} == {"eu-west-1", "us-east-1"} and
          yaml.safe_load(text)["accounts"] == {"letters": {"profile": "one", "account_id": ONE, "rate": 50,
                                                           "regions": ["eu-west-1", "us-east-1"]}}, text, room.told)
    check("its Regions can be chosen", {r["region"] for r in json.loads(room.discover(
        "--regions goes before the manifest's", TROUBLE, "--manifest", "accounts.yaml", "--regions", "eu-west-1", "--format",
        "json"))["lanes"]} == {"eu-west-1"})


def hostile(room):
    text = room.discover("hostile names are listed", DONE, "--profile", "one", "--regions", "us-east-1")
    listed = yaml.safe_load(text)["identities"]
    check("every YAML reader sees the same names", sorted(listed) == sorted(HOSTILE), text)
    (room.path / "hostile.yaml").write_text(text)
    room.ends("check accepts them", DONE, "check", "hostile.yaml")
    rows, code = room.plan("hostile.yaml")
    check("plan finds nothing to change", code == DONE and {k[2] for k in rows} == set(HOSTILE) and
          all(r["outcome"] == "unchanged" for r in rows.values()), rows)
    text = room.discover("as CSV", DONE, "--profile", "one", "--regions", "us-east-1", "--format", "csv")
    names = [row["identity"] for row in csv.DictReader(io.StringIO(text))]
    risky = [name for name in HOSTILE if name[0] in "=+-@"]
    check("what a spreadsheet would run is left out, and said", sorted(names) == sorted(set(HOSTILE) - set(risky)) and
          f"Left out: {len(risky)} that begin with" in room.told, text, room.told)
    text = room.discover("as JSON", DONE, "--profile", "one", "--regions", "us-east-1", "--format", "json")
    check("JSON has them all", {i["identity"] for i in json.loads(text)["identities"]} == set(HOSTILE))


FOREIGN = {"own.example": {}, "a@own.example": {}, "b@mail.own.example": {}, "somebody@gmail.com": {}, "c@new.example": {},
           "new.example": {"verified": "PENDING"}}


def foreign(room):
    """An address at a domain of another owner is proposed no MAIL FROM, and plan warns of one that has it."""
    where = "--profile", "one", "--regions", "us-east-1"
    text = room.discover("addresses at domains of others", DONE, *where, "--mail-from", "bounce.{domain}", "--out", "own.yaml")
    text = (room.path / "own.yaml").read_text()
    lines = {name: line for line in text.splitlines() for name in FOREIGN if f"- {name}" in line}
    check("an address at a domain of others stands as a comment", all(lines[name].strip().startswith("# - ") and "only its owner" in
          lines[name] for name in ("somebody@gmail.com", "c@new.example")), text)
    check("one of an own domain is an entry", all(lines[name].strip().startswith("- ") for name in
          ("a@own.example", "b@mail.own.example")), text)
    room.discover("without a proposal", DONE, *where, "--out", "is.yaml")
    check("they are entries", "# - somebody" not in (room.path / "is.yaml").read_text())
    (room.path / "foreign.yaml").write_text(json.dumps({
        "version": 1, "accounts": {"one": {"profile": "one"}},
        "defaults": {"region": "us-east-1", "mail_from": "bounce.{domain}", "dns": {"require": "none"}},
        "identities": ["somebody@gmail.com", "a@own.example", "b@mail.own.example"]}))
    rows, _ = room.plan("foreign.yaml")
    warned = {key[2] for key, row in rows.items() if any(f["rule"] == "not-your-domain" for f in row["findings"])}
    check("plan warns of such an address alone", warned == {"somebody@gmail.com"}, rows)


def many(room):
    text = room.discover("3,000 identities are listed", DONE, "--profile", "one", "--regions", "us-east-1")
    check("all of them", len(entries(text)) == 3000 and list(entries(text)) == sorted(entries(text)))
    calls = room.counted()
    check("in 3 calls, and 30 for each of four reads, and two of what only SES knows", calls ==
          {"GetCallerIdentity": 1, "ListMultiRegionEndpoints": 1, "GetAccount": 1, "ListIdentities": 3, "GetIdentityVerificationAttributes": 30,
           "GetIdentityMailFromDomainAttributes": 30, "GetIdentityNotificationAttributes": 30, "GetIdentityDkimAttributes": 30}, calls)
    process = room.start("discover", "--profile", "one", "--regions", "us-east-1", "--tag", "x", "--out", "cut.yaml",
                         "--rate", "2")
    room.log.write_text("")
    check("it is stopped half way", until(lambda: room.counted()["GetEmailIdentity"] > 1))
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=patient(60))
    check("with exit code 4, and a word", process.returncode == STOPPED and "stopped: nothing was written" in told,
          process.returncode, told)
    check("and leaves nothing", not list(room.path.glob("cut*")), list(room.path.iterdir()))
    cut_while_writing(room)


def size_of(path):
    """0 for one that is only proved to be possible, or is not there."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def cut_while_writing(room):
    tracer = shutil.which("strace")
    if not tracer:
        return
    with leaks_unwatched():
        process = room.start("discover", "--profile", "one", "--regions", "us-east-1", "--out", "cut.yaml", before=[
            tracer, "-D", "-f", "-qq", "-o", room.path / "trace", "-e", "inject=fsync:delay_enter=500000"])
        check("it is at writing", until(lambda: size_of(room.path / "cut.yaml.mailfrom-part")))
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=patient(60))
    check("stopped there, it ends with 4, with the whole file and nothing beside it", process.returncode ==
          STOPPED and not list(room.path.glob("cut*.mailfrom-part*")) and
          len(yaml.safe_load((room.path / "cut.yaml").read_text())["identities"]) == 3000, process.returncode,
          list(room.path.glob("cut*")))


def faults(room):
    text = room.discover("throttles, errors, resets and cut answers change nothing", DONE, "--profile", "one", "--regions",
                         "us-east-1")
    check("every identity is there", len(entries(text)) == 3000)


def main():
    mailfrom, ses_sim = sys.argv[1:3]
    with Accounts(mailfrom, ses_sim, WORLD) as room:
        round_trip(room)
        proposals(room)
        selection(room)
        formats(room)
        refusals(room)
    with Accounts(mailfrom, ses_sim, {(ONE, "us-east-1", name): {} for name in HOSTILE}) as room:
        hostile(room)
    with Accounts(mailfrom, ses_sim, {(ONE, "us-east-1", name): row for name, row in FOREIGN.items()}) as room:
        foreign(room)
    crowd = {(ONE, "us-east-1", f"d{i:04}.example"): {} for i in range(3000)}
    with Accounts(mailfrom, ses_sim, crowd) as room:
        many(room)
    with Accounts(mailfrom, ses_sim, crowd, ["--seed", "7", "--faults",
                  "throttle=0.05,http500=0.05,reset-before=0.02,reset-after=0.02,cut=0.02"]) as room:
        faults(room)
    verdict()


if __name__ == "__main__":
    main()
