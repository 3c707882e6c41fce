#!/usr/bin/python3
"""What packaging/ has for those who watch: units that systemd takes, objects as Kubernetes has them, alert rules
that Prometheus takes and that fire when they should, a dashboard whose queries can be asked. Every figure that
any of them or docs/WATCH.md names is one that reports/metrics.c writes, and every option one of the program's.

    monitoring.py MAILFROM SES-SIM"""

import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

import jsonschema
import yaml

from packaged import HARDENED, KINDS, PACKAGING, Unit, calls_of, misfits, objects_of, pod_complaints, run, told
from tap import check, verdict

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "wire"))
from rehearsal_room import Room

ROOT = pathlib.Path(__file__).resolve().parents[2]
MAILFROM = pathlib.Path(sys.argv[1]).resolve()
METRIC = re.compile(r"\bmailfrom_(?!\.)[a-z0-9_]*[a-z0-9]")


# ---- systemd ----

WATCHING = {**HARDENED, "StateDirectory": "mailfrom mailfrom/metrics"}


def refused_calls(filters):
    """Of a sweep with a hook, run as nobody, since root tries more."""
    lines = filters.splitlines()
    allowed = calls_of([name for line in lines if not line.startswith("~") for name in line.split()] + ["@default"])
    allowed -= calls_of(name for line in lines if line.startswith("~") for name in line[1:].split())
    with Room(MAILFROM, sys.argv[2], {"a.example": {"mail_from": "bounce.a.example", "status": "FAILED"}}) as room:
        room.manifest("fleet.yaml", {"a.example": {}})
        if os.geteuid() == 0:
            for path in [room.path, *room.path.iterdir()]:
                shutil.chown(path, "nobody")
        drop = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.geteuid() == 0 else []
        done = room.run("watch", "fleet.yaml", "--journal", "journal.db", "--events", "events", "--metrics", "figures", "--hook", "/bin/cat",
                        before=[*drop, "strace", "-f", "-o", room.path / "trace"])
        made = set(re.findall(r"^\d+ +(\w+)\(", (room.path / "trace").read_text(), re.M))
        if done.returncode != 3 or "openat" not in made or not (room.path / "events").stat().st_size:
            return [f"exit code {done.returncode}", done.stdout_text, done.stderr_text]
    return sorted(made - allowed) if "ptrace" in calls_of(["@debug"]) and "socket" in allowed else ["groups are not known"]


def systemd(folder):
    source = PACKAGING / "systemd"
    units = sorted(path.name for path in source.glob("mailfrom-watch*") if path.suffix in (".service", ".timer"))
    for name in units:
        # It looks whether the command is there, so the command is the one that was built.
        text = (source / name).read_text().replace("/usr/bin/mailfrom", str(MAILFROM))
        (folder / name).write_text(text)
    found = run("systemd-analyze", "--man=no", "verify", *(folder / name for name in units))
    check("systemd takes every unit", told(found) + found.stderr.splitlines() if len(units) == 4 else units)
    spoilt = folder / "spoilt.service"
    spoilt.write_text((folder / "mailfrom-watch.service").read_text().replace("ProtectSystem=strict", "ProtectSystem=very"))
    check("and a setting that it does not know is found", [] if run("systemd-analyze", "--man=no", "verify", spoilt).stderr else ["not found"])
    services = {name: Unit(source / name) for name in ("mailfrom-watch.service", "mailfrom-watch-always.service")}
    check("the services are hardened", [f"{name}: {key}" for name, unit in services.items() for key, value in WATCHING.items()
                                        if unit["Service"].get(key) != value])
    exposed = [run("systemd-analyze", "security", "--offline=true", "--threshold=20", folder / name) for name in services]
    check("systemd rates their exposure as 2.0 of 10 or less", [line for done in exposed for line in told(done)[-1:]])
    check("a sweep that finds problems has not failed", [name for name, unit in services.items()
                                                         if "3" not in unit["Service"]["SuccessExitStatus"].split()])
    check("a sweep needs no system call that they refuse", refused_calls(services["mailfrom-watch.service"]["Service"]["SystemCallFilter"]))
    timer = Unit(source / "mailfrom-watch.timer")["Timer"]
    check("the timer makes up for a missed look, and is spread", [key for key, value in (
        ("Persistent", "true"), ("RandomizedDelaySec", "2min"), ("OnCalendar", "*:0/15")) if timer.get(key) != value])
    done = run("systemd-sysusers", "--dry-run", "--root", folder, source / "mailfrom.sysusers")
    check("the user can be made", told(done))
    return [unit["Service"]["ExecStart"] for unit in services.values()]


