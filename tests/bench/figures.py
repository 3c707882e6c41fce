#!/usr/bin/python3
"""Every figure of docs/BENCHMARKS.md, measured in one run.

  figures.py --build FOLDER [--quick] [--write FILE] [NAME]...    without a NAME all of them
  figures.py --list

Prints a table in Markdown, row by row, then what each figure ran and where. --write puts all of it
into FILE too, between its two marks. --quick takes small sizes, runs each figure once, and fails unless
every count keeps its goal; ratios of times are then shown but not judged.

A figure of time is a ratio whose two sides were measured in turn, and the median of five such rounds or
more, or processor time: what else the machine does changes it little. Where a round takes long there are
three, and the row says so."""

import argparse
import concurrent.futures
import json
import pathlib
import sys

import figures_discover
import figures_dns
import figures_here
import figures_lanes
import figures_million_plan
import figures_page
import figures_plan
import figures_reports
import figures_ses
import ran
import row as rows
import stage
from circumstances import Circumstances

FIGURES = {
    "plan-calls": figures_ses.plan_calls,
    "plan-time": figures_plan.plan_time,
    "discover": figures_discover.discover,
    "apply-paced": figures_ses.apply_paced,
    "lanes-500": figures_lanes.lanes_500,
    "slow-owners": figures_here.slow_owners,
    "publish-calls": figures_here.publish_calls,
    "write-cost": figures_ses.write_cost,
    "write-speed": figures_ses.write_speed,
    "reads": figures_ses.reads,
    "aws-cli": figures_ses.aws_cli,
    "journal-in-the-way": figures_ses.journal_in_the_way,
    "journal": figures_here.journal,
    "journal-witness": figures_here.journal_witness,
    "check": figures_here.check_time,
    "dns": figures_here.dns,
    "noticing": figures_dns.noticing,
    "page-clients": figures_page.page_clients,
    "rehearse": figures_here.rehearse,
    "growth-check": figures_here.growth_check,
    "growth-rehearse": figures_here.growth_rehearse,
    "growth-records": figures_here.growth_records,
    "growth-plan": figures_million_plan.growth_plan,
    "reports": figures_reports.reports,
    "growth-reports": figures_reports.growth_reports,
}
BESIDE = ("plan-calls", "plan-time")  # wait for SES's rate nearly all the time: measured beside the others
COUNTS = ("plan-calls", "apply-paced", "slow-owners", "publish-calls", "journal", "dns")  # whose goals hold on a busy machine too
MARKS = ("<!-- figures -->\n", "<!-- end of figures -->\n")


class Bench:
    def __init__(self, build, quick):
        self.build, self.quick = build.resolve(), quick

    def size(self, full, small):
        return small if self.quick else full

    def rounds(self, full=5):
        """How often a figure is measured."""
        return self.size(full, 1)

    def mailfrom(self, *arguments, **more):
        return stage.cost_of(self.build, self.build / "mailfrom", *arguments, **more)

    def tool(self, name, *arguments, **more):
        """What a measuring program of ours prints."""
        return stage.cost_of(self.build, self.build / "tests" / name, *arguments, **more).said

    def peer(self, name, *arguments, **more):
        """What a peer in Python prints: JSON."""
        command = [stage.PYTHON, "-B", stage.HERE / f"peer_{name}.py", *arguments]
        return json.loads(stage.cost_of(self.build, *command, **more).said)


def arguments_read():
    parser = argparse.ArgumentParser(prog="tools/bench", description=__doc__.split("\n")[0])
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build/release"), help="of the programs")
    parser.add_argument("--quick", action="store_true", help="small sizes; judges the counts only")
    parser.add_argument("--write", type=pathlib.Path, metavar="FILE", help="puts the table into FILE, between its marks")
    parser.add_argument("--list", action="store_true", help="prints the names")
    parser.add_argument("names", nargs="*", metavar="NAME", help="figures to measure; default: all")
    arguments = parser.parse_args()
    for name in arguments.names:
        if name not in FIGURES:
            parser.error(f"no figure is called '{name}': {', '.join(FIGURES)}")
    return arguments


def rows_of(bench, name, commands):
    """The rows of one figure; what it runs is put into commands."""
    commands[name] = ran.begin()
    yield from FIGURES[name](bench)


def all_rows(bench, names, commands):
    """(name, row) as they are measured; what is measured beside the others comes last."""
    beside = [] if bench.quick else [n for n in names if n in BESIDE]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        waiting = {n: pool.submit(lambda name: list(rows_of(bench, name, commands)), n) for n in beside}
        for name in names:
            if name not in waiting:
                yield from ((name, row) for row in rows_of(bench, name, commands))
        for name, done in waiting.items():
            yield from ((name, row) for row in done.result())


def table_write(path, lines):
    before, _, rest = path.read_text().partition(MARKS[0])
    _, end, after = rest.partition(MARKS[1])
    if not end:
        raise SystemExit(f"bench: {path} has no lines {MARKS[0].strip()} and {MARKS[1].strip()}")
    path.write_text(before + MARKS[0] + "\n".join(lines) + "\n" + MARKS[1] + after)


def main():
    arguments = arguments_read()
    if arguments.list:
        print("\n".join(FIGURES))
        return 0
    bench = Bench(arguments.build, arguments.quick)
    circumstances, commands, missed = Circumstances(), {}, 0
    names = arguments.names or [*(COUNTS if bench.quick else FIGURES)]
    lines = []

    def say(*more):
        lines.extend(more)
        print("\n".join(more), flush=True)

    say(rows.HEAD)
    for name, row in all_rows(bench, names, commands):
        judged = not bench.quick or row.count
        missed += judged and row.met is False
        say(rows.as_markdown(name, row if judged else row._replace(met=None)))
    say("", ran.HEAD, *(line for name in names for line in ran.as_markdown(name, commands[name], bench.build)))
    say("", *circumstances.told(), f"Goals missed: {missed}.")
    if arguments.write:
        table_write(arguments.write, lines)
    return 1 if bench.quick and missed else 0


sys.exit(main())
