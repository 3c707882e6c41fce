"""Stand-ins for everything that hands out AWS credentials, on loopback, and real host names in front.

Stands is an HTTP server that speaks as a container, as an instance (version 2), as the SSO portal and
its OIDC, and passes the rest (STS, SES) on to ses-sim as it came. It is also the HTTPS proxy through
which programs find all of these under their real names: sts.us-east-1.amazonaws.com and so on, with a
certificate of an authority of its own. What it was asked is in .seen; what it says, a test may bend.

Nothing here is a test."""

import base64
import csv
import dataclasses
import http.client
import http.server
import json
import os
import pathlib
import re
import ssl
import subprocess
import threading
import urllib.parse

EXPIRATION = "2099-01-01T00:00:00Z"
NAMES = ["*.us-east-1.amazonaws.com", "portal.sso.us-east-1.amazonaws.com", "sts.amazonaws.com"]


@dataclasses.dataclass
class Keys:
    """One identity. ses-sim knows it by --credentials."""

    account: str
    id: str
    secret: str
    token: str = ""

    def json(self, token_name, **more):
        return json.dumps({"AccessKeyId": self.id, "SecretAccessKey": self.secret, token_name: self.token,
                           "Expiration": EXPIRATION, **more})

    def xml(self, action):
        return (f'<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{action}Result><Credentials>'
                f"<AccessKeyId>{self.id}</AccessKeyId><SecretAccessKey>{self.secret}</SecretAccessKey>"
                f"<SessionToken>{self.token}</SessionToken><Expiration>{EXPIRATION}</Expiration></Credentials>"
                f"</{action}Result></{action}Response>")


def sts_error(code, message):
    return ("<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error>"
            "<RequestId>r</RequestId></ErrorResponse>" % (code, message))


def write_tables(folder, everybody):
    """The tables of ses-sim: every account with one identity, and every key."""
    with open(folder / "identities.csv", "w", newline="") as table:
        out = csv.writer(table, lineterminator="\n")
        out.writerow("account region identity type verified mail_from behavior status forwarding".split())
        for account in sorted({k.account for k in everybody}):
            out.writerow([account, "us-east-1", "a.example", "DOMAIN", "SUCCESS", "", "USE_DEFAULT_VALUE", "", "true"])
    with open(folder / "keys.csv", "w", newline="") as table:
        out = csv.writer(table, lineterminator="\n")
        out.writerow("account access_key_id secret_access_key session_token".split())
        out.writerows([k.account, k.id, k.secret, k.token] for k in everybody)


