#!/usr/bin/python3
"""rehearse: a forecast that is repeatable, that adds up, and for which nobody is asked anything; and
the budget that a plan ends with. Arguments: mailfrom, ses-sim."""

import json
import subprocess
import sys

from timeouts import patient
from rehearsal_room import CANNOT_RUN, DONE, TROUBLE, Room, check, verdict

IDENTITIES = {f"d{n}.example": {} for n in range(30)}
STRICT = {"behavior_on_mx_failure": "REJECT_MESSAGE"}
HOUR = 3600
DAY = 24 * HOUR


class Rehearsals:
    def __init__(self, room):
        self.room = room

    def run(self, *arguments):
        return subprocess.run([self.room.mailfrom, "rehearse", *map(str, arguments)], cwd=self.room.path,
                              env=self.room.environment(), capture_output=True, text=True, timeout=patient(100))

    def json(self, *arguments, code=DONE):
        process = self.run("fleet.yaml", "--format", "json", *arguments)
        check(f"rehearse {' '.join(map(str, arguments))} ends with {code}", process.returncode == code,
              process.returncode, process.stderr)
        return json.loads(process.stdout)


def repeatable(rehearsals):
    options = "fleet.yaml", "--dns-delay", "10m..2h", "--faults", "throttle=0.1,lost-after=0.05"
    first, again = rehearsals.run(*options), rehearsals.run(*options)
    other = rehearsals.run(*options, "--seed", 2)
    check("the same seed gives the same bytes", first.stdout == again.stdout and first.stdout)
    check("another seed gives others", first.stdout != other.stdout)
    for words in ("expected finish", "earliest finish", "held by", "72-hour window", "throttled", "decide"):
        check(f"the text tells of: {words}", words in first.stdout, first.stdout)


def adds_up(forecast):
    count = forecast["identities"]
    after = [row["after_s"] for row in forecast["timeline"]]
    check("the timeline only rises", after == sorted(after) and len(after) == 6, after)
    check("its end is the expected finish", after[-1] == forecast["expected_finish_s"])
    check("nobody is early", after[-1] >= forecast["earliest_finish_s"] - 1, forecast)
    check("what holds the earliest finish are the writes", forecast["held_by"]["action"].startswith("Put") and
          forecast["held_by"]["calls"] / forecast["held_by"]["per_second"] == forecast["earliest_finish_s"], forecast["held_by"])
    check("every identity has an outcome", sum(forecast["outcomes"].values()) == count, forecast)
    calls = sum(row["calls"] for row in forecast["calls"])
    check("one lane makes all calls", forecast["lane_calls"] == {"min": calls, "max": calls}, forecast)
    writes = next(row for row in forecast["calls"] if row["action"].startswith("Put"))
    check("each is written once, the strict ones twice", writes["at_least"] == count + 10, writes)
    check("the window ends 72 hours after the last write",
          abs(forecast["window_end_s"] - forecast["last_write_s"] - 72 * HOUR) < 0.01, forecast)


def forecasts(rehearsals):
    adds_up(rehearsals.json())
    slow = rehearsals.json("--rate", 0.1)
    check("SES's rate decides a slow run", slow["dominates"] == "ses-rate", slow)
    late = rehearsals.json("--dns-delay", "5h..6h")
    check("owners of DNS decide a late one", late["dominates"] == "dns-owners", late)
    check("which ends when they have published", 5 * HOUR < late["expected_finish_s"] < 7 * HOUR, late)
    check("and writes nothing before", late["first_write_s"] > 5 * HOUR, late)
    blind = rehearsals.json("--detect-after", "3h")
    check("SES's detection decides another", blind["dominates"] == "ses-detection", blind)
    throttled = rehearsals.json("--faults", "throttle=0.3")
    check("throttling is counted", sum(row["throttled"] for row in throttled["calls"]) > 0, throttled)
    never = rehearsals.json("--dns-published", 0, code=TROUBLE)
    check("records that never come end in expiry after 72 hours",
          never["outcomes"] == {"expired": 30} and 71.9 * HOUR < never["expected_finish_s"] < 72.2 * HOUR, never)
    check("without a write", "first_write_s" not in never, never)


def endless(rehearsals):
    """A world in which every call is throttled: nobody would ever be done, and it is said."""
    never = rehearsals.json("--faults", "throttle=1.0", code=TROUBLE)
    check("whoever is throttled for ever is never done",
          never["never_done"] == 30 and never["outcomes"] == {} and never["dominates"] is None, never)
    check("and has no finish", never["expected_finish_s"] is None
          and {row["after_s"] for row in never["timeline"]} == {None}, never)
    text = rehearsals.run("fleet.yaml", "--faults", "throttle=1.0").stdout
    check("the text says so", "expected finish   never" in text
          and "30 identities are never done: a rehearsal ends after 366 d" in text, text)
    wave = rehearsals.json("--dns-published", 0, "--dns-delay", "80h..90h", code=TROUBLE)
    check("a wait that ends in expiry is an end", wave["never_done"] == 0, wave)
    room = rehearsals.room
    room.manifest("slow.yaml", {"d1.example": {"dns": {"timeout": "300d"}}})
    slow = rehearsals.run("slow.yaml", "--format", "json", "--dns-published", 0, "--dns-delay", "200d..201d")
    forecast = json.loads(slow.stdout)
    check("owners of DNS may take most of a year", slow.returncode == DONE
          and 200 * DAY < forecast["mean_wait_s"]["dns-owners"] < 201.5 * DAY, slow.stdout, slow.stderr)


def refusals(rehearsals):
    for title, *arguments in [
        ("a manifest that is not there", "none.yaml"),
        ("no manifest at all",),
        ("a fault that does not exist", "fleet.yaml", "--faults", "gremlins=1"),
        ("a share that is none", "fleet.yaml", "--faults", "throttle=2"),
        ("a delay that ends before it begins", "fleet.yaml", "--dns-delay", "2h..1h"),
        ("a delay that is none", "fleet.yaml", "--dns-delay", "soon"),
        ("more than all", "fleet.yaml", "--dns-published", "101"),
        ("an option of other verbs", "fleet.yaml", "--retry-failed"),
        ("an option of apply", "fleet.yaml", "--max-age", "1h"),
    ]:
        process = rehearsals.run(*arguments)
        check(f"{title} is refused with a sentence", process.returncode == CANNOT_RUN and process.stderr
              and not process.stdout, process.returncode, process.stdout, process.stderr)


def main():
    with Room(*sys.argv[1:3], IDENTITIES) as room:
        rehearsals = Rehearsals(room)
        room.manifest("fleet.yaml", {name: STRICT if n < 10 else {} for n, name in enumerate(IDENTITIES)})
        repeatable(rehearsals)
        forecasts(rehearsals)
        endless(rehearsals)
        refusals(rehearsals)
        check("SES was asked nothing and nothing was kept",
              not room.calls() and not (room.path / ".mailfrom").exists(), room.calls())
        room.ends("apply takes no option of a rehearsal", CANNOT_RUN, "apply", "fleet.yaml", "--yes", "--dns-delay", "1h")
        text = room.ends("a plan", DONE, "plan", "fleet.yaml")
        check("ends with its budget", "Apply needs about 40 writes and 5 reads; at 200 " in text, text)
    verdict()


if __name__ == "__main__":
    main()
