#!/usr/bin/python3
"""Accounts from AWS Organizations: 200 of them in a stand-in that AWS's own clients agree with, listed,
chosen by units, tags and exclusions, reached by roles of which one is refused; discover, plan, apply from
a plan file, and one look of watch. Every call is counted. Arguments: mailfrom, ses-sim."""

import collections
import csv
import json
import os
import re
import shutil
import subprocess
import sys

import yaml

from rehearsal_room import ACCOUNT, CANNOT_RUN, DONE, TROUBLE, Room, check, verdict

ROLE = "OrganizationAccountAccessRole"
REGIONS = ["us-east-1", "eu-west-1"]
UNITS = {"r-acme": (ACCOUNT, "Root"), "ou-acme-11111111": ("r-acme", "Workloads"),
         "ou-acme-22222222": ("ou-acme-11111111", "Mail"), "ou-acme-33333333": ("ou-acme-22222222", "Europe"),
         "ou-acme-44444444": ("r-acme", "Sandbox")}
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}


def number(i):
    return f"{400000000000 + i}" if i % 7 else f"{i:012d}"  # some begin with zeros


def members():
    """{number: row}: the management account and 199 others; every fifth is in Mail/Europe, every tenth a sandbox."""
    rows = {ACCOUNT: {"parent": "r-acme", "name": "management", "state": "ACTIVE"}}
    for i in range(1, 200):
        unit = "ou-acme-33333333" if i % 5 == 0 else "ou-acme-44444444" if i % 10 == 3 else "ou-acme-22222222" \
            if i % 10 == 1 else "ou-acme-11111111"
        rows[number(i)] = {"parent": unit, "name": f"sandbox-{i}" if i % 10 == 3 else f"team {i}",
                           "tags": f"owner=t{i};mail={'yes' if i % 4 == 1 else 'no'};stage=prod"}
    rows[number(10)]["state"] = "SUSPENDED"
    rows[number(12)]["state"] = "CLOSED"
    rows[number(14)]["state"] = "PENDING_CLOSURE"
    rows[number(15)]["role"] = "none"  # whoever asks is refused
    rows[number(1)]["name"] = "evil\n- identity: x\x1b[31m"
    rows[number(20)]["regions"] = "af-south-1"
    return rows


MEMBERS = members()
LIVE = [n for n, row in MEMBERS.items() if row.get("state", "ACTIVE") == "ACTIVE"]


class Organization(Room):
    """Each account has one identity in us-east-1, and every tenth one more in eu-west-1."""

    def __init__(self, mailfrom, ses_sim, *sim, rate=500):
        names = {f"a{i}.example": {} for i in range(200)}
        self.where = {}
        for i, account in enumerate(MEMBERS):
            self.where[f"a{i}.example"] = (account, "us-east-1")
            if i % 10 == 0:
                names[f"eu{i}.example"] = {}
                self.where[f"eu{i}.example"] = (account, "eu-west-1")
        self.sim_options = sim
        super().__init__(mailfrom, ses_sim, names, ["--organization", "organization.csv", "--credentials", "keys.csv", *sim], rate)

    def write_table(self):
        for name, (account, region) in self.where.items():
            self.identities[name].update(account=account, region=region)
        super().write_table()
        columns = "id parent name state tags role external_id regions".split()
        with open(self.path / "organization.csv", "w", newline="") as table:
            writer = csv.DictWriter(table, columns)
            writer.writeheader()
            for unit, (parent, name) in UNITS.items():
                writer.writerow({"id": unit, "parent": parent, "name": name})
            for account, row in MEMBERS.items():
                writer.writerow({"id": account, **row})
        (self.path / "keys.csv").write_text(
            "account,access_key_id,secret_access_key,deny\n"
            f"{ACCOUNT},{KEYS['AWS_ACCESS_KEY_ID']},{KEYS['AWS_SECRET_ACCESS_KEY']},\n"
            f"999999999999,AKIDOUTSIDE,outside,\n{number(5)},AKIDMEMBER,member,\n"
            f"{ACCOUNT},AKIDDENIED,denied,organizations:List*\n")
        os.chdir(self.path)  # ses-sim finds the files by their names

    def write(self, name, organization=None, **more):
        below = {"organization": organization} if organization is not None else "organization"
        (self.path / name).write_text(json.dumps({"version": 1, "accounts_from": below, **more}))
        return name

    def fleet(self, name, accounts, organization=None, **more):
        entries = [{"identity": i, "account": a, "region": r} for i, (a, r) in self.where.items() if a in accounts]
        return self.write(name, organization, defaults={"mail_from": "bounce.{domain}"}, identities=entries, **more)

    def does(self, title, code, verb, *arguments, **more):
        self.log.write_text("")
        process = self.run(verb, *arguments, **more)
        self.told = process.stderr_text
        check(title, process.returncode == code, f"exit code {process.returncode}", process.stdout_text[-2000:], self.told)
        return process.stdout_text

    def counted(self):
        return collections.Counter(c["action"] for c in self.calls())

    def aws(self, *words):
        """The AWS CLI, which others wrote, asks the stand-in."""
        process = subprocess.run(["aws", "organizations", *words, "--output", "json", "--endpoint-url", self.url],
                                 env={**self.environment(), **KEYS, "AWS_REGION": "us-east-1",
                                      "AWS_DEFAULT_REGION": "us-east-1", "PATH": os.environ["PATH"]},
                                 capture_output=True, text=True)
        return process.returncode, process.stdout, process.stderr


