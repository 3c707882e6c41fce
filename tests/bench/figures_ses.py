"""Figures about SES: how many calls, how fast, at what cost. Each function yields rows."""

import shutil
from collections import Counter

import stage
from row import at_least, at_most, never_more, ratios, told

RATE, BURST = 500, 50


def count_of(calls):
    """(writes, reads without those of DKIM, refused by the rate)."""
    writes = sum(c["action"] in stage.WRITES for c in calls)
    refused = sum(c["outcome"] in ("Throttling", "TooManyRequestsException") for c in calls)
    return writes, len(calls) - writes - dkim_of(calls), refused


def dkim_of(calls):
    """Reads of DKIM: an action with a bucket of its own, beside the others."""
    return sum(c["action"] == "GetIdentityDkimAttributes" for c in calls)


def boto3_at(bench, ses, what, count, threads):
    return bench.peer("boto3", what, count, threads, env=ses.environment)


def plan_calls(bench):
    """At the rate that SES documents, and no burst: a call too early would be refused. The quick run is too
    fast for that: there a delay of one call by 50 ms would make the next one early."""
    count, rate, burst = bench.size((10_000, 1, 1), (2_000, 20, 2))
    with stage.knot(count) as port, stage.Fleet(bench.build, count, port) as fleet:
        def once():
            with fleet.ses(rate=rate, burst=burst) as ses:
                fleet.run(ses, "plan", rate)
                return ses.calls()

        runs = stage.at_once(bench.rounds(), once)
    counts = [count_of(calls) for calls in runs]
    kinds = Counter(c["action"] for c in runs[0])
    yield never_more("SES calls of a plan, one lane, without DKIM", f"{count} identities",
                     [writes + reads for writes, reads, _ in counts], bench.size(120, 30), kinds)
    yield never_more("... and for DKIM, in a bucket of its own", f"{count} identities", [dkim_of(calls) for calls in runs],
                     100 * count / 10_000, {})
    yield never_more("... of them refused by the rate", f"{rate} calls/s, burst {burst}",
                     [refused for _, _, refused in counts], 0, {"writes": [writes for writes, _, _ in counts]})


def apply_paced(bench):
    """Counts, and the time against the rate that the server enforces."""
    count, rounds = bench.size(10_000, 2_000), bench.rounds()
    costs, counts, spans, dkim = [], [], [], []
    with stage.knot(count) as port, stage.Fleet(bench.build, count, port) as fleet:
        for _ in range(rounds):
            with fleet.ses(rate=RATE, burst=BURST) as ses:
                costs.append(fleet.run(ses, "apply", RATE))
                calls = ses.calls()
                counts.append(count_of(calls))
                dkim.append(dkim_of(calls))
                spans.append(stage.write_span(calls))
    writes, reads, refused = (list(column) for column in zip(*counts))
    yield never_more("SES writes of an apply, to Success", f"{count} changes",
                     [all_of - none for all_of, none in zip(writes, refused)], count, {"refused by the rate": refused})
    yield never_more("SES reads of an apply, to Success, without DKIM", f"{count} changes", reads, 600 * count / 10_000, {})
    yield never_more("... and of DKIM, in a bucket of its own", f"{count} changes", dkim, 110 * count / 10_000, {})
    if not bench.quick:
        walls = [c.wall for c in costs]
        raw = {"seconds": rounded(walls), "cpu s": rounded(c.cpu for c in costs)}
        size = f"{count} changes at {RATE}/s"
        yield at_most("time from the first write to the last against the rate alone", size,
                      [span / (count / RATE) for span in spans], 1.03, {"seconds": rounded(spans)})
        yield at_most("time of the whole apply, to Success, against the rate alone", size,
                      [wall / (count / RATE) for wall in walls], 1.02, raw)


def rounded(values, digits=2):
    return [round(v, digits) for v in values]


def microseconds(values):
    return [round(v * 1e6) for v in values]


def write_cost(bench):
    """The whole of our program (manifest, reads, DNS, journal, following) against boto3's calls alone."""
    count, few = bench.size(10_000, 300), bench.size(1_000, 100)
    with stage.knot(count) as port, stage.Fleet(bench.build, count, port) as fleet:
        def ours():
            with fleet.ses(tls=True) as ses:
                return fleet.run(ses, "apply", 10_000).cpu / count

        def boto3():
            with fleet.ses(tls=True) as ses:
                return boto3_at(bench, ses, "writes", few, 1)["cpu"] / few

        def before_writes():
            with fleet.ses(tls=True) as ses:
                return fleet.run(ses, "plan", 10_000).cpu / count

        mine, plan, theirs = stage.interleaved(bench.rounds(), ours, before_writes, boto3)
    raw = {"us, whole apply": microseconds(mine), "us, its plan": microseconds(plan),
           "us, boto3's put": microseconds(theirs)}
    size = f"{count} against {few} writes"
    yield at_least("processor time per write over TLS, boto3's put : our whole apply", size, ratios(theirs, mine), 12, raw)
    beyond = [whole - before for whole, before in zip(mine, plan)]
    yield told("... boto3's put : what an apply takes beyond its plan (write, journal, follow)", size,
               ratios(theirs, beyond), {})


