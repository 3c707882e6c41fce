#!/usr/bin/python3
"""Live control over the wire: pause, resume, pace and stop from another process, against apply, publish, apply
--publish and rollback; who may, what is kept, and what a client is told where nobody answers. Arguments:
mailfrom, ses-sim."""

import concurrent.futures
import contextlib
import json
import os
import pathlib
import resource
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import threading
import time

import rehearsal_room
from rehearsal_room import CANNOT_RUN, DONE, STOPPED, Room, until, verdict
from timeouts import patient

FLEET = {f"d{i}.example": {} for i in range(16)}
JOURNAL = ".mailfrom/journal.db"
RATE = 8


one_at_a_time = threading.Lock()


def check(*words):
    with one_at_a_time:
        rehearsal_room.check(*words)


def room_of(rate=RATE, fleet=FLEET):
    room = Room(*sys.argv[1:3], fleet, rate=200)
    room.rate = rate
    room.manifest("fleet.yaml", {name: {} for name in fleet})
    return room


def order(room, *words, journal=None, before=()):
    """Exit code, what was said, and how long it took."""
    more = ["--journal", str(journal)] if journal else []
    begun = time.monotonic()
    done = subprocess.run([*before, room.mailfrom, *map(str, words), *more], cwd=room.path, env=room.environment(),
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=patient(60))
    return done.returncode, done.stdout + done.stderr, time.monotonic() - begun


def going(room, *more, verb=("apply", "fleet.yaml", "--yes"), **how):
    process = room.start(*verb, *more, **how)
    seen = len(room.writes())
    until(lambda: len(room.writes()) >= seen + 2)
    return process


def stands_still(room, seconds=1.2):
    """No write comes for so long, after what was on its way has arrived."""
    time.sleep(0.3)
    before = len(room.writes())
    time.sleep(seconds)
    return len(room.writes()) == before


def given(name, answer, told=""):
    code, said, took = answer
    check(f"{name} is acknowledged", code == DONE and told in said, code, said)
    check(f"{name} takes less than a second", took < patient(1), took)


def orders(room, run, journal=JOURNAL):
    with contextlib.closing(sqlite3.connect(f"file:{room.path / journal}?mode=ro", uri=True)) as db:
        rows = db.execute("SELECT kind, rate, user, uid, pid, host FROM control WHERE run = ? ORDER BY seq", [run])
        return [("pause resume pace stop leave".split()[row[0]], *row[1:]) for row in rows]


def kinds(room, run, journal=JOURNAL):
    return [row[0] for row in orders(room, run, journal)]


def steered(room, run, verb, pauses_at_once=False):
    """One run of a verb: paused, told twice, watched, gone on with, and at the end nothing is missing."""
    name = verb[0]
    process = going(room, verb=verb)
    given(f"{name}: pause", order(room, "pause"), "is paused")
    check(f"{name}: a paused run writes nothing", stands_still(room) and process.poll() is None)
    given(f"{name}: a second pause", order(room, "pause", run), "is paused already, by root")
    code, said, _ = order(room, "status", run)
    check(f"{name}: status says who has paused it and how it goes on",
          code == DONE and "paused by root (pid" in said and f"mailfrom resume {run}" in said, said)
    code, said, _ = order(room, "status", run, "--format", "json")
    told = json.loads(said.splitlines()[-1])
    check(f"{name}: and for programs", told["state"] == "paused" and "by root" in told["reason"], said)
    given(f"{name}: resume", order(room, "resume", run), "goes on")
    out, err = process.communicate(timeout=patient(60))
    check(f"{name}: it ends well", process.returncode == DONE, process.returncode, err)
    check(f"{name}: the run itself has told both orders", "has paused this run" in err and "lets this run go on" in err, err)
    check(f"{name}: the journal has the orders that changed something, with whom",
          kinds(room, run) == ["pause", "resume"] and orders(room, run)[0][2] == "root"
          and orders(room, run)[0][5] == socket.gethostname(), orders(room, run))
    report = json.loads(room.run("report", run, "--report", "json:-", "--quiet").stdout_text)["run"]
    schema = json.loads((pathlib.Path(__file__).parents[2] / "docs/report.schema.json").read_text())["properties"]["run"]
    given_orders = report.get("orders", [])
    check(f"{name}: the JSON report has them, as its schema says",
          [o["order"] for o in given_orders] == ["pause", "resume"]
          and all(set(o) <= set(schema["properties"]["orders"]["items"]["properties"]) for o in given_orders), report)
    room.run("report", run, "--report", f"html:{run}.html", "--quiet")
    page = (room.path / f"{run}.html").read_text()
    check(f"{name}: and the page", "<h2>Orders</h2>" in page and "pauses the run" in page and "lets the run go on" in page)
    check(f"{name}: no socket is left", not list((room.path / ".mailfrom").glob("*.sock")))


