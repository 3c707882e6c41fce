"""A reader for each format of `mailfrom records`: {(name, type): [value]}, where a value is
(preference, exchange) or the bytes of a TXT. Nothing here is a test.

What has a reader of its own on Debian is read by that: BIND's named-checkzone and dnspython (bind),
AWS's own model in botocore (route53), PyYAML (octodns), an ECMAScript engine (dnscontrol). Terraform
has none there, so HCL is read by the grammar below, which is the part of the HCL Native Syntax
Specification that is used: blocks, attributes, strings, numbers, booleans, traversals, lists. Where
HashiCorp's parser or a terraform is there, it has its say too."""

import csv
import io
import json
import os
import re
import shutil
import subprocess

import botocore.session
import botocore.validate
import dns.rdata
import dns.zone
import yaml

TERRAFORM = shutil.which("terraform")
HCL_READER = os.environ.get("HCL_READER")  # hcl_reader.go, built by tests/long/records.sh
HEADER = "$TTL 60\n@ SOA ns h 1 3600 600 86400 3600\n@ NS ns\nns A 192.0.2.1\n"


def value_of(kind, rdata):
    if kind == "MX":
        return rdata.preference, rdata.exchange.to_text(omit_final_dot=True).lower()
    return b"".join(rdata.strings)


def presented(kind, text):
    rdata = dns.rdata.from_text("IN", kind, text)
    assert kind != "TXT" or all(len(s) <= 255 for s in rdata.strings)
    return value_of(kind, rdata)


def put(sets, name, kind, value):
    sets.setdefault((name.rstrip("."), kind), []).append(value)


# ---- json, csv ----

def read_json(text):
    """The sets as they shall be."""
    sets = {}
    for record in json.loads(text)["records"]:
        for value in record.get("values", []):
            put(sets, record["name"], record["type"], presented(record["type"], value))
    return sets


def read_json_wanted(text):
    """Only what is to be published."""
    sets = {}
    for record in json.loads(text)["records"]:
        if record["action"] != "blocked":
            value = record["value"]
            put(sets, record["name"], record["type"],
                (record["priority"], value) if record["type"] == "MX" else value.encode())
    return sets


def read_csv(text):
    sets = {}
    for row in csv.DictReader(io.StringIO(text, newline="")):
        assert row["name"] == row["zone"] if row["host"] == "@" else f"{row['host']}.{row['zone']}"
        assert row["type"] == "MX" or row["priority"] == ""
        assert bool(row["reason"]) == (row["action"] == "blocked")
        if row["action"] == "blocked":
            assert not row["value"] and not row["priority"]
            continue
        value = (int(row["priority"]), row["value"]) if row["type"] == "MX" else row["value"].encode()
        put(sets, row["name"], row["type"], value)
    return sets


# ---- bind ----

def read_bind(text):
    sets = {}
    for part in re.split(r"^(?=\$ORIGIN )", text, flags=re.M)[1:]:
        origin, body = part.split("\n", 1)
        origin = origin.split()[1]
        whole = f"$ORIGIN {origin}\n{HEADER}{body}"
        done = subprocess.run(["named-checkzone", "-i", "none", "-k", "fail", "-n", "ignore", origin, "/dev/stdin"],
                              input=whole.encode(), capture_output=True)
        assert done.returncode == 0, done.stdout
        zone = dns.zone.from_text(whole, origin, relativize=False)
        for name, _, rdata in zone.iterate_rdatas():
            kind = dns.rdatatype.to_text(rdata.rdtype)
            if kind in ("MX", "TXT"):
                put(sets, name.to_text(), kind, value_of(kind, rdata))
    return sets


# ---- route53 ----

ROUTE53 = botocore.session.get_session().get_service_model("route53").operation_model("ChangeResourceRecordSets")


def octal(string):
    return re.sub(rb'\\(?:([0-7]{3})|(["\\]))',
                  lambda m: bytes([int(m[1], 8)]) if m[1] else m[2], string.encode("ascii"))


def route53_value(kind, value):
    assert len(value) <= 4000 and value.isascii() and value.isprintable(), value
    if kind == "MX":
        preference, exchange = value.split(" ")
        return int(preference), exchange.rstrip(".")
    strings = re.findall(r'"((?:[^"\\]|\\["\\]|\\[0-7]{3})*)"', value)
    assert " ".join(f'"{s}"' for s in strings) == value, value
    assert all(len(octal(s)) <= 255 for s in strings)
    return b"".join(map(octal, strings))


def read_route53(text):
    """One batch a line, each as botocore's model and the quotas of Route 53 allow it."""
    sets, faults = {}, []
    for line in text.splitlines():
        batch, records, characters = json.loads(line), 0, 0
        report = botocore.validate.ParamValidator().validate(
            {"HostedZoneId": "Z1", "ChangeBatch": batch}, ROUTE53.input_shape)
        faults += [report.generate_report()] if report.has_errors() else []
        for change in batch["Changes"]:
            twice = {"CREATE": 1, "UPSERT": 2}[change["Action"]]
            record_set = change["ResourceRecordSet"]
            values = [r["Value"] for r in record_set["ResourceRecords"]]
            records += twice * len(values)
            characters += twice * sum(map(len, values))
            for value in values:
                put(sets, record_set["Name"], record_set["Type"], route53_value(record_set["Type"], value))
        faults += [f"{records} records, {characters} characters"] if records > 1000 or characters > 32000 else []
    assert not faults, faults
    return sets


