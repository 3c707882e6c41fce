#!/usr/bin/python3
"""docs/manifest.schema.json and `mailfrom check` agree on what a manifest may say.

Usage: agree.py MAILFROM SOURCE_DIR [N]. Each key of each section gets each value of a pool of sound and odd ones,
and each faulty manifest of tests/data/manifests/faults.txt that is JSON to a YAML reader comes, too. Both ways:
what the schema refuses, check does not accept; what check cannot read, the schema refuses. A schema sees one
value at a time, so complaints that need a second look (a file, an account, another row) are check's alone.

With N, every N-th value of each key only, the first ones in turn: each is a start of the program."""

import copy
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import jsonschema
import yaml

MAILFROM, ROOT = sys.argv[1], pathlib.Path(sys.argv[2])
EVERY = int(sys.argv[3]) if len(sys.argv) > 3 else 1
SCHEMA = jsonschema.Draft7Validator(json.loads((ROOT / "docs/manifest.schema.json").read_text()))
CANNOT_RUN = 1

BASE = {"version": 1, "accounts": {"main": {"role_arn": "arn:aws:iam::111122223333:role/mail"}},
        "defaults": {"region": "us-east-1", "mail_from": "bounce.{domain}"}, "identities": ["a.example"]}

# What any key may meet by mistake, and what is nearly right for some.
COMMON = ["", 1, -1, 1.5, True, "1", "a b", "a.example", "default", "us-east-1", "main", "nonsense", "\u00a0a", "a\tb", "a\nb", "x" * 1025,
          "x" * 5000, [], [1], ["a.example"], ["us-east-1"], ["shared-mail-from"], [["x"]], [""], {}, {"a": 1}]
FEW = ["", 1, True, "a b", "a.example", "x" * 5000, [], ["a.example"], {}, {"a": 1}]
NUMBERS = [0, 2, 10, 65, 101, 4000000, 4000001, 0.001, 0.01, 10000, 10001, 99999999999999, "0", "00", "2", "007", "-1", "4000000",
           "4000001", "1.5", "0.005", "0.01", "0.1", ".5", "1.", "10000", "10000.0", "10000.5", "0%", "0.0%", "0.5%", "100%", "100.0%",
           "100.1%", "101%", "010%", "10%", "2.5%", "%", "1e3", "0x10", " 1", "1 "]
WAVES = [[value] for value in NUMBERS] + [["10%", 1], [1] * 64, [1] * 65]
SPANS = ["72h", "1h30m", "90m", "500ms", "0h", "0h0m", "366d", "365d", "0365d", "h", "3 h", "1w", "72"]
REGIONS = ["US-EAST-1", "us-east-1a", "useast1", "xx-east-1", "us-gov-west-1", "mars", "eusc-de-east-1"]
REGION_LISTS = [["us-east-1", "us-east-1"], ["us-east-1", "eu-west-1"], ["mars"], ["us-east-1a"]]
NAMES = ["A.Example", "user@a.example", "@a.example", "user@", '"a b"@a.example', "Default", "none", "bounce.{domain}", "b.{domian}",
         "{domain", "}", "{region}.{domain}", "a\u200bb", "a\u202eb", "b\u00fccher.example", "no", "nobody"]
WORDS = ["none", "mx", "mx+spf", "MX", "USE_DEFAULT_VALUE", "RejectMessage", "use_default_value"]
ACCOUNTS = [111122223333, 11112222333, "011122223333", "111122223333", "11112222333", "arn:aws:iam::111122223333:role/mail",
            "arn:aws:iam::1:role/x", "arn:aws-cn:iam::111122223333:role/a/b", "arn:aws:iam::111122223333:user/x", "a prod"]
