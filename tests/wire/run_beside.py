#!/usr/bin/python3
"""Runs of one journal beside and upon each other: who goes on with which, which identities a second run
may have, and how several runs are taken back. Arguments: mailfrom, ses-sim."""

import re
import sys

from rehearsal_room import CANNOT_RUN, DONE, STOPPED, TROUBLE, Room, check, until, verdict

FLEET = {f"{team}{i}.example": {"late": i == 3} for team in "ab" for i in range(4)}


def team(room, letter, **more):
    return room.manifest(f"{letter}.yaml", {name: {} for name in FLEET if name[0] == letter}, **more)


def sentence(text, pattern):
    check(f"which says {pattern!r}", re.search(pattern, text), text)


def unfinished(room):
    team(room, "a")
    room.ends("a run waits for DNS, and is left", STOPPED, "apply", "a.yaml", "--yes", "--no-wait")
    before = len(room.writes())
    text = room.ends("the same identities in a second run are refused", CANNOT_RUN, "apply", "a.yaml", "--yes")
    sentence(text, r"run 1 \(apply\) is not finished, and 4 identities of this run are open in it: "
                   r"a0\.example, a1\.example, a2\.example and 1 more")
    sentence(text, r"mailfrom resume 1 --resolver")
    sentence(text, r"mailfrom resume 1 --give-up")
    check("and nothing was written", len(room.writes()) == before)
    team(room, "b")
    text = room.ends("other identities go beside it", STOPPED, "apply", "b.yaml", "--yes", "--no-wait")
    sentence(text, r"run 1 \(apply of .*\) is not finished: 4 of 4 identities open\. To go on with it: .*mailfrom resume 1")
    text = room.ends("status names both", DONE, "status")
    sentence(text, r"Other runs that are not finished:\n  run 1 \(apply of .*\), 4 of 4 identities open; to go on: .*mailfrom resume 1")
    check("and shows the newest", "Run 2 (apply): stopped" in text, text)
    until(lambda: sum(status == "Success" for _, _, status in room.ses().values()) == 6)
    for words in (["--all"], ["1", "--all", "--no-wait"], ["--all", "--no-wait", "--give-up"]):
        room.ends(f"resume {words} is refused", CANNOT_RUN, "resume", *words)
    room.ends("resume --all goes on with each as far as it goes", STOPPED, "resume", "--all", "--no-wait")
    check("so one row of each is left", all(sorted(room.outcomes(run).values()) == ["done"] * 3 + ["waiting-dns"] for run in (1, 2)),
          room.outcomes(1), room.outcomes(2))
    room.names.publish("bounce.a3.example")
    text = room.ends("resume takes the oldest", DONE, "resume")
    sentence(text, r"resuming run 1 \(apply of .*\), the oldest of 2 unfinished runs: 1 of 4 identities open")
    check("to its end", set(room.outcomes(1).values()) == {"done"}, room.outcomes(1))
    both = {"a0.example": {}, "b3.example": {}}
    room.manifest("both.yaml", both)
    text = room.ends("a manifest that has one of the other one is refused", CANNOT_RUN, "apply", "both.yaml", "--yes")
    sentence(text, r"To do the others of this run: .*mailfrom apply both\.yaml --exclude b3\.example --resolver")
    room.ends("but not without it", DONE, "apply", "both.yaml", "--exclude", "b3.example", "--yes")
    text = room.ends("the other one is given up", DONE, "resume", "2", "--give-up")
    sentence(text, r"run 2 is given up: what it has not done stays as it is\. To take it up again: .*mailfrom resume 2 --retry-failed")
    for words in (["status", "2"], ["status", "--all"], ["report", "2", "--report", "html:-"]):
        text = room.run(*words).stdout_text
        check(f"{words[0]} says so", "given up" in text, text)
    text = room.ends("and resume alone does not take it up", DONE, "resume", "2")
    sentence(text, r"run 2 was given up; to take it up again: .*mailfrom resume 2 --retry-failed")
    text = room.ends("status of it", DONE, "status", "2")
    check("waits for nobody", "waits for what" not in text and "Earliest" not in text and "records" not in text, text)
    room.names.publish("bounce.b3.example")
    text = room.ends("then its identities are free", DONE, "apply", "b.yaml", "--yes")
    check("no run is told to be unfinished", "not finished" not in text, text)
    text = room.ends("nothing is left to resume", DONE, "resume")
    sentence(text, r"no run of this journal is unfinished\nrun 4 has ended, and none of its identities is left to be done")


