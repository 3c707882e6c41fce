#!/usr/bin/python3
"""watch against ses-sim: what is not as wanted is named, remembered and told, and nothing else. Arguments: mailfrom,
ses-sim."""

import json
import pathlib
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

from knot_room import free_port
from rehearsal_room import (CANNOT_RUN, DONE, STOPPED, TROUBLE, Room, check, signalled, until,
                            verdict)
from timeouts import patient

ROOT = pathlib.Path(__file__).parents[2]


def made(*names, **more):
    return {name: {"mail_from": f"bounce.{name}", **more.get(name.split(".")[0], {})} for name in names}


def manifest(room, identities, **watch):
    """Two looks a second apart confirm a fault."""
    room.manifest("fleet.yaml", {name: {"mail_from": row["mail_from"]} if row.get("mail_from") else {}
                                 for name, row in identities.items()})
    fleet = json.loads((room.path / "fleet.yaml").read_text())
    fleet["watch"] = {"confirm": "1s", "verification": "1s", "critical": "1h", **watch}
    (room.path / "fleet.yaml").write_text(json.dumps(fleet))


def seen(room, *arguments):
    """(exit code, {(identity, kind): problem}, the object, what was complained about)."""
    process = room.run("watch", *(arguments or ["fleet.yaml"]), "--format", "json")
    try:
        found = json.loads(process.stdout_text)
    except json.JSONDecodeError:
        found = {"problems": []}
    return (process.returncode, {(p["identity"], p["kind"]): p for p in found["problems"]}, found,
            process.stdout_text + process.stderr_text)


def valid(found):
    try:
        import jsonschema
    except ImportError:
        return True
    schema = json.loads((ROOT / "docs/watch.schema.json").read_text())
    return not list(jsonschema.Draft7Validator(schema).iter_errors(found))


def losses_are_seen_and_go():
    fleet = made("mx.example", "spf.example", "name.example", "behavior.example", "well.example")
    with Room(*sys.argv[1:3], fleet) as room:
        manifest(room, fleet)
        code, problems, found, said = seen(room)
        check("all is well", code == DONE and not problems and found["verdict"] == "well", code, said)
        check("the object is as its schema says", valid(found), found)
        text = room.ends("and says so to a person", DONE, "watch", "fleet.yaml")
        check("in one line", re.match(r"All is well: 5 identities, .* [2-6] calls to SES", text), text)
        check("and so for a plugin of Nagios", (room.run("watch", "fleet.yaml", "--format", "nagios").stdout_text)
              .startswith("MAILFROM OK - 5 identities are as wanted | identities=5;;;0"))

        del room.names.records[("bounce.mx.example", "MX")]
        del room.names.records[("bounce.spf.example", "TXT")]
        room.set("name.example", "other.name.example")
        room.set("behavior.example", "bounce.behavior.example", "RejectMessage")
        until(lambda: room.ses()["behavior.example"][2] == "Success")
        code, problems, found, said = seen(room)
        wanted = {("mx.example", "mx-gone"), ("spf.example", "spf-gone"), ("name.example", "drift-name"),
                  ("behavior.example", "drift-behavior")}
        check("one look sees what is wrong", wanted <= set(problems), said)
        check("and tells nobody yet", code == TROUBLE and found["by_level"]["unconfirmed"] >= 4 and not found["by_level"]["warning"],
              code, said)
        check("a plugin of Nagios says it is all right", room.run("watch", "fleet.yaml", "--format", "nagios").returncode == 0)
        since = problems.get(("mx.example", "mx-gone"), {}).get("since")
        time.sleep(1.1)
        code, problems, found, said = seen(room)
        told = {key for key, p in problems.items() if p["level"] == "warning"}
        check("two looks a second apart confirm it", code == TROUBLE and wanted <= told, code, said)
        check("since the first look that saw it", problems[("mx.example", "mx-gone")]["since"] == since, said)
        check("the object is as its schema says", valid(found), found)
        check("the MX is named with the command that mends it",
              "bounce.mx.example" in problems[("mx.example", "mx-gone")]["reason"] and
              "mailfrom records fleet.yaml --missing --only mx.example" in problems[("mx.example", "mx-gone")]["mend"], said)
        check("and so is the drift", "other.name.example" in problems[("name.example", "drift-name")]["reason"] and
              "mailfrom apply fleet.yaml" in problems[("name.example", "drift-name")]["mend"], said)
        text = room.ends("a person is told", TROUBLE, "watch", "fleet.yaml")
        check("worst first and nothing of what is well", "well.example" not in text and "4 of 5 identities are not" in text and
              since in text, text)
        text = room.ends("of the selection alone", TROUBLE, "watch", "fleet.yaml", "--only", "spf.example")
        check("that was made", "spf-gone" in text and "mx-gone" not in text, text)
        nagios = room.run("watch", "fleet.yaml", "--format", "nagios")
        check("a plugin of Nagios warns", nagios.returncode == 1 and
              re.match(r"MAILFROM WARNING - \d+ problems of 5 identities, first \S+ of \S+ \| .*warning=\d+;;;0", nagios.stdout_text),
              nagios.returncode, nagios.stdout_text)
        check("nothing was written to SES but by the other operator", len(room.writes()) == 2, room.writes())

        room.names.publish("bounce.mx.example")
        room.names.publish("bounce.spf.example")
        room.set("name.example", "bounce.name.example")
        room.set("behavior.example", "bounce.behavior.example")
        until(lambda: all(row[2] == "Success" for row in room.ses().values()))
        events = room.path / "events.jsonl"
        for _ in range(2):
            room.run("watch", "fleet.yaml", "--events", "events.jsonl")
            time.sleep(1.1)
        code, problems, found, said = seen(room)
        check("two good looks end it", code == DONE and not problems, code, said)
        lines = [json.loads(line) for line in events.read_text().splitlines()]
        ends = {(e["identity"], e["kind"]) for e in lines if e.get("to") == "well"}
        check("and outputs are told of each end once", wanted <= ends and len(lines) == len({e["id"] for e in lines}), lines)


