#!/usr/bin/python3
"""Every finding has its page in docs/rules, every kind of watching in docs/watch, and every page has one of them."""

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
    kinds = set(re.findall(r'\[WATCH_[A-Z_]+\]\s*=\s*"([a-z-]+)"', tree.text("engine/model/watch.c")))
    told = {p.rsplit("/", 1)[1][:-3] for p in tree.having(".md") if p.startswith("docs/watch/")}
    complaints += [f"docs/watch/{k}.md is missing" for k in sorted(kinds - told)]
    complaints += [f"docs/watch/{p}.md explains a problem that there is not" for p in sorted(told - kinds)]
    return complaints


TABLE = 'x = {\n    [SANDBOX] = {"sandbox", SEVERITY_WARNING, "..."},\n};\n'

guard.run(
    "every finding has its page",
    check,
    {
        "engine/model/finding.c": TABLE, "docs/rules/sandbox.md": "word " * 30,
        "engine/model/watch.c": '[WATCH_MX_GONE] = "mx-gone",\n', "docs/watch/mx-gone.md": "What it is.\n",
    },
    {
        "a finding without a page": ({"engine/model/finding.c": TABLE.replace("sandbox", "mx-missing")}, "mx-missing.md is missing"),
        "a page without a finding": ({"docs/rules/old.md": "word " * 30}, "old.md explains"),
        "a kind without a page": ({"engine/model/watch.c": '[WATCH_UNSEEN] = "unseen",\n'}, "unseen.md is missing"),
        "a page without a kind": ({"docs/watch/old.md": "What it was.\n"}, "watch/old.md explains"),
        "an empty page": ({"docs/rules/sandbox.md": "later\n"}, "says next to nothing"),
    },
)
