#!/usr/bin/python3
"""The peer of discover, on boto3. Arguments: one-by-one|script PROFILES REGIONS, both separated by commas.

one-by-one asks as the SES tables of Steampipe's AWS plugin do for the columns that discover has: the identities are
listed, then verification, MAIL FROM, notification and DKIM are four calls for each.
script asks as a careful script does: the same four actions, a hundred identities a call, lane after lane."""

import json
import os
import sys

import boto3
from botocore.config import Config

ACTIONS = ("get_identity_verification_attributes", "get_identity_mail_from_domain_attributes",
           "get_identity_notification_attributes", "get_identity_dkim_attributes")


def lane_read(ses, batch):
    names = [name for page in ses.get_paginator("list_identities").paginate(PaginationConfig={"PageSize": 1000})
             for name in page["Identities"]]
    for i in range(0, len(names), batch):
        for action in ACTIONS:
            getattr(ses, action)(Identities=names[i:i + batch])
    return len(names)


def main():
    batch = {"one-by-one": 1, "script": 100}[sys.argv[1]]
    config = Config(retries={"mode": "standard", "max_attempts": 1})
    count = 0
    for profile in sys.argv[2].split(","):
        session = boto3.Session(profile_name=profile)
        for region in sys.argv[3].split(","):
            client = session.client("ses", region_name=region, config=config, endpoint_url=os.environ["AWS_ENDPOINT_URL"])
            count += lane_read(client, batch)
    print(json.dumps({"identities": count}))


main()
