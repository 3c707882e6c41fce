"""One figure as the table has it."""

from typing import NamedTuple, Optional


class Row(NamedTuple):
    figure: str
    size: str
    goal: str  # "" when the figure is only told
    measured: float
    met: Optional[bool]
    raw: dict


def at_most(figure, size, measured, goal, raw):
    return Row(figure, size, f"<= {goal:g}", measured, measured <= goal, raw)


def at_least(figure, size, measured, goal, raw):
    return Row(figure, size, f">= {goal:g}", measured, measured >= goal, raw)


def number(value):
    return f"{value:.0f}" if value >= 1000 or value == int(value) else f"{value:.3g}"


def as_markdown(name, row):
    """name: of the figure for tools/bench, which makes the row again."""
    met = {True: "yes", False: "**no**", None: ""}[row.met]
    raw = "; ".join(f"{key}: {', '.join(map(str, value)) if isinstance(value, (list, tuple)) else value}"
                    for key, value in row.raw.items())
    return f"| `{name}` | {row.figure} ({row.size}) | {row.goal} | {number(row.measured)} | {met} | {raw} |"


HEAD = "| tools/bench | figure | goal | measured | met | raw |\n| --- | --- | --- | --- | --- | --- |"
