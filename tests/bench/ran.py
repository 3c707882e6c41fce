"""The commands that a figure runs, kept while it is measured, so that a reader can run them again."""

import contextvars
import pathlib
import re
import shlex

TREE = pathlib.Path(__file__).resolve().parents[2]
_KEPT = contextvars.ContextVar("kept", default=None)  # each figure has its own, also those measured at once


def begin():
    """From here on the commands are those of another figure. The list of them, which grows."""
    kept = []
    _KEPT.set(kept)
    return kept


def note(command):
    kept = _KEPT.get()
    if kept is not None:
        kept.append([*map(str, command)])


def _word(word, build):
    """As a reader has it: in the tree, or a file that was made for the figure by its name alone."""
    if word.startswith(("/tmp/", "/dev/shm/", f"{build}/bench-")):
        return word.rsplit("/", 1)[1]
    for folder, name in ((build, "build/release"), (TREE, ".")):
        if word.startswith(f"{folder}/"):
            return f"{name}{word.removeprefix(str(folder))}".removeprefix("./")
    return re.sub(r"^127\.0\.0\.1:\d+$", "127.0.0.1:PORT", word)


def as_markdown(name, kept, build):
    """A row for each kind of command: the last of them stands for all that differ in numbers alone."""
    kinds = {}
    for command in kept:
        said = shlex.join(_word(word, build) for word in command)
        kinds.setdefault(re.sub(r"\d+", "", said), []).append(said)
    return [f"| `{name}` | `{all_of[-1].replace('|', chr(92) + '|')}` | {len(all_of)} |" for all_of in kinds.values()]


HEAD = "| tools/bench | runs, among others | times |\n| --- | --- | --- |"
