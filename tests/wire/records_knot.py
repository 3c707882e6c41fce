#!/usr/bin/python3
"""mailfrom records against real servers: what it writes is read by each format's own reader, Knot
DNS takes the zone files and the updates, and afterwards nothing is missing and a plan is ready.
Arguments: the mailfrom program, ses-sim."""

import csv
import http.server
import io
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import threading

import dns.query
import dns.rdatatype
import dns.resolver
import dns.update
import jsonschema

import records_readers as readers
from knot_room import free_port, knot_conf, start, wait_until_it_serves
from timeouts import patient

SES = "feedback-smtp.us-east-1.amazonses.com"
SPF = b"v=spf1 include:amazonses.com ~all"
ROOT = pathlib.Path(__file__).resolve().parents[2]
SEED = 20260915
LONG = "v=spf1 " + " ".join(f"ip4:192.0.2.{i}" for i in range(40)) + " -all"
LONGEST = ".".join(["a" * 63] * 3 + ["b" * (253 - 3 * 64 - len(".d1.test"))]) + ".d1.test"
STRANGE = ["v=DMARC1; p=none", "a;b", "\\;", "${file}", "%{i}", "`rm`", "'", '"', '" "', "\\", "\n", "\r", "\x00",
           "\x1b]0;x\x07", "\x7f", "\u2028", "\u202e", "*/", "//", "{{", "$(x)", "ü", "</script>", "=1+1", "( ", ";"]
failed = number = 0


def check(good, title, *told):
    global failed, number
    number += 1
    failed += not good
    print(("ok" if good else "not ok") + f" {number} - {title}", *("" if good else f"\n# {t}" for t in told), flush=True)


# ---- the zones ----

def txt(*values):
    """TXT lines of a zone file, strings cut after 255 octets."""
    lines = []
    for value in values:
        value = value if isinstance(value, bytes) else value.encode()
        strings = [value[i:i + 255] for i in range(0, len(value), 255)] or [b""]
        lines.append("TXT " + " ".join('"' + "".join(f"\\{c:03d}" for c in s) + '"' for s in strings))
    return lines


def hostile_texts():
    """{name: texts}: an SPF record to merge, and what strangers may have beside it."""
    dice, names = random.Random(SEED), {}
    for i in range(40):
        others = set()
        for _ in range(dice.randint(0, 3)):
            value = "".join(dice.choices(STRANGE, k=dice.randint(1, 60))).encode()
            if dice.random() < 0.3:
                value += dice.randbytes(dice.randint(1, 600))
            others.add(value)
        names[f"h{i}"] = ["v=spf1 exists:%{i}._spf.d1.test -all", *others]
    return names


NAMES = {  # label: (records, MX action, TXT action)
    "ready": ([f"MX 10 {SES}.", *txt(SPF)], "keep", "keep"),
    "region": (["MX 5 feedback-smtp.eu-west-1.amazonses.com.", *txt("v=spf1 include:ready.d1.test -all")], "keep", "keep"),
    "nomx": (txt(SPF), "add", "keep"),
    "nospf": ([f"MX 10 {SES}.", *txt("hello")], "keep", "add"),
    "merge": ([f"MX 10 {SES}.", *txt("v=spf1 ip4:192.0.2.1 -all", "x;y", "z")], "keep", "replace"),
    "long": (txt(LONG), "add", "replace"),
    "cutup": (['TXT "v=spf1 " "ip4:192.0.2.1 " "-all"', 'TXT "x" "" "y"', 'TXT "" "z"'], "add", "replace"),
    "slip": (["MX 10 feedback-smtp.us-east-1.amazonaws.com.", *txt(SPF)], "replace", "keep"),
    "nullmx": (["MX 0 .", *txt(SPF)], "replace", "keep"),
    "foreign": (["MX 10 mail.example.net."], "blocked", "add"),
    "several": ([f"MX 10 {SES}.", "MX 20 mail.example.net."], "blocked", "add"),
    "twospf": (txt("v=spf1 -all", "v=spf1 mx -all"), "add", "blocked"),
    "broken": (txt("v=spf1 ipv4:192.0.2.1 -all"), "add", "blocked"),
    "evil": (["MX 10 e\\\"v\\;il.amazonaws.com.", *txt("v=spf1 \x1b]0;x\x07 -all")], "blocked", "blocked"),
    "denied": (txt("v=spf1 -include:amazonses.com ~all"), "add", "blocked"),
    "ten": (txt("v=spf1 " + "a:ready.d1.test " * 10 + "-all"), "add", "blocked"),
    "alias": (["CNAME ready"], "blocked", "blocked"),
    "none": ([], "add", "add"),
    "n2": ([], "add", "add"),
    "n10": ([], "add", "add"),
    "x.wild": (None, "add", "add"),  # *.wild has the MX
    "x.txtwild": (None, "add", "add"),  # *.txtwild has an SPF record
    "huge": (txt(SPF, bytes(range(256)) * 14), "add", "keep"),  # 3,584 octets, far longer in escapes
    "edge": (txt(SPF, b"x" * 253 + b'" "y" "', b'\\" ' * 170 + b'"'), "add", "keep"),  # a quote where it is cut
    "xn--bcher-kva": ([], "add", "add"),
    LONGEST.removesuffix(".d1.test"): ([], "add", "add"),
    "cut": (None, "add", "add"),  # a zone of its own, whose apex it is
    "bounce.cut": (None, "add", "add"),
}
HOSTILE = hostile_texts()
BLOCKED = {label for label, (_, mx, spf) in NAMES.items() if "blocked" in (mx, spf)}


