#!/usr/bin/python3
"""The peer: the rows of a run as CSV and JSON, by a bare loop over one query. Arguments: JOURNAL CSV JSON.

It knows no fleet, no words for a state and no damaged journal, and vets nothing. Prints how many rows
there were."""

import csv
import json
import sqlite3
import sys

ROWS = """
WITH newest AS (SELECT job, max(seq) AS seq, max(CASE WHEN findings_json IS NOT NULL THEN seq END) AS said
                FROM record WHERE run = 1 GROUP BY job)
SELECT account.name, lane.region, choice.identity, choice.type, record.action, record.outcome, record.reason,
       record.mail_from_before, choice.mail_from, record.behavior_before, policy.behavior, record.status_seen,
       record.mx, record.spf, record.dmarc, told.findings_json, record.writes, record.calls,
       strftime('%Y-%m-%dT%H:%M:%SZ', record.first_seen / 1000000, 'unixepoch'),
       strftime('%Y-%m-%dT%H:%M:%SZ', record.finished / 1000000, 'unixepoch'),
       file.name || ':' || choice.line, record.dkim
FROM choice
JOIN lane ON lane.run = choice.run AND lane.place = choice.lane
JOIN account ON account.run = choice.run AND account.place = lane.account
JOIN policy ON policy.run = choice.run AND policy.place = choice.policy
JOIN file ON file.run = choice.run AND file.place = choice.file
LEFT JOIN newest ON newest.job = choice.place
LEFT JOIN record ON record.seq = newest.seq
LEFT JOIN record AS told ON told.seq = newest.said
WHERE choice.run = 1 ORDER BY choice.place"""


def main():
    journal, table, document = sys.argv[1:]
    rows = sqlite3.connect(f"file:{journal}?immutable=1", uri=True).execute(ROWS)
    names = [column[0] for column in rows.description]
    count = 0
    with open(table, "w", newline="", encoding="utf-8") as csv_file, open(document, "w", encoding="utf-8") as json_file:
        lines = csv.writer(csv_file)
        lines.writerow(names)
        for row in rows:
            lines.writerow(row)
            json_file.write(json.dumps(dict(zip(names, row))) + "\n")
            count += 1
    print(json.dumps({"rows": count}))


main()
