#!/usr/bin/python3
"""mailfrom inspect against real servers on loopback: Knot DNS as resolver and authority, and unbound
in front of it, whose negative cache the authority mode must go around. What is printed must be what
the zones hold, whatever bytes they hold. Argument: the mailfrom program."""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import dns.query
import dns.update

from knot_room import free_port, knot_conf, start, unbound_conf, wait_until_it_serves
from timeouts import patient

SES = "feedback-smtp.us-east-1.amazonses.com"
SPF = '"v=spf1 include:amazonses.com ~all"'
HOSTILE = r"\027]0;x\007\027[2J \194\155 \226\128\174 \255\254 \"\\ <b>"
MANY = 1000
KINDS = [f"MX 10 {SES}.", "MX 10 mail.example.net.", "A 192.0.2.1", None, "MX 0 ."]
STATUS = ["ok", "foreign", "missing", "missing", "null-mx"]
ZONES = {
    "test": "",
    "amazonses.com": "@ TXT \"v=spf1 ip4:199.255.192.0/22 -all\"\n",
    "d1.test": f"""
good MX 10 {SES}.
good TXT "v=spf1 " "include:amazonses.com ~all"
two MX 10 {SES}.
two MX 20 mail.example.net.
suffix MX 10 feedback-smtp.us-east-1.amazonaws.com.
region MX 10 feedback-smtp.xx-moon-1.amazonses.com.
alias CNAME good
nospf MX 10 {SES}.
broken TXT "v=spf1 ipv4:192.0.2.1 include:amazonses.com -all"
twice TXT {SPF}
twice TXT "v=spf1 -all"
nested TXT "v=spf1 include:good.d1.test -all"
other TXT "v=spf1 ip4:192.0.2.1 a:gone.d1.test -all"
deep TXT "v=spf1 {' '.join(['include:good.d1.test'] * 6)} -all"
lost TXT "v=spf1 include:x.elsewhere.example include:amazonses.com -all"
hostile MX 10 e\\027vil\\255.example.net.
hostile TXT "v=spf1 {HOSTILE} include:amazonses.com ~all"
_dmarc TXT "v=DMARC1; p=reject"
_dmarc.cut TXT "v=DMARC1; p=none; psd=n"
cut MX 10 {SES}.
why TXT "v=spf1 -all exp=words.d1.test"
words TXT "go away"
quoted MX 10 10\\032{SES}.
quoted TXT "\\"v=spf1 include:amazonses.com ~all\\""
far.d1.test MX 10 {SES}.
far.d1.test TXT {SPF}
*.wild MX 10 {SES}.
*.wild TXT {SPF}
placeholder MX 10 feedback-smtp.region.amazonses.com.
_dmarc.soft TXT "v=DMARC1; p=reject; sp=quarantine; np=none; t=y"
big MX 10 {SES}.
big TXT {SPF}
{"".join(f'big TXT "v=other{i} {"x" * 60}"' + chr(10) for i in range(300))}
vast MX 10 {SES}.
vast TXT {SPF}
vast TXT {" ".join(['"' + "y" * 250 + '"'] * 20)}
{"".join(f"mxs MX {i + 1} mail{i}.example.net." + chr(10) for i in range(300))}
mxs MX 0 {SES}.
mxs TXT {SPF}
xn--bcher-kva MX 10 {SES}.
xn--bcher-kva TXT {SPF}
""",
    "lonely.test": f"""
bounce.typo MX 10 {SES}.
_dmarc.typo TXT "v=DMARC1\\; p=rejected\\; aspf=s"
bounce.twice MX 10 {SES}.
_dmarc.twice.lonely.test TXT "v=DMARC1; p=reject"
bounce.here MX 10 {SES}.
bounce.here TXT "v=DMARC1; p=reject"
bounce.apex MX 10 {SES}.
apex TXT {SPF}
{"".join(f"crowd MX {i} mail{i}.example.net." + chr(10) for i in range(300))}
""",
    "strict.test": "_dmarc TXT \"v=DMARC1; p=none; aspf=s\"\nbounce A 192.0.2.1\n",
    "evil.test": f"_dmarc TXT \"v=DMARC1; p=none; rua={HOSTILE}\"\n",
    "plain.test": "",
    "many.test": "".join(f"n{i} {KINDS[i % 5]}\n" for i in range(MANY) if KINDS[i % 5]),
    "neg.test": "",
}
failed = number = 0