def zones():
    d1 = [f"{label} {line}" for label, (lines, _, _) in NAMES.items() for line in lines or []]
    d1 += [f"{label} {line}" for label, texts in HOSTILE.items() for line in txt(*texts)]
    d1 += [f"*.wild MX 10 {SES}.", '*.txtwild TXT "v=spf1 -all"', "cut NS ns.d1.test."]
    return {"test": "lame NS ns.d1.test.\n", "amazonses.com": "@ TXT \"v=spf1 ip4:199.255.192.0/22 -all\"\n",
            "d1.test": "\n".join(d1) + "\n", "cut.d1.test": ""}


# ---- the program ----

def manifest_write(path, names, **more):
    identities = [{"identity": f"u{i}@{name.split('.', name.count('.') - 1)[-1]}", "mail_from": name}
                  for i, name in enumerate(names)]
    path.write_text(json.dumps({"version": 1, "defaults": {"region": "us-east-1"}, "identities": identities, **more}))


class Records:
    def __init__(self, program, folder, port):
        self.program, self.folder, self.port = program, folder, port
        self.manifest = folder / "fleet.yaml"
        manifest_write(self.manifest, [f"{n}.d1.test" for n in [*NAMES, *HOSTILE]])

    def run(self, *words, live=True):
        dns = ["--resolver", f"127.0.0.1:{self.port}", "--dns", "authority", "--authority-port", str(self.port)]
        return subprocess.run([self.program, "records", *map(str, words), *dns * live], capture_output=True,
                              cwd=self.folder)

    def text(self, form, *words, **more):
        return self.run(self.manifest, "--format", form, *words, **more).stdout.decode()

    def actions(self, *words):
        return {(r["name"], r["type"]): r["action"] for r in json.loads(self.text("json", *words))["records"]}


def published(port, name, kind):
    query = dns.message.make_query(name, kind)
    reply = dns.query.tcp(query, "127.0.0.1", port=port, timeout=patient(5))
    return sorted(readers.value_of(kind, rdata) for rrset in reply.answer for rdata in rrset
                  if dns.rdatatype.to_text(rdata.rdtype) == kind)


# ---- situations ----