# ---- Kubernetes: by the models of its own client ----

def kubernetes_objects():
    found, commands, pods = [], [], []
    for path in sorted((PACKAGING / "kubernetes").glob("watch-[cd]*.yaml")):
        objects = objects_of(path)
        for one in objects:
            kind = KINDS.get((one.get("apiVersion"), one.get("kind")))
            found += misfits(one, kind, f"{path.name} {one['kind']}") if kind else [f"{path.name}: {one.get('kind')}"]
            spec = one.get("spec", {})
            template = spec["jobTemplate"]["spec"]["template"] if one["kind"] == "CronJob" else spec.get("template")
            if template:
                pods += pod_complaints(path.name, template["spec"])
                container = template["spec"]["containers"][0]
                commands.append(" ".join(container["args"]))
                claims = {o["metadata"]["name"] for o in objects if o["kind"] == "PersistentVolumeClaim"}
                used = {v["persistentVolumeClaim"]["claimName"] for v in template["spec"]["volumes"] if "persistentVolumeClaim" in v}
                accounts = {o["metadata"]["name"] for o in objects if o["kind"] == "ServiceAccount"}
                pods += [] if used == claims and template["spec"]["serviceAccountName"] in accounts else [f"{path.name}: names differ"]
    check("Kubernetes has every field of every object, and its type", found if len(commands) == 2 else commands)
    check("the pods are closed up", pods)
    cron = next(o for o in objects_of(PACKAGING / "kubernetes/watch-cronjob.yaml") if o["kind"] == "CronJob")
    check("one sweep at a time", [] if cron["spec"]["concurrencyPolicy"] == "Forbid" else [cron["spec"]])
    cron["spec"]["concurencyPolicy"] = cron["spec"].pop("concurrencyPolicy")
    cron["spec"]["jobTemplate"]["spec"]["backoffLimit"] = "one"
    del cron["spec"]["schedule"]
    spoilt = misfits(cron, "V1CronJob", "")
    check("and what is misspelt, of another type or missing is found", spoilt if len(spoilt) != 3 else [])
    return commands


# ---- Prometheus ----

def promtool(*words, **more):
    return told(run("promtool", *words, **more))


def prometheus(folder):
    for path in (PACKAGING / "prometheus").iterdir():
        shutil.copy(path, folder)
    rules, tests = folder / "mailfrom.rules.yml", folder / "mailfrom.rules.test.yml"
    check("promtool takes the rules", promtool("check", "rules", rules))
    check("promtool takes the example of a scrape", promtool("check", "config", "--syntax-only", folder / "scrape.example.yml"))
    check("every alert fires when it should, and only then", promtool("test", "rules", tests))
    good = yaml.safe_load(rules.read_text())
    missed = []
    for group, rule in ((g, r) for g in range(len(good["groups"])) for r in range(len(good["groups"][g]["rules"]))):
        for instead in ("vector(1)", "vector(1) > 2"):
            spoilt = yaml.safe_load(rules.read_text())
            spoilt["groups"][group]["rules"][rule]["expr"] = instead
            (folder / "mailfrom.rules.yml").write_text(yaml.safe_dump(spoilt))
            if not promtool("test", "rules", tests):
                missed.append(f"{spoilt['groups'][group]['rules'][rule]['alert']} may be {instead}")
    shutil.copy(PACKAGING / "prometheus/mailfrom.rules.yml", folder)
    check("the tests of the rules find an alert that always fires, and one that never does", missed)
    alerts = [rule for group in good["groups"] for rule in group["rules"]]
    check("every alert says how bad it is, and what to do", [rule["alert"] for rule in alerts if
          rule["labels"].get("severity") not in ("warning", "critical", "page") or set(rule["annotations"]) != {"summary", "description"}])
    return [rule["expr"] for rule in alerts] + [text for rule in alerts for text in rule["annotations"].values()]