def check(good, title, note=""):
    global failed, number
    number += 1
    failed += not good
    print(("ok" if good else "not ok") + f" {number} - {title}" + (f"\n# {note}" if not good else ""))


# ---- servers ----

def publish(knot_port, name):
    update = dns.update.Update("neg.test")
    update.add(f"{name}.neg.test.", 60, "MX", f"10 {SES}.")
    update.add(f"{name}.neg.test.", 60, "TXT", SPF)
    reply = dns.query.udp(update, "127.0.0.1", port=knot_port, timeout=patient(5))
    assert reply.rcode() == 0, reply


# ---- the program ----

class Inspect:
    def __init__(self, program, port, authority_port=None):
        self.base = [program, "inspect", "--resolver", f"127.0.0.1:{port}", "--authority-port",
                     str(authority_port or port), "--no-color"]

    def run(self, *words, stdin=""):
        return subprocess.run([*self.base, *words], input=stdin.encode(), capture_output=True)

    def json(self, *words, **more):
        done = self.run("--format", "json", *words, **more)
        return json.loads(done.stdout.decode("utf-8")), done


# ---- the shape of the JSON ----

MX_WORDS = {"ok", "missing", "several", "foreign", "wrong-suffix", "unknown-region", "null-mx",
            "cname", "trouble"}
SPF_WORDS = {"ok", "missing", "several", "syntax", "lookups", "void-lookups", "without-ses", "trouble"}
CHECK_WORDS = {"pass", "fail", "softfail", "neutral", "none", "permerror", "temperror"}


def text_or_none(v):
    return v is None or (isinstance(v, str) and v != "")


def count(v):
    return type(v) is int and v >= 0


def shape_faults(o, dmarc, checked):
    """Every field of section 8: there, of its type, and no other."""
    faults = []

    def want(what, good):
        if not good:
            faults.append(what)

    def keys(what, thing, *names):
        want(f"{what}: keys {sorted(thing)}", set(thing) == set(names))

    names = ["name", "mx", "spf", "servers", "wildcard", "dnssec_bogus", "findings"] + ["dmarc"] * dmarc
    keys("object", {k: 1 for k in o if k != "name_unicode"}, *names)
    keys("mx", o["mx"], "status", "values")
    want("mx.status", o["mx"]["status"] in MX_WORDS)
    for v in o["mx"]["values"]:
        keys("mx value", v, "preference", "exchange")
        want("mx value", count(v["preference"]) and isinstance(v["exchange"], str))
    spf = ["result", "record", "authorizes_ses", "lookups", "void_lookups", "error", "status"]
    checks = ["check", "check_reason", "check_matched", "check_explanation"]
    keys("spf", o["spf"], *spf, *checks * checked)
    want("spf.status", o["spf"]["status"] in SPF_WORDS)
    want("check texts", not checked or all(text_or_none(o["spf"][k]) for k in checks[1:]))
    want("spf.result", o["spf"]["result"] in {"none", "permerror", "temperror", "valid"})
    want("spf texts", text_or_none(o["spf"]["record"]) and text_or_none(o["spf"]["error"]))
    known = o["spf"]["result"] in ("valid", "permerror")
    want("spf.authorizes_ses", type(o["spf"]["authorizes_ses"]) is bool or
         (not known and o["spf"]["authorizes_ses"] is None))
    want("wildcard", o["wildcard"] in (True, False, None) and type(o["dnssec_bogus"]) is bool)
    for f in o["findings"]:
        keys("finding", f, "rule", "severity", "text")
        want(f"finding {f}", all(isinstance(v, str) and v for v in f.values()))
    want("spf counts", count(o["spf"]["lookups"]) and count(o["spf"]["void_lookups"]))
    want("spf.error", (o["spf"]["error"] is not None) == o["spf"]["result"].endswith("error"))
    want("spf.check", not checked or o["spf"]["check"] in CHECK_WORDS)
    for s in o["servers"]:
        want(f"server {s}", set(s) in ({"server", "rcode"}, {"server", "error"}))
        want(f"server {s}", all(isinstance(v, str) and v for v in s.values()))
    want("servers", len(o["servers"]) > 0)
    if dmarc:
        keys("dmarc", o["dmarc"], "record", "record_domain", "aspf", "policy", "p", "sp", "np", "t", "rfc9989", "rfc7489")
        want("dmarc texts", text_or_none(o["dmarc"]["record"]) and text_or_none(o["dmarc"]["record_domain"]))
        want("dmarc.aspf", o["dmarc"]["aspf"] in ("r", "s", None))
        none = o["dmarc"]["aspf"] is None
        for key in ("policy", "p", "sp", "np"):
            want(f"dmarc.{key}", o["dmarc"][key] in ([None] if none else ["none", "quarantine", "reject"]))
        want("dmarc.t", o["dmarc"]["t"] in ([None] if none else ["y", "n"]))
        both = ["from_organizational_domain", "mail_from_organizational_domain", "aligned", "policy"]
        for rule, more in (("rfc9989", ["queries"]), ("rfc7489", [])):
            v = o["dmarc"][rule]
            keys(rule, v, *both, *more)
            want(rule, all(isinstance(v[k], str) and v[k] for k in both[:2]))
            want(rule, type(v["aligned"]) is type(None if v["policy"] is None else True))
            want(rule, all(count(v[k]) for k in more))
    return faults


