#!/usr/bin/python3
"""No secret leaves by a side door. Every source of credentials is planted with random canaries; runs at
the highest verbosity, good ones and ones that fail in every way, may then leave them nowhere: standard
output and error, journal and its log, reports, plan, temporary files, command lines, core files. Nor may
servers that repeat what they are sent bring them there.

usage: keys_canary.py MAILFROM SES-SIM"""

import base64
import hashlib
import html
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import urllib.parse

from key_stands import Keys, Stands, clean_environment, encodings, sts_error
from timeouts import patient
from rehearsal_room import Names, check, until, verdict

RNG = random.SystemRandom()
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
ROLE = "arn:aws:iam::900000000001:role/"
canaries = {}


def canary(name, more="/+"):
    """Every one is a word of its own: a hit tells from where it leaked."""
    word = "".join(RNG.choice(ALPHABET) for _ in range(20)) + more + "".join(RNG.choice(ALPHABET) for _ in range(20))
    canaries[name] = word
    return word


def keys(name, account):
    return Keys(account, "AKID" + "".join(RNG.choice("ABCDEF234567") for _ in range(16)), canary(f"{name}: secret"),
                canary(f"{name}: session token"))


def ini(k):
    return f"aws_access_key_id = {k.id}\naws_secret_access_key = {k.secret}\naws_session_token = {k.token}\n"


SOURCES = "environment credentials config process container instance sso web base role".split()
GIVEN = {name: keys(name, f"{n + 1:012d}") for n, name in enumerate(SOURCES)}
GIVEN["role"].account = "900000000001"


def lay(home, stands):
    """Every source at once, each in a profile of its own."""
    (home / ".aws/sso/cache").mkdir(parents=True, exist_ok=True)
    token = {"startUrl": "https://corp.awsapps.com/start", "region": "us-east-1", "expiresAt": "2020-01-01T00:00:00Z",
             "accessToken": stands.secrets["sso-access"], "refreshToken": canary("sso: refresh token"),
             "clientId": "client", "clientSecret": canary("sso: client secret"),
             "registrationExpiresAt": "2099-01-01T00:00:00Z"}
    (home / ".aws/sso/cache" / (hashlib.sha1(b"corp").hexdigest() + ".json")).write_text(json.dumps(token))
    (home / "web-token").write_text(canary("web: token", "."))
    (home / "container-token").write_text(stands.secrets["container-token"])
    (home / "process.json").write_text(GIVEN["process"].json("SessionToken", Version=1))
    (home / "broken.json").write_text("{" + GIVEN["process"].json("SessionToken", Version=1))
    said = f"cannot say {GIVEN['process'].secret} of {GIVEN['process'].token}"
    (home / "broken.sh").write_text(f"#!/bin/sh\ncat {home}/process.json\necho '{said}' >&2\nexit 1\n")
    (home / ".aws/credentials").write_text("[credentials]\n" + ini(GIVEN["credentials"]) + "[base]\n" + ini(GIVEN["base"]))
    (home / ".aws/config").write_text(
        "[profile config]\n" + ini(GIVEN["config"]) + f"[profile process]\ncredential_process = cat {home}/process.json\n"
        f"[profile broken-json]\ncredential_process = cat {home}/broken.json\n"
        f"[profile broken-program]\ncredential_process = sh {home}/broken.sh\n"
        f"[profile broken-line]\ncredential_process = sh '{canary('process: command line')}\n"
        "[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = us-east-1\n"
        "[profile sso]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = r\n"
        f"[profile role]\nrole_arn = {ROLE}mail\nsource_profile = base\nexternal_id = {canary('role: external id', '=')}\n"
        f"[profile refused]\nrole_arn = {ROLE}refused\nsource_profile = base\n"
        f"[profile web]\nrole_arn = {ROLE}web\nweb_identity_token_file = {home}/web-token\n")


