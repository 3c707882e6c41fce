#!/usr/bin/python3
"""Random calls to Route 53, held against botocore: what leaves, and what comes back.

usage: route53_oracle.py DRIVER [COUNT [SEED]]

URL, method and body must be, byte for byte, what botocore's own client would send; the signature
must be that of botocore's signer. Bodies of answers, with every trouble that a zone can have, are
read by both; what the program understands must be what botocore's parser has found. Prints the seed
first, so that a failure can be repeated.
"""
import json
import random
import re
import subprocess
import sys
import xml.sax.saxutils

import botocore.auth
import botocore.parsers

from sign_oracle import Capture, Sent, authorization, token

NS = "https://route53.amazonaws.com/doc/2013-04-01/"
COMMENT = "Custom MAIL FROM domains of Amazon SES, by mailfrom"
SIGNING = {"us-east-1": "us-east-1", "eu-central-1": "us-east-1", "us-gov-east-1": "us-gov-west-1",
           "cn-north-1": "cn-northwest-1", "us-iso-east-1": "us-iso-east-1"}
TYPES = {"A": 1, "CNAME": 5, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33, "CAA": 257}
NAMES = ["bounce.example.com", "b.example.com", "_x.example.com", "xn--bcher-kva.example.com", "*.example.com"]
ACTIONS = ["ListHostedZonesByName", "GetHostedZone", "ListResourceRecordSets", "ChangeResourceRecordSets"]
SPECIAL = ["<SetIdentifier>a</SetIdentifier><Weight>7</Weight>", "<Failover>PRIMARY</Failover>",
           "<MultiValueAnswer>true</MultiValueAnswer>", "<HealthCheckId>h</HealthCheckId>",
           "<GeoLocation><CountryCode>DE</CountryCode></GeoLocation>"]


def quoted(data):
    """TXT data as Route 53 takes it."""
    def octet(b):
        return "\\" + chr(b) if b in b'"\\' else chr(b) if 32 <= b < 127 else f"\\{b:03o}"
    strings = [data[i:i + 255] for i in range(0, len(data), 255)] or [b""]
    return " ".join('"' + "".join(map(octet, s)) + '"' for s in strings)


def escaped(name, rng):
    """A name as Route 53 writes it: the star in octal digits, a final dot, perhaps capitals."""
    name = name.replace("*", "\\052") + "."
    return name.upper() if rng.random() < 0.2 else name


def unescaped(name):
    def char(m):
        c = chr(int(m[1], 8))
        return c if "!" <= c <= "~" and c not in ".\\" else m[0]
    return re.sub(r"\\([0-3][0-7][0-7])", char, name).rstrip(".").lower()


def record_set(rng, kind, name):
    values = []
    for _ in range(rng.choice([1, 1, 1, 2, 5])):
        if kind == "MX":
            preference, host = rng.choice([0, 10, 65535]), rng.choice(["", "feedback-smtp.us-east-1.amazonses.com"])
            values.append({"preference": preference, "data": host.encode().hex(), "verbatim": "",
                           "value": f"{preference} {host}."})
        else:
            data = rng.choice([b"v=spf1 include:amazonses.com ~all", b"", b'"\\<&>\xc3\xa9\x00\x7f', rng.randbytes(300)])
            values.append({"preference": 0, "data": data.hex(), "verbatim": "", "value": quoted(data)})
        if rng.random() < 0.3:
            values[-1]["verbatim"] = rng.choice(['"a" "b&c"', "10 X.example.", '"<\\052>"'])
    return {"name": name, "type": TYPES[kind], "kind": kind, "ttl": rng.choice([0, 60, 300, 2**31 - 1]),
            "values": values}


def change(rng):
    kind, name = rng.choice(["MX", "TXT"]), rng.choice(NAMES)
    made = {"kind": rng.randrange(3), "set": record_set(rng, kind, name)}
    return made | {"old": record_set(rng, kind, name) if made["kind"] == 2 else {}}