def clients_agree(room):
    """boto3's paginators and the AWS CLI see the tree that the file has."""
    import boto3
    from botocore.config import Config
    from botocore.exceptions import ClientError

    def client(id=KEYS["AWS_ACCESS_KEY_ID"], secret=KEYS["AWS_SECRET_ACCESS_KEY"], service="organizations", **more):
        return boto3.client(service, region_name="us-east-1", endpoint_url=room.url, aws_access_key_id=id,
                            aws_secret_access_key=secret, **more)

    asks = client()
    pages = list(asks.get_paginator("list_accounts").paginate())
    listed = {a["Id"]: a["Status"] for page in pages for a in page["Accounts"]}
    check("boto3's paginator lists all 200 accounts over short and empty pages", set(listed) == set(MEMBERS)
          and any(not page["Accounts"] for page in pages[:-1]) and len(pages) > 10, len(listed), len(pages))
    check("with their states", (listed[number(10)], listed[number(12)], listed[number(14)]) ==
          ("SUSPENDED", "SUSPENDED", "PENDING_CLOSURE"), listed)
    found = {}
    todo = [root["Id"] for page in asks.get_paginator("list_roots").paginate() for root in page["Roots"]]
    while todo:
        parent = todo.pop()
        todo += [u["Id"] for page in asks.get_paginator("list_organizational_units_for_parent").paginate(ParentId=parent)
                 for u in page["OrganizationalUnits"]]
        for page in asks.get_paginator("list_accounts_for_parent").paginate(ParentId=parent):
            found.update({a["Id"]: parent for a in page["Accounts"]})
    check("and walks the same tree", found == {n: row["parent"] for n, row in MEMBERS.items()})
    tags = {t["Key"]: t["Value"] for page in asks.get_paginator("list_tags_for_resource").paginate(ResourceId=number(5))
            for t in page["Tags"]}
    check("tags come in pages too", tags == {"owner": "t5", "mail": "yes", "stage": "prod"}, tags)

    def refused(ask):
        try:
            ask()
        except ClientError as e:
            return e.response["Error"]["Code"]
        return None

    check("a parent that is not there is refused", refused(lambda: asks.list_accounts_for_parent(
        ParentId="ou-acme-99999999")) == "ParentNotFoundException")
    check("a token that nobody gave is refused", refused(lambda: asks.list_accounts(NextToken="x")) == "InvalidInputException")
    sts = client(service="sts")
    role = sts.assume_role(RoleArn=f"arn:aws:iam::{number(5)}:role/{ROLE}", RoleSessionName="test")["Credentials"]
    member = client(role["AccessKeyId"], role["SecretAccessKey"], aws_session_token=role["SessionToken"])
    check("a member account is told nothing", refused(member.list_accounts) == "AccessDeniedException")
    check("a role that is not there cannot be taken", refused(lambda: sts.assume_role(
        RoleArn=f"arn:aws:iam::{number(15)}:role/{ROLE}", RoleSessionName="test")) == "AccessDenied")
    check("nor that of the management account", refused(lambda: sts.assume_role(
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{ROLE}", RoleSessionName="test")) == "AccessDenied")
    if shutil.which("aws"):
        code, out, err = room.aws("list-accounts", "--query", "length(Accounts)")
        check("aws organizations list-accounts counts 200", code == 0 and out.strip() == "200", out, err)
    hasty = client(config=Config(retries={"max_attempts": 0}))
    check("too many calls at once are throttled", "TooManyRequestsException" in {refused(hasty.list_roots) for _ in range(200)})


def discovers(room):
    room.write("org.yaml", {"regions": REGIONS})
    text = room.does("200 accounts in two Regions are discovered, but for the one whose role is refused", TROUBLE,
                     "discover", "--manifest", "org.yaml")
    calls = room.counted()
    found = yaml.safe_load(text)
    read = [n for n in LIVE if n != number(15)]
    check("three that are not active are left out, and counted", "197 of 200 accounts are taken, 3 not active" in room.told,
          room.told)
    check("every identity of the others is there once", {(e["account"], e["identity"]) for e in found["identities"]} ==
          {(a, i) for i, (a, _) in room.where.items() if a in read}, text[:2000])
    accounts = found["accounts"]
    check("accounts are written with role and number, so that no later run asks the organization", set(accounts) == set(read)
          and all(accounts[n]["account_id"] == n for n in read)
          and accounts[number(5)]["role_arn"] == f"arn:aws:iam::{number(5)}:role/{ROLE}", text[:2000])
    check("the management account is read by the keys that asked", "role_arn" not in accounts[ACCOUNT], accounts[ACCOUNT])
    check("names stand beside the numbers, and cannot add a line", re.search(r'# "?team 5', text) and "evil" in text
          and not re.search(r"^- identity: x", text, re.M) and "\x1b" not in text, text[:2000])
    pairs = 2 * len(LIVE)
    check("its cost was told before", re.search(rf"{pairs} pairs of account and Region: .*{len(LIVE) + pairs} calls", room.told),
          room.told)
    check("one list of the organization in pages, one role and one question to STS an account, one list a pair",
          calls["ListAccounts"] < 25 and calls["AssumeRole"] == len(LIVE) - 1 and calls["GetCallerIdentity"] == 1 + len(LIVE)  # and who was refused
          and calls["ListIdentities"] == 2 * len(read) and calls["ListTagsForResource"] == 0, calls)
    check("the refusal is told once, not for each Region", room.told.count(number(15)) and
          len([line for line in room.told.splitlines() if number(15) in line]) == 1, room.told)
    (room.path / "found.yaml").write_text(text)
    room.does("check takes what discover wrote", DONE, "check", "found.yaml")
    again = room.run("discover", "--manifest", "org.yaml").stdout_text
    check("two runs give the same bytes", again == text)


def chooses(room):
    room.write("mail.yaml", {"regions": "us-east-1", "organizational_units": "Workloads/Mail",
                             "tags": {"mail": "yes", "stage": "prod"}, "exclude": ["team 2*", number(41), "nobody-*"]})
    in_unit = [i for i in range(1, 200) if MEMBERS[number(i)]["parent"] in ("ou-acme-22222222", "ou-acme-33333333")
               and number(i) in LIVE]
    left = [i for i in in_unit if not MEMBERS[number(i)]["name"].startswith("team 2") and i != 41]
    wanted = {number(i) for i in left if i % 4 == 1}
    text = room.does("a unit with all below it, tags and exclusions", DONE, "discover", "--manifest", "mail.yaml")
    calls = room.counted()
    check("choose these accounts", set(yaml.safe_load(text)["accounts"]) == wanted, room.told, sorted(wanted))
    check("tags are a call an account at the least, and only of those that are left", len(left) <= calls["ListTagsForResource"]
          and {c["identities"][0] for c in room.calls() if c["action"] == "ListTagsForResource"} == {number(i) for i in left},
          calls)
    check("which is told before", f"the tags of {len(left)} accounts are read one by one" in room.told, room.told)
    check("a pattern that fits nothing is said", "exclude: nobody-* fits no account" in room.told, room.told)
    check("the path is walked: roots, two units by name, and the units below", calls["ListRoots"] == 1
          and calls["ListOrganizationalUnitsForParent"] == 4 and calls["ListAccounts"] == 0, calls)
    for units, sentence in ((["Workloads/Mial"], 'none of the 1 units there is called "Mial"; did you mean "Mail"?'),
                            (["ou-acme-99999999"], "the organization has no root or unit of that id")):
        room.write("wrong.yaml", {"regions": "us-east-1", "organizational_units": units})
        room.does("a unit that is not there", CANNOT_RUN, "discover", "--manifest", "wrong.yaml")
        check("is said with its place", sentence in room.told and re.search(r"wrong.yaml:1:\d+", room.told), room.told)


def every_region(room):
    room.write("all.yaml", {"regions": "all", "organizational_units": ["Workloads/Mail/Europe"], "exclude": number(15)})
    text = room.does("every Region of a unit's accounts", DONE, "discover", "--manifest", "all.yaml")
    europe = [number(i) for i in range(1, 200) if MEMBERS[number(i)]["parent"] == "ou-acme-33333333" and number(i) in LIVE
              and i != 15]
    listed = {(c["account"], c["region"]) for c in room.calls() if c["action"] == "ListIdentities" and c["outcome"] == "ok"}
    check("an account is read where it has enabled the Region", (number(20), "af-south-1") in listed
          and (number(25), "af-south-1") not in listed and {(n, "eu-west-1") for n in europe} <= listed, len(listed))
    check("a Region that it has not enabled is counted, and no failure", re.search(
        r"note: \d+ pairs of account and Region are left out: the account has not enabled the Region", room.told), room.told)
    room.does("--regions comes before those of the manifest", DONE, "discover", "--manifest", "all.yaml", "--regions", "eu-west-1")
    check("and no other is asked", {c["region"] for c in room.calls() if c["action"] == "ListIdentities"} == {"eu-west-1"},
          room.counted())
    check("and has no line in the file", "af-south-1: " not in text and "could not be read" not in text, text[-2000:])
    room.write("all-15.yaml", {"regions": "all", "organizational_units": ["Workloads/Mail/Europe"]})
    lost = room.does("one whose role is refused in every Region", TROUBLE, "discover", "--manifest", "all-15.yaml")
    check("has one line with the reason", lost.count("could not be read") == 1 and re.search(
        rf"# account \"?{number(15)}\"?, Regions \S+, \S+, \S+ and \d+ more: could not be read: .*role/{ROLE}", lost), lost[-3000:])
    check("Regions without identities are not written", all(set(a["regions"]) <= set(REGIONS)
          for a in yaml.safe_load(text)["accounts"].values()), text[:1000])


def plans(room):
    some = [ACCOUNT, number(5), number(7), number(15), number(33), number(60)]
    room.fleet("fleet.yaml", some)
    room.does("check asks nobody, and takes any twelve digits", DONE, "check", "fleet.yaml")
    check("no call was made", not room.calls(), room.calls()[:3])
    room.does("rehearse asks nobody either", DONE, "rehearse", "fleet.yaml")
    check("no call was made there", not room.calls(), room.calls()[:3])
    out = room.does("a plan of six accounts, of which one refuses its role", TROUBLE, "plan", "fleet.yaml", "--out", "p.json",
                    "--report", "json:rows.json")
    check("the role that is refused has its account in its ARN", f"arn:aws:iam::{number(15)}:role/{ROLE}" in out
          and "its account" not in out, out)
    rows = json.loads((room.path / "rows.json").read_text())["identities"]
    bad = [r for r in rows if r["outcome"] == "failed"]
    check("its rows alone fail, with the reason", {r["account"] for r in bad} == {number(15)} and bad
          and all(ROLE in r["reason"] for r in bad) and all(r["outcome"] == "planned" for r in rows if r not in bad),
          [(r["account"], r["outcome"], r["reason"]) for r in rows])
    check("the organization was asked once, and roles of the named accounts only", room.counted()["ListRoots"] == 0
          and {c["account"] for c in room.calls() if c["protocol"] == "v1"} == set(some) - {number(15)}
          and len({c["time"] for c in room.calls() if c["action"] == "ListAccounts"}) >= 10, room.counted())
    text = out + room.told
    check("what the organization has is said", "197 of 200 accounts are taken" in text, text)
    room.does("apply does the plan without asking the organization", TROUBLE, "apply", "--plan", "p.json", "--yes")
    calls = room.counted()
    check("the plan file has the accounts", calls["ListAccounts"] == 0 and calls["AssumeRole"] and
          {c["account"] for c in room.writes()} == set(some) - {number(15)}, calls)
    room.does("rollback goes by the journal", DONE, "rollback", 1, "--yes")
    check("and leaves accounts alone in which it has nothing to do", number(15) not in room.told
          and room.counted()["AssumeRole"] == len(some) - 2, room.told, room.counted())
    check("which has the accounts too", room.counted()["ListAccounts"] == 0 and room.writes(), room.counted())
    out = room.does("watch looks once", TROUBLE, "watch", "fleet.yaml")
    lost = sum(1 for account, _ in room.where.values() if account == number(15))
    check("its first line counts what it has looked at", re.search(
        rf"^0 of {len(rows) - lost} identities are not as wanted, and {lost} could not be looked at; looked at from", out)
        or f"of {len(rows) - lost} identities" in out.splitlines()[0] and f"and {lost} could not be looked at" in out, out)
    calls = room.counted()
    check("and asks the organization for it", calls["ListAccounts"] >= 10 and calls["AssumeRole"] == len(some) - 1, calls)
    out = room.does("watch of a role that is nowhere", TROUBLE, "watch", "typo-plan.yaml")
    check("is told in a screen too", len((out + room.told).splitlines()) < 120, len(out.splitlines()), len(room.told.splitlines()),
          room.told[:2000])
    room.does("an identity of an account that is excluded", CANNOT_RUN, "plan", room.fleet(
        "left.yaml", some, {"exclude": [number(33), "sandbox-*"]}))
    check("is a complaint with its place", re.search(rf"left.yaml:1:\d+: .*found \"{number(33)}\", expected the number of an "
                                                     r"account that accounts_from finds, .*; the organization has "
                                                     r"it, but exclude leaves it out", room.told), room.told)
    room.does("one of an account that is suspended", CANNOT_RUN, "plan", room.fleet("away.yaml", [number(5), number(10)]))
    check("is told so", "; the organization has it, but it is not active" in room.told, room.told)
    room.write("zeros.yaml", defaults={"mail_from": "default", "region": "us-east-1"},
               identities=[{"identity": "a7.example", "account": number(7).lstrip("0")}])
    room.does("a number whose zeros a spreadsheet has taken", CANNOT_RUN, "check", "zeros.yaml")
    check("is said to be one", "spreadsheets take away zeros" in room.told, room.told)


def noise(room):
    """When every role is refused, that is one sentence and not two hundred."""
    room.write("typo.yaml", {"regions": REGIONS, "role_name": "OrganisationRole"})
    room.does("a role that is nowhere: only the management account is read", TROUBLE, "discover", "--manifest", "typo.yaml")
    lines = [line for line in room.told.splitlines() if "could not be read" in line]
    check("which is told in a few lines", 1 <= len(lines) <= 4 and "likewise 195 other accounts" in room.told, len(lines), room.told[:3000])
    room.fleet("typo-plan.yaml", LIVE, {"role_name": "OrganisationRole"})
    out = room.does("a plan of all of them", TROUBLE, "plan", "typo-plan.yaml")
    check("tells it in a screen", len((room.told + out).splitlines()) < 120, len(out.splitlines()), len(room.told.splitlines()),
          (room.told)[:3000])


def refusals(room):
    room.write("plain.yaml", {"regions": REGIONS})
    for title, (key, secret), part in (
            ("credentials outside of any organization are told so", ("AKIDOUTSIDE", "outside"), "is in no organization"),
            ("a member account may not list it", ("AKIDMEMBER", "member"), "may not list the organization"),
            ("IAM's refusal is told with IAM's words", ("AKIDDENIED", "denied"), "organizations:ListAccounts"),
            ("keys that nobody knows are told of", ("AKIDNOBODY", "x"), "STS does not take the credentials")):
        room.log.write_text("")
        process = subprocess.run([room.mailfrom, "discover", "--manifest", "plain.yaml"], cwd=room.path, text=True,
                                 env={**room.environment(), "AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret},
                                 capture_output=True)
        check(title, process.returncode == CANNOT_RUN and part in process.stderr, process.returncode, process.stderr)
        check("and no account is asked for anything", not {c["action"] for c in room.calls()} - {"GetCallerIdentity", "ListAccounts"},
              room.counted())


def main():
    mailfrom, ses_sim = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    with Organization(mailfrom, ses_sim) as room:
        clients_agree(room)
        discovers(room)
        chooses(room)
        every_region(room)
        noise(room)
        plans(room)
        refusals(room)
    verdict()


if __name__ == "__main__":
    main()