PATHS = ["*.yaml", "/x", "../x", "x/../y", "..", "x//y", "x/", "./x.csv", "x.csv", ["x.csv", "y.csv"], ["../x"], ["x.csv", ""]]
FINDINGS = [["shared-mail-from", "shared-mail-from"], ["nonsense"], ["Shared-Mail-From"]]
ENTRIES = [["a.example", "b.example"], [1], [{"identity": "c.example"}], [{"region": "us-east-1"}],
           [{"identity": "c.example", "colour": 1}], [{}]]

POOLS = {
    "version": NUMBERS, "waves": WAVES, "max_failures": NUMBERS, "rate": NUMBERS, "timeout": SPANS, "region": REGIONS,
    "mx_region": REGIONS, "regions": REGION_LISTS, "identity": NAMES, "mail_from": NAMES, "account": NAMES, "profile": NAMES + ACCOUNTS,
    "source_profile": NAMES + ACCOUNTS, "external_id": NAMES + ACCOUNTS, "require": WORDS, "behavior_on_mx_failure": WORDS,
    "role_arn": ACCOUNTS, "account_id": ACCOUNTS, "include": PATHS, "identities_from": PATHS, "accept": FINDINGS, "identities": ENTRIES,
    "accounts": ENTRIES, "defaults": ENTRIES, "dns": ENTRIES, "owner": NAMES + ["x" * 254, "x" * 255, "The DNS team"],
    "contact": NAMES + ["x" * 255], "format": ["bind", "nsupdate", "BIND", "text"],
    "owners": ENTRIES + [{"a.example": "x"}, {"*.a.example": "x"}, {"a b.example": "x"}, {"*": "x"}, {"a.example": {"format": "bind"}},
                         {"a.example": {"contact": "x", "format": "json"}}, {"A.Example": "x", "a.example.": "x"}],
}

# A sound entry of each provider of DNS.
PROVIDERS = {
    "route53": {"account": "main", "endpoint_url": "https://dns.example"},
    "rfc2136": {"server": "192.0.2.53", "key_file": "tsig.key"},
    "cloudflare": {"token_env": "TOKEN", "endpoint_url": "https://dns.example"},
}
ORGANIZATION = "role_name", "external_id", "profile", "regions", "organizational_units", "tags", "exclude", "rate"
TSIG = {"name": "k", "algorithm": "hmac-sha512", "secret_env": "SECRET"}
VARIABLES = ["TOKEN", "_a1", "1A", "A-B", "A B", "x" * 255, "x" * 256, "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789", "c2VjcmV0Cg=="]
URLS = ["https://x", "http://127.0.0.1:4566", "ftp://x", "https://", "https://a b", "https://x/y"]
POOLS |= {
    "zones": [["*"], ["*.example.com", "b\u00fccher.example."], ["a..b"], ["."], [".a"], ["[ab].example", "[!a]x"], ["[a"], ["[]"], ["a b"],
              ["a/b"], ["a_b.example"], ["x" * 63 + ".example"], ["a:b"]],
    "publish": [[{"zones": ["a.example"], kind: entry}] for kind, entry in PROVIDERS.items()] + [
        [{"zones": ["a.example"], **PROVIDERS}], [{"zones": ["a.example"]}], [{"cloudflare": PROVIDERS["cloudflare"]}],
        [{"zones": ["a.example"], "rfc2136": {"server": "192.0.2.53", "key": TSIG, "key_file": "k"}}],
        [{"zones": ["a.example"], "rfc2136": {"server": "192.0.2.53", "key": TSIG}}],
        [{"zones": ["a.example"], "rfc2136": {"server": "192.0.2.53"}}]],
    "route53": [PROVIDERS["route53"]], "rfc2136": [PROVIDERS["rfc2136"]], "cloudflare": [PROVIDERS["cloudflare"]],
    "endpoint_url": URLS, "token_env": VARIABLES, "secret_env": VARIABLES,
    "server": ["192.0.2.53", "192.0.2.53:5353", "[2001:db8::53]:53", "2001:db8::53", "ns1.example", "192.0.2", "::1"],
    "key_file": ["tsig.key", "/etc/tsig.key", "a b.key", "../x"], "algorithm": ["hmac-sha256", "HMAC-SHA384", "hmac-md5", "hmac-sha1"],
    "name": NAMES, "accounts_from": ["organization", "Organization", {"organization": None}, {"organisation": {}}, {"role_name": "x"}],
    "organization": [None, {"role_name": "x"}, {"role_arn": ACCOUNTS[5]}], "role_name": NAMES + ACCOUNTS + ["a/b", "/a", "a/", "a b", "x" * 577],
    "organizational_units": ["ou-abcd-11111111", "A/B", "A//B", "/A", "A/", "r-abcd", ["A", "B C"], ["A", ""], "x" * 701],
    "tags": [{"a": "b"}, {"a": 1}, {"a": None}, {"a": ["b"]}, {"a b": ""}, {"": "x"}, ["a"]],
    "exclude": ACCOUNTS + ["sandbox-*", ["a", "b*"], ["a", ""]],
    "watch": [{}, {"confirm": "10m"}, {"confrim": "10m"}], "confirm": SPANS, "every": SPANS + ["1s", "1ms", "999ms", "1000ms"],
    "trouble_looks": NUMBERS + [1000, 1001, "1000", "01000", "1001"],
} | dict.fromkeys(("critical", "page_before", "verification"), SPANS)

