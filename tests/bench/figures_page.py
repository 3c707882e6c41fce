"""What a client that looks on costs the server of the live page. The function yields rows."""

import os
import selectors
import socket
import subprocess
import time

from row import at_most

TICKS = os.sysconf("SC_CLK_TCK")
CHANGE = 10_000  # bytes that change a second: verdict, counts and lanes of a large fleet


def processor_time(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def looked_on(bench, clients, seconds, rows):
    """(processor seconds of the server, bytes that the clients got) while so many look on."""
    driver = subprocess.Popen([bench.build / "tests/page_driver", "127.0.0.1:0", str(rows), "100000"], text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)
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
    clients, seconds, rows = bench.size(200, 50), bench.size(30, 2), bench.size(10_000, 1_000)
    alone, _ = looked_on(bench, 0, seconds, rows)
    cost, got = looked_on(bench, clients, seconds, rows)
    yield at_most("processor time of the page's server for one client, % of a core",
                  f"{clients} look on, {CHANGE} bytes change a second", 100 * max(cost - alone, 0) / clients / seconds, 1,
                  {"cpu s": [round(alone, 2), round(cost, 2)], "s": seconds, "MB sent": round(got / 1e6, 1)})
