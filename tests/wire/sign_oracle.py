#!/usr/bin/python3
"""Random SES requests, made and signed by this program and by botocore and the AWS CRT.

usage: sign_oracle.py DRIVER [COUNT [SEED]]

URL, method, content type and body must be what botocore's own client would send; the Authorization
header must be equal byte for byte to the one of botocore's signer and of the CRT's. Prints the seed
first, so that a failure can be repeated.
"""
import datetime
import json
import os
import pathlib
import random
import subprocess
import sys
import urllib.parse

# Debian's botocore may not know global endpoints yet (tests/data/botocore/README).
os.environ["AWS_DATA_PATH"] = str(pathlib.Path(__file__).resolve().parent.parent / "data/botocore")

import botocore.auth
import botocore.crt.auth
import botocore.session
from botocore import UNSIGNED
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from botocore_clock import signers_clock

REGIONS = ["us-east-1", "eu-central-1", "us-gov-west-1"]
LOCALS = ["a+b", "o'hara", "percent%41", "slash/x", "dot.", "...", "tilde~_-", "q?x=1&y=2#z", "semi;colon",
          "sp ace", '"quoted"', "back\\slash", "star*(paren)!", "%2F", "%", "%%", "=", "+", "ü", "日本語", "e\u0301", "😀"]
DOMAINS = ["example.com", "mail.example.org", "xn--bcher-kva.example", "bücher.example", "a-b.c-d.example.net"]
TOKEN_ALPHABET = "abcXYZ019+/=%&?#;:@ \t\n\r\"'\\<>*~._-\u00e9\u65e5\U0001f600\u202e\x7f"
V1_BATCH = ["GetIdentityVerificationAttributes", "GetIdentityMailFromDomainAttributes",
            "GetIdentityNotificationAttributes"]
ACTIONS = V1_BATCH + ["ListIdentities", "SetIdentityMailFromDomain", "GetAccountSendingEnabled", "GetSendQuota",
                      "GetEmailIdentity", "ListEmailIdentities", "PutEmailIdentityMailFromAttributes", "GetAccount",
                      "ListMultiRegionEndpoints", "ListRecommendations", "GetCallerIdentity"]
V2 = {"ListMultiRegionEndpoints", "ListRecommendations", "GetEmailIdentity", "ListEmailIdentities", "PutEmailIdentityMailFromAttributes", "GetAccount"}


def identity(rng):
    domain = rng.choice(DOMAINS)
    return rng.choice(LOCALS) + "@" + domain if rng.random() < 0.7 else domain


def token(rng):
    return "".join(rng.choice(TOKEN_ALPHABET) for _ in range(rng.randint(1, 60)))


