#!/usr/bin/python3
"""Signals: strangers change nothing, storms lose nothing, what was ignored at the start stays ignored, and
before anything is begun a signal ends with 4 too. Arguments: mailfrom, ses-sim."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time

from timeouts import patient
from rehearsal_room import DONE, SIGNALS, STOPPED, Room, check, signalled, until, verdict

FLEET = {f"d{i}.example": {} for i in range(24)}
STRANGERS = [signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF, signal.SIGIO,
             signal.SIGPWR, signal.SIGPIPE, signal.SIGURG, signal.SIGCHLD, signal.SIGWINCH, signal.SIGCONT,
             signal.SIGRTMIN, signal.SIGRTMAX]


def room_of():
    room = Room(*sys.argv[1:3], FLEET, sim=["--faults", "delay=100"], rate=10)
    room.manifest("fleet.yaml", {name: {} for name in FLEET})
    return room


def going(room, **more):
    process = room.start("apply", "fleet.yaml", "--yes", **more)
    until(lambda: len(room.writes()) >= 2)
    return process


def strangers(name):
    """All of them, then one of ours, which must be heard."""
    with room_of() as room:
        process = going(room)
        for stranger in STRANGERS:
            process.send_signal(stranger)
        before = len(room.writes())
        until(lambda: len(room.writes()) > before)
        check(f"after {len(STRANGERS)} signals of others the run goes on", process.poll() is None)
        out, err = signalled(process, name)
        check(f"and hears {name.name}", process.returncode == STOPPED and "mailfrom resume 1" in out, process.returncode, err)


def storms():
    with room_of() as room:
        process = going(room)
        over = threading.Event()

        def storm():
            while not over.is_set():
                for one in (signal.SIGPIPE, signal.SIGWINCH, signal.SIGTSTP, signal.SIGCONT, signal.SIGUSR1):
                    if process.poll() is None:
                        process.send_signal(one)
                time.sleep(0.001)
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)

        storming = threading.Thread(target=storm)
        storming.start()
        before = len(room.writes())
        until(lambda: len(room.writes()) >= before + 10 or process.poll() is not None)
        over.set()
        storming.join()
        out, err = process.communicate(timeout=patient(120))
        check("a storm of signals ends no run", process.returncode == DONE, process.returncode, err)
        check("and repeats no write", len(room.writes()) == len(FLEET), len(room.writes()))


def ignored():
    """As nohup starts it, and as a shell starts what runs in the background."""
    with room_of() as room:
        def quiet():
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            signal.signal(signal.SIGINT, signal.SIG_IGN)

        process = going(room, preexec_fn=quiet)
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGINT)
        before = len(room.writes())
        until(lambda: len(room.writes()) > before + 1)
        check("what was ignored at the start stays ignored", process.poll() is None)
        out, err = signalled(process, signal.SIGTERM)
        check("and SIGTERM is heard", process.returncode == STOPPED, process.returncode, err)


def early(name):
    """A server that takes connections and says nothing: the guards wait before anything is begun; and a
    question that nobody has answered yet."""
    with room_of() as room, socket.create_server(("127.0.0.1", 0)) as mute:
        process = subprocess.Popen(room.command("plan", "fleet.yaml", "--endpoint-url",
                                                f"http://127.0.0.1:{mute.getsockname()[1]}"), cwd=room.path,
                                   env=room.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        mute.accept()
        out, err = signalled(process, name)
        check(f"{name.name} while a plan asks ends with 4", process.returncode == STOPPED, process.returncode, err)
        terminal, inside = os.openpty()
        asked = subprocess.Popen(room.command("apply", "fleet.yaml"), cwd=room.path, env=room.environment(),
                                 stdin=inside, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        seen = b""
        while not seen.rstrip().endswith(b"for yes:"):
            seen += os.read(terminal, 4096)
        out, err = signalled(asked, name)
        os.close(terminal)
        os.close(inside)
        check(f"{name.name} at the question ends with 4, and says that nothing was begun",
              asked.returncode == STOPPED and "no call was in flight" in err, asked.returncode, err)
        check("nothing was written", not room.writes())


def main():
    for name in SIGNALS:
        strangers(name)
        early(name)
    storms()
    ignored()
    verdict()


main()
