#!/usr/bin/python3
"""Whose account: a run and a plan remember it, and what goes on with them in another account sends
nothing. Arguments: mailfrom, ses-sim."""

import json
import pathlib
import sqlite3
import sys

from rehearsal_room import ACCOUNT, DONE, STOPPED, TROUBLE, check, signalled, until, verdict
from timeouts import patient
from two_accounts import OTHER, STS, TwoAccounts

sys.path.append(str(pathlib.Path(__file__).parent.parent / "crash"))
from fault_proxy import FaultProxy  # noqa: E402

IDENTITIES = {"a.example": {}, "b.example": {"mail_from": "old.b.example"}, "late.example": {"late": True}}
BOTH = (ACCOUNT, OTHER)


def lanes_of(room, run):
    with sqlite3.connect(f"file:{room.path}/.mailfrom/journal.db?immutable=1", uri=True) as db:
        return db.execute("SELECT caller_account, caller_partition, caller_arn, begun_with FROM lane WHERE run = ?",
                          (run,)).fetchall()


def whole_life(programs):
    with TwoAccounts(*programs, IDENTITIES) as room:
        room.manifest("fleet.yaml", {name: {} for name in IDENTITIES})
        process = room.start("apply", "fleet.yaml", "--yes")
        until(lambda: len(room.writes()) >= 2)
        signalled(process, 2)
        check("a run is stopped before its end", process.returncode == STOPPED, process.returncode)
        check("the journal remembers who began it",
              lanes_of(room, 1) == [(ACCOUNT, "aws", f"arn:aws:iam::{ACCOUNT}:user/ses-sim", "environment")], lanes_of(room, 1))

        room.in_account("other")
        words = (*BOTH, "run 1", "environment")
        room.is_refused("resume in another account", "resume", words=words)
        room.is_refused("resume --retry-failed in another account", "resume", 1, "--retry-failed", words=words)
        room.is_refused("rollback in another account", "rollback", 1, "--yes", words=words)
        room.is_refused("--force is no way round", "rollback", 1, "--yes", "--force", words=words)
        room.is_refused("nor is --dry-run", "rollback", 1, "--dry-run", words=words)
        text = room.is_refused("with a profile, its name is told", "resume", "--profile", "other", words=("profile other", *words))
        check("status still says that the run can go on", "mailfrom resume" in room.run("status", 1).stdout_text, text)

        room.in_account("own")
        room.names.publish("bounce.late.example")
        room.ends("the same account by another way is the same account", DONE, "resume", "--profile", "own")
        room.in_account("other")
        room.is_refused("the ended run is not taken back elsewhere", "rollback", 1, "--yes", words=words)
        room.in_account("own")
        room.ends("it is taken back where it was made", DONE, "rollback", 1, "--yes")
        check("the rollback remembers its caller too", lanes_of(room, 2)[0][0] == ACCOUNT, lanes_of(room, 2))


def plan_files(programs):
    with TwoAccounts(*programs, {"a.example": {}}) as room:
        room.manifest("fleet.yaml", {"a.example": {}})
        room.ends("a plan is kept", DONE, "plan", "fleet.yaml", "--out", "plan.json", "--profile", "own")
        lane = json.loads((room.path / "plan.json").read_text())["lanes"][0]
        check("the plan file carries its account", lane["caller_account"] == ACCOUNT and lane["begun_with"] == "profile own", lane)
        room.is_refused("the plan is not applied in another account", "apply", "--plan", "plan.json", "--yes", "--profile", "other",
                        words=(*BOTH, "plan plan.json", "profile own", "profile other"))
        room.ends("it is applied in its own", DONE, "apply", "--plan", "plan.json", "--yes")
        check("and the run remembers it", lanes_of(room, 1)[0][0] == ACCOUNT, lanes_of(room, 1))


def one_lane_of_two(programs):
    """Only the lane of the account that differs is closed."""
    with TwoAccounts(*programs, {"a.example": {"late": True}, "b.example": {"late": True}}) as room:
        rows = [{"identity": "a.example", "account": "x"}, {"identity": "b.example", "account": "y"}]
        (room.path / "fleet.yaml").write_text(json.dumps(
            {"version": 1, "accounts": {"x": {"profile": "own"}, "y": {"profile": "other"}},
             "defaults": {"mail_from": "bounce.{domain}", "region": "us-east-1"}, "identities": rows}))
        process = room.start("apply", "fleet.yaml", "--yes")
        until(lambda: {call["account"] for call in room.sent()} == set(BOTH))
        signalled(process, 2)
        check("both lanes are remembered", [lane[0] for lane in lanes_of(room, 1)] == [ACCOUNT, OTHER], lanes_of(room, 1))
        room.swap_keys()
        for name in ("a", "b"):
            room.names.publish(f"bounce.{name}.example")
        writes = len(room.writes())
        text = room.ends("the run goes on with the other lane", TROUBLE, "resume")
        rows = room.report(1)
        check("the lane whose keys changed hands is closed with the sentence",
              rows["b.example"]["outcome"] == "failed" and all(n in rows["b.example"]["reason"] for n in BOTH), rows)
        check("the other is done", rows["a.example"]["outcome"] == "done", rows)
        check("and only there was written", [w["identities"] for w in room.writes()[writes:]] == [["a.example"]], text)
        room.write_profiles()
        room.ends("with the right keys the closed lane is done too", DONE, "resume", "--retry-failed")