# ---- Grafana ----

def grafana(folder):
    board = json.loads((PACKAGING / "grafana/mailfrom.json").read_text())
    variables = {one["name"]: one for one in board["templating"]["list"]}
    panels, faults, asked = board["panels"], [], []
    taken = set()
    for panel in panels:
        where = f"{panel['title']}: "
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        faults += [where + "lies on another panel"] if cells & taken else []
        faults += [where + "is wider than the board"] if place["x"] + place["w"] > 24 else []
        taken |= cells
        if panel["type"] == "row":
            continue
        faults += [where + what for what, good in {
            "unknown type": panel["type"] in ("stat", "timeseries", "bargauge"),
            "no description": panel["description"].endswith("."),
            "no query": panel["targets"],
            "another data source": panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"},
            "no unit": panel["fieldConfig"]["defaults"].get("unit"),
            "values that are not reduced": panel["type"] == "timeseries" or panel["options"]["reduceOptions"]["calcs"],
        }.items() if not good]
        refs = [target["refId"] for target in panel["targets"]]
        faults += [where + "two queries of one name"] if len(refs) != len(set(refs)) else []
        for target in panel["targets"]:
            asked.append(target["expr"])
            faults += [where + "another data source"] if target["datasource"] != panel["datasource"] else []
            used = set(re.findall(r"\$(\w+)", target["expr"]))
            faults += [where + f"no variable {name}" for name in used - set(variables)]
            faults += [where + f"{name} cannot be chosen" for name in {"job", "instance"} - used]
    ids = [panel["id"] for panel in panels]
    faults += ["two panels of one id"] if len(ids) != len(set(ids)) else []
    faults += ["no data source to choose"] if variables["datasource"]["type"] != "datasource" else []
    faults += [] if board["schemaVersion"] >= 36 and board["uid"] == "mailfrom" and board["id"] is None else ["head"]
    check("the dashboard is whole", faults if len(asked) > 12 else asked)
    plain = [re.sub(r"\$(job|instance)", ".*", query) for query in asked]
    rules = {"groups": [{"name": "asked", "rules": [{"record": f"asked_{i}", "expr": query} for i, query in enumerate(plain)]}]}
    (folder / "asked.yml").write_text(yaml.safe_dump(rules))
    check("Prometheus understands every query of the dashboard", promtool("check", "rules", folder / "asked.yml"))
    return asked


# ---- names ----

def metrics_written():
    """Names of figures, as the writer has them, and what their labels may be."""
    text = (ROOT / "reports/metrics.c").read_text()
    names = set(re.findall(r'\b(?:head|instant|sample|moment)_add\(out,\s*(?:m,\s*)?"([a-z_]+)"', text))
    watch = (ROOT / "engine/model/watch.c").read_text()
    statuses = set(re.findall(r'= "([a-z-]+)"', text[text.index("status_labels["):text.index("};", text.index("status_labels["))]))
    words = set(re.findall(r'"([a-z-]+)"', watch))
    return {"mailfrom_" + name for name in names}, {"kind": words, "level": words, "status": statuses}


def names(queries, told_texts):
    written, labels = metrics_written()
    check("the writer of figures has been read", [] if len(written) > 15 and "page" in labels["level"] and
          "mx-gone" in labels["kind"] and "success" in labels["status"] else sorted(written))
    check("every figure that is asked for is written", sorted(
        {name for text in queries for name in METRIC.findall(text)} - written))
    check("every figure that is explained is written", sorted(
        {name for text in told_texts for name in METRIC.findall(text)} - written - {"mailfrom_watch"}))
    wrong = [f'{label}="{value}"' for text in queries + told_texts for label, value in
             re.findall(r'\b(kind|level|status)!?=\\?"([a-z-]+)\\?"', text) if value not in labels[label]]
    check("and so is every kind, level and status", wrong)
    explained = {name for text in told_texts for name in METRIC.findall(text)}
    check("docs/WATCH.md explains every figure", sorted(written - explained))