# ---- situations ----

def one(inspect, name, *words):
    objects, done = inspect.json(name, *words)
    faults = shape_faults(objects[0], "--from" in words, "--spf-check" in words)
    check(not faults and len(objects) == 1, f"the JSON of {name} {' '.join(words)} is whole", faults)
    return objects[0], done.returncode


def status_words(inspect):
    want = {"good": "ok", "two": "several", "suffix": "wrong-suffix", "region": "unknown-region",
            "alias": "cname", "none": "missing", "nospf": "ok"}
    for mode in ("authority", "recursive"):
        for label, status in want.items():
            o, code = one(inspect, f"{label}.d1.test", "--dns", mode)
            check((o["mx"]["status"], code) == (status, 0 if status in ("ok", "missing") else 3), f"{label} is {status}, {mode}",
                  (o, code))
    for mode, server in (("authority", "resolver"), ("recursive", "resolver")):
        o, code = one(inspect, "bounce.unknown.example", "--dns", mode)
        check((o["mx"]["status"], o["spf"]["result"], code) == ("trouble", "temperror", 3),
              f"a refusal is trouble, {mode}", (o, code))
        check(o["servers"][0]["server"].startswith((server, "127.")), "and who refused is named", o)


def values(inspect):
    o, _ = one(inspect, "two.d1.test", "--dns", "authority")
    check(o["mx"]["values"] == [{"preference": 10, "exchange": SES},
                                {"preference": 20, "exchange": "mail.example.net"}], "all MX are given", o)
    check(o["servers"] == [{"server": o["servers"][0]["server"], "rcode": "NOERROR"}] and
          o["servers"][0]["server"].startswith("ns.d1.test (127.0.0.1"), "the authority is named", o)
    check(o["name"] == "two.d1.test", "the name is given", o)


def spf(inspect):
    rows = {  # result, authorizes_ses, lookups, void_lookups, part of the error
        "good": ("valid", True, 1, 0, None), "nospf": ("none", None, 0, 0, None),
        "none": ("none", None, 0, 0, None), "nested": ("valid", True, 2, 0, None),
        "other": ("valid", False, 1, 1, None), "broken": ("permerror", False, 0, 0, "ipv4"),
        "twice": ("permerror", False, 0, 0, "several"), "deep": ("permerror", True, 12, 0, "12"),
        "lost": ("temperror", True, 2, 0, "REFUSED"), "alias": ("valid", True, 1, 0, None),
    }
    for mode in ("authority", "recursive"):
        for label, want in rows.items():
            o, code = one(inspect, f"{label}.d1.test", "--dns", mode)
            s = o["spf"]
            got = (s["result"], s["authorizes_ses"], s["lookups"], s["void_lookups"])
            error = (s["error"] is None) if want[4] is None else want[4] in (s["error"] or "")
            check(got == want[:4] and error, f"SPF of {label}, {mode}", s)
            check(code == (3 if want[0] == "temperror" or label == "alias" else 0), f"exit code for {label}", code)
    o, _ = one(inspect, "good.d1.test")
    check(o["spf"]["record"] == "v=spf1 include:amazonses.com ~all", "strings are joined", o)


