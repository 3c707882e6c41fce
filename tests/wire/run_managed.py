#!/usr/bin/python3
"""Infrastructure code beside mailfrom: manifests that take their identities from a Terraform state or
from cdk.out, and the warning about changes that the next terraform apply would undo. Arguments: mailfrom,
ses-sim."""

import errno
import json
import os
import re
import subprocess
import sys

from rehearsal_room import ACCOUNT, CANNOT_RUN, DONE, STOPPED, TROUBLE, Room, check, verdict

AWS = 'provider["registry.terraform.io/hashicorp/aws"]'
V1 = "aws_ses_domain_mail_from"
V2 = "aws_sesv2_email_identity_mail_from_attributes"
IDENTITY = "aws_sesv2_email_identity"
DEFAULT, REJECT = "USE_DEFAULT_VALUE", "REJECT_MESSAGE"


def instance(key, attributes, **more):
    keyed = {} if key is None else {"index_key": key}
    return {**keyed, "schema_version": 0, "attributes": attributes, "sensitive_attributes": [], "private": "bnVsbA==",
            **more}


def resource(kind, name, instances, provider=AWS, **more):
    return {**more, "mode": "managed", "type": kind, "name": name, "provider": provider, "instances": instances}


def state(*resources):
    """As terraform state pull prints it."""
    return json.dumps({"version": 4, "terraform_version": "1.13.0", "serial": 3, "lineage": "0c9f8a1a",
                       "outputs": {"key": {"value": "do-not-show-me", "type": "string", "sensitive": True}},
                       "resources": list(resources), "check_results": None}, indent=2) + "\n"


def identity(name, region="us-east-1"):
    return {"arn": f"arn:aws:ses:{region}:{ACCOUNT}:identity/{name}", "email_identity": name, "id": name,
            "dkim_signing_attributes": [{"domain_signing_private_key": "do-not-show-me"}]}


def setting(name, mail_from, behavior=DEFAULT, **more):
    return {"behavior_on_mx_failure": behavior, "email_identity": name, "id": name, "mail_from_domain": mail_from, **more}


IDENTITIES = {
    "moved.example": {"mail_from": "tf.moved.example"},
    "alike.example": {},
    "settled.example": {"mail_from": "bounce.settled.example"},
    "alone.example": {},
    "elsewhere.example": {},
    "counted.example": {},
    "strict.example": {},
    "known.example": {},
    "leaver.example": {"mail_from": "tf.leaver.example"},
    "free.example": {},
}
MODULE = 'module.mail["eu"]'
NAMES = ["moved.example", "alike.example", "settled.example", "strict.example", "known.example", "leaver.example"]


def fleet_state():
    values = {"moved.example": "tf.moved.example", "alike.example": "bounce.alike.example",
              "settled.example": "tf.settled.example", "known.example": "tf.known.example",
              "leaver.example": "tf.leaver.example", "strict.example": "bounce.strict.example"}
    behavior = {"strict.example": REJECT}
    return state(
        resource(IDENTITY, "this", [instance(name, identity(name)) for name in [*NAMES, "alone.example"]], module=MODULE),
        resource(V2, "this", [instance(name, setting(name, values[name], behavior.get(name, DEFAULT))) for name in NAMES],
                 module=MODULE),
        resource(V2, "other", [instance(None, setting("elsewhere.example", "tf.elsewhere.example", region="eu-west-1"))],
                 AWS + ".far"))


COUNTED = state(resource(V1, "mail", [instance(0, {"behavior_on_mx_failure": "UseDefaultValue", "domain": "counted.example",
                                                   "id": "counted.example", "mail_from_domain": "tf.counted.example"})],
                         AWS + ".unnamed"))


def findings(row):
    return {f["rule"]: f for f in row["findings"] if f["rule"] == "managed-elsewhere"}


def rows_of(path):
    return {row["identity"]: row for row in json.loads(path.read_text())["identities"]}


