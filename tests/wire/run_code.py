#!/usr/bin/python3
"""discover --format terraform, cloudformation, pulumi-import: what lives in SES becomes code that holds
exactly that. Read by the readers of other people where they are there: terraform fmt, HashiCorp's parser,
botocore's model of CreateChangeSet, cfn-lint. Arguments: mailfrom, ses-sim."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys

import botocore.session
import botocore.validate

from records_readers import HCL_READER, TERRAFORM, hcl_blocks
from rehearsal_room import CANNOT_RUN, DONE, TROUBLE, check, verdict
from run_discover import BOTH, ONE, REJECT, TWO, WORLD, Accounts

RESOURCE = "aws_sesv2_email_identity_mail_from_attributes"
KIND = "AWS::SES::EmailIdentity"
TOKEN = "aws:sesv2/emailIdentityMailFromAttributes:EmailIdentityMailFromAttributes"
NAMES = {ONE: "one", TWO: "two"}
MANY = {(TWO, "us-east-1", f"shop{i:02}.example"): {"mail_from": f"em.shop{i:02}.example"} for i in range(25)}
FLEET = {**WORLD, **MANY, (TWO, "us-east-1", "Clerk@shop.example"): {"mail_from": "em.shop.example", "behavior": REJECT,
                                                                      "verified": "PENDING"}}
ONE_LANE = ("--profile", "one", "--regions", "us-east-1")
# Names that would become one another, or code, where somebody is careless.
TRAPS = ["shop.example", "shop_example", "shop-example", "shop@example", "shop..example", "CLERK@shop.example",
         "a.b.example", "a_b.example", "a@b.example", "a__b.example", "1und1.example", "_1und1.example", "o'brien@a.example",
         '"x y"@quoted.example', "${path.module}@a.example", "%{if true}x%{endif}@a.example", "$${a}@a.example", "%%{a}@a.example",
         "back\\slash@a.example", "xn--bcher-kva.example", "bücher.example", "日本.example", "#no-comment@a.example",
         "/* no */@a.example", "<<EOT@a.example", "each.key", "null", "true", "*@a.example", "${", "%{", "ab.cd.example",
         "abcd.example", "a.bcd.example", "x" * 60 + ".example", "x" * 60 + ".examplf"]
UNFIT = {"line\nbreak.example": "line\\x0abreak.example", "tab\tbed.example": "tab\\x09bed.example",
         "cafe\u0301.example": "cafe\u0301.example", "\u202egro.example": "\\u{202e}gro.example",
         "{{resolve:ssm:x}}@a.example": "{{resolve:ssm:x}}@a.example", "clerk@us-east-1": "clerk@us-east-1",
         "\u212a.example": "\u212a.example"}  # a Kelvin sign, which would become the letter K


def lane(account, region):
    return f"{NAMES[account]}_{region}"


def settings(world):
    """{(account, Region, identity): (MAIL FROM, behaviour)} of those that have one."""
    return {where: (row["mail_from"], row.get("behavior", "USE_DEFAULT_VALUE"))
            for where, row in world.items() if row.get("mail_from")}


def other_readers(text):
    """What HashiCorp's own programs say of it, where they are there."""
    if TERRAFORM:
        done = subprocess.run([TERRAFORM, "fmt", "-"], input=text.encode(), capture_output=True)
        check("terraform fmt reads it and changes nothing", done.returncode == 0 and done.stdout == text.encode(), done.stderr)
    if HCL_READER:
        done = subprocess.run([HCL_READER], input=text.encode(), capture_output=True)
        check("HashiCorp's parser reads it", done.returncode == 0, done.stderr)