def write_speed(bench):
    count, few = bench.size(10_000, 300), bench.size(2_000, 100)
    with stage.knot(count) as port, stage.Fleet(bench.build, count, port) as fleet:
        def ours():
            with fleet.ses(tls=True) as ses:
                wall = fleet.run(ses, "apply", 10_000).wall
                return (count - 1) / stage.write_span(ses.calls()), count / wall

        def boto3():
            with fleet.ses(tls=True) as ses:
                boto3_at(bench, ses, "writes", few, 32)
                return few / stage.write_span(ses.calls())

        mine, theirs = stage.interleaved(bench.rounds(), ours, boto3)
    raw = {"writes/s": rounded((m[0] for m in mine), 0),
           "changes/s of the whole apply": rounded((m[1] for m in mine), 0),
           "boto3 writes/s, 32 threads": rounded(theirs, 0)}
    yield at_least("writes per second over TLS without a rate, mailfrom : boto3", f"{count} against {few} writes",
                   ratios([m[0] for m in mine], theirs), 10, raw)


def aws_cli(bench):
    """What a shell script would do: look, then set, one process each."""
    count = bench.size(40, 4)
    script = ('aws="aws --endpoint-url $AWS_ENDPOINT_URL sesv2"; $aws get-email-identity --email-identity $0 >/dev/null && '
              '$aws put-email-identity-mail-from-attributes --email-identity $0 --mail-from-domain bounce.$0 '
              '--behavior-on-mx-failure USE_DEFAULT_VALUE')
    with stage.knot(count) as port, stage.Fleet(bench.build, count, port) as fleet:
        names = fleet.folder / "names"
        names.write_text("\n".join(stage.domains(count)) + "\n")

        def cli():
            with fleet.ses(tls=True) as ses:
                command = ["xargs", "-P", "8", "-n", "1", "-a", names, "sh", "-c", script]
                return stage.cost_of(bench.build, *command, env=ses.environment), len(ses.calls())

        def ours():
            with fleet.ses(tls=True) as ses:
                return fleet.run(ses, "apply", 10_000), len(ses.calls())

        theirs, mine = stage.interleaved(bench.rounds(3), cli, ours)
    raw = {f"{what}, {whose}": rounded(values, 3) for whose, runs in (("mailfrom", mine), ("aws CLI", theirs)) for what, values in (
        ("s", [cost.wall for cost, _ in runs]), ("cpu s", [cost.cpu for cost, _ in runs]),
        ("calls per identity", [calls / count for _, calls in runs]))}
    yield told("processor time, aws CLI under xargs -P 8 : mailfrom", f"{count} identities, look and set; a round takes 20 s",
               ratios([cost.cpu for cost, _ in theirs], [cost.cpu for cost, _ in mine]), raw)


def reads(bench):
    """A plan's reads of SES by boto3: one by one with version 2, a hundred a call with version 1."""
    count, few = bench.size(10_000, 300), bench.size(500, 50)
    with stage.knot(count) as port, stage.Fleet(bench.build, count, port) as fleet:
        def ours():
            with fleet.ses() as ses:
                return fleet.run(ses, "plan", 10_000).cpu / count, len(ses.calls()) / count

        def boto3(what, many):
            with fleet.ses() as ses:
                return boto3_at(bench, ses, what, many, 1)["cpu"] / many, len(ses.calls()) / many

        mine, one, batched = stage.interleaved(bench.rounds(), ours, lambda: boto3("reads-v2", few),
                                               lambda: boto3("reads-v1", count))
    for title, theirs in (("one by one (v2)", one), ("a hundred a call (v1)", batched)):
        raw = {"us per identity, plan with DNS": microseconds(m[0] for m in mine),
               "us, boto3's reads alone": microseconds(t[0] for t in theirs),
               "calls per identity": rounded((mine[0][1], theirs[0][1]), 3)}
        yield told(f"processor time, boto3's reads {title} : our plan", f"{count} identities",
                   ratios([t[0] for t in theirs], [m[0] for m in mine]), raw)


def journal_in_the_way(bench):
    """The same apply at 1,000 writes a second with its journal on the disk and in memory."""
    count, rate = bench.size(5_000, 300), 1_000
    with stage.knot(count) as port, stage.Fleet(bench.build, count, port) as fleet:
        def once(folder):
            with fleet.ses(rate=rate, burst=BURST) as ses:
                return fleet.run(ses, "apply", rate, journal=folder).wall

        disk, memory = stage.interleaved(bench.rounds(), lambda: once(None), lambda: once("/dev/shm"))
        with fleet.ses(rate=rate, burst=BURST) as ses:
            trace = fleet.folder / "trace"
            tracer = [shutil.which("strace"), "-f", "-qq", "-o", trace, "-e", "trace=fdatasync,fsync"]
            fleet.run(ses, "apply", rate, before=tracer)
            syncs = sum("sync(" in line for line in trace.read_text().splitlines())
    raw = {"seconds, disk": rounded(disk), "seconds, memory": rounded(memory), "syncs of a run": syncs,
           "writes": count}
    yield at_most("time of an apply, journal on disk : in memory", f"{count} changes at {rate}/s",
                  ratios(disk, memory), 1.03, raw)
