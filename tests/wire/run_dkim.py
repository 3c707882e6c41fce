#!/usr/bin/python3
"""DKIM beside MAIL FROM: what it costs by default, with --dkim and with --no-dkim; what is kept of it; and that
nothing fails where IAM refuses it. Arguments: mailfrom, ses-sim."""

import json
import re
import sqlite3
import sys
from collections import Counter

from rehearsal_room import CANNOT_RUN, DONE, STOPPED, Denied, Room, check, verdict

BATCH, GET = "GetIdentityDkimAttributes", "GetEmailIdentity"
FLEET = {f"d{n}.example": {} for n in range(120)}
FLEET["d1.example"] = {"dkim": "DISABLED"}
FLEET["d2.example"] = {"dkim": "TEMPORARY_FAILURE"}
FLEET["mail@d1.example"] = {}
FLEET["mail@d3.example"] = {}
FLEET["own@d1.example"] = {"dkim": "SUCCESS"}
WANTED = {**{name: "SUCCESS" for name in FLEET}, "d1.example": "DISABLED", "d2.example": "TEMPORARY_FAILURE",
          "mail@d1.example": "DISABLED"}


def calls(room):
    """How often each action was asked since the last question."""
    found = Counter(call["action"] for call in room.calls())
    if room.log.exists():
        room.log.write_text("")
    return found


def kept(room, run):
    """{identity: the newest DKIM that the journal has of it}."""
    with sqlite3.connect(room.path / ".mailfrom/journal.db") as db:
        rows = db.execute("SELECT c.identity, r.dkim FROM record r JOIN choice c ON c.run = r.run AND c.place = r.job"
                          " WHERE r.run = ? ORDER BY r.seq", (run,)).fetchall()
    db.close()
    return dict(rows)


def costs(programs):
    with Room(*programs, FLEET) as room:
        room.manifest("fleet.yaml", {name: {} for name in FLEET})
        room.ends("a plan", DONE, "plan", "fleet.yaml")
        by_default = calls(room)
        check("asks two batches more", (by_default[BATCH], by_default[GET]) == (2, 0), by_default)
        room.ends("a plan without DKIM", DONE, "plan", "fleet.yaml", "--no-dkim")
        without = calls(room)
        check("asks the same, but for that", by_default - without == Counter({BATCH: 2}) and not without - by_default,
              by_default, without)
        said = room.ends("a plan of DKIM one by one", DONE, "plan", "fleet.yaml", "--dkim")
        each = calls(room)
        check("asks for each identity", (each[BATCH], each[GET]) == (0, len(FLEET)), each)
        check("and says before what that costs",
              re.search(rf"note: --dkim reads {len(FLEET)} identities one by one: {len(FLEET)} calls of {GET}, about", said), said)
        room.ends("by version 2", DONE, "plan", "fleet.yaml", "--read-api", "v2")
        check("it comes with the reads", calls(room)[BATCH] == 0)
        room.ends("both wishes at once", CANNOT_RUN, "plan", "fleet.yaml", "--dkim", "--no-dkim")

        room.ends("an apply", DONE, "apply", "fleet.yaml", "--yes")
        apply = calls(room)
        check("asks no more than the plan that it shows", apply[BATCH] == 2, apply)
        check("and keeps what SES has told", kept(room, 1) == WANTED,
              {k: v for k, v in kept(room, 1).items() if WANTED[k] != v})
        room.ends("an apply without DKIM", DONE, "apply", "fleet.yaml", "--yes", "--no-dkim")
        check("keeps nothing of it", set(kept(room, 2).values()) == {""} and calls(room)[BATCH] == 0)


def goes_on(programs):
    late = {f"late{n}.example": {"late": True} for n in range(3)}
    with Room(*programs, late) as room:
        room.manifest("fleet.yaml", {name: {} for name in late})
        room.ends("a run that waits for DNS", STOPPED, "apply", "fleet.yaml", "--yes", "--no-wait")
        check("has asked", calls(room)[BATCH] == 1)
        for name in late:
            room.names.publish("bounce." + name)
        room.ends("goes on", DONE, "resume")
        check("and does not ask again", calls(room)[BATCH] == 0)
        check("but knows it", set(kept(room, 1).values()) == {"SUCCESS"}, kept(room, 1))


def is_planned(programs):
    fleet = {"there.example": {"mail_from": "bounce.there.example", "dkim": "PENDING"}, "new.example": {"dkim": "FAILED"}}
    with Room(*programs, fleet) as room:
        room.manifest("fleet.yaml", {name: {} for name in fleet})
        room.ends("a plan in a file", DONE, "plan", "fleet.yaml", "--out", "fleet.plan")
        rows = json.loads((room.path / "fleet.plan").read_text())["identities"]
        check("has what SES tells of DKIM", {r["identity"]: r["live"].get("dkim") for r in rows} ==
              {"there.example": "PENDING", "new.example": "FAILED"}, rows)
        room.ends("an apply of it", DONE, "apply", "--plan", "fleet.plan", "--yes")
        check("keeps it of a row that is left alone, too", kept(room, 1) == {"there.example": "PENDING", "new.example": "FAILED"},
              kept(room, 1))