def warns(room):
    room.manifest("fleet.yaml", {**{name: {} for name in IDENTITIES}, "known.example": {"accept": ["managed-elsewhere"]},
                                 "leaver.example": {"mail_from": "default"}})
    (room.path / "terraform.tfstate").write_text(fleet_state())
    (room.path / "counted.tfstate").write_text(COUNTED)
    states = ("--terraform-state", "terraform.tfstate", "--terraform-state", "counted.tfstate")
    text = room.ends("a plan without a state", DONE, "plan", "fleet.yaml", "--progress", "none")
    check("says nothing of Terraform", "managed-elsewhere" not in text)
    text = room.ends("a plan with two states", DONE, "plan", "fleet.yaml", *states, "--progress", "none", "--all",
                     "--report", "json:plan.json", "--out", "fleet.plan")
    rows = rows_of(room.path / "plan.json")
    warned = {name for name, row in rows.items() if findings(row)}
    check("warns of what Terraform would undo, and of nothing else",
          warned == {"moved.example", "counted.example", "strict.example", "known.example", "leaver.example"}, warned)
    said = {name: findings(row)["managed-elsewhere"]["text"] for name, row in rows.items() if findings(row)}
    check("with the address as terraform prints it, the file and the value there",
          said["moved.example"].startswith(f'{MODULE}.{V2}.this["moved.example"] in terraform.tfstate sets MAIL FROM '
                                           "tf.moved.example with USE_DEFAULT_VALUE for moved.example: "), said)
    check("a number as key stands so, and what the state does not name is said",
          said["counted.example"].startswith(f"{V1}.mail[0] in counted.tfstate ")
          and "does not say in which account and Region" in said["counted.example"]
          and "does not say" not in said["moved.example"], said)
    check("a behaviour alone is a difference", "bounce.strict.example with REJECT_MESSAGE" in said["strict.example"], said)
    check("an owner accepts it", findings(rows["known.example"])["managed-elsewhere"]["accepted"], rows["known.example"])
    check("the plan text shows it", "warning managed-elsewhere: " in text and f'{MODULE}.{V2}.this["moved.example"]' in text,
          text)
    check("no secret comes out", "do-not-show" not in text + json.dumps(rows))
    text = room.ends("a plan file", DONE, "show", "fleet.plan", "--all")
    check("keeps the warning", 'managed-elsewhere: ' in text and f'{MODULE}.{V2}.this["moved.example"]' in text, text)
    text = room.ends("check, which asks nobody", DONE, "check", "fleet.yaml", *states)
    check("takes every row for a change", text.count("(managed-elsewhere)") == 6
          and "fleet.yaml:1:" in text and "settled.example" in text, text)
    text = room.ends("a rehearsal", DONE, "rehearse", "fleet.yaml", *states)
    check("warns likewise", "(managed-elsewhere)" in text, text)
    room.ends("an apply", DONE, "apply", "fleet.yaml", *states, "--yes", "--progress", "none")
    rows = room.report(1)
    check("keeps the warning at what it has changed", findings(rows["moved.example"]) and not findings(rows["alike.example"])
          and rows["moved.example"]["outcome"] == "done", rows["moved.example"])
    text = room.ends("a second apply", DONE, "apply", "fleet.yaml", *states, "--yes", "--progress", "none")
    check("changes nothing, so it has nothing to warn of", not any(findings(row) for row in room.report(2).values()))
    text = room.ends("a rollback", DONE, "rollback", "1", *states, "--yes", "--progress", "none")
    check("tells what Terraform would undo before it begins", "alike.example" in text.split("Put", 1)[0] and
          f'this["alike.example"] in terraform.tfstate sets MAIL FROM bounce.alike.example' in " ".join(text.split()), text)
    rows = room.report(3)
    check("warns where what it puts back is not Terraform's", findings(rows["alike.example"])
          and not findings(rows["moved.example"]), rows["alike.example"], rows["moved.example"])


def resumes(room):
    """A row that waits is written by a resume, which shows no plan."""
    (room.path / "later.tfstate").write_text(state(
        resource(V2, "this", [instance(None, setting("moved.example", "tf.moved.example"))])))
    room.manifest("later.yaml", {"moved.example": {"mail_from": "later.moved.example"}})
    room.run("apply", "later.yaml", "--yes", "--no-wait", "--progress", "none")
    run = max(int(number) for number in re.findall(r"^ *(\d+) ", room.run("status", "--all").stdout_text, re.M))
    text = room.ends("a resume of what waits for DNS", STOPPED, "resume", run, "--no-wait", "--terraform-state", "later.tfstate",
                     "--progress", "none")
    check("tells what Terraform would undo", f"{V2}.this in later.tfstate sets MAIL FROM tf.moved.example" in " ".join(text.split()),
          text)


