#!/usr/bin/python3
"""What only SES knows: global endpoints whose two Regions differ, and open recommendations of the
advisor, in plan, apply and discover; what is asked for it, and who may refuse it. And plan says before a
big apply that SES will send an e-mail for each change of state. Arguments: mailfrom, ses-sim."""

import collections
import json
import re
import sys

from rehearsal_room import ACCOUNT, DONE, Room, check, verdict

EAST, WEST = "us-east-1", "eu-west-1"
KEYS = ["AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"]
BOTH = ["same.test", "wanted.test", "behavior.test"]
IN_EAST = ["apart.test", "alike.test", "nowhere.test"]  # rows in EAST only
DIFFER = {("wanted.test", EAST), ("wanted.test", WEST), ("behavior.test", EAST), ("behavior.test", WEST),
          ("apart.test", EAST)}
NEW = ("ListMultiRegionEndpoints", "ListRecommendations")


class TwoRegions(Room):
    """The identities of Room in EAST, and some of them in WEST."""

    def __init__(self, mailfrom, ses_sim, many=0, deny=""):
        names = [*BOTH, *IN_EAST, "other.test", *(f"d{i:03}.test" for i in range(many))]
        self.deny = deny
        super().__init__(mailfrom, ses_sim, {name: {} for name in names}, rate=1000)

    def write_table(self):
        header = "account,region,identity,type,verified,mail_from,behavior,status,forwarding\n"
        rows = [(EAST, name, "", "") for name in self.identities]
        rows += [(WEST, name, "", "") for name in [*BOTH, "other.test"]]
        rows += [(WEST, "apart.test", "m.apart.test", "SUCCESS"), (WEST, "alike.test", "bounce.alike.test", "SUCCESS")]
        (self.path / "identities.csv").write_text(header + "".join(
            f"{ACCOUNT},{region},{name},DOMAIN,SUCCESS,{mail_from},USE_DEFAULT_VALUE,{status},true\n"
            for region, name, mail_from, status in rows))
        (self.path / "endpoints.csv").write_text(
            "account,name,primary,secondary,status\n" f"{ACCOUNT},old,{EAST},ap-south-1,DELETING\n" f"{ACCOUNT},ha,{EAST},{WEST},READY\n")
        advice = [f"{EAST},same.test,SPF,HIGH,OPEN,MAIL FROM record is not aligned.", f"{EAST},wanted.test,BIMI,LOW,OPEN,",
                  f"{EAST},other.test,DKIM,LOW,OPEN,", f"{EAST},apart.test,DMARC,LOW,FIXED,"]
        advice += [f"{EAST},bulk{i}.test,COMPLAINT,LOW,OPEN," for i in range(130)]
        (self.path / "recommendations.csv").write_text(
            "account,region,identity,type,impact,status,description\n" + "".join(f"{ACCOUNT},{line}\n" for line in advice))
        (self.path / "keys.csv").write_text(f"account,access_key_id,secret_access_key,deny\n{ACCOUNT},{','.join(KEYS)},{self.deny}\n")
        for name in ("endpoints", "recommendations"):
            self.more_sim += [f"--{name}", self.path / f"{name}.csv"]
        self.more_sim += ["--credentials", self.path / "keys.csv"]

    def fleet(self, name, with_west=True):
        rows = [{"identity": identity, "region": EAST} for identity in [*BOTH, *IN_EAST]]
        if with_west:
            rows += [{"identity": "same.test", "region": WEST}, {"identity": "wanted.test", "region": WEST, "mail_from": "m.{domain}"},
                     {"identity": "behavior.test", "region": WEST, "behavior_on_mx_failure": "REJECT_MESSAGE"}]
        (self.path / name).write_text(json.dumps({"version": 1, "defaults": {"mail_from": "bounce.{domain}"}, "identities": rows}))
        return name

    def asked(self):
        """How often each of the new actions was called in each Region, since the last time."""
        calls = [(c["action"], c["region"]) for c in self.calls() if c["action"] in NEW]
        new, self.heard = calls[getattr(self, "heard", 0):], len(calls)
        return dict(collections.Counter(new))


