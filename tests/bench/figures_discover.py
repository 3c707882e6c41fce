"""Figures of discover: many accounts and Regions, beside what other tools ask."""

from collections import Counter

import stage
from row import Row, at_most

NO_DNS = 1  # a port where nobody answers, and nobody is asked
REGIONS = ("us-east-1", "us-east-2", "us-west-1", "us-west-2", "eu-west-1", "eu-west-2", "eu-central-1", "ap-south-1",
           "ap-southeast-1", "ap-northeast-1")


class Lanes(stage.Ses):
    """Accounts of ten Regions each, so many identities in every lane, and a profile for each account."""

    def __init__(self, build, accounts, each, rate, burst):
        keys = [(f"{111122220000 + i}", f"AKIDBENCH{i}", f"secret{i}") for i in range(accounts)]
        self.profiles = [f"p{i}" for i in range(accounts)]
        places = ((number, region, f"d{i}.test") for number, _, _ in keys for region in REGIONS for i in range(each))
        super().__init__(build, 0, NO_DNS, rate, burst, places=places, keys=keys)
        (self.folder / "profiles").write_text("".join(
            f"[{p}]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n"
            for p, (_, key, secret) in zip(self.profiles, keys)))
        for name in "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY":
            del self.environment[name]
        self.environment["AWS_SHARED_CREDENTIALS_FILE"] = str(self.folder / "profiles")


def fullest(calls):
    """The calls of the fullest bucket of all: one for each account, Region and action."""
    return max(Counter((c["account"], c["region"], c["action"]) for c in calls).values())


def span_of(calls):
    times = [stage.seconds_of(c["time"]) for c in calls]
    return max(times) - min(times)


def asked(bench, accounts, each, regions, run, rate=1e6, burst=1e6):
    """(calls of the log, what it returned) of one way to ask."""
    with Lanes(bench.build, accounts, each, rate, burst) as lanes:
        returned = run(lanes, ",".join(lanes.profiles), ",".join(regions))
        return lanes.calls(), returned


def discover(bench):
    """Ours is whole and at the rate that SES documents, without a burst. The peers are equal in every lane, so they
    are counted in one; their times are bounds, computed from these counts at one call a second and action."""
    accounts, each, rate = bench.size(10, 2), bench.size(1_000, 300), bench.size(1, 20)
    count, lanes = accounts * len(REGIONS) * each, accounts * len(REGIONS)

    def ours(room, profiles, regions):
        bench.mailfrom("discover", "--profile", profiles, "--regions", regions, "--rate", f"{rate:g}", "--quiet", "--progress",
                       "none", "--out", room.folder / "fleet.yaml", env=room.environment, cwd=room.folder)
        return sum(line.lstrip().startswith("- ") and "test" in line for line in open(room.folder / "fleet.yaml"))

    def peer(what):
        def run(room, profiles, regions):
            return bench.peer("discover", what, profiles, regions, env=room.environment)["identities"]
        return asked(bench, 1, each, REGIONS[:1], run)

    calls, found = asked(bench, accounts, each, REGIONS, ours, rate, bench.size(1, 4))
    if found != count:
        raise SystemExit(f"bench: discover found {found} identities of {count}")
    refused = sum(c["outcome"] in ("Throttling", "TooManyRequestsException") for c in calls)
    size, span, most = f"{count} identities, {lanes} lanes", span_of(calls), fullest(calls)
    served = len(calls) - refused
    yield at_most("SES calls of a discover, without those refused by the rate", size, served, lanes * (3 + 4 * -(-each // 100)) + accounts,
                  Counter(c["action"] for c in calls))
    yield at_most("calls of a discover that the rate refused", f"{rate} calls/s", refused, 0, {})
    yield at_most("time of a discover, first call to last, against the bound of its fullest bucket", size, span / (most / rate), 1.05,
                  {"s": round(span, 2), "calls of the fullest bucket": most})
    for title, what in (("one identity a call, as Steampipe's tables", "one-by-one"), ("a boto3 script, a hundred a call", "script")):
        theirs, listed = peer(what)
        if listed != each:
            raise SystemExit(f"bench: {what} found {listed} identities of {each}")
        # Steampipe asks its lanes side by side; the script goes from lane to lane.
        bound = fullest(theirs) * (1 if what == "one-by-one" else lanes) / rate
        raw = {"calls of one lane, counted": len(theirs), "calls of all": len(theirs) * lanes, "bound of all, computed, s": round(bound, 1)}
        yield Row(f"calls, {title} : discover", size, "", len(theirs) * lanes / served, None, raw)
        yield Row(f"time at {rate} calls/s, bound of {title} : discover as measured", size, "", bound / span, None, {})