def ses_falls_back():
    """SES looks at the MX again and again; ten hours are a second here."""
    fleet = made("lost.example", "rejects.example", rejects={"behavior": "REJECT_MESSAGE"})
    with Room(*sys.argv[1:3], fleet, sim=("--time-scale", "36000")) as room:
        room.manifest("fleet.yaml", {"lost.example": {}, "rejects.example": {"behavior_on_mx_failure": "REJECT_MESSAGE"}})
        code, problems, found, said = seen(room)
        check("all is well at first", code == DONE and not problems, code, said)
        for name in fleet:
            del room.names.records[(f"bounce.{name}", "MX")]
        until(lambda: all(row[2] == "TemporaryFailure" for row in room.ses().values()))
        code, problems, found, said = seen(room)
        lost = problems.get(("lost.example", "status-temporary"), {})
        check("TemporaryFailure is critical at once", code == TROUBLE and lost.get("level") == "critical", code, said)
        began, ends = (time.mktime(time.strptime(lost.get(key), "%Y-%m-%dT%H:%M:%SZ")) for key in ("since", "deadline"))
        check("the 72 hours end 72 hours after the first look that saw it", ends - began == 72 * 3600, lost)
        check("where mail is rejected a person is paged",
              problems.get(("rejects.example", "rejecting"), {}).get("level") == "page", said)
        check("the record that is missing ends that", "mailfrom records fleet.yaml --missing --only rejects.example" in
              (problems.get(("rejects.example", "rejecting"), {}).get("mend") or ""), said)
        nagios = room.run("watch", "fleet.yaml", "--format", "nagios")
        check("a plugin of Nagios is critical", nagios.returncode == 2 and "first rejecting of rejects.example" in nagios.stdout_text,
              nagios.stdout_text)
        until(lambda: all(row[2] == "Failed" for row in room.ses().values()), 120)
        code, problems, found, said = seen(room)
        failed = problems.get(("lost.example", "status-failed"), {})
        check("Failed comes with the command that restarts it", failed.get("level") == "critical" and
              "mailfrom apply fleet.yaml --only lost.example" in (failed.get("mend") or ""), said)
        check("and so does mail that is rejected, which no record ends any more", "mailfrom apply fleet.yaml --only rejects.example"
              in (problems.get(("rejects.example", "rejecting"), {}).get("mend") or ""), said)


