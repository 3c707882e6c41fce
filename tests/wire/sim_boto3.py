#!/usr/bin/python3
"""ses-sim is held against AWS's own clients: boto3 and the `aws` command line.

usage: sim_boto3.py SES-SIM

Every call that it serves is made with botocore's models of ses, sesv2 and sts, over TLS and with
retries off: botocore must understand each success and each error. MX records come from a small DNS
server in here, and 72 hours pass in three seconds (more with TEST_PATIENCE). One line per check; exit code
1 on any failure."""

import contextlib
import datetime
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
# Debian's botocore may not know global endpoints yet (tests/data/botocore/README).
os.environ["AWS_DATA_PATH"] = str(pathlib.Path(__file__).resolve().parent.parent / "data/botocore")

import boto3
import botocore.auth
import botocore.exceptions
import botocore.parsers
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
from botocore import UNSIGNED
from botocore.config import Config

from botocore_clock import signers_clock
from timeouts import PATIENCE, patient

SIM = sys.argv[1]
AWS = "/usr/bin/aws"
ACCOUNT, OTHER_ACCOUNT = "111122223333", "444455556666"
KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
SCALE = int(86400 / PATIENCE)  # a day is a second
FEEDBACK = "feedback-smtp.us-east-1.amazonses.com"
ODD = ["user+x@example.com", "o'b/x@example.com", "a&b=c<d>@example.com"]

failures = 0


def check(what, got, want):
    global failures
    good = want(got) if callable(want) else got == want
    print(f"{'ok  ' if good else 'FAIL'} {what}" + ("" if good else f": got {got!r}"), flush=True)
    failures += not good


def error_of(call):
    """(code, HTTP status, message) of the error that a call must end in."""
    try:
        answer = call()
    except botocore.exceptions.ClientError as e:
        return e.response["Error"]["Code"], e.response["ResponseMetadata"]["HTTPStatusCode"], e.response["Error"].get("Message")
    except (botocore.exceptions.BotoCoreError, botocore.parsers.ResponseParserError) as e:
        return type(e).__name__, 0, str(e)
    return "no error", 200, answer


def until(probe, want, seconds=10):
    """Waits until probe() gives want; what it gave in the end."""
    end = time.monotonic() + patient(seconds)
    while (got := probe()) != want and time.monotonic() < end:
        time.sleep(0.02)
    return got


class Zone:
    """MX records by name over UDP; 'servfail' is trouble, an absent name does not exist."""

    def __init__(self):
        self.mx = {}
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            packet, client = self.socket.recvfrom(4096)
            question = dns.message.from_wire(packet)
            answer = dns.message.make_response(question)
            answer.flags |= dns.flags.RA
            found = self.mx.get(question.question[0].name.to_text(omit_final_dot=True).lower())
            if found is None:
                answer.set_rcode(dns.rcode.NXDOMAIN)
            elif found == "servfail":
                answer.set_rcode(dns.rcode.SERVFAIL)
            elif found:
                records = [f"10 {host}." for host in found]
                answer.answer.append(dns.rrset.from_text_list(question.question[0].name, 1, "IN", "MX", records))
            self.socket.sendto(answer.to_wire(), client)


class Sim:
    """A running ses-sim, and clients for it."""

    def __init__(self, url, folder):
        self.url, self.folder = url, folder
        self.ca = str(folder / "tls/ca.pem") if url.startswith("https") else None

    def client(self, service, region="us-east-1", key=KEY, secret=SECRET, token=None, **config):
        return boto3.client(
            service, region_name=region, endpoint_url=self.url, verify=self.ca, aws_access_key_id=key,
            aws_secret_access_key=secret, aws_session_token=token,
            config=Config(retries={"total_max_attempts": 1}, read_timeout=patient(10), **config))

    def log(self):
        return [json.loads(line) for line in (self.folder / "log").read_text().splitlines()]

    def aws(self, *words, key=KEY, secret=SECRET):
        """The command line's JSON, or its complaint."""
        environment = dict(os.environ, AWS_ACCESS_KEY_ID=key, AWS_SECRET_ACCESS_KEY=secret, AWS_MAX_ATTEMPTS="1",
                           AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull)
        done = subprocess.run([AWS, "--endpoint-url", self.url, "--ca-bundle", self.ca, "--region", "us-east-1",
                               "--output", "json", *words], env=environment, capture_output=True, text=True, timeout=patient(30))
        return json.loads(done.stdout or "{}") if done.returncode == 0 else done.stderr.strip()


def rows(table, *more):
    header = ",".join(["account,region,identity,type,verified,mail_from,behavior,status,forwarding", *more])
    return "\n".join([header, *(",".join(row) for row in table)]) + "\n"


def row(identity, region="us-east-1", account=ACCOUNT, verified="SUCCESS", mail_from="", behavior="", status="", forwarding="true"):
    kind = "EMAIL_ADDRESS" if "@" in identity else "DOMAIN"
    return account, region, f'"{identity}"', kind, verified, mail_from, behavior, status, forwarding