def managed(text):
    """What Terraform would import and manage: {(account number, Region, identity): (MAIL FROM, behaviour)}, and
    the addresses."""
    blocks = list(hcl_blocks(text))
    providers = {f"aws.{body['alias']}": (body["allowed_account_ids"][0], body["region"])
                 for kind, *_, body in blocks if kind == "provider"}
    locals_ = {f"local.{name}": value for kind, *_, body in blocks if kind == "locals" for name, value in body.items()}
    imports, found, addresses = {}, {}, []
    for kind, *_, body in blocks:
        if kind == "import" and "for_each" in body:
            assert body["id"] == "each.key" and body["to"].endswith("[each.key]")
            imports |= {f"{body['to'][:-len('[each.key]')]}[{name}]": name for name in locals_[body["for_each"]]}
        elif kind == "import":
            assert body["to"] not in imports
            imports[body["to"]] = body["id"]
    for kind, *labels, body in blocks:
        if kind != "resource":
            continue
        assert labels[0] == RESOURCE and re.fullmatch(r"[a-z_][a-z0-9_-]*", labels[1]), labels
        keys = {"provider", "email_identity", "mail_from_domain", "behavior_on_mx_failure"}
        rows = [(f"{RESOURCE}.{labels[1]}", body)]
        if "for_each" in body:
            rows = [(f"{RESOURCE}.{labels[1]}[{name}]", {**body, **item, "email_identity": name})
                    for name, item in locals_[body["for_each"]].items()]
            keys |= {"for_each"}
        for address, row in rows:
            assert set(row) == keys and imports.pop(address) == row["email_identity"], (address, row)
            found[*providers[row["provider"]], row["email_identity"]] = row["mail_from_domain"], row["behavior_on_mx_failure"]
            addresses.append(address)
    assert not imports and len(set(addresses)) == len(addresses), imports
    return found, addresses


def whole(folder):
    return "\n".join(path.read_text() for path in sorted(folder.iterdir()))


def terraform(room):
    room.discover("a folder of Terraform is written", DONE, *BOTH, "--format", "terraform", "--out", "tf")
    folder = room.path / "tf"
    check("with the next step", "cd tf && terraform init && terraform plan" in room.told, room.told)
    check("and how many there are", f"Resources: {len(settings(FLEET))}" in room.told and re.search(
        r"Left as comments: 5 \(no custom MAIL FROM", room.told), room.told)
    check("a file for each account and Region, and one for their providers", {p.name for p in folder.iterdir()} == {
        "providers.tf", *(f"{lane(a, r)}.tf" for a, r, _ in FLEET)}, list(folder.iterdir()))
    found, addresses = managed(whole(folder))
    check("each custom MAIL FROM is a resource with what SES shows, and imported by its name", found == settings(FLEET),
          found.items() ^ settings(FLEET).items())
    check("up to 20 in blocks of their own", f"{RESOURCE}.one_us-east-1__custom_example" in addresses, addresses)
    check("more by a map", f"{RESOURCE}.two_us-east-1[shop24.example]" in addresses, addresses)
    for path in sorted(folder.iterdir()):
        other_readers(path.read_text())
    text = (folder / "one_us-east-1.tf").read_text()
    check("a status is a comment", "# MAIL FROM status: FAILED\nresource" in text, text)
    check("what has the default is one too", "needs no resource)\n#   Clerk@plain.example\n#   new.example\n" in text, text)
    check("an identity that is not verified", "    # not verified: PENDING\n    \"Clerk@shop.example\" = {" in whole(folder))
    document = room.discover("as one document", DONE, *BOTH, "--format", "terraform")
    check("it is the same", managed(document) == (found, addresses) or managed(document)[0] == found, document)
    other_readers(document)
    check("two runs give equal bytes", document == room.discover("again", DONE, *BOTH, "--format", "terraform"))
    check("no call was a write", not room.writes())


