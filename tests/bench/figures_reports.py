"""Reports and status of large runs, read from a journal. Each function yields rows."""

import contextlib
import pathlib
import tempfile

import stage
from figures_here import growth_of, marginal, sum_of
from figures_ses import rounded
from row import at_most, ratios, told

FORMATS = ("csv", "json", "html", "markdown", "junit", "sarif")
HTML_BYTES = 12_000_000  # a page with as many rows as a browser likes, and their texts


@contextlib.contextmanager
def journals(bench, counts):
    """Journals of mixed runs that have ended, by how many identities they have."""
    with tempfile.TemporaryDirectory(dir=bench.build, prefix="bench-reports-") as place:
        folder = pathlib.Path(place)
        folder.chmod(0o700)
        made = {count: folder / f"{count}.db" for count in counts}
        for count, path in made.items():
            bench.tool("journal_fill", path, count)
        yield folder, made


def written(bench, journal, folder, *formats):
    """What one command costs that writes these reports."""
    wishes = [word for form in formats for word in ("--report", f"{form}:report.{form}")]
    return bench.mailfrom("report", "1", "--journal", journal, *wishes, "--quiet", cwd=folder)


def status_cost(bench, journal, folder):
    return bench.mailfrom("status", "1", "--journal", journal, "--quiet", cwd=folder)


def reports(bench):
    """Three reports in one command, beside a bare loop in Python over the same rows that writes two."""
    count = bench.size(1_000_000, 2_000)
    with journals(bench, [count]) as (folder, made):
        journal = made[count]
        peer = [stage.PYTHON, "-B", stage.HERE / "peer_sqlite.py", journal, folder / "peer.csv", folder / "peer.json"]
        mine, bare = stage.interleaved(
            bench.rounds(3), lambda: written(bench, journal, folder, "csv", "json", "html"),
            lambda: stage.cost_of(bench.build, *peer))
        status = status_cost(bench, journal, folder)
        page = (folder / "report.html").stat().st_size
    size = f"{count} identities; a round takes a minute"
    raw = {"s": rounded((c.wall for c in mine), 1), "cpu s": rounded((c.cpu for c in mine), 1),
           "Python s": rounded((c.wall for c in bare), 1), "Python cpu s": rounded((c.cpu for c in bare), 1)}
    yield at_most("csv, json and html in one report: sqlite3 of Python, csv and json alone (time)", size,
                  ratios([c.wall for c in mine], [c.wall for c in bare]), 1, raw)
    yield at_most("csv, json and html in one report, s", size, [c.wall for c in mine], 15, {})
    yield at_most("peak memory of it, MB", size, [c.memory / 1e6 for c in mine], 200,
                  {"Python": rounded((c.memory / 1e6 for c in bare), 0)})
    yield at_most("size of the html page, MB", size, page / 1e6, HTML_BYTES / 1e6, {})
    yield told("status, processor s", f"{count} identities, one round", status.cpu, {"MB": rounded([status.memory / 1e6], 0)})


def growth_reports(bench):
    """Each format, and status: marginal costs of an identity, the last step over the first. html and
    markdown have a size of their own, however many identities there are."""
    counts, worst = bench.size([10_000, 100_000, 1_000_000], [500, 1_000, 2_000]), {}
    with journals(bench, counts) as (folder, made):
        for form in (*FORMATS, "status"):
            def cost(count, form=form):
                if form == "status":
                    return status_cost(bench, made[count], folder)
                return written(bench, made[count], folder, form)
            costs = [sum_of([cost(n) for _ in range(3 if n < 1_000_000 else 1)]) for n in counts]
            for what, steps in zip(("processor us", "bytes of memory"), marginal(costs, counts)):
                worst.setdefault(what, []).append((growth_of(steps), form, steps))
    for what, rows in worst.items():
        raw = {form: [round(step, 2) for step in steps] for _, form, steps in rows}
        yield at_most(f"report and status: growth of {what} per identity, the worst format",
                      f"{counts[0]} to {counts[-1]}, one round", max(rows)[0], 1.2, raw)
