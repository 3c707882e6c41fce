#!/usr/bin/python3
"""The peer: what a careful program on boto3 costs. Arguments: writes|reads-v1|reads-v2 COUNT THREADS.

Prints JSON: seconds and processor seconds of the calls alone; starting Python and loading boto3 are
not counted. Connections are kept open and shared, as boto3's documentation advises."""

import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config


def read_v1(ses, names):
    ses.get_identity_verification_attributes(Identities=names)
    ses.get_identity_mail_from_domain_attributes(Identities=names)


def jobs_of(what, names, client):
    if what == "reads-v1":
        ses = client("ses")
        return [lambda part=names[i:i + 100]: read_v1(ses, part) for i in range(0, len(names), 100)]
    ses = client("sesv2")
    if what == "reads-v2":
        return [lambda name=name: ses.get_email_identity(EmailIdentity=name) for name in names]
    put = ses.put_email_identity_mail_from_attributes
    return [lambda name=name: put(EmailIdentity=name, MailFromDomain="bounce." + name,
                                  BehaviorOnMxFailure="USE_DEFAULT_VALUE") for name in names]


def main():
    what, count, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    config = Config(max_pool_connections=threads, retries={"mode": "standard", "max_attempts": 1})

    def client(service):  # Debian 12's boto3 does not look at AWS_ENDPOINT_URL itself
        return boto3.client(service, config=config, endpoint_url=os.environ["AWS_ENDPOINT_URL"])

    jobs = jobs_of(what, [f"d{i}.test" for i in range(count)], client)
    jobs[0]()  # connects, and loads what boto3 loads late
    began, cpu = time.monotonic(), time.process_time()
    if threads == 1:
        for job in jobs:
            job()
    else:
        with ThreadPoolExecutor(threads) as pool:
            for done in [pool.submit(job) for job in jobs]:
                done.result()
    print(json.dumps({"wall": time.monotonic() - began, "cpu": time.process_time() - cpu}))


main()
