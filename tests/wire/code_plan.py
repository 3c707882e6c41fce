#!/usr/bin/python3
"""Code written by discover, before those who will read it: Terraform plans with it (from what boto3 says SES has, by
a stand-in for its provider), HashiCorp's parser reads it, and its types and arguments are those that the providers publish.
Arguments: mailfrom, ses-sim, a folder with node_modules, cdktf and pulumi (tests/long/code.sh fetches them)."""

import json
import os
import pathlib
import re
import subprocess
import sys

import boto3

from records_readers import TERRAFORM
from rehearsal_room import DONE, check, verdict
from run_code import FLEET, KIND, NAMES, RESOURCE, TOKEN, TRAPS, lane, managed, settings, whole
from run_discover import BOTH, KEYS, ONE, TWO, Accounts

HERE = pathlib.Path(__file__).parent
COUNTS = "Plan: {} to import, 0 to add, 0 to change, 0 to destroy."


def asked(room):
    """{account/Region/identity: [MAIL FROM, behaviour]} by GetEmailIdentity, as Terraform's provider asks."""
    found = {}
    for account, region in {where[:2] for where in room.world}:
        client = boto3.client("sesv2", region_name=region, endpoint_url=room.url, aws_access_key_id=KEYS[account][0],
                              aws_secret_access_key=KEYS[account][1])
        for name in (name for *where, name in room.world if tuple(where) == (account, region)):
            attributes = client.get_email_identity(EmailIdentity=name).get("MailFromAttributes", {})
            if attributes.get("MailFromDomain"):
                found[f"{account}/{region}/{name}"] = [attributes["MailFromDomain"], attributes["BehaviorOnMxFailure"]]
    return found


def node(modules, script, *arguments, **more):
    return subprocess.run(["node", HERE / script, *arguments], env={**os.environ, "NODE_PATH": str(modules)},
                          capture_output=True, text=True, **more)