def request(rng):
    zone, name = rng.choice(["", "example.com", "xn--bcher-kva.example"]), rng.choice(NAMES)
    action = rng.choice(ACTIONS)
    parts = {"ListHostedZonesByName": [zone + ".", "Z1"],
             "ListResourceRecordSets": [name + ".", rng.choice(["MX", "TXT"]), rng.choice(["", token(rng)])]}
    return {
        "action": action, "zone": zone, "zone_id": rng.choice(["Z1D633PJN98FT9", "Z+1", "a b"]), "name": name,
        "token": "\n".join(parts[action]) if action in parts and rng.random() < 0.5 else "",
        "changes": [change(rng) for _ in range(rng.choice([1, 2, 9]))] if action == ACTIONS[3] else [],
        "region": rng.choice(list(SIGNING)), "endpoint_url": rng.choice(["", "", "http://127.0.0.1:4566"]),
        "key_id": "AKID" + "".join(rng.choice("ABC123") for _ in range(16)), "secret": "secret/+",
        "session_token": rng.choice(["", "token+/="]), "at": "2026-05-20T08:30:00Z",
    }


def boto_set(s):
    values = [v["verbatim"] or v["value"] for v in s["values"]]
    return {"Name": s["name"], "Type": s["kind"], "TTL": s["ttl"], "ResourceRecords": [{"Value": v} for v in values]}


def boto_changes(changes):
    for c in changes:
        if c["kind"]:
            yield {"Action": "DELETE", "ResourceRecordSet": boto_set(c["old"] if c["kind"] == 2 else c["set"])}
        if c["kind"] != 1:
            yield {"Action": "CREATE", "ResourceRecordSet": boto_set(c["set"])}


def boto_params(r):
    token_parts = r["token"].split("\n", 2)
    if r["action"] == "ListHostedZonesByName":
        named = {"DNSName": token_parts[0], "HostedZoneId": token_parts[1]} if r["token"] else {"DNSName": r["zone"]}
        return {k: v for k, v in named.items() if v} | {"MaxItems": "100"}
    if r["action"] == "GetHostedZone":
        return {"Id": r["zone_id"]}
    if r["action"] == "ListResourceRecordSets":
        keys = ["StartRecordName", "StartRecordType", "StartRecordIdentifier"]
        named = dict(zip(keys, token_parts)) if r["token"] else {"StartRecordName": r["name"]}
        return {"HostedZoneId": r["zone_id"]} | {k: v for k, v in named.items() if v} | {"MaxItems": "20"}
    return {"HostedZoneId": r["zone_id"],
            "ChangeBatch": {"Comment": COMMENT, "Changes": list(boto_changes(r["changes"]))}}


def compare_request(r, ours, capture):
    client = capture.client("route53", r["region"], r["endpoint_url"])
    try:
        client._make_api_call(r["action"], boto_params(r))
    except Sent:
        pass
    theirs = capture.sent
    headers = dict(line.split(": ", 1) for line in ours["headers"])
    body = theirs.body.decode() if isinstance(theirs.body, bytes) else theirs.body or ""
    yield "error", ours["error"], ""
    yield "method", ours["method"], theirs.method
    yield "url", ours["url"], theirs.url
    yield "body", ours["body"], body
    signed = {**r, "region": SIGNING[r["region"]]}
    yield "signature", headers["Authorization"], authorization(botocore.auth.SigV4Auth, ours, headers, signed, "route53")


def text(content, rng):
    """The same text for XML, in one of the ways that there are."""
    if rng.random() < 0.2 and "]]>" not in content:
        return f"<![CDATA[{content}]]>"
    return xml.sax.saxutils.escape(content, {'"': "&quot;", "\\": "&#92;"} if rng.random() < 0.3 else {})