def planned(room, *words, **more):
    """(exit code, {(identity, Region): row}, standard error) of a plan."""
    done = room.run("plan", room.fleet("fleet.yaml", **more), "--report", "json:-", *words)
    rows = {(row["identity"], row["region"]): row for row in json.loads(done.stdout_text)["identities"]}
    return done.returncode, rows, done.stderr_text


def differing(rows):
    return {key: f["text"] for key, row in rows.items() for f in row["findings"] if f["rule"] == "endpoint-regions-differ"}


def a_plan_compares_the_two_regions(room):
    code, rows, said = planned(room)
    found = differing(rows)
    check("the plan ends well", code == DONE, said)
    check("rows whose other Region differs have a warning, the others have none", set(found) == DIFFER, found, said)
    wanted, apart = found.get(("wanted.test", WEST), ""), found.get(("apart.test", EAST), "")
    check("it says what the manifest has in the other Region", "endpoint ha sends half of the mail through Region us-east-1, where the "
          "manifest has MAIL FROM bounce.wanted.test with USE_DEFAULT_VALUE" in wanted and "make the two rows equal" in wanted, wanted)
    check("and what SES has there for a row without one", "Region eu-west-1, where SES has MAIL FROM m.apart.test with USE_DEFAULT_VALUE "
          "for apart.test, and MAIL FROM bounce.apart.test with USE_DEFAULT_VALUE is wanted here" in apart, apart)
    check("it is a warning and holds up nothing", {row["outcome"] for row in rows.values()} <= {"planned", "waiting-dns"}, rows)
    check("endpoints cost one call a Region, open recommendations a page a hundred where the advisor is",
          room.asked() == {(NEW[0], EAST): 1, (NEW[0], WEST): 1, (NEW[1], EAST): 2}, room.calls())
    check("the advisor's words are noted, without those about others", f"Region {EAST}: SES's advisor (Virtual Deliverability Manager) has open "
          "recommendations for identities of this run: 1 SPF and 1 of other types. Such as SPF for same.test (high impact): "
          "MAIL FROM record is not aligned." in said and "other.test" not in said, said)


def what_is_refused_is_off(mailfrom, ses_sim):
    with TwoRegions(mailfrom, ses_sim, deny="v2:ListMulti* v2:ListRecommendations") as room:
        code, rows, said = planned(room)
        check("where IAM refuses both, the plan is as good", code == DONE and not differing(rows), said)
        for action, words in zip(NEW, ("endpoint-regions-differ was not judged", "open recommendations are not known")):
            lines = [line for line in said.splitlines() if action in line]
            check(f"a refused {action} is noted once for the account", len(lines) == 1 and "note: account default: " in lines[0] and
                  "AccessDeniedException" in lines[0] and words in lines[0], said)
        check("and is not tried again", all(count == 1 for count in room.asked().values()), room.calls())
        done = room.run("discover", "--regions", f"{EAST},{WEST}", "--out", "found.yaml")
        check("so discover does", done.returncode == DONE and [line.count("note: account default: ") for line in
              done.stderr_text.splitlines() if NEW[0] in line or NEW[1] in line] == [1, 1], done.stderr_text)


def by_version_1_neither_is_asked_for(room):
    room.asked()
    for option in ("--write-api", "--read-api"):
        _, rows, said = planned(room, option, "v1")
        check(f"{option} v1 asks for neither", room.asked() == {} and not differing(rows), said)


def a_region_without_rows_is_said(room):
    room.asked()
    _, rows, said = planned(room, with_west=False)
    check("without a row in the other Region the rule is not judged, and that is said", not differing(rows) and
          f"Region {EAST}: a global endpoint sends half of the mail through Region {WEST}, and no row is in it" in said, said)


