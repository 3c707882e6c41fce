#!/usr/bin/python3
"""publish and withdraw over the wire: Route 53 and Cloudflare by ses-sim, RFC 2136 and all authorities by Knot
DNS, which serves what the providers accept. Arguments: mailfrom, ses-sim."""

import base64
import csv
import io
import json
import os
import pathlib
import pty
import select
import subprocess
import sys
import tempfile
import time
import urllib.request

import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.tsigkeyring
import dns.update
import jsonschema

from knot_room import free_port, knot_conf, start, wait_until_it_serves
from rehearsal_room import CANNOT_RUN, DONE, STOPPED, TROUBLE, check, verdict
from timeouts import patient

MAILFROM, SIM = sys.argv[1:3]
STATUS = json.loads((pathlib.Path(__file__).resolve().parents[2] / "docs/status.schema.json").read_text())
ACCOUNT, DNS_ACCOUNT = "111122223333", "444455556666"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
KEY = ("hmac-sha256", "sim-key", base64.b64encode(b"0123456789abcdef0123456789abcdef").decode())
TWO = "2" * 32
MX, SPF = "10 feedback-smtp.us-east-1.amazonses.com.", '"v=spf1 include:amazonses.com ~all"'

# By zone: what stands there before. That amazonses.com can be asked is no condition of publishing. The names are traps, but for those called good and late.
ZONES = {
    "test": "",
    "r53.test": "bounce.alias CNAME elsewhere.example.\n"
                "bounce.mail MX 5 mail.example.\n"
                "bounce.spf TXT \"v=spf1 ip4:192.0.2.1 ~all\"\nbounce.spf TXT \"kept=1\"\n"
                "*.wild A 192.0.2.7\n*.wild MX 5 mail.example.\n*.site A 192.0.2.7\n"
                f"bounce.there MX {MX}\nbounce.there TXT {SPF}\n",
    "upd.test": "bounce.alias CNAME elsewhere.example.\n",
    "cf.test": "bounce.mail MX 5 mail.example.\n",
    "orphan.test": "", "nobody.test": "",
}
IDENTITIES = ["good.r53.test", "late.r53.test", "alias.r53.test", "mail.r53.test", "spf.r53.test", "x.wild.r53.test", "x.site.r53.test",
              "there.r53.test", "good.upd.test", "alias.upd.test", "good.cf.test", "mail.cf.test", "good.orphan.test",
              "good.nobody.test"]
# For two runs that are paused. Cloudflare is read name by name, three a second, before its change leaves.
HELD = [[f"{run}.r53.test", f"{run}.upd.test", *(f"{run}{i}.cf.test" for i in range(9))] for run in ("held", "more")]
BOTH = ["both.r53.test", "both.upd.test", "both.cf.test"]  # no records, no setting: one run makes both