def certificates(folder):
    """ca.pem, and server.pem for all of NAMES."""
    def openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, cwd=folder)

    (folder / "server.ext").write_text("subjectAltName=" + ",".join(f"DNS:{name}" for name in NAMES))
    new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl("req", "-x509", *new, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=stands", "-days", 2)
    openssl("req", *new, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=stands")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", 2,
            "-extfile", "server.ext", "-out", "server.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    return context


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_CONNECT(self):
        self.server.stands.seen.append(("CONNECT", self.path, ""))
        self.send_response(200)
        self.end_headers()
        self.connection = self.server.stands.tls.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", buffering=0)
        self.close_connection = False

    def answer(self, status, body, kind="application/json"):
        body = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def serve(self):
        stands = self.server.stands
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        stands.on_request(self)
        stands.seen.append((self.command, self.headers.get("Host", "") + self.path, body.decode("utf-8", "replace")))
        for prefix, stand in stands.table:
            if (self.headers.get("Host", "") + self.path).find(prefix) >= 0 and stand(self, body):
                return
        self.answer(*stands.pass_on(self, body))

    do_GET = do_POST = do_PUT = serve


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """Clients that hang up are part of the tests."""


class Stands:
    """keys: {"container": Keys, "instance": ..., "sso": ..., "web": ...}."""

    def __init__(self, folder, ses_sim, everybody, keys):
        self.folder = pathlib.Path(folder)
        self.keys, self.seen, self.bend = keys, [], {}
        self.expires = 0  # so many calls to SES are answered with ExpiredToken
        self.on_request = lambda handler: None
        self.secrets = {name: name.upper() for name in
                        ("container-id", "container-token", "instance-session", "sso-access", "sso-refreshed",
                         "sso-refresh-next")}
        self.tls = certificates(self.folder)
        write_tables(self.folder, everybody)
        self.log = self.folder / "calls.jsonl"
        self.sim = subprocess.Popen([ses_sim, "--identities", self.folder / "identities.csv", "--credentials",
                                     self.folder / "keys.csv", "--rate", "1000", "--burst", "1000", "--log", self.log],
                                    stdout=subprocess.PIPE, text=True)
        self.sim_port = int(self.sim.stdout.readline().rsplit(":", 1)[1])
        self.table = [("/v2/credentials/", self.container), ("/latest/", self.instance),
                      ("portal.sso.", self.portal), ("oidc.", self.oidc), ("sts.", self.web_identity), ("email.", self.expired)]
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.stands = self
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.sim.terminate()
        self.sim.wait()
        self.sim.stdout.close()

    def environment(self):
        """Where programs find them. Nothing here is a credential."""
        return {"HTTPS_PROXY": self.url, "AWS_CA_BUNDLE": str(self.folder / "ca.pem"),
                "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.url + "/", "AWS_EC2_METADATA_DISABLED": "true",
                "AWS_DEFAULT_REGION": "us-east-1"}

    def bent(self, what, handler):
        """What a test wants to be said instead: {"container": (status, body)}."""
        if what not in self.bend:
            return False
        handler.answer(*self.bend[what])
        return True

    def container(self, handler, _):
        good = (handler.path == "/v2/credentials/" + self.secrets["container-id"]
                and handler.headers.get("Authorization") == self.secrets["container-token"])
        if not self.bent("container", handler):
            handler.answer(*((200, self.keys["container"].json("Token")) if good else (403, "who are you?")))
        return True

    def instance(self, handler, _):
        session = self.secrets["instance-session"]
        roles = "/latest/meta-data/iam/security-credentials/"
        if handler.command == "PUT":
            if not self.bent("instance-session", handler):
                handler.answer(200, session, "text/plain")
        elif handler.headers.get("X-aws-ec2-metadata-token") != session:
            handler.answer(401, "")
        elif handler.path == roles:
            handler.answer(200, "mail-role", "text/plain")
        elif not self.bent("instance", handler):
            handler.answer(200, self.keys["instance"].json("Token", Code="Success", Type="AWS-HMAC",
                                                           LastUpdated="2024-01-01T00:00:00Z"))
        return True

    def portal(self, handler, _):
        known = (self.secrets["sso-access"], self.secrets["sso-refreshed"])
        if self.bent("sso", handler):
            return True
        if handler.headers.get("x-amz-sso_bearer_token") not in known:
            handler.answer(401, '{"message":"Session token not found or invalid"}')
            return True
        keys = self.keys["sso"]
        handler.answer(200, json.dumps({"roleCredentials": {
            "accessKeyId": keys.id, "secretAccessKey": keys.secret, "sessionToken": keys.token,
            "expiration": 4070908800000}}))
        return True

    def oidc(self, handler, _):
        if not self.bent("oidc", handler):
            handler.answer(200, json.dumps({"accessToken": self.secrets["sso-refreshed"], "expiresIn": 28800,
                                            "tokenType": "Bearer", "refreshToken": self.secrets["sso-refresh-next"]}))
        return True

    def web_identity(self, handler, body):
        form = dict(urllib.parse.parse_qsl(body.decode()))
        if self.bent("sts", handler):
            return True
        if form.get("Action") == "AssumeRole" and form["RoleArn"].endswith("/refused"):
            handler.answer(403, sts_error("AccessDenied", "not authorized to perform: sts:AssumeRole"), "text/xml")
            return True
        if form.get("Action") != "AssumeRoleWithWebIdentity":
            return False
        handler.answer(200, self.keys["web"].xml("AssumeRoleWithWebIdentity"), "text/xml")
        return True

    def expired(self, handler, _):
        if self.expires == 0:
            return False
        self.expires -= 1
        handler.answer(403, sts_error("ExpiredToken", "The security token included in the request is expired"), "text/xml")
        return True

    def pass_on(self, handler, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.sim_port)
        connection.putrequest(handler.command, handler.path, skip_host=True, skip_accept_encoding=True)
        for name, value in handler.headers.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        got = answer.status, answer.read(), answer.headers.get("Content-Type", "")
        connection.close()
        return got

    def roles(self, since=0):
        """What STS was asked for since then: (action, role, external ID, duration), in order."""
        found = []
        for method, place, body in self.seen[since:]:
            form = dict(urllib.parse.parse_qsl(body)) if method == "POST" and place.startswith("sts.") else {}
            if form.get("Action", "").startswith("AssumeRole"):
                found.append((form["Action"], form["RoleArn"], form.get("ExternalId"), form.get("DurationSeconds")))
        return found

    def accounts(self, since=0):
        """Who called SES and STS since that line of ses-sim's log."""
        lines = self.log.read_text().splitlines()[since:] if self.log.exists() else []
        return [json.loads(line)["account"] for line in lines]

    def calls(self):
        return len(self.log.read_text().splitlines()) if self.log.exists() else 0


def encodings(secret):
    """How a secret may hide: raw, percent-encoded, escaped in JSON or XML, in base64 at each of the three
    alignments."""
    yield secret.encode()
    yield urllib.parse.quote(secret, safe="").encode()
    yield re.sub(r"[/+=:,_-]", lambda c: "\\u%04x" % ord(c[0]), secret).encode()
    yield re.sub(r"[/+=:,_-]", lambda c: "&#x%X;" % ord(c[0]), secret).encode()
    for shift in range(3):
        whole = base64.b64encode(b"x" * shift + secret.encode()).rstrip(b"=")
        yield whole[4 if shift else 0:-2]
        yield whole[4 if shift else 0:-2].replace(b"+", b"-").replace(b"/", b"_")


def clean_environment(home):
    clean = {k: v for k, v in os.environ.items()
             if not k.startswith(("AWS_", "MAILFROM_")) and not re.fullmatch("(?i)(https?|all|no)_proxy", k)}
    return {**clean, "HOME": str(home)}