# What a second look finds: complaints that no schema can make.
SECOND_LOOK = re.compile(
    r"cannot be read|owners: found|duplicate owner|is read already|matches no file|stands in|stands on line|that the key accounts lists|unknown column|"
    r"no column identity|expected the keys of a manifest|looks at more|No Region|no Region|no MAIL FROM|no account|"
    r"no identities|not valid YAML|found alias|found tag|once it is filled in|<<: ")

# Keys of one section that do not go together, and names that are keys.
TOGETHER = [
    {"defaults": {"region": "us-east-1", "regions": ["eu-west-1"], "mail_from": "bounce.{domain}"}},
    {"defaults": {"mail_from": "default"}, "identities": [{"identity": "a.example", "region": "us-east-1", "regions": ["us-east-1"]}]},
    {"accounts": {"main": {"profile": "prod", "role_arn": "arn:aws:iam::111122223333:role/mail"}}},
    {"accounts": {"main": {"external_id": "x"}}}, {"accounts": {"main": {"source_profile": "prod"}}},
    {"accounts": {"main": {"source_profile": "prod", "role_arn": "arn:aws:iam::111122223333:role/mail"}}},
    *({"accounts": {name: {"profile": "prod"}}} for name in ("", "a b", "main", "1", "a/b", "\u00e4", "a\u00a0b", "a\u200bb", "x" * 1025)),
]

# What a YAML reader of version 1.1 takes for a number is text to check.
NUMBERS_OF_YAML = {"a rate of 0x10"}


def keys():
    top = "version", "waves", "max_failures", "identities", "include", "identities_from", "accounts", "defaults"
    account = "profile", "role_arn", "external_id", "source_profile", "account_id", "regions", "rate"
    choice = "account", "region", "regions", "mail_from", "behavior_on_mx_failure", "dns", "accept"
    yield from ((key,) for key in top)
    yield from (("accounts", "main", key) for key in account)
    for section in ("defaults",), ("identities", 0):
        yield from ((*section, key) for key in choice)
        yield from ((*section, "dns", key) for key in ("require", "mx_region", "timeout"))
    yield "identities", 0, "identity"
    yield "dns", "publish"
    yield ("watch",)
    yield ("accounts_from",)
    yield "accounts_from", "organization"
    yield from (("accounts_from", "organization", key) for key in ORGANIZATION)
    yield from (("watch", key) for key in ("confirm", "critical", "page_before", "trouble_looks", "verification", "every"))
    for kind, inner in PROVIDERS.items():
        yield "dns", "publish", 0, kind
        yield from (("dns", "publish", 0, kind, key) for key in inner)
    yield "dns", "publish", 0, "zones"
    yield from (("dns", "publish", 0, "rfc2136", "key", key) for key in ("name", "algorithm", "secret_env"))