def apply_and_rollback():
    with room_of() as room:
        steered(room, 1, ("apply", "fleet.yaml", "--yes"))
        check("each identity was written once", len(room.writes()) == len(FLEET), len(room.writes()))
        steered(room, 2, ("rollback", "1", "--yes"))
        code, said, _ = order(room, "pause", 1)
        check("a run that has ended takes no order", code == CANNOT_RUN and "run 1 has ended" in said, said)
        code, said, _ = order(room, "pause", 9)
        check("nor one that never was", code == CANNOT_RUN and "9" in said, said)
        code, said, _ = order(room, "pause", journal=room.path / "none.db")
        check("nor a journal that is not there", code == CANNOT_RUN and "there is no journal" in said, said)
        code, said, _ = order(room, "pace", 1)
        check("a pace needs a rate", code == CANNOT_RUN and "--rate" in said, said)


def paced():
    with room_of(rate=2, fleet={f"d{i}.example": {} for i in range(90)}) as room:
        process = going(room)
        given("pace", order(room, "pace", 1, "--rate", "20"), "at most 20 calls a second")
        begun, before = time.monotonic(), len(room.writes())
        until(lambda: len(room.writes()) >= before + 6)
        check("a faster pace is felt at once", time.monotonic() - begun < patient(2), time.monotonic() - begun)
        given("pace down", order(room, "pace", "--rate", "0.5"), "at most 0.5 calls a second")
        time.sleep(0.2)
        before = len(room.writes())
        time.sleep(2.2)
        check("a slower one too", len(room.writes()) - before <= 2, len(room.writes()) - before)
        given("the same pace again", order(room, "pace", "--rate", "0.5"), "at that pace already")
        process.kill()
        process.communicate()
        check("kill -9 leaves the socket", (room.path / (JOURNAL + ".sock")).is_socket())
        code, said, _ = order(room, "pause")
        check("nobody listens there, and it is said how to go on",
              code == CANNOT_RUN and "was cut off" in said and "mailfrom resume 1" in said, said)
        again = room.start("resume", "1")  # with --rate, by the room
        until(lambda: len(room.writes()) > before + 2)
        again.send_signal(signal.SIGKILL)
        again.communicate()
        command = [w for w in room.command("resume", "1")]
        command = command[:command.index("--rate")]
        third = subprocess.Popen(command, cwd=room.path, env=room.environment(), stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        until(lambda: order(room, "pace", "--rate", "20")[0] == DONE)
        out, err = third.communicate(timeout=patient(60))
        check("after a crash the kept pace holds, that of resume --rate, and resume says so", third.returncode == DONE and "2 calls a second" in err,
              third.returncode, err)
        check("each order was kept once", [o[1] for o in orders(room, 1)] == [20, 0.5, 2, 20], orders(room, 1))


def stopped():
    with room_of() as room:
        process = going(room)
        given("stop", order(room, "stop"), "stops")
        out, err = process.communicate(timeout=patient(30))
        check("it drains as by SIGTERM", process.returncode == STOPPED and "mailfrom resume 1" in out + err, process.returncode, out, err)
        code, said, _ = order(room, "stop")
        check("a stopped run is not under way", code == CANNOT_RUN and "it was stopped" in said and "mailfrom resume 1" in said, said)
        process = going(room, verb=("resume", "1"))
        given("pause", order(room, "pause"))
        given("stop --now of a paused run", order(room, "stop", "--now"), "leaves at once")
        process.communicate(timeout=patient(30))
        check("it leaves with 4", process.returncode == STOPPED, process.returncode)
        check("the orders are in the journal", kinds(room, 1) == ["stop", "pause", "leave"], orders(room, 1))
        room.ends("a paused run that was ended goes on by resume", DONE, "resume", "1")
        check("that is an order, too", kinds(room, 1)[3:] == ["resume"], orders(room, 1))


def processor_seconds(pid):
    """Of each thread but the deciding one."""
    def of(task):
        fields = task.joinpath("stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return {task.name: of(task) for task in pathlib.Path(f"/proc/{pid}/task").iterdir() if task.name != str(pid)}


def without_descriptors(process, path):
    """A client comes while the process may open nothing more. Before, a thread asked for it again and again."""
    before = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)
    with contextlib.ExitStack() as stack:
        # poll(2) refuses a set that is larger than the limit, so there are as many descriptors.
        for _ in range(12):
            stack.enter_context(socket.socket(socket.AF_UNIX)).connect(str(path))
        client = stack.enter_context(socket.socket(socket.AF_UNIX))
        time.sleep(0.2)
        used = {int(fd) for fd in os.listdir(f"/proc/{process.pid}/fd")}
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (min(set(range(1000)) - used), before[1]))
        client.connect(str(path))
        used = processor_seconds(process.pid)
        time.sleep(1)
        used = {name: spent - used.get(name, 0) for name, spent in processor_seconds(process.pid).items()}
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, before)
        check("without descriptors no thread spins", max(used.values()) < 0.3, used)
        client.settimeout(patient(10))
        client.sendall(b"mailfrom-control 1 1 pause\n")
        check("and the client is served once there are some", b" idle " in client.recv(1000))