def what_is_there(records):
    """Each situation is understood, and the JSON says what shall be there."""
    text = records.text("json", "--live")
    jsonschema.validate(json.loads(text), json.loads((ROOT / "docs/records.schema.json").read_text()))
    actions = records.actions("--live")
    for label, (_, mx, spf) in NAMES.items():
        got = actions[(f"{label}.d1.test", "MX")], actions[(f"{label}.d1.test", "TXT")]
        check(got == (mx, spf), f"{label[:20]} has MX {mx} and TXT {spf}", got)
    sets = readers.read_json(text)
    for label, texts in HOSTILE.items():
        want = sorted({t.encode() if isinstance(t, str) else t for t in texts[1:]} |
                      {texts[0].replace("v=spf1", "v=spf1 include:amazonses.com").encode()})
        if sorted(sets[(f"{label}.d1.test", "TXT")]) != want:
            check(False, f"what else is at {label} stays", sets[(f"{label}.d1.test", "TXT")], want)
    check(sets[("long.d1.test", "TXT")] == [LONG.replace("v=spf1", "v=spf1 include:amazonses.com").encode()],
          "a long record is merged whole")
    check(sets[("x.txtwild.d1.test", "TXT")] == [b"v=spf1 include:amazonses.com -all"],
          "what a wildcard gave is published at the name, which loses it", sets)
    check(sets[("region.d1.test", "MX")] == [(5, "feedback-smtp.eu-west-1.amazonses.com")],
          "an MX of another Region stays")
    unicode = {r["name"]: r["name_unicode"] for r in json.loads(text)["records"] if "name_unicode" in r}
    check(unicode == {"xn--bcher-kva.d1.test": "bücher.d1.test"} and
          "; bücher.d1.test\nxn--bcher-kva 300 IN MX" in records.text("bind", "--live"), "U-labels stand beside", unicode)
    check(text == records.text("json", "--live"), "the same DNS gives the same bytes")
    order = list(dict.fromkeys(r["name"] for r in json.loads(text)["records"] if r["zone"] == "d1.test"))
    check(order.index("n2.d1.test") + 1 == order.index("n10.d1.test"), "n2 comes before n10", order)
    zone = {r["name"]: r["zone"] for r in json.loads(text)["records"]}
    check(zone["bounce.cut.d1.test"] == zone["cut.d1.test"] == "cut.d1.test" and zone["none.d1.test"] == "d1.test",
          "zones are cut where DNS cuts them", zone)
    done = records.run(records.manifest, "--live", "--verbose")
    check(done.returncode == 3 and all(f"{label}.d1.test: ".encode() in done.stderr for label in BLOCKED),
          "what is blocked is said", done.stderr)
    check(b"\x1b" not in done.stderr + done.stdout, "and no terminal is driven")


def whole_sets(records):
    """Formats whose resources are whole sets, read back."""
    text = records.text("json", "--live")
    want = {key: sorted(values) for key, values in readers.read_json(text).items()}
    changed = {key for key, action in records.actions("--live").items() if action in ("add", "replace")}

    def same(got, keys, title):
        got = {key: sorted(values) for key, values in got.items()}
        wrong = [(k, got.get(k), want[k]) for k in keys if got.get(k) != want[k]]
        check(not wrong and set(got) == set(keys), title, wrong[:2], set(got) ^ set(keys))

    huge = ("huge.d1.test", "TXT")
    terraform = records.run(records.manifest, "--live", "--format", "terraform")
    same(readers.read_terraform(terraform.stdout.decode()), set(want) - {huge}, "terraform says the same sets")
    check(b"beside them: 1 record set, first at huge.d1.test" in terraform.stderr,
          "but the one that Route 53 cannot hold, and that is said", terraform.stderr)
    for cloud in ("google", "azure"):
        done = records.run(records.manifest, "--live", "--format", "terraform", "--provider", cloud)
        got = readers.read_cloud(cloud, done.stdout.decode())
        unsaid = {k for k in want if k not in got}
        same(got, set(want) - unsaid, f"terraform for {cloud} says the same sets")
        sayable = [k for k in unsaid if cloud == "google" or all(azure_takes(v) for v in want[k])]
        check(not sayable, "but those that it has no words for", sayable)
    wanted = readers.read_json_wanted(records.text("json", "--live"))
    got = readers.read_cloud("cloudflare", records.text("terraform", "--live", "--provider", "cloudflare"))
    check(got == wanted, "terraform for cloudflare says the same records", set(got) ^ set(wanted))
    same(readers.read_route53(records.text("route53", "--live")), changed, "route53 the changed ones")
    octodns = readers.read_octodns(records.text("octodns", "--live"))
    left_out = {k for k in want if k not in octodns}
    sayable = [k for k in left_out if all(octodns_takes(v) for v in want[k])]
    same(octodns, set(want) - left_out, "octodns the same sets")
    plain = records.text("octodns", "--live", "--octodns-escaped-semicolons", "no")
    same(readers.read_octodns(plain), set(want) - left_out, "and for its coming default, too")
    check("escaped_semicolons: false" in plain, "which the file says", plain[:100])
    check(plain == records.text("octodns", "--live", "--octodns-escaped-semicolons", "false"),
          "and takes it as octoDNS's own configuration has it")
    check(left_out and not sayable, "but those that it has no words for", sayable)


def azure_takes(value):
    return isinstance(value, tuple) or (0 < len(value) <= 4096 and value.isascii() and
                                        value.decode("ascii").isprintable())


def octodns_takes(value):
    return isinstance(value, tuple) or (value.isascii() and value.decode("ascii").isprintable() and
                                        not value.startswith(b'"') and b'" "' not in value and b"\\;" not in value)


