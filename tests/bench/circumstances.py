"""What a reader must know of the tree, the machine and the peers that the figures were measured with."""

import importlib.metadata
import os
import platform
import re
import subprocess
import time

PYTHON = {"boto3": "boto3", "aws CLI": "awscli", "PyYAML": "PyYAML", "dnspython": "dnspython"}
PROGRAMS = {  # what is told: the command that tells it
    "Knot DNS": ("/usr/sbin/knotd", "--version"), "libyaml": ("pkg-config", "--modversion", "yaml-0.1"),
    "c-ares": ("pkg-config", "--modversion", "libcares"), "libcurl": ("pkg-config", "--modversion", "libcurl"),
    "OpenSSL": ("pkg-config", "--modversion", "libcrypto"), "SQLite": ("pkg-config", "--modversion", "sqlite3"),
    "gcc": ("cc", "-dumpfullversion"),
}


def said_by(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True).stdout.strip()
    except FileNotFoundError:
        return ""


def version_in(text):
    found = re.search(r"\d+(\.\w+)+", text)
    return found[0] if found else "none"


def version_of_package(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "none"


def peers():
    told = {name: version_of_package(package) for name, package in PYTHON.items()}
    told["Python"] = platform.python_version()
    told.update((name, version_in(said_by(*command))) for name, command in PROGRAMS.items())
    return ", ".join(f"{name} {version}" for name, version in told.items())


def load():
    return ", ".join(f"{value:.1f}" for value in os.getloadavg())


class Circumstances:
    def __init__(self):
        self.began, self.load = time.monotonic(), load()

    def told(self):
        """At the end, in two lines."""
        with open("/proc/cpuinfo", encoding="ascii") as info:
            models = [line.split(":")[1].strip() for line in info if line.startswith("model name")]
        commit = said_by("git", "log", "-1", "--format=%h") or "unknown"
        system = platform.freedesktop_os_release()["PRETTY_NAME"]
        return [f"{time.strftime('%Y-%m-%d', time.gmtime())}, commit {commit}, {system}, {os.cpu_count()} processors "
                f"({(models or [platform.machine()])[0]}), Linux {platform.release()}, load average at the start "
                f"{self.load} and at the end {load()}, {time.monotonic() - self.began:.0f} s in all.", f"Built and met: {peers()}."]
