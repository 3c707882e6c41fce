#!/usr/bin/python3
"""Plain http to a host that is not loopback, as an emulator in a network of containers is reached: made-up
keys go there, with one line of warning; keys with the form of real ones never do, wherever they come from
and whenever they come. The host is sim.localhost, which libcurl takes to loopback, and whose name is not
loopback's for mailfrom.

usage: plain_http.py MAILFROM SES-SIM"""

import json
import pathlib
import subprocess
import sys
import tempfile

from key_stands import clean_environment
from rehearsal_room import check, verdict
from timeouts import patient

REAL, MADE_UP = "AKIAIOSFODNN7EXAMPLE", "test"
ROWS = "account,region,identity,type,verified,mail_from,behavior,status,forwarding\n" + "".join(
    f"111122223333,{region},{name}.example,DOMAIN,true,,,,\n"
    for region in ("us-east-1", "eu-west-1", "eu-west-2") for name in "abc")
CREDENTIALS = f"account,access_key_id,secret_access_key\n111122223333,{MADE_UP},test-secret\n111122223333,{REAL},real-secret\n"


class Room:
    def __init__(self, programs, top):
        self.program, self.top = programs[0], pathlib.Path(top)
        self.log = self.top / "sim.log"
        (self.top / "home/.aws").mkdir(parents=True)
        (self.top / "rows.csv").write_text(ROWS)
        (self.top / "keys.csv").write_text(CREDENTIALS)
        self.sim = subprocess.Popen([programs[1], "--identities", "rows.csv", "--credentials", "keys.csv", "--listen",
                                     "127.0.0.1:0", "--rate", "0.7", "--log", self.log], cwd=top, text=True,
                                    stdout=subprocess.PIPE)
        self.port = self.sim.stdout.readline().rsplit(":", 1)[1].strip()

    def end(self):
        self.sim.terminate()
        self.sim.wait()
        self.sim.stdout.close()

    def discover(self, config="", endpoint="http://sim.localhost:%s", **variables):
        (self.top / "home/.aws/config").write_text(config)
        before = len(self.calls())
        ran = subprocess.run([self.program, "discover", "--regions", "us-east-1,eu-west-1,eu-west-2"], cwd=self.top,
                             text=True, capture_output=True, timeout=patient(60),
                             env={**clean_environment(self.top / "home"), "AWS_EC2_METADATA_DISABLED": "true",
                                  "AWS_ENDPOINT_URL": endpoint % self.port, **variables})
        return ran.returncode, ran.stderr, self.calls()[before:]

    def calls(self):
        return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []


def keys(key_id):
    return {"AWS_ACCESS_KEY_ID": key_id, "AWS_SECRET_ACCESS_KEY": "test-secret" if key_id == MADE_UP else "real-secret"}


def printing(key_id, **more):
    return json.dumps({"Version": 1, "AccessKeyId": key_id, "SecretAccessKey": keys(key_id)["AWS_SECRET_ACCESS_KEY"], **more})


def at_hand(room):
    code, told, calls = room.discover(**keys(MADE_UP))
    check("made-up keys work", code == 0 and len(calls) > 3, code, told)
    check("with one line of warning", told.count("is plain http") == 1 and told.startswith("warning: http://sim.localhost:"), told)
    code, told, calls = room.discover(**keys(REAL))
    check("real ones are refused at once", code == 1 and "AKIA... has the form of a real one" in told, code, told)
    check("and nothing was sent", not calls, calls)
    check("nor warned of", "warning:" not in told, told)
    code, told, calls = room.discover(endpoint="http://localhost:%s", **keys(REAL))
    check("loopback takes them, without a warning", code == 0 and "plain http" not in told, code, told)


def fetched(room):
    program = room.top / "keys.sh"
    config = f"[default]\ncredential_process = sh {program}\n"
    program.write_text(f"echo '{printing(MADE_UP)}'\n")
    code, told, calls = room.discover(config)
    check("a program's made-up keys work", code == 0 and told.count("is plain http") == 1, code, told)
    program.write_text(f"echo '{printing(REAL)}'\n")
    code, told, calls = room.discover(config)
    check("a program's real keys are not sent", code != 0 and not calls and "form of a real one" in told, told, calls)
    # made-up at first, real ones a second later: as when somebody logs in beside the run
    program.write_text(f"""if [ -e {room.top}/begun ]; then echo '{printing(REAL)}'; exit; fi
touch {room.top}/begun
echo '{printing(MADE_UP, Expiration="@")}' | sed "s/@/$(date -u -d '+1 seconds' +%Y-%m-%dT%H:%M:%SZ)/"
""")
    code, told, calls = room.discover(config)
    check("it began with made-up keys", calls and (room.top / "begun").exists(), told)
    check("real ones that come in the middle are never sent", {c["key"] for c in calls} == {MADE_UP}, calls)
    check("which is said", code != 0 and "form of a real one" in told, code, told)


def roles(room):
    role = "role_arn = arn:aws:iam::111122223333:role/mail\nsource_profile = base\n"
    base = "[profile base]\naws_access_key_id = %s\naws_secret_access_key = %s\n"
    code, told, calls = room.discover("[default]\n" + role + base % (REAL, "real-secret"))
    check("no role is asked for with real keys", code != 0 and not calls and "form of a real one" in told, told, calls)
    code, told, calls = room.discover("[default]\n" + role + base % (MADE_UP, "test-secret"))
    check("a role's keys are judged by their form, too", code != 0 and {c["action"] for c in calls} == {"AssumeRole"}
          and "ASIA... has the form of a real one" in told, told, calls)
    (room.top / "token").write_text("eyJhbGciOi.web.token")
    code, told, calls = room.discover(AWS_ROLE_ARN="arn:aws:iam::111122223333:role/mail",
                                      AWS_WEB_IDENTITY_TOKEN_FILE=str(room.top / "token"))
    check("nor does the token of a web identity leave", code != 0 and not calls and "token of the web identity" in told, told, calls)


def main():
    with tempfile.TemporaryDirectory() as top:
        room = Room([pathlib.Path(p).resolve() for p in sys.argv[1:3]], top)
        try:
            for part in (at_hand, fetched, roles):
                part(room)
        finally:
            room.end()
    verdict()


main()
