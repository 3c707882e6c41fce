#!/usr/bin/python3
"""ses-sim's zones are held against clients by other hands: boto3, its waiter and paginators and the `aws`
command line for Route 53; plain HTTP for Cloudflare, of which Debian has no client. What either accepts
must be what Knot DNS serves.

usage: sim_zones.py SES-SIM

One line per check; exit code 1 on any failure."""

import base64
import concurrent.futures
import contextlib
import datetime
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"

import boto3
import botocore.exceptions
import dns.message
import dns.query
import dns.rcode
import dns.resolver
from botocore.config import Config

from knot_room import free_port, knot_conf, start, wait_until_it_serves
from timeouts import PATIENCE, patient

SIM = sys.argv[1]
ACCOUNT, OTHER = "111122223333", "444455556666"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
KEY = ("hmac-sha256", "sim-key", base64.b64encode(b"0123456789abcdef0123456789abcdef").decode())
CF_ACCOUNT = "01a7362d577a6c3019a474fd6f485823"
TWO, PENDING, HIDDEN = "2" * 32, "3" * 32, "4" * 32
FEEDBACK, SPF = "10 feedback-smtp.us-east-1.amazonses.com", '"v=spf1 include:amazonses.com ~all"'

ONE_ZONE = """\\052.wild TXT "star"
alias CNAME elsewhere.example.
foreign 300 MX 5 mail.example.
u TXT "\\195\\188 \\"x\\" \\\\"
foo-bar A 192.0.2.1
foo A 192.0.2.2
pointer CNAME elsewhere.example.
sub.foo A 192.0.2.3
""".replace("\\052", "*") + "".join(f"h{i:03} A 192.0.2.9\n" for i in range(320))
TWO_ZONE = "alias CNAME elsewhere.example.\nforeign 300 MX 5 mail.example.\nwww A 192.0.2.1\n"

failures = 0


def check(what, got, want):
    global failures
    good = want(got) if callable(want) else got == want
    print(f"{'ok  ' if good else 'FAIL'} {what}" + ("" if good else f": got {got!r}"), flush=True)
    failures += not good


def error_of(call):
    """(code, HTTP status, message) of the error that a call must end in."""
    try:
        return "no error", 200, call()
    except botocore.exceptions.ClientError as e:
        return e.response["Error"]["Code"], e.response["ResponseMetadata"]["HTTPStatusCode"], e.response["Error"].get("Message")


def until(probe, want, seconds=10):
    end = time.monotonic() + patient(seconds)
    while (got := probe()) != want and time.monotonic() < end:
        time.sleep(0.02)
    return got


class Sim:
    def __init__(self, url, knot_port, home):
        self.url, self.knot_port, self.home = url, knot_port, home

    def client(self, key="AKIDEXAMPLE", secret=SECRET, token=None, **config):
        return boto3.client("route53", region_name="us-east-1", endpoint_url=self.url, aws_access_key_id=key,
                            aws_secret_access_key=secret, aws_session_token=token,
                            config=Config(retries={"total_max_attempts": 1}, read_timeout=patient(10), **config))

    def served(self, name, kind):
        """What the name server itself answers, sorted; None: the name does not exist."""
        answer = dns.query.tcp(dns.message.make_query(name, kind), "127.0.0.1", port=self.knot_port, timeout=patient(5))
        if answer.rcode() == dns.rcode.NXDOMAIN:
            return None
        return sorted(r.to_text() for s in answer.answer for r in s if dns.rdatatype.to_text(s.rdtype) == kind)

    def cloudflare(self, method, path, body=None, token="cf-token", whole=False):
        """(status, result) or (status, code, message)."""
        request = urllib.request.Request(self.url + "/client/v4/" + path, method=method,
                                         data=None if body is None else json.dumps(body).encode())
        request.add_header("Content-Type", "application/json")
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=patient(10)) as answer:
                document = json.load(answer)
        except urllib.error.HTTPError as e:
            document = json.load(e)
            assert (document["success"], document["result"], document["messages"]) == (False, None, []), document
            return e.code, document["errors"][0]["code"], document["errors"][0]["message"], dict(e.headers)
        assert document["success"] is True and document["errors"] == [], document
        return (200, document) if whole else (200, document["result"])


def change(action, name, kind, *values, ttl=300, **more):
    records = {"TTL": ttl, "ResourceRecords": [{"Value": v} for v in values]} if values else {}
    return {"Action": action, "ResourceRecordSet": {"Name": name, "Type": kind, **records, **more}}


def write(client, *changes, zone="ZONE1"):
    return client.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Comment": "a test", "Changes": list(changes)})