def request(rng):
    action = rng.choice(ACTIONS)
    count = rng.choice([1, 2, 9, 10, 11, 100]) if action in V1_BATCH else 1
    when = datetime.datetime(2015, 1, 1) + datetime.timedelta(seconds=rng.randrange(20 * 365 * 86400))
    return {
        "action": action,
        "identities": [identity(rng) for _ in range(count)],
        "mail_from": rng.choice(["", "bounce.example.com", "em.xn--bcher-kva.example"]),
        "behavior": rng.choice(["USE_DEFAULT_VALUE", "REJECT_MESSAGE"]),
        "next_token": rng.choice(["", token(rng)]),
        "region": rng.choice(REGIONS),
        "endpoint_url": rng.choice(["", "", "http://127.0.0.1:8080", "https://ses.example.com:8443/"]),
        "key_id": "AKID" + "".join(rng.choice("ABC123") for _ in range(16)),
        "secret": "".join(rng.choice("abcXYZ019/+") for _ in range(40)),
        "session_token": rng.choice(["", "".join(rng.choice("abcXYZ019/+=") for _ in range(rng.randint(1, 900)))]),
        "at": when.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


class Sent(Exception):
    """Ends a call of botocore where the network would begin."""


class Capture:
    """botocore's clients, with everything but the network."""

    def __init__(self):
        self.session = botocore.session.Session()
        self.session.set_credentials("AKID", "secret")
        self.clients = {}
        self.sent = None

    def on_send(self, request, **_):
        self.sent = request
        raise Sent

    def client(self, service, region, endpoint_url):
        key = (service, region, endpoint_url)
        if key not in self.clients:
            config = Config(signature_version=UNSIGNED, parameter_validation=False,
                            retries={"total_max_attempts": 1})
            client = self.session.create_client(service, region_name=region, endpoint_url=endpoint_url or None,
                                                config=config)
            client.meta.events.register_last("before-send", self.on_send)
            self.clients[key] = client
        return self.clients[key]

    def send(self, r):
        """What botocore would send for this call."""
        action, ids = r["action"], r["identities"]
        service = "sesv2" if action in V2 else "sts" if action == "GetCallerIdentity" else "ses"
        if service == "sts":  # botocore 1.29 takes the legacy global host; SDKs take the regional one today
            self.session.set_config_variable("sts_regional_endpoints", "regional")
        params = {}
        if action in V1_BATCH:
            params = {"Identities": ids}
        elif action == "ListRecommendations":
            params = {"Filter": {"STATUS": "OPEN"}, "PageSize": 100}
            if r["next_token"]:
                params["NextToken"] = r["next_token"]
        elif action in ("ListIdentities", "ListEmailIdentities", "ListMultiRegionEndpoints"):
            params = {"MaxItems" if service == "ses" else "PageSize": 1000}
            if r["next_token"]:
                params["NextToken"] = r["next_token"]
        elif action == "GetEmailIdentity":
            params = {"EmailIdentity": ids[0]}
        elif action == "SetIdentityMailFromDomain":
            words = {"USE_DEFAULT_VALUE": "UseDefaultValue", "REJECT_MESSAGE": "RejectMessage"}
            params = {"Identity": ids[0], "BehaviorOnMXFailure": words[r["behavior"]]}
        elif action == "PutEmailIdentityMailFromAttributes":
            params = {"EmailIdentity": ids[0], "BehaviorOnMxFailure": r["behavior"]}
        if "Set" in action or "Put" in action:
            if r["mail_from"]:
                params["MailFromDomain"] = r["mail_from"]
        client = self.client(service, r["region"], r["endpoint_url"])
        try:
            client._make_api_call(action, params)
        except Sent:
            pass
        return service, self.sent


def authorization(signer, ours, headers, r, service):
    at = datetime.datetime.strptime(r["at"], "%Y-%m-%dT%H:%M:%SZ")
    request = AWSRequest(method=ours["method"], url=ours["url"], data=ours["body"].encode())
    if "Content-Type" in headers:
        request.headers["Content-Type"] = headers["Content-Type"]
    keys = Credentials(r["key_id"], r["secret"], r["session_token"] or None)
    with signers_clock(lambda: at):
        signer(keys, service, r["region"]).add_auth(request)
    return request.headers["Authorization"]


def form(text):
    return urllib.parse.parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text))


def compare(r, ours, capture):
    """Pairs (what, ours, theirs) that must be equal."""
    service, theirs = capture.send(r)
    headers = dict(line.split(": ", 1) for line in ours["headers"])
    our_url, their_url = urllib.parse.urlsplit(ours["url"]), urllib.parse.urlsplit(theirs.url)
    body = theirs.body.decode() if isinstance(theirs.body, bytes) else theirs.body or ""
    is_json = service == "sesv2" and body
    yield "error", ours["error"], ""
    yield "method", ours["method"], theirs.method
    yield "origin and path", ours["url"].split("?")[0], theirs.url.split("?")[0]
    yield "query", sorted(our_url.query.split("&")), sorted(their_url.query.split("&"))
    yield "host", headers["Host"], their_url.netloc
    if is_json:
        yield "body", json.loads(ours["body"]), json.loads(body)
    else:
        yield "body", sorted(form(ours["body"])), sorted(form(body))
        yield "encoded body", sorted(ours["body"].split("&")), sorted(body.replace("+", "%20").split("&"))
    content_type = theirs.headers.get("Content-Type")
    if isinstance(content_type, bytes):
        content_type = content_type.decode()
    yield "content type", headers.get("Content-Type"), content_type
    yield "date", headers["X-Amz-Date"], r["at"].replace("-", "").replace(":", "")
    yield "session token", headers.get("X-Amz-Security-Token", ""), r["session_token"]
    signing_name = "sts" if service == "sts" else "ses"
    for signer in (botocore.auth.SigV4Auth, botocore.crt.auth.CrtSigV4Auth):
        yield signer.__name__, headers["Authorization"], authorization(signer, ours, headers, r, signing_name)


def main():
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 500
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}, {count} requests", flush=True)
    rng = random.Random(seed)
    requests = [request(rng) for _ in range(count)]
    lines = "".join(json.dumps(r) + "\n" for r in requests)
    output = subprocess.run([sys.argv[1]], input=lines.encode(), stdout=subprocess.PIPE, check=True).stdout
    answers = [json.loads(line) for line in output.decode().splitlines()]
    capture, compared, failed = Capture(), 0, 0
    for r, ours in zip(requests, answers, strict=True):
        for what, a, b in compare(r, ours, capture):
            compared += 1
            if a != b:
                failed += 1
                print(f"{r['action']} in {r['region']}: {what}\n  ours   {a!r}\n  theirs {b!r}\n  request {r}")
    print(f"{compared} comparisons, {failed} differ")
    return 1 if failed or compared < 10 * count else 0


if __name__ == "__main__":
    sys.exit(main())
