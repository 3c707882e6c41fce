#!/usr/bin/python3
"""The exit codes of README.md are those of the program's table, and the manual takes them from it.

The table is cmd/ui/exit_codes.c; --help prints it, and tools/manual reads --help."""

import re

import guard

TABLE = "cmd/ui/exit_codes.c"
HEADER = "cmd/ui/exit_codes.h"
PAGE = "README.md"
MANUAL = "docs/man/mailfrom.1.scd"

NUMBER = re.compile(r"^\s+(EXIT_\w+) = (\d+),", re.M)
ENTRY = re.compile(r'\{(EXIT_\w+),\s*((?:"[^"]*"\s*)+)\}')
ROW = re.compile(r"^\| (\d+) \| (.*?) \|$", re.M)


def in_program(tree):
    """{"3": "finished, but ..."}, a meaning as one line."""
    numbers = dict(NUMBER.findall(tree.text(HEADER)))
    return {numbers.get(name, name): "".join(re.findall(r'"([^"]*)"', strings)).replace("\\n", " ")
            for name, strings in ENTRY.findall(tree.text(TABLE))}, numbers


def check(tree):
    meanings, numbers = in_program(tree)
    complaints = [f"{TABLE}: {name} has no meaning" for name, code in numbers.items() if code not in meanings]
    section = re.search(r"^## Exit codes\n(.*?)^## ", tree.text(PAGE), re.M | re.S)
    rows = {code: text.replace("`", "") for code, text in ROW.findall(section.group(1) if section else "")}
    for code in sorted(meanings.keys() | rows.keys()):
        if meanings.get(code) != rows.get(code):
            complaints.append(f"{PAGE}: code {code} is \"{rows.get(code)}\", but the program says \"{meanings.get(code)}\"")
    if "@EXITCODES@" not in tree.text(MANUAL):
        complaints.append(f"{MANUAL}: the exit codes are not the program's (@EXITCODES@)")
    return complaints


README = "## Exit codes\n\n| code | meaning |\n| --- | --- |\n| 0 | done |\n| 3 | `x` failed, or drifted |\n\n## More\n"
CLEAN = {
    HEADER: "enum exit_code {\n    EXIT_OK = 0,\n    EXIT_TROUBLE = 3,\n};\n",
    TABLE: '    {EXIT_OK, "done"},\n    {EXIT_TROUBLE, "x failed,\\n"\n     "or drifted"},\n',
    PAGE: README,
    MANUAL: "# EXIT STATUS\n\n@EXITCODES@\n",
}

guard.run(
    "the exit codes are told alike everywhere",
    check,
    CLEAN,
    {
        "another meaning": ({PAGE: README.replace(", or drifted", "")}, "code 3"),
        "a code that is not told": ({PAGE: README.replace("| 0 | done |\n", "")}, "code 0"),
        "a code that nobody returns": ({PAGE: README.replace("| 3 |", "| 5 | lost |\n| 3 |")}, "code 5"),
        "a code without a meaning": ({HEADER: CLEAN[HEADER].replace("}", "    EXIT_LATE = 9,\n}")}, "EXIT_LATE"),
        "a manual of its own": ({MANUAL: "*0*\n\tDone.\n"}, "@EXITCODES@"),
    },
)
