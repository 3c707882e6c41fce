"""What the tests of packaging/ share: units as systemd reads them, and objects by the models of Kubernetes' own
client."""

import configparser
import pathlib
import re
import subprocess

import yaml
from kubernetes import client as kubernetes

PACKAGING = pathlib.Path(__file__).resolve().parents[2] / "packaging"


def run(*command, **more):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, **more)


def told(done):
    return [] if done.returncode == 0 else (done.stdout + done.stderr).strip().splitlines()[:20] or ["no word"]


class Unit(configparser.RawConfigParser):
    """As systemd reads it: names in their case, and values of a name said twice one after another."""

    def __init__(self, path):
        class Joined(dict):
            def __setitem__(self, key, value):
                if isinstance(value, list) and key in self and isinstance(self[key], list):
                    self[key].extend(value)
                else:
                    super().__setitem__(key, value)
        super().__init__(strict=False, dict_type=Joined, interpolation=None, comment_prefixes="#", delimiters="=")
        self.optionxform = str
        self.read(path)


HARDENED = {"NoNewPrivileges": "yes", "ProtectSystem": "strict", "PrivateTmp": "yes", "ProtectHome": "yes", "User": "mailfrom",
            "CapabilityBoundingSet": ""}


def calls_of(names):
    """The system calls of groups such as @system-service, and those named by themselves."""
    found = set()
    for name in names:
        if not name.startswith("@"):
            found.add(name)
            continue
        listed = run("systemd-analyze", "syscall-filter", name).stdout.splitlines()[1:]
        found |= calls_of(line.strip() for line in listed if line.strip() and not line.strip().startswith("#"))
    return found


def misfits(value, kind, where):
    """What of a value Kubernetes would not take: unknown fields, missing ones, values of another type."""
    if found := re.fullmatch(r"list\[(.*)\]", kind):
        if not isinstance(value, list):
            return [f"{where}: not a list"]
        return [m for i, one in enumerate(value) for m in misfits(one, found[1], f"{where}[{i}]")]
    if found := re.fullmatch(r"dict\(str, (.*)\)", kind):
        if not isinstance(value, dict):
            return [f"{where}: not a map"]
        return [m for key, one in value.items() for m in misfits(one, found[1], f"{where}.{key}")]
    plain = {"str": str, "int": int, "bool": bool, "float": (int, float)}
    if kind in plain:
        good = isinstance(value, plain[kind]) and (kind == "bool" or not isinstance(value, bool))
        return [] if good else [f"{where}: {value!r} is no {kind}"]
    if kind == "object":  # an int or a name, as ports are
        return [] if isinstance(value, (int, str)) else [f"{where}: {value!r}"]
    model = getattr(kubernetes, kind)
    if not isinstance(value, dict):
        return [f"{where}: not an object"]
    names = {json_name: name for name, json_name in model.attribute_map.items()}
    found = [f"{where}.{key}: there is no such field in {kind}" for key in value if key not in names]
    good = {names[key]: one for key, one in value.items() if key in names}
    try:
        model(**good)  # says which required one is missing
    except ValueError as e:
        found.append(f"{where}: {e}")
    return found + [m for name, one in good.items() for m in misfits(one, model.openapi_types[name], f"{where}.{model.attribute_map[name]}")]


KINDS = {("v1", "ServiceAccount"): "V1ServiceAccount", ("v1", "PersistentVolumeClaim"): "V1PersistentVolumeClaim",
         ("v1", "Service"): "V1Service", ("batch/v1", "CronJob"): "V1CronJob", ("apps/v1", "Deployment"): "V1Deployment",
         ("batch/v1", "Job"): "V1Job", ("policy/v1", "PodDisruptionBudget"): "V1PodDisruptionBudget",
         ("networking.k8s.io/v1", "NetworkPolicy"): "V1NetworkPolicy"}


def pod_complaints(name, pod, keeps_journal=True):
    container, names = pod["containers"][0], {volume["name"] for volume in pod["volumes"]}
    return [f"{name}: {what}" for what, good in {
        "runs as root": pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["runAsUser"] > 0,
        "may gain privileges": container["securityContext"]["allowPrivilegeEscalation"] is False,
        "writes to its image": container["securityContext"]["readOnlyRootFilesystem"] is True,
        "keeps capabilities": container["securityContext"]["capabilities"] == {"drop": ["ALL"]},
        "has no bound of memory": "memory" in container["resources"]["limits"],
        "mounts what it has not": {mount["name"] for mount in container["volumeMounts"]} == names,
        "keeps its journal elsewhere": any("persistentVolumeClaim" in volume for volume in pod["volumes"]) == keeps_journal,
        "has a secret in the open": "env" not in container and container["envFrom"],
    }.items() if not good]


def objects_of(path):
    return [one for one in yaml.safe_load_all(path.read_text()) if one]