def folders(room):
    folder = room.path / "tf"
    before = whole(folder)
    told = room.ends("a folder with files is not written into", CANNOT_RUN, "discover", *BOTH, "--format", "terraform", "--out", "tf")
    check("it says so before anything is read", "--out tf: there are files in it already" in told and "Calls" not in told, told)
    (folder / "main.tf").write_text("# mine\n")
    (folder / "one_us-east-1.tf").write_text("# Written by mailfrom discover --format terraform\nold\n")
    room.discover("with --force it is", DONE, *BOTH, "--format", "terraform", "--out", "tf/", "--force")
    check("and is not named as if it were", "earlier discover" not in room.told, room.told)
    check("what is not ours stays", (folder / "main.tf").read_text() == "# mine\n")
    (folder / "main.tf").unlink()
    check("and ours is as before", whole(folder) == before and not list(folder.glob("*part*")), list(folder.iterdir()))
    (folder / "providers.tf").write_text("provider \"aws\" {}\n")
    told = room.ends("a file of ours by name alone is somebody's", CANNOT_RUN, "discover", *BOTH, "--format", "terraform", "--out",
                     "tf", "--force")
    check("and says which", "--out tf: providers.tf: is a file with other things in it" in told or
          "tf: providers.tf: is a file" in told, told)
    check("nothing is written then", (folder / "providers.tf").read_text() == "provider \"aws\" {}\n")
    (room.path / "plain").write_text("x")
    told = room.ends("a file is no folder", CANNOT_RUN, "discover", *BOTH, "--format", "terraform", "--out", "plain")
    check("it says that one is written", "this format writes a folder" in told, told)
    (room.path / "mine").mkdir()
    (room.path / "mine/two_us-east-1.tf").mkdir()
    told = room.ends("a file that cannot be written is said", CANNOT_RUN, "discover", *BOTH, "--format", "terraform", "--out", "mine",
                     "--force")
    check("with its name", "two_us-east-1.tf" in told, told)


def kept_addresses(room):
    """Terraform's state knows addresses: a folder that is written anew keeps those that it has."""
    lane_two = ("--profile", "two", "--regions", "us-east-1", "--format", "terraform", "--out", "kept", "--force")
    twenty = [word for i in range(20) for word in ("--only", f"shop{i:02}.example")]
    room.discover("few identities", DONE, *lane_two, *twenty)
    addresses = managed(whole(room.path / "kept"))[1]
    check("in blocks", len(addresses) == 20 and not any("[" in a for a in addresses), addresses)
    room.discover("grown beyond a map", DONE, *lane_two)
    grown = managed(whole(room.path / "kept"))[1]
    check("they stay blocks, and what was there keeps its address", set(addresses) < set(grown) and len(grown) == 26, grown)
    check("and nothing is lost", "is not in what" not in room.told and "imports and changes nothing" in room.told, room.told)
    room.discover("a narrower selection", DONE, *lane_two, "--only", "shop01.example")
    check("tells what it leaves out", '25 resources that the folder had are not in what was written now: "Clerk@shop.example", '
          '"shop00.example", "shop02.example" and 22 more.' in " ".join(room.told.split()), room.told)
    check("and promises nothing", "imports and changes nothing" not in room.told and "what it would destroy:" in room.told, room.told)
    shutil.rmtree(room.path / "kept")
    room.discover("many identities", DONE, *lane_two)
    check("are a map", "[" in managed(whole(room.path / "kept"))[1][0])
    room.discover("fewer of them, quietly", DONE, *lane_two, *twenty, "-q")
    addresses = managed(whole(room.path / "kept"))[1]
    check("stay a map", len(addresses) == 20 and all("[" in a for a in addresses), addresses)
    check("and the others are told all the same", "6 resources that the folder had are not in" in " ".join(room.told.split()), room.told)
    room.discover("another account", DONE, "--profile", "one", *lane_two[2:])
    check("a file that stays is told by what it has", "20 resources that the folder had are not" in " ".join(room.told.split())
          and "kept/two_us-east-1.tf" in room.told, room.told)
    room.discover("an account that cannot be read", TROUBLE, "--profile", "one,nobody", *lane_two[2:])
    before = (room.path / "kept/two_us-east-1.tf").read_bytes()
    (room.path / "kept/nobody_us-east-1.tf").write_bytes(before)
    (room.path / "kept/two_us-east-1.tf").unlink()
    room.discover("once more", TROUBLE, "--profile", "one,nobody", *lane_two[2:])
    check("is no reason to remove its file", "nobody_us-east-1.tf" not in room.told and "resources that" not in room.told, room.told)
    check("which stays", (room.path / "kept/nobody_us-east-1.tf").read_bytes() == before)