def with_value(path, value):
    document = copy.deepcopy(BASE)
    if path[:1] == ("identities",) and len(path) > 1:
        document["identities"] = [{"identity": "a.example", "dns": {}}]
    document["defaults"]["dns"] = {}
    if path[0] == "accounts_from":
        document["accounts_from"] = {"organization": {}}
    if path[0] == "watch":
        document["watch"] = {}
    if path[0] == "dns":
        kind = path[3] if len(path) > 3 and path[3] in PROVIDERS else "cloudflare"
        document["dns"] = {"publish": [{"zones": ["a.example"], kind: copy.deepcopy(PROVIDERS[kind])}]}
        if "key" in path:
            document["dns"]["publish"][0][kind] = {"server": "192.0.2.53", "key": dict(TSIG)}
    if path[-1] in ("profile", "source_profile", "external_id"):
        document["accounts"]["main"] = {} if path[-1] == "profile" else document["accounts"]["main"]
    if path[-1] == "regions" and path[0] != "accounts":
        document["defaults"].pop("region")
    place = document
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    return document


class Agreement(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        for name in "x", "y":
            (self.folder / f"{name}.csv").write_text(f"identity\n{name}.example\n")

    def check(self, text):
        (self.folder / "m.yaml").write_text(text)
        done = subprocess.run([MAILFROM, "check", "m.yaml", "--allow-empty"], cwd=self.folder, capture_output=True, text=True,
                              env={"PATH": os.environ["PATH"], "HOME": str(self.folder)})
        complaints = [line for line in done.stderr.splitlines() if not line.startswith("mailfrom: ")]
        return done.returncode, [c for c in complaints if not SECOND_LOOK.search(c)]

    def disagreement(self, what, document, text):
        fits = SCHEMA.is_valid(document)
        code, complaints = self.check(text)
        if not fits and code == 0:
            return [f"{what}: check accepts what the schema refuses"]
        if fits and code == CANNOT_RUN and complaints:
            return [f"{what}: the schema accepts what check refuses: {complaints[0][:200]}"]
        return []

    def test_each_value_of_each_key(self):
        differ = []
        for turn, path in enumerate(keys()):
            values = (FEW if path[0] == "dns" else COMMON) + POOLS[path[-1]]
            for value in values[turn % EVERY::EVERY]:
                document = with_value(path, value)
                shown = f"{'.'.join(map(str, path))}: {json.dumps(value)[:60]}"
                differ += self.disagreement(shown, document, json.dumps(document))
        self.assertFalse(differ, "\n" + "\n".join(differ))

    def test_keys_that_do_not_go_together(self):
        differ, refused = [], 0
        for part in TOGETHER:
            document = {**BASE, **part}
            refused += not SCHEMA.is_valid(document)
            differ += self.disagreement(json.dumps(part)[:90], document, json.dumps(document))
        self.assertEqual(refused, 10)
        self.assertFalse(differ, "\n" + "\n".join(differ))

    def test_the_corpus_of_faulty_manifests(self):
        differ, seen = [], 0
        cases = (ROOT / "tests/data/manifests/faults.txt").read_text().split("\n=== ")[1:]
        for case in cases:
            title, _, rest = case.partition("\n")
            text = rest.partition(">>>\n")[0]
            try:
                document = yaml.safe_load(text)
                json.dumps(document)
            except (yaml.YAMLError, TypeError, ValueError):
                continue
            if title in NUMBERS_OF_YAML:
                continue
            seen += 1
            differ += self.disagreement(title, document, text)
        self.assertGreater(seen, 80)
        self.assertFalse(differ, "\n" + "\n".join(differ))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
