#!/usr/bin/python3
"""Carries a Dockerfile out without a container engine: each stage is a folder with a bare Debian in
it, RUN is chroot, COPY is cp. Understands FROM, WORKDIR, COPY, RUN, ENV, USER, ENTRYPOINT and CMD,
and refuses anything else, so that no line goes untried. Needs root and a Debian mirror.

    dockerfile.py DOCKERFILE CONTEXT BARE_DEBIAN.tar FOLDER [ARGUMENT...]

At the end it runs the entry point with the arguments (or with CMD), as the user of the last stage."""

import glob
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

dockerfile, context, bare, folder = map(pathlib.Path, sys.argv[1:5])


class Stage:
    def __init__(self, number):
        self.root = folder / f"stage{number}"
        self.root.mkdir(parents=True)
        subprocess.run(["tar", "-xf", bare, "-C", self.root], check=True)
        shutil.copy("/etc/resolv.conf", self.root / "etc/resolv.conf")
        self.workdir, self.user, self.entry, self.cmd = "/", "root", [], []
        self.env = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root",
                    "DEBIAN_FRONTEND": "noninteractive"}
        self.env.update({k: v for k, v in os.environ.items() if k.lower().endswith("_proxy")})

    def inside(self, path):
        return self.root / os.path.join(self.workdir, path).lstrip("/")

    def run(self, command, user="root"):
        print("+", command if isinstance(command, str) else " ".join(command), flush=True)
        words = ["/bin/sh", "-c", command] if isinstance(command, str) else command
        cd = ["/bin/sh", "-c", 'cd "$1" && shift && exec "$@"', "-", self.workdir, *words]
        proc = ["unshare", "--mount", "--pid", "--fork", f"--mount-proc={self.root}/proc"]
        done = subprocess.run([*proc, "chroot", f"--userspec={user}", self.root, *cd], env=self.env)
        if done.returncode:
            sys.exit(f"dockerfile: exit code {done.returncode}")


def left_out(folder, names):
    """What .dockerignore keeps out of the context; its lines are names at the top."""
    listed = (context / ".dockerignore").read_text().split() if pathlib.Path(folder) == context else []
    return set(names) & set(listed)


def copy(stage, sources, target, origin):
    into = stage.inside(target)
    into.mkdir(parents=True, exist_ok=True) if target.endswith(("/", ".")) else None
    for source in sources:
        found = glob.glob(str(origin / source.lstrip("/")))
        if not found:
            sys.exit(f"dockerfile: nothing to copy is called {source}")
        for path in found:
            if os.path.isdir(path):
                shutil.copytree(path, into, symlinks=True, dirs_exist_ok=True, ignore=left_out)
            else:
                shutil.copy2(path, into)


def main():
    text = re.sub(r"\\\n", " ", dockerfile.read_text())
    stages, names = [], {}
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        word, rest = line.split(None, 1)
        stage = stages[-1] if stages else None
        if word == "FROM":
            image, *alias = re.fullmatch(r"(\S+)(?: AS (\S+))?", rest).groups()
            stages.append(Stage(len(stages)))
            release = (stages[-1].root / "etc/os-release").read_text()
            if not re.fullmatch(r"debian:(\d+)-slim", image) or f'VERSION_ID="{image[7:-5]}"' not in release:
                sys.exit(f"dockerfile: {image} is not the Debian that is at hand")
            names[alias[0]] = stages[-1]
        elif word == "WORKDIR":
            stage.workdir = rest
            stage.inside(".").mkdir(parents=True, exist_ok=True)
        elif word == "COPY":
            words = rest.split()
            origin = names[words.pop(0).removeprefix("--from=")].root if words[0].startswith("--from=") else context
            copy(stage, words[:-1], words[-1], origin)
        elif word == "RUN":
            stage.run(rest)
        elif word == "ENV":
            stage.env.update(pair.split("=", 1) for pair in rest.split())
        elif word == "USER":
            stage.user = rest
        elif word == "ENTRYPOINT":
            stage.entry = json.loads(rest)
        elif word == "CMD":
            stage.cmd = json.loads(rest)
        else:
            sys.exit(f"dockerfile: {word} is not understood here")
    last = stages[-1]
    if last.user == "root":
        sys.exit("dockerfile: the last stage runs as root")
    last.run(last.entry + (sys.argv[5:] or last.cmd), last.user)


main()