# ---- terraform ----

HCL = re.compile(r"""\s*(?:\#[^\n]*\n\s*)*(?:
    (?P<string>"(?:[^"\\\n$%]|\\["\\nrt]|\$(?!\{)|%(?!\{)|\$\$\{|%%\{)*")|(?P<number>\d+)|
    (?P<word>[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*(?:\[each\.key\])?)|(?P<mark>[{}=,\[\]])|(?P<end>$))""", re.X)


def hcl_tokens(text):
    at = 0
    while True:
        found = HCL.match(text, at)
        assert found, f"no HCL: {text[at:at + 80]!r}"
        at = found.end()
        kind = found.lastgroup
        if kind == "end":
            return
        token = found[kind]
        if kind == "string":
            token = re.sub(r'\\(.)', r"\1", token[1:-1].replace("$${", "${").replace("%%{", "%{"))
        yield kind, int(token) if kind == "number" else token


def hcl_body(tokens):
    """Attributes, and blocks within: those of a name are a list. Or a map, whose keys are strings."""
    body = {}
    while (token := next(tokens)) != ("mark", "}"):
        assert token[0] in ("word", "string"), token
        after = next(tokens)
        if after == ("mark", "{"):
            body.setdefault(token[1], []).append(hcl_body(tokens))
        else:
            assert after == ("mark", "=") and token[1] not in body, token
            body[token[1]] = hcl_value(tokens)
    return body


def hcl_value(tokens):
    kind, token = next(tokens)
    if (kind, token) == ("mark", "{"):
        return hcl_body(tokens)
    if (kind, token) != ("mark", "["):
        return token
    values = []
    while True:
        kind, token = next(tokens)
        if (kind, token) == ("mark", "]"):
            return values
        if (kind, token) != ("mark", ","):
            assert kind == "string"
            values.append(token)


def hcl_blocks(text):
    tokens = hcl_tokens(text)
    for kind, block in tokens:
        labels = []
        while (token := next(tokens)) != ("mark", "{"):
            labels.append(token)
        assert kind == "word" and all(k == "string" for k, _ in labels) and len(labels) < 3, labels
        yield block, *(label for _, label in labels), hcl_body(tokens)


def read_terraform(text):
    """The provider puts TXT between quotes and hands the rest to Route 53 as it is."""
    sets, seen, zones, blocks = {}, set(), {}, list(hcl_blocks(text))
    if HCL_READER:
        done = subprocess.run([HCL_READER], input=text.encode(), capture_output=True, check=True)
        assert [(*row[:3], {k: "false" if v is False else v for k, v in row[3].items()})
                for row in json.loads(done.stdout)] == blocks
    for block, resource, label, body in blocks:
        assert (resource, label) not in seen and re.fullmatch(r"[a-z][\w-]*", label), label
        seen.add((resource, label))
        if block == "data":
            zones[f"data.aws_route53_zone.{label}.zone_id"] = body["name"]
            assert body["private_zone"] == "false"
            continue
        zone = zones[body["zone_id"]]
        assert f".{body['name']}".endswith(f".{zone}") and set(body) == {"zone_id", "name", "type", "ttl", "records"}
        for value in body["records"]:
            if body["type"] == "TXT":
                strings = re.findall(r'((?:[^"\\]|\\["\\]|\\[0-7]{3})*)(?:""|$)', value)
                strings = strings[:-1] if not strings[-1] and len(strings) > 1 else strings
                assert '""'.join(strings) == value, value
                value = " ".join(f'"{s}"' for s in strings)
            put(sets, body["name"], body["type"], route53_value(body["type"], value))
    if TERRAFORM:
        done = subprocess.run([TERRAFORM, "fmt", "-"], input=text.encode(), capture_output=True)
        assert done.returncode == 0 and done.stdout == text.encode(), done.stderr
    return sets


# What the documentation of each provider has: the type and the arguments of a record, and the data or
# variable that names the zone.
CLOUDS = {
    "cloudflare": ({"MX": "cloudflare_dns_record", "TXT": "cloudflare_dns_record"}, "data.cloudflare_zone.%s.zone_id"),
    "google": ({"MX": "google_dns_record_set", "TXT": "google_dns_record_set"}, "var.%s"),
    "azure": ({"MX": "azurerm_dns_mx_record", "TXT": "azurerm_dns_txt_record"}, "data.azurerm_dns_zone.%s.name"),
}


def cloudflare_record(body):
    kind = body["type"]
    assert set(body) == {"zone_id", "name", "type", "ttl", "content"} | ({"priority"} if kind == "MX" else set()), body
    value = (body["priority"], body["content"]) if kind == "MX" else presented(kind, body["content"])
    return body["zone_id"], body["name"], kind, [value]