def apply_asks_once(room):
    room.asked()
    room.names.publish("m.wanted.test")
    done = room.run("apply", room.fleet("fleet.yaml"), "--yes")
    check("apply asks as often as its plan, and ends well", done.returncode == DONE and
          room.asked() == {(NEW[0], EAST): 1, (NEW[0], WEST): 1, (NEW[1], EAST): 2}, done.stderr_text)


def watch_sees_both(room):
    room.asked()
    told = room.run("watch", room.fleet("fleet.yaml"), "--all").stdout_text
    lines = told.split("endpoint-regions-differ")
    check("watch names an open recommendation, and the identities whose Regions differ as SES shows or the manifest wants",
          re.search("^warning +advisor-open +same.test", told, re.M) and len(lines) > 1 and
          f"apart.test: the global endpoint ha sends half of its mail through {WEST}, where SES has MAIL FROM m.apart.test with "
          "USE_DEFAULT_VALUE" in told and "mailfrom explain endpoint-regions-differ" in told and
          "same.test: the global" not in told and "nowhere.test: the global" not in told, told)
    check("and asks as a plan does", room.asked() == {(NEW[0], EAST): 1, (NEW[0], WEST): 1, (NEW[1], EAST): 2}, room.calls())
    room.run("watch", "fleet.yaml")
    check("but not again before verification is due", room.asked() == {}, room.calls())


def discover_tells_both(room):
    room.asked()
    done = room.run("discover", "--regions", f"{EAST},{WEST}", "--format", "json")
    lanes = {lane["region"]: lane for lane in json.loads(done.stdout_text)["lanes"]}
    ha = [e for e in lanes[EAST]["endpoints"] if e["name"] == "ha"]
    check("discover has endpoints and recommendations in its JSON", ha == [
        {"name": "ha", "status": "READY", "regions": [EAST, WEST], "differing": 2}] and
        lanes[EAST]["recommendations"] == {"SPF": 1, "DMARC": 0, "DKIM": 1, "other": 131} and
        lanes[WEST]["endpoints"] == [] and lanes[WEST]["recommendations"] is None, lanes)
    check("and in its summary", f"Global endpoint ha of account default: {EAST} and {WEST}, READY; 2 identities have another MAIL FROM or "
          "behavior in the other Region: alike.test, apart.test (mailfrom explain endpoint-regions-differ)" in done.stderr_text and
          f"Region {EAST}: 1 SPF, 0 DMARC, 1 DKIM, 131 of other types" in done.stderr_text and "endpoint old" not in done.stderr_text, done.stderr_text)
    check("for three calls and the pages", room.asked() == {(NEW[0], EAST): 1, (NEW[0], WEST): 1, (NEW[1], EAST): 2}, room.calls())


def a_big_plan_warns_of_emails(room):
    many = {f"d{i:03}.test": {} for i in range(120)}
    for count, is_told in ((120, True), (99, False)):
        part = dict(list(many.items())[:count])
        done = room.run("plan", room.manifest("many.yaml", part))
        words = " ".join(done.stdout_text.split())
        check(f"a plan of {count} sets {'warns' if is_told else 'does not warn'} of the e-mails of SES",
              (f"SES sends an e-mail for each change of a set-up's state to the address of the AWS account: {count} or more for account default"
               in words) == is_told and ("e-mail" in words) == is_told, done.stdout_text, done.stderr_text)


def main():
    with TwoRegions(sys.argv[1], sys.argv[2], many=120) as room:
        a_plan_compares_the_two_regions(room)
        by_version_1_neither_is_asked_for(room)
        a_region_without_rows_is_said(room)
        watch_sees_both(room)
        discover_tells_both(room)
        a_big_plan_warns_of_emails(room)
        apply_asks_once(room)
    what_is_refused_is_off(sys.argv[1], sys.argv[2])
    verdict()


main()
