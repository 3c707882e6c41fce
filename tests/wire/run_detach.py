#!/usr/bin/python3
"""Going away and coming back: --no-wait, resume, and status --watch from outside.
Arguments: mailfrom, ses-sim."""

import json
import signal
import socket
import sys

from timeouts import patient
from rehearsal_room import ACCOUNT, DONE, STOPPED, Room, check, signalled, until, verdict

FLEET = {f"d{i}.example": {"late": i == 5} for i in range(6)}


def detach(room):
    room.manifest("fleet.yaml", {name: {} for name in FLEET}, behavior_on_mx_failure="REJECT_MESSAGE")
    text = room.ends("--no-wait ends with 4 once every write is confirmed", STOPPED, "apply", "fleet.yaml", "--yes",
                     "--no-wait", "--report", "json:detached.json")
    check("and says what waits and how to go on", "5 wait for SES, 1 for DNS" in text and "mailfrom resume 1" in text, text)
    check("one write for each whose DNS is right", len(room.writes()) == 5, room.writes())
    check("its report was written", (room.path / "detached.json").exists())
    check("those that were written are pending, the late one waits for DNS",
          sorted(room.outcomes(1).values()) == ["pending"] * 5 + ["waiting-dns"], room.outcomes(1))
    status = room.run("status").stdout_text
    check("status says that it was stopped", "stopped before the end" in status, status)
    command = "mailfrom records 1 --missing"
    check("both say which verb lists the records that are awaited", f"1 waits for DNS. What is to be published: {command} --resolver"
          in text and command in status, text, status)
    text = room.ends("which lists just those", DONE, *command.split()[1:])
    check("by zone", text.startswith("$ORIGIN d5.example.\nbounce 300 IN MX ") and text.count("bounce") == 2, text)
    room.names.publish("bounce.d5.example")
    until(lambda: sum(status == "Success" for _, _, status in room.ses().values()) == 5)
    room.ends("resume --no-wait looks, tightens those at Success, stays with the first of them, and writes the late one",
              STOPPED, "resume", "--no-wait")
    check("of which the first is done", "done" in room.outcomes(1).values(), room.outcomes(1))
    check("and all of which are tightened", sum(behavior == "RejectMessage" for _, behavior, _ in room.ses().values()) >= 5, room.ses())
    text = room.ends("resume follows later, to the end", DONE, "resume")
    check("every identity is done", set(room.outcomes(1).values()) == {"done"}, room.outcomes(1))
    check("REJECT_MESSAGE was set once Success was there",
          {facts for facts in room.ses().values()} == {(f"bounce.{n}", "RejectMessage", "Success") for n in FLEET}, room.ses())
    text = room.ends("where nothing has to wait --no-wait ends with 0", DONE, "apply", "fleet.yaml", "--yes", "--no-wait")


def waves(room):
    """A wave that has ended is no reason to wait: the next one begins in the same process."""
    room.manifest("waves.yaml", {"d0.example": {"wave": 1}, "d1.example": {}, "d2.example": {}}, mail_from="wave.{domain}")
    for name in ("d0", "d1", "d2"):
        room.names.publish(f"wave.{name}.example")
    text = room.ends("--no-wait ends when a wave waits for SES", STOPPED, "apply", "waves.yaml", "--yes", "--no-wait")
    check("and says who waits for the wave", "1 waits for SES, 2 for their wave" in text, text)
    until(lambda: room.ses()["d0.example"][2] == "Success")
    room.ends("resume --no-wait ends the wave and begins the next", STOPPED, "resume", "--no-wait")
    check("all of which is written", sorted(room.outcomes(3).values()) == ["done", "pending", "pending"], room.outcomes(3))


def watch(room):
    room.manifest("fleet.yaml", {name: {} for name in FLEET})
    run = room.start("apply", "fleet.yaml", "--yes")
    until(lambda: (room.path / ".mailfrom/journal.db").exists() and room.writes())
    watcher = room.start("status", "--watch")
    alone = room.run("status").stdout_text
    check("status names the process that runs", f"running, as pid {run.pid} on " in alone, alone)
    room.names.publish("bounce.d5.example")
    run.communicate(timeout=patient(60))
    seen, complaints = watcher.communicate(timeout=patient(20))
    check("the run ends as if nobody watched", run.returncode == DONE)
    check("the watcher leaves with 0 when the run has ended", watcher.returncode == 0, complaints)
    check("and has shown both", all(f"{n} of {len(FLEET)} finished" in seen for n in (0, len(FLEET))), seen)


def stopped_before(room):
    """STS takes the question whose credentials these are, and does not answer."""
    silent = socket.create_server(("127.0.0.1", 0))
    guarded = {"version": 1, "accounts": {"main": {"account_id": ACCOUNT}}, "identities": list(FLEET), "defaults":
               {"account": "main", "region": "us-east-1", "mail_from": "bounce.{domain}"}}
    (room.path / "guarded.yaml").write_text(json.dumps(guarded))
    calls = len(room.calls())
    run = room.start("apply", "guarded.yaml", "--yes", "--call-timeout", "2s", before=(
        "env", f"AWS_ENDPOINT_URL_STS=http://127.0.0.1:{silent.getsockname()[1]}"))
    silent.accept()
    out, complaints = signalled(run, signal.SIGINT)
    check("stopped before its first call, a run ends with 4", run.returncode == STOPPED, run.returncode, out, complaints)
    check("says so, and nothing of credentials", complaints == "mailfrom: stopped before anything was begun\n", complaints)
    check("and has sent nothing", len(room.calls()) == calls, room.calls()[calls:])


def main():
    with Room(*sys.argv[1:3], FLEET) as room:
        detach(room)
        stopped_before(room)
        waves(room)
    with Room(*sys.argv[1:3], FLEET, sim=["--detect-after", str(patient(3))]) as room:
        watch(room)
    verdict()


main()