def env_keys():
    k = GIVEN["environment"]
    return {"AWS_ACCESS_KEY_ID": k.id, "AWS_SECRET_ACCESS_KEY": k.secret, "AWS_SESSION_TOKEN": k.token}


class Den:
    def __init__(self, program, ses_sim, top):
        self.program, self.top = program, pathlib.Path(top)
        self.home, self.here, self.names = self.top / "home", self.top / "here", Names()
        self.home.mkdir()
        self.here.mkdir()
        self.stands = Stands(self.top, ses_sim, GIVEN.values(), GIVEN)
        for name in self.stands.secrets:
            self.stands.secrets[name] = canary(name, "_" if name == "container-id" else "/+")
        lay(self.home, self.stands)
        self.command_lines, self.said, self.process = set(), b"", None
        self.stands.on_request = self.look_at_command_lines
        (self.here / "fleet.yaml").write_text("version: 1\ndefaults: {region: us-east-1, mail_from: 'bounce.{domain}'}\n"
                                              "identities: [a.example]\n")

    def look_at_command_lines(self, _):
        """While a request is under way: of every process of ours."""
        for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            try:
                if os.stat(path.parent).st_uid == os.getuid():
                    self.command_lines.add(path.read_bytes())
            except OSError:
                continue

    def environment(self, more):
        return {**clean_environment(self.home), **self.stands.environment(), "TMPDIR": str(self.here), **more}

    def start(self, verb, *arguments, **more):
        command = [self.program, verb, *arguments, "--resolver", f"127.0.0.1:{self.names.port}", "--dns", "recursive",
                   "--rate", "500", "--verbose"]
        return subprocess.Popen(["sh", "-c", 'ulimit -c unlimited; exec "$@"', "sh", *command], cwd=self.here,
                                env=self.environment(more), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT)

    def run(self, verb, *arguments, goes_on=False, **more):
        """goes_on: it would try again and again, and is stopped once it has tried."""
        seen = len(self.stands.seen)
        process = self.start(verb, *arguments, **more)
        if goes_on:
            until(lambda: len(self.stands.seen) >= seen + 2)
            process.send_signal(signal.SIGINT)
        out = process.communicate(timeout=patient(60))[0]
        self.said += out
        return process.returncode, out.decode("utf-8", "replace")

    def sinks(self):
        yield "what it printed", self.said
        yield "a command line", b"\n".join(self.command_lines)
        for path in self.here.rglob("*"):
            if path.is_file():
                yield path.name, path.read_bytes()


REPORTS = [part for kind in ("csv", "json", "html", "markdown", "junit") for part in ("--report", f"{kind}:report.{kind}")]

