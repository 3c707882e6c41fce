"""A PostgreSQL server of a test's own, in a temporary folder: on a Unix socket, and on a port of loopback
if that is asked for. As root it runs as the user postgres, or nobody. It ends with the process that has
started it, whatever becomes of that. Nothing here is a test.

    with pg_server.Server() as server:
        url = server.database()
        server.sql(url, "SELECT 1")  # [["1"]]"""

import ctypes
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "wire"))

from timeouts import patient

PR_SET_PDEATHSIG = 1
SETTINGS = {"shared_buffers": "32MB", "max_connections": "100"}


def bin_folder():
    """Debian keeps the server out of PATH. The newest one."""
    if "PG_BIN" in os.environ:
        return pathlib.Path(os.environ["PG_BIN"])
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    if found:
        return found[-1].parent
    initdb = shutil.which("initdb")
    if not initdb:
        sys.exit("tests of a shared journal need a server of PostgreSQL: tools/setup installs it")
    return pathlib.Path(initdb).parent


def user():
    """Whom to run a server as: None where it may be this user."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            pass
    return None


def become(who):
    """For preexec_fn: another user, and an end with the parent."""
    libc = ctypes.CDLL(None)

    def change():
        if who:
            os.setgroups([])
            os.setgid(who.pw_gid)
            os.setuid(who.pw_uid)
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)

    return change


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """settings: of postgresql.conf, by name. tcp: listens on 127.0.0.1 at self.port, too. environment: of the
    server beside the test's own, such as a library with other clocks."""

    def __init__(self, tcp=False, settings=None, environment=None):
        self.environment = environment or {}
        self.bin, self.user, self.databases = bin_folder(), user(), 0
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pg_server."))
        self.port = free_port() if tcp else 5432
        self.settings = {**SETTINGS, "listen_addresses": "127.0.0.1" if tcp else "", "port": str(self.port),
                         "unix_socket_directories": str(self.folder), **(settings or {})}
        self.process = None
        self.folder.chmod(0o755)
        if self.user:
            os.chown(self.folder, self.user.pw_uid, self.user.pw_gid)
        made = subprocess.run(
            [self.bin / "initdb", "-D", self.folder / "data", "-A", "trust", "-U", "postgres", "-E", "UTF8", "-N",
             "--locale=C", "--no-instructions"],
            preexec_fn=become(self.user), capture_output=True, text=True, cwd="/", env={**os.environ, "LC_ALL": "C"})
        if made.returncode:
            sys.exit(f"initdb: {made.stderr}")
        self.start()

    def start(self):
        command = [self.bin / "postgres", "-D", self.folder / "data"]
        for name, value in self.settings.items():
            command += ["-c", f"{name}={value}"]
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(command, preexec_fn=become(self.user), stdout=log, stderr=log, cwd="/",
                                            env={**os.environ, "LC_ALL": "C", **self.environment})
        end = time.monotonic() + patient(60)
        while time.monotonic() < end:
            if self.process.poll() is not None:
                sys.exit(f"the server has ended: {self.log()[-2000:]}")
            if self._psql(self.url("postgres"), "SELECT 1").returncode == 0:
                return
            time.sleep(0.05)
        sys.exit("the server does not begin")

    def stop(self, how=signal.SIGINT):
        """SIGINT: with a checkpoint; SIGQUIT: as a crash. start() goes on with what it had kept."""
        if self.process:
            self.process.send_signal(how)
            self.process.send_signal(signal.SIGCONT)
            self.process.wait()
        self.process = None

    def restart(self, how=signal.SIGINT):
        self.stop(how)
        self.start()

    def pids(self):
        """The postmaster and its backends."""
        task = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [self.process.pid] + [int(p) for p in task.read_text().split()]

    def freeze(self, how=signal.SIGSTOP):
        """SIGSTOP: nothing is answered any more; SIGCONT: it goes on."""
        for pid in self.pids():
            try:
                os.kill(pid, how)
            except ProcessLookupError:
                pass

    def log(self):
        return (self.folder / "log").read_text(errors="replace")

    def url(self, database, role="postgres", tcp=False, port=None):
        """Of a database; with the port of a proxy or a pooler that lies before the server."""
        where = f"host=127.0.0.1&port={port or self.port}" if tcp or port else f"host={self.folder}&port={self.port}"
        return f"postgresql:///{database}?{where}&user={role}"

    def database(self, role="postgres", tcp=False):
        """A new, empty one; its URL."""
        self.databases += 1
        name = f"test{self.databases}"
        self.sql(self.url("postgres"), f"CREATE DATABASE {name}")
        return self.url(name, role, tcp)

    def _psql(self, url, statement):
        return subprocess.run([self.bin / "psql", "-XqAt", "-F", "\x1f", "-v", "ON_ERROR_STOP=1", "-c", statement, url],
                              capture_output=True, text=True, timeout=patient(60))

    def sql(self, url, statement):
        """Rows, as lists of texts."""
        done = self._psql(url, statement)
        if done.returncode:
            raise RuntimeError(f"{statement}: {done.stderr}")
        return [line.split("\x1f") for line in done.stdout.splitlines()]

    def terminate_backends(self, url):
        """pg_terminate_backend of every client of the database."""
        return self.sql(url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                             " AND pid <> pg_backend_pid() AND backend_type = 'client backend'")

    def close(self):
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Pooler:
    """PgBouncer in transaction mode before a server; its URLs lead to the same databases."""

    def __init__(self, server, pool_size=4, settings=None):
        self.server, self.port = server, free_port()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pooler."))
        self.folder.chmod(0o755)
        lines = {"listen_addr": "127.0.0.1", "listen_port": self.port, "unix_socket_dir": "", "auth_type": "any",
                 "pool_mode": "transaction", "default_pool_size": pool_size, "max_client_conn": 200,
                 "server_login_retry": 1, **(settings or {})}
        # auth_type=any logs everybody in as the user of the database line.
        text = f"[databases]\n* = host={server.folder} port={server.port} user=postgres\n[pgbouncer]\n"
        text += "".join(f"{name} = {value}\n" for name, value in lines.items())
        (self.folder / "pgbouncer.ini").write_text(text)
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen([shutil.which("pgbouncer", path=os.environ["PATH"] + ":/usr/sbin"),
                                             self.folder / "pgbouncer.ini"],
                                            preexec_fn=become(server.user), stdout=log, stderr=log, cwd="/")
        end = time.monotonic() + patient(30)
        while server._psql(self.url("postgres"), "SELECT 1").returncode:
            if self.process.poll() is not None or time.monotonic() > end:
                sys.exit(f"the pooler does not begin: {(self.folder / 'log').read_text()}")
            time.sleep(0.05)

    def url(self, database, role="postgres"):
        return self.server.url(database, role, port=self.port)

    def close(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
