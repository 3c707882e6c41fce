#!/usr/bin/python3
"""The peer: MX and TXT of COUNT names by dnspython in THREADS threads. Arguments: PORT COUNT THREADS.
Prints JSON: seconds of the look-ups alone."""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import dns.resolver


def main():
    port, count, threads = map(int, sys.argv[1:4])
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], port
    began = time.monotonic()
    with ThreadPoolExecutor(threads) as pool:
        questions = [(f"bounce.d{i}.test", kind) for i in range(count) for kind in ("MX", "TXT")]
        asked = [pool.submit(resolver.resolve, *question) for question in questions]
        for one in asked:
            one.result()
    print(json.dumps({"wall": time.monotonic() - began}))


main()
