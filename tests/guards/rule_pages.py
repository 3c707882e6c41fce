#!/usr/bin/python3
"""Every finding has its page in docs/rules, and every page its finding."""

import re

import guard


def check(tree):
    table = tree.text("engine/model/finding.c")
    rules = set(re.findall(r'\[[A-Z_]+\]\s*=\s*\{\s*"([a-z-]+)"', table))
    pages = {p.rsplit("/", 1)[1][:-3] for p in tree.having(".md") if p.startswith("docs/rules/")}
    pages -= {"README"}
    complaints = [] if rules else ["no finding was understood in engine/model/finding.c"]
    complaints += [f"docs/rules/{r}.md is missing" for r in sorted(rules - pages)]
    complaints += [f"docs/rules/{p}.md explains a finding that there is not" for p in sorted(pages - rules)]
    for rule in sorted(rules & pages):
        if len(tree.text(f"docs/rules/{rule}.md").split()) < 30:
            complaints.append(f"docs/rules/{rule}.md says next to nothing")
    return complaints


TABLE = 'x = {\n    [SANDBOX] = {"sandbox", SEVERITY_WARNING, "..."},\n};\n'

guard.run(
    "every finding has its page",
    check,
    {"engine/model/finding.c": TABLE, "docs/rules/sandbox.md": "word " * 30},
    {
        "a finding without a page": ({"engine/model/finding.c": TABLE.replace("sandbox", "mx-missing")}, "mx-missing.md is missing"),
        "a page without a finding": ({"docs/rules/old.md": "word " * 30}, "old.md explains"),
        "an empty page": ({"docs/rules/sandbox.md": "later\n"}, "says next to nothing"),
    },
)