def refusals(room):
    for arguments, told in {
            ("--format", "terraform", "--mail-from", "bounce.{domain}"): "propose changes",
            ("--format", "pulumi-import", "--mail-from", "em.{domain}", "--replace"): "propose changes",
            ("--format", "cloudformation"): "give --out FOLDER",
            ("--format", "cloudformation", "--out", "-"): "give --out FOLDER",
            ("--format", "terraform", "--out", "main.tf"): "--out main.tf: is the name of a file",
            ("--format", "hcl"): "--format takes yaml, csv, json, terraform, cloudformation or pulumi-import",
    }.items():
        said = room.ends(f"{arguments} is refused", CANNOT_RUN, "discover", *BOTH, *arguments)
        check("with a sentence", told in said, said)
    text = room.discover("an account that cannot be read is left out", TROUBLE, "--profile", "nobody,one", "--regions", "us-east-1",
                         "--format", "terraform")
    check("and is a comment", "# account nobody, Region us-east-1: could not be read: " in text, text)
    check("the other is there", len(managed(text)[0]) == 4, text)
    room.discover("nothing is made of nothing", CANNOT_RUN, "--profile", "nobody", "--regions", "us-east-1", "--format", "terraform",
                  "--out", "none")
    check("no folder either", not (room.path / "none").exists())


ROLE = "arn:aws:iam::111122223333:role/mail"


def roles(room):
    """An account by role: the provider takes it on as discover does."""
    (room.path / ".aws/config").write_text("[profile base]\n")
    (room.path / "accounts.yaml").write_text(
        f"version: 1\naccounts:\n  Prod&Co:\n    profile: one\n    account_id: \"{ONE}\"\n    regions: [us-east-1]\n"
        f"  1st:\n    profile: two\n    regions: [eu-west-1]\n"
        f"  by-role:\n    role_arn: {ROLE}\n    external_id: 'mail/of,one'\n    source_profile: two\n    regions: [eu-west-1]\n")
    text = room.discover("accounts of a manifest", DONE, "--manifest", "accounts.yaml", "--format", "terraform")
    aliases = re.findall(r'alias += "(.*)"', text)
    check("a name that is no identifier becomes one", re.fullmatch(r"prod_co___[0-9a-f]{24}_us-east-1", aliases[0]) and
          aliases[1] == "_1st_eu-west-1", aliases)
    check("an account by role is reached as discover reaches it", '''
  profile             = "two"
  allowed_account_ids = ["111122223333"]

  assume_role {
    role_arn    = "arn:aws:iam::111122223333:role/mail"
    external_id = "mail/of,one"
  }
}
''' in text, text)
    accounts = {"Prod&Co": (ONE, "us-east-1"), "1st": (TWO, "eu-west-1"), "by-role": (ONE, "eu-west-1")}
    wanted = {where: value for where, value in settings(FLEET).items() if where[:2] in accounts.values()}
    check("each resource is of its provider", managed(text)[0] == wanted, text)
    other_readers(text)
    room.discover("scripts for them", DONE, "--manifest", "accounts.yaml", "--format", "cloudformation", "--out", "roles")
    script = (room.path / "roles/by-role_eu-west-1.sh").read_text()
    own = (room.path / "roles/_1st_eu-west-1.sh").read_text()
    check("an option and its value are one word, for a value may begin with a dash", " --region=eu-west-1 --profile=two\n" in own, own)
    check("a script says whose credentials it needs, where a profile alone has not", f"# To be run with the credentials of {ROLE}.\n" in script and
          "--profile" not in script, script)


# ---- CloudFormation ----

CHANGE_SET = botocore.session.get_session().get_service_model("cloudformation").operation_model("CreateChangeSet").input_shape
# As CloudFormation keeps stacks: a file each, with its status. A stack named in $HOME/denied is refused.
STUB = r"""#!/bin/sh
pwd >>"$HOME/aws.log"
for word; do printf '%s\n' "$word" >>"$HOME/aws.log"; done
stack=
for word; do [ "$before" != --stack-name ] || stack=$word; before=$word; done
[ "$(cat "$HOME/denied")" != "$stack" ] || { echo ExpiredToken >&2; exit 254; }
case $2 in
describe-stacks) cat "$HOME/stacks/$stack" ;;
delete-change-set) rm "$HOME/stacks/$stack.set" ;;
create-change-set)
    [ ! -e "$HOME/stacks/$stack.set" ] || { echo AlreadyExistsException >&2; exit 254; }
    echo REVIEW_IN_PROGRESS >"$HOME/stacks/$stack" && : >"$HOME/stacks/$stack.set" ;;
esac
"""