def taken_back(room):
    """Runs 1 and 4 set a and b; run 5 changes three of a."""
    room.manifest("c.yaml", {f"a{i}.example": {"mail_from": f"bounce2.a{i}.example"} for i in range(3)})
    for i in range(3):
        room.names.publish(f"bounce2.a{i}.example")
    room.ends("a later run changes three of them", DONE, "apply", "c.yaml", "--yes")
    before = len(room.writes())
    text = room.ends("the older run cannot be taken back alone", CANNOT_RUN, "rollback", "1", "--yes")
    sentence(text, r"run 5 has changed 3 of these 4 identities since: take back run 5 first, or all with --through 5")
    sentence(text, r"To take back run 5: .*mailfrom rollback 5 --resolver")
    sentence(text, r"To take back runs 1 to 5 together: .*mailfrom rollback 1 --through 5 --resolver")
    sentence(text, r"  run 5 \(apply of \S+, c\.yaml\) has changed 3 identities\n  run 4 \(apply of \S+, b\.yaml\) has changed \d+ identit")
    check("and nothing was written", len(room.writes()) == before)
    text = room.ends("both at once, dry", DONE, "rollback", "1", "--through", "5", "--dry-run")
    check("wrote nothing", len(room.writes()) == before)
    room.ends("all in order", DONE, "rollback", "1", "--through", "5", "--yes")
    ses = room.ses()
    check("everything is as it was before the first", all(not facts[0] for facts in ses.values()), ses)
    written = [call["identities"][0] for call in room.writes()[before:]]
    check("by one write for each", sorted(written) == sorted(FLEET), written)
    text = room.ends("once more there is nothing to do", DONE, "rollback", "1", "--yes")
    check("and nothing is written", len(room.writes()) == before + len(FLEET))


def between(room):
    """Somebody else's value lay between two runs: the older run's value is not put back."""
    room.ends("a run", DONE, "apply", "c.yaml", "--yes")
    first = max(int(n) for n in re.findall(r"^ *(\d+)  ", room.run("status", "--all").stdout_text, re.M))
    room.names.publish("hand.a0.example")
    room.set("a0.example", "hand.a0.example")
    team(room, "a")
    room.ends("another one over a value that was set by hand", DONE, "apply", "a.yaml", "--yes")
    room.ends("both are taken back", DONE, "rollback", first, "--through", first + 1, "--yes")
    ses = room.ses()
    check("the hand's value is back", ses["a0.example"][0] == "hand.a0.example", ses)
    check("the others have none", all(not ses[f"a{i}.example"][0] for i in (1, 2)), ses)


def rolled_back_unfinished(room):
    room.names.records.pop(("bounce.b3.example", "MX"))
    room.ends("a run is left unfinished", STOPPED, "apply", "b.yaml", "--yes", "--no-wait")
    run = int(re.search(r"Run (\d+)", room.run("status").stdout_text)[1])
    room.ends("and taken back", DONE, "rollback", run, "--yes")
    before = len(room.writes())
    text = room.ends("a resume does not do it again", DONE, "resume")
    check("no run is unfinished", len(room.writes()) == before and "resuming" not in text, text)


def empty(room):
    for verb in (["resume"], ["rollback", "1"], ["resume", "1"], ["status"], ["report", "1"], ["records", "1"]):
        folder = room.path / ("empty-" + "-".join(verb))
        folder.mkdir()
        room.ends(f"{verb} of a folder without a journal", CANNOT_RUN, *verb, "--journal", folder / "sub" / "journal.db")
        check("makes nothing", not list(folder.iterdir()), list(folder.rglob("*")))


def main():
    with Room(*sys.argv[1:3], FLEET) as room:
        unfinished(room)
        taken_back(room)
        between(room)
        rolled_back_unfinished(room)
        empty(room)
    verdict()


main()
