"""One figure as the table has it.

What is measured is a number, or a list with what each round gave: then the median stands for it, beside
the least and the most. A ratio is one of each round (ratios()), for its two sides met the same machine."""

import statistics
from typing import NamedTuple, Optional


class Row(NamedTuple):
    figure: str
    size: str
    goal: str  # "" when the figure is only told
    measured: float
    met: Optional[bool]
    raw: dict
    rounds: tuple = ()  # what each gave; empty: there was one
    count: bool = False  # of calls, commits and the like: a small or a quick run is judged by it too


def rounds_of(measured):
    return tuple(measured) if isinstance(measured, (list, tuple)) else (measured,)


def _row(figure, size, goal, measured, raw, judge=None, **more):
    rounds = rounds_of(measured)
    middle = statistics.median(rounds)
    return Row(figure, size, goal, middle, judge(middle) if judge else None, raw, rounds, **more)


def at_most(figure, size, measured, goal, raw):
    return _row(figure, size, f"<= {goal:g}", measured, raw, lambda middle: middle <= goal)


def at_least(figure, size, measured, goal, raw):
    return _row(figure, size, f">= {goal:g}", measured, raw, lambda middle: middle >= goal)


def told(figure, size, measured, raw):
    """Without a goal."""
    return _row(figure, size, "", measured, raw)


def never_more(figure, size, counts, goal, raw):
    """Counts, of which every round must keep the goal."""
    return _row(figure, size, f"<= {goal:g}", counts, raw, lambda _: max(rounds_of(counts)) <= goal, count=True)


def ratios(ones, others):
    """Of each round, one of the ones to one of the others."""
    return [one / other for one, other in zip(ones, others)]


def number(value):
    return f"{value:.0f}" if value >= 1000 or value == int(value) else f"{value:.3g}"


def spread(row):
    """The least, the most, and of how many rounds."""
    rounds = row.rounds or (row.measured,)
    alike = ", all equal" if len(rounds) > 1 and min(rounds) == max(rounds) else ""
    return f"{number(min(rounds))} | {number(max(rounds))} | {len(rounds)}{alike}"


def as_markdown(name, row):
    """name: of the figure for tools/bench, which makes the row again."""
    met = {True: "yes", False: "**no**", None: ""}[row.met]
    raw = "; ".join(f"{key}: {', '.join(map(str, value)) if isinstance(value, (list, tuple)) else value}"
                    for key, value in row.raw.items())
    return (f"| `{name}` | {row.figure} ({row.size}) | {row.goal} | {number(row.measured)} | {spread(row)} | {met} "
            f"| {raw} |")


HEAD = ("| tools/bench | figure | goal | measured | min | max | n | met | raw |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
