"""Figures that need no SES: manifests, DNS, rehearsals, the journal. Each function yields rows."""

import contextlib
import json
import pathlib
import re
import tempfile

import stage
from figures_ses import rounded
from row import Row, at_least, at_most

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
        said = [bench.tool("manifest_bench", manifest) for _ in range(bench.size(5, 1))]
        ratios = [float(re.search(r"ratio ([\d.]+)", s)[1]) for s in said]
        costs = [bench.mailfrom("check", manifest) for _ in range(bench.size(3, 1))]
        small = stage.manifest_write(place / "small.yaml", bench.size(100_000, 2_000))
        mine, peer = stage.interleaved(
            bench.size(3, 1), lambda: bench.mailfrom("check", small).cpu,
            lambda: bench.peer("yaml", small)["cpu"])
    yield at_most("time of check : bare libyaml events", f"{count} identities", stage.median(ratios), 2.5,
                  {"ratios": ratios, "s": [s.splitlines()[-1] for s in said[:1]]})
    yield at_most("peak memory of check, MB", f"{count} identities", max(c.memory for c in costs) / 1e6, 200,
                  {"cpu s": rounded(c.cpu for c in costs)})
    yield Row("processor time, PyYAML's C loader : whole check", f"{bench.size(100_000, 2_000)} identities", "",
              stage.median(peer) / stage.median(mine), None,
              {"cpu s": rounded(mine, 3), "PyYAML cpu s": rounded(peer, 3)})


def asked(bench, *command):
    """(questions per second, failed) as a measuring program says."""
    found = {what: float(value) for value, what in NUMBER.findall(bench.tool(*command, good=(0, 1)))}
    return found["questions/s"], int(found["failed"])


def dns(bench):
    count = bench.size(100_000, 1_000)
    with stage.knot(count) as port:
        server = f"127.0.0.1:{port}"
        mine, bare = stage.interleaved(
            bench.size(10, 1), lambda: asked(bench, "bench_wire_dns", server, count, count, 1),
            lambda: asked(bench, "bench_ares_loop", server, count, count))
        few = bench.size(5_000, 100)
        python = [2 * few / bench.peer("dnspython", port, few, 32)["wall"] for _ in range(bench.size(3, 1))]
    speed = stage.median([m[0] for m in mine])
    raw = {"questions/s": rounded((m[0] for m in mine), 0), "bare c-ares": rounded((b[0] for b in bare), 0)}
    yield at_least("questions per second, our wire : bare c-ares", f"MX and TXT of {count} names",
                   speed / stage.median([b[0] for b in bare]), 0.8, raw)
    yield at_most("false time-outs in all of these runs", f"{len(mine)} runs", sum(m[1] for m in mine), 0,
                  {"bare c-ares had": sum(b[1] for b in bare)})
    yield Row("questions per second, our wire : dnspython with 32 threads", f"{few} names for dnspython", "",
              speed / stage.median(python), None, {"dnspython": rounded(python, 0)})