@contextlib.contextmanager
def sim(folder, knot_port, *options):
    where, home = f"127.0.0.1:{knot_port}", pathlib.Path(tempfile.mkdtemp(dir=folder))
    key = ":".join(KEY)
    rows = [
        f"route53,{ACCOUNT},ZONE1,one.test,,ns-1.awsdns-1.com ns-2.awsdns-2.net,{where},{key},{folder}/one.test.zone",
        f"route53,{ACCOUNT},ZPRIVATE,one.test,private,,,,",
        f"route53,{ACCOUNT},ZORPHAN,one.test,,ns-9.awsdns-9.org,,,",
        f"route53,{ACCOUNT},ZLINKED,linked.test,linked=servicediscovery.amazonaws.com,,,,",
        f"route53,{ACCOUNT},ZLOCKED,locked.test,locked,,,,",
        f"route53,{OTHER},ZOTHER,other.test,,,,,",
        *(f"route53,{ACCOUNT},ZB{i:03},b{i:03}.bulk,,,,," for i in range(205)),
        f"cloudflare,{CF_ACCOUNT},{TWO},two.test,,kim.ns.example leo.ns.example,{where},{key},{folder}/two.test.zone",
        f"cloudflare,{CF_ACCOUNT},{PENDING},pending.test,pending,,,,",
        f"cloudflare,{CF_ACCOUNT},{HIDDEN},hidden.test,,,,,",
        *(f"cloudflare,{CF_ACCOUNT},{i:032},c{i:02}.bulk,,,,," for i in range(25)),
    ]
    keys = [
        f"{ACCOUNT},AKIDEXAMPLE,{SECRET},,,",
        f"{ACCOUNT},AKIDLEAST,least,,,actions=CREATE types=MX|TXT names=bounce.*|\\052.wild.one.test zones=ZONE1",
        f"{ACCOUNT},AKIDBLIND,blind,,route53:List* route53:GetChange,",
        f"{OTHER},arn:aws:iam::{OTHER}:role/dns,unused,,route53:GetHostedZone,",
        f"{CF_ACCOUNT},ed17574386854bf78a67040be0a770b0,cf-token,,,zones={TWO}|{PENDING}|0*",
        f"{CF_ACCOUNT},fd17574386854bf78a67040be0a770b0,cf-hasty,,,",
        f"{CF_ACCOUNT},0d17574386854bf78a67040be0a770b0,cf-old,,,,disabled",
    ]
    (home / "zones.csv").write_text("\n".join(["provider,account,id,name,state,name_servers,server,key,file", *rows]) + "\n")
    (home / "keys.csv").write_text("\n".join(["account,access_key_id,secret_access_key,session_token,deny,only,state", *keys]) + "\n")
    command = [SIM, "--zones", home / "zones.csv", "--credentials", home / "keys.csv", "--log", home / "log", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()
        assert line.startswith("ready http"), process.stderr.read()
        yield Sim(line.split()[1], knot_port, home)
    finally:
        process.terminate()
        rest = process.communicate(timeout=patient(20))
        if any(rest) or process.returncode:
            check("ses-sim says nothing more and stops cleanly", (rest, process.returncode), (("", ""), 0))


# Route 53


def zones(s, r53):
    pages = list(r53.get_paginator("list_hosted_zones").paginate())
    listed = [z for p in pages for z in p["HostedZones"]]
    check("the paginator lists 210 zones of one account in three pages", (len(pages), len(listed)), (3, 210))
    check("and has their states", [(z["Id"], z["Config"]["PrivateZone"], z.get("LinkedService", {}).get("ServicePrincipal")) for z in listed[1:4]],
          [("/hostedzone/ZPRIVATE", True, None), ("/hostedzone/ZORPHAN", False, None),
           ("/hostedzone/ZLINKED", False, "servicediscovery.amazonaws.com")])
    page = r53.list_hosted_zones_by_name(DNSName="one.test", MaxItems="2")
    check("zones by name begin at the name, those of one name by id",
          ([z["Id"] for z in page["HostedZones"]], page["IsTruncated"], page["NextDNSName"], page["NextHostedZoneId"], page["DNSName"]),
          (["/hostedzone/ZONE1", "/hostedzone/ZORPHAN"], True, "one.test.", "ZPRIVATE", "one.test"))
    page = r53.list_hosted_zones_by_name(DNSName=page["NextDNSName"], HostedZoneId=page["NextHostedZoneId"])
    check("and go on from there to the end", ([z["Id"] for z in page["HostedZones"]], page["IsTruncated"]), (["/hostedzone/ZPRIVATE"], False))
    names = [z["Name"] for z in r53.list_hosted_zones_by_name()["HostedZones"]]
    check("in the order of reversed labels", (len(names), names[0], names == sorted(names)), (100, "b000.bulk.", True))
    zone = r53.get_hosted_zone(Id="ZONE1")
    check("a zone has its name servers and counts its sets", (zone["DelegationSet"]["NameServers"], zone["HostedZone"]["ResourceRecordSetCount"]),
          (["ns-1.awsdns-1.com", "ns-2.awsdns-2.net"], 331))
    zone = r53.get_hosted_zone(Id="ZPRIVATE")
    check("a private one has networks in their place", ("DelegationSet" in zone, len(zone["VPCs"])), (False, 1))
    for what, call, want in [
        ("an unknown zone", lambda: r53.get_hosted_zone(Id="ZNONE"), ("NoSuchHostedZone", 404, "No hosted zone found with ID: ZNONE")),
        ("a zone of another account", lambda: r53.get_hosted_zone(Id="ZOTHER"),
         ("AccessDenied", 403, f"User: arn:aws:iam::{ACCOUNT}:user/ses-sim is not authorized to access this resource")),
        ("a key that is unknown", lambda: s.client(key="AKIDNOBODY").list_hosted_zones(),
         ("InvalidClientTokenId", 403, "The security token included in the request is invalid.")),
    ]:
        check(what, error_of(call), want)
    check("a name that is none", error_of(lambda: r53.list_hosted_zones_by_name(DNSName="a..test"))[:2], ("InvalidDomainName", 400))
    check("a page of none", error_of(lambda: r53.list_hosted_zones(MaxItems="0"))[:2], ("InvalidInput", 400))
    check("a page that begins nowhere", error_of(lambda: r53.list_hosted_zones(Marker="ZNONE"))[:2], ("NoSuchHostedZone", 404))
    check("a wrong secret", error_of(lambda: s.client(secret="wrong").list_hosted_zones())[:2], ("SignatureDoesNotMatch", 403))
    foreign = boto3.client("route53", endpoint_url=s.url, region_name="eu-west-1", aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key=SECRET)
    foreign.meta.events.register("before-sign", lambda request_signer, **_: setattr(request_signer, "_region_name", "eu-west-1"))
    check("a signature for another Region than us-east-1", error_of(foreign.list_hosted_zones)[0], "SignatureDoesNotMatch")


def sets(s, r53):
    pages = list(r53.get_paginator("list_resource_record_sets").paginate(HostedZoneId="ZONE1"))
    listed = [r for p in pages for r in p["ResourceRecordSets"]]
    check("the paginator lists 331 sets, 300 a page", [len(p["ResourceRecordSets"]) for p in pages], [300, 31])
    check("the apex comes first, by type", [(r["Name"], r["Type"]) for r in listed[:2]], [("one.test.", "NS"), ("one.test.", "SOA")])
    few = r53.list_resource_record_sets(HostedZoneId="ZONE1", StartRecordName="foo-bar.one.test", MaxItems="4")
    check("labels are compared from the right, and a hyphen comes before a dot", [r["Name"] for r in few["ResourceRecordSets"]],
          ["foo-bar.one.test.", "foo.one.test.", "sub.foo.one.test.", "foreign.one.test."])
    check("what comes next is told", (few["IsTruncated"], few["NextRecordName"], few["NextRecordType"], few["MaxItems"]), (True, "h000.one.test.", "A", "4"))
    got = r53.list_resource_record_sets(HostedZoneId="ZONE1", StartRecordName="*.wild.one.test", StartRecordType="TXT", MaxItems="1")
    check("a wildcard is written in octal digits", (got["ResourceRecordSets"], got["IsTruncated"]),
          ([{"Name": "\\052.wild.one.test.", "Type": "TXT", "TTL": 60, "ResourceRecords": [{"Value": '"star"'}]}], False))
    got = r53.list_resource_record_sets(HostedZoneId="ZONE1", StartRecordName="u.one.test", MaxItems="1")["ResourceRecordSets"][0]
    check("so are octets that are no ASCII, and marks within a text", got["ResourceRecords"][0]["Value"], '"\\303\\274 \\"x\\" \\\\"')
    check("a type needs a name", error_of(lambda: r53.list_resource_record_sets(HostedZoneId="ZONE1", StartRecordType="TXT"))[:2], ("InvalidInput", 400))


def writing(s, r53):
    name = "bounce.news.one.test"
    done = write(r53, change("CREATE", name, "MX", FEEDBACK), change("CREATE", name.upper() + ".", "TXT", SPF))
    info = done["ChangeInfo"]
    check("a change is PENDING first", (info["Status"], info["Comment"], type(info["SubmittedAt"])), ("PENDING", "a test", datetime.datetime))
    check("and served when it is answered", (s.served(name, "MX"), s.served(name, "TXT")), ([FEEDBACK + "."], [SPF]))
    r53.get_waiter("resource_record_sets_changed").wait(Id=info["Id"], WaiterConfig={"Delay": 0, "MaxAttempts": 3})
    check("then INSYNC, as boto3's waiter sees", r53.get_change(Id=info["Id"])["ChangeInfo"]["Status"], "INSYNC")
    check("an unknown change", error_of(lambda: r53.get_change(Id="C0"))[:2], ("NoSuchChange", 404))
    write(r53, change("DELETE", name, "TXT", SPF), change("CREATE", name, "TXT", SPF, '"another"'))
    check("old set out and new set in at once", s.served(name, "TXT"), sorted([SPF, '"another"']))
    write(r53, change("UPSERT", name, "TXT", '"\\303\\274 \\"x\\""', '"one" "two"'))
    check("UPSERT replaces the whole set; octal digits are octets", s.served(name, "TXT"), ['"\\195\\188 \\"x\\""', '"one" "two"'])
    write(r53, change("CREATE", "\\052.new.one.test", "TXT", '"any"'))
    check("a wildcard is one", s.served("x.new.one.test", "TXT"), ['"any"'])
    write(r53, change("DELETE", "alias.one.test", "CNAME", "elsewhere.example.", ttl=60), change("CREATE", "alias.one.test", "MX", FEEDBACK))
    check("an alias makes room for an MX in one batch", (s.served("alias.one.test", "CNAME"), s.served("alias.one.test", "MX")), ([], [FEEDBACK + "."]))
    write(r53, change("DELETE", name, "MX", FEEDBACK), change("DELETE", name, "TXT", '"one" "two"', '"\\303\\274 \\"x\\""'))
    check("what is deleted is gone", s.served(name, "MX"), None)
    target = {"HostedZoneId": "ZTARGET", "DNSName": "lb.example.", "EvaluateTargetHealth": False}
    write(r53, change("CREATE", "lb.one.test", "A", AliasTarget=target),
          change("CREATE", "w.one.test", "A", "192.0.2.1", SetIdentifier="left", Weight=1),
          change("CREATE", "w.one.test", "A", "192.0.2.2", SetIdentifier="right", Weight=2))
    got = r53.list_resource_record_sets(HostedZoneId="ZONE1", StartRecordName="w.one.test", MaxItems="2")["ResourceRecordSets"]
    check("sets of a routing policy are sets of their own", [(r["SetIdentifier"], r["Weight"]) for r in got], [("left", 1), ("right", 2)])
    got = r53.list_resource_record_sets(HostedZoneId="ZONE1", StartRecordName="lb.one.test", MaxItems="1")["ResourceRecordSets"][0]
    check("an alias target is shown", (got["AliasTarget"], "TTL" in got), (target, False))
    write(r53, change("DELETE", "lb.one.test", "A", AliasTarget=target))
    write(r53, change("CREATE", "bounce.one.test", "MX", FEEDBACK), zone="ZORPHAN")
    check("a zone that is served nowhere takes changes, too", s.served("bounce.one.test", "MX"), None)


def refusals(s, r53):
    here = "in zone one.test."
    chain = "Invalid Resource Record: 'FATAL problem: %s encountered with '%s''"
    both = [change("CREATE", "foreign.one.test", "MX", FEEDBACK), change("DELETE", "none.one.test", "TXT", SPF)]
    exists = "Tried to create resource record set [name='foreign.one.test.', type='MX'] but it already exists"
    absent = "Tried to delete resource record set [name='none.one.test.', type='TXT'] but it was not found"
    long = '"' + "x" * 256 + '"'
    for what, changes, want in [
        ("a set that is there", both[:1], exists),
        ("a set that is not there", both[1:], absent),
        ("every fault of a batch is told", both, f"{exists}, {absent}"),
        ("a set with other values", [change("DELETE", "foreign.one.test", "MX", FEEDBACK)],
         "Tried to delete resource record set [name='foreign.one.test.', type='MX'] but the values provided do not match the current values"),
        ("a set with another TTL", [change("DELETE", "foreign.one.test", "MX", "5 mail.example.", ttl=299)],
         "Tried to delete resource record set [name='foreign.one.test.', type='MX'] but the values provided do not match the current values"),
        ("an alias beside others", [change("CREATE", "foo.one.test", "CNAME", "a.example")],
         f"RRSet of type CNAME with DNS name foo.one.test. is not permitted as it conflicts with other records with the same DNS name {here}"),
        ("others beside an alias", [change("CREATE", "pointer.one.test", "TXT", SPF)],
         "RRSet of type TXT with DNS name pointer.one.test. is not permitted because a conflicting RRSet of type CNAME with the same DNS name "
         "already exists in zone one.test."),
        ("a name of another zone", [change("CREATE", "bounce.two.test", "MX", FEEDBACK)], f"RRSet with DNS name bounce.two.test. is not permitted {here}"),
        ("a TXT without quotes", [change("CREATE", "t.one.test", "TXT", "v=spf1 -all")],
         chain % ("InvalidCharacterString (Value should be enclosed in quotation marks)", "v=spf1 -all")),
        ("a string that is too long", [change("CREATE", "t.one.test", "TXT", long)], chain % ("CharacterStringTooLong (Value is too long)", long)),
        ("an MX without preference", [change("CREATE", "t.one.test", "MX", "mail.example")],
         chain % ("InvalidRRDATA (Value is not valid for its type)", "mail.example")),
        ("the same set twice", [change("CREATE", "t.one.test", "TXT", SPF), change("UPSERT", "t.one.test", "TXT", SPF)],
         "The request contains an invalid set of changes for a resource record set 'TXT t.one.test.'"),
        ("1,001 records", [change("CREATE", f"n{i}.one.test", "A", "192.0.2.1") for i in range(1001)], "Number of records limit of 1000 exceeded."),
        ("501 records that count twice", [change("UPSERT", f"n{i}.one.test", "A", "192.0.2.1") for i in range(501)], "Number of records limit of 1000 exceeded."),
        ("32,001 characters", [change("CREATE", f"n{i}.one.test", "TXT", '"' + "x" * 253 + '"') for i in range(126)], "RDATA character limit of 32000 exceeded."),
    ]:
        check(what, error_of(lambda: write(r53, *changes)), ("InvalidChangeBatch", 400, f"[{want}]"))
    write(r53, change("CREATE", "spare.one.test", "TXT", SPF), *(change("CREATE", f"n{i}.one.test", "A", "192.0.2.1") for i in range(999)))
    check("1,000 records are one batch", (s.served("n0.one.test", "A"), s.served("n998.one.test", "A")), (["192.0.2.1"], ["192.0.2.1"]))
    check("of a batch that fails nothing is done",
          error_of(lambda: write(r53, change("CREATE", "fresh.one.test", "TXT", SPF), both[0]))[0:1] + (s.served("fresh.one.test", "TXT"),),
          ("InvalidChangeBatch", None))
    check("a change without values", error_of(lambda: write(r53, change("DELETE", "foreign.one.test", "MX")))[0::2],
          ("InvalidInput", "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId], "
           "but found none in Change with [Action=DELETE, Name=foreign.one.test, Type=MX, SetIdentifier=null]"))
    many = [change("CREATE", f"{'x' * 60}.{i}.two.test", "A", "192.0.2.1") for i in range(1000)]
    check("however many they are", error_of(lambda: write(r53, *many))[2].count("is not permitted in zone"), 1000)
    for what, body, want in [("no XML", b"<x", "MalformedInput"), ("other XML", b"<x/>", "MalformedInput"),
                             ("no changes", b'<ChangeResourceRecordSetsRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/"/>', "InvalidInput"),
                             ("XML of another year", b'<ChangeResourceRecordSetsRequest xmlns="https://route53.amazonaws.com/doc/2012-02-29/"/>', "MalformedInput")]:
        odd = s.client()
        odd.meta.events.register("before-call", lambda params, **_: params.update(body=body))
        check(f"a body that is {what}", error_of(lambda: write(odd, both[0]))[:2], (want, 400))
    check("a zone of a service", error_of(lambda: write(r53, change("CREATE", "x.linked.test", "TXT", SPF), zone="ZLINKED"))[:2], ("AccessDenied", 403))
    check("a locked zone", error_of(lambda: write(r53, change("CREATE", "x.locked.test", "TXT", SPF), zone="ZLOCKED"))[:2], ("InvalidInput", 400))


def policies(s, r53):
    least = s.client(key="AKIDLEAST", secret="least")
    write(least, change("CREATE", "bounce.least.one.test", "MX", FEEDBACK), change("CREATE", "\\052.wild.one.test", "MX", FEEDBACK))
    refused = (f"User: arn:aws:iam::{ACCOUNT}:user/ses-sim is not authorized to perform: route53:ChangeResourceRecordSets on resource: "
               "arn:aws:route53:::hostedzone/%s because no identity-based policy allows the route53:ChangeResourceRecordSets action")
    for what, changes in [("action", change("DELETE", "bounce.least.one.test", "MX", FEEDBACK)), ("type", change("CREATE", "bounce.x.one.test", "A", "192.0.2.1")),
                          ("name", change("CREATE", "www.one.test", "TXT", SPF))]:
        check(f"the least policy allows no other {what}", error_of(lambda: write(least, changes)), ("AccessDenied", 403, refused % "ZONE1"))
    check("and no other zone", error_of(lambda: write(least, change("CREATE", "bounce.one.test", "TXT", SPF), zone="ZORPHAN")),
          ("AccessDenied", 403, refused % "ZORPHAN"))
    blind = s.client(key="AKIDBLIND", secret="blind")
    check("actions are denied by their names", (error_of(blind.list_hosted_zones)[0], error_of(lambda: blind.get_change(Id="C1"))[0],
                                                blind.get_hosted_zone(Id="ZONE1")["HostedZone"]["Id"]), ("AccessDenied", "AccessDenied", "/hostedzone/ZONE1"))
    sts = boto3.client("sts", region_name="us-east-1", endpoint_url=s.url, aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key=SECRET)
    keys = sts.assume_role(RoleArn=f"arn:aws:iam::{OTHER}:role/dns", RoleSessionName="test")["Credentials"]
    other = s.client(key=keys["AccessKeyId"], secret=keys["SecretAccessKey"], token=keys["SessionToken"])
    check("a role of the other account sees its zones", [z["Id"] for z in other.list_hosted_zones()["HostedZones"]], ["/hostedzone/ZOTHER"])
    check("within its policy", error_of(lambda: other.get_hosted_zone(Id="ZOTHER"))[0], "AccessDenied")


def aws(s, *words):
    """The command line, at work beside the rest; communicate() has its end."""
    environment = dict(os.environ, AWS_ACCESS_KEY_ID="AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY=SECRET, AWS_MAX_ATTEMPTS="1",
                       AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull)
    return subprocess.Popen(["/usr/bin/aws", "--endpoint-url", s.url, "--region", "us-east-1", "--output", "json", "route53", *words],
                            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def command_line(s):
    batch = {"Changes": [change("CREATE", "bounce.cli.one.test", "MX", FEEDBACK), change("CREATE", "bounce.cli.one.test", "TXT", SPF)]}
    words = ("change-resource-record-sets", "--hosted-zone-id", "ZONE1", "--change-batch", json.dumps(batch))
    done = aws(s, *words)
    cloudflare_reads(s)
    told, _ = done.communicate(timeout=patient(30))
    check("aws route53 changes a zone", (done.returncode, json.loads(told or "{}").get("ChangeInfo", {}).get("Status")), (0, "PENDING"))
    again = aws(s, *words)
    cloudflare_writes(s)
    check("and understands why not twice", again.communicate(timeout=patient(30))[1].strip(),
          lambda told: "(InvalidChangeBatch)" in told and "it already exists" in told)
    check("kdig sees it", subprocess.run(["kdig", "@127.0.0.1", "-p", str(s.knot_port), "+short", "bounce.cli.one.test", "TXT"],
                                         capture_output=True, text=True).stdout.strip(), SPF)


# Cloudflare


def cloudflare_reads(s):
    cf = s.cloudflare
    status, whole = cf("GET", "user/tokens/verify", whole=True)
    check("a token is verified", (status, whole["result"], whole["messages"][0]["message"]),
          (200, {"id": "ed17574386854bf78a67040be0a770b0", "status": "active"}, "This API Token is valid and active"))
    check("no token", cf("GET", "zones", token="")[:3], (400, 9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers"))
    check("a header that is none", cf("GET", "zones", token="two words")[:3], (400, 6003, "Invalid request headers"))
    check("an unknown token that is verified", cf("GET", "user/tokens/verify", token="nobody")[:3], (401, 1000, "Invalid API Token"))
    check("a disabled token", (cf("GET", "user/tokens/verify", token="cf-old")[1]["status"], cf("GET", "zones", token="cf-old")[:2]), ("disabled", (403, 9109)))
    check("an unknown token", cf("GET", "zones", token="nobody")[:3], (403, 9109, "Invalid access token"))
    check("a zone that the token does not see", cf("GET", "zones/" + HIDDEN)[:3], (403, 10000, "Authentication error"))
    check("an id that is none", cf("GET", "zones/x")[:2], (404, 7003))
    whole = cf("GET", "zones", whole=True)[1]
    check("zones come 20 a page", (len(whole["result"]), whole["result_info"]),
          (20, {"page": 1, "per_page": 20, "count": 20, "total_count": 27, "total_pages": 2}))
    check("as many as are asked for", len(cf("GET", "zones?per_page=50")[1]), 27)
    check("up to 50", cf("GET", "zones?per_page=51")[:2], (400, 6003))
    check("the last page is the rest", len(cf("GET", "zones?per_page=20&page=2")[1]), 7)
    found = cf("GET", "zones?name=two.test")[1]
    check("a zone by its name", [(z["id"], z["status"], z["name_servers"], z["paused"], z["type"]) for z in found],
          [(TWO, "active", ["kim.ns.example", "leo.ns.example"], False, "full")])
    check("a zone by its id, with its status", (cf("GET", "zones/" + PENDING)[1]["status"], cf("GET", "zones?status=pending")[1][0]["id"]), ("pending", PENDING))
    records = cf("GET", f"zones/{TWO}/dns_records")[1]
    check("records, without the zone's own NS and SOA", sorted((r["name"], r["type"]) for r in records),
          [("alias.two.test", "CNAME"), ("foreign.two.test", "MX"), ("ns.two.test", "A"), ("www.two.test", "A")])
    mx = cf("GET", f"zones/{TWO}/dns_records?name=foreign.two.test&type=MX")[1][0]
    check("an MX is two members", (mx["content"], mx["priority"], mx["ttl"], mx["proxied"]), ("mail.example", 5, 300, False))
    check("a record by its id", cf("GET", f"zones/{TWO}/dns_records/{mx['id']}")[1] == mx, True)
    check("a record that is not there", cf("GET", f"zones/{TWO}/dns_records/{'0' * 32}")[:3], (404, 81044, "Record does not exist."))


def cloudflare_writes(s):
    def cf(method, path="", body=None, **more):
        return s.cloudflare(method, f"zones/{TWO}/dns_records{path}", body, **more)

    name = "bounce.two.test"
    mx = {"type": "MX", "name": name, "content": "feedback-smtp.us-east-1.amazonses.com", "priority": 10, "ttl": 1, "comment": "mailfrom"}
    txt = {"type": "TXT", "name": "bounce", "content": SPF, "ttl": 300}
    made = cf("POST", "", mx)[1]
    check("a record is made", (made["name"], made["content"], made["priority"], made["ttl"], made["comment"]), (name, mx["content"], 10, 1, "mailfrom"))
    check("and served", s.served(name, "MX"), [FEEDBACK + "."])
    check("an identical one is refused", cf("POST", "", mx)[:3], (400, 81058, "An identical record already exists."))
    second = cf("POST", "", {**mx, "content": "other.example"})
    check("a second one of that name and type is not", (second[0], len(s.served(name, "MX"))), (200, 2))
    check("an address beside an alias", cf("POST", "", {"type": "A", "name": "alias.two.test", "content": "192.0.2.1"})[:3],
          (400, 81054, "A CNAME record with that host already exists."))
    check("an alias beside an address", cf("POST", "", {"type": "CNAME", "name": "www", "content": "a.example"})[:3],
          (400, 81053, "An A, AAAA, or CNAME record with that host already exists."))
    check("an MX beside an alias is accepted and not served", (cf("POST", "", {**mx, "name": "alias"})[0], s.served("alias.two.test", "MX")), (200, []))
    for what, body, want in [
        ("a TTL of 5", {**txt, "ttl": 5}, 9021), ("an address that is none", {"type": "A", "name": "x", "content": "x"}, 9005),
        ("an MX without priority", {k: v for k, v in mx.items() if k != "priority"}, 9100), ("a record without content", {"type": "TXT", "name": "x"}, 9007),
    ]:
        check(what, cf("POST", "", body)[:2], (400, want))
    changed = cf("PATCH", "/" + made["id"], {"content": "third.example"})[1]
    check("PATCH changes what it names", (changed["id"], changed["content"], changed["priority"], "10 third.example." in s.served(name, "MX")),
          (made["id"], "third.example", 10, True))
    changed = cf("PUT", "/" + made["id"], {**mx, "priority": 20, "comment": None})[1]
    check("PUT changes all", (changed["priority"], changed["comment"]), (20, None))
    check("DELETE answers with the id", cf("DELETE", "/" + made["id"])[1], {"id": made["id"]})
    plain = {"type": "TXT", "name": name, "content": "v=spf1 " + "x" * 260}
    done = cf("POST", "/batch", {"posts": [{**mx, "ttl": 60}, plain], "deletes": [{"id": second[1]["id"]}]})[1]
    check("a batch answers by part", ({k: len(v) for k, v in done.items()}, done["posts"][1]["content"]),
          ({"deletes": 1, "patches": 0, "puts": 0, "posts": 2}, plain["content"]))
    check("a batch is served, a long text in strings", (s.served(name, "MX"), s.served(name, "TXT")),
          ([FEEDBACK + "."], ['"v=spf1 ' + "x" * 248 + '" "' + "x" * 12 + '"']))
    kept = done["posts"][0]["id"]
    check("deletes come before posts", cf("POST", "/batch", {"posts": [mx], "deletes": [{"id": kept}]})[0], 200)
    check("of a batch that fails nothing is done",
          (cf("POST", "/batch", {"posts": [{**txt, "name": "fresh"}, mx]})[:2], cf("GET", "?name=fresh.two.test")[1]), ((400, 81058), []))
    check("a body that is none", cf("POST", "/batch", [])[:2], (400, 9207))


def circle(s, r53):
    """From a provider to SES: what is published there is what SES finds."""
    ses = boto3.client("ses", region_name="us-east-1", endpoint_url=s.url, aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key=SECRET)
    write(r53, change("CREATE", "bounce.circle.one.test", "MX", FEEDBACK), change("CREATE", "bounce.circle.one.test", "TXT", SPF))
    ses.set_identity_mail_from_domain(Identity="one.test", MailFromDomain="bounce.circle.one.test")
    read = lambda: ses.get_identity_mail_from_domain_attributes(Identities=["one.test"])["MailFromDomainAttributes"]["one.test"]["MailFromDomainStatus"]
    check("what is published is found by SES", until(read, "Success"), "Success")


def limits(s, r53):
    calls = [s.cloudflare("GET", "zones?name=two.test", token="cf-hasty")[0] for _ in range(3)]
    check("another token has a count of its own", calls, [200, 200, 200])
    log = [json.loads(line) for line in (s.home / "log").read_text().splitlines()]
    batch = next(c for c in log if c["action"] == "ChangeResourceRecordSets" and c["outcome"] == "ok")
    check("the log has provider, zone, names and outcome", (batch["protocol"], batch["zone"], batch["identities"], batch["status"]),
          ("route53", "ZONE1", ["bounce.news.one.test"] * 2, 200))


def pace(folder, port):
    with sim(folder, port, "--dns-rate", "1") as s:
        r53 = s.client()
        told = [error_of(lambda: r53.get_hosted_zone(Id="ZONE1"))[:2] for _ in range(8)]
        check("an account has five seconds of calls at once", (told[0][1], ("Throttling", 400) in told), (200, True))


def count(folder, port):
    """Of Cloudflare; five minutes are ten seconds (more with TEST_PATIENCE), which pass beside the other tests."""
    with sim(folder, port, "--time-scale", str(30 / PATIENCE)) as s:
        told = [s.cloudflare("GET", "user/tokens/verify")[0] for _ in range(1201)]
        check("1,200 calls are free, and the next is refused", (told.count(200), told[-1]), (1200, 429))
        blocked = s.cloudflare("GET", "user/tokens/verify")
        check("so are those after it, which are told to wait", (blocked[1], 0 < int(blocked[3]["Retry-After"]) <= 301), (971, True))
        check("five minutes later they are not", until(lambda: s.cloudflare("GET", "user/tokens/verify")[0], 200, 40), 200)


def faults(folder, port):
    txt = lambda i: change("CREATE", f"f{i}.one.test", "TXT", SPF)
    with sim(folder, port, "--faults", "silent=1") as s:
        write(s.client(), txt(0))
        check("silent: success, and nothing is served", s.served("f0.one.test", "TXT"), None)
    with sim(folder, port, "--faults", "partial=1") as s:
        write(s.client(), txt(1), txt(2))
        check("partial: success, and one of two is served", [s.served(f"f{i}.one.test", "TXT") for i in (1, 2)], [[SPF], None])
    with sim(folder, port, "--faults", "reset-after=1") as s:
        lost = type(None)
        try:
            write(s.client(), txt(6))
        except botocore.exceptions.HTTPClientError as e:
            lost = type(e)
        check("reset-after: the answer is lost, and the change is served", (issubclass(lost, botocore.exceptions.HTTPClientError), s.served("f6.one.test", "TXT")),
              (True, [SPF]))
    with sim(folder, port, "--faults", "http500=1") as s:
        check("http500: a page of a proxy", error_of(lambda: write(s.client(), txt(7)))[1], 503)
    with sim(folder, port, "--faults", "throttle=1") as s:
        check("throttle: at both", (error_of(lambda: write(s.client(), txt(7)))[:2], s.cloudflare("GET", "zones")[:2]), (("Throttling", 400), (429, 971)))
    with sim(folder, port, "--faults", "busy=1") as s:
        check("busy: a prior request", error_of(lambda: write(s.client(), txt(3)))[:2], ("PriorRequestNotComplete", 400))
    with sim(folder, port, "--faults", "writer=1") as s:
        check("writer: another operator comes first", error_of(lambda: write(s.client(), txt(4)))[2], lambda m: "but it already exists" in m)
        check("and is served", s.served("f4.one.test", "TXT"), ['"placed by another operator"'])
        s.cloudflare("POST", f"zones/{TWO}/dns_records", {"type": "MX", "name": "f4.two.test", "content": "mail.example", "priority": 1})
        check("at Cloudflare both are", s.served("f4.two.test", "MX"), ["1 mail.example.", "10 mail.another-operator.example."])
    with sim(folder, port, "--publish-delay", "20", "--time-scale", "100", "--faults", "stale=1,lag=3600") as s:
        r53 = s.client()
        info = write(r53, txt(5))["ChangeInfo"]
        check("late: not served when it is answered, and PENDING", (s.served("f5.one.test", "TXT"), r53.get_change(Id=info["Id"])["ChangeInfo"]["Status"]), (None, "PENDING"))
        check("but soon", until(lambda: r53.get_change(Id=info["Id"])["ChangeInfo"]["Status"], "INSYNC"), "INSYNC")
        check("then it is served", s.served("f5.one.test", "TXT"), [SPF])
        got = r53.list_resource_record_sets(HostedZoneId="ZONE1", StartRecordName="f5.one.test", MaxItems="1")["ResourceRecordSets"][0]["Name"]
        check("stale: a read shows what was there before", got, "foo-bar.one.test.")


def main():
    with tempfile.TemporaryDirectory() as name, concurrent.futures.ThreadPoolExecutor() as beside:
        folder = pathlib.Path(name)
        os.chmod(folder, 0o755)
        port = free_port()
        knot = start(["knotd", "-c", knot_conf(folder, port, {"one.test": ONE_ZONE, "two.test": TWO_ZONE}, KEY)], folder)
        try:
            wait_until_it_serves(port, "one.test")
            counted = beside.submit(count, folder, port)
            (folder / "identities.csv").write_text(
                f"account,region,identity,type,verified,mail_from,behavior,status,forwarding\n{ACCOUNT},us-east-1,one.test,,,,,,\n")
            with sim(folder, port, "--dns-rate", "1e6", "--identities", folder / "identities.csv", "--resolver", f"127.0.0.1:{port}",
                     "--detect-after", "0", "--rate", "100", "--burst", "100") as s:
                r53 = s.client()
                for part in zones, sets, writing, refusals, policies:
                    part(s, r53)
                command_line(s)
                circle(s, r53)
                limits(s, r53)
            pace(folder, port)
            faults(folder, port)
            counted.result()
        finally:
            knot.terminate()
            knot.wait(20)
    print(f"{failures} failed")
    return 1 if failures else 0


sys.exit(main())
