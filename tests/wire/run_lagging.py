#!/usr/bin/python3
"""Reads that lag behind writes, across runs: what the journal has had accepted outweighs a read that shows what
stood there before, for plan, apply, rollback and resume. Arguments: mailfrom, ses-sim."""

import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "hostile"))

from bad_server import Liar, answer
from rehearsal_room import DONE, STOPPED, TROUBLE, Room, check, until, verdict

FLEET = {"none.example": {}, "old.example": {"mail_from": "old.old.example"}}


ENTRY = re.compile(rb"<entry><key>([^<]*)</key>.*?</entry>", re.S)


async def first_again(server, writer, pass_on):
    """Of each identity every read says what the first one said."""
    body = ENTRY.sub(lambda entry: server.first.setdefault(entry[1], entry[0]), (await pass_on()).partition(b"\r\n\r\n")[2])
    writer.write(answer("200 OK", body))


class LaggingRoom(Room):
    def __init__(self):
        super().__init__(*sys.argv[1:3], FLEET)
        self.bad_server = Liar(self.url, "read-v1", "double", 0)
        self.bad_server.lie, self.bad_server.first = first_again, {}
        self.manifest("fleet.yaml", {name: {} for name in FLEET})

    def __exit__(self, *_):
        self.bad_server.close()
        super().__exit__(*_)

    def environment(self):
        return {**super().environment(), "AWS_ENDPOINT_URL": self.bad_server.url}

    def lag(self, lags):
        self.bad_server.times = 10**6 if lags else 0

    def while_it_lags(self, *verbs):
        """Verbs that are begun while reads lag, and end when they no longer do."""
        seen = self.bad_server.requests["read-v1"]
        processes = [self.start(*verb) for verb in verbs]
        until(lambda: self.bad_server.requests["read-v1"] >= seen + len(verbs))
        until(lambda: any(process.poll() is not None for process in processes), 2)
        running = [process.poll() is None for process in processes]
        self.lag(False)
        for process in processes:
            process.stdout_text, process.stderr_text = process.communicate(timeout=120)
        return running, processes


def told(processes):
    return [f"{p.returncode} {p.stdout_text} {p.stderr_text}" for p in processes]


def main():
    with LaggingRoom() as room:
        before = room.ses()
        room.lag(True)
        room.ends("the first run has its writes accepted", STOPPED, "apply", "fleet.yaml", "--yes", "--no-wait")
        written = len(room.writes())
        check("which are two", written == 2, room.writes())
        room.ends("and is given up", DONE, "resume", 1, "--give-up")
        running, (plan, again) = room.while_it_lags(("plan", "fleet.yaml"), ("apply", "fleet.yaml", "--yes"))
        check("neither a plan nor another run believes the old copy", running == [True, True], *told((plan, again)))
        check("the plan has nothing to change", plan.returncode == DONE and "2 unchanged" in plan.stdout_text, *told([plan]))
        check("the other run writes nothing", again.returncode == DONE and len(room.writes()) == written, *told([again]))
        room.ends("so there is nothing of it to take back", DONE, "rollback", 2, "--yes")
        check("and nothing is", len(room.writes()) == written, room.writes())

        room.lag(True)
        running, (back,) = room.while_it_lags(("rollback", 1, "--yes", "--no-wait"))
        check("a rollback does not take the old copy for proof that all is back", running == [True], *told([back]))
        check("the first run is taken back", back.returncode in (DONE, STOPPED), *told([back]))
        check("to what was there", {n: f[:2] for n, f in room.ses().items()} == {n: f[:2] for n, f in before.items()},
              before, room.ses())
        written = len(room.writes())
        room.ends("a resume of the first run leaves that alone", TROUBLE, "resume", 1, "--retry-failed")
        room.ends("also the second time", TROUBLE, "resume", 1, "--retry-failed")
        check("and writes nothing", len(room.writes()) == written, room.writes())
        reasons = {row["reason"] for row in room.report(1).values()}
        check("its rows say which run had the last word", len(reasons) == 1 and "run 3 of this journal" in reasons.pop(),
              room.report(1))
    verdict()


main()