def refused(programs):
    with Denied(*programs, FLEET, f"v1:{BATCH}") as room:
        room.manifest("fleet.yaml", {name: {} for name in FLEET})
        said = room.ends("where IAM refuses DKIM, a plan is as good", DONE, "plan", "fleet.yaml")
        notes = [line for line in said.splitlines() if BATCH in line]
        check("it is noted once for the account", len(notes) == 1 and notes[0].startswith("note: account default: ") and
              f"allow ses:{BATCH}" in notes[0], said)
        check("with IAM's words, none of them cut", f" is not authorized to perform: ses:{BATCH}" in notes[0], notes)
        check("and not tried for long", calls(room)[BATCH] <= 2)
        room.ends("and so is an apply", DONE, "apply", "fleet.yaml", "--yes")
        check("every identity is done", set(room.outcomes(1).values()) == {"done"}, room.outcomes(1))
        check("and nothing is known of DKIM", set(kept(room, 1).values()) == {""})
        calls(room)
        room.ends("with --dkim it is read all the same", DONE, "plan", "fleet.yaml", "--dkim")
        done = calls(room)
        check("one by one", (done[BATCH], done[GET]) == (0, len(FLEET)), done)
        process = room.run("discover", "--region", "us-east-1", "--out", "found.yaml")
        notes = [line for line in process.stderr_text.splitlines() if BATCH in line]
        check("discover is as good, and notes it once", process.returncode == DONE and len(notes) == 1 and
              "DKIM of all identities is not known" in notes[0], process.stderr_text)
    with Denied(*programs, FLEET, f"v2:{GET}") as room:
        room.manifest("fleet.yaml", {name: {} for name in FLEET})
        said = room.ends("where IAM refuses the one, --dkim takes the batch", DONE, "plan", "fleet.yaml", "--dkim")
        done = calls(room)
        check("after few refusals", done[BATCH] >= 2 and 1 <= done[GET] < len(FLEET) / 2, done)
        check("and says so", f"--dkim needs ses:{GET}" in said, said)
        process = room.run("discover", "--region", "us-east-1", "--out", "found.yaml", "--dkim")
        check("so does discover, which knows all of it then", f"--dkim needs ses:{GET}" in process.stderr_text and
              "not known" not in process.stderr_text, process.stderr_text)
    with Denied(*programs, FLEET, f"v1:{BATCH} v2:{GET}") as room:
        room.manifest("fleet.yaml", {name: {} for name in FLEET})
        said = room.ends("where IAM refuses both, --dkim names the action that it needs", DONE, "plan", "fleet.yaml", "--dkim",
                         "--report", "json:plan.json")
        needs = json.loads((room.path / "plan.json").read_text())["summary"]["apply_needs"]
        check("and counts no read that will not be made", needs["reads"] <= 2 * -(-len(FLEET) // 100) + 3, needs)
        check("and the other as its substitute", f"allow ses:{GET}, which --dkim needs" in said and
              f"allow ses:{BATCH}" not in said, said)
    with Denied(*programs, FLEET, "v1:*") as room:
        room.manifest("fleet.yaml", {name: {} for name in FLEET})
        said = room.ends("where version 1 is refused, version 2 reads DKIM too", DONE, "plan", "fleet.yaml", "--report",
                         "json:plan.json")
        rows = json.loads((room.path / "plan.json").read_text())["identities"]
        check("all of it is known", all(row["dkim"] for row in rows if "@" not in row["identity"]),
              [row["identity"] for row in rows if not row["dkim"]])
        check("and nothing else is said", "DKIM" not in said.replace("by DKIM", ""), said)


def discovers(programs):
    with Room(*programs, FLEET) as room:
        for options, batches, gets in ([], 2, 0), (["--no-dkim"], 0, 0), (["--dkim"], 0, len(FLEET)):
            process = room.run("discover", "--region", "us-east-1", "--out", f"found{batches}-{gets}.yaml", *options)
            done = calls(room)
            check(f"discover {' '.join(options)}: its calls", process.returncode == DONE and
                  (done[BATCH], done[GET]) == (batches, gets), process.stderr_text, done)
            check(f"discover {' '.join(options)}: says before what costs much",
                  ("read one by one for their DKIM" in process.stderr_text) == (gets > 0), process.stderr_text)


def watches(programs):
    with Room(*programs, FLEET) as room:
        text = {"version": 1, "watch": {"verification": "1h"}, "defaults": {"region": "us-east-1", "mail_from": "bounce.{domain}"},
                "identities": [{"identity": name} for name in FLEET]}
        (room.path / "fleet.yaml").write_text(json.dumps(text))
        room.run("watch", "fleet.yaml")
        check("the first sweep asks", calls(room)[BATCH] == 2)
        room.run("watch", "fleet.yaml")
        check("the next remembers", calls(room)[BATCH] == 0)
        process = room.run("watch", "fleet.yaml", "--dkim")
        check("with --dkim it says before what that costs at most", f"note: --dkim reads up to {len(FLEET)} identities" in
              process.stderr_text, process.stderr_text)
        with sqlite3.connect(room.path / ".mailfrom/journal.db.watch") as db:
            known = dict(db.execute("SELECT identity, dkim FROM watched WHERE identity != ''"))
        db.close()
        own = {**WANTED, **{name: "NOT_STARTED" for name in FLEET if name.startswith("mail@")}}
        check("what SES has told of each itself", known == own, {k: v for k, v in known.items() if own[k] != v})
    with Denied(*programs, FLEET, f"v1:{BATCH}") as room:
        (room.path / "fleet.yaml").write_text(json.dumps(text))
        room.run("watch", "fleet.yaml")
        check("a refusal is met by the first sweep", calls(room)[BATCH] in (1, 2))
        room.run("watch", "fleet.yaml")
        check("and not by each", calls(room)[BATCH] == 0)


programs = sys.argv[1:3]
costs(programs)
goes_on(programs)
is_planned(programs)
refused(programs)
discovers(programs)
watches(programs)
verdict()