def spf_check(inspect):
    for ip, sender, want in (("199.255.192.1", None, "pass"), ("192.0.2.1", None, "softfail"),
                             ("::1", "x@other.d1.test", "fail"), ("192.0.2.1", "x@other.d1.test", "pass"),
                             ("192.0.2.1", "x@none.d1.test", "none"), ("192.0.2.1", "bounce", "softfail"),
                             ("192.0.2.1", "x@broken.d1.test", "permerror"),
                             ("192.0.2.1", "x@lost.d1.test", "temperror")):
        words = ["--spf-check", ip, "--helo", "mx.example.com"] + (["--sender", sender] if sender else [])
        o, code = one(inspect, "good.d1.test", *words)
        check(o["spf"]["check"] == want and code == (3 if want == "temperror" else 0),
              f"mail from {ip} of {sender or 'the name'} is {want}", (o["spf"], code))
    for words, want in ((["--sender", "<x@other.d1.test>"], "pass"), (["--sender", "<>", "--helo", "other.d1.test"], "pass"),
                        (["--sender", "", "--helo", "other.d1.test"], "pass"), (["--sender", "<>", "--helo", "localhost"], "none"),
                        (["--sender", "<>", "--helo", "[192.0.2.1]"], "none"), (["--helo", "[IPv6:2001:db8::1]"], "softfail")):
        o, _ = one(inspect, "good.d1.test", "--spf-check", "192.0.2.1", *words)
        check(o["spf"]["check"] == want, f"{words} is {want}", o["spf"])
    o, _ = one(inspect, "good.d1.test", "--spf-check", "192.0.2.1")
    check((o["spf"]["check_matched"], o["spf"]["check_reason"]) == ("~all", None), "the term that decides is given", o)
    o, _ = one(inspect, "good.d1.test", "--spf-check", "::1", "--sender", "x@why.d1.test")
    check(o["spf"]["check_explanation"] == "go away", "so are the words of the owner", o)
    o, _ = one(inspect, "good.d1.test", "--spf-check", "::1", "--sender", "x@broken.d1.test")
    check("ipv4" in o["spf"]["check_reason"], "and the reason of an error", o)
    for words in (["--spf-check", "999.1.1.1"], ["--sender", "a@b.test"], ["--helo", "h.test"]):
        check(inspect.run("good.d1.test", *words).returncode == 1, f"{words} is refused")
    for words in (["x\u00a0y"], ["x.test", "--from", "x\u00a0y"], ["x.test", "--spf-check", "192.0.2.1\u00a0x\u00a0y"]):
        said = inspect.run(*words).stderr.decode()
        check("x<U+00A0>y" in said, f"{words}: what cannot be seen is named", said)
    said = inspect.run("x.test", "--spf-check", "1" * 5000).stderr.decode()
    check("--spf-check takes" in said and len(said) < 400, "a long value is cut", said)


