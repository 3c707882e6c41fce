#!/usr/bin/python3
"""Every example does what the comment at its head promises. A line "# $ mailfrom VERB ..." there is run, in a copy
of the folder and against stand-ins for SES and DNS; the lines of comment below it are lines that it prints. What
an example does not say of its world is the usual: identities are verified, have no MAIL FROM, and their records
are published. Arguments: mailfrom, ses-sim."""

import csv
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import pg_server
from knot_room import free_port, knot_conf, start, wait_until_it_serves
from rehearsal_room import Names, check, verdict
from timeouts import patient

MAILFROM, SIM = (pathlib.Path(program).resolve() for program in sys.argv[1:3])
EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "manifests/examples"
OWN, SECRET = "111122223333", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
COLUMNS = "account region identity type verified mail_from behavior status forwarding".split()
SPF = '"v=spf1 include:amazonses.com ~all"'
# Of accounts_from: what AWS Organizations has.
ORGANIZATION = f"""id,parent,name,role
r-acme,{OWN},Root,
ou-acme-11111111,r-acme,Workloads,
ou-acme-22222222,ou-acme-11111111,Mail,
{OWN},r-acme,management,
222233334444,ou-acme-22222222,north,mail-admin
333344445555,ou-acme-22222222,south,mail-admin
444455556666,ou-acme-22222222,sandbox-mail,mail-admin
"""
# What is not the usual, by example and identity (or all of them).
IS_SET = {"mail_from": "bounce.{domain}", "status": "SUCCESS"}
WORLD = {
    "agency.yaml": {"shop.florist.example": {"is_late": True}},
    "back-to-default.yaml": {"*": IS_SET},
    "publish-other-account.yaml": {"*": {"is_late": True}},
    "rollback.yaml": {"*": IS_SET},
    "strict-afterwards.yaml": {"*": IS_SET},
}
# The demo walks through fleet.yaml; publish.yaml has three providers, which run_publish has; a program wrote
# discovered.yaml; those in folders of parts are included by others.
WITHOUT_COMMANDS = {"fleet.yaml", "publish.yaml", "discovered.yaml", "teams/orders.yaml", "customers/bakery.yaml",
                    "customers/florist.yaml"}


def promises(path):
    """[(arguments, lines that are printed)] of the comment at the head."""
    found = []
    for line in path.read_text().splitlines():
        if not line.startswith("#"):
            break
        text = line.removeprefix("#").strip()
        if text.startswith("$ mailfrom "):
            found.append((shlex.split(text.removeprefix("$ mailfrom ")), []))
        elif found and text:
            found[-1][1].append(text)
    return found