def additions(records):
    """Formats that add single records, read back."""
    for words in (["--live"], ["--missing"]):
        want = readers.read_json_wanted(records.text("json", *words))
        for form, read in (("bind", readers.read_bind), ("csv", readers.read_csv),
                           ("dnscontrol", lambda text: readers.read_dnscontrol(text, records.folder))):
            got = read(records.text(form, *words))
            check(got == want, f"{form} {words[0]} says the same records", set(got) ^ set(want))


def comments(records):
    """What a person decides stands at its own place, and names its record."""
    blocked = sorted(key for key, action in records.actions("--live").items() if action == "blocked")
    lead = {"bind": "; ", "octodns": "# ", "dnscontrol": "  // ", "terraform": "# ", "nsupdate": "; "}
    for form, before in lead.items():
        text = records.text(form, "--live")
        lines = [line for line in text.splitlines() if ": no MX, a person decides: " in line or
                 ": no TXT, a person decides: " in line]
        told = sorted((line[len(before):].split(": ")[0], line.split(": no ")[1].split(",")[0]) for line in lines)
        check(told == blocked and all(line.startswith(before) for line in lines), f"{form} names what it leaves out", told)
        if form == "terraform":
            check(all(f"{line}\n\n" in text for line in lines), "and no resource stands right below", lines)
    check('TXT "v=spf1 " "ip4:192.0.2.1 " "-all"\n' in records.text("nsupdate", "--live"),
          "an update deletes a TXT in the strings that DNS has")
    rows = list(csv.DictReader(io.StringIO(records.text("csv", "--live"), newline="")))
    check(sorted((r["name"], r["type"]) for r in rows if r["action"] == "blocked") == blocked, "csv has rows for them")
    batches = [json.loads(line)["Comment"] for line in records.text("route53", "--live").splitlines()]
    check(any("a person decides: " in b for b in batches) and all(len(b) <= 256 for b in batches),
          "route53 counts them in the batch's comment", batches)


def folders(records):
    for form, ending, read in (("octodns", ".yaml", readers.read_octodns), ("bind", ".zone", readers.read_bind),
                               ("route53", ".json", readers.read_route53)):
        records.run(records.manifest, "--live", "--format", form, "--out", f"{form}/")
        files = sorted(f for f in (records.folder / form).iterdir() if f.name.endswith(ending))
        together = {}
        for file in files:
            together.update(read(file.read_text()))
        check(together == read(records.text(form, "--live")) and
              {f"d1.test{ending}", f"cut.d1.test{ending}"} <= {f.name for f in files},
              f"a folder has a file for each zone, {form}", files)


class Route53(http.server.BaseHTTPRequestHandler):
    bodies = []

    def do_POST(self):
        self.bodies.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
        answer = (b'<?xml version="1.0"?><ChangeResourceRecordSetsResponse '
                  b'xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><ChangeInfo><Id>/change/C1</Id>'
                  b'<Status>PENDING</Status><SubmittedAt>2026-09-15T00:00:00Z</SubmittedAt></ChangeInfo>'
                  b'</ChangeResourceRecordSetsResponse>')
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


def aws_cli(records):
    server = http.server.HTTPServer(("127.0.0.1", 0), Route53)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    line = max(records.text("route53", "--live").splitlines(), key=len)
    environment = {"PATH": os.environ["PATH"], "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret",
                   "AWS_DEFAULT_REGION": "us-east-1", "HOME": str(records.folder), "AWS_EC2_METADATA_DISABLED": "true"}
    (records.folder / "batch.json").write_text(line)
    done = subprocess.run(["aws", "route53", "change-resource-record-sets", "--hosted-zone-id", "Z1", "--change-batch",
                           "file://batch.json", "--endpoint-url", f"http://127.0.0.1:{server.server_port}"],
                          capture_output=True, env=environment, cwd=records.folder)
    server.shutdown()
    changes = line.count('"Action"')
    check(done.returncode == 0 and len(Route53.bodies) == 1 and Route53.bodies[0][1].count(b"<Change>") == changes,
          f"the AWS CLI takes a batch of {changes} changes", done.stderr)


def batches(records):
    big = records.folder / "big.yaml"
    manifest_write(big, [f"bounce.x{i}.big.test" for i in range(2000)])
    text = records.run(big, "--format", "route53", live=False).stdout.decode()
    sets = readers.read_route53(text)  # holds each batch to the quotas
    check(len(sets) == 4000 and all(len(v) == 1 for v in sets.values()) and len(text.splitlines()) > 4,
          "no set is lost or doubled between batches", len(sets))


