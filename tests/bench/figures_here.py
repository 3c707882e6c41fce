"""Figures that need no SES: manifests, DNS, rehearsals, the journal. Each function yields rows."""

import contextlib
import json
import pathlib
import re
import tempfile
from collections import Counter

import stage
from figures_ses import rounded
from row import at_least, at_most, never_more, ratios, told

SIZES = [1_953, 15_625, 125_000, 1_000_000]  # eight times each: tables that double are as full at each
TENFOLD = [10_000, 100_000, 1_000_000]
NUMBER = re.compile(r"([\d.]+) (questions/s|failed)")


@contextlib.contextmanager
def folder():
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        yield pathlib.Path(name)


def check_time(bench):
    """Processor time of the loading alone, in one process with a bare libyaml loop over the same file."""
    count = bench.size(1_000_000, 10_000)
    with folder() as place:
        manifest = stage.manifest_write(place / "fleet.yaml", count)
        said = [bench.tool("manifest_bench", manifest) for _ in range(bench.rounds())]
        times = [float(re.search(r"ratio ([\d.]+)", s)[1]) for s in said]
        costs = [bench.mailfrom("check", manifest) for _ in range(bench.rounds())]
        small = stage.manifest_write(place / "small.yaml", bench.size(100_000, 2_000))
        mine, peer = stage.interleaved(
            bench.rounds(), lambda: bench.mailfrom("check", small).cpu,
            lambda: bench.peer("yaml", small)["cpu"])
    yield at_most("time of check : bare libyaml events", f"{count} identities", times, 2.5,
                  {"s": [s.splitlines()[-1] for s in said[:1]]})
    yield at_most("peak memory of check, MB", f"{count} identities", [c.memory / 1e6 for c in costs], 200,
                  {"cpu s": rounded(c.cpu for c in costs)})
    yield told("processor time, PyYAML's C loader : whole check", f"{bench.size(100_000, 2_000)} identities",
               ratios(peer, mine), {"cpu s": rounded(mine, 3), "PyYAML cpu s": rounded(peer, 3)})


def asked(bench, *command):
    """(questions per second, failed) as a measuring program says."""
    found = {what: float(value) for value, what in NUMBER.findall(bench.tool(*command, good=(0, 1)))}
    return found["questions/s"], int(found["failed"])


def dns(bench):
    count = bench.size(100_000, 1_000)
    with stage.knot(count) as port:
        server = f"127.0.0.1:{port}"
        mine, bare = stage.interleaved(
            bench.rounds(10), lambda: asked(bench, "bench_wire_dns", server, count, count, 1),
            lambda: asked(bench, "bench_ares_loop", server, count, count))
        few = bench.size(5_000, 100)
        python = [2 * few / bench.peer("dnspython", port, few, 32)["wall"] for _ in range(bench.rounds())]
    raw = {"questions/s": rounded((m[0] for m in mine), 0), "bare c-ares": rounded((b[0] for b in bare), 0)}
    yield at_least("questions per second, our wire : bare c-ares", f"MX and TXT of {count} names",
                   ratios([m[0] for m in mine], [b[0] for b in bare]), 0.9, raw)
    yield never_more("false time-outs of a run", f"MX and TXT of {count} names", [m[1] for m in mine], 0,
                     {"bare c-ares had": [b[1] for b in bare]})
    yield told("questions per second, our wire : dnspython with 32 threads", f"{few} names for dnspython",
               ratios([m[0] for m in mine], python), {"dnspython": rounded(python, 0)})