def publish_calls(bench):
    """Route 53 as engine/world models it, in virtual time: the publisher that `publish` runs, in a world
    whose bucket holds 50 calls and gets 10 a second."""
    names = bench.size(10_000, 200)
    for zones, calls in ((names, 3 * names), (1, 2 + names // 100)):
        said = json.loads(bench.tool("publish_bench", str(names), str(zones)))
        size = f"{names} names in {zones} {'zone' if zones == 1 else 'zones'}"
        raw = {key: said[key] for key in ("lists", "details", "changes", "questions", "records", "took_s")}
        yield at_most("provider calls of publishing in Route 53", size, said["calls"], calls, raw)
        yield at_most("provider calls that are throttled", size, said["throttled"], 0, {})
        if zones > 1:
            yield at_most("time of publishing, first call to last, against the rate alone", f"{size}, 10/s",
                          said["took_s"] / said["rate_s"], 1.05, {"s": [said["took_s"], said["rate_s"]]})


def rehearse_cost(bench, manifest, *more):
    return bench.mailfrom("rehearse", manifest, "--quiet", *more, good=(0, 3))


def rehearse(bench):
    """All identities in 100 lanes; their owners publish at any time within 71 hours. A rehearsal waits
    for nothing, so its processor time is its time on a machine of its own. A bare time is no ratio, so
    it is told beside that of `check` of the same manifest."""
    count = bench.size(1_000_000, 500)
    with folder() as place:
        manifest = stage.manifest_write(place / "fleet.yaml", count, lanes=bench.size(100, 5))
        cost = rehearse_cost(bench, manifest, "--dns-delay", "1m..71h")
        check = bench.mailfrom("check", manifest)
    raw = {"wall s": round(cost.wall, 1), "cpu s of check": round(check.cpu, 2)}
    yield at_most("rehearsal of 72 hours, processor s", f"{count} identities, 100 lanes", cost.cpu, 60, raw)
    yield at_most("peak memory of that rehearsal, MB", f"{count} identities", cost.memory / 1e6, 600, {})


def slow_owners(bench):
    """Counted in a rehearsal, which makes the calls of an apply."""
    count = 10_000
    with folder() as place:
        manifest = stage.manifest_write(place / "fleet.yaml", count)
        for hours in bench.size((4, 12), (4,)):
            said = json.loads(rehearse_cost(bench, manifest, "--dns-delay", f"1m..{hours}h", "--format", "json").said)
            calls = {c["action"]: c["calls"] - c["throttled"] for c in said["calls"]}
            writes = sum(n for action, n in calls.items() if action in stage.WRITES)
            size = f"{count} changes, owners publish over {hours} h"
            yield at_most("SES writes of an apply, to Success", size, writes, count, {})
            dkim = calls.pop("GetIdentityDkimAttributes", 0)
            yield at_most("SES reads of an apply, to Success, without DKIM", size, sum(calls.values()) - writes,
                          600 * count / 10_000, calls)
            yield at_most("... and of DKIM, in a bucket of its own", size, dkim, 100 * count / 10_000, {})


def marginal(costs, counts):
    """Processor us and memory bytes per identity between one size and the next."""
    steps = list(zip(counts, counts[1:], costs, costs[1:]))
    return ([(big[0] - small[0]) / (n - m) * 1e6 for m, n, small, big in steps],
            [(big[1] - small[1]) / (n - m) for m, n, small, big in steps])


def sum_of(costs):
    return stage.median([c.cpu for c in costs]), stage.median([c.memory for c in costs])


def growth_rows(title, counts, costs):
    """Growth: the dearest of the later steps over the first."""
    for what, steps in zip(("processor us", "bytes of memory"), marginal(costs, counts)):
        raw = {f"per identity from {small} to {big}": round(step, 2)
               for small, big, step in zip(counts, counts[1:], steps)}
        growth = max(steps[1:]) / steps[0] if steps[0] > 0 else float("inf")
        yield at_most(f"{title}: growth of {what} per identity", f"{counts[0]} to {counts[-1]}", growth, 1.2, raw)


def growth_check(bench):
    """From ten thousand on: the tables of a smaller fleet lie in memory that a run has used and given back
    before, and cost nothing that could be seen."""
    counts = bench.size(TENFOLD, [1_000, 5_000, 20_000])
    with folder() as place:
        files = [stage.manifest_write(place / f"{n}.yaml", n) for n in counts]
        times = [max(3, bench.size(200_000, 500) // n) for n in counts]
        runs = [[bench.mailfrom("check", f) for _ in range(n)] for n, f in zip(times, files)]
    yield from growth_rows("check", counts, [sum_of(r) for r in runs])


def growth_rehearse(bench):
    """The same 100 lanes at every size, and records that are there at once: with owners that publish over
    three days a small fleet costs more per identity, for its names are asked more often."""
    counts = bench.size(SIZES, SIZES[:3])
    with folder() as place:
        files = [stage.manifest_write(place / f"{n}.yaml", n, lanes=bench.size(100, 5)) for n in counts]
        runs = [[rehearse_cost(bench, f) for _ in range(3 if n < 100_000 else 1)] for n, f in zip(counts, files)]
    yield from growth_rows("rehearse", counts, [sum_of(r) for r in runs])


RECORDS_FORMATS = ("bind", "nsupdate", "route53", "terraform", "octodns", "dnscontrol", "csv", "json")


def records_cost(bench, manifest, form):
    out = manifest.with_name("records")
    out.unlink(missing_ok=True)
    return bench.mailfrom("records", manifest, "--format", form, "--out", out, "--quiet")


def growth_records(bench):
    """Every format of records, without asking DNS. The sort is what grows: n log n of the names."""
    counts, worst = bench.size(TENFOLD, [100, 1_000, 5_000]), {}
    with folder() as place:
        files = [stage.manifest_write(place / f"{n}.yaml", n) for n in counts]
        for form in RECORDS_FORMATS:
            costs = [sum_of([records_cost(bench, f, form) for _ in range(5 if n < 1_000_000 else 1)])
                     for n, f in zip(counts, files)]
            for what, steps in zip(("processor us", "bytes of memory"), marginal(costs, counts)):
                worst.setdefault(what, []).append((steps[-1] / steps[0], form, steps))
    for what, rows in worst.items():
        raw = {form: [round(step, 2) for step in steps] for _, form, steps in rows}
        yield at_most(f"records: growth of {what} per identity, the worst format", f"{counts[0]} to {counts[-1]}",
                      max(rows)[0], 1.2, raw)


def journal_said(bench, *arguments):
    with tempfile.TemporaryDirectory(dir=bench.build, prefix="bench-journal-") as place:
        pathlib.Path(place).chmod(0o700)
        return json.loads(bench.tool("journal_bench", arguments[0], f"{place}/j.db", *arguments[1:]))


def journal(bench):
    turns = journal_said(bench, "turns", bench.size(5_000, 300))
    yield at_most("commits of a turn, the most", f"{turns['turns']} turns", turns["keeps_in_a_turn"], 1, turns)
    yield at_most("fdatasync per commit", f"{turns['keeps']} commits", turns["syncs"] / turns["keeps"], 1, {})
    for batch, count, goal in ((64, 50_000, 5_000), (1, 1_000, None)):
        runs = [journal_said(bench, "keeps", bench.size(count, 64), batch) for _ in range(bench.size(3, 1))]
        rate = stage.median([r["writes"] / r["seconds"] for r in runs])
        bare = stage.median([r["seconds"] / r["bare_seconds"] for r in runs])
        raw = {"s": rounded((r["seconds"] for r in runs), 3),
               "the disk alone, s": rounded((r["bare_seconds"] for r in runs), 3),
               "bytes per write": round(runs[0]["bytes"] / runs[0]["writes"])}
        size = f"{batch} to a commit, intent and answer"
        told = f">= {goal}" if goal else ""
        yield Row("kept writes per second", size, told, rate, rate >= goal if goal else None, raw)
        yield Row("journal : bare write and fdatasync of as many bytes", size, "", bare, None, {})


def journal_witness(bench):
    """A commit as it is against one without the digests of its records and without the high-water mark, in
    turn in one process."""
    for batch, writes, rounds in ((1, 50, 201), (64, 640, 301)):
        said = journal_said(bench, "witness", bench.size(writes, batch), batch, bench.size(rounds, 3))
        size = f"{batch} to a commit, medians of {bench.size(rounds, 3)} rounds"
        raw = {what: ", ".join(f"{k} {v:.4g}" for k, v in said[what].items()) for what in ("whole", "without")}
        yield at_most("time of a commit, with its digests and mark : without", size, said["wall_ratio"], 1.05, raw)
        yield Row("processor time of it, likewise", size, "", said["processor_ratio"], None, {})
        yield at_most("syncs that digests and mark add to a commit", size, said["whole"]["syncs"] - said["without"]["syncs"], 0, {})