class Room:
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.folder.name)
        os.chmod(self.path, 0o755)
        self.port = free_port()
        knot = self.path / "knot"
        knot.mkdir()
        conf = knot_conf(knot, self.port, ZONES, KEY)
        self.knot = start(["knotd", "-c", conf], knot)
        wait_until_it_serves(self.port, "r53.test")
        where, key = f"127.0.0.1:{self.port}", ":".join(KEY)
        rows = [f"route53,{DNS_ACCOUNT},ZR53,r53.test,,ns.r53.test,{where},{key},{knot}/r53.test.zone",
                f"route53,{DNS_ACCOUNT},ZPRIVATE,r53.test,private,,,,",
                f"route53,{DNS_ACCOUNT},ZTWIN,r53.test,,ns-9.awsdns-9.org,,,",
                f"route53,{DNS_ACCOUNT},ZORPHAN,orphan.test,,ns-9.awsdns-9.org,,,",
                f"cloudflare,{'c' * 32},{TWO},cf.test,,ns.cf.test,{where},{key},{knot}/cf.test.zone"]
        (self.path / "zones.csv").write_text("provider,account,id,name,state,name_servers,server,key,file\n" + "\n".join(rows) + "\n")
        (self.path / "keys.csv").write_text(
            "account,access_key_id,secret_access_key,session_token,deny,only\n"
            f"{ACCOUNT},AKIDEXAMPLE,{SECRET},,,\n{DNS_ACCOUNT},AKIDDNS,{SECRET},,,\n{'c' * 32},{'d' * 32},cf-token,,,\n")
        (self.path / "identities.csv").write_text(
            "account,region,identity,type,verified,mail_from,behavior,status,forwarding\n" +
            "".join(f"{ACCOUNT},us-east-1,{name},DOMAIN,SUCCESS,,USE_DEFAULT_VALUE,,true\n" for name in IDENTITIES + BOTH + HELD[0] + HELD[1]))
        self.log = self.path / "calls.jsonl"
        self.sim = subprocess.Popen([SIM, "--identities", self.path / "identities.csv", "--zones", self.path / "zones.csv",
                                     "--credentials", self.path / "keys.csv", "--resolver", where, "--rate", "200",
                                     "--burst", "200", "--detect-after", "1", "--log", self.log],
                                    stdout=subprocess.PIPE, text=True)
        self.url = self.sim.stdout.readline().removeprefix("ready ").strip()
        self.home = self.path / "home"
        (self.home / ".aws").mkdir(parents=True)
        (self.home / ".aws/config").write_text("[profile mail]\nregion = us-east-1\n[profile dns]\nregion = us-east-1\n")
        (self.home / ".aws/credentials").write_text(
            f"[mail]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = {SECRET}\n"
            f"[dns]\naws_access_key_id = AKIDDNS\naws_secret_access_key = {SECRET}\n")
        (self.path / "tsig.key").write_text(f'key "{KEY[1]}" {{\n  algorithm {KEY[0]};\n  secret "{KEY[2]}";\n}};\n')
        os.chmod(self.path / "tsig.key", 0o600)
        self.manifest("fleet.yaml", IDENTITIES)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in (self.sim, self.knot):
            process.terminate()
            process.wait()
        self.sim.stdout.close()
        self.folder.cleanup()

    def manifest(self, name, identities):
        (self.path / name).write_text(f"""version: 1
accounts:
  mail: {{profile: mail, regions: [us-east-1]}}
  dns: {{profile: dns, account_id: "{DNS_ACCOUNT}"}}
dns:
  publish:
    - zones: [r53.test, orphan.test]
      route53: {{account: dns, endpoint_url: {self.url}}}
    - zones: [upd.test]
      rfc2136: {{server: "127.0.0.1:{self.port}", key_file: tsig.key}}
    - zones: ["cf.*"]
      cloudflare: {{token_env: CF_TOKEN, endpoint_url: {self.url}}}
defaults: {{account: mail, mail_from: "bounce.{{domain}}"}}
identities:
""" + "".join(f"  - {i}\n" for i in identities))

    def environment(self):
        return {"HOME": str(self.home), "PATH": os.environ["PATH"], "CF_TOKEN": "cf-token", "AWS_EC2_METADATA_DISABLED": "true",
                "AWS_ENDPOINT_URL": self.url}

    def run(self, *arguments, **more):
        env = {**self.environment(), **more}
        return subprocess.run([MAILFROM, *map(str, arguments)], cwd=self.path, env=env, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=patient(120))

    def ends(self, title, code, *arguments, **more):
        process = self.run(*arguments, **more)
        check(title, process.returncode == code, process.returncode, process.stdout, process.stderr)
        return process.stdout + process.stderr

    def reach(self):
        return ["--resolver", f"127.0.0.1:{self.port}", "--authority-port", self.port]

    def publish(self, title, code, *arguments, **more):
        """The rows of the CSV by (name, type), and what was said."""
        process = self.run("publish", *arguments, *self.reach(), "--report", "csv:out.csv", **more)
        check(title, process.returncode == code, process.returncode, process.stdout, process.stderr)
        return self.rows("out.csv"), process.stdout + process.stderr

    def rows(self, name):
        path = self.path / name
        rows = list(csv.DictReader(io.StringIO(path.read_text()))) if path.exists() else []
        return {(row["name"], row["type"]): row for row in rows}

    def served(self, name, kind):
        answer = dns.query.tcp(dns.message.make_query(name, kind), "127.0.0.1", port=self.port, timeout=patient(5))
        return sorted(r.to_text() for s in answer.answer for r in s if dns.rdatatype.to_text(s.rdtype) == kind)

    def calls(self, *actions):
        lines = [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []
        return [line for line in lines if line.get("action") in actions]


CHANGES = ("ChangeResourceRecordSets", "POST dns_records/batch", "cloudflare:BatchRecords")
GOOD = ["bounce.good.r53.test", "bounce.late.r53.test", "bounce.good.upd.test", "bounce.good.cf.test"]
TRAPS = {
    "bounce.alias.r53.test": "CNAME", "bounce.mail.r53.test": "MX", "bounce.spf.r53.test": "SPF",
    "bounce.x.wild.r53.test": "wildcard", "bounce.x.site.r53.test": "is there by a wildcard alone", "bounce.alias.upd.test": "CNAME", "bounce.mail.cf.test": "MX",
    "bounce.good.orphan.test": "not delegated to", "bounce.good.nobody.test": "no provider under dns.publish",
}


def snapshot(room):
    names = ["bounce." + i for i in IDENTITIES]
    return {(n, k): room.served(n, k) for n in names for k in ("MX", "TXT", "CNAME")}


def dry_run(room):
    before = snapshot(room)
    rows, text = room.publish("a dry run says that some names need a person", TRAPS and TROUBLE, "fleet.yaml", "--dry-run")
    for name in GOOD:
        check(f"{name} would get both record sets", rows.get((name, "MX"), {}).get("outcome") == "planned"
              and rows.get((name, "TXT"), {}).get("outcome") == "planned", rows.get((name, "MX")), text)
    for name, word in TRAPS.items():
        row = rows.get((name, "MX"), {})
        check(f"{name} is left to a person, for the {word}", row.get("outcome") == "blocked" and word in row.get("reason", ""), row)
    there = rows.get(("bounce.there.r53.test", "MX"), {})
    check("what is there is unchanged", there.get("outcome") == "unchanged", there)
    zone = rows.get((GOOD[0], "MX"), {})
    check("of three zones of one name the one in force is taken", zone.get("zone_id") == "ZR53", zone)
    check("nothing was written", snapshot(room) == before and not room.calls(*CHANGES))
    text = room.ends("with --verbose it prints what would be sent", DONE, "publish", "fleet.yaml", "--dry-run", "--verbose", "--only", "good.r53.test",
                     "--only", "good.cf.test", "--only", "good.upd.test", *room.reach())
    check("the XML for Route 53", "<Action>CREATE</Action><ResourceRecordSet><Name>bounce.good.r53.test" in text, text)
    check("the JSON for Cloudflare", '"content":"feedback-smtp.us-east-1.amazonses.com"' in text, text)
    check("and the octets of the update", "UPDATE of zone upd.test would send:" in text and b"bounce".hex() in text, text)
    check("and no journal was made", not (room.path / ".mailfrom").exists())
    text = room.ends("without --yes and a terminal nothing is done", CANNOT_RUN, "publish", "fleet.yaml", *room.reach())
    check("and why is said", "--yes" in text, text)


def planned(room):
    """A plan that was reviewed: what it has is created, and nothing else."""
    room.ends("--out writes a plan", DONE, "publish", "fleet.yaml", "--only", "good.upd.test", "--out", "one.plan", *room.reach())
    check("and nothing else", room.served("bounce.good.upd.test", "MX") == [] and not (room.path / ".mailfrom").exists())
    text = room.ends("a plan that is there stays", CANNOT_RUN, "publish", "fleet.yaml", "--out", "one.plan", *room.reach())
    check("without --force", "--force" in text, text)
    plan = json.loads((room.path / "one.plan").read_text())
    (room.path / "other.plan").write_text(json.dumps(plan).replace('"zone_id": null', '"zone_id": "ZELSEWHERE"'))
    rows, text = room.publish("a plan for another zone is not carried out", TROUBLE, "fleet.yaml", "--yes", "--plan", "other.plan")
    row = rows.get(("bounce.good.upd.test", "MX"), {})
    check("its name is left to a person", row.get("outcome") == "blocked" and "no longer what the plan showed" in row.get("reason", ""), row, text)
    rows, text = room.publish("a plan of one name is carried out", DONE, "fleet.yaml", "--yes", "--plan", "one.plan")
    check("and touches no other", {n for n, _ in rows} == {"bounce.good.upd.test"} and room.served("bounce.good.r53.test", "MX") == [], rows)
    check("13 names that it lacks are counted", "13 names of the manifest have no change in the plan" in text, text)
    text = room.ends("what is no plan is refused", CANNOT_RUN, "publish", "fleet.yaml", "--yes", "--plan", "tsig.key", *room.reach())
    check("with what it should be", "not a plan of publish" in text, text)
    room.ends("and it is taken back", DONE, "withdraw", 2, "--yes", *room.reach())
    for file in (room.path / ".mailfrom").iterdir():
        file.unlink()


def on_terminal(room, answer, before_answer, *arguments):
    """A verb that asks; the exit code, and what was on the screen."""
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(room.path)
        os.execve(MAILFROM, [MAILFROM, *map(str, arguments), *map(str, room.reach())], room.environment())
    seen, asked, deadline = "", False, time.monotonic() + patient(60)
    while time.monotonic() < deadline:
        if select.select([fd], [], [], 0.2)[0]:
            try:
                seen += os.read(fd, 65536).decode(errors="replace")
            except OSError:
                break
        if not asked and "as shown?" in seen:
            asked = True
            before_answer()
            os.write(fd, answer.encode())
    os.close(fd)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), seen