@contextlib.contextmanager
def sim(table, *options, tls=True, columns=()):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "identities.csv").write_text(rows(table, *columns))
        command = [SIM, "--identities", str(folder / "identities.csv"), "--log", str(folder / "log"), *options]
        command += ["--tls", str(folder / "tls")] if tls else []
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            line = process.stdout.readline()
            assert line.startswith("ready http"), line
            yield Sim(line.split()[1], folder)
        finally:
            process.send_signal(signal.SIGTERM)
            rest = process.stdout.read()
            code = process.wait(20)
            if rest or code:
                check("ses-sim prints one line and stops cleanly", (rest, code), ("", 0))


def by_hand(region="us-east-1"):
    """The fleet that the calls below are about."""
    bulk = [row(f"d{i:04}.example") for i in range(1203)]
    return [
        row("example.com"), row("shop.example.org", verified="PENDING", forwarding="false"),
        row("set.example.org", mail_from="m.set.example.org", behavior="REJECT_MESSAGE", status="FAILED"),
        *(row(name, verified="PENDING") for name in ODD),
        *(row(f"{name}.example.net") for name in ("late", "never", "several", "gone", "broken", "foreign", "wrong")),
        row("example.com", region="eu-west-1"), row("other.example", account=OTHER_ACCOUNT), *bulk,
    ]


def reading_v1(s):
    ses = s.client("ses")
    names = ["example.com", "set.example.org", "unknown.example", *ODD]
    got = ses.get_identity_mail_from_domain_attributes(Identities=names)
    check("v1 MAIL FROM attributes: set, unset, and unknown left out", got["MailFromDomainAttributes"], {
        "example.com": {"BehaviorOnMXFailure": "UseDefaultValue"},
        "set.example.org": {"MailFromDomain": "m.set.example.org", "MailFromDomainStatus": "Failed",
                            "BehaviorOnMXFailure": "RejectMessage"},
        **{name: {"BehaviorOnMXFailure": "UseDefaultValue"} for name in ODD}})
    meta = got["ResponseMetadata"]
    check("v1 has a request id in header and body", meta["HTTPHeaders"]["x-amzn-requestid"], meta["RequestId"])
    got = ses.get_identity_verification_attributes(Identities=["example.com", "unknown.example", ODD[1]])
    statuses = {k: v["VerificationStatus"] for k, v in got["VerificationAttributes"].items()}
    check("v1 verification attributes", statuses, {"example.com": "Success", ODD[1]: "Pending"})
    arn = f"arn:aws:ses:us-east-1:{ACCOUNT}:identity/shop.example.org"
    got = ses.get_identity_notification_attributes(Identities=["example.com", arn, "unknown.example"])
    forwarding = {k: v["ForwardingEnabled"] for k, v in got["NotificationAttributes"].items()}
    check("v1 notification attributes, by ARN too", forwarding, {"example.com": True, arn: False})
    check("v1 sending enabled", ses.get_account_sending_enabled()["Enabled"], True)
    check("v1 send quota", ses.get_send_quota()["MaxSendRate"], 14.0)
    hundred = ses.get_identity_verification_attributes(Identities=[f"d{i:04}.example" for i in range(100)])
    check("v1 reads 100 identities at once", len(hundred["VerificationAttributes"]), 100)
    eu = s.client("ses", region="eu-west-1").list_identities()["Identities"]
    check("a Region has its own identities", eu, ["example.com"])


def listing(s):
    ses, sesv2 = s.client("ses"), s.client("sesv2")
    want = [r[2].strip('"') for r in by_hand() if r[0] == ACCOUNT and r[1] == "us-east-1"]
    pages = list(ses.get_paginator("list_identities").paginate(PaginationConfig={"PageSize": 500}))
    check("v1 lists 1,216 identities in three pages", [n for p in pages for n in p["Identities"]] == want and len(pages), 3)
    pages = list(ses.get_paginator("list_identities").paginate(IdentityType="EmailAddress"))
    check("v1 lists addresses only", [n for p in pages for n in p["Identities"]], ODD)
    found, token, calls = [], None, 0
    while token or not calls:
        page = sesv2.list_email_identities(PageSize=700, **({"NextToken": token} if token else {}))
        found += [i["IdentityName"] for i in page["EmailIdentities"]]
        token, calls = page.get("NextToken"), calls + 1
    check("v2 lists 1,216 identities in two pages", found == want and calls, 2)
    check("v2 has a default page size", len(sesv2.list_email_identities()["EmailIdentities"]), 100)
    first = ses.list_identities(MaxItems=2)
    check("a token is good for the same list only",
          error_of(lambda: ses.list_identities(MaxItems=2, IdentityType="Domain", NextToken=first["NextToken"]))[:2],
          ("InvalidParameterValue", 400))


def reading_v2(s):
    v2 = s.client("sesv2")
    got = v2.get_email_identity(EmailIdentity="example.com")
    check("v2 identity without MAIL FROM", got["MailFromAttributes"], {"BehaviorOnMxFailure": "USE_DEFAULT_VALUE"})
    check("v2 identity's other members", (got["IdentityType"], got["VerifiedForSendingStatus"], got["FeedbackForwardingStatus"]),
          ("DOMAIN", True, True))
    got = v2.get_email_identity(EmailIdentity="set.example.org")
    check("v2 identity with MAIL FROM", got["MailFromAttributes"],
          {"MailFromDomain": "m.set.example.org", "MailFromDomainStatus": "FAILED", "BehaviorOnMxFailure": "REJECT_MESSAGE"})
    for name in ODD:
        got = v2.get_email_identity(EmailIdentity=name)
        check(f"v2 finds {name}, good for sending by its domain", (got["IdentityType"], got["VerifiedForSendingStatus"]),
              ("EMAIL_ADDRESS", True))
    got = v2.get_account()
    check("v2 account", (got["SendingEnabled"], got["ProductionAccessEnabled"], got["EnforcementStatus"]), (True, True, "HEALTHY"))