def example(document):
    """The event that the document shows is one."""
    schema = json.loads((ROOT / "docs/event.schema.json").read_text())
    shown = re.findall(r"^```json\n(.*?)^```$", document, re.M | re.S)
    events = [json.loads(block.replace("\n", "")) for block in shown]
    validator = jsonschema.Draft202012Validator(schema)
    check("the event that docs/WATCH.md shows is one by the schema",
          [error.message for event in events for error in validator.iter_errors(event)] if events else ["none is shown"])
    mail(events[0])
    kinds = set(schema["$defs"]["kind"]["enum"])
    check("and it explains every kind of problem", sorted(kinds - set(re.findall(r"[a-z]+(?:-[a-z]+)*", document))))


def mail(event):
    """What the hook for mail gives to a mail server: run as the units run it, without rights to gain."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        said = []

        def serve():
            with server.accept()[0] as client, client.makefile("rwb", 0) as wire:
                wire.write(b"220 here\r\n")
                for line in wire:
                    said.append(line.decode().rstrip())
                    in_data = "DATA" in said and "." not in said
                    if not in_data or line == b"DATA\r\n":
                        wire.write(b"354 go on\r\n" if line == b"DATA\r\n" else b"250 yes\r\n")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        lower = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.geteuid() == 0 else ["setpriv"]
        # As an input: the folder of the sources need not be open to nobody.
        hook = (PACKAGING / "systemd/mailfrom-mail").read_text()
        done = run(*lower, "--no-new-privs", "/bin/sh", "-c", hook, input=json.dumps(event), cwd="/", env={
            "PATH": os.environ["PATH"], "HOOK_MAIL_TO": "team@example.net",
            "HOOK_MAIL_SERVER": f"smtp://127.0.0.1:{server.getsockname()[1]}"})
        thread.join(10)
    wanted = ["RCPT TO:<team@example.net>", "To: team@example.net",
              "Subject: mailfrom: critical, mx-gone news.example.org", event["text"], "."]
    check("the hook for mail hands an event to a mail server", told(done) + [line for line in wanted if line not in said])
    refused = run("/bin/sh", "-c", hook, input=json.dumps(event), env={
        "PATH": os.environ["PATH"], "HOOK_MAIL_TO": "team@example.net", "HOOK_MAIL_SERVER": "smtp://127.0.0.1:1"})
    check("and fails where there is none", [] if refused.returncode else ["exit code 0"])


OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
OTHERS = {"--now"}  # systemctl


def options(commands, document):
    options_of = lambda verb: set(re.findall(r"^  (?:-[a-zA-Z], )?(--[a-z0-9-]+)", run(MAILFROM, verb, "--help").stdout, re.M))
    known = options_of("watch")
    used = {word for command in commands for word in OPTION.findall(command)}
    check("every option of units and pods is one of mailfrom watch", sorted(used - known) if len(used) > 5 else sorted(used))
    verbs = re.findall(r"^  ([a-z]+) +\S", run(MAILFROM, "--help").stdout, re.M)
    known = known.union(*(options_of(verb) for verb in verbs)) | OTHERS
    known |= set(OPTION.findall(run(sys.argv[2], "--help").stdout))
    check("every option that docs/WATCH.md names is there", sorted(set(OPTION.findall(document)) - known))
    check("and every verb", sorted(set(re.findall(r"`mailfrom ([a-z]+)", document)) - set(verbs)))


with tempfile.TemporaryDirectory() as temporary:
    place = pathlib.Path(temporary)
    commands = systemd(place) + kubernetes_objects()
    queries = prometheus(place) + grafana(place)
document = (ROOT / "docs/WATCH.md").read_text()
names(queries, [document])
options(commands, document)
example(document)
verdict()