def set_xml(rng, name):
    kind = rng.choice(list(TYPES) + ["NAPTR", "HINFO"])
    value = {"MX": lambda: rng.choice(["10 Feedback-SMTP.us-east-1.amazonses.com.", "0 .", "65536 x.", "ten x."]),
             "TXT": lambda: rng.choice([quoted(rng.randbytes(rng.choice([0, 9, 400]))), "plain", '"cut'])}
    values = [value.get(kind, lambda: "192.0.2.1")() for _ in range(rng.choice([1, 1, 2, 3]))]
    records = "".join(f"<ResourceRecord><Value>{text(v, rng)}</Value></ResourceRecord>" for v in values)
    special = rng.choice(SPECIAL) if rng.random() < 0.3 else ""
    if rng.random() < 0.15:
        body = (f"<AliasTarget><HostedZoneId>Z</HostedZoneId><DNSName>x.</DNSName><EvaluateTargetHealth>false"
                f"</EvaluateTargetHealth></AliasTarget>{special}")
    else:
        body = f"{special}<TTL>{rng.choice([0, 60, 2**31 - 1])}</TTL><ResourceRecords>{records}</ResourceRecords>"
    return f"<ResourceRecordSet><Name>{text(escaped(name, rng), rng)}</Name><Type>{kind}</Type>{body}</ResourceRecordSet>"


def zone_xml(rng, name):
    private = rng.choice(["", "<Config><PrivateZone>false</PrivateZone></Config>",
                          "<Config><Comment>c</Comment><PrivateZone>true</PrivateZone></Config>"])
    service = "<LinkedService><ServicePrincipal>x.amazonaws.com</ServicePrincipal></LinkedService>" * (rng.random() < 0.3)
    return (f"<HostedZone><Id>/hostedzone/Z{rng.randrange(9**9)}</Id><Name>{escaped(name, rng)}</Name>"
            f"<CallerReference>r</CallerReference>{private}{service}</HostedZone>")


def answer(rng):
    """A call and the body that answers it."""
    name, zone = rng.choice(NAMES), rng.choice(["", "example.com"])
    action = rng.choice(ACTIONS[:3] + ["refused"])
    more, next_name = rng.random() < 0.4, escaped(rng.choice([name, zone or "example.com", "z.example"]), rng)
    last = f"<IsTruncated>{str(more).lower()}</IsTruncated>" + (
        f"<NextRecordName>{next_name}</NextRecordName><NextRecordType>TXT</NextRecordType>"
        f"<NextDNSName>{next_name}</NextDNSName><NextHostedZoneId>Z9</NextHostedZoneId>" if more else "")
    if action == "ListResourceRecordSets":
        sets = "".join(set_xml(rng, rng.choice([name, name, "other.example.com"])) for _ in range(rng.randrange(6)))
        body = f"<ResourceRecordSets>{sets}</ResourceRecordSets>{last}<MaxItems>20</MaxItems>"
    elif action == "ListHostedZonesByName":
        zones = "".join(zone_xml(rng, rng.choice(["example.com", "a.example.com"])) for _ in range(rng.randrange(4)))
        body = f"<HostedZones>{zones}</HostedZones>{last}<MaxItems>100</MaxItems>"
    elif action == "GetHostedZone":
        hosts = "".join(f"<NameServer>NS-{i}.awsdns-0{i}.org</NameServer>" for i in range(rng.randrange(5)))
        body = zone_xml(rng, "example.com") + f"<DelegationSet><NameServers>{hosts}</NameServers></DelegationSet>"
    else:
        code, words = rng.choice([("Throttling", "Rate exceeded"), ("NoSuchHostedZone", "No hosted zone"),
                                  ("PriorRequestNotComplete", "busy <&>"), ("AccessDenied", "User: x")])
        return {"action": rng.choice(ACTIONS), "name": name, "zone": zone, "status": 400, "changes": [],
                "body": f'<?xml version="1.0"?>\n<ErrorResponse xmlns="{NS}"><Error><Type>Sender</Type>'
                        f"<Code>{code}</Code><Message>{text(words, rng)}</Message></Error></ErrorResponse>"}
    return {"action": action, "name": name, "zone": zone, "status": 200, "changes": [],
            "body": f'<?xml version="1.0"?>\n<{action}Response xmlns="{NS}">{body}</{action}Response>'}


def unquoted(value):
    """The octets of a TXT value, or None."""
    if not re.fullmatch(r'\s*("(\\.|[^"\\])*"\s*)+', value):
        return None
    strings = "".join(m[1] for m in re.finditer(r'"((?:\\.|[^"\\])*)"', value))
    return re.sub(r"\\([0-3][0-7][0-7]|.)", lambda m: chr(int(m[1], 8)) if len(m[1]) == 3 else m[1], strings).encode("latin-1")