ENDPOINTS = f"""account,name,primary,secondary,status
{ACCOUNT},ha,us-east-1,eu-west-1,
{ACCOUNT},old,us-east-1,us-west-2,DELETING
{ACCOUNT},back,eu-west-1,us-east-1,READY
{OTHER_ACCOUNT},theirs,us-east-1,eu-west-1,READY
"""
RECOMMENDATIONS = "account,region,identity,type,impact,status,description\n" + "".join(
    f"{ACCOUNT},us-east-1,d{i:04}.example,{kind},{impact},{status},{text}\n" for i, (kind, impact, status, text) in enumerate(
        [("SPF", "HIGH", "OPEN", "MAIL FROM record is not aligned."), ("DMARC", "LOW", "FIXED", "DMARC1")]
        + [("DKIM", "LOW", "", '"a ""quoted"" word"')] * 120))


def advice(s):
    """What only SES knows: global endpoints, and the advisor's recommendations."""
    v2 = s.client("sesv2")
    got = v2.list_multi_region_endpoints()["MultiRegionEndpoints"]
    check("v2 lists endpoints in their primary Region", [(e["EndpointName"], e["Status"], e["Regions"]) for e in got],
          [("ha", "READY", ["us-east-1", "eu-west-1"]), ("old", "DELETING", ["us-east-1", "us-west-2"])])
    check("v2 tells when an endpoint was made", got[0]["CreatedTimestamp"].year, 2026)
    first = v2.list_multi_region_endpoints(PageSize=1)
    second = v2.list_multi_region_endpoints(PageSize=1, NextToken=first["NextToken"])
    check("v2 lists endpoints page by page", ([e["EndpointName"] for e in second["MultiRegionEndpoints"]], "NextToken" in second),
          (["old"], False))
    there = s.client("sesv2", region="eu-west-1").list_multi_region_endpoints()["MultiRegionEndpoints"]
    check("v2 lists the endpoint of another Region there", [e["EndpointName"] for e in there], ["back"])
    enabled = lambda **options: s.client("sesv2", **options).get_account()["VdmAttributes"]["VdmEnabled"]
    check("v2 account has the advisor in one Region", (enabled(), enabled(region="eu-west-1")), ("ENABLED", "DISABLED"))
    page = v2.list_recommendations(Filter={"STATUS": "OPEN"}, PageSize=100)
    rest = v2.list_recommendations(Filter={"STATUS": "OPEN"}, PageSize=100, NextToken=page["NextToken"])
    check("v2 lists open recommendations", (len(page["Recommendations"]), len(rest["Recommendations"]), "NextToken" in rest), (100, 21, False))
    spf = v2.list_recommendations(Filter={"STATUS": "OPEN", "TYPE": "SPF"})["Recommendations"]
    check("v2 has what a recommendation says", [{k: v for k, v in r.items() if "Time" not in k} for r in spf],
          [{"ResourceArn": f"arn:aws:ses:us-east-1:{ACCOUNT}:identity/d0000.example", "Type": "SPF", "Impact": "HIGH", "Status": "OPEN",
            "Description": "MAIL FROM record is not aligned."}])
    fixed = v2.list_recommendations(Filter={"STATUS": "FIXED"})["Recommendations"]
    check("v2 lists fixed ones", [r["Type"] for r in fixed], ["DMARC"])
    check("v2 recommendations without a filter", len(v2.list_recommendations(PageSize=100)["Recommendations"]), 100)
    for what, call in [("three filters", lambda: v2.list_recommendations(Filter={"STATUS": "OPEN", "TYPE": "SPF", "IMPACT": "LOW"})),
                       ("two filters that do not go together", lambda: v2.list_recommendations(Filter={"IMPACT": "LOW", "TYPE": "SPF"})),
                       ("a page of 101 recommendations", lambda: v2.list_recommendations(PageSize=101)),
                       ("a page of 1,001 endpoints", lambda: v2.list_multi_region_endpoints(PageSize=1001))]:
        check(f"v2 {what}", error_of(call)[:2], ("BadRequestException", 400))


DKIM = {"a.example": "", "pending.example": "", "off.example": "DISABLED", "failed.example": "FAILED", "new.example": "NOT_STARTED",
        "late.example": "TemporaryFailure", "u@a.example": "", "own@a.example": "SUCCESS"}


