"""How long a plan takes, by what holds it."""

from collections import Counter

import stage
from row import at_most


def plan_time(bench):
    """At the rate that SES documents, and no burst. The bound is the fullest bucket: its calls, one by one, at the rate."""
    count, rate, burst = bench.size((10_000, 1, 1), (2_000, 20, 2))
    with stage.knot(count) as port, stage.Fleet(bench.build, count, port) as fleet:
        with fleet.ses(rate=rate, burst=burst) as ses:
            cost = fleet.run(ses, "plan", rate)
            calls = ses.calls()
    times = [stage.seconds_of(c["time"]) for c in calls]
    span = max(times) - min(times)
    (action, most), *_ = Counter(c["action"] for c in calls).most_common()
    raw = {"s": round(span, 2), "whole process, s": round(cost.wall, 2), "held by": f"{most} calls of {action}"}
    size = f"{count} identities in one lane at {rate}/s"
    yield at_most("time of a plan, first call to last, against the bound of its fullest bucket", size, span / (most / rate), 1.02, raw)
    if not bench.quick:
        yield at_most("seconds of a plan, first call to last", size, span, 102, {})