def dmarc(inspect):
    def ask(name, domain):
        o, code = one(inspect, name, "--from", domain, "--dns", "authority")
        d = o["dmarc"]
        return d, (d["aspf"], d["rfc9989"]["aligned"], d["rfc7489"]["aligned"], code)

    d, got = ask("good.d1.test", "d1.test")
    check(got == ("r", True, True, 0) and d["record"] == "v=DMARC1; p=reject" and
          d["record_domain"] == "d1.test" and d["rfc9989"]["queries"] == 3, "both rules align", d)
    d, got = ask("cut.d1.test", "d1.test")
    check(got == ("r", False, True, 0) and d["rfc9989"]["mail_from_organizational_domain"] == "cut.d1.test",
          "psd=n cuts one rule off", d)
    d, got = ask("bounce.strict.test", "strict.test")
    check(got == ("s", False, False, 0), "strict never aligns", d)
    d, _ = ask("good.d1.test", "user@soft.d1.test")
    got = [d[k] for k in ("policy", "p", "sp", "np", "t")] + [d["rfc7489"]["policy"]]
    check(got == ["quarantine", "reject", "quarantine", "none", "y", "reject"], "the policy in force is given", d)
    text = inspect.run("good.d1.test", "--from", "<a@soft.d1.test>").stdout.decode()
    check("policy quarantine (p=reject, sp=quarantine, np=none, t=y)\n" in text, "in text as well", text)
    d, got = ask("bounce.plain.test", "plain.test")
    check(d["rfc9989"]["aligned"] is None and d["policy"] is None, "nothing is false without a record", d)
    d, got = ask("bounce.plain.test", "plain.test")
    check(got[0] is None and d["record"] is None and got[3] == 0, "no record is no record", d)
    objects, done = inspect.json("good.d1.test", "--from", "unknown.example")
    check(done.returncode == 3 and objects[0]["dmarc"]["error"], "trouble is said", objects)


def near_misses(inspect):
    for mode in ("authority", "recursive"):
        for label, status, parts in (
                ("quoted", "wrong-suffix", ["the priority stands inside the host", "quotation marks stand inside the value"]),
                ("far", "missing", ["stands at far.d1.test.d1.test", "at far.d1.test instead"]),
                ("placeholder", "unknown-region", ["no AWS Region can have the name region"]),
                ("region", "unknown-region", ["no AWS Region can have the name xx-moon-1"])):
            o, _ = one(inspect, f"{label}.d1.test", "--dns", mode)
            texts = " ".join(f["text"] for f in o["findings"])
            check(o["mx"]["status"] == status and all(part in texts for part in parts), f"{label} is told, {mode}", o)
            text = inspect.run(f"{label}.d1.test", "--dns", mode).stdout.decode()
            check(all(part in text for part in parts), f"{label} is told in text, {mode}", text)
        o, code = one(inspect, "mxs.d1.test", "--dns", mode)
        check((o["mx"]["status"], o["spf"]["status"], code) == ("several", "ok", 3), f"301 MX are several, {mode}", o)
        for label in ("big", "vast"):
            o, code = one(inspect, f"{label}.d1.test", "--dns", mode)
            check((o["mx"]["status"], o["spf"]["status"], code) == ("ok", "ok", 0), f"{label} is read, {mode}", o)
    for label, part in (("twice", "stands at the doubled name _dmarc.twice.lonely.test.lonely.test"),
                        ("here", "stands at the MAIL FROM name bounce.here.lonely.test"),
                        ("typo", 'Publish TXT "v=DMARC1; p=reject; aspf=s" instead')):
        for mode in ("authority", "recursive"):
            text = inspect.run(f"bounce.{label}.lonely.test", "--from", f"{label}.lonely.test", "--dns", mode).stdout.decode()
            check(part in text, f"DMARC of {label} is told, {mode}", text)
    text = inspect.run("bounce.apex.lonely.test").stdout.decode()
    check("a TXT record at apex.lonely.test is meant as the SPF record of bounce.apex.lonely.test" in text,
          "SPF at the name above is told without --from", text)
    o, _ = one(inspect, "crowd.lonely.test")
    text = inspect.run("crowd.lonely.test").stdout.decode()
    check(any("has at least 256 MX records" in f["text"] for f in o["findings"]), "a bound is no number", o["findings"])
    check(max(map(len, text.splitlines())) < 600 and ", and 240 more\n" in text, "a crowd of MX is not all shown", text)
    text = inspect.run("placeholder.d1.test").stdout.decode()
    check("the placeholder of the documentation" in text and "REGION" not in text, "no placeholder is proposed", text)
    o, _ = one(inspect, "x.wild.d1.test", "--dns", "authority")
    check(o["wildcard"] is True and any(f["rule"] == "wildcard-answer" for f in o["findings"]), "a wildcard is told", o)
    text = inspect.run("x.wild.d1.test", "--dns", "authority").stdout.decode()
    check("comes from a wildcard" in text, "in text as well", text)


