#!/usr/bin/python3
"""No hidden sends: what a server that cuts 5 % of its replies has read is what the journal counts.

  hidden_sends.py MAILFROM SES-SIM [--calls N] [--seed N]

libcurl 7.88 on its own sends a request again when a kept-alive connection dies before the first
byte of the reply; here that would show as more requests than attempts. Fewer there may be only by
those that were on their way into a connection that had just been closed."""

import argparse
import collections
import sys
import tempfile
import time

import fault_proxy
import crash_room

SHARE = 0.05
CALLS_EACH = 3.2  # of an identity, with reads by v2


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("mailfrom")
    parser.add_argument("sim")
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    args = parser.parse_args()
    counts, complaints = collections.Counter(), []
    with tempfile.TemporaryDirectory() as folder:
        dns = crash_room.Dns()
        fleet = crash_room.Fleet(1, int(args.calls / CALLS_EACH) + 10, folder)
        sim = crash_room.Sim(args.sim, [fleet], dns, folder)
        host, port = sim.url.split("//")[1].split(":")
        proxy = fault_proxy.FaultProxy(host, int(port), args.seed, SHARE)
        mailfrom = crash_room.Mailfrom(args.mailfrom, proxy.url, dns)
        code, said = mailfrom.finish(fleet, "--rate", "600", "--read-api", "v2", timeout=3600)
        time.sleep(0.2)  # what is still being read is counted too
        try:
            if code:
                complaints.append(f"the run ends with {code}: {said}")
            with crash_room.Journal(fleet.journal) as journal:
                attempts = journal.calls()
                intents = sum(record.kind == crash_room.INTENT for record in journal.records())
            # the journal counts what was asked for a job, not what was asked of an account
            seen = sum(n for (_, target), n in proxy.requests.items() if target.startswith("/v2/email/identities/"))
            puts = sum(n for (method, _), n in proxy.requests.items() if method == "PUT")
            counts.update({"attempts kept": attempts, "requests seen": seen, "intents": intents, "writes seen": puts})
            counts.update({cut: proxy.cuts[cut] for cut in fault_proxy.CUTS})
            for what, kept, read in (("requests", attempts, seen), ("writes", intents, puts)):
                if not kept - proxy.cuts["closed"] <= read <= kept:
                    complaints.append(f"{read} {what} were seen, {kept} were kept")
            complaints += crash_room.ses_differs(sim.url, fleet)
            complaints += crash_room.witnesses_differ(fleet, list(sim.calls()), collections.Counter())
        finally:
            sim.stop()
    return crash_room.verdict("no hidden sends", args.seed, counts, complaints)


sys.exit(main())
