#!/usr/bin/python3
"""The programs as they are shipped use what compiler, linker and kernel offer against exploits: position-
independent, every relocation done and read-only at start, no memory both writable and executable,
stack canaries and no clash, checked copies and prints, no search path of their own for libraries. On
x86-64 every object of ours is ready for CET; whether a program is as a whole is up to the C library's
start files, and those of Debian 12 are not.

Before it looks it must find each of these missing in a small program that was built without it. The build
folder is this program's argument."""

import pathlib
import platform
import re
import subprocess
import sys
import tempfile

BUILD = pathlib.Path(sys.argv[1])
PROGRAMS = ("mailfrom", "ses-sim")
UNCHECKED = re.compile(r"^(v?[fds]?printf|gets|strcpy|strcat)$")


def readelf(path, *options):
    command = ["readelf", "-W", *options, str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def imports(path):
    found = re.findall(r"\bUND (\w+)", readelf(path, "--dyn-syms"))
    return {name.split("@")[0] for name in found}


def complaints_about(path):
    segments, dynamic, names = readelf(path, "-l"), readelf(path, "-d"), imports(path)
    stack = re.search(r"GNU_STACK.*", segments)
    checks = {
        "is not position-independent": "Flags: NOW PIE" in dynamic or re.search(r"FLAGS_1.*\bPIE\b", dynamic),
        "has no read-only relocations": "GNU_RELRO" in segments,
        "binds symbols lazily": "BIND_NOW" in dynamic or re.search(r"FLAGS_1.*\bNOW\b", dynamic),
        "has an executable stack": stack and "E" not in stack.group(0).split()[6],
        "has memory that is writable and executable": not re.search(r"LOAD .* RWE ", segments),
        "has no stack canaries": "__stack_chk_fail" in names,
        "has no checked functions": any(name.endswith("_chk") for name in names),
        "looks for libraries in a path of its own": not re.search(r"\((RPATH|RUNPATH)\)", dynamic),
    }
    found = [what for what, good in checks.items() if not good]
    return found + [f"calls {name} without a check" for name in sorted(names) if UNCHECKED.match(name)]


def objects_without_cet(folder):
    """Of our own object files, those in which a jump may land anywhere."""
    found = []
    for path in sorted(folder.rglob("*.o")):
        if re.search(r"CMakeFiles/(mailfrom|ses-sim|base|model|dns|rules|calls|survey|inspect|scheduler|publish|inventory|discover|access|preflight|forecast|handoff|options|ui|engine|run|plan|journal|aws|wire|manifests"
                     r"|wire_dns|reports)\.dir/", str(path)) and "IBT, SHSTK" not in readelf(path, "-n"):
            found.append(f"{path.name} is not ready for CET")
    return found


HARD = ["-O2", "-fPIE", "-pie", "-fstack-protector-strong", "-D_FORTIFY_SOURCE=2", "-Wl,-z,relro,-z,now,-z,noexecstack"]
SOURCE = """#include <stdio.h>
#include <string.h>
int main(int argc, char **argv)
{
    char line[64];
    sprintf(line, "%.9s %d", argv[0], argc);
    return puts(line) < 0;
}
"""
PLANTED = {
    "is not position-independent": ["-fno-pie", "-no-pie"],
    "has no read-only relocations": ["-Wl,-z,norelro"],
    "binds symbols lazily": ["-Wl,-z,lazy"],
    "has an executable stack": ["-Wl,-z,execstack"],
    "has no stack canaries": ["-fno-stack-protector"],
    "calls sprintf without a check": ["-U_FORTIFY_SOURCE"],
    "has no checked functions": ["-U_FORTIFY_SOURCE"],
    "looks for libraries in a path of its own": ["-Wl,-rpath,/nowhere"],
}


def built(folder, *options):
    source, program = folder / "small.c", folder / "small"
    source.write_text(SOURCE)
    subprocess.run(["cc", *HARD, *options, str(source), "-o", str(program)], check=True, capture_output=True)
    return complaints_about(program)


def main():
    failed = 0

    def report(number, name, complaints):
        nonlocal failed
        failed += bool(complaints)
        print(("not ok" if complaints else "ok") + f" {number} - {name}")
        for complaint in complaints[:50]:
            print("# " + complaint)

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        report(1, "a hardened program passes", built(folder))
        for number, (what, options) in enumerate(PLANTED.items(), 2):
            found = built(folder, *options)
            report(number, f"finds one that {what}", [] if what in found else [f"found only: {found}"])
    number = len(PLANTED) + 2
    for program in PROGRAMS:
        report(number, f"{program} is hardened", complaints_about(BUILD / program))
        number += 1
    if platform.machine() == "x86_64":
        report(number, "every object is ready for CET", objects_without_cet(BUILD))
    sys.exit(1 if failed else 0)


main()