def names(inspect, folder):
    o, _ = one(inspect, "BÜCHER.d1.test.")
    check((o["name"], o.get("name_unicode"), o["mx"]["status"]) ==
          ("xn--bcher-kva.d1.test", "bücher.d1.test", "ok"), "U-labels are asked as A-labels", o)
    text = inspect.run("bücher.d1.test").stdout.decode()
    check(text.startswith("bücher.d1.test (xn--bcher-kva.d1.test)\n"), "and shown as both", text)
    (folder / "names").write_text("# of a fleet\n\ngood.d1.test\r\n  two.d1.test\n")
    objects, done = inspect.json("none.d1.test", f"@{folder}/names", "-", stdin="cut.d1.test\n")
    check([o["name"] for o in objects] == [f"{n}.d1.test" for n in ("none", "good", "two", "cut")],
          "arguments, files and standard input keep their order", (objects, done.stderr))
    (folder / "bad").write_text("good.d1.test\na..b\n\x1b]0;x\x07.test\n")
    done = inspect.run(f"@{folder}/bad")
    check(done.returncode == 1 and done.stdout == b"" and b"bad:2: " in done.stderr and
          b"bad:3: " in done.stderr and b"\x1b" not in done.stderr, "bad names are all complained about",
          done.stderr)
    check(inspect.run("@/no/such/file").returncode == 1, "a missing file is said")
    check(inspect.run().returncode == 1, "no name is no call")
    objects, done = inspect.json("good.d1.test", "good.d1.test")
    check(objects[0] == objects[1], "a name given twice is answered twice")


def many(inspect):
    given = [f"n{i}.many.test" for i in range(MANY)]
    for mode in ("authority", "recursive"):
        began = time.monotonic()
        objects, done = inspect.json("-", "--dns", mode, stdin="\n".join(given))
        took = time.monotonic() - began
        wrong = [o["name"] for i, o in enumerate(objects) if o["mx"]["status"] != STATUS[i % 5]]
        check([o["name"] for o in objects] == given and done.returncode == 3 and not wrong,
              f"{MANY} names in one call keep their order, {mode}", (done.returncode, wrong[:5]))
        check(not any(shape_faults(o, False, False) for o in objects), "and their shape")
        print(f"# {MANY} names, {mode}: {took:.2f} s")


UNSAFE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def hostile(inspect):
    words = ["hostile.d1.test", "evil.test", "--from", "evil.test", "--verbose"]
    for mode in ("authority", "recursive"):
        done = inspect.run(*words, "--dns", mode)
        text = done.stdout.decode("utf-8")  # fails on raw bytes of others
        check(not UNSAFE.search(text), f"no raw byte reaches the terminal, {mode}", repr(text))
        check("10 e\\027vil\\255.example.net\n" in text, "hostile names are shown as zone files do", repr(text))
        check("\\x1b]0;x\\x07" in text and "\\u{202e}" in text and "\\xff\\xfe" in text,
              "they are shown escaped", repr(text))
        check(not UNSAFE.search(done.stderr.decode("utf-8")), "nor by standard error", done.stderr)
        objects, done = inspect.json(*words, "--dns", mode)
        check(not UNSAFE.search(done.stdout.decode("utf-8")), "the JSON is safe to page through")
        check("\x1b]0;x\x07\x1b[2J \x9b \u202e \ufffd\ufffd \"\\ <b>" in objects[0]["spf"]["record"],
              "and means the same bytes", objects[0])
        check("\x1b]0;x" in objects[1]["dmarc"]["record"], "DMARC records too", objects[1])


