"""Figures of a plan as a fleet grows to a million. Each function yields rows."""

import stage
from figures_here import TENFOLD, folder, growth_rows, sum_of


def growth_plan(bench):
    """A plan in the simulated world, in virtual time (plan_bench): manifest, engine, journal in memory. The
    same 100 lanes at every size. The world is in the same process, so its memory counts as well."""
    counts = bench.size(TENFOLD, [500, 2_000, 8_000])
    with folder() as place:
        files = [stage.manifest_write(place / f"{n}.yaml", n, lanes=bench.size(100, 5)) for n in counts]
        program = bench.build / "tests/plan_bench"
        rounds = [[sum_of([stage.cost_of(bench.build, program, f) for _ in range(3 if n < 1_000_000 else 1)])
                   for n, f in zip(counts, files)] for _ in range(bench.rounds(3))]
    yield from growth_rows("plan in the simulated world", counts, rounds)