def many_and_hostile():
    with room_of() as room:
        process = going(room)
        path = room.path / (JOURNAL + ".sock")
        check("the socket is for its owner alone", stat.S_IMODE(path.stat().st_mode) == 0o600, oct(path.stat().st_mode))
        mute = [socket.socket(socket.AF_UNIX) for _ in range(15)]
        for one in mute:
            one.connect(str(path))
        given("a pause beside fifteen clients that say nothing", order(room, "pause"))
        for one in mute[1:]:
            one.close()
        without_descriptors(process, path)
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(order(room, "pause", 1))) for _ in range(4)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        check("four at once are told the same", all(code == DONE and "already" in said for code, said, _ in answers), answers)
        mute[0].settimeout(patient(10))
        check("a client that says nothing is cut", mute[0].recv(100) == b"")
        mute[0].close()
        for line, what in ((b"x" * 4096, "a line that does not end"), (b"mailfrom-control 2 1 pause\n", "another version"),
                           (b"mailfrom-control 1 1 pace 1e9\n", "a rate out of bounds"), (b"GET / HTTP/1.1\n", "another protocol"),
                           (b"\0\0\0\n", "zeros")):
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(path))
                client.settimeout(patient(10))
                try:
                    client.sendall(line)
                    said = client.recv(1000)
                except OSError:
                    said = b""
                check(f"{what} is refused or cut", said == b"" or b" bad " in said, said)
        code, said, _ = order(room, "stop", 7)
        check("another run's number is refused, and named", code == CANNOT_RUN and "run 1 is under way, and not run 7" in said, said)
        given("resume after all that, with a rate as status prints it", order(room, "resume", "--rate", "9"), "goes on")
        out, err = process.communicate(timeout=patient(60))
        check("the rate is an order, too", kinds(room, 1)[-2:] == ["resume", "pace"], orders(room, 1))
        check("the run is none the worse", process.returncode == DONE and len(room.writes()) == len(FLEET), process.returncode, err)


def others():
    """Another user, where this test may become one; a process that is asleep."""
    with room_of() as room:
        process = going(room)
        if os.geteuid() == 0 and shutil.which("setpriv"):
            path = room.path / (JOURNAL + ".sock")
            for folder in (room.path, path.parent):
                os.chmod(folder, 0o755)
            as_nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
            ours = pathlib.Path(room.mailfrom)
            may_run = subprocess.run([*as_nobody, ours, "version"], capture_output=True).returncode == 0
            if may_run:
                code, said, _ = order(room, "pause", before=as_nobody)
                check("another user is told whose the run is", code == CANNOT_RUN and "belongs to root: give the order as root" in said
                      and "root or as root" not in said, said)
                os.chmod(path, 0o666)
                code, said, _ = order(room, "pause", before=as_nobody)
                check("and is refused by the run itself", code == CANNOT_RUN and "belongs to another user" in said, said)
            os.chmod(path.parent, 0o700)
        process.send_signal(signal.SIGSTOP)
        code, said, took = order(room, "pause")
        check("a process that is asleep does not answer, and that is said", code == CANNOT_RUN and "does not answer within 5 s" in said
              and "may still be carried out" in said and "withdrawn" not in said
              and took < patient(12), took, said)
        process.send_signal(signal.SIGCONT)
        out, err = process.communicate(timeout=patient(60))
        check("the order of a client that has gone is not done", process.returncode == DONE and kinds(room, 1) == [], orders(room, 1), err)


def places():
    """A folder whose name no socket address holds; something else that has the name; a read-only folder."""
    with room_of() as room:
        deep = room.path
        for _ in range(2):
            deep = deep / ("folder-" * 20)
        deep.mkdir(parents=True, mode=0o700)
        journal = deep / ("j" * 120 + ".db")
        process = going(room, "--journal", journal)
        given("pause in a folder with a long name", order(room, "pause", journal=journal))
        os.chmod(deep, 0o500)
        given("resume in a folder that is read-only by now", order(room, "resume", journal=journal))
        process.communicate(timeout=patient(60))
        os.chmod(deep, 0o700)
        check("it has ended well", process.returncode == DONE, process.returncode)
    with room_of() as room:
        (room.path / ".mailfrom").mkdir(mode=0o700)
        target = room.path / "precious"
        target.write_text("kept")
        (room.path / (JOURNAL + ".sock")).symlink_to(target)
        process = going(room)
        code, said, _ = order(room, "pause")
        check("a link in the place of the socket is not followed", code == CANNOT_RUN, said)
        out, err = process.communicate(timeout=patient(60))
        check("the run goes on without, and says so once", process.returncode == DONE
              and err.count("cannot be paused, paced or stopped from another terminal") == 1, process.returncode, err)
        check("what the link leads to is as it was", target.read_text() == "kept" and (room.path / (JOURNAL + ".sock")).is_symlink())


def main():
    """Each part has a room of its own, and waits for most of its time: all go beside each other."""
    parts = [apply_and_rollback, paced, stopped, many_and_hostile, others, places]
    wanted = [part for part in parts if len(sys.argv) < 4 or part.__name__ in sys.argv[3:]]
    with concurrent.futures.ThreadPoolExecutor(len(wanted)) as pool:
        for done in [pool.submit(part) for part in wanted]:
            done.result()
    verdict()


main()