def stopped_in_both(room):
    """A run over both accounts, the first one guarded, that was stopped while it waited for DNS."""
    rows = [{"identity": "a.example", "account": "x"}, {"identity": "b.example", "account": "y"}]
    (room.path / "fleet.yaml").write_text(json.dumps(
        {"version": 1, "accounts": {"x": {"profile": "own", "account_id": ACCOUNT}, "y": {"profile": "other"}},
         "defaults": {"mail_from": "bounce.{domain}", "region": "us-east-1"}, "identities": rows}))
    process = room.start("apply", "fleet.yaml", "--yes")
    until(lambda: {call["account"] for call in room.sent()} == set(BOTH))
    signalled(process, 2)
    for name in ("a", "b"):
        room.names.publish(f"bounce.{name}.example")


def resumed_without_sts(room):
    """The run is resumed while STS gives no whole answer, and goes on when it does. What it ended with, its
    output, and what SES was asked until STS was back."""
    host, port = room.url.removeprefix("http://").split(":")
    proxy = FaultProxy(host, int(port), 1, 1.0, ("eaten",))
    room.more_environment = {"AWS_ENDPOINT_URL_STS": proxy.url}
    before = len(room.sent())
    process = room.start("resume")
    tried = until(lambda: sum(proxy.requests.values()) >= 12)
    check("a resumed run asks STS again and again", tried and process.poll() is None, proxy.requests, process.poll())
    check("and signs nothing meanwhile", len(room.sent()) == before, room.sent()[before:])
    proxy.share = 0
    out, complaints = process.communicate(timeout=patient(120))
    return process.returncode, out + complaints, room.sent()[before:]


def sts_out(programs):
    """STS is out when a run is resumed: its lanes wait for it, guarded or not, and no row is lost. The keys of one
    account have become the other's meanwhile."""
    with TwoAccounts(*programs, {"a.example": {"late": True}, "b.example": {"late": True}}) as room:
        stopped_in_both(room)
        room.swap_keys()
        code, text, sent = resumed_without_sts(room)
        rows = room.report(1)
        check("the wait was said", "STS cannot be asked now" in text, text)
        check("with STS back the guarded account is done", rows["a.example"]["outcome"] == "done", text, rows)
        check("keys that turn out to be of another account close their lane", code == TROUBLE and
              rows["b.example"]["outcome"] == "failed" and all(n in rows["b.example"]["reason"] for n in BOTH), text, rows)
        check("and are used for nothing", {c["account"] for c in sent} == {ACCOUNT} and
              not any("b.example" in c["identities"] for c in sent), sent)


def unknown_accounts(programs):
    """SES at an endpoint of one's own, STS at AWS: it is not asked, and unknown is only like unknown."""
    with TwoAccounts(*programs, {"a.example": {}}) as room:
        room.manifest("fleet.yaml", {"a.example": {}})
        room.more_environment = {"AWS_ENDPOINT_URL": "", "AWS_ENDPOINT_URL_STS": "", "https_proxy": "http://127.0.0.1:9"}
        own = ("--endpoint-url", room.url)
        text = room.ends("a run where STS is not asked", DONE, "apply", "fleet.yaml", "--yes", *own)
        check("that is said once", text.count("kept as unknown") == 1, text)
        check("and remembered", lanes_of(room, 1) == [("unknown", "", "", "environment")], lanes_of(room, 1))
        check("STS was not asked", not [c for c in room.calls() if c["action"] == STS], room.calls())
        room.ends("discover asks only SES", DONE, "discover", "--regions", "us-east-1", "--out", "found.yaml", *own)
        room.more_environment = {}
        room.is_refused("a known account is not that unknown one", "rollback", 1, "--yes", words=(ACCOUNT, "run 1", "could not be asked"))
        room.more_environment = {"AWS_ENDPOINT_URL": "", "https_proxy": "http://127.0.0.1:9"}
        room.ends("unknown is like unknown", DONE, "rollback", 1, "--yes", *own)
        room.more_environment = {}
        room.ends("a run where STS is asked", DONE, "apply", "fleet.yaml", "--yes")
        room.more_environment = {"AWS_ENDPOINT_URL": "", "https_proxy": "http://127.0.0.1:9"}
        room.is_refused("is not gone on with where it is not", "rollback", 3, "--yes", *own, words=(ACCOUNT, "run 3", "unknown account"))


def blocked(programs):
    """STS cannot be reached at all."""
    with TwoAccounts(*programs, {"a.example": {}}) as room:
        room.manifest("fleet.yaml", {"a.example": {}})
        room.more_environment = {"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1"}
        text = room.ends("a run goes on without STS", DONE, "apply", "fleet.yaml", "--yes")
        check("that is said once, with the reason", text.count("kept as unknown") == 1 and "127.0.0.1" in text, text)
        check("and remembered", lanes_of(room, 1)[0][0] == "unknown", lanes_of(room, 1))
        room.ends("and taken back so", DONE, "rollback", 1, "--yes")


def main():
    for part in (whole_life, plan_files, one_lane_of_two, sts_out, unknown_accounts, blocked):
        part(sys.argv[1:3])
    verdict()


main()
