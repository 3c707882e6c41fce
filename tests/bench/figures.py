#!/usr/bin/python3
"""Every figure of docs/BENCHMARKS.md, measured in one run.

  figures.py --build FOLDER [--quick] [NAME]...    without a NAME all of them
  figures.py --list

Prints a table in Markdown, row by row. --quick takes small sizes, runs each figure once, and fails
unless every count keeps its goal; ratios of times are then shown but not judged."""

import argparse
import json
import os
import pathlib
import sys

import figures_here
import figures_ses
import stage
from row import HEAD, as_markdown

FIGURES = {
    "plan-calls": figures_ses.plan_calls,
    "apply-paced": figures_ses.apply_paced,
    "write-cost": figures_ses.write_cost,
    "write-speed": figures_ses.write_speed,
    "reads": figures_ses.reads,
    "aws-cli": figures_ses.aws_cli,
    "journal-in-the-way": figures_ses.journal_in_the_way,
    "journal": figures_here.journal,
    "check": figures_here.check_time,
    "dns": figures_here.dns,
    "rehearse": figures_here.rehearse,
    "growth-check": figures_here.growth_check,
    "growth-rehearse": figures_here.growth_rehearse,
    "growth-records": figures_here.growth_records,
}
COUNTS = ("plan-calls", "apply-paced", "journal", "dns")  # whose goals hold on a busy machine too
JUDGED_QUICK = ("SES ", "... of them", "commits", "fdatasync", "false time-outs")


class Bench:
    def __init__(self, build, quick):
        self.build, self.quick = build.resolve(), quick

    def size(self, full, small):
        return small if self.quick else full

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
    parser.add_argument("--list", action="store_true", help="prints the names")
    parser.add_argument("names", nargs="*", metavar="NAME", help="figures to measure; default: all")
    arguments = parser.parse_args()
    for name in arguments.names:
        if name not in FIGURES:
            parser.error(f"no figure is called '{name}': {', '.join(FIGURES)}")
    return arguments


def main():
    arguments = arguments_read()
    if arguments.list:
        print("\n".join(FIGURES))
        return 0
    bench = Bench(arguments.build, arguments.quick)
    missed = 0
    print(HEAD)
    for name in arguments.names or (COUNTS if bench.quick else FIGURES):
        for row in FIGURES[name](bench):
            judged = not bench.quick or row.figure.startswith(JUDGED_QUICK)
            missed += judged and row.met is False
            print(as_markdown(row if judged else row._replace(met=None)), flush=True)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"\nLoad average at the end: {load} on {os.cpu_count()} processors; goals missed: {missed}.")
    return 1 if bench.quick and missed else 0


sys.exit(main())