def asked(room):
    """What becomes possible between the plan on the screen and the yes is not done."""
    def free():
        update = dns.update.UpdateMessage("upd.test", keyring=dns.tsigkeyring.from_text({KEY[1]: KEY[2]}), keyalgorithm=KEY[0])
        update.delete("bounce.alias", "CNAME")
        dns.query.tcp(update, "127.0.0.1", port=room.port, timeout=patient(5))

    code, seen = on_terminal(room, "no\n", lambda: None, "publish", "fleet.yaml", "--only", "good.upd.test")
    check("a no creates nothing", code == CANNOT_RUN and room.served("bounce.good.upd.test", "MX") == [], code, seen)
    code, seen = on_terminal(room, "yes\n", free, "publish", "fleet.yaml", "--only", "*.upd.test")
    check("a yes creates what was shown", room.served("bounce.good.upd.test", "MX") == [MX], code, seen)
    check("and nothing that has become free since", code == TROUBLE and room.served("bounce.alias.upd.test", "MX") == [] and
          "no longer what the plan showed" in seen, code, seen)
    code, seen = on_terminal(room, "yes\n", lambda: None, "withdraw", 1)
    check("withdraw asks too", code == DONE and room.served("bounce.good.upd.test", "MX") == [], code, seen)
    update = dns.update.UpdateMessage("upd.test", keyring=dns.tsigkeyring.from_text({KEY[1]: KEY[2]}), keyalgorithm=KEY[0])
    update.add("bounce.alias", 60, "CNAME", "elsewhere.example.")
    dns.query.tcp(update, "127.0.0.1", port=room.port, timeout=patient(5))
    for file in (room.path / ".mailfrom").iterdir():
        file.unlink()


