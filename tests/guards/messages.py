#!/usr/bin/python3
"""docs/MESSAGES.md lists every message of the programs, as they stand in the source.

So a reviewer reads them in one place, and a message that is new or changed shows up in the diff of
one file. messages.py --write brings the list up to date."""

import re
import sys

import guard

PAGE = "docs/MESSAGES.md"
START = "<!-- the list: tests/guards/messages.py --write -->\n"
ROOMS = ("cmd/", "engine/", "manifests/", "reports/")
CALL = re.compile(r"\b(?:why_set|why_wrap|message_error|message_note|message_error_then|message_note_then|complain|complain_value|judge_finding|notice_note|notice_error|"
                  r"step_finish|step_end_told|finish|block|block_for_trouble)\s*\(|"
                  r"\bsnprintf\s*\((?=[\w.>-]*(?:reason|what),|\w+,\s*REASON_LEN_MAX)")
STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
FORMAT = re.compile(r"%(?:[-+ #0]*)(\*|\d+)?(?:\.(\*|\d+))?(?:hh|h|ll|l|z|j)?([a-zA-Z%])")
WORD = re.compile(r"[A-Za-z_]\w*")
# a value without words of its own; one that is chosen from words is read with the rest
NAME_ONLY = re.compile(r"\{[^}| ]*\}|\{the system's error\}")
NOT_NAMES = {"TEXT_ARG", "unsigned", "long", "int", "char", "strerror", "text_of", "str", "text", "at", "len", "o", "r"}


def arguments(text, start):
    """The arguments of the call whose '(' is at start, each as its source."""
    parts, depth, i, begin = [], 0, start, start + 1
    while True:
        c = text[i]
        if c in "\"'":
            end = i + 1
            while text[end] != c:
                end += 2 if text[end] == "\\" else 1
            i = end
        elif c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
            if depth == 0:
                return parts + [text[begin:i]]
        elif c == "," and depth == 1:
            parts.append(text[begin:i])
            begin = i + 1
        i += 1


def placeholder(expression):
    """What stands for a value: the words it is chosen from, or the last name in its expression."""
    words = STRING.findall(expression)
    if words:
        return "{" + "|".join(words) + "}"
    if "strerror" in expression:
        return "{the system's error}"
    names = [n for n in WORD.findall(expression) if n not in NOT_NAMES]
    return "{" + (names[-1] if names else "…") + "}"


def filled(form, values):
    values = list(values)

    def one(match):
        if match.group(3) == "%":
            return "%"
        stars = (match.group(1) == "*") + (match.group(2) == "*")
        value = values.pop(0) if values else ""
        if stars and "TEXT_ARG" not in value:
            for _ in range(stars):
                value = values.pop(0) if values else ""
        return placeholder(value)

    return FORMAT.sub(one, form)


def message(parts):
    """The text of one call, or None where it only passes on what others said."""
    for index, part in enumerate(parts):
        if STRING.search(part):
            break
    else:
        return None
    form = re.sub(r"\bTEXT_FMT\b", '"%.*s"', parts[index])
    if "?" in STRING.sub("", form):  # the message itself is chosen
        return " / ".join(filled(words, parts[index + 1:]) for words in STRING.findall(form) if words)
    text = filled("".join(STRING.findall(form)), parts[index + 1:])
    return text.replace('\\"', '"').replace("\\\\", "\\").replace("\\n", " ")


def messages(tree):
    """{file: [message, ...]} in the order of the source."""
    found = {}
    for path in tree.having(".c"):
        if not path.startswith(ROOMS):
            continue
        text = tree.text(path)
        for call in CALL.finditer(text):
            if text[:call.start()].rstrip(" ").endswith(("void", "err", "bool")):
                continue  # its definition
            told = message(arguments(text, call.end() - 1))
            if told and re.search(r"[a-z]{2}", NAME_ONLY.sub("", told)) and told != "out of memory":
                listed = found.setdefault(path, [])
                if told not in listed:
                    listed.append(told)
    return found


# What a manifest or an option may hold; other names in braces would be placeholders that reach a user.
BRACED = re.compile(r"(?<![$%\w\\])\{([a-z][a-z_]*)\}")
OF_USERS = {"domain", "region"}


def placeholders(tree):
    found = []
    for path in sorted(tree.paths):
        if not path.startswith(ROOMS) or not path.endswith((".c", ".h")):
            continue
        text = re.sub(r"/\*.*?\*/", "", tree.text(path), flags=re.S)
        found += [f"{path}: a user would read {{{name}}}" for string in STRING.findall(text)
                  for name in BRACED.findall(string) if name not in OF_USERS]
    return found


def page_list(tree):
    out = []
    for path, texts in messages(tree).items():
        out.append(f"\n### {path}\n\n" + "".join(f"- `{text.replace('`', chr(39))}`\n" for text in texts))
    return "".join(out)


def check(tree):
    if PAGE not in tree.paths:
        return [f"{PAGE} is missing"]
    if found := placeholders(tree):
        return found
    head, start, listed = tree.text(PAGE).partition(START)
    if not start:
        return [f"{PAGE} has no line {START.strip()}"]
    wanted = page_list(tree).splitlines()
    have = listed.splitlines()
    mend = "tests/guards/messages.py --write brings it up to date"
    return ([f"{PAGE} lacks: {line} ({mend})" for line in wanted if line not in have] +
            [f"{PAGE} lists what is said no more: {line} ({mend})" for line in have if line not in wanted] or
            ([f"{PAGE} is not in the order of the source ({mend})"] if wanted != have else []))


SMALL = {
    "engine/handoff/decide.c": 'block(v, arena, TEXT("its MX is no host"));\n',
    "engine/scheduler/step_told.c": 'snprintf(what, sizeof what, "SES still says %s%s", name, left ? ", so it stays" : "");\n',
    "engine/scheduler/step_guard.c": 'snprintf(out, REASON_LEN_MAX, "%s%s", *why ? "; in DNS: " : ", as it should be", why);\n',
    "cmd/a.c": 'why_set(why, ERR_IO, "cannot open %s: %s", path, strerror(errno));\n'
               'message_error("%s", why->text);\n',
    PAGE: START + "\n### cmd/a.c\n\n- `cannot open {path}: {the system's error}`\n"
    "\n### engine/handoff/decide.c\n\n- `its MX is no host`\n"
    "\n### engine/scheduler/step_guard.c\n\n- `{; in DNS: |, as it should be}{why}`\n"
    "\n### engine/scheduler/step_told.c\n\n- `SES still says {name}{, so it stays|}`\n",
}

if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        real = guard.Tree(guard.ROOT)
        page = guard.ROOT / PAGE
        page.write_text(page.read_text().partition(START)[0] + START + page_list(real))
        sys.exit(0)
    guard.run(
        "every message is in docs/MESSAGES.md",
        check,
        SMALL,
        {
            "a message that is not listed": ({"cmd/b.c": 'why_set(why, ERR_IO, "no %s here", what);\n'}, "no {what} here"),
            "a reason that blocks a record set": ({"engine/handoff/decide.c": 'block(v, arena, TEXT("other"));\n'}, "other"),
            "words that stand in a choice": ({"engine/scheduler/step_guard.c": 'snprintf(out, REASON_LEN_MAX, "%s", a ? "in one way" : "in another");\n'}, "in one way|in another"),
            "a placeholder in a text": ({"reports/b.c": 'take(t, "{mail_from}");\n'}, "would read {mail_from}"),
            "a message that is said no more": ({"cmd/a.c": "\n"}, "said no more"),
        },
    )