def dkim():
    """By the hundred and one by one; an action with a bucket and an effect of IAM of its own."""
    table = [(*row(name, verified="PENDING" if name == "pending.example" else "SUCCESS"), word) for name, word in DKIM.items()]
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as keys:
        keys.write(f"account,access_key_id,secret_access_key,deny\n{ACCOUNT},{KEY},{SECRET},\n"
                   f"{ACCOUNT},AKIDOTHER,{SECRET},v1:GetIdentityDkimAttributes\n")
        keys.flush()
        with sim(table, "--rate", "0.001", "--burst", "2", "--credentials", keys.name, columns=["dkim"]) as s:
            ses, v2 = s.client("ses"), s.client("sesv2")
            got = ses.get_identity_dkim_attributes(Identities=[*DKIM, "unknown.example"])["DkimAttributes"]
            check("v1 DKIM attributes, by the usual and by the table",
                  {name: (d["DkimEnabled"], d["DkimVerificationStatus"]) for name, d in got.items()},
                  {"a.example": (True, "Success"), "pending.example": (False, "Pending"), "off.example": (False, "Success"),
                   "failed.example": (False, "Failed"), "new.example": (False, "NotStarted"), "late.example": (False, "TemporaryFailure"),
                   "u@a.example": (False, "NotStarted"), "own@a.example": (True, "Success")})
            check("a domain has three tokens, an address none", {name: len(d.get("DkimTokens", [])) for name, d in got.items()},
                  {name: 0 if "@" in name else 3 for name in DKIM})
            got = v2.get_email_identity(EmailIdentity="off.example")["DkimAttributes"]
            check("v2 tells of one that does not sign", (got["SigningEnabled"], got["Status"], len(got["Tokens"])), (False, "SUCCESS", 3))
            got = v2.get_email_identity(EmailIdentity="u@a.example")["DkimAttributes"]
            check("v2 tells of an address", (got["SigningEnabled"], got["Status"], got["Tokens"]), (False, "NOT_STARTED", []))
            ses.get_identity_dkim_attributes(Identities=["a.example"])
            check("it throttles", error_of(lambda: ses.get_identity_dkim_attributes(Identities=["a.example"])),
                  ("Throttling", 400, "Rate exceeded"))
            check("in a bucket of its own", list(ses.get_identity_verification_attributes(Identities=["a.example"])["VerificationAttributes"]),
                  ["a.example"])
            denied = s.client("ses", key="AKIDOTHER")
            check("IAM can refuse it alone", (error_of(lambda: denied.get_identity_dkim_attributes(Identities=["a.example"]))[:2],
                                              error_of(lambda: denied.get_identity_verification_attributes(Identities=["a.example"]))[0]),
                  (("AccessDenied", 403), "no error"))


def writing(s):
    ses, v2 = s.client("ses"), s.client("sesv2")
    read = lambda: v2.get_email_identity(EmailIdentity="EXAMPLE.com")["MailFromAttributes"]
    ses.set_identity_mail_from_domain(Identity="example.com", MailFromDomain="M.example.com", BehaviorOnMXFailure="RejectMessage")
    check("v1 set shows in v2", read(), {"MailFromDomain": "m.example.com", "MailFromDomainStatus": "PENDING",
                                         "BehaviorOnMxFailure": "REJECT_MESSAGE"})
    ses.set_identity_mail_from_domain(Identity="example.com")
    check("v1 clears, and the behaviour with it", read(), {"BehaviorOnMxFailure": "USE_DEFAULT_VALUE"})
    v2.put_email_identity_mail_from_attributes(EmailIdentity=ODD[1], MailFromDomain="b.example.com", BehaviorOnMxFailure="REJECT_MESSAGE")
    got = ses.get_identity_mail_from_domain_attributes(Identities=[ODD[1]])["MailFromDomainAttributes"]
    check("v2 put shows in v1, for an unverified address", got[ODD[1]],
          {"MailFromDomain": "b.example.com", "MailFromDomainStatus": "Pending", "BehaviorOnMXFailure": "RejectMessage"})
    v2.put_email_identity_mail_from_attributes(EmailIdentity=ODD[1])
    got = v2.get_email_identity(EmailIdentity=ODD[1])["MailFromAttributes"]
    check("v2 clears", got, {"BehaviorOnMxFailure": "USE_DEFAULT_VALUE"})
    v2.put_email_identity_mail_from_attributes(EmailIdentity="set.example.org", MailFromDomain="m.set.example.org")
    got = v2.get_email_identity(EmailIdentity="set.example.org")["MailFromAttributes"]["MailFromDomainStatus"]
    check("setting a Failed one again restarts it", got, "PENDING")


def deleting(s):
    ses, v2 = s.client("ses"), s.client("sesv2")
    names = ["d1202.example", "example.com"]
    ses.delete_identity(Identity=names[0])
    got = ses.get_identity_mail_from_domain_attributes(Identities=names)["MailFromDomainAttributes"]
    check("a deleted identity is left out", list(got), names[1:])
    check("and not found", error_of(lambda: v2.get_email_identity(EmailIdentity=names[0]))[:2], ("NotFoundException", 404))
    check("deleting it again is no error", error_of(lambda: ses.delete_identity(Identity=names[0]))[0], "no error")


