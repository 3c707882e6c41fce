"""The server of a test with many workers, and lines to it that can be disturbed. Nothing here is a test."""

import asyncio
import csv
import io
import pathlib
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import pg_server


class Server(pg_server.Server):
    """On a Unix socket and on loopback."""

    def __init__(self, environment):
        super().__init__(tcp=True, settings={"max_connections": "400", "log_line_prefix": "%m [%p] %u "}, environment=environment)

    def crash(self, away=0.0):
        """It is killed, stays away, and is back."""
        self.stop(pg_server.signal.SIGQUIT)
        time.sleep(away)
        self.start()

    def at(self, database="mailfrom", user="postgres", host=None, port=None, **more):
        """A URL; more: further parameters."""
        more = {"host": host or self.folder, "port": port or self.port, "user": user, **more}
        return f"postgresql:///{database}?" + "&".join(f"{k}={v}" for k, v in more.items())

    def ask(self, sql, database="postgres", user="postgres"):
        """The rows, as lists of texts."""
        done = subprocess.run([self.bin / "psql", "-Xqt", "--csv", "-v", "ON_ERROR_STOP=1", "-c", sql, self.at(database, user)],
                              capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{sql}: {done.stderr}")
        return list(csv.reader(io.StringIO(done.stdout)))

    def hold_tables(self, seconds, *tables):
        """Somebody locks them for so long; a process to wait for."""
        return subprocess.Popen([self.bin / "psql", "-Xqt", "-c", f"BEGIN; LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE; "
                                 f"SELECT pg_sleep({seconds}); COMMIT", self.at()], stdout=subprocess.DEVNULL)


class Line:
    """A TCP line to the server. mode, for every connection at once:

      pass      as it comes
      swallow   what arrives is read and goes nowhere, and nobody hears of it: a cable that was cut
      refuse    every connection is reset, and new ones are
      unheard   what the client says arrives, what the server says does not

    delay: seconds that everything is held, each way. at_commit: called when the server has kept a record and
    before its client hears of it."""

    COMMITTED = b"C\0\0\0\x0bCOMMIT\0"  # CommandComplete

    def __init__(self, port):
        self.behind, self.mode, self.delay, self.writers = port, "pass", 0.0, set()
        self.at_commit, self.tasks = None, set()
        self.loop = asyncio.new_event_loop()
        ready = threading.Event()
        threading.Thread(target=self._run, args=(ready,), daemon=True).start()
        ready.wait()

    def _run(self, ready):
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(asyncio.start_server(self._client, "127.0.0.1", 0, backlog=256))
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        self.loop.run_forever()

    def set(self, mode="pass", delay=0.0):
        self.mode, self.delay = mode, delay
        if mode == "refuse":
            self.loop.call_soon_threadsafe(self._reset_all)

    def _reset_all(self):
        for writer in list(self.writers):
            writer.transport.abort()

    async def _client(self, reader, writer):
        self.tasks.add(asyncio.current_task())  # asyncio itself holds none of them
        if self.mode == "refuse":
            writer.transport.abort()
            return
        try:
            back_reader, back_writer = await asyncio.open_connection("127.0.0.1", self.behind)
        except OSError:
            writer.transport.abort()
            return
        pair = (writer, back_writer)
        self.writers.update(pair)
        said = bytearray()  # by the client, since its last commit
        await asyncio.gather(self._carry(reader, back_writer, ("swallow",), said.extend),
                             self._carry(back_reader, writer, ("swallow", "unheard"), lambda data: self._answered(data, said)))
        self.writers.difference_update(pair)

    def _answered(self, data, said):
        if self.COMMITTED in data:
            if self.at_commit and b"INSERT INTO" in said and b"record" in said:
                self.at_commit()
            said.clear()

    async def _carry(self, reader, writer, lost_in, heard):
        """A connection that has lost a byte stays mute: TCP would not go on after a gap either."""
        queue, is_mute = asyncio.Queue(), False
        sender = asyncio.ensure_future(self._send(queue, writer))
        self.tasks.add(sender)
        try:
            while data := await reader.read(65536):
                heard(data)
                is_mute = is_mute or self.mode in lost_in
                if not is_mute:
                    queue.put_nowait((self.loop.time() + self.delay, data))
        except (ConnectionError, OSError):
            pass
        if not is_mute:
            queue.put_nowait((self.loop.time() + self.delay, b""))
        await sender

    async def _send(self, queue, writer):
        """Everything in its order, each when its time has come; nothing: the end."""
        try:
            while True:
                due, data = await queue.get()
                await asyncio.sleep(max(0, due - self.loop.time()))
                if not data:
                    break
                writer.write(data)
                await writer.drain()
            writer.close()
        except (ConnectionError, OSError, RuntimeError):
            pass