def publishes(room):
    before = snapshot(room)
    rows, text = room.publish("the fleet is published", TROUBLE, "fleet.yaml", "--yes")
    for name in GOOD:
        check(f"{name} has both record sets at the authority", (room.served(name, "MX"), room.served(name, "TXT")) == ([MX], [SPF]), text)
        check("and the report says created", {rows.get((name, t), {}).get("outcome") for t in ("MX", "TXT")} == {"created"}, rows.get((name, "MX")))
    after = snapshot(room)
    others = {k: v for k, v in before.items() if k[0] not in GOOD}
    check("every other name is as before", {k: after[k] for k in others} == others)
    check("two names of one zone left in one change", len(room.calls("ChangeResourceRecordSets")) == 1, room.calls("ChangeResourceRecordSets"))
    check("withdraw is named as the way back", "mailfrom withdraw 1" in text, text)
    text = room.ends("status knows such a run", DONE, "status", 1)
    check("and tells its record sets", "8 record sets created" in text or "8 created" in text, text)
    again = room.run("report", 1, "--report", "csv:again.csv")
    check("report writes the same bytes again", again.returncode == DONE and (room.path / "again.csv").read_bytes() == (room.path / "out.csv").read_bytes(),
          again.stderr)
    for form in ("json", "html", "markdown", "junit"):
        room.ends(f"as {form}", DONE, "report", 1, "--report", f"{form}:run.{form}")
    summary = json.loads((room.path / "run.json").read_text())["summary"]
    check("the JSON counts them", summary["created"] == 8, summary)
    text = room.ends("rollback refuses such a run", CANNOT_RUN, "rollback", 1, "--yes")
    check("and names withdraw", "mailfrom withdraw 1" in text, text)
    rows, text = room.publish("a second publish changes nothing", TROUBLE, "fleet.yaml", "--yes")
    check("all is unchanged or left", {r["outcome"] for r in rows.values()} == {"unchanged", "blocked"}, rows)


