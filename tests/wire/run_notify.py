#!/usr/bin/python3
"""Notifications of runs: a file of events, hooks, webhooks, a heartbeat, metrics, and all the ways in which these
misbehave. Arguments: mailfrom, ses-sim."""

import hashlib
import hmac
import http.server
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import threading
import time

import jsonschema

from knot_room import free_port, knot_conf, start, wait_until_it_serves
from rehearsal_room import CANNOT_RUN, DONE, STOPPED, TROUBLE, Room, check, until, verdict
from timeouts import patient

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs/event.schema.json").read_text())
SECRET = "whsec-0123456789abcdef"
FLEET = {f"w{i}.example": {} for i in range(4)}
SERIES = re.compile(r'mailfrom_[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [0-9.]+')


class Receiver(http.server.BaseHTTPRequestHandler):
    """Takes webhooks and heartbeats; the path says how it misbehaves."""

    got, tries = [], {}

    def log_message(self, *_):
        pass

    def answer(self, status, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self):
        self.got.append((self.path, dict(self.headers), b""))
        self.answer(200)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        key = (self.path, self.headers["X-Mailfrom-Delivery"])
        self.tries[key] = tried = self.tries.get(key, 0) + 1
        self.got.append((self.path, dict(self.headers), body))
        kind = self.path.split("/")[1]
        if kind == "flaky" and tried == 1:
            return self.answer(500)
        if kind == "busy" and tried == 1:
            return self.answer(429, Retry_After="1")
        if kind == "reset" and tried == 1:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            return self.connection.close()
        if kind == "redirect":
            return self.answer(302, Location="/stolen")
        if kind == "gone":
            return self.answer(404)
        if kind == "slow":
            time.sleep(0.7)
        if kind == "dead":
            return self.answer(503)
        return self.answer(200)


class NotifyRoom(Room):
    secret = None
    extra = {}

    def environment(self):
        return {**super().environment(), **({"MAILFROM_WEBHOOK_SECRET": self.secret} if self.secret else {}), **self.extra}

    def script(self, name, text):
        path = self.path / name
        path.write_text("#!/bin/sh\n" + text + "\n")
        path.chmod(0o755)
        return str(path)

    def events(self, name="events.jsonl"):
        path = self.path / name
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def obeys_schema(events):
    validator = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())
    return [error.message for event in events for error in validator.iter_errors(event)]


def of(path):
    return [(headers, body) for where, headers, body in Receiver.got if where == path]