def verification_is_looked_at():
    fleet = made("bad.example", "good.example", bad={"verified": "FAILED"})
    del fleet["bad.example"]["mail_from"]
    with Room(*sys.argv[1:3], {**fleet, "bad.example": {"verified": "FAILED"}}) as room:
        room.manifest("fleet.yaml", {"bad.example": {}, "good.example": {}, "none.example": {}})
        code, problems, found, said = seen(room)
        check("an identity that is not verified is seen", ("bad.example", "identity-unverified") in problems, said)
        check("and one that SES does not know", ("none.example", "identity-missing") in problems, said)
        check("which the exit code says at once", code == TROUBLE, code)
        calls = [c["action"] for c in room.calls()]
        seen(room)
        again = [c["action"] for c in room.calls()][len(calls):]
        check("verification is asked again only where it was not good", again.count("GetIdentityVerificationAttributes") == 1 and
              len(room.calls()[-1]["identities"] or [0]) <= 3, again)


def page(port, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=patient(5)) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def goes_on(room, *arguments, **more):
    return room.start("watch", *arguments, **more)


def endless():
    fleet = made("a.example", "b.example")
    with Room(*sys.argv[1:3], fleet) as room:
        manifest(room, fleet)
        port = free_port()
        watch = goes_on(room, "fleet.yaml", "--every", "1s", "--events", "e.jsonl", "--metrics", "w.prom", "--listen",
                        f"127.0.0.1:{port}")
        metrics = room.path / "w.prom"
        check("it looks again and again", until(lambda: sum(c["action"] == "GetAccount" for c in room.calls()) >= 3))
        check("its page says that it is well", page(port, "/healthz")[0] == 200, page(port, "/healthz"))
        check("and has the figures", "mailfrom_watch_last_success_timestamp_seconds" in page(port, "/metrics")[1], page(port, "/metrics"))
        second = room.run("watch", "fleet.yaml")
        check("a second one beside it is refused, and says who has it", second.returncode == CANNOT_RUN and
              str(watch.pid) in second.stderr_text, second.returncode, second.stderr_text)
        dry = room.run("watch", "fleet.yaml", "--dry-run")
        check("a look that remembers nothing goes", dry.returncode == DONE, dry.stderr_text)
        del room.names.records[("bounce.a.example", "MX")]
        lines = lambda: [json.loads(line) for line in (room.path / "e.jsonl").read_text().splitlines()]
        check("a loss is told once it lasts", until(lambda: any(e.get("kind") == "mx-gone" for e in lines()), 20), lines())
        check("and is in the figures", until(lambda: 'mailfrom_problems{kind="mx-gone"} 1' in metrics.read_text()), metrics.read_text())
        check("and on the page", until(lambda: "a.example" in page(port, "/api/rows?q=a.example&state=warning")[1]),
              page(port, "/api/rows?q=a.example"))
        time.sleep(1)
        began = time.monotonic()
        out, complaints = signalled(watch, signal.SIGTERM)
        check("SIGTERM ends it soon, also while it sleeps", watch.returncode == STOPPED and time.monotonic() - began < patient(3),
              watch.returncode, time.monotonic() - began, complaints)
        check("what changed is a line for a person", "mx-gone" in out, out, complaints)
        told = [e for e in lines() if e.get("kind") == "mx-gone"]
        code, problems, found, said = seen(room)
        check("the next process knows since when", problems[("a.example", "mx-gone")]["since"][:19] == told[0]["since"][:19], told, said)
        check("and it was told once", len(told) == 1, told)

        watch = goes_on(room, "fleet.yaml", "--every", "1s", "--events", "f.jsonl")
        looks = sum(c["action"] == "GetAccount" for c in room.calls())
        until(lambda: sum(c["action"] == "GetAccount" for c in room.calls()) > looks + 1)
        (room.path / "fleet.yaml").write_text("version: 1\nidentities: [\n")
        fell = lambda: [json.loads(line) for line in (room.path / "f.jsonl").read_text().splitlines()]
        failures = lambda: [e["level"] for e in fell() if e["type"] == "sweep-failed"]
        check("a sweep that cannot look is told, and it goes on",
              until(lambda: failures() == ["critical"]) and watch.poll() is None, fell())
        time.sleep(2.2)
        check("once, however many there are", failures() == ["critical"] and watch.poll() is None, fell())
        manifest(room, fleet)
        check("and that sweeps look again, too", until(lambda: failures() == ["critical", "well"]), fell())
        signalled(watch, signal.SIGINT)
        check("SIGINT ends it too", watch.returncode == STOPPED, watch.returncode)

        manifest(room, fleet)
        room.sim.send_signal(signal.SIGSTOP)
        watch = goes_on(room, "fleet.yaml")
        time.sleep(patient(1))
        began = time.monotonic()
        out, complaints = signalled(watch, signal.SIGTERM)
        room.sim.send_signal(signal.SIGCONT)
        check("and a look that waits for SES", watch.returncode == STOPPED and time.monotonic() - began < patient(3),
              watch.returncode, time.monotonic() - began, out, complaints)


