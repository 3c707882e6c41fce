"""Do the simulations find bugs? Plants those of bugs.py one by one and runs the simulation on each:
those of the publisher by publish-sim, those of watching by watch-sim and sweep-sim, those of workers
that share a run by workers-sim, all others by sim.

    planted.py SOURCE BUILD [--all]

BUILD holds a Ninja build with all five targets. A file with a bug is compiled as the build compiles
it, and linked before the libraries, so that it stands in for the right one. Every bug must be found
within SEEDS seeds; a replacement that does not match exactly once fails too, so that the list stays
true to the code. Prints which seed found what, and how it was said."""

import json
import pathlib
import re
import shlex
import subprocess
import sys

import bugs

SEEDS = 500
SECONDS = 120
SIMS = (("tests/sim/sim", bugs.BUGS), ("tests/sim/publish-sim", bugs.PUBLISHER), ("tests/sim/watch-sim", bugs.WATCHER),
        ("tests/sim/sweep-sim", bugs.SWEEPS), ("tests/sim/workers-sim", bugs.WORKERS))


def link_command(build, sim):
    """The build's own, without the shell's decoration that CMake puts around it."""
    lines = subprocess.run(["ninja", "-t", "commands", sim], cwd=build, check=True,
                           capture_output=True, text=True).stdout.splitlines()
    return shlex.split(lines[-1].removeprefix(": && ").removesuffix(" && :"))


def compile_command(build, source):
    for entry in json.loads((build / "compile_commands.json").read_text()):
        if pathlib.Path(entry["file"]) == source:
            return shlex.split(entry["command"])
    raise SystemExit(f"{source} is not part of the build")


def planted_text(source, replacements):
    text = source.read_text()
    for old, new in replacements:
        if text.count(old) != 1:
            return None
        text = text.replace(old, new)
    return text


def sim_with(build, sim, folder, source, text, number):
    copy = folder / f"{number:02}-{source.name}"
    copy.write_text(text)
    binary, thing = folder / f"sim-{number:02}", copy.with_suffix(".o")
    command = compile_command(build, source)
    command[command.index("-o") + 1] = str(thing)
    command[command.index("-c") + 1] = str(copy)
    command[1:1] = ["-iquote", str(source.parent)]
    subprocess.run(command + ["-w"], cwd=build, check=True)
    link = link_command(build, sim)
    at = link.index("-o")
    link[at:at + 2] = [str(thing), "-o", str(binary)]
    subprocess.run(link, cwd=build, check=True)
    return binary


def hunt(binary):
    """(seed that found it or None, what was said)"""
    try:
        run = subprocess.run([binary, "--terse", "--count", str(SEEDS)], capture_output=True,
                             text=True, timeout=SECONDS, errors="replace")
    except subprocess.TimeoutExpired:
        return None, f"no word within {SECONDS} s"
    said = run.stdout.strip().splitlines()
    if run.returncode == 0:
        return None, said[-1]
    seeds = [line for line in said if line.startswith("seed ")]
    seed = re.match(r"seed (\d+)", seeds[-1]).group(1)
    if run.returncode < 0:
        return seed, "the engine's own assertion"
    return seed, [line for line in seeds if ": " in line][-1].split(": ", 1)[1]


def main():
    source, build = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    folder = build / "tests/sim/planted"
    folder.mkdir(parents=True, exist_ok=True)
    missed = tried = 0
    planned = [(sim, *bug) for sim, its_bugs in SIMS for bug in its_bugs]
    for number, (sim, name, what, replacements) in enumerate(planned, 1):
        path = source / "engine" / name
        text = planted_text(path, replacements)
        if text is None:
            seed, said = None, "the text to be replaced is not there exactly once"
        elif "--all" in sys.argv or what in bugs.DAILY:
            binary = sim_with(build, sim, folder, path, text, number)
            seed, said = hunt(binary)
            binary.unlink()
        else:
            continue
        tried += 1
        missed += seed is None
        print(f"{'seed ' + seed if seed else 'MISSED':10} {name}: {what}\n{'':10} -> {said}", flush=True)
    print(f"{tried} bugs planted, {tried - missed} found")
    sys.exit(1 if missed or not tried else 0)


main()