def one_mx(records):
    """A MAIL FROM that several Regions share has one MX."""
    shared = records.folder / "shared.yaml"
    entry = {"identity": "s.test", "mail_from": "bounce.s.test"}
    for more, want, said in (({}, "us-east-1", b"1 harmless note; --verbose shows it"), ({"dns": {"mx_region": "eu-west-1"}}, "eu-west-1", b"")):
        shared.write_text(json.dumps({"version": 1, "identities": [
            {**entry, "regions": ["us-east-1", "eu-west-1"], **more},
            {"identity": "default.test", "region": "us-east-1", "mail_from": "default"},
            {"identity": "sibling.test", "region": "us-east-1", "mail_from": "bounce.brother.test"}]}))
        done = records.run(shared, "--format", "json", live=False)
        rows = json.loads(done.stdout)["records"]
        check([r["value"] for r in rows] == [f"feedback-smtp.{want}.amazonses.com", SPF.decode()] and
              done.returncode == 3 and said in done.stderr and b"sibling.test" in done.stderr,
              f"one MX serves both Regions: {want}", done)
    shared.write_text(json.dumps({"version": 1, "identities": [
        {"identity": f"{n}.example.co.uk", "region": "us-east-1", "mail_from": f"bounce.{n}.example.co.uk"} for n in "ab"]}))
    for words, want in (([], ["example.co.uk"]), (["--zone", "a.example.co.uk"], ["a.example.co.uk"])):
        rows = json.loads(records.run(shared, "--format", "json", *words, live=False).stdout)["records"]
        check(sorted({r["zone"] for r in rows}) == want, f"without DNS, zones are {want}", rows)


def zone_in_trouble(records):
    """The parent of a zone that does not answer is not taken for the zone, least of all a top-level domain."""
    lame = records.folder / "lame.yaml"
    manifest_write(lame, ["bounce.lame.test"])
    done = records.run(lame, "--missing", "--format", "nsupdate")
    text = done.stdout.decode()
    check(done.returncode == 3 and "\nzone " not in text and "The zone of names below lame.test is not known" in text and
          "--resolver only with --dns authority" in text, "a zone in trouble is the organizational domain, and guessed", done)


def usage(records):
    for words in (["--format", "xml"], ["--zone", "a..b"], ["--ttl", "0"], ["--server", "ns1.example.com"],
                  ["--out", "/no/such/folder/x"], ["--missing", "--resolver", "nobody"]):
        done = records.run(records.manifest, *words, live=False)
        check(done.returncode == 1 and done.stdout == b"" and done.stderr.count(b"\n") <= 2, f"{words} is refused", done)
    check(records.run(live=False).returncode == 1, "no manifest is no call")


def send(records, client, text):
    (records.folder / "update").write_text(text)
    return subprocess.run([client, "update"], cwd=records.folder, capture_output=True)


def updates(records, client):
    """The full circle: what was missing is sent to the server, which then lacks nothing. knsupdate
    ends at an update that is refused, nsupdate goes on; a second hand-off has what is left."""
    missing = ["nsupdate", "--missing", "--server", f"127.0.0.1:{records.port}"]
    text = records.text(*missing)
    want = {k: sorted(v) for k, v in readers.read_json(records.text("json", "--missing")).items()}
    before = published(records.port, "h39.d1.test", "TXT")
    update = dns.update.Update("d1.test")
    for label, kind, value in (("h39", "TXT", '"of somebody else"'), ("none", "MX", "10 mail.example.net.")):
        update.add(f"{label}.d1.test.", 60, kind, value)
    assert dns.query.udp(update, "127.0.0.1", port=records.port, timeout=patient(5)).rcode() == 0
    first = send(records, client, text)
    check(first.returncode != 0 and published(records.port, "none.d1.test", "MX") == [(10, "mail.example.net")] and
          published(records.port, "h39.d1.test", "TXT") == sorted([*before, b"of somebody else"]),
          f"{client} overwrites nothing that came in between", first)
    second = send(records, client, records.text(*missing))
    del want[("none.d1.test", "MX")]
    want[("h39.d1.test", "TXT")] = sorted([*want[("h39.d1.test", "TXT")], b"of somebody else"])
    got = {key: published(records.port, *key) for key in want}
    check(second.returncode == 0 and got == want, f"{client} publishes all that was missing",
          second, [(k, v) for k, v in got.items() if v != want[k]][:2])
    actions = records.actions("--missing")
    check(set(actions.values()) == {"blocked"}, "then nothing is missing but what a person must see", actions)
    again = records.text(*missing)
    check("update" not in again and "send" not in again, "and there is no update any more", again)


