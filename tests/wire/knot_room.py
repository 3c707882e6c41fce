"""Knot DNS and other daemons on loopback, for tests that want real servers. Nothing here is a test."""

import os
import random
import socket
import subprocess
import sys
import time

import dns.exception
import dns.message
import dns.query

from timeouts import patient


def free_port():
    """Free for UDP and TCP, and none that the kernel gives to sockets that ask for any: one of those might
    take it before the daemon does."""
    with open("/proc/sys/net/ipv4/ip_local_port_range") as file:
        first, last = map(int, file.read().split())
    while True:
        port = random.randrange(10000, 65536)
        with socket.socket(type=socket.SOCK_STREAM) as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            try:
                tcp.bind(("127.0.0.1", port))
                udp.bind(("127.0.0.1", port))
            except OSError:
                continue
        if not first <= port <= last:
            return port


def knot_conf(folder, port, zones, key=None):
    """zones: {name: records}; "test", if it is there, delegates to those one label below it. key: (algorithm,
    name, secret) of TSIG, without which no update is taken; None: updates need none."""
    for name in ("run", "db"):
        (folder / name).mkdir()
    signed = f"key:\n  - id: {key[1]}\n    algorithm: {key[0]}\n    secret: {key[2]}\n" if key else ""
    conf = f"""server:
    rundir: "{folder}/run"
    listen: [ 127.0.0.1@{port} ]
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stderr
    any: error
database:
    storage: "{folder}/db"
{signed}acl:
  - id: local
    address: 127.0.0.0/8
{f"    key: {key[1]}" if key else ""}
    action: update
template:
  - id: default
    storage: "{folder}"
    zonefile-sync: -1
    zonefile-load: whole
    journal-content: none
    acl: local
zone:
"""
    for zone, records in zones.items():
        cuts = "".join(f"{z} NS ns.{z}\nns.{z} A 127.0.0.1\n"
                       for z in (n.split(".")[0] for n in zones if n != "test")) if zone == "test" else ""
        (folder / f"{zone}.zone").write_text(
            f"$ORIGIN {zone}.\n$TTL 60\n@ 3600 SOA ns h 1 3600 600 86400 3600\n@ NS ns\n"
            f"ns A 127.0.0.1\n{records}{cuts}")
        conf += f"  - domain: {zone}\n"
    (folder / "knot.conf").write_text(conf)
    return str(folder / "knot.conf")


def unbound_conf(folder, port, knot_port, zones, more="", options=""):
    """A resolver that asks Knot for these zones; more: further clauses, options: of its server."""
    stubs = "".join(f'stub-zone:\n    name: "{z}."\n    stub-addr: 127.0.0.1@{knot_port}\n'
                    for z in zones)
    (folder / "unbound.conf").write_text(f"""server:
    interface: 127.0.0.1@{port}
    username: ""
    chroot: ""
    directory: "{folder}"
    pidfile: ""
    use-syslog: no
    verbosity: 0
    do-not-query-localhost: no
    module-config: "iterator"
    local-zone: "test." transparent
{options}remote-control:
    control-enable: no
{stubs}{more}""")
    return str(folder / "unbound.conf")


def start(command, folder):
    if os.geteuid() == 0:  # the daemons want an ordinary user
        subprocess.run(["chown", "-R", "nobody", str(folder)], check=True)
        command = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", *command]
    return subprocess.Popen(command, env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin"})


def wait_until_it_serves(port, name):
    query = dns.message.make_query(name, "SOA")
    deadline = time.monotonic() + patient(20)
    while time.monotonic() < deadline:
        try:
            if dns.query.udp(query, "127.0.0.1", port=port, timeout=0.2).answer:
                return
        except (OSError, dns.exception.Timeout):
            pass
        time.sleep(0.05)
    sys.exit(f"nothing serves {name} on port {port}")