def merges(room):
    room.manifest("spf.yaml", ["spf.r53.test"])
    rows, text = room.publish("--merge-spf is a consent", DONE, "spf.yaml", "--yes", "--merge-spf")
    txt = room.served("bounce.spf.r53.test", "TXT")
    check("the SPF record has Amazon SES, the other TXT stays", sorted(txt) == ['"kept=1"', '"v=spf1 include:amazonses.com ip4:192.0.2.1 ~all"'], txt, text)
    check("and the report says merged", rows.get(("bounce.spf.r53.test", "TXT"), {}).get("outcome") == "merged", rows)


def withdraws(room):
    room.ends("an identity gets a name that was published", DONE, "apply", "fleet.yaml", "--yes", "--only", "good.r53.test",
              "--only", "late.r53.test", *room.reach(), "--dns", "authority")
    room.ends("and another gets its default back", DONE, "rollback", 4, "--yes", "--only", "late.r53.test", *room.reach())
    process = room.run("withdraw", 1, "--yes", *room.reach(), "--report", "csv:kept.csv")
    row = room.rows("kept.csv").get(("bounce.late.r53.test", "MX"), {})
    check("within five days of its last use a name is not taken back", process.returncode == TROUBLE and row.get("outcome") == "blocked"
          and "five days" in row.get("reason", ""), process.returncode, row, process.stdout, process.stderr)
    check("it is still served", room.served("bounce.late.r53.test", "MX") == [MX])
    process = room.run("withdraw", 1, "--yes", "--now", *room.reach(), "--report", "csv:gone.csv")
    rows = room.rows("gone.csv")
    row = rows.get(("bounce.good.r53.test", "MX"), {})
    check("a name that an identity has is left, even with --now", process.returncode == TROUBLE and row.get("outcome") == "blocked"
          and "MAIL FROM of good.r53.test" in row.get("reason", ""), process.returncode, row, process.stdout, process.stderr)
    check("it is still served", room.served("bounce.good.r53.test", "MX") == [MX])
    for name in GOOD[1:2]:
        check(f"{name} is gone", (room.served(name, "MX"), room.served(name, "TXT")) == ([], []), rows.get((name, "MX")), process.stdout, process.stderr)
        check("and the report says withdrawn", rows.get((name, "MX"), {}).get("outcome") == "withdrawn", rows.get((name, "MX")))
    check("those without any use went before", {room.rows("kept.csv")[(n, "MX")]["outcome"] for n in GOOD[2:]} == {"withdrawn"})
    check("and are gone", [room.served(n, t) for n in GOOD[2:] for t in ("MX", "TXT")] == [[]] * 4)
    check("what the run did not create stays", room.served("bounce.there.r53.test", "MX") == [MX])


def applies(room):
    room.manifest("both.yaml", BOTH + ["mail.cf.test"])
    reach = [*room.reach(), "--dns", "authority", "--rate", "50"]
    text = room.ends("a dry run of apply --publish shows both", TROUBLE, "apply", "both.yaml", "--publish", "--dry-run", *reach)
    check("settings and record sets", "3 would wait for DNS, 1 refused" in text and "6 record sets to be created" in text, text)
    check("and nothing was written", [room.served(f"bounce.{n}", "MX") for n in BOTH] == [[]] * 3)
    room.ends("a plan is kept", TROUBLE, "plan", "both.yaml", "--out", "both.plan", *reach)
    text = room.ends("a reviewed plan knows who writes which zones", TROUBLE, "apply", "--plan", "both.plan", "--publish", "--dry-run", *reach)
    check("and would create the same", "6 record sets to be created" in text, text)
    before = room.calls("PutEmailIdentityMailFromAttributes")
    process = room.run("apply", "both.yaml", "--publish", "--yes", "--no-wait", *reach, "--report", "json:both.json", "--report", "csv:both.csv")
    said = process.stdout + process.stderr
    check("a run that detaches has published first", process.returncode == STOPPED, process.returncode, said)
    for name in BOTH:
        check(f"bounce.{name} has both record sets", (room.served(f"bounce.{name}", "MX"), room.served(f"bounce.{name}", "TXT")) == ([MX], [SPF]), said)
    report = json.loads((room.path / "both.json").read_text())
    outcomes = {i["identity"]: i["outcome"] for i in report["identities"]}
    check("its identities were set in the same run", len(room.calls("PutEmailIdentityMailFromAttributes")) == len(before) + 3
          and all(outcomes[n] in ("pending", "done") for n in BOTH) and outcomes["mail.cf.test"] == "refused", outcomes, said)
    sets = {(r["name"], r["type"]): r["outcome"] for r in report["record_sets"]}
    check("the JSON has the record sets beside the identities", all(sets[(f"bounce.{n}", t)] == "created" for n in BOTH for t in ("MX", "TXT")), sets)
    text = room.ends("resume goes on with both", TROUBLE, "resume", 8, *reach)
    text = room.ends("status shows both", DONE, "status", 8)
    check("identities and record sets", "Record sets that the run creates" in text and "6 record sets created" in text, text)
    text = room.ends("rollback puts SES back", DONE, "rollback", 8, "--yes", *reach)
    check("and says that the record sets stay", "mailfrom withdraw 8" in text and room.served("bounce.both.r53.test", "MX") == [MX], text)
    text = room.ends("withdraw takes the record sets of such a run back", DONE, "withdraw", 8, "--yes", "--now", *room.reach())
    check("they are gone", [room.served(f"bounce.{n}", t) for n in BOTH for t in ("MX", "TXT")] == [[]] * 6, text)