def places(room):
    """The place of a resource is found as identities_from finds it: no warning for a row of another Region."""
    far = {**identity("alike.example", "eu-central-1"), "region": "eu-central-1"}
    (room.path / "mixed.tfstate").write_text(state(
        resource(V2, "this", [instance(None, setting("free.example", "tf.free.example"))]),
        resource(IDENTITY, "this", [instance(0, identity("free.example")), instance(1, far)])))
    for region, warned in {"us-west-2": False, "us-east-1": True}.items():
        (room.path / "placed.yaml").write_text(
            f"version: 1\naccounts: {{mail: {{account_id: '{ACCOUNT}'}}}}\n"
            f"defaults: {{account: mail, region: {region}, mail_from: 'bounce.{{domain}}'}}\nidentities: [free.example]\n")
        text = room.ends(f"check of a row in {region}", DONE, "check", "placed.yaml", "--terraform-state", "mixed.tfstate")
        check("warns in the Region of the resource alone, and is sure", ("(managed-elsewhere)" in text) == warned
              and "does not say" not in text, text)


def refuses(room):
    (room.path / "show.json").write_text('{"format_version": "1.0", "values": {"root_module": {}}}')
    (room.path / "cut.tfstate").write_text(fleet_state()[:700])
    for name, words in {"show.json": "terraform show -json", "cut.tfstate": "it ends too early",
                        "none.tfstate": os.strerror(errno.ENOENT), ".": "not a regular file"}.items():
        before = len(room.calls())
        text = room.ends(f"--terraform-state {name}", CANNOT_RUN, "plan", "fleet.yaml", "--terraform-state", name,
                         "--terraform-state", "none-either.tfstate")
        check("is refused with every reason before anything is asked", words in text and "none-either.tfstate" in text
              and len(room.calls()) == before and "do-not-show" not in text, text)


def doubles(room):
    """Two resources of one identity, and a name as Unicode: each is warned of."""
    (room.path / "double.tfstate").write_text(state(
        resource(V2, "a", [instance(None, setting("twice.example", "tf.twice.example"))]),
        resource(V2, "b", [instance(None, setting("twice.example", "bounce.twice.example"))]),
        resource(V2, "c", [instance(None, setting("b\u00fccher.example", "tf.b\u00fccher.example"))]),
        resource(V2, "d", [instance(None, setting("stra\u00dfe.example", "bounce.stra\u00dfe.example"))])))
    room.manifest("double.yaml", {"twice.example": {}, "xn--bcher-kva.example": {}, "xn--strae-oqa.example": {}})
    text = room.ends("check of a state with two resources", DONE, "check", "double.yaml", "--terraform-state", "double.tfstate")
    check("warns of the one that differs", f"{V2}.a in double.tfstate sets MAIL FROM tf.twice.example" in text, text)
    check("of a name in Unicode", f"{V2}.c in double.tfstate" in text and "for xn--bcher-kva.example:" in text, text)
    check("and not of one that is set alike", f"{V2}.d" not in text and text.count("(managed-elsewhere)") == 2, text)


def keeps(room):
    """A state is an input: no output takes its place, and its name is expanded like the others."""
    states = ("--terraform-state=~/terraform.tfstate", "--progress", "none")
    text = room.ends("a plan with a state of the home", DONE, "plan", "fleet.yaml", *states)
    check("reads it", "managed-elsewhere" in text, text)
    for output in ("--report", "json:terraform.tfstate"), ("--out", "terraform.tfstate", "--force"):
        text = room.ends(f"a state as {output[0]}", CANNOT_RUN, "plan", "fleet.yaml", *states, *output)
        check("is refused, and the state stays", "is the state" in text and "would be overwritten" in text
              and (room.path / "terraform.tfstate").read_text() == fleet_state(), text)


KEYS = ["plain", "a.b", 'quo"te', "back\\slash", "${x}", "%{x}", "$${x}", "$", "50%", "tab\tline\nreturn\r", "b\u00fccher", "\u0001", "\u200b",
        "]", "[0]", "\U0001f4e7", ""]