def everything(room, url):
    """One run with all outputs, half of them bad."""
    room.secret = SECRET
    room.extra = {"CHAT": f"{url}/good/secret-in-the-path", "HOOK_MINE": "seen", "OTHER_TOKEN": "unseen"}
    record = room.script("record.sh", f"cat >> {room.path}/hooked; env > {room.path}/env; ls -l /proc/self/fd > {room.path}/fds; echo heard")
    room.script("fails.sh", "exit 7")
    room.script("floods.sh", "yes nonsense | head -c 3000000; yes nonsense | head -c 3000000 >&2")
    room.script("forks.sh", f"sleep 600 & echo $! >> {room.path}/left")
    started = time.monotonic()
    text = room.ends(
        "a run with every output", DONE, "apply", "fleet.yaml", "--yes", "--events", "events.jsonl", "--metrics", "run.prom",
        "--hook", f"'{record}' one 'two three'", "--hook", "./fails.sh", "--hook", "./floods.sh", "--hook", "./forks.sh",
        "--webhook", "env:CHAT", *sum((["--webhook", f"{url}/{kind}/x"] for kind in ("flaky", "busy", "reset", "redirect", "gone", "slow")), []),
        "--heartbeat", f"{url}/beat")
    check("takes no longer for it than its outputs' patience", time.monotonic() - started < patient(25), time.monotonic() - started)
    events = room.events()
    types = [event["type"] for event in events]
    check("the file has the story of the run", types == ["run-started", "wave-done", "wave-done", "run-ended"] or
          types == ["run-started", "wave-done", "run-ended"], types)
    check("every line obeys the schema", not obeys_schema(events), obeys_schema(events))
    end = events[-1]
    check("the last one has the counts", (end["rows"], end["finished"], end["bad"], end["run"], end["verb"]) == (4, 4, 0, 1, "apply"), end)
    check("and a sentence", "run 1 has ended, 4 of 4 finished" in end["text"], end["text"])
    check("ids differ", len({event["id"] for event in events}) == len(events))
    lines = (room.path / "events.jsonl").read_text()
    check("the hook has read the same bytes", (room.path / "hooked").read_text() == lines, (room.path / "hooked").read_text())
    environment = (room.path / "env").read_text()
    check("it sees HOOK_ variables and PATH, and no secret", "HOOK_MINE=seen" in environment and "PATH=" in environment and
          not re.search("AWS_|MAILFROM_|OTHER_TOKEN|CHAT", environment), environment)
    fds = re.findall(r" (\d+) -> (.*)", (room.path / "fds").read_text())
    check("and no descriptor of ours", all(int(fd) <= 2 or "/proc/" in to or to == str(room.path / "fds") for fd, to in fds), fds)
    check("what it prints is said", "record.sh: heard" in text, text)
    check("a hook that fails is said once", text.count("fails.sh: it ended with exit code 7") == 1, text)
    check("and counted", f"{len(events)} events did not reach --hook ./fails.sh" in text, text)
    check("of a flood the beginning is said", text.count("floods.sh: nonsense") <= 10 * len(events) and "the rest of its output is left out" in text, text[:3000])
    left = [int(pid) for pid in (room.path / "left").read_text().split()]
    check("what a hook leaves behind is ended", not [pid for pid in left if pathlib.Path(f"/proc/{pid}/cmdline").exists() and
          b"sleep" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()], left)
    webhooks(events, lines, text)
    beats = [where for where, _, _ in Receiver.got if where.startswith("/beat")]
    check("the heartbeat is the last word", beats[-1] == "/beat" and set(beats) <= {"/beat", "/beat/start"}, beats)
    metrics = (room.path / "run.prom").read_text()
    series = [line for line in metrics.splitlines() if not line.startswith("#")]
    check("the metrics are series", all(SERIES.fullmatch(line) for line in series), series)
    check("of this run", 'mailfrom_run_finished{verb="apply"} 4' in series and 'mailfrom_run_number{verb="apply"} 1' in series, series)
    check("no secret is printed", not re.search(f"secret-in-the-path|{SECRET}", text + lines), text)