class Terraform:
    """A folder of code, with the stand-in as its provider."""

    def __init__(self, room, modules, folder):
        plugins = room.path / "plugins"
        plugins.mkdir(exist_ok=True)
        (plugins / "terraform-provider-aws").write_text(
            f"#!/bin/sh\nNODE_PATH='{modules}' exec node '{HERE}/terraform_provider.js'\n")
        (plugins / "terraform-provider-aws").chmod(0o755)
        (room.path / "terraform.rc").write_text(
            f'provider_installation {{\n  dev_overrides {{\n    "hashicorp/aws" = "{plugins}"\n  }}\n  direct {{}}\n}}\n')
        self.facts, self.folder = room.path / "facts.json", folder
        self.write_facts(asked(room))
        self.environment = {**os.environ, "TF_CLI_CONFIG_FILE": str(room.path / "terraform.rc"), "TF_DISABLE_PLUGIN_TLS": "1",
                            "CHECKPOINT_DISABLE": "1", "PROVIDER_FACTS": str(self.facts)}

    def write_facts(self, found):
        self.found = found
        self.facts.write_text(json.dumps({"profiles": {name: number for number, name in NAMES.items()}, "settings": found}))

    def __call__(self, *arguments):
        done = subprocess.run([TERRAFORM, *arguments, "-no-color", "-input=false"], cwd=self.folder, env=self.environment,
                              capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr


def planned(room, modules, folder, count):
    if not TERRAFORM:
        print("# SKIPPED: there is no terraform, so no plan was made")
        return
    terraform = Terraform(room, modules, room.path / folder)
    check("boto3 sees as many custom MAIL FROM domains", len(terraform.found) == count, terraform.found)
    code, told = terraform("plan")
    check("Terraform would import every one and change nothing", code == 0 and COUNTS.format(count) in told, told[-3000:])
    code, told = terraform("apply", "-auto-approve")
    check("it imports them", code == 0 and f"{count} imported, 0 added, 0 changed, 0 destroyed" in told, told[-3000:])
    code, told = terraform("plan", "-detailed-exitcode")
    check("the day after, the plan is empty", code == 0 and "No changes." in told, told[-3000:])
    where, (_, behavior) = next(iter(terraform.found.items()))
    terraform.write_facts({**terraform.found, where: ["elsewhere.example", behavior]})
    code, told = terraform("plan", "-detailed-exitcode")
    check("and a change by somebody else is seen", code == 2 and "0 to add, 1 to change, 0 to destroy" in told, told[-3000:])


def returned(room, modules):
    """From SES to Terraform, and from its state back to a manifest: nothing is lost, and nothing is to be changed."""
    if not TERRAFORM:
        return
    room.discover("what is there becomes code", DONE, *BOTH[2:], "--profile", "one", "--format", "terraform", "--out", "tf")
    code, told = Terraform(room, modules, room.path / "tf")("apply", "-auto-approve")
    check("Terraform takes it over", code == 0, told[-3000:])
    (room.path / "back.yaml").write_text(json.dumps({
        "version": 1, "accounts": {"one": {"profile": "one", "account_id": ONE}},
        "defaults": {"account": "one", "region": "us-east-1", "mail_from": "default"}, "identities_from": ["tf/terraform.tfstate"]}))
    rows, code = room.plan("back.yaml")
    check("the state as a manifest has what SES has", {(ONE, region, name) for _, region, name in rows} ==
          settings(room.world).keys(), rows)
    check("and plan finds nothing to change", rows and all(row["action"] == "none" for row in rows.values()), code, rows)


def parsed(modules, folder):
    """The same blocks by HashiCorp's parser as by the reader of the tests."""
    for path in sorted(folder.glob("*.tf")):
        done = node(modules, "hcl_json.js", input=path.read_text())
        check(f"HashiCorp's parser reads {path.name}", done.returncode == 0, done.stderr)
        read = json.loads(done.stdout or "{}")
        addresses = {f"{RESOURCE}.{label}" for label in read.get("resource", {}).get(RESOURCE, {})}
        mine = set() if path.name == "providers.tf" else {
            re.sub(r"\[.*", "", address) for address in managed(whole(folder))[1] if f".{path.stem}" in address}
        check("and finds the same resources", addresses == mine, addresses ^ mine)


def published(modules, packages):
    done = node(modules, "published_schemas.js", packages)
    check("the published schemas are read", done.returncode == 0, done.stderr)
    known = json.loads(done.stdout)
    check("Terraform's type is published", known["resource"] == RESOURCE, known)
    check("with its arguments", {"email_identity", "mail_from_domain", "behavior_on_mx_failure"} <= set(known["resource_arguments"]), known)
    check("and those of its provider", {"alias", "region", "profile", "allowed_account_ids", "assume_role"} <=
          set(known["provider_arguments"]) and {"role_arn", "external_id"} <= set(known["role_arguments"]), known)
    check("Pulumi's type token is published", known["token"] == TOKEN, known)
    check(f"{KIND} is published with its properties", {"EmailIdentity", "MailFromAttributes"} <= set(known["properties"]) and
          {"MailFromDomain", "BehaviorOnMxFailure"} == set(known["mail_from_properties"]), known)
    check("and is imported by its name", known["identifier"] == ["EmailIdentity"], known)


def main():
    mailfrom, ses_sim, packages = sys.argv[1:4]
    modules = pathlib.Path(packages).resolve() / "node_modules"
    published(modules, packages)
    world = {**FLEET, **{(TWO, "eu-west-1", name): {"mail_from": f"em{i}.example"} for i, name in enumerate(TRAPS)}}
    with Accounts(mailfrom, ses_sim, world) as room:
        room.discover("a fleet with traps, as maps", DONE, *BOTH, "--format", "terraform", "--out", "tf")
        parsed(modules, room.path / "tf")
        planned(room, modules, "tf", len(settings(world)))
    few = [name for i, name in enumerate(TRAPS) if i % 2]
    world = {(account, region, name): {"mail_from": f"em{i}.example"} for i, name in enumerate(few)
             for account in (ONE, TWO) for region in ("us-east-1", "eu-west-1")}
    with Accounts(mailfrom, ses_sim, world) as room:
        room.discover("traps, as blocks", DONE, *BOTH, "--format", "terraform", "--out", "tf")
        check("they are blocks", "for_each" not in (room.path / f"tf/{lane(ONE, 'us-east-1')}.tf").read_text())
        parsed(modules, room.path / "tf")
        planned(room, modules, "tf", len(settings(world)))
    world = {where: row for where, row in FLEET.items() if where[0] == ONE and not row.get("status")}
    with Accounts(mailfrom, ses_sim, world) as room:
        returned(room, modules)
    verdict()


main()