def script_runs(room, script, denied=""):
    (room.path / "aws.log").write_text("")
    (room.path / "denied").write_text(denied or "none")
    return subprocess.run(["sh", script], env={"HOME": str(room.path), "PATH": f"{room.path}/bin:/usr/bin:/bin"}, cwd="/",
                          capture_output=True, text=True)


def change_sets(room, script):
    """The requests that a script makes the AWS CLI send, with their files."""
    (room.path / "bin").mkdir(exist_ok=True)
    shutil.rmtree(room.path / "stacks", ignore_errors=True)
    (room.path / "stacks").mkdir()
    (room.path / "bin/aws").write_text(STUB)
    (room.path / "bin/aws").chmod(0o755)
    done = script_runs(room, script)
    check("the script runs, from wherever", done.returncode == 0, done.stderr)
    requests = []
    for call in (room.path / "aws.log").read_text().split(f"{script.parent}\ncloudformation\n"):
        if not call.startswith("create-change-set\n"):
            continue
        words = call.replace("--region=", "--region\n").replace("--profile=", "--profile\n").splitlines()[1:]
        given = dict(zip(words[::2], words[1::2]))
        body, imports = ((script.parent / given[f"--{key}"].removeprefix("file://")).read_text()
                         for key in ("template-body", "resources-to-import"))
        requests.append((given, body, json.loads(imports)))
    return requests


def calls_of(room, action):
    return re.findall(rf"^{action}\n.*?--stack-name\n(\S+)", (room.path / "aws.log").read_text(), re.M | re.S)


def again(room):
    """A script that stopped is run again, and comes to the end."""
    script = room.path / "cf" / f"{lane(ONE, 'us-east-1')}.sh"
    names = [f"mailfrom-one-us-east-1-{n}" for n in (1, 2, 3)]
    change_sets(room, script)
    shutil.rmtree(room.path / "stacks")
    (room.path / "stacks").mkdir()
    done = script_runs(room, script, denied=names[1])
    check("a script stops where it is refused, and the refusal is seen", done.returncode and "ExpiredToken" in done.stderr
          and calls_of(room, "create-change-set") == names[:2], done.stderr, calls_of(room, "create-change-set"))
    done = script_runs(room, script)
    check("run again, it goes on to the end", done.returncode == 0 and calls_of(room, "create-change-set") == names, done.stderr)
    check("and makes anew what was not executed", calls_of(room, "delete-change-set") == names[:1], calls_of(room, "delete-change-set"))
    (room.path / "stacks" / names[0]).write_text("IMPORT_COMPLETE\n")
    done = script_runs(room, script)
    check("a stack that is there stays as it is", done.returncode == 0 and calls_of(room, "create-change-set") == names[1:]
          and f"{names[0]}: the stack is there (IMPORT_COMPLETE)" in done.stdout, done.stdout, done.stderr)


def fewer(room):
    """What an earlier discover wrote, and this one does not, is named with the command that removes it."""
    command = room.discover
    command("fewer identities into the same folder", DONE, *ONE_LANE, "--only", "d0*", "--format", "cloudformation", "--out", "cf/", "--force")
    gone = [f"one_us-east-1-{n}.{kind}.json" for n in (2, 3) for kind in ("import", "template")]
    other = [f"one_eu-west-1{rest}" for rest in ("-1.import.json", "-1.template.json", "-2.import.json", "-2.template.json", ".sh")]
    empty = ["two_eu-west-1.sh", "two_us-east-1.sh"]
    told = re.search(r"11 files of an earlier discover are not of this one, .* To remove them: rm -- (.*)$", room.told, re.M)
    check("each file of an earlier time is named", told and told[1].split() == [f"cf/{name}" for name in [*other, *gone, *empty]], room.told)
    (room.path / "cf/mine.json").write_text("[]\n")
    done = subprocess.run(["sh", "-c", f"rm -- {told[1]}" if told else "false"], cwd=room.path, capture_output=True, text=True)
    check("the command removes them, and nothing else", done.returncode == 0 and {p.name for p in (room.path / "cf").iterdir()} == {
        "mine.json", "one_us-east-1.sh", "one_us-east-1-1.template.json", "one_us-east-1-1.import.json"}, done.stderr)
    command("once more", DONE, *ONE_LANE, "--only", "d0*", "--format", "cloudformation", "--out", "cf", "--force")
    check("then there is nothing to say", "earlier discover" not in room.told, room.told)