def publish_calls(bench):
    """Route 53 as engine/world models it, in virtual time: the publisher that `publish` runs, in a world
    whose bucket holds 50 calls and gets 10 a second."""
    names = bench.size(10_000, 200)
    for zones, calls in ((names, 3 * names), (1, 2 + names // 100)):
        runs = [json.loads(bench.tool("publish_bench", str(names), str(zones))) for _ in range(bench.rounds())]
        said = runs[0]
        size = f"{names} names in {zones} {'zone' if zones == 1 else 'zones'}"
        raw = {key: said[key] for key in ("lists", "details", "changes", "questions", "records", "took_s")}
        yield never_more("provider calls of publishing in Route 53", size, [r["calls"] for r in runs], calls, raw)
        yield never_more("provider calls that are throttled", size, [r["throttled"] for r in runs], 0, {})
        if zones > 1:
            yield at_most("time of publishing, first call to last, against the rate alone", f"{size}, 10/s",
                          [r["took_s"] / r["rate_s"] for r in runs], 1.05, {"s": [said["took_s"], said["rate_s"]]})


def rehearse_cost(bench, manifest, *more):
    return bench.mailfrom("rehearse", manifest, "--quiet", *more, good=(0, 3))


def rehearse(bench):
    """All identities in 100 lanes; their owners publish at any time within 71 hours. A rehearsal waits
    for nothing, so its processor time is its time on a machine of its own. A bare time is no ratio, so
    it is told beside that of `check` of the same manifest."""
    count = bench.size(1_000_000, 500)
    with folder() as place:
        manifest = stage.manifest_write(place / "fleet.yaml", count, lanes=bench.size(100, 5))
        costs, checks = stage.interleaved(bench.rounds(3), lambda: rehearse_cost(bench, manifest, "--dns-delay", "1m..71h"),
                                          lambda: bench.mailfrom("check", manifest))
    raw = {"wall s": rounded((c.wall for c in costs), 1), "cpu s of check": rounded(c.cpu for c in checks)}
    size = f"{count} identities, 100 lanes; a round takes 20 s"
    yield at_most("rehearsal of 72 hours, processor s", size, [c.cpu for c in costs], 60, raw)
    yield at_most("peak memory of that rehearsal, MB", size, [c.memory / 1e6 for c in costs], 600, {})


def calls_rehearsed(bench, manifest, delay):
    """How many of each action SES took."""
    said = json.loads(rehearse_cost(bench, manifest, "--dns-delay", delay, "--format", "json").said)
    return Counter({c["action"]: c["calls"] - c["throttled"] for c in said["calls"]})


def slow_owners(bench):
    """Counted in a rehearsal, which makes the calls of an apply."""
    count = 10_000
    with folder() as place:
        manifest = stage.manifest_write(place / "fleet.yaml", count)
        for hours in bench.size((4, 12, 24), (4,)):
            runs = [calls_rehearsed(bench, manifest, f"1m..{hours}h") for _ in range(bench.rounds())]
            writes = [sum(calls[action] for action in stage.WRITES) for calls in runs]
            dkim = [calls["GetIdentityDkimAttributes"] for calls in runs]
            reads = [calls.total() - wrote - keys for calls, wrote, keys in zip(runs, writes, dkim)]
            size = f"{count} changes, owners publish over {hours} h"
            yield never_more("SES writes of an apply, to Success", size, writes, count, {})
            yield never_more("SES reads of an apply, to Success, without DKIM", size, reads, 600 * count / 10_000, runs[0])
            yield never_more("... and of DKIM, in a bucket of its own", size, dkim, 100 * count / 10_000, {})


def marginal(costs, counts):
    """Processor us and memory bytes per identity between one size and the next."""
    steps = list(zip(counts, counts[1:], costs, costs[1:]))
    return ([(big[0] - small[0]) / (n - m) * 1e6 for m, n, small, big in steps],
            [(big[1] - small[1]) / (n - m) for m, n, small, big in steps])


def sum_of(costs):
    return stage.median([c.cpu for c in costs]), stage.median([c.memory for c in costs])


def growth_of(steps):
    """The dearest of the later steps over the first."""
    return max(steps[1:]) / steps[0] if steps[0] > 0 else float("inf")


def medians(steps_of_rounds):
    return [round(stage.median(step), 2) for step in zip(*steps_of_rounds)]


MARGINAL = ("processor us", "bytes of memory")  # what marginal() says


def growth_rows(title, counts, rounds, more=""):
    """rounds: of each, the cost of each size. more: what else must be said of the size."""
    for what, steps in zip(MARGINAL, zip(*(marginal(costs, counts) for costs in rounds))):
        raw = {f"per identity from {small} to {big}": step
               for small, big, step in zip(counts, counts[1:], medians(steps))}
        yield at_most(f"{title}: growth of {what} per identity", f"{counts[0]} to {counts[-1]}{more}",
                      [growth_of(s) for s in steps], 1.2, raw)


def growth_check(bench):
    """From ten thousand on: the tables of a smaller fleet lie in memory that a run has used and given back
    before, and cost nothing that could be seen."""
    counts = bench.size(TENFOLD, [1_000, 5_000, 20_000])
    with folder() as place:
        files = [stage.manifest_write(place / f"{n}.yaml", n) for n in counts]
        times = [max(1, bench.size(50_000, 6_000) // n) for n in counts]
        rounds = [[sum_of([bench.mailfrom("check", f) for _ in range(n)]) for n, f in zip(times, files)]
                  for _ in range(bench.rounds())]
    yield from growth_rows("check", counts, rounds)


def growth_rehearse(bench):
    """The same 100 lanes at every size, and records that are there at once: with owners that publish over
    three days a small fleet costs more per identity, for its names are asked more often."""
    counts = bench.size(SIZES, SIZES[:3])
    with folder() as place:
        files = [stage.manifest_write(place / f"{n}.yaml", n, lanes=bench.size(100, 5)) for n in counts]
        rounds = [[sum_of([rehearse_cost(bench, f) for _ in range(3 if n < 100_000 else 1)]) for n, f in zip(counts, files)]
                  for _ in range(bench.rounds(3))]
    yield from growth_rows("rehearse", counts, rounds, "; a round takes 20 s")


RECORDS_FORMATS = ("bind", "nsupdate", "route53", "terraform", "octodns", "dnscontrol", "csv", "json")


def records_cost(bench, manifest, form):
    out = manifest.with_name("records")
    out.unlink(missing_ok=True)
    return bench.mailfrom("records", manifest, "--format", form, "--out", out, "--quiet")


def growth_records(bench):
    """Every format of records, without asking DNS. The sort is what grows: n log n of the names."""
    counts, steps_of = bench.size(TENFOLD, [100, 1_000, 5_000]), {}
    with folder() as place:
        files = [stage.manifest_write(place / f"{n}.yaml", n) for n in counts]
        for form in RECORDS_FORMATS:
            rounds = [[sum_of([records_cost(bench, f, form) for _ in range(3 if n < 1_000_000 else 1)])
                       for n, f in zip(counts, files)] for _ in range(bench.rounds(3))]
            for what, steps in zip(MARGINAL, zip(*(marginal(costs, counts) for costs in rounds))):
                steps_of.setdefault(what, {})[form] = steps
    for what, forms in steps_of.items():
        worst = [max(map(growth_of, steps)) for steps in zip(*forms.values())]
        yield at_most(f"records: growth of {what} per identity, the worst format",
                      f"{counts[0]} to {counts[-1]}; a round takes a minute", worst, 1.2,
                      {form: medians(steps) for form, steps in forms.items()})


def journal_said(bench, *arguments):
    with tempfile.TemporaryDirectory(dir=bench.build, prefix="bench-journal-") as place:
        pathlib.Path(place).chmod(0o700)
        return json.loads(bench.tool("journal_bench", arguments[0], f"{place}/j.db", *arguments[1:]))


def journal(bench):
    runs = [journal_said(bench, "turns", bench.size(5_000, 300)) for _ in range(bench.rounds())]
    yield never_more("commits of a turn, the most", f"{runs[0]['turns']} turns", [r["keeps_in_a_turn"] for r in runs], 1,
                     runs[0])
    yield never_more("fdatasync per commit", f"{runs[0]['keeps']} commits", [r["syncs"] / r["keeps"] for r in runs], 1, {})
    for batch, count, goal in ((64, 50_000, 5_000), (1, 1_000, None)):
        runs = [journal_said(bench, "keeps", bench.size(count, 64), batch) for _ in range(bench.rounds())]
        rates = [r["writes"] / r["seconds"] for r in runs]
        raw = {"s": rounded((r["seconds"] for r in runs), 3),
               "the disk alone, s": rounded((r["bare_seconds"] for r in runs), 3),
               "bytes per write": round(runs[0]["bytes"] / runs[0]["writes"])}
        size = f"{batch} to a commit, intent and answer"
        what = "kept writes per second"
        yield at_least(what, size, rates, goal, raw) if goal else told(what, size, rates, raw)
        yield told("journal : bare write and fdatasync of as many bytes", size,
                   [r["seconds"] / r["bare_seconds"] for r in runs], {})


def journal_witness(bench):
    """A commit as it is against one without the digests of its records and without the high-water mark, in
    turn in one process."""
    for batch, writes, rounds in ((1, 50, 201), (64, 640, 301)):
        runs = [journal_said(bench, "witness", bench.size(writes, batch), batch, bench.size(rounds, 3))
                for _ in range(bench.rounds())]
        size = f"{batch} to a commit, each the median of {bench.size(rounds, 3)}"
        raw = {what: ", ".join(f"{k} {v:.4g}" for k, v in runs[0][what].items()) for what in ("whole", "without")}
        yield at_most("time of a commit, with its digests and mark : without", size, [r["wall_ratio"] for r in runs], 1.05, raw)
        yield told("processor time of it, likewise", size, [r["processor_ratio"] for r in runs], {})
        yield never_more("syncs that digests and mark add to a commit", size,
                         [r["whole"]["syncs"] - r["without"]["syncs"] for r in runs], 0, {})