def cannot_look():
    fleet = made("a.example")
    with Room(*sys.argv[1:3], fleet) as room:
        manifest(room, fleet)
        bad = {**room.environment(), "AWS_SECRET_ACCESS_KEY": "wrong"}
        process = subprocess.run(room.command("watch", "fleet.yaml"), cwd=room.path, env=bad, capture_output=True, text=True)
        check("with keys that are refused it could not look", process.returncode == CANNOT_RUN and process.stderr, process)
        process = subprocess.run(room.command("watch", "fleet.yaml", "--format", "nagios"), cwd=room.path, env=bad,
                                 capture_output=True, text=True)
        check("which is UNKNOWN to Nagios", process.returncode == 3 and process.stdout.startswith("MAILFROM UNKNOWN - "), process)
        room.names.socket.close()
        process = room.run("watch", "fleet.yaml")
        check("no answer about the only name is trouble of that name", process.returncode == TROUBLE and
              "dns-trouble" in process.stdout_text, process.returncode, process.stdout_text, process.stderr_text)
    many = made(*(f"n{i}.example" for i in range(12)))
    with Room(*sys.argv[1:3], many) as room:
        manifest(room, many)
        room.names.socket.close()
        process = room.run("watch", "fleet.yaml")
        check("about none of a dozen: without DNS it could not look", process.returncode == CANNOT_RUN and
              "DNS" in process.stderr_text, process.returncode, process.stdout_text, process.stderr_text)
        room.ends("--every and --dry-run are refused together", CANNOT_RUN, "watch", "fleet.yaml", "--every", "1m", "--dry-run")


def beside_apply():
    fleet = {"done.example": {}, "late.example": {"late": True}}
    with Room(*sys.argv[1:3], fleet) as room:
        room.manifest("fleet.yaml", {name: {} for name in fleet})
        apply = room.start("apply", "fleet.yaml", "--yes")
        until(lambda: any(c["identities"] == ["done.example"] for c in room.writes()))
        until(lambda: room.ses()["done.example"][2] == "Success")
        code, problems, found, said = seen(room, "1")
        check("a run is watched while it goes on", code == TROUBLE and {i for i, _ in problems} == {"late.example"}, code, said)
        check("its manifest is named where a run is not enough", "apply" in
              (problems.get(("late.example", "drift-name"), {}).get("mend") or ""), said)
        check("and the run is not disturbed", apply.poll() is None)
        room.names.publish("bounce.late.example")
        out, complaints = apply.communicate(timeout=patient(120))
        check("it ends well", apply.returncode == DONE, out, complaints)
        for _ in range(2):
            code, problems, found, said = seen(room, "1")
        check("then all is well but for what has not lasted", not any(p["level"] != "unconfirmed" for p in problems.values()) or
              all(p["well_since"] for p in problems.values()), said)


def damaged_memory_begins_anew():
    fleet = made("well.example")
    with Room(*sys.argv[1:3], fleet) as room:
        manifest(room, fleet)
        room.ends("a look that leaves a memory", DONE, "watch", "fleet.yaml")
        memory = room.path / ".mailfrom/journal.db.watch"
        whole = memory.read_bytes()
        memory.write_bytes(whole[:4096] + bytes(len(whole) - 4096))
        process = room.run("watch", "fleet.yaml")
        check("what is damaged is put aside, and watching goes on", process.returncode == DONE and
              "remembers nothing of before" in process.stderr_text and memory.with_name("journal.db.watch.damaged").exists(),
              process.returncode, process.stderr_text)
        process = room.run("watch", "fleet.yaml")
        check("once", process.returncode == DONE and "damaged" not in process.stderr_text, process.stderr_text)


losses_are_seen_and_go()
damaged_memory_begins_anew()
ses_falls_back()
verification_is_looked_at()
endless()
cannot_look()
beside_apply()
verdict()
