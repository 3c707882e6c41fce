#!/usr/bin/python3
"""What packaging/ has for workers that share a journal: a unit that systemd takes, objects as Kubernetes has them;
and that docs/WORKERS.md names only verbs and options that there are.

    workers.py MAILFROM"""

import pathlib
import re
import sys
import tempfile

from packaged import HARDENED, KINDS, PACKAGING, Unit, misfits, objects_of, pod_complaints, run, told
from tap import check, verdict

ROOT = pathlib.Path(__file__).resolve().parents[2]
MAILFROM = pathlib.Path(sys.argv[1]).resolve()
UNIT = "mailfrom-work@.service"
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
OTHERS = {"--now", "--no-install-recommends", "--createrole", "--owner", "--data-checksums", "--file", "--schema", "--format",
          "--identities", "--credentials"}  # of systemctl, apt-get, PostgreSQL and ses-sim


def systemd(folder):
    text = (PACKAGING / "systemd" / UNIT).read_text()
    unit = folder / UNIT.replace("@", "@team-a")
    unit.write_text(text.replace("/usr/bin/mailfrom", str(MAILFROM)))
    found = run("systemd-analyze", "--man=no", "verify", unit)
    check("systemd takes the unit of a worker", told(found) + found.stderr.splitlines())
    service = Unit(PACKAGING / "systemd" / UNIT)["Service"]
    check("it is hardened", [key for key, value in HARDENED.items() if service.get(key) != value])
    exposed = run("systemd-analyze", "security", "--offline=true", "--threshold=20", unit)
    check("systemd rates its exposure as 2.0 of 10 or less", told(exposed)[-1:])
    check("it keeps nothing on the machine", [key for key in ("StateDirectory", "CacheDirectory", "LogsDirectory") if key in service])
    example = (PACKAGING / "systemd/work.env").read_text()
    said = re.findall(r"^#?(\w+)=(.*)$", example, re.M)
    known = set(re.findall(r"^Environment=(\w+)=", text, re.M)) | {"PGPASSWORD", "PGPASSFILE"}
    check("its example sets only what the unit and libpq read", [name for name, _ in said if name not in known])
    check("and shows a journal whose server has to prove itself", [] if "sslmode=verify-full" in dict(said)["MAILFROM_JOURNAL"] else [example])
    return [service["ExecStart"], *(value for name, value in said if name == "WORK_OPTIONS")]


FILES = ("work-deployment.yaml", "submit-job.yaml", "watch-shared-cronjob.yaml")


def template_of(one):
    spec = one.get("spec", {})
    return spec["jobTemplate"]["spec"]["template"] if one["kind"] == "CronJob" else spec.get("template")


def kubernetes_objects():
    found, pods, commands, labels = [], [], [], set()
    for name in FILES:
        objects = objects_of(PACKAGING / "kubernetes" / name)
        accounts = {o["metadata"]["name"] for o in objects if o["kind"] == "ServiceAccount"}
        for one in objects:
            kind = KINDS.get((one.get("apiVersion"), one.get("kind")))
            found += misfits(one, kind, f"{name} {one['kind']}") if kind else [f"{name}: {one.get('kind')}"]
            template = template_of(one)
            if not template:
                continue
            pod = template["spec"]
            pods += pod_complaints(name, pod, keeps_journal=False)
            account = pod.get("serviceAccountName")
            pods += [] if account in accounts or (account is None and pod["automountServiceAccountToken"] is False) else [f"{name}: {account}"]
            labels.add(template["metadata"]["labels"]["app.kubernetes.io/name"])
            commands.append(" ".join(pod["containers"][0]["args"]))
            secret = pod["containers"][0]["envFrom"][0]["secretRef"]["name"]
            head = (PACKAGING / "kubernetes" / name).read_text().partition("apiVersion")[0]
            pods += [] if f"secret generic {secret}" in head and "sslmode=verify-full" in head else [f"{name}: the secret is not explained"]
    check("Kubernetes has every field of every object, and its type", found if len(commands) == 3 else commands)
    check("the pods are closed up, and keep nothing", pods)
    objects = objects_of(PACKAGING / "kubernetes/work-deployment.yaml")
    policy = next(o for o in objects if o["kind"] == "NetworkPolicy")["spec"]
    check("the policy of the network is for all of them", [] if set(policy["podSelector"]["matchExpressions"][0]["values"]) == labels else [labels])
    ports = {(port["protocol"], port["port"]) for rule in policy["egress"] for port in rule["ports"]}
    wanted = {("UDP", 53), ("TCP", 53), ("TCP", 443), ("TCP", 5432)}
    check("nobody reaches them, and they reach DNS, SES and the database", [] if policy["ingress"] == [] and ports == wanted else [policy])
    return commands


def options_of(verb):
    return set(re.findall(r"^  (?:-[a-zA-Z], )?(--[a-z0-9-]+)", run(MAILFROM, verb, "--help").stdout, re.M))


def options(commands, document):
    verbs = re.findall(r"^  ([a-z]+) +\S", run(MAILFROM, "--help").stdout, re.M)
    known = set().union(*(options_of(verb) for verb in verbs))
    used = {word for command in commands for word in OPTION.findall(command)}
    check("every option of units and pods is one of mailfrom", sorted(used - known) if used else ["none"])
    check("every option that docs/WORKERS.md names is there", sorted(set(OPTION.findall(document)) - known - OTHERS))
    named = set(re.findall(r"^mailfrom ([a-z]+)\b", "\n".join(re.findall(r"^```sh\n(.*?)^```$", document, re.M | re.S)), re.M))
    check("and every verb", sorted(named - set(verbs)) if len(named) > 4 else sorted(named))


with tempfile.TemporaryDirectory() as temporary:
    shown = systemd(pathlib.Path(temporary)) + kubernetes_objects()
options(shown, (ROOT / "docs/WORKERS.md").read_text())
verdict()
