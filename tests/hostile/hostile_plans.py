#!/usr/bin/python3
"""A plan file or a journal that comes from elsewhere names an endpoint, or authorities to trust: no request
goes there, and --yes does not help, until the user names the same.

  hostile_plans.py MAILFROM SES-SIM"""

import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "wire"))

from rehearsal_room import CANNOT_RUN, DONE, STOPPED, Room, check, verdict

MAILFROM, SES_SIM = (str(pathlib.Path(program).resolve()) for program in sys.argv[1:3])
FLEET = {f"d{i}.example": {} for i in range(3)}


class BareRoom(Room):
    """Nothing of the environment says where SES is, unless `more` does. STS is where it always is."""

    more = {}

    def environment(self):
        clean = super().environment()
        clean.pop("AWS_ENDPOINT_URL")
        return {**clean, "AWS_ENDPOINT_URL_STS": self.url, **self.more}


def refused(room, title, value, option, verb, *arguments):
    before = len(room.calls())
    text = room.ends(f"{title} is refused", CANNOT_RUN, verb, *arguments)
    check("and shown, with the option that says so", value in text and f"give the same --{option} on the command line" in text, text)
    check("and no request was sent", len(room.calls()) == before, room.calls()[before:])


def plans(room):
    here = ("--endpoint-url", room.url)
    room.ends("a plan at an endpoint of one's own", DONE, "plan", "fleet.yaml", "--out", "fleet.plan", *here)
    refused(room, "a plan that brings an endpoint", room.url, "endpoint-url", "apply", "--plan", "fleet.plan", "--yes")
    room.more = {"AWS_ENDPOINT_URL": room.url}
    shutil.copy("/etc/ssl/certs/ca-certificates.crt", room.path / "ca.pem")
    room.ends("a plan with authorities of one's own", DONE, "plan", "fleet.yaml", "--out", "ca.plan", "--ca-bundle", "ca.pem")
    refused(room, "a plan that brings authorities", "ca.pem", "ca-bundle", "apply", "--plan", "ca.plan", "--yes")
    room.more = {}
    text = room.ends("the same option again is taken for a yes", STOPPED, "apply", "--plan", "fleet.plan", "--yes", "--no-wait",
                     *here)
    check("and the way on names it", f"mailfrom resume 1 --endpoint-url {room.url}" in text, text)


def journals(room):
    here = ("--endpoint-url", room.url)
    refused(room, "a journal that brings an endpoint, to resume,", room.url, "endpoint-url", "resume", "1")
    room.more = {"AWS_ENDPOINT_URL": room.url}
    room.ends("the environment that says the same is the user's word", DONE, "resume", "1")
    room.more = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    refused(room, "another environment is not", room.url, "endpoint-url", "rollback", "1", "--yes")
    room.more = {}
    refused(room, "a journal that brings an endpoint, to take back,", room.url, "endpoint-url", "rollback", "1", "--yes")
    refused(room, "a rehearsed rollback", room.url, "endpoint-url", "rollback", "1", "--dry-run")
    room.ends("what only reads the journal asks nobody", DONE, "report", "1", "--report", "csv:-")
    room.ends("with the option it is taken back", DONE, "rollback", "1", "--yes", *here)


def main():
    with BareRoom(MAILFROM, SES_SIM, FLEET) as room:
        room.manifest("fleet.yaml", {name: {} for name in FLEET})
        plans(room)
        journals(room)
    verdict()


main()
