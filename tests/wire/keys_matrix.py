#!/usr/bin/python3
"""Debian's AWS CLI and mailfrom look at the same profiles, environment and stand-ins, and must be the
same identity: ses-sim says which account called, the stand-in of STS which roles were assumed.

usage: keys_matrix.py MAILFROM SES-SIM"""

import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from key_stands import Keys, Stands, clean_environment
from timeouts import patient
from rehearsal_room import Names, check, verdict

ARN = "arn:aws:iam::%s:role/%s"
ROLE, HOP = ARN % ("900000000001", "mail"), ARN % ("900000000002", "hop")
SESSION = "[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = us-east-1\n"
SSO = "sso_account_id = 600000000000\nsso_role_name = Mail\n"
OLD_SSO = SSO + "sso_start_url = https://corp.awsapps.com/start\nsso_region = us-east-1\n"


def keys(account):
    return Keys(account, f"AKID{account}", f"secret/+{account}")


def temporary(account):
    return Keys(account, f"ASIA{account}", f"secret/+{account}", f"token/+={account}")


ENV, FILE, CONFIG, BASE = (keys(n * 12) for n in "1234")
GIVEN = {"container": temporary("500000000000"), "sso": temporary("600000000000"),
         "instance": temporary("700000000000"), "web": temporary("800000000000")}
PROCESS = temporary("550000000000")
ROLES = [keys("900000000001"), keys("900000000002")]
EVERYBODY = [ENV, FILE, CONFIG, BASE, PROCESS, *GIVEN.values(), *ROLES]


def static(k):
    return f"aws_access_key_id = {k.id}\naws_secret_access_key = {k.secret}\n"


def env(k):
    return {"AWS_ACCESS_KEY_ID": k.id, "AWS_SECRET_ACCESS_KEY": k.secret}


CONTAINER = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "@/v2/credentials/CONTAINER-ID",
             "AWS_CONTAINER_AUTHORIZATION_TOKEN": "CONTAINER-TOKEN"}
INSTANCE = {"AWS_EC2_METADATA_DISABLED": "false"}
WEB = {"AWS_ROLE_ARN": ROLE, "AWS_WEB_IDENTITY_TOKEN_FILE": "^/web-token"}