def bind_loads(records, program, folder):
    """The snippets of a fleet without any record, loaded as zones; then nothing is missing."""
    names = [f"bounce.z{i}.test" for i in range(30)]
    manifest_write(folder / "fresh.yaml", names)
    text = records.run(folder / "fresh.yaml", "--ttl", 77, live=False).stdout.decode()
    parts = {p.split(".\n", 1)[0]: p.split(".\n", 1)[1] for p in text.split("$ORIGIN ")[1:]}
    home, port = folder / "second", free_port()
    home.mkdir()
    os.chmod(home, 0o755)
    daemon = start(["knotd", "-c", knot_conf(home, port, {**zones(), **parts})], home)
    try:
        wait_until_it_serves(port, "z29.test")
        second = Records(program, folder, port)
        second.manifest = folder / "fresh.yaml"
        check(len(parts) == 30 and second.actions("--missing") == {}, "Knot loads every zone, and nothing is missing",
              second.actions("--missing"))
    finally:
        daemon.terminate()
        daemon.wait()


def plan_is_ready(records, program, ses_sim, folder):
    """SES would find everything: a plan waits for no DNS."""
    labels = [label for label in NAMES if label not in BLOCKED | {"none"}]
    manifest_write(folder / "ready.yaml", [f"{label}.d1.test" for label in labels])
    with open(folder / "ses.csv", "w", newline="") as table:
        writer = csv.writer(table, lineterminator="\n")
        writer.writerow("account region identity type verified mail_from behavior status forwarding".split())
        for i, label in enumerate(labels):
            entry = json.loads((folder / "ready.yaml").read_text())["identities"][i]
            writer.writerow(["111122223333", "us-east-1", entry["identity"], "EMAIL_ADDRESS", "SUCCESS", "",
                             "USE_DEFAULT_VALUE", "", "false"])
    sim = subprocess.Popen([ses_sim, "--identities", folder / "ses.csv", "--rate", "200", "--burst", "200"],
                           stdout=subprocess.PIPE, text=True)
    try:
        environment = {**os.environ, "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_EC2_METADATA_DISABLED": "true",
                       "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "HOME": str(folder),
                       "AWS_ENDPOINT_URL": sim.stdout.readline().removeprefix("ready ").strip()}
        done = subprocess.run([program, "plan", folder / "ready.yaml", "--resolver", f"127.0.0.1:{records.port}", "--dns",
                               "authority", "--authority-port", str(records.port), "--rate", "200", "--report", "json:-"],
                              capture_output=True, env=environment, cwd=folder)
        rows = json.loads(done.stdout)["identities"]
        wrong = [(r["mail_from_after"], r["outcome"], r["mx"], r["spf"]) for r in rows if r["outcome"] != "planned"]
        check(len(rows) == len(labels) and not wrong, "a plan finds everything ready", wrong, done.stderr)
    finally:
        sim.terminate()
        sim.wait()


def situations(program, ses_sim, port, folder):
    records = Records(program, folder, port)
    what_is_there(records)
    whole_sets(records)
    additions(records)
    comments(records)
    folders(records)
    aws_cli(records)
    batches(records)
    one_mx(records)
    zone_in_trouble(records)
    usage(records)
    bind_loads(records, program, folder)


def main():
    program, ses_sim = map(os.path.abspath, sys.argv[1:3])
    peers = [p for p in (readers.HCL_READER and "HashiCorp's parser", readers.TERRAFORM and "terraform") if p]
    print(f"# seed {SEED}; HCL is read by our own grammar{''.join(f' and {p}' for p in peers)}")
    for client in ("knsupdate", "nsupdate"):
        with tempfile.TemporaryDirectory() as name:
            folder, port = pathlib.Path(name), free_port()
            home = folder / "knot"
            home.mkdir()
            os.chmod(name, 0o755)
            os.chmod(home, 0o755)
            daemon = start(["knotd", "-c", knot_conf(home, port, zones())], home)
            try:
                wait_until_it_serves(port, "d1.test")
                if client == "knsupdate":
                    situations(program, ses_sim, port, folder)
                records = Records(program, folder, port)
                updates(records, client)
                plan_is_ready(records, program, ses_sim, folder)
            finally:
                daemon.terminate()
                daemon.wait()
    print(f"1..{number}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
