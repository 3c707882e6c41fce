#!/usr/bin/python3
"""A row that waits for a record that was meant and misses says what is wrong with it now: the sentence is
made anew when one near miss turns into another, and the row goes on when the record is right. Arguments:
mailfrom, ses-sim."""

import sys

from rehearsal_room import DONE, EXCHANGE, SPF, Room, check, until, verdict
from timeouts import patient

NAME = "bounce.near.test"
# what is published, one after the other, and what status then says
STEPS = [
    ("TXT", '" v=spf1 include:amazonses.com ~all"', "a blank stands in front"),
    ("TXT", '"v=spf1\\009include:amazonses.com ~all"', "a tab follows v=spf1"),
    ("TXT", '"v=spf1; include:amazonses.com ~all"', "a semicolon follows v=spf1"),
    ("TXT", SPF, "the priority stands inside the host"),
    ("MX", "10 feedback-smtp.amazonses.com.", "no Region stands in the host"),
]


def main():
    with Room(*sys.argv[1:3], {"near.test": {"late": True}}) as room:
        room.names.records[(NAME, "MX")] = EXCHANGE
        room.names.records[(NAME, "TXT")] = STEPS[0][1]
        manifest = room.manifest("near.yaml", {"near.test": {}})
        process = room.start("apply", manifest, "--yes", "--quiet")
        said = []

        def says(words):
            said[:] = [room.run("status").stdout_text]
            return words in " ".join(said[0].split())

        for kind, value, words in STEPS:
            if value == SPF:  # the TXT is mended, and the MX spoilt
                room.names.records[(NAME, "MX")] = "10 10\\032feedback-smtp.us-east-1.amazonses.com."
            room.names.records[(NAME, kind)] = value
            check(f"status says that {words}", until(lambda: says(words), 120), *said)
        check("nothing has been written", not room.writes(), room.writes())
        room.names.publish(NAME)
        process.communicate(timeout=patient(150))
        check("the row is done once its records are right", process.returncode == DONE, process.returncode)
    verdict()


main()