# title, config, credentials, environment, --profile
CASES = [
    ("environment", "", "", env(ENV), None),
    ("environment before a profile of the environment", "", "[x]\n" + static(FILE), {**env(ENV), "AWS_PROFILE": "x"}, None),
    ("--profile before the environment", "", "[x]\n" + static(FILE), env(ENV), "x"),
    ("credentials file", "", "[default]\n" + static(FILE), {}, None),
    ("credentials file before config file", "[default]\n" + static(CONFIG), "[default]\n" + static(FILE), {}, None),
    ("config file", "[profile x]\n" + static(CONFIG), "", {"AWS_PROFILE": "x"}, None),
    ("a quoted name", '[profile "a b"]\n' + static(CONFIG), "", {}, "a b"),
    ("a program", "[profile x]\ncredential_process = sh -c 'cat \"$HOME/process.json\"'\n", "", {}, "x"),
    ("a program before the config file", "[profile x]\ncredential_process = cat ^/process.json\n" + static(CONFIG), "", {}, "x"),
    ("the credentials file before a program", "[profile x]\ncredential_process = cat ^/process.json\n", "[x]\n" + static(FILE), {}, "x"),
    ("a role", f"[profile x]\nrole_arn = {ROLE}\nsource_profile = base\nexternal_id = e1\nduration_seconds = 7200\n",
     "[base]\n" + static(BASE), {}, "x"),
    ("a role of the environment's profile, for want of keys", f"[profile x]\nrole_arn = {ROLE}\nsource_profile = base\n",
     "[base]\n" + static(BASE), {"AWS_PROFILE": "x"}, None),
    ("a role after a role", f"[profile y]\nrole_arn = {HOP}\nsource_profile = base\n"
     f"[profile x]\nrole_arn = {ROLE}\nsource_profile = y\n", "[base]\n" + static(BASE), {}, "x"),
    ("a source with keys and a role", f"[profile y]\nrole_arn = {HOP}\nsource_profile = base\n"
     f"[profile x]\nrole_arn = {ROLE}\nsource_profile = y\n", "[base]\n" + static(BASE) + "[y]\n" + static(FILE), {}, "x"),
    ("a role whose source is itself", f"[profile x]\nrole_arn = {ROLE}\nsource_profile = x\n", "[x]\n" + static(FILE), {}, "x"),
    ("a role before the profile's own keys", f"[profile x]\nrole_arn = {ROLE}\nsource_profile = base\n" + static(CONFIG),
     "[base]\n" + static(BASE), {}, "x"),
    ("a role by the environment's keys", f"[profile x]\nrole_arn = {ROLE}\ncredential_source = Environment\n", "", env(ENV), "x"),
    ("a role by the container's keys", f"[profile x]\nrole_arn = {ROLE}\ncredential_source = EcsContainer\n", "", CONTAINER, "x"),
    ("a role by the instance's keys", f"[profile x]\nrole_arn = {ROLE}\ncredential_source = Ec2InstanceMetadata\n", "", INSTANCE, "x"),
    ("a role by a program's keys", f"[profile p]\ncredential_process = cat ^/process.json\n"
     f"[profile x]\nrole_arn = {ROLE}\nsource_profile = p\n", "", {}, "x"),
    ("a role by an SSO session", f"[profile s]\n{OLD_SSO}"
     f"[profile x]\nrole_arn = {ROLE}\nsource_profile = s\n", "", {}, "x"),
    ("web identity", "", "", WEB, None),
    ("web identity before the credentials file", "", "[default]\n" + static(FILE), WEB, None),
    ("web identity of a profile", f"[profile x]\nrole_arn = {ROLE}\nweb_identity_token_file = ^/web-token\n", "", {}, "x"),
    ("--profile before the environment's web identity", "", "[x]\n" + static(FILE), WEB, "x"),
    ("SSO session", SESSION + f"[profile x]\nsso_session = corp\n{SSO}", "", {}, "x"),
    ("SSO before the credentials file", SESSION + f"[profile x]\nsso_session = corp\n{SSO}", "[x]\n" + static(FILE), {}, "x"),
    ("SSO of the old form", "[profile x]\n" + OLD_SSO, "", {}, "x"),
    ("container", "", "", CONTAINER, None),
    ("container before instance", "", "", {**CONTAINER, **INSTANCE}, None),
    ("instance", "", "", INSTANCE, None),
    # both have nobody to be
    ("nobody", "", "", {}, None),
    ("a profile that is not there", "", "[y]\n" + static(FILE), env(ENV), "x"),
    ("half a key", "", "[default]\naws_access_key_id = AKID\n", {}, None),
    ("a role that is refused", f"[profile x]\nrole_arn = {ARN % ('900000000001', 'refused')}\nsource_profile = base\n",
     "[base]\n" + static(BASE), {}, "x"),
    ("a role without a source", f"[profile x]\nrole_arn = {ROLE}\n" + static(CONFIG), "", {}, "x"),
    ("roles in a circle", f"[profile x]\nrole_arn = {ROLE}\nsource_profile = y\n"
     f"[profile y]\nrole_arn = {HOP}\nsource_profile = x\n", "", {}, "x"),
]


def lay(home, stands, config, credentials):
    shutil.rmtree(home / ".aws", ignore_errors=True)  # what the CLI cached of the case before
    (home / ".aws/sso/cache").mkdir(parents=True)
    put = lambda text: text.replace("^", str(home))
    (home / ".aws/config").write_text(put(config))
    (home / ".aws/credentials").write_text(put(credentials))
    (home / "web-token").write_text("eyJhbGciOi.web.token")
    (home / "process.json").write_text(PROCESS.json("SessionToken", Version=1))
    for name in ("corp", "https://corp.awsapps.com/start"):
        token = {"startUrl": "https://corp.awsapps.com/start", "region": "us-east-1",
                 "accessToken": stands.secrets["sso-access"], "expiresAt": "2099-01-01T00:00:00Z"}
        path = home / ".aws/sso/cache" / (hashlib.sha1(name.encode()).hexdigest() + ".json")
        path.write_text(json.dumps(token))