def addresses(room):
    """The key of an address is read back by HashiCorp's own parser, where tests/long/records.sh has built one."""
    names = {f"key{n}.example": key for n, key in enumerate(KEYS)}
    (room.path / "keys.tfstate").write_text(state(
        resource(V2, "this", [instance(key, setting(name, f"tf.{name}")) for name, key in names.items()])))
    room.manifest("keys.yaml", {name: {} for name in names})
    text = room.ends("check of a state with odd keys", DONE, "check", "keys.yaml", "--terraform-state", "keys.tfstate")
    found = dict(re.findall(r"warning: " + V2 + r"\.this\[(.*)\] in keys\.tfstate sets .* for (key\d+\.example): ", text))
    found = {name: quoted for quoted, name in found.items()}
    check("names each resource on one line", set(found) == set(names), text)
    reader = os.environ.get("HCL_READER")
    if not reader:
        print("# their keys were not read back: HCL_READER is not set")
        return
    source = "keys {\n" + "".join(f"  k{n} = {found[name]}\n" for n, name in enumerate(names)) + "}\n"
    done = subprocess.run([reader], input=source, capture_output=True, text=True)
    read = json.loads(done.stdout)[0][-1] if done.returncode == 0 else {}
    for n, key in enumerate(KEYS):
        check(f"HCL reads the key {key!r} back", read.get(f"k{n}") == key, read.get(f"k{n}"), done.stderr)


def lists(room):
    """A manifest that has its identities from Terraform: those that it sets keep their MAIL FROM."""
    (room.path / "infra").mkdir()
    (room.path / "infra" / "terraform.tfstate").write_text(state(
        resource(IDENTITY, "this", [instance(name, identity(name)) for name in ("alone.example", "free.example")]),
        resource(IDENTITY, "far", [instance(0, identity("free.example", "eu-west-1"))], AWS + ".eu"),
        resource(V2, "this", [instance("alone.example", setting("alone.example", "own.alone.example", REJECT))])))
    room.names.publish("own.alone.example")
    (room.path / "listed.yaml").write_text(
        "version: 1\n"
        f"accounts: {{other: {{account_id: '999988887777', regions: [us-east-1]}}, mail: {{account_id: '{ACCOUNT}'}}}}\n"
        "defaults: {account: other, region: ap-south-1, mail_from: 'bounce.{domain}'}\n"
        "identities_from: infra/terraform.tfstate\n")
    text = room.ends("check of identities from a state", DONE, "check", "listed.yaml")
    check("counts each in its Region, by the account of its ARN", "3 identities in 2 accounts, 2 pairs" in text
          or "3 identities in 1 account, 2 pairs" in text, text)
    room.ends("a plan of them", TROUBLE, "plan", "listed.yaml", "--regions", "us-east-1,eu-west-1", "--report", "json:l.json",
              "--report", "csv:l.csv", "--report", "sarif:l.sarif", "--progress", "none")
    rows = {(r["identity"], r["region"]): r for r in json.loads((room.path / "l.json").read_text())["identities"]}
    check("has their MAIL FROM, and the defaults for the others",
          {k: (r["mail_from_after"], r["behavior_after"], r["account"]) for k, r in rows.items()}
          == {("alone.example", "us-east-1"): ("own.alone.example", REJECT, "mail"),
              ("free.example", "us-east-1"): ("bounce.free.example", DEFAULT, "mail"),
              ("free.example", "eu-west-1"): ("bounce.free.example", DEFAULT, "mail")}, rows)
    lines = (room.path / "infra" / "terraform.tfstate").read_text().splitlines()
    for (name, _), row in rows.items():
        path, _, line = row["source"].rpartition(":")
        check(f"{name} has its place in the state as source", path == "infra/terraform.tfstate"
              and f'"email_identity": "{name}"' in lines[int(line) - 1], row["source"])
    room.ends("an apply of them", DONE, "apply", "listed.yaml", "--regions", "us-east-1", "--yes", "--progress", "none",
              "--report", "csv:a.csv")
    run = max(int(n) for n in re.findall(r"^ *(\d+)  ", room.run("status", "--all").stdout_text, re.M))
    check("keeps these places in the journal", "infra/terraform.tfstate:" in room.run("report", run, "--report", "csv:-").stdout_text)


def main():
    with Room(*sys.argv[1:3], IDENTITIES) as room:
        room.names.publish("own.alone.example")
        warns(room)
        places(room)
        resumes(room)
        doubles(room)
        refuses(room)
        keeps(room)
        addresses(room)
    with Room(*sys.argv[1:3], {"alone.example": {}, "free.example": {}}) as room:
        lists(room)
    verdict()


main()