def change_set_vet(given, body, imports):
    """As the API takes it: botocore's own validation, and the limits of the model."""
    request = {"StackName": given["--stack-name"], "ChangeSetName": given["--change-set-name"], "TemplateBody": body,
               "ChangeSetType": given["--change-set-type"], "ResourcesToImport": imports}
    faults = botocore.validate.ParamValidator().validate(request, CHANGE_SET)
    assert not faults.has_errors(), faults.generate_report()
    assert len(imports) <= CHANGE_SET.members["ResourcesToImport"].metadata["max"] and len(body.encode()) <= 51200
    assert re.fullmatch(r"[a-zA-Z][-a-zA-Z0-9]*", request["StackName"]) and len(request["StackName"]) <= 128
    template = json.loads(body)
    assert template["AWSTemplateFormatVersion"] == "2010-09-09" and len(template["Description"]) <= 1024
    ids = [row["LogicalResourceId"] for row in imports]
    assert ids == list(template["Resources"]) and len(set(ids)) == len(ids) <= 500
    found = {}
    for row in imports:
        resource = template["Resources"][row["LogicalResourceId"]]
        assert re.fullmatch(r"[A-Za-z0-9]{1,255}", row["LogicalResourceId"]), row
        assert resource["Type"] == row["ResourceType"] == KIND
        assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain"
        identity = resource["Properties"].pop("EmailIdentity")
        attributes = resource["Properties"].pop("MailFromAttributes")
        assert not resource["Properties"] and row["ResourceIdentifier"] == {"EmailIdentity": identity}
        found[identity] = attributes["MailFromDomain"], attributes["BehaviorOnMxFailure"]
    return found


def linted(folder):
    linter = shutil.which("cfn-lint")
    done = linter and subprocess.run([linter, *folder.glob("*.template.json")], capture_output=True)
    if not done or b"command not found" in done.stderr:
        print("# cfn-lint is not there: templates are read by botocore's model alone")
        return
    check("cfn-lint has nothing to say", done.returncode == 0, done.stdout, done.stderr)


def stacks(room, world, sizes):
    """Every custom MAIL FROM of the world, each in one template."""
    folder = room.path / "cf"
    shutil.rmtree(folder, ignore_errors=True)
    room.discover("a folder for CloudFormation is written", DONE, *BOTH, "--format", "cloudformation", "--out", "cf")
    check("with the next step", re.search(r"create-change-set .*IMPORT: sh cf/\w+_[\w-]+\.sh$", room.told, re.M), room.told)
    found, stacks, parts = {}, set(), {}
    for account, region in sorted({where[:2] for where in world}):
        requests = change_sets(room, folder / f"{lane(account, region)}.sh")
        for given, body, imports in requests:
            check("the change set is made in the Region, by the profile", given["--region"] == region and
                  given["--profile"] == NAMES[account], given)
            stacks.add(given["--stack-name"])
            mine = change_set_vet(given, body, imports)
            assert not {(account, region, name) for name in mine} & set(found)
            found |= {(account, region, name): value for name, value in mine.items()}
        parts[lane(account, region)] = [len(imports) for *_, imports in requests]
    check("every custom MAIL FROM is in one template, as SES shows it", found == settings(world), found.items() ^ settings(world).items())
    check("and each stack has its name", len(stacks) == sum(map(len, parts.values())), stacks)
    check("the templates are as large as may be", sizes(parts), parts)


# ---- Pulumi ----