def their_value(kind, value):
    mx = re.fullmatch(r"([0-9]+) (\S+)", value) if kind == "MX" else None
    txt = unquoted(value) if kind == "TXT" else None
    good = kind not in ("MX", "TXT") or txt is not None or bool(mx and int(mx[1]) < 65536)
    if mx and good:
        return good, {"preference": int(mx[1]), "data": unescaped(mx[2]).encode().hex(), "verbatim": value.encode().hex()}
    data = txt if txt is not None else value.encode()
    return good, {"preference": 0, "data": data.hex(), "verbatim": value.encode().hex()}


def their_set(s):
    read = [their_value(s["Type"], v["Value"]) for v in s.get("ResourceRecords", [])]
    plain = {"Name", "Type", "TTL", "ResourceRecords"}
    numbers = TYPES | {"NAPTR": 35}
    return {"name": unescaped(s["Name"]), "type": numbers.get(s["Type"], 0), "ttl": s.get("TTL", 0),
            "special": not all(good for good, _ in read) or bool(set(s) - plain), "values": [v for _, v in read]}


def their_zone(z, hosts):
    bar = 1 if z.get("Config", {}).get("PrivateZone") else 2 if "LinkedService" in z else 0
    return {"id": z["Id"].split("/")[-1], "name": unescaped(z["Name"]), "bar": bar, "hosts": [unescaped(h) for h in hosts]}


def compare_answer(r, ours, model):
    parser = botocore.parsers.create_parser("rest-xml")
    shape = model.operation_model(r["action"]).output_shape
    theirs = parser.parse({"status_code": r["status"], "headers": {}, "body": r["body"].encode()}, shape)
    yield "garbled", ours["garbled"], False
    if r["status"] != 200:
        yield "code", ours["code"], theirs["Error"]["Code"]
        yield "message", ours["message"], theirs["Error"]["Message"]
        return
    sets = [their_set(s) for s in theirs.get("ResourceRecordSets", [])]
    yield "sets", ours["sets"], [s for s in sets if s["name"] == r["name"]]
    hosts = theirs.get("DelegationSet", {}).get("NameServers", [])
    zones = [their_zone(z, hosts) for z in theirs.get("HostedZones", [theirs["HostedZone"]] if hosts or "HostedZone" in theirs else [])]
    is_list = r["action"] == "ListHostedZonesByName"
    yield "zones", ours["zones"], [z for z in zones if not is_list or r["zone"] in ("", z["name"])]
    following = theirs.get("NextDNSName" if is_list else "NextRecordName", "")
    wanted = r["zone"] if is_list else r["name"]
    goes_on = theirs.get("IsTruncated") and (not wanted or unescaped(following) == wanted)
    rest = "\nZ9" if is_list else "\nTXT\n"
    yield "next page", ours["next"], following + rest if goes_on else ""


def main():
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 400
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}, {count} requests and answers", flush=True)
    rng = random.Random(seed)
    lines = [request(rng) for _ in range(count)] + [answer(rng) for _ in range(count)]
    sent = "".join(json.dumps(r) + "\n" for r in lines).encode()
    output = subprocess.run([sys.argv[1]], input=sent, stdout=subprocess.PIPE, check=True).stdout
    capture, compared, failed = Capture(), 0, 0
    model = capture.session.get_service_model("route53")
    for r, line in zip(lines, output.decode().splitlines(), strict=True):
        ours = json.loads(line)
        pairs = compare_answer(r, ours, model) if "body" in r else compare_request(r, ours, capture)
        for what, a, b in pairs:
            compared += 1
            if a != b:
                failed += 1
                print(f"{r['action']}: {what}\n  ours   {a!r}\n  theirs {b!r}\n  {r}")
    print(f"{compared} comparisons, {failed} differ")
    return 1 if failed or compared < 6 * count else 0


if __name__ == "__main__":
    sys.exit(main())