# title, profile, environment, what the stand-ins say instead; did it have keys? None: trouble that may
# pass, so it goes on
RUNS = [
    ("environment", None, env_keys(), {}, True),
    *[(name, name, {}, {}, True) for name in "credentials config process sso role web".split()],
    ("container", None, {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "@/v2/credentials/%(container-id)s",
                         "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "^/container-token"}, {}, True),
    ("instance", None, {"AWS_EC2_METADATA_DISABLED": "false"}, {}, True),
    ("a program that fails", "broken-program", {}, {}, False),
    ("a program that prints no JSON", "broken-json", {}, {}, False),
    ("a command line that hangs open", "broken-line", {}, {}, False),
    ("a role that is refused", "refused", {}, {}, False),
    ("a role, STS down", "role", {}, {"sts": (503, "<html>$$</html>")}, None),
    ("a role, STS answers a page", "role", {}, {"sts": (200, "<html>$$</html>")}, None),
    ("a web identity that is refused", "web", {}, {"sts": (400, sts_error("InvalidIdentityToken", "no"))}, False),
    ("SSO that refuses", "sso", {}, {"sso": (401, "$$")}, False),
    ("SSO that answers a page", "sso", {}, {"sso": (200, "<html>$$</html>")}, None),
    ("a container that refuses", None, {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "@/v2/credentials/%(container-id)s",
                                        "AWS_CONTAINER_AUTHORIZATION_TOKEN": "%(container-token)s"},
     {"container": (403, "$$")}, False),
    ("a container with half a key", None, {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "@/v2/credentials/%(container-id)s",
                                           "AWS_CONTAINER_AUTHORIZATION_TOKEN": "%(container-token)s"},
     {"container": (200, '{"SecretAccessKey":"$$"}')}, None),
    ("an instance with nonsense", None, {"AWS_EC2_METADATA_DISABLED": "false"}, {"instance": (200, "$$")}, None),
    ("a secret with a blank", None, {**env_keys(), "AWS_SESSION_TOKEN": "a b" + GIVEN["environment"].token}, {}, False),
]

# title, which requests, profile, environment
ECHOES = [
    ("SES", "email.", None, env_keys()),
    ("STS, of a role", "sts.", "role", {}),
    ("STS, of a web identity", "sts.", "web", {}),
    ("the instance", "/security-credentials/mail-role", None, {"AWS_EC2_METADATA_DISABLED": "false"}),
]
FORMS = {
    "raw": lambda text: text,
    "percent": lambda text: urllib.parse.quote(text, safe=""),
    "escaped": lambda text: re.sub(r"[/+=:,_-]", lambda c: "\\u%04x" % ord(c[0]), text),
    "entities": lambda text: re.sub(r"[/+=:,_-]", lambda c: "&#x%X;" % ord(c[0]), html.escape(text)),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
}


class Echo:
    """Answers with what it was sent: a header's line, the body, the canonical request, as SES does where a
    signature is wrong. Parts that hold a secret come first, each of them in turn, since messages are cut."""

    def __init__(self, form):
        self.form, self.turn, self.signatures, self.heard = FORMS[form], 0, set(), b""

    def parts(self, handler, body):
        lines = [f"{name}: {value}" for name, value in handler.headers.items()]
        secret = [line for line in lines if re.match("(?i)(x-amz-security-token|authorization|x-aws)", line)]
        self.signatures |= set(re.findall("Signature=([0-9a-f]{64})", " ".join(lines)))
        canonical = "\n".join([handler.command, handler.path, "", *sorted(line.lower()[:20] + line[20:] for line in lines)])
        parts = [*(line[-120:] for line in secret), body[-160:].decode(), canonical[-300:], *lines]
        return [*parts[self.turn % 4:], *parts[:self.turn % 4]]

    def __call__(self, handler, body):
        said = " ".join(self.form(part) for part in self.parts(handler, body))
        self.heard += said.encode()
        self.turn += 1
        if handler.path.startswith("/latest/"):
            handler.answer(200, '{"Code":"Failed","Message":"%s"}' % said.replace('"', "'").replace("\n", " "))
        elif handler.path.startswith("/v2/"):
            handler.answer(400, '{"message":"%s"}' % said.replace('"', "'").replace("\n", " "))
        else:
            said = said if "&#x" in said else html.escape(said)
            handler.answer(403, sts_error("Refused", said).replace("<RequestId>r", "<RequestId>" + said), "text/xml")
        return True


def echoes(den):
    """Whoever answers repeats our secrets, in every form; what is shown and kept of it says [secret]."""
    for title, requests, profile, environment in ECHOES:
        for form in FORMS:
            echo, said = Echo(form), b""
            den.stands.table.insert(0, (requests, echo))
            for _ in range(4):
                said += den.run("plan", "fleet.yaml", *(["--profile", profile] if profile else []), "--out", "fleet.plan", "--force",
                                *REPORTS, **environment)[1].encode()
            den.stands.table.pop(0)
            check(f"{title} repeats requests, {form}: it was heard, and a mark shown instead",
                  b"[secret]" in said and any(code in echo.heard for word in canaries.values() for code in encodings(word)),
                  said, echo.heard)
            shown = [signature for signature in echo.signatures if signature.encode() in said]
            check(f"{title} repeats requests, {form}: no signature is shown", not shown and len(said) > 100, shown)
    check("the search finds each form", all(any(code in FORMS[form]("x" + word).encode() for code in encodings(word))
                                            for form in FORMS for word in canaries.values() if "/+" in word))


def dns_echoes(den):
    """The owner of a zone who has somehow got hold of a key publishes it."""
    keys_ = GIVEN["environment"]
    den.names.records[("bounce.a.example", "TXT")] = f'"v=spf1 include:{keys_.token} -all"'
    den.names.records[("bounce.a.example", "MX")] = f"10 {keys_.secret.lower()}.example."
    _, out = den.run("plan", "fleet.yaml", "--out", "fleet.plan", "--force", *REPORTS, **env_keys())
    check("DNS repeats a secret: a mark is shown instead", "[secret]" in out or b"[secret]" in
          (den.here / "report.json").read_bytes(), out)


def core_is_not_left(den):
    """Aborted in the middle of a call, with keys in memory and cores allowed."""
    held = []
    den.stands.on_request = lambda handler: held.append(1) or until(lambda: den.process.poll() is not None)
    den.process = den.start("plan", "fleet.yaml", **env_keys())
    until(lambda: held)
    den.process.send_signal(signal.SIGABRT)
    den.said += den.process.communicate(timeout=patient(30))[0]
    den.stands.on_request = den.look_at_command_lines
    pattern = pathlib.Path("/proc/sys/kernel/core_pattern").read_text().strip()
    left = [p for p in den.here.iterdir() if p.name.startswith(pattern.split("%")[0].strip("|/") or "core")]
    check("an abort leaves no core file", den.process.returncode == -signal.SIGABRT and not left, left, pattern)


def main():
    program, ses_sim = (pathlib.Path(p).resolve() for p in sys.argv[1:3])
    with tempfile.TemporaryDirectory() as top:
        den = Den(program, ses_sim, top)
        for title, profile, environment, bend, has_keys in RUNS:
            put = lambda text: (text % den.stands.secrets if "%(" in text else text).replace("@", den.stands.url).replace(
                "^", str(den.home))
            den.stands.bend = {k: (status, body.replace("$$", " ".join(canaries.values())))
                               for k, (status, body) in bend.items()}
            more = {k: put(v) if k not in env_keys() else v for k, v in environment.items()}
            arguments = ["--profile", profile] if profile else []
            calls = den.stands.calls()
            code, out = den.run("plan", "fleet.yaml", *arguments, "--out", "fleet.plan", "--force", *REPORTS,
                                goes_on=has_keys is None, **more)
            called = "ok" in [json.loads(line)["outcome"] for line in den.stands.log.read_text().splitlines()[calls:]
                              if json.loads(line)["protocol"] != "sts"] if den.stands.log.exists() else False
            check(f"{title}: {'SES is called' if has_keys else 'SES is not called, and the reason is told'}",
                  called == bool(has_keys) and (has_keys or code != 0), code, out)
        den.stands.bend = {}
        echoes(den)
        dns_echoes(den)
        den.names.publish("bounce.a.example")
        code, out = den.run("apply", "fleet.yaml", "--yes", "--no-wait", "--profile", "role", *REPORTS)
        check("a run that writes", code in (0, 4), code, out)
        den.run("status", "--all")
        core_is_not_left(den)
        found = [f"{where}: {name}" for where, bytes_ in den.sinks() for name, word in canaries.items()
                 if any(code in bytes_ for code in encodings(word))]
        count = len(list(den.sinks()))
        check(f"none of {len(canaries)} secrets in {count} sinks", not found, *found)
        check("the search finds what is there", any(code in b" ".join(encodings(canaries["web: token"]))
                                                    for code in encodings(canaries["web: token"])))
        check("command lines were looked at", any(b"plan" in line for line in den.command_lines))
        den.stands.close()
        den.names.socket.close()
    verdict()


main()