def refusals(s):
    ses, v2 = s.client("ses"), s.client("sesv2")
    above = "Provided MAIL-FROM domain <example.com> is not subdomain of the domain of the identity <example.com>."
    unknown = "Identity <unknown.example> does not exist."
    enum = "1 validation error detected: Value 'x' at '%s' failed to satisfy constraint: Member must satisfy enum value set: [%s]"
    set_v1, put, attributes = (ses.set_identity_mail_from_domain, v2.put_email_identity_mail_from_attributes,
                               ses.get_identity_mail_from_domain_attributes)
    for what, call, want in [
        ("v1 not a subdomain", lambda: set_v1(Identity="example.com", MailFromDomain="example.com"), ("InvalidParameterValue", 400, above)),
        ("v1 unknown identity", lambda: set_v1(Identity="unknown.example", MailFromDomain="m.unknown.example"), ("InvalidParameterValue", 400, unknown)),
        ("v1 unknown behaviour", lambda: set_v1(Identity="example.com", BehaviorOnMXFailure="x"),
         ("ValidationError", 400, enum % ("behaviorOnMXFailure", "RejectMessage, UseDefaultValue"))),
        ("v2 not a subdomain", lambda: put(EmailIdentity="example.com", MailFromDomain="example.com"), ("BadRequestException", 400, above)),
        ("v2 unknown identity", lambda: put(EmailIdentity="unknown.example", MailFromDomain="m.unknown.example"), ("BadRequestException", 400, unknown)),
        ("v2 unknown behaviour", lambda: put(EmailIdentity="example.com", BehaviorOnMxFailure="x"),
         ("BadRequestException", 400, enum % ("behaviorOnMxFailure", "USE_DEFAULT_VALUE, REJECT_MESSAGE"))),
    ]:
        check(what, error_of(call), want)
    for what, call, want in [
        ("v1 a blank is no name", lambda: set_v1(Identity="example.com", MailFromDomain=" "), ("InvalidParameterValue", 400)),
        ("v1 101 identities", lambda: attributes(Identities=[f"d{i}.example" for i in range(101)]), ("ValidationError", 400)),
        ("v1 no identities", lambda: attributes(Identities=[]), ("ValidationError", 400)),
        ("v1 a page of 1,001", lambda: ses.list_identities(MaxItems=1001), ("ValidationError", 400)),
        ("v1 a broken token", lambda: ses.list_identities(NextToken="x"), ("InvalidParameterValue", 400)),
        ("v1 an action that is not served", lambda: ses.verify_domain_identity(Domain="a.example"), ("InvalidAction", 400)),
        ("v2 a blank is no name", lambda: put(EmailIdentity="example.com", MailFromDomain=" "), ("BadRequestException", 400)),
        ("v2 read of an unknown identity", lambda: v2.get_email_identity(EmailIdentity="unknown.example"), ("NotFoundException", 404)),
        ("v2 a page of 1,001", lambda: v2.list_email_identities(PageSize=1001), ("BadRequestException", 400)),
        ("v2 a broken token", lambda: v2.list_email_identities(NextToken="a/b+c="), ("InvalidNextTokenException", 400)),
        ("v2 an action that is not served", lambda: v2.list_configuration_sets(), ("UnknownOperationException", 404)),
    ]:
        check(what, error_of(call)[:2], want)


def signatures(s):
    for what, options, v1, v2 in [
        ("a wrong secret", {"secret": SECRET[:-1]}, ("SignatureDoesNotMatch", 403), ("InvalidSignatureException", 403)),
        ("an unknown key", {"key": "AKIDNOBODY"}, ("InvalidClientTokenId", 403), ("UnrecognizedClientException", 403)),
        ("a token that is not the key's", {"token": "x"}, ("InvalidClientTokenId", 403), ("UnrecognizedClientException", 403)),
        ("no signature", {"signature_version": UNSIGNED}, ("MissingAuthenticationToken", 403), ("MissingAuthenticationTokenException", 403)),
    ]:
        check(f"v1 {what}", error_of(s.client("ses", **options).get_send_quota)[:2], v1)
        check(f"v2 {what}", error_of(s.client("sesv2", **options).get_account)[:2], v2)
    for minutes, words in (-16, "Signature expired: "), (16, "Signature not yet current: "):
        with shifted(minutes):
            code, status, message = error_of(s.client("ses").get_send_quota)
            check(f"v1 a clock {minutes} minutes off", (code, status, message[:len(words)]), ("RequestExpired", 400, words))
            code, status, message = error_of(s.client("sesv2").get_account)
            check(f"v2 a clock {minutes} minutes off", (code, status, message[:len(words)]), ("InvalidSignatureException", 403, words))
    with shifted(-14):
        check("a clock 14 minutes off is good enough", s.client("ses").get_send_quota()["MaxSendRate"], 14.0)
    v2 = s.client("sesv2")
    v2.meta.events.register("before-send.*", lambda request, **_: request.headers.__setitem__("content-type", "text/plain"))
    check("a header changed on its way", error_of(lambda: v2.put_email_identity_mail_from_attributes(EmailIdentity="example.com"))[:2],
          ("InvalidSignatureException", 403))
    ses = s.client("ses")
    ses.meta.events.register("before-send.*", lambda request, **_: setattr(request, "body", request.body.replace("-01", "-02")))
    check("a body changed on its way", error_of(ses.get_send_quota)[:2], ("SignatureDoesNotMatch", 403))


def shifted(minutes):
    """botocore's clock, some minutes off."""
    return signers_clock(lambda: datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
                         + datetime.timedelta(minutes=minutes))