class World:
    """The folder of an example with its stand-ins."""

    def __init__(self, name):
        self.folder = tempfile.TemporaryDirectory(prefix="examples.")
        self.path = pathlib.Path(self.folder.name) / "examples"
        self.example = self.path / name
        shutil.copytree(EXAMPLES, self.path)
        manifest = yaml.safe_load(self.example.read_text())
        self.accounts = manifest.get("accounts") or {}
        self.organization = (manifest.get("accounts_from") or {}).get("organization")
        self.home = pathlib.Path(self.folder.name)
        os.chmod(self.home, 0o755)
        (self.home / ".aws").mkdir()
        self.keys_write()
        self.processes, self.more = [], {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.terminate()
            process.wait()
        self.folder.cleanup()

    def account_id(self, name):
        return name if self.organization and name.isdigit() else self.accounts.get(name, {}).get("account_id", OWN)

    def keys_write(self):
        """A profile for each that the manifest names, of the account that it should be of."""
        profiles = {a["profile"]: self.account_id(name) for name, a in self.accounts.items() if "profile" in a}
        for account in self.accounts.values():
            if "source_profile" in account:
                profiles.setdefault(account["source_profile"], OWN)
        if self.organization:
            profiles[self.organization["profile"]] = OWN
            (self.home / "organization.csv").write_text(ORGANIZATION)
        rows = [f"{OWN},AKIDEXAMPLE,{SECRET}"]
        text = ""
        for i, (profile, account) in enumerate(profiles.items()):
            rows.append(f"{account},AKIDPROFILE{i},secret{i}")
            text += f"[{profile}]\naws_access_key_id = AKIDPROFILE{i}\naws_secret_access_key = secret{i}\n"
        (self.home / ".aws/credentials").write_text(text)
        (self.home / "keys.csv").write_text("\n".join(["account,access_key_id,secret_access_key", *rows, ""]))

    def sim(self, identities, resolver, *more):
        with open(self.home / "identities.csv", "w", newline="") as table:
            writer = csv.DictWriter(table, COLUMNS, extrasaction="ignore", lineterminator="\n")
            writer.writeheader()
            writer.writerows(identities)
        command = [SIM, "--identities", self.home / "identities.csv", "--credentials", self.home / "keys.csv", "--resolver",
                   resolver, "--rate", "200", "--burst", "200", "--detect-after", "1", *more]
        if self.organization:
            command += ["--organization", self.home / "organization.csv"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.processes.append(process)
        self.url = process.stdout.readline().removeprefix("ready ").strip()
        if not self.url:
            sys.exit("ses-sim did not start")  # without an address of its own, mailfrom would ask AWS

    def run(self, verb, *arguments, reach=()):
        rate = [] if verb in ("check", "records", "due", "report", "journal") else ["--rate", "200"]
        asks = [] if verb in ("check", "report", "journal") else [*reach]
        keys = {} if self.accounts or self.organization else {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": SECRET}
        environment = {"HOME": str(self.home), "PATH": os.environ["PATH"], "AWS_EC2_METADATA_DISABLED": "true",
                       "AWS_ENDPOINT_URL": self.url, "AWS_ENDPOINT_URL_ROUTE_53": self.url, **keys, **self.more}
        return subprocess.run([MAILFROM, verb, *arguments, *rate, *asks], cwd=self.example.parent, env=environment,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=patient(300))

    def rows(self):
        """What the manifest wants, row by row, told by a world whose accounts have nothing of it."""
        names = Names()
        accounts = {OWN, *map(self.account_id, self.accounts)}
        if self.organization:
            accounts |= {line.partition(",")[0] for line in ORGANIZATION.splitlines() if line[0].isdigit()}
        self.sim([{"account": account, "region": "us-east-1", "identity": "unrelated.example", "type": "DOMAIN",
                   "verified": "SUCCESS", "behavior": "USE_DEFAULT_VALUE", "forwarding": "true"} for account in accounts],
                 f"127.0.0.1:{names.port}")
        reach = ["--resolver", f"127.0.0.1:{names.port}", "--dns", "recursive"]
        done = self.run("plan", self.example.name, "--report", "json:-", "--quiet", reach=reach)
        names.socket.close()
        if not done.stdout.startswith("{"):
            check(f"{self.example.name} can be planned", False, done.stderr)
            verdict()
        return json.loads(done.stdout)["identities"]

    def begin(self, rows):
        """As the example has it."""
        special = WORLD.get(self.example.relative_to(self.path).as_posix(), {})
        identities, zones = [], {"example": "", "com": "", "org": "", "net": "", "amazonses.com": "@ TXT \"v=spf1 ip4:199.255.192.0/22 -all\"\n"}
        for row in rows:
            name = row["identity"]
            domain = name.rpartition("@")[2]
            more = {**special.get("*", {}), **special.get(name, {})}
            identities.append({"account": self.account_id(row["account"]), "region": row["region"], "identity": name,
                               "type": row["identity_type"], "verified": "SUCCESS", "mail_from": "", "status": "",
                               "behavior": "USE_DEFAULT_VALUE", "forwarding": "true", **more})
            identities[-1]["mail_from"] = identities[-1]["mail_from"].format(domain=domain)
            for name in {row["mail_from_after"], identities[-1]["mail_from"]} - {""}:
                zone = ".".join(name.split(".")[-2:])
                lines = f"{name}. MX 10 feedback-smtp.{row['region']}.amazonses.com.\n{name}. TXT {SPF}\n"
                records = zones.setdefault(zone, "")
                if f"{name}. MX" not in records and not more.get("is_late"):
                    zones[zone] += lines
        port, knot = free_port(), self.home / "knot"
        knot.mkdir()
        self.processes.append(start(["knotd", "-c", knot_conf(knot, port, zones)], knot))
        wait_until_it_serves(port, "amazonses.com")
        of_dns = next((a["account_id"] for n, a in self.accounts.items() if n == "dns"), OWN)
        (self.home / "zones.csv").write_text("provider,account,id,name,state,name_servers,server,key,file\n" + "".join(
            f"route53,{of_dns},Z{i},{zone},,ns.{zone},127.0.0.1:{port},,{knot}/{zone}.zone\n" for i, zone in enumerate(zones)))
        self.sim(identities, f"127.0.0.1:{port}", "--zones", self.home / "zones.csv")
        return ["--resolver", f"127.0.0.1:{port}", "--authority-port", str(port)]


def is_said(line, told):
    return " ".join(line.split()) in (" ".join(said.split()) for said in told.splitlines())


def walk(name, commands, more):
    with World(name) as world:
        world.more = more
        reach = world.begin(world.rows())
        for arguments, lines in commands:
            done = world.run(*arguments, reach=reach)
            told = done.stdout + done.stderr
            fine = (0, 4) if arguments[0] == "work" else (0,)  # 4: the lanes of the other worker are open still
            check(f"{name}: mailfrom {shlex.join(arguments)}", done.returncode in fine, done.returncode, told)
            for line in lines:
                check(f"{name}: {line}", is_said(line, told), told)


def main():
    libraries = subprocess.run([MAILFROM, "--version", "--verbose"], capture_output=True, text=True).stdout
    has_database = "libpq" in libraries and (any(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb")) or shutil.which("initdb"))
    for path in sorted(EXAMPLES.rglob("*.yaml")):
        name, commands = path.relative_to(EXAMPLES).as_posix(), promises(path)
        check(f"{name} {'promises nothing' if name in WITHOUT_COMMANDS else 'promises something'}",
              bool(commands) != (name in WITHOUT_COMMANDS))
        if any(arguments[0] == "journal" for arguments, _ in commands):
            if not has_database:
                check(f"{name} # SKIP no PostgreSQL is installed, or the program knows none", True)
                continue
            with pg_server.Server() as server:
                walk(name, commands, {"MAILFROM_JOURNAL": server.database()})
        elif commands:
            walk(name, commands, {})
    verdict()


if __name__ == "__main__":
    main()