def aws_load(home):
    """The CLI, loaded once for all cases: it looks at HOME while it is loaded."""
    os.environ["HOME"] = str(home)
    import awscli.clidriver

    return awscli.clidriver


def aws(cli, environment, arguments):
    """True: it was somebody."""
    child = os.fork()
    if child == 0:
        data = os.environ["AWS_DATA_PATH"]  # set by the CLI itself
        os.environ.clear()
        os.environ.update(environment, AWS_DATA_PATH=data)
        sys.argv = ["aws", *arguments, "sts", "get-caller-identity", "--output", "json"]
        null = os.open("/dev/null", os.O_RDWR)
        for fd in range(3):
            os.dup2(null, fd)
        code = 1
        try:
            code = cli.main()
        except SystemExit as end:
            code = end.code
        finally:
            os._exit(code or 0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def mailfrom(program, environment, arguments, folder, names):
    command = [program, "plan", "fleet.yaml", *arguments, "--resolver", f"127.0.0.1:{names.port}", "--dns", "recursive",
               "--rate", "500", "--quiet"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=patient(60))


def who(stands, act):
    """(account, roles) of what act does, and what it gave back."""
    calls, seen = stands.calls(), len(stands.seen)
    done = act()
    accounts = stands.accounts(calls)
    return (accounts[-1] if accounts else None, stands.roles(seen)), done


def renewal_check(stands, program, folder, home):
    """SES calls the keys of a container expired: they are asked for again, once."""
    put = lambda text: text.replace("@", stands.url)
    environment = {**clean_environment(home), **stands.environment(), **{k: put(v) for k, v in CONTAINER.items()}}
    seen, stands.expires = len(stands.seen), 1
    run = subprocess.run([program, "discover", "--region", "us-east-1", "--rate", "500"], cwd=folder, env=environment,
                         capture_output=True, text=True, timeout=patient(60))
    asked = sum("/v2/credentials/" in place for _, place, _ in stands.seen[seen:])
    check("keys that SES calls expired are fetched again once", run.returncode == 0 and asked == 2, asked, run.stdout, run.stderr)


def main():
    program, ses_sim = (pathlib.Path(p).resolve() for p in sys.argv[1:3])
    with tempfile.TemporaryDirectory() as top:
        folder, home, names = pathlib.Path(top), pathlib.Path(top) / "home", Names()
        stands = Stands(folder, ses_sim, EVERYBODY, GIVEN)
        home.mkdir()
        cli = aws_load(home)
        names.publish("bounce.a.example")
        (folder / "fleet.yaml").write_text("version: 1\ndefaults: {region: us-east-1, mail_from: 'bounce.{domain}'}\n"
                                           "identities: [a.example]\n")
        for title, config, credentials, environment, profile in CASES:
            lay(home, stands, config, credentials)
            put = lambda text: text.replace("^", str(home)).replace("@", stands.url)
            environment = {**clean_environment(home), **stands.environment(),
                           **{k: put(v) for k, v in environment.items()}}
            arguments = ["--profile", profile] if profile else []
            theirs, somebody = who(stands, lambda: aws(cli, environment, arguments))
            ours, run = who(stands, lambda: mailfrom(program, environment, arguments, folder, names))
            if somebody:
                check(f"{title}: the CLI and mailfrom are {theirs[0]}", ours == theirs and theirs[0] and run.returncode == 0,
                      f"theirs {theirs}", f"ours {ours}", run.stdout, run.stderr)
            else:
                check(f"{title}: neither the CLI nor mailfrom is anybody", run.returncode != 0 and ours[1] == theirs[1],
                      f"theirs {theirs}", f"ours {ours}", run.stdout, run.stderr)
        renewal_check(stands, program, folder, home)
        stands.close()
        names.socket.close()
    verdict()


main()
