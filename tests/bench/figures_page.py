"""What a client that looks on costs the server of the live page. The function yields rows."""

import os
import selectors
import socket
import subprocess
import time

import ran
import stage
from row import at_most

TICKS = os.sysconf("SC_CLK_TCK")
CHANGE = 10_000  # bytes that change a second: verdict, counts and lanes of a large fleet


def processor_time(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def looked_on(bench, clients, seconds, rows):
    """(processor seconds of the server, bytes that the clients got) while so many look on."""
    command = [bench.build / "tests/page_driver", "127.0.0.1:0", str(rows), "100000"]
    ran.note(command)
    driver = subprocess.Popen(command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        port = int(driver.stdout.readline().rstrip("/\n").rsplit(":", 1)[1])

        def order(line):
            driver.stdin.write(line + "\n")
            driver.stdin.flush()

        order(f"beat {CHANGE}")
        order("publish 1")
        watched, got = selectors.DefaultSelector(), 0
        for _ in range(clients):
            connection = socket.create_connection(("127.0.0.1", port))
            connection.sendall(f"GET /events HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n".encode())
            watched.register(connection, selectors.EVENT_READ)
        time.sleep(2)  # the first event, with all parts, is not counted
        before, end, next_at = processor_time(driver.pid), time.monotonic() + seconds, 0.0
        while (now := time.monotonic()) < end:
            if now >= next_at:
                order("publish 1")
                next_at = now + 1
            for key, _ in watched.select(timeout=min(next_at, end) - now if min(next_at, end) > now else 0):
                got += len(key.fileobj.recv(1 << 20))
        return processor_time(driver.pid) - before, got
    finally:
        driver.stdin.close()
        driver.wait()


def page_clients(bench):
    """A snapshot of 10,000 rows a second; what making them costs is taken off."""
    clients, seconds, rows = bench.size(200, 50), bench.size(10, 2), bench.size(10_000, 1_000)
    alone, watched = stage.interleaved(bench.rounds(), lambda: looked_on(bench, 0, seconds, rows),
                                       lambda: looked_on(bench, clients, seconds, rows))
    costs = [100 * max(some[0] - none[0], 0) / clients / seconds for some, none in zip(watched, alone)]
    yield at_most("processor time of the page's server for one client, % of a core",
                  f"{clients} look on, {CHANGE} bytes change a second", costs, 1,
                  {"cpu s, nobody looks on": [cost for cost, _ in alone], "cpu s": [cost for cost, _ in watched], "s": seconds,
                   "MB sent": round(watched[0][1] / 1e6, 1)})