def withdraws_beside_a_merged_set(room):
    room.ends("of a name with a merged SPF record the MX alone is taken back", DONE, "withdraw", 3, "--yes", "--now", *room.reach())
    check("and no other record", [room.served("bounce.spf.r53.test", t) for t in ("MX", "TXT")] ==
          [[], ['"kept=1"', '"v=spf1 include:amazonses.com ip4:192.0.2.1 ~all"']], room.served("bounce.spf.r53.test", "TXT"))


def ordered(room, title, run, identities, *verb):
    """Paused before its first change leaves: looks go on, nothing is created; and all of it once it goes on."""
    manifest, page = f"run-{run}.yaml", f"127.0.0.1:{free_port()}"
    room.manifest(manifest, identities)
    process = subprocess.Popen([MAILFROM, verb[0], manifest, *map(str, verb[1:]), *map(str, room.reach()), "--listen", page], cwd=room.path,
                               env=room.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + patient(30)
    while time.monotonic() < deadline and not (room.path / ".mailfrom/journal.db.sock").exists():
        time.sleep(0.005)
    begun = time.monotonic()
    said = room.ends(f"{title} is paused", DONE, "pause", run)
    check("within a second", time.monotonic() - begun < patient(1) and "is paused" in said, said)
    time.sleep(0.5)
    names = [f"bounce.{i}" for i in identities]
    before = [room.served(n, "MX") for n in names]
    time.sleep(4)
    after = [room.served(n, "MX") for n in names]
    check("nothing is created while it is paused", process.poll() is None and after == before and [] in after, before, after)
    with urllib.request.urlopen(f"http://{page}/api/status", timeout=patient(10)) as answer:
        shown = json.load(answer)
    check("its live page tells it, and the record sets", shown["state"] == "paused" and sum(shown["record_sets"].values()) == 2 * len(names), shown)
    jsonschema.validate(shown, STATUS)
    said = room.ends("status tells it", DONE, "status", run)
    check("who and how to go on", "paused by" in said and f"mailfrom resume {run}" in said, said)
    room.ends("a pace is taken", DONE, "pace", run, "--rate", "2")
    room.ends("resume goes on in the living process", DONE, "resume", run)
    out, err = process.communicate(timeout=patient(120))
    check(f"{title} creates all of it", [room.served(n, t) for n in names for t in ("MX", "TXT")] == [[MX], [SPF]] * len(names), out, err)
    check("and has told the orders", all(words in err for words in ("has paused this run", "has set the pace", "lets this run go on")), err)
    return process.returncode, out + err


def orders(room):
    code, said = ordered(room, "publish", 12, HELD[0], "publish", "--yes")
    check("publish ends well", code == DONE, code, said)
    code, said = ordered(room, "apply --publish", 13, HELD[1], "apply", "--publish", "--yes", "--no-wait", "--rate", "20")
    check("apply --publish has written its identities after that", code == STOPPED and "mailfrom resume 13" in said, code, said)


def main():
    with Room() as room:
        dry_run(room)
        planned(room)
        asked(room)
        publishes(room)
        merges(room)
        withdraws(room)
        applies(room)
        withdraws_beside_a_merged_set(room)
        orders(room)
    verdict()


main()