def webhooks(events, lines, text):
    good = of("/good/secret-in-the-path")
    check("the webhook has got every event", [body.decode() for _, body in good] == lines.splitlines(keepends=True), good)
    for headers, body in good:
        stamp, mac = re.fullmatch("t=([0-9]+),v1=([0-9a-f]{64})", headers["X-Mailfrom-Signature"]).groups()
        wanted = hmac.new(SECRET.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        check("signed", mac == wanted and abs(int(stamp) - time.time()) < patient(60), headers)
        check("as JSON, with type and id", headers["Content-Type"] == "application/json" and
              headers["X-Mailfrom-Delivery"] == json.loads(body)["id"] and headers["X-Mailfrom-Event"] == json.loads(body)["type"], headers)
    for kind in ("flaky", "busy", "reset"):
        got = of(f"/{kind}/x")
        check(f"{kind}: each event was sent again, under the same id", len(got) == 2 * len(events) and
              len({headers["X-Mailfrom-Delivery"] for headers, _ in got}) == len(events), len(got))
    for kind, words in (("redirect", "status 302, a redirect, which is not followed"), ("gone", "status 404")):
        check(f"{kind}: no event was sent twice", len(of(f"/{kind}/x")) == len(events), len(of(f"/{kind}/x")))
        check("and why is said once", text.count(words) == 1, text)
    check("no redirect was followed", not of("/stolen"))
    check("what was lost is said at the end", re.search(rf"{len(events)} events did not reach --webhook http://127.0.0.1:\d+ \(number 5\)", text), text)
    check("a slow one has got all", len(of("/slow/x")) == len(events), len(of("/slow/x")))


def hangs(room, url):
    """Neither a hook nor a server that hangs holds the run or the other outputs up."""
    room.script("hangs.sh", f"echo $$ >> {room.path}/hung; trap '' TERM; sleep 600 & wait; sleep 600")
    process = room.start("apply", "late.yaml", "--yes", "--events", "hang.jsonl", "--hook", "./hangs.sh", "--hook-timeout", "1s", "--webhook", f"{url}/dead/x",
                         "--journal", "hang.db")
    check("the run goes on, and so does the file", until(lambda: room.events("hang.jsonl")), room.events("hang.jsonl"))
    until(lambda: (room.path / "hung").exists())
    process.send_signal(signal.SIGINT)
    return process, time.monotonic()


def hung(room, process, started):
    """The end of that, which takes a while."""
    err = process.communicate(timeout=patient(60))[1]
    check("it ends within its outputs' patience", process.returncode == STOPPED and time.monotonic() - started < patient(40), process.returncode, err)
    events = room.events("hang.jsonl")
    check("a run that is stopped says so, and how to go on", events[-1]["level"] == "warning" and "mailfrom resume 1" in events[-1]["mend"], events)
    check("what hangs is said", "did not end within 1 s and was ended" in err and "status 503; the event is tried again" in err, err)
    check("and what was lost", "did not reach --hook ./hangs.sh" in err and "did not reach --webhook" in err, err)
    pids = [int(pid) for pid in (room.path / "hung").read_text().split()]
    check("no hook is left", not any(pathlib.Path(f"/proc/{pid}").exists() for pid in pids), pids)


def files(room):
    """A file that is moved, full, a FIFO without a reader, one whose reader goes away, standard output."""
    live = room.start("apply", "late.yaml", "--yes", "--events", "turn.jsonl", "--journal", "turn.db", stderr=subprocess.DEVNULL)
    until(lambda: room.events("turn.jsonl"))
    (room.path / "turn.jsonl").rename(room.path / "turn.jsonl.1")
    live.send_signal(signal.SIGINT)
    live.communicate(timeout=patient(60))
    check("a file that was moved is made anew", [e["type"] for e in room.events("turn.jsonl")] == ["run-ended"] and
          [e["type"] for e in room.events("turn.jsonl.1")] == ["run-started"], room.events("turn.jsonl"))
    (room.path / "torn.jsonl").write_text('{"format_version":1,"id":"half')
    room.ends("a torn line is there", DONE, "apply", "fleet.yaml", "--yes", "--events", "torn.jsonl", "--journal", "torn.db")
    lines = (room.path / "torn.jsonl").read_text().splitlines()
    check("and is closed before the next", lines[0].endswith('"half') and all(json.loads(line) for line in lines[1:]) and len(lines) > 2, lines)
    text = room.ends("a full disk is no end of a run", DONE, "apply", "fleet.yaml", "--yes", "--events", "/dev/full", "--journal", "full.db")
    check("is said once", text.count("--events /dev/full: cannot write to it: " + os.strerror(28)) == 1, text)
    check("and counted", "events did not reach --events /dev/full" in text, text)
    os.mkfifo(room.path / "fifo.jsonl")
    before = len(room.calls())
    text = room.ends("a FIFO that nobody reads is refused", CANNOT_RUN, "apply", "fleet.yaml", "--yes", "--events", "fifo.jsonl", "--journal", "no.db")
    check("before anything is done", "is a FIFO that no process reads" in text and len(room.calls()) == before and not (room.path / "no.db").exists(), text)
    reader = subprocess.Popen(["cat", room.path / "fifo.jsonl"], stdout=subprocess.PIPE, text=True)
    time.sleep(0.1)
    room.ends("one that is read is written to", DONE, "apply", "fleet.yaml", "--yes", "--events", "fifo.jsonl", "--journal", "fifo.db")
    check("with every event", [json.loads(line)["type"] for line in reader.communicate(timeout=patient(20))[0].splitlines()][-1] == "run-ended")
    done = room.run("apply", "fleet.yaml", "--yes", "--events", "-", "--journal", "out.db")
    lines = done.stdout_text.splitlines()
    check("standard output has events, and nothing else", len(lines) > 1 and not obeys_schema([json.loads(line) for line in lines]), done.stdout_text)


def refused(room, url):
    room.extra = {"EMPTY": ""}
    before = len(room.calls())
    for arguments, words in (
            (["--webhook", "http://hooks.example.com/T000/secret"], "http://hooks.example.com is plain http"),
            (["--webhook", "https://user:secret@hooks.example.com/"], "a user name or a password"),
            (["--webhook", "env:NOT_THERE"], "an environment variable that is not set"),
            (["--webhook", "env:EMPTY"], "an environment variable that is empty"),
            (["--webhook", "hooks.example.com/secret"], "must begin with https:// or http://"),
            (["--heartbeat", "https://hc.example.com/secret#x"], "a fragment"),
            (["--hook", "./not-there.sh secret"], "cannot run ./not-there.sh: " + os.strerror(2)),
            (["--hook", "'open secret"], "a quote is not closed"),
            (["--hook", " "], "the command line is empty"),
            (["--hook-timeout", "0"], "takes a span from 1s to 15m"),
            (["--metrics", "no/where.prom"], os.strerror(2)),
            (["--events", "no/where.jsonl"], os.strerror(2)),
            (["--events", "fleet.yaml"], "is a manifest|would be overwritten"),
            (["--events", "same", "--metrics", "same"], "is the file of --metrics same too"),
            (["--events", "j.db"], "the journal j.db, which would be overwritten")):
        text = room.ends(f"{arguments[0]} {arguments[1]} is refused", CANNOT_RUN, "apply", "fleet.yaml", "--yes", "--journal", "j.db", *arguments)
        check("and why is said, without its secret", re.search(words, text) and "secret" not in text.replace("with a secret in", ""), text)
    room.extra = {"MAILFROM_WEBHOOK_SECRET": ""}
    for more in ([], ["--dry-run"]):
        text = room.ends("a webhook with an empty secret is refused", CANNOT_RUN, "watch", "fleet.yaml", "--webhook", f"{url}/unsigned/x", *more)
        check("in a sentence", "MAILFROM_WEBHOOK_SECRET is set and empty" in text and not of("/unsigned/x"), text)
    room.extra = {}
    check("nothing has left", len(room.calls()) == before)
    room.ends("a dry run tells nobody", DONE, "apply", "fleet.yaml", "--dry-run", "--journal", "torn.db", "--events", "dry.jsonl",
              "--webhook", f"{url}/dry/x")
    check("and makes no file", not (room.path / "dry.jsonl").exists() and not of("/dry/x"))


def spared(room):
    """What is read, or is somebody's, is never written to, whatever a slip names as an output."""
    inputs = {"main.yaml": "version: 1\ninclude: [part.yaml, part.json, part.csv]\n",
              "part.yaml": "version: 1\nidentities: [{identity: w0.example, mail_from: bounce.w0.example}]\n",
              "part.json": '{"version": 1, "identities": [{"identity": "w1.example", "mail_from": "bounce.w1.example"}]}\n',
              "part.csv": "identity,mail_from\nw2.example,bounce.w2.example\n",
              "letter.txt": "Dear reader,\n"}
    for name, text in inputs.items():
        (room.path / name).write_text(text)
    (room.path / "link.yaml").symlink_to("main.yaml")
    for option in ("--metrics", "--events"):
        for name in (*inputs, "link.yaml", "./main.yaml"):
            for verb in (["watch"], ["watch", "--every", "1s"], ["apply", "--yes"]):
                text = room.ends(f"{' '.join(verb)} {option} {name} is refused", CANNOT_RUN, verb[0], "main.yaml", *verb[1:],
                                 "--journal", "spared.db", option, name)
                check("in a sentence", re.search("would be (overwritten|damaged)", text), text)
        check("and nothing is changed", all((room.path / name).read_text() == text for name, text in inputs.items()))
        for name in ("spared.db", "spared.db.watch", "spared.db.watch.mark", "spared.db.watch-wal"):
            room.ends(f"{option} {name} is refused", CANNOT_RUN, "watch", "main.yaml", "--journal", "spared.db", option, name)
    check("no journal was made", not list(room.path.glob("spared.db*")), list(room.path.glob("spared.db*")))
    for name, text in (("absent.yaml", None), ("broken.yaml", "version: [\n")):
        if text:
            (room.path / name).write_text(text)
        figures = "# HELP mailfrom_problems Of before.\n# TYPE mailfrom_problems gauge\nmailfrom_problems{kind=\"mx-gone\"} 1\n"
        (room.path / "blind.prom").write_text(figures)
        process = room.run("watch", name, "--metrics", "blind.prom", "--journal", "spared.db", "--format", "nagios")
        check(f"a look at {name} leaves the figures sound", "mailfrom_problems{kind=\"mx-gone\"} 1" in (room.path / "blind.prom").read_text())
        check("and Nagios gets no odd time", process.returncode == 3 and "time=0s" in process.stdout_text, process.stdout_text)
    well_formed(room, "blind.prom")


def paused(room):
    """A person's order is told, with the person."""
    live = room.start("apply", "late.yaml", "--yes", "--events", "pause.jsonl", "--metrics", "pause.prom", "--journal", "pause.db",
                      stderr=subprocess.DEVNULL)
    until(lambda: room.events("pause.jsonl"))
    for verb, wanted in (("pause", "run-paused"), ("resume", "run-resumed")):
        told = subprocess.run([room.mailfrom, verb, "1", "--journal", "pause.db"], cwd=room.path, env=room.environment(),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=patient(30))
        event = until(lambda: [e for e in room.events("pause.jsonl") if e["type"] == wanted], 10)
        check(f"{verb} is told", event, told, room.events("pause.jsonl"))
        if verb == "pause" and event:
            check("with the person and the way on", "paused by " in event[0]["reason"] and "mailfrom resume 1" in event[0]["mend"] and
                  event[0]["level"] == "warning", event)
    live.send_signal(signal.SIGINT)
    live.communicate(timeout=patient(60))


def held(room):
    """A wave that comes to nothing is for a person."""
    room.names.records.pop(("bounce.late.example", "MX"), None)
    (room.path / "held.yaml").write_text(json.dumps({
        "version": 1, "defaults": {"region": "us-east-1", "mail_from": "bounce.{domain}", "dns": {"timeout": "3s"}},
        "identities": [{"identity": "late.example", "wave": 1}, "w1.example"]}))
    room.set("late.example", "")
    room.set("w1.example", "")
    process = room.run("apply", "held.yaml", "--yes", "--events", "held.jsonl", "--metrics", "held.prom", "--journal", "held.db")
    events = room.events("held.jsonl")
    pauses = [e for e in events if e["type"] == "run-paused"]
    check("a wave that is inconclusive is told once", process.returncode in (TROUBLE, STOPPED) and len(pauses) == 1 and pauses[0]["level"] == "critical"
          and "wave 1 is inconclusive" in pauses[0]["reason"] and "mailfrom resume 1" in pauses[0]["mend"], process.returncode, process.stderr_text, events)
    check("and the end after it", events[-1]["type"] == "run-ended" and events[-1]["level"] == "warning" and not obeys_schema(events), events)


def watched(room, url):
    """A sweep of the fleet, in which an identity has another name than the manifest."""
    fleet = json.loads((room.path / "fleet.yaml").read_text())
    (room.path / "watch.yaml").write_text(json.dumps({**fleet, "watch": {"confirm": "1s"}}))
    room.names.publish("other.w0.example")
    room.set("w0.example", "other.w0.example")
    (room.path / "hooked").unlink()
    outputs = ["--events", "watch.jsonl", "--metrics", "watch.prom", "--journal", "watched.db",
               "--hook", f"'{room.path}/record.sh'", "--webhook", f"{url}/good/watch", "--heartbeat", f"{url}/swept"]
    room.ends("a first sweep tells nothing", TROUBLE, "watch", "watch.yaml", *outputs)
    check("in no output", room.events("watch.jsonl") == [] and not of("/good/watch") and not (room.path / "hooked").exists())
    time.sleep(1.1)
    process = room.run("watch", "watch.yaml", *outputs)
    events = room.events("watch.jsonl")
    check("the second one tells of a drifted name", process.returncode == TROUBLE and
          ("drift-name", "well", "w0.example") in [(e["kind"], e["from"], e["identity"]) for e in events], process.stdout_text, process.stderr_text, events)
    check("by the schema", not obeys_schema(events), obeys_schema(events))
    lines = (room.path / "watch.jsonl").read_bytes()
    check("to hook and webhook alike", (room.path / "hooked").read_bytes() == lines and b"".join(body for _, body in of("/good/watch")) == lines)
    check("its heartbeat says that it could look", [where for where, _, _ in Receiver.got if where.startswith("/swept")][-1] == "/swept")
    series = (room.path / "watch.prom").read_text().splitlines()
    check("its figures count the problem", 'mailfrom_problems{kind="drift-name"} 1' in series, series)
    room.ends("the next sweep tells nothing new", TROUBLE, "watch", "watch.yaml", *outputs)
    check("for it is told once", (room.path / "watch.jsonl").read_bytes() == lines, room.events("watch.jsonl"))
    keyless = {name: value for name, value in room.environment().items() if not name.startswith("AWS_A") and "SECRET" not in name}
    process = subprocess.run(room.command("watch", "fleet.yaml", "--events", "blind.jsonl", "--journal", "blind.db", "--heartbeat", f"{url}/blind"),
                             cwd=room.path, env=keyless, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=patient(60))
    beats = [where for where, _, _ in Receiver.got if where.startswith("/blind")]
    check("a sweep that cannot look fails its heartbeat", process.returncode == CANNOT_RUN and beats[-1] == "/blind/fail", process, beats)
    check("and says so", [e["type"] for e in room.events("blind.jsonl")][-1:] == ["sweep-failed"] and not obeys_schema(room.events("blind.jsonl")),
          process, room.events("blind.jsonl"))


def well_formed(room, *names):
    """By Prometheus's own reader."""
    for name in names:
        read = subprocess.run(["promtool", "check", "metrics"], input=(room.path / name).read_text(), capture_output=True, text=True)
        check(f"promtool finds nothing wrong in {name}", read.returncode == 0 and not read.stderr.strip(), read)


def killed(room):
    """kill -9: what was told is whole, and the resume tells it goes on."""
    live = room.start("apply", "late.yaml", "--yes", "--events", "kill.jsonl", "--journal", "kill.db", stderr=subprocess.DEVNULL)
    until(lambda: room.events("kill.jsonl"))
    live.kill()
    live.communicate()
    check("a killed run leaves whole lines", [e["type"] for e in room.events("kill.jsonl")] == ["run-started"], room.events("kill.jsonl"))
    room.names.publish("bounce.late.example")
    room.ends("it goes on", DONE, "resume", "--events", "kill.jsonl", "--journal", "kill.db", "--metrics", "kill.prom")
    events = room.events("kill.jsonl")
    check("and says so", [e["type"] for e in events][-1] == "run-ended" and events[1]["reason"] == "a run that was interrupted goes on", events)
    room.ends("a rollback tells too", DONE, "rollback", 1, "--yes", "--events", "back.jsonl", "--journal", "kill.db")
    check("by its own name", {e["verb"] for e in room.events("back.jsonl")} == {"rollback"}, room.events("back.jsonl"))


def publishes(mailfrom, room):
    """publish and withdraw have names for rows."""
    import base64

    key = ("hmac-sha256", "sim-key", base64.b64encode(b"0123456789abcdef0123456789abcdef").decode())
    port, knot = free_port(), room.path / "knot"
    os.chmod(room.path, 0o755)  # knotd may be another user
    knot.mkdir()
    server = start(["knotd", "-c", knot_conf(knot, port, {"test": "", "upd.test": ""}, key)], knot)
    try:
        wait_until_it_serves(port, "upd.test")
        (room.path / "tsig.key").write_text(f'key "{key[1]}" {{\n  algorithm {key[0]};\n  secret "{key[2]}";\n}};\n')
        os.chmod(room.path / "tsig.key", 0o600)
        (room.path / "publish.yaml").write_text(f"""version: 1
dns:
  publish:
    - zones: [upd.test]
      rfc2136: {{server: "127.0.0.1:{port}", key_file: tsig.key}}
defaults: {{region: us-east-1, mail_from: "bounce.{{domain}}"}}
identities: [a.upd.test, b.upd.test]
""")
        reach = ["--resolver", f"127.0.0.1:{port}", "--authority-port", port, "--journal", "publish.db", "--yes"]
        for verb, words in (("publish", ["publish.yaml"]), ("withdraw", [1, "--now"])):
            done = subprocess.run([mailfrom, verb, *map(str, [*words, *reach, "--events", f"{verb}.jsonl", "--metrics", f"{verb}.prom"])],
                                  cwd=room.path, env=room.environment(), capture_output=True, text=True, timeout=patient(60))
            events = room.events(f"{verb}.jsonl")
            check(f"{verb} tells of its names", done.returncode == DONE and [e["type"] for e in events] == ["run-started", "run-ended"]
                  and events[-1]["finished"] == events[-1]["rows"] == 2 and events[-1]["verb"] == verb, done.stdout, done.stderr, events)
            check("and has figures", f'mailfrom_run_finished{{verb="{verb}"}} 2' in (room.path / f"{verb}.prom").read_text())
        done = subprocess.run([mailfrom, "apply", "publish.yaml", "--publish", "--no-wait", *map(str, reach), "--rate", "50", "--dns", "authority", "--events", "both.jsonl"],
                              cwd=room.path, env=room.environment(), capture_output=True, text=True, timeout=patient(60))
        events = room.events("both.jsonl")
        check("apply --publish tells of its identities", done.returncode in (DONE, STOPPED) and [e["type"] for e in events] == ["run-started", "run-ended"]
              and events[-1]["rows"] == 2 and events[-1]["level"] == ("well" if done.returncode == DONE else "warning"), done, events)
    finally:
        server.terminate()
        server.wait()


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    identities = {**FLEET, "late.example": {"late": True}, "a.upd.test": {"late": True}, "b.upd.test": {"late": True}}
    with NotifyRoom(*sys.argv[1:3], identities) as room:
        (room.path / "fleet.yaml").write_text(json.dumps({
            "version": 1, "defaults": {"region": "us-east-1", "mail_from": "bounce.{domain}"}, "waves": [2, "100%"],
            "identities": list(FLEET)}))
        room.manifest("late.yaml", {"late.example": {}})
        everything(room, url)
        hanging = hangs(room, url)
        files(room)
        refused(room, url)
        spared(room)
        killed(room)
        paused(room)
        publishes(sys.argv[1], room)
        watched(room, url)
        held(room)
        well_formed(room, "run.prom", "kill.prom", "publish.prom", "pause.prom", "held.prom", "watch.prom")
        hung(room, *hanging)
    verdict()


main()
