#!/usr/bin/python3
"""The pure rooms cannot reach a clock, a socket, a file or a thread: the linker's word for it.

Reads `nm -u` of the libraries in the build folder given as argument. What one of our own libraries
defines is left out; what remains must be on the list below."""

import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import guard

PLAIN = {
    # bytes and text
    "memchr", "memcmp", "bcmp", "memcpy", "memmove", "memset", "memrchr", "memmem", "strlen", "strnlen", "strcmp", "strncmp",
    "strchr", "strrchr", "strspn", "strcspn", "strcasecmp", "strncasecmp", "explicit_bzero", "qsort", "bsearch",
    # numbers into memory; floating point
    "snprintf", "vsnprintf", "strtod", "floor", "ceil", "round", "fmod", "pow", "sqrt", "log", "log2", "exp", "fmin", "fmax", "lround", "llround",
    # the program's promises
    "__assert_fail", "abort",
}
HEAP = {"malloc", "calloc", "realloc", "free", "reallocarray"}
LARGE = {"aligned_alloc", "madvise"}  # heap again, by larger pages
CALENDAR = {"gmtime_r", "timegm", "strftime"}  # arithmetic on an instant that is given
ADDRESS = {"inet_pton", "inet_ntop"}  # text to bytes and back, no look-up

# library -> (allowed beyond PLAIN everywhere, {object: allowed there only})
ALLOWED = {
    "base": (set(), {"arena": HEAP, "buf": HEAP, "heap": HEAP, "names": HEAP | LARGE, "redact": HEAP, "siphash": {"getauxval"}, "when": CALENDAR}),
    "model": (set(), {"fleet": HEAP, "managed_index": {"calloc", "free"}}),
    "dns": (ADDRESS, {}),
    "rules": (ADDRESS, {"idna": {"idn2_*", "free"}, "suffix": {"psl_*", "calloc", "free"}}),
    "calls": (set(), {}),
    "survey": (set(), {"host_book": {"calloc", "free"}}),
    "scheduler": (set(), {}),
    "watch": (set(), {"memory": HEAP, "slots": HEAP}),
    "inventory": (set(), {}),
    "managed": (set(), {}),
    "organization": (set(), {}),
    # A journal is kept by its store; above the seam there is memory and nothing else.
    "journal": (set(), {"fence": HEAP, "fleet_rows": {"calloc"}, "journal": {"calloc", "free"}, "journal_compare": HEAP,
                        "journal_copy": HEAP, "lane_rows": {"calloc", "free"}, "leases": HEAP, "publish_rows": {"calloc", "free"},
                        "record_rows": {"calloc", "free"}, "run_pairs": HEAP, "shared_waves": HEAP}),
}
SANITIZER = re.compile(r"_{2,}(asan|ubsan|tsan|sanitizer|gcov|llvm)_|__cyg_profile|__stack_chk_fail|_GLOBAL_OFFSET_TABLE_")
FORTIFIED = re.compile(r"__(?P<name>\w+?)_chk$")
ALIASES = {"__isoc99_sscanf": "sscanf", "__isoc23_strtoull": "strtoull"}


def nm(archive, *options):
    out = subprocess.run(["nm", "-A", *options, str(archive)], capture_output=True, text=True, check=True).stdout
    for line in out.splitlines():
        object_name = line.split(":")[1]  # libscheduler.a:step.c.o:        U memcpy
        yield re.sub(r"(\.c)?\.o$", "", object_name), line.split()[-1]


def fits(symbol, allowed):
    return any(symbol == a or (a.endswith("*") and symbol.startswith(a[:-1])) for a in allowed)


def check_build(build):
    archives = {p.stem[3:]: p for p in pathlib.Path(build).rglob("lib*.a")}
    complaints = [f"lib{name}.a is not in {build}" for name in ALLOWED if name not in archives]
    ours = {s for a in archives.values() for _, s in nm(a, "--defined-only")}
    for name in sorted(ALLOWED.keys() & archives.keys()):
        everywhere, by_object = ALLOWED[name]
        for obj, symbol in nm(archives[name], "-u"):
            fortified = FORTIFIED.match(symbol)
            plain = fortified["name"] if fortified else ALIASES.get(symbol, symbol)
            if plain in ours or SANITIZER.match(symbol):
                continue
            if not fits(plain, PLAIN | everywhere | by_object.get(obj, set())):
                complaints.append(f"lib{name}.a: {obj}.c uses {plain}")
    return complaints


def compiled(name, source):
    """A build folder whose lib<name>.a holds one file with this source, the others nothing."""
    folder = pathlib.Path(tempfile.mkdtemp(dir=scratch.name))
    (folder / "plant.c").write_text(source)
    (folder / "nothing.c").write_text("int nothing_%d;\n" % id(source))
    for unit in ("plant", "nothing"):
        subprocess.run(["gcc", "-c", "-o", folder / f"{unit}.c.o", folder / f"{unit}.c"], check=True)
    for library in ALLOWED:
        unit = "plant" if library == name else "nothing"
        subprocess.run(["ar", "rc", folder / f"lib{library}.a", folder / f"{unit}.c.o"], check=True)
    return folder


scratch = tempfile.TemporaryDirectory()
PLANTS = {
    "a clock in the scheduler": ("scheduler", "#include <time.h>\nlong f(void) { return time(0); }\n", "plant.c uses time"),
    "an allocation in calls": ("calls", "#include <stdlib.h>\nvoid *f(void) { return malloc(9); }\n", "plant.c uses malloc"),
    "a file in model": ("model", "#include <stdio.h>\nvoid *f(void) { return fopen(\"x\", \"r\"); }\n", "plant.c uses fopen"),
    "a socket in rules": ("rules", "#include <sys/socket.h>\nint f(void) { return socket(1, 2, 3); }\n", "plant.c uses socket"),
    "a thread in base": ("base", "#include <pthread.h>\nvoid f(pthread_mutex_t *m) { pthread_mutex_lock(m); }\n", "plant.c uses pthread_mutex_lock"),
    "standard output in dns": ("dns", "#include <stdio.h>\nvoid f(void) { puts(\"x\"); }\n", "plant.c uses puts"),
}
failed = 0


def report(number, name, complaints):
    global failed
    print(("not ok" if complaints else "ok") + f" {number} - {name}")
    for complaint in complaints:
        print("# " + complaint)
    failed += bool(complaints)


report(1, "plain code passes", check_build(compiled("scheduler", "int f(int a) { return a + 1; }\n")))
for number, (what, (library, source, part)) in enumerate(PLANTS.items(), 2):
    found = check_build(compiled(library, source))
    report(number, f"finds {what}", [] if any(part in c for c in found) else [f"not found; complaints were: {found}"])
report(len(PLANTS) + 2, "pure rooms reach no clock, socket, file or thread", check_build(sys.argv[1]))
sys.exit(1 if failed else 0)