def negative_cache(program, unbound_port, knot_port):
    inspect = Inspect(program, unbound_port, knot_port)

    def status(name, mode, *words):
        return inspect.json(f"{name}.neg.test", "--dns", mode, *words)[0][0]["mx"]["status"]

    check(status("early", "recursive") == "missing", "a resolver is asked too early")
    publish(knot_port, "early")
    check(status("early", "recursive") == "missing", "and goes on denying what is published")
    check(status("early", "authority") == "ok", "but authorities say what is there now")
    for name, words in (("late", []), ("later", ["--from", "neg.test", "--spf-check", "192.0.2.1"])):
        check(status(name, "authority", *words) == "missing", f"authorities are asked too early {words}")
        publish(knot_port, name)
        check(status(name, "recursive") == "ok", "and no resolver was taught to deny the name")


def nothing_below_nothing(inspect):
    """Receivers' questions at or below a name that does not exist are not sent (RFC 8020): of TXT
    only the name's own, the doubled name's and the zone's, at the authority, and those of
    _dmarc.neg.test, _dmarc.test and _dmarc.neg.test.neg.test are."""
    done = inspect.run("never.neg.test", "--from", "neg.test", "--dns", "authority", "--verbose")
    check(done.stderr.count(b"dns TXT") == 6, "nothing is asked below a name that does not exist", done.stderr)


def next_resolver(program, unbound_port, knot_port):
    """Knot has lost the zone lame.test and says SERVFAIL, and refuses whoever asks for lost.test;
    unbound has both."""
    def asked(resolvers, name):
        inspect = Inspect(program, unbound_port, knot_port)
        inspect.base[3] = ",".join(f"127.0.0.1:{port}" for port in resolvers)
        objects, done = inspect.json(name, "--dns", "recursive")
        return objects[0]["mx"]["status"], done.returncode, objects[0]["servers"][0].get("rcode")

    closed = free_port()
    for name, first, rcode in (("lame", knot_port, "SERVFAIL"), ("lost.example", knot_port, "REFUSED"), ("lame", closed, None)):
        name = f"bounce.{name}" if "." in name else f"bounce.{name}.test"
        got = asked([first], name)
        check(got == ("trouble", 3, rcode), f"of one resolver alone {rcode} is told", got)
        got = asked([first, unbound_port], name)
        check(got == ("ok", 0, "NOERROR"), f"the second is asked after {rcode}", got)
        got = asked([first, closed], name)
        check(got == ("trouble", 3, rcode), f"where none answers, {rcode} is told", got)
    got = asked([knot_port, unbound_port], "none.d1.test")
    check(got[:2] == ("missing", 0), "no such name is an answer", got)


def situations(program, knot_port, unbound_port, folder):
    inspect = Inspect(program, knot_port)
    status_words(inspect)
    values(inspect)
    spf(inspect)
    spf_check(inspect)
    dmarc(inspect)
    near_misses(inspect)
    names(inspect, folder)
    nothing_below_nothing(inspect)
    hostile(inspect)
    many(inspect)
    negative_cache(program, unbound_port, knot_port)
    next_resolver(program, unbound_port, knot_port)


def main():
    program, knot_port, unbound_port = os.path.abspath(sys.argv[1]), free_port(), free_port()
    with tempfile.TemporaryDirectory() as name:
        folder, daemons = pathlib.Path(name), []
        os.chmod(name, 0o755)
        try:
            unbound = unbound_conf(folder, unbound_port, knot_port, ("test", "neg.test", "amazonses.com"),
                                   options="".join(f'    local-data: "bounce.{zone}. MX 10 {SES}."\n'
                                                   for zone in ("lame.test", "lost.example")))
            conf = knot_conf(folder, knot_port, ZONES)
            with open(conf, "a") as file:
                file.write("  - domain: lame.test\n    file: lost.zone\n")
            daemons.append(start(["knotd", "-c", conf], folder))
            wait_until_it_serves(knot_port, "d1.test")
            daemons.append(start(["unbound", "-d", "-c", unbound], folder))
            wait_until_it_serves(unbound_port, "neg.test")
            situations(program, knot_port, unbound_port, folder)
        finally:
            for daemon in daemons:
                daemon.terminate()
                daemon.wait()
    print(f"1..{number}")
    return 1 if failed else 0


sys.exit(main())
