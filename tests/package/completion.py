#!/usr/bin/python3
"""Real shells complete mailfrom: what --help lists is offered, values too, and nothing else.

    completion.py MAILFROM [--all]      bash; --all: zsh and fish as well"""

import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time

from tap import check, verdict

MAILFROM = pathlib.Path(sys.argv[1]).resolve()
ALL = "--all" in sys.argv[2:]


os.environ["PATH"] = f"{MAILFROM.parent}:{os.environ['PATH']}"  # the scripts ask the program that the line names
os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = "aws"
JOURNALS = MAILFROM.parents[2] / "tests/data/journal"
PROFILES = "[mail-letters]\n[mail-shop]\n[other]\n[$(touch run-by-a-name)]\n[a b]\n"


def said(*arguments):
    return subprocess.run([MAILFROM, *arguments], capture_output=True, text=True, check=True).stdout


VERBS = re.findall(r"^  ([a-z]+) +\S", said("--help"), re.M)
OPTIONS = {verb: re.findall(r"^  (?:-[a-zA-Z], )?(--[a-z0-9-]+)", said(verb, "--help"), re.M) for verb in VERBS}
# line before the cursor -> what must be offered, what must not
LINES = {
    "mailfrom explain dri": (["drifted"], ["done"]),
    "mailfrom resume --region eu-w": (["eu-west-1"], ["us-east-1"]),
    "mailfrom pl": (["plan"], ["apply"]),
    "mailfrom ": (VERBS, ["--journal"]),
    "mailfrom plan --dns ": (["authority", "recursive"], ["--dns", "v1"]),
    "mailfrom rollback --to p": (["previous"], ["default"]),
    "mailfrom explain mx-g": (["mx-gone"], ["mx-missing"]),
    "mailfrom explain mx-w": (["mx-wrong-suffix", "mx-wrong"], ["sandbox"]),
    "mailfrom report 1 --report cs": (["csv:"], ["json:"]),
    "mailfrom completion ": (["bash", "zsh", "fish"], []),
    "mailfrom check small": (["small.yaml"], []),
    "mailfrom plan --profile mail-": (["mail-letters", "mail-shop"], ["other"]),
    "mailfrom discover --profile o": (["other"], ["mail-shop"]),
    "mailfrom status ": (["1"], ["small.yaml"]),
    "mailfrom rollback --journal old.db ": (["1", "2"], []),
    "mailfrom report 1 --journal jour": (["journal.db"], []),
}


def words(line):
    return line.split() + ([""] if line.endswith(" ") else [])


def bash(line, folder):
    """What bash has in COMPREPLY, or would take from files where that is empty."""
    split = [part for word in words(line) for part in (re.split("(=)", word) if "=" in word else [word])]
    script = f"""
        source <({MAILFROM} completion bash)
        compopt() {{ :; }}
        COMP_WORDS=({' '.join(repr(w) for w in split)}) COMP_CWORD={len(split) - 1}
        _mailfrom
        [ ${{#COMPREPLY[@]}} -gt 0 ] || COMPREPLY=($(compgen -f -- "${{COMP_WORDS[COMP_CWORD]}}"))
        printf '%s\\n' "${{COMPREPLY[@]}}"
        complete -p mailfrom >&2"""
    done = subprocess.run(["bash", "--norc", "-c", script], cwd=folder, capture_output=True, text=True)
    return done.stdout.split() if "-F _mailfrom" in done.stderr else [done.stderr]


def fish(line, folder):
    script = f"source ({MAILFROM} completion fish | psub); complete -C '{line}'"
    done = subprocess.run(["fish", "--no-config", "-c", script], cwd=folder, capture_output=True, text=True)
    return [row.split("\t")[0] for row in done.stdout.splitlines()]


def read_until(fd, wanted, seconds=30):
    seen, deadline = "", time.monotonic() + seconds
    while not re.search(wanted, seen) and time.monotonic() < deadline:
        if select.select([fd], [], [], 0.1)[0]:
            seen += os.read(fd, 65536).decode(errors="replace")
    return seen


def zsh(line, folder):
    """An interactive zsh on a terminal of its own: Control-D lists what could follow."""
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.environ.update(TERM="dumb", PS1="", ZDOTDIR=str(folder))
        os.execvp("zsh", ["zsh", "-f", "-i"])
    started = f"autoload -Uz compinit; compinit -D -u; source <({MAILFROM} completion zsh); PS1='RE''ADY>'; " \
              "unsetopt zle_bracketed_paste; LISTMAX=9999\n"
    os.write(fd, started.encode())
    read_until(fd, "READY>")
    os.write(fd, line.encode() + b"\x04\x15echo EN''D\n")
    seen = read_until(fd, r"\nEND|\rEND")
    os.close(fd)
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    return [word for word in seen.split() if word not in line.split()]  # the line itself is shown too


def offered(shell, ask, lines, folder):
    wrong = []
    for line, (wanted, unwanted) in lines.items():
        got = ask(line, folder)
        wrong += [f"{line!r}: {word} is not offered, but {got[:9]}" for word in wanted if word not in got]
        wrong += [f"{line!r}: {word} is offered" for word in unwanted if word in got]
    check(f"{shell} offers what fits", wrong)


with tempfile.TemporaryDirectory() as folder:
    for name in ("small.yaml", "journal.db"):
        (pathlib.Path(folder) / name).touch()
    (pathlib.Path(folder) / "aws").write_text(PROFILES)
    (pathlib.Path(folder) / ".mailfrom").mkdir()
    for source, name in (("v4.db", ".mailfrom/journal.db"), ("v2.db", "old.db")):
        for end in "", ".mark":
            if (JOURNALS / (source + end)).exists():
                shutil.copy(JOURNALS / (source + end), pathlib.Path(folder) / (name + end))
    every = {f"mailfrom {verb} --": (options, []) for verb, options in OPTIONS.items()}
    offered("bash", bash, LINES, folder)
    offered("bash, for every option of every verb,", bash, every, folder)
    offered("bash, after =,", bash, {"mailfrom plan --dns=": (["authority"], []),
                                     "mailfrom plan --dns=a": (["authority"], ["recursive"])}, folder)
    offered("bash, after a comma,", bash, {"mailfrom discover --profile other,mail-s": (["other,mail-shop"], ["mail-shop"])}, folder)
    bash("mailfrom plan --profile ", folder)
    check("a profile's name is nothing to run", [] if not (pathlib.Path(folder) / "run-by-a-name").exists() else ["it was run"])
    check("a word that is not there is missed", [] if "--no-such" not in bash("mailfrom plan --", folder) else ["no"])
    if ALL:
        offered("fish", fish, LINES, folder)
        offered("fish, for every option of every verb,", fish, every, folder)
        lines = {line: what for line, what in LINES.items() if not re.search(r" (pl|p|cs|mx-w|small|jour)$", line)}
        offered("zsh", zsh, lines, folder)
verdict()