def google_record(body):
    assert set(body) == {"managed_zone", "name", "type", "ttl", "rrdatas"} and body["name"].endswith("."), body
    return body["managed_zone"], body["name"][:-1], body["type"], [presented(body["type"], r) for r in body["rrdatas"]]


def azure_record(body):
    assert set(body) == {"name", "zone_name", "resource_group_name", "ttl", "record"}, body
    assert body["resource_group_name"] == body["zone_name"][:-len("name")] + "resource_group_name"
    kind = "MX" if "preference" in body["record"][0] else "TXT"
    assert all(set(r) == ({"preference", "exchange"} if kind == "MX" else {"value"}) for r in body["record"])
    return body["zone_name"], body["name"], kind, [(r["preference"], r["exchange"][:-1]) if kind == "MX"
                                                   else r["value"].encode() for r in body["record"]]


def read_cloud(cloud, text):
    """Terraform for the three providers beside Route 53."""
    types, reference = CLOUDS[cloud]
    record = {"cloudflare": cloudflare_record, "google": google_record, "azure": azure_record}[cloud]
    sets, seen, zones = {}, set(), {}
    for block, *labels, body in hcl_blocks(text):
        assert (*labels,) not in seen and re.fullmatch(r"[a-z][\w-]*", labels[-1]), labels
        seen.add((*labels,))
        if block != "resource":
            zone = {"cloudflare": lambda: body["filter"]["name"], "azure": lambda: body["name"],
                    "google": lambda: body["description"].split()[-1][:-1]}[cloud]()
            zones[reference % labels[-1]] = zone
            continue
        where, name, kind, values = record(body)
        zone = zones[where]
        name = (zone if name == "@" else f"{name}.{zone}") if cloud == "azure" else name
        assert f".{name}".endswith(f".{zone}") and labels[0] == types[kind], (name, labels)
        assert labels[1] == f"{kind.lower()}_{name.replace('.', '_')}", labels
        for value in values:
            put(sets, name, kind, value)
    if TERRAFORM:
        done = subprocess.run([TERRAFORM, "fmt", "-"], input=text.encode(), capture_output=True)
        assert done.returncode == 0 and done.stdout == text.encode(), done.stderr
    return sets


# ---- octodns ----

def natural(key):
    """What natsort, whose order octoDNS enforces, makes of a key."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", key)]


def ordered(node):
    if isinstance(node, dict):
        assert list(node) == sorted(node, key=natural), list(node)
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        ordered(child)


def octodns_txt(value):
    """octodns/record/chunked.py: what is refused, and what becomes of the rest."""
    assert value.isascii() and not re.search(r"\w;", value) and not re.search(r"\\\\;", value), value
    value = value[1:-1] if value[0] == '"' else value
    return value.replace('" "', "").replace("\\;", ";").encode()


def octodns_plain_txt(value):
    """The same with escaped_semicolons: false, where the provider puts the backslashes in itself."""
    assert "\\;" not in value, value
    return octodns_txt(value.replace(";", "\\;"))


def read_octodns(text):
    sets = {}
    for document in re.split(r"^---\n", text, flags=re.M)[1:]:
        zone, escaped = re.match(r"# (\S+)\.yaml, for a YamlProvider with escaped_semicolons: (true|false)\n",
                                 document).groups()
        txt = octodns_txt if escaped == "true" else octodns_plain_txt
        content = yaml.safe_load(document) or {}
        ordered(content)
        for host, records in content.items():
            assert isinstance(host, str)
            name = f"{host}.{zone}" if host else zone
            for record in records:
                assert set(record) == {"ttl", "type", "values"} and isinstance(record["ttl"], int)
                for value in record["values"]:
                    mx = record["type"] == "MX"
                    assert not mx or value["exchange"].endswith(".")
                    put(sets, name, record["type"],
                        (value["preference"], value["exchange"][:-1]) if mx else txt(value))
    return sets


# ---- dnscontrol ----

STUBS = """
var out = [];
function TTL(s) { return {ttl: s}; }
function MX(host, preference, target, ttl) { return {type: "MX", host: host, value: [preference, target]}; }
function TXT(host, text, ttl) { return {type: "TXT", host: host, value: text}; }
function D_EXTEND(zone) {
  for (var i = 1; i < arguments.length; i++)
    if (arguments[i].type) { arguments[i].zone = zone; out.push(arguments[i]); }
}
"""


def read_dnscontrol(text, folder):
    script = folder / "records.js"
    script.write_text(STUBS + text + "\nprint(JSON.stringify(out));\n")
    done = subprocess.run(["duk", str(script)], capture_output=True, check=True)
    sets = {}
    for record in json.loads(done.stdout):
        name = record["zone"] if record["host"] == "@" else f"{record['host']}.{record['zone']}"
        value = record["value"]
        put(sets, name, record["type"], (value[0], value[1].rstrip(".")) if record["type"] == "MX" else value.encode())
    return sets
