#!/usr/bin/python3
"""Another operator works on the same identities while a run waits, is throttled, asks its person, or was
stopped: nothing that he sets is overwritten unseen. And mail is not rejected on anybody's account.
Arguments: mailfrom, ses-sim."""

import datetime
import os
import pty
import select
import sys
import time

from timeouts import patient
from rehearsal_room import CANNOT_RUN, DONE, TROUBLE, Room, check, until, verdict

OTHER = "other.late.example"
LATE = {"late.example": {"late": True}, "plain.example": {}}


def waiting(room, *verb, before):
    """A row waits for DNS, the other operator sets his value, then the records appear."""
    run = room.start(*verb)
    until(lambda: any(c["identities"] == ["plain.example"] for c in room.writes()))
    time.sleep(patient(1))
    before()
    room.names.publish("bounce.late.example")
    out, complaints = run.communicate(timeout=patient(60))
    return run.returncode, out + complaints


def while_it_waits(reviewed):
    with Room(*sys.argv[1:3], LATE) as room:
        room.manifest("fleet.yaml", {name: {} for name in LATE})
        verb = ["apply", "fleet.yaml", "--yes"]
        if reviewed:
            room.ends("a plan is reviewed", DONE, "plan", "fleet.yaml", "--out", "f.plan")
            verb = ["apply", "--plan", "f.plan", "--yes"]
        code, said = waiting(room, *verb, before=lambda: room.set("late.example", OTHER))
        row = room.report(1)["late.example"]
        what = "reviewed" if reviewed else "not reviewed"
        check(f"{what}: what was set while the row waited for DNS is still there", room.ses()["late.example"][0] == OTHER,
              room.ses(), said)
        check(f"{what}: the row has drifted and says so", row["outcome"] == "drifted" and OTHER in row["reason"] and
              code == TROUBLE, row, code)
        check(f"{what}: the value before is what was there", row["mail_from_before"] == "", row)
        if reviewed:
            return
        room.ends("tried again it stays", TROUBLE, "resume", "1", "--retry-failed")
        check("as it is", room.ses()["late.example"][0] == OTHER, room.ses())
        room.ends("--force overwrites it", DONE, "resume", "1", "--retry-failed", "--force")
        row = room.report(1)["late.example"]
        check("and says what", room.ses()["late.example"][0] == "bounce.late.example" and OTHER in row["reason"] and
              row["mail_from_before"] == OTHER, row, room.ses())


def on_terminal(room, answer, before_answer):
    """An apply that asks; the screen so far, and the exit code."""
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(room.path)
        os.execvpe(room.command("apply")[0], [str(c) for c in room.command("apply", "fleet.yaml")], room.environment())
    seen, asked, deadline = "", False, time.monotonic() + patient(60)
    while time.monotonic() < deadline:
        if select.select([fd], [], [], 0.2)[0]:
            try:
                seen += os.read(fd, 65536).decode(errors="replace")
            except OSError:
                break
        if not asked and "Change SES as shown?" in seen:
            asked = True
            before_answer()
            os.write(fd, answer.encode())
    os.close(fd)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), seen


def asked():
    fleet = {f"d{i}.example": {} for i in range(5)} | {"late.example": {}, "same.example": {
        "mail_from": "bounce.same.example", "status": "SUCCESS"}, "bad.example": {"verified": "PENDING"}}
    with Room(*sys.argv[1:3], fleet) as room:
        room.manifest("fleet.yaml", {name: {} for name in fleet})
        reads = []
        code, seen = on_terminal(room, "yes\n", lambda: (room.set("late.example", OTHER), reads.append(len(room.calls()))))
        rows = room.report(1)
        check("what was set between the plan and the yes is still there", room.ses()["late.example"][0] == OTHER, seen)
        check("and has drifted", rows["late.example"]["outcome"] == "drifted" and code == TROUBLE, rows["late.example"], code)
        check("everything else was done as shown", all(rows[f"d{i}.example"]["outcome"] == "done" for i in range(5)), rows)
        check("other verdicts stand", (rows["same.example"]["outcome"], rows["bad.example"]["outcome"]) ==
              ("unchanged", "refused"), rows["same.example"], rows["bad.example"])
        later = [c["action"] for c in room.calls()[reads[0]:]]
        check("nothing is listed or verified twice", not [a for a in later if "List" in a or "Verification" in a], later)
        code, seen = on_terminal(room, "no\n", lambda: None)
        check("without a yes nothing is written", code == CANNOT_RUN and "not confirmed" in seen, code, seen)


def behaviours():
    """Loosening waits for nothing; tightening wants the MX, and one identity goes first."""
    loose = {"gone.example": {"mail_from": "bounce.gone.example", "status": "PENDING", "behavior": "REJECT_MESSAGE", "late": True},
             "unverified.example": {"mail_from": "bounce.unverified.example", "status": "SUCCESS",
                                    "behavior": "REJECT_MESSAGE", "verified": "PENDING"}}
    with Room(*sys.argv[1:3], loose) as room:
        room.names.records.pop(("bounce.gone.example", "MX"), None)
        room.manifest("fleet.yaml", {name: {} for name in loose})
        text = room.run("plan", "fleet.yaml").stdout_text
        check("mail that is rejected is told first", text.find("rejected") >= 0 and "gone.example" in text, text)
        run = room.start("apply", "fleet.yaml", "--yes", "--no-wait")
        run.communicate(timeout=patient(60))
        check("loosened at once, whatever DNS and verification say",
              {n: f[1] for n, f in room.ses().items()} == dict.fromkeys(loose, "UseDefaultValue"), room.ses())
    tight = {f"t{i}.example": {"mail_from": f"bounce.t{i}.example", "status": "SUCCESS"} for i in range(3)}
    with Room(*sys.argv[1:3], tight) as room:
        room.names.records.pop(("bounce.t0.example", "MX"))
        room.manifest("fleet.yaml", {name: {} for name in tight}, behavior_on_mx_failure="REJECT_MESSAGE")
        run = room.start("apply", "fleet.yaml", "--yes", "--no-wait")
        out = "".join(run.communicate(timeout=patient(90)))
        ses = room.ses()
        check("what has its MX is tightened", ses["t1.example"][1] == ses["t2.example"][1] == "RejectMessage", ses, out)
        check("what has none is not, though SES says Success", ses["t0.example"][1] == "UseDefaultValue", ses, out)
        check("and waits, saying for what", "REJECT_MESSAGE waits for the right MX" in room.report(1)["t0.example"]["reason"],
              room.report(1)["t0.example"])
        at = [datetime.datetime.fromisoformat(c["time"].replace("Z", "+00:00")) for c in room.writes()]
        check("one went first, and the other followed ten seconds later", len(at) == 2 and
              (at[1] - at[0]).total_seconds() >= 9, room.writes())


def main():
    while_it_waits(False)
    while_it_waits(True)
    asked()
    behaviours()
    verdict()


main()