def pulumi(room, world, arguments, lanes):
    document = json.loads(room.discover("a file for pulumi import", DONE, *arguments, "--format", "pulumi-import"))
    rows, table = document["resources"], document.get("nameTable", {})
    check("a provider for each account and Region where there are several", list(table) == (lanes if len(lanes) > 1 else []), table)
    check("as URNs", all(urn == f"urn:pulumi:STACK::PROJECT::pulumi:providers:aws::{name}" for name, urn in table.items()), table)
    check("every custom MAIL FROM is a resource, by the name at SES", sorted(
        (row.get("provider", lanes[0]), row["id"]) for row in rows) == sorted((lane(a, r), n) for a, r, n in settings(world)), rows)
    check("of the type, and with a name of its own", {row["type"] for row in rows} == {TOKEN} and
          len({row["name"] for row in rows}) == len(rows) and all("::" not in row["name"] for row in rows), rows)


# ---- names ----

def traps(room, world):
    text = room.discover("names that are traps", DONE, *ONE_LANE, "--format", "terraform")
    good = {where: value for where, value in settings(world).items() if where[2] not in UNFIT}
    found, addresses = managed(text)
    check("each is itself, and nothing else", found == good, found.items() ^ good.items())
    other_readers(text)
    check("what cannot be is a comment that harms nobody", all(f"\n#   {shown}\n" in text for shown in UNFIT.values()), text)
    fits = json.loads(room.discover("for Pulumi", DONE, *ONE_LANE, "--format", "pulumi-import"))["resources"]
    check("Pulumi's names are as many", len({row["name"] for row in fits}) == len(good) == len(addresses), fits)
    check("and the ids exact", {row["id"] for row in fits} == {name for _, _, name in good})
    pair = room.discover("few of them", DONE, *ONE_LANE, "--format", "terraform", "--only", "shop*", "--only", "*o'brien*")
    labels = {row["id"]: row["name"] for row in fits}
    check("a name does not depend on the others", all(f'"{labels[name]}"' in pair for *_, name in managed(pair)[0]), pair, labels)
    room.discover("for CloudFormation", DONE, *ONE_LANE, "--format", "cloudformation", "--out", "traps")
    (given, body, imports), = change_sets(room, room.path / "traps/one_us-east-1.sh")
    check("its templates too", change_set_vet(given, body, imports) == {where[2]: value for where, value in good.items()})
    linted(room.path / "traps")


def main():
    mailfrom, ses_sim = sys.argv[1:3]
    print(f"# terraform: {TERRAFORM or 'not there'}; HashiCorp's parser: {HCL_READER or 'not there'}")
    with Accounts(mailfrom, ses_sim, FLEET) as room:
        terraform(room)
        folders(room)
        kept_addresses(room)
        refusals(room)
        roles(room)
        stacks(room, FLEET, lambda parts: parts == {lane(ONE, "us-east-1"): [4], lane(ONE, "eu-west-1"): [1],
                                                    lane(TWO, "us-east-1"): [26], lane(TWO, "eu-west-1"): [1]})
        linted(room.path / "cf")
        pulumi(room, FLEET, BOTH, [lane(a, r) for a in (ONE, TWO) for r in ("us-east-1", "eu-west-1")])
        only = {where: row for where, row in FLEET.items() if where[:2] == (ONE, "us-east-1")}
        pulumi(room, only, ONE_LANE, [lane(ONE, "us-east-1")])
    hostile = {(ONE, "us-east-1", name): {"mail_from": f"em{i}.example"} for i, name in enumerate([*TRAPS, *UNFIT])}
    with Accounts(mailfrom, ses_sim, hostile) as room:
        traps(room, hostile)
    crowd = {(ONE, "us-east-1", f"d{i:03}.ex"): {"mail_from": f"m.d{i:03}.ex"} for i in range(450)}
    crowd |= {(ONE, "eu-west-1", f"{'long-' * 30}{i:04}.example"): {"mail_from": f"em.{'long-' * 30}{i:04}.example"} for i in range(150)}
    with Accounts(mailfrom, ses_sim, crowd) as room:
        stacks(room, crowd, lambda parts: parts == {lane(ONE, "us-east-1"): [200, 200, 50], lane(ONE, "eu-west-1"): [82, 68]})
        again(room)
        fewer(room)
    verdict()


if __name__ == "__main__":
    main()
