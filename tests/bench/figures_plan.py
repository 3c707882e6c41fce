"""How long a plan takes, by what holds it."""

import json
from collections import Counter

import stage
from row import Row, at_most


def in_virtual_time(bench):
    """Without preflight, and without a clock that others can disturb: each action by its own bucket, lane beside lane.
    Long trips of changing length have no goal: a bucket of one token takes no call that arrives early, and makes up for
    none that arrives late."""
    for count, lanes, trip_ms, goal in ((10_000, 1, 2, 1.02), (100_000, 100, 2, 1.02), (10_000, 1, 60, None)):
        said = json.loads(bench.tool("plan_pace_bench", str(count), str(lanes), str(trip_ms)))
        size = f"{count} identities, {lanes} {'lane' if lanes == 1 else 'lanes'}, 1 call/s, trips of {trip_ms // 2} to {trip_ms * 3 // 2} ms, virtual"
        figure, ratio = "SES time of a plan, first call to last, against the bound of its fullest bucket", said["took_s"] / said["bound_s"]
        yield at_most(figure, size, ratio, goal, said) if goal else Row(figure, size, "", ratio, None, said)


def plan_time(bench):
    """At the rate that SES documents, and no burst. The bound is the fullest bucket: its calls, one by one, at the rate."""
    yield from in_virtual_time(bench)
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