def both_signers(s):
    """Debian's botocore signs with the AWS CRT; its own code is asked too."""
    kept = botocore.auth.AUTH_TYPE_MAPS["v4"]
    for signer in {kept, botocore.auth.SigV4Auth}:
        botocore.auth.AUTH_TYPE_MAPS["v4"] = signer
        v2, name = s.client("sesv2"), f"{signer.__module__}.{signer.__name__}"
        check(f"{name} signs odd paths as we do", [v2.get_email_identity(EmailIdentity=i)["IdentityType"] for i in ODD], ["EMAIL_ADDRESS"] * 3)
        token = v2.list_email_identities(PageSize=1)["NextToken"]
        check(f"{name} signs queries as we do", len(v2.list_email_identities(PageSize=2, NextToken=token)["EmailIdentities"]), 2)
        check(f"{name} signs forms as we do", len(s.client("ses").list_identities(MaxItems=3)["Identities"]), 3)
    botocore.auth.AUTH_TYPE_MAPS["v4"] = kept


def tokens(s):
    sts = s.client("sts")
    got = sts.get_caller_identity()
    check("STS caller", (got["Account"], got["Arn"]), (ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/ses-sim"))
    role = f"arn:aws:iam::{OTHER_ACCOUNT}:role/migrations/mail"
    got = sts.assume_role(RoleArn=role, RoleSessionName="mailfrom", ExternalId="abc", DurationSeconds=900)
    key = got["Credentials"]
    left = (key["Expiration"] - datetime.datetime.now(datetime.timezone.utc)).total_seconds()
    check("STS gives a key for 900 s", round(left), lambda left: 890 <= left <= 901)
    options = {"key": key["AccessKeyId"], "secret": key["SecretAccessKey"], "token": key["SessionToken"]}
    check("the key belongs to the role's account", s.client("sts", **options).get_caller_identity()["Arn"],
          f"arn:aws:sts::{OTHER_ACCOUNT}:assumed-role/mail/mailfrom")
    check("the key sees that account's identities", s.client("ses", **options).list_identities()["Identities"], ["other.example"])
    got = s.client("sesv2", **options).get_email_identity(EmailIdentity="other.example")
    check("with both protocols", got["IdentityType"], "DOMAIN")
    options["token"] = "x"
    check("the key without its token is nothing", error_of(s.client("ses", **options).list_identities)[:2], ("InvalidClientTokenId", 403))
    nobody = role.replace(OTHER_ACCOUNT, "999999999999")
    check("a role of an unknown account", error_of(lambda: sts.assume_role(RoleArn=nobody, RoleSessionName="xy"))[:2], ("AccessDenied", 403))
    check("a role that is none", error_of(lambda: sts.assume_role(RoleArn="arn:aws:iam::1:user/someone", RoleSessionName="xy"))[:2],
          ("ValidationError", 400))
    check("signed for another service", error_of(lambda: s.client("sts").get_session_token())[:2], ("InvalidAction", 400))


def set_up_states(s, zone):
    v2 = s.client("sesv2")
    names = {"late": None, "never": None, "several": [FEEDBACK, "feedback-smtp.eu-west-1.amazonses.com"],
             "gone": ["feedback-smtp.eu-west-1.amazonses.com"], "broken": "servfail", "foreign": ["mx.example.net"],
             "wrong": ["feedback-smtp.us-east-1.amazonaws.com"]}
    for name, mx in names.items():
        if mx is not None:
            zone.mx[f"m.{name}.example.net"] = mx

    def status(name):
        return v2.get_email_identity(EmailIdentity=f"{name}.example.net")["MailFromAttributes"].get("MailFromDomainStatus")

    def put(name):
        v2.put_email_identity_mail_from_attributes(EmailIdentity=f"{name}.example.net", MailFromDomain=f"m.{name}.example.net",
                                                   BehaviorOnMxFailure="USE_DEFAULT_VALUE")
    start = time.monotonic()
    for name in names:
        put(name)
    check("another Region's feedback host is right", until(lambda: status("gone"), "SUCCESS"), "SUCCESS")
    put("gone")
    check("setting the same again keeps Success", status("gone"), "SUCCESS")
    check("several MX fail at once", until(lambda: status("several"), "FAILED"), "FAILED")
    check("and long before 72 hours", time.monotonic() - start, lambda took: took < patient(2))
    check("no MX is Pending", [status(name) for name in ("late", "never", "broken", "foreign", "wrong")], ["PENDING"] * 5)
    zone.mx["m.late.example.net"] = [FEEDBACK]
    check("Pending becomes Success when the MX comes", until(lambda: status("late"), "SUCCESS"), "SUCCESS")
    del zone.mx["m.gone.example.net"], zone.mx["m.late.example.net"]
    check("Success becomes TemporaryFailure when it goes", until(lambda: status("gone"), "TEMPORARY_FAILURE"), "TEMPORARY_FAILURE")
    until(lambda: status("late"), "TEMPORARY_FAILURE")
    zone.mx["m.late.example.net"] = [FEEDBACK]
    check("and Success again when it is back", until(lambda: status("late"), "SUCCESS"), "SUCCESS")
    for name in "never", "foreign", "wrong", "broken":
        check(f"72 hours end it: {name}", until(lambda: status(name), "FAILED"), "FAILED")
    check("and not before", time.monotonic() - start, lambda took: took > 72 * 3600 / SCALE)
    check("72 hours without the MX end a Success too", until(lambda: status("gone"), "FAILED"), "FAILED")
    zone.mx["m.never.example.net"] = [FEEDBACK]
    time.sleep(patient(0.1))
    check("SES has stopped looking", status("never"), "FAILED")
    put("never")
    check("until it is set again", until(lambda: status("never"), "SUCCESS"), "SUCCESS")


def command_line(s):
    for what, words, want in [
        ("ses list-identities", ["ses", "list-identities", "--identity-type", "EmailAddress"], {"Identities": ODD}),
        ("ses set-identity-mail-from-domain", ["ses", "set-identity-mail-from-domain", "--identity", "example.com", "--mail-from-domain",
                                               "cli.example.com", "--behavior-on-mx-failure", "RejectMessage"], {}),
        ("ses get-identity-mail-from-domain-attributes",
         ["ses", "get-identity-mail-from-domain-attributes", "--identities", "example.com", "--query",
          'MailFromDomainAttributes."example.com".MailFromDomain'], "cli.example.com"),
        ("sesv2 put-email-identity-mail-from-attributes",
         ["sesv2", "put-email-identity-mail-from-attributes", "--email-identity", ODD[1], "--mail-from-domain", "cli.example.com"], {}),
        ("sesv2 get-email-identity", ["sesv2", "get-email-identity", "--email-identity", ODD[1], "--query", "MailFromAttributes.MailFromDomain"],
         "cli.example.com"),
        ("sts assume-role", ["sts", "assume-role", "--role-arn", f"arn:aws:iam::{OTHER_ACCOUNT}:role/x", "--role-session-name", "cli",
                             "--query", "AssumedRoleUser.Arn"], f"arn:aws:sts::{OTHER_ACCOUNT}:assumed-role/x/cli"),
        ("an error", ["sesv2", "get-email-identity", "--email-identity", "unknown.example"],
         lambda got: "(NotFoundException)" in got and "unknown.example" in got),
    ]:
        check(f"aws {what}", s.aws(*words), want)


def pace():
    with sim([row("a.example")], "--rate", f"{2 / PATIENCE:g}", "--burst", "2", tls=False) as s:
        ses, v2, eu = s.client("ses"), s.client("sesv2"), s.client("ses", region="eu-west-1")
        ses.get_send_quota(), ses.get_send_quota()
        check("v1 throttles", error_of(ses.get_send_quota), ("Throttling", 400, "Rate exceeded"))
        check("each action has its own bucket", ses.list_identities()["Identities"], ["a.example"])
        check("each Region has its own bucket", eu.get_send_quota()["MaxSendRate"], 14.0)
        v2.get_account(), v2.get_account()
        check("v2 throttles", error_of(v2.get_account), ("TooManyRequestsException", 429, "Rate exceeded"))
        time.sleep(patient(0.55))
        check("a bucket fills again", ses.get_send_quota()["MaxSendRate"], 14.0)
        check("at its rate", error_of(ses.get_send_quota)[0], "Throttling")
        throttled = [(r["action"], r["region"], r["status"]) for r in s.log() if r["outcome"] in ("Throttling", "TooManyRequestsException")]
        check("the log says so", throttled, [("GetSendQuota", "us-east-1", 400), ("GetAccount", "us-east-1", 429), ("GetSendQuota", "us-east-1", 400)])


def faults():
    put = {"EmailIdentity": "a.example", "MailFromDomain": "m.a.example"}
    for spec, v1, v2, effect in [
        ("throttle=1", ("Throttling", 400), ("TooManyRequestsException", 429), False),
        ("http500=1", ("503", 503), ("503", 503), False),
        ("expired=1", ("ExpiredToken", 403), ("ExpiredTokenException", 403), False),
        ("reset-before=1", ("ConnectionClosedError", 0), ("ConnectionClosedError", 0), False),
        ("reset-after=1", ("ConnectionClosedError", 0), ("ConnectionClosedError", 0), True),
        # An older urllib3 hands half an answer on; botocore takes half of {} for a message.
        ("cut=1", ("ResponseParserError", 0), ("no error", 200), True),
    ]:
        with sim([row("a.example")], "--rate", "1000", "--faults", spec) as s:
            got = [error_of(s.client("ses").list_identities)[:2],
                   error_of(lambda: s.client("sesv2").put_email_identity_mail_from_attributes(**put))[:2]]
            cut_seen = spec == "cut=1" and got == [("ConnectionClosedError", 0)] * 2  # by a newer one
            check(f"fault {spec}", [v1, v2] if cut_seen else got, [v1, v2])
            done = [r["outcome"] == "ok" for r in s.log()]
            check(f"fault {spec}: the effect {'happened' if effect else 'did not happen'}", done, [effect] * 2)
    with sim([row("a.example")], "--rate", "1000", "--faults", "skew=1200", tls=False) as s:
        check("fault skew: our own time is wrong there", error_of(s.client("ses").get_send_quota)[0], "RequestExpired")
        with shifted(20):
            answer = s.client("ses").get_send_quota()
        date = datetime.datetime.strptime(answer["ResponseMetadata"]["HTTPHeaders"]["date"], "%a, %d %b %Y %H:%M:%S GMT")
        off = (date - datetime.datetime.utcnow()).total_seconds()
        check("fault skew: the Date header tells it", off, lambda off: 1195 < off < 1205)
    with sim([row("a.example")], "--rate", "1000", "--faults", "stale=1,lag=1", tls=False) as s:
        v2 = s.client("sesv2")
        read = lambda: v2.get_email_identity(EmailIdentity="a.example")["MailFromAttributes"].get("MailFromDomain")
        start = time.monotonic()
        v2.put_email_identity_mail_from_attributes(**put)
        check("fault stale: what was set is not shown at once", read(), None)
        check("but when the lag is over", until(read, "m.a.example"), "m.a.example")
        check("and not sooner", time.monotonic() - start, lambda took: took >= 1)
    seen = set()
    for seed in range(8):
        spec = ("--faults", "outage=1,outage-lasts=3600", "--seed", str(seed))
        with sim([row("a.example")], "--rate", "1000", *spec, tls=False) as s:
            seen.add(tuple(error_of(s.client("ses").list_identities)[:2] for _ in range(3)))
            check("fault outage: STS is spared", s.client("sts").get_caller_identity()["Account"], ACCOUNT)
            check("nothing else has an effect", {(r["outcome"] == "ok", r["fault"]) for r in s.log() if r["protocol"] != "sts"},
                  {(False, "outage")})
    check("an outage is of one kind while it lasts", seen, {(("503", 503),) * 3, (("ConnectionClosedError", 0),) * 3})
    with sim([row("a.example")], "--rate", "1000", "--faults", "outage=0.5,outage-lasts=1", tls=False) as s:
        ok = lambda: error_of(s.client("ses").list_identities)[0] == "no error"
        check("outages come and go", [until(ok, value) for value in (True, False, True)], [True, False, True])
    with sim([row("a.example")], "--rate", "1000", "--faults", "delay=300") as s:
        start = time.monotonic()
        s.client("ses").get_send_quota()
        check("fault delay", time.monotonic() - start, lambda took: 0.3 <= took < patient(2))
    seen = set()
    for _ in range(2):
        with sim([row("a.example")], "--rate", "1e6", "--burst", "1000", "--faults", "throttle=0.3", "--seed", "7", tls=False) as s:
            ses = s.client("ses")
            seen.add("".join(error_of(ses.get_send_quota)[0][0] for _ in range(60)))
    check("a seed repeats its faults", [(len(seen), 5 < throttles.count("T") < 35) for throttles in seen], [(1, True)])


def start_up():
    def says(*options, table="account,region\n"):
        with tempfile.TemporaryDirectory() as name:
            path = pathlib.Path(name) / "identities.csv"
            path.write_text(table)
            done = subprocess.run([SIM, "--identities", str(path), *options], capture_output=True, text=True, timeout=patient(10))
            return done.returncode, done.stderr
    good = rows([row("a.example")])
    for what, options, table, words in [
        ("an address that is not loopback", ["--listen", "0.0.0.0:0"], good, "not a loopback address"),
        ("an unknown fault", ["--faults", "rain=1"], good, "'rain=1' is not one of"),
        ("a share over 1", ["--faults", "cut=2"], good, "'cut=2' is not one of"),
        ("a table without columns", [], "account,region\n", "no column 'identity'"),
        ("a status without MAIL FROM", [], rows([row("a.example", status="SUCCESS")]), "row 2"),
        ("an identity twice", [], rows([row("a.example"), row("A.example")]), "row 3: 'a.example' is there already"),
        ("an unknown word", [], rows([row("a.example", behavior="maybe")]), "behavior: "),
        ("an unknown word of DKIM", [], rows([(*row("a.example"), "ENABLED")], "dkim"), "dkim: SUCCESS, PENDING"),
    ]:
        check(f"refuses {what}", says(*options, table=table), lambda got: got[0] == 1 and words in got[1])


def the_log(s):
    entries = s.log()
    sets = [r for r in entries if r["action"] == "SetIdentityMailFromDomain" and r.get("mail_from") == "M.example.com"]
    check("the log has the write", [(r["account"], r["region"], r["protocol"], r["identities"], r["outcome"], r["status"]) for r in sets],
          [(ACCOUNT, "us-east-1", "v1", ["example.com"], "ok", 200)])
    check("the log knows all three protocols", {r["protocol"] for r in entries}, {"v1", "v2", "sts"})


def main():
    zone = Zone()
    options = ["--rate", "1e6", "--burst", "1e6", "--resolver", zone.address, "--time-scale", str(SCALE)]
    with contextlib.ExitStack() as stack:
        for name, content in ("endpoints", ENDPOINTS), ("recommendations", RECOMMENDATIONS):
            table = stack.enter_context(tempfile.NamedTemporaryFile("w", suffix=".csv"))
            table.write(content)
            table.flush()
            options += [f"--{name}", table.name]
        s = stack.enter_context(sim(by_hand(), *options))
        for part in reading_v1, listing, reading_v2, advice, writing, refusals, deleting, signatures, both_signers, tokens, command_line, the_log:
            part(s)
        set_up_states(s, zone)
    pace()
    dkim()
    faults()
    start_up()
    print(f"{failures} failed")
    return 1 if failures else 0


sys.exit(main())
