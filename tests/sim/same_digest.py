"""Builds the simulation with the other compiler and compares what both say of the same seeds: a
difference is undefined behaviour, or something that is read before it is written.

    same_digest.py SOURCE BUILD SIM COMPILER

COMPILER made SIM; the other one is clang for gcc, and gcc for everything else."""

import pathlib
import re
import subprocess
import sys

SEEDS = 100


def digest_of(sim):
    run = subprocess.run([sim, "--digest", "--count", str(SEEDS)], capture_output=True, text=True)
    print(f"{sim}: {run.stdout.strip()}")
    found = re.search(r"digest ([0-9a-f]{16})", run.stdout)
    return found and found.group(1)


def main():
    source, build, sim, compiler = sys.argv[1:]
    other = "clang" if compiler == "GNU" else "gcc"
    folder = pathlib.Path(build) / "tests/sim" / other
    for command in (["cmake", "-S", source, "-B", str(folder), "-G", "Ninja",
                     "-DCMAKE_BUILD_TYPE=Release", f"-DCMAKE_C_COMPILER={other}"],
                    ["ninja", "-C", str(folder), "sim"]):
        made = subprocess.run(command, capture_output=True, text=True)
        if made.returncode:
            sys.exit(made.stdout[-4000:] + made.stderr[-4000:])
    mine, theirs = digest_of(sim), digest_of(folder / "tests/sim/sim")
    sys.exit(0 if mine and mine == theirs else "the digests differ")


main()
