"""A TCP proxy for plain HTTP on loopback that misbehaves by seed, and counts what it has read: for
the client it is the server.

  eaten     the request is read and goes nowhere; the connection is cut
  unheard   the request is served; the connection is cut before the first byte of the reply
  torn      the connection is cut in the middle of the reply
  closed    the reply is whole, and then the connection is cut without a word: a request that is
            already on its way into it is never read"""

import asyncio
import collections
import random
import threading

CUTS = ("eaten", "unheard", "torn", "closed")


async def http_message(reader):
    """One whole HTTP message, or nothing when the other side has closed."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    return head + await reader.readexactly(length)


class FaultProxy:
    """`share` of the requests meet one of the kinds of cuts. requests: (method, target) -> how many."""

    def __init__(self, host, port, seed, share, kinds=CUTS):
        self.host, self.port, self.share, self.kinds = host, port, share, kinds
        self.draw = random.Random(seed)
        self.requests, self.cuts = collections.Counter(), collections.Counter()
        self.loop = asyncio.new_event_loop()
        ready = threading.Event()
        threading.Thread(target=self._run, args=(ready,), daemon=True).start()
        ready.wait()

    def _run(self, ready):
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(asyncio.start_server(self._client, "127.0.0.1", 0, backlog=1024))
        self.url = "http://127.0.0.1:%d" % server.sockets[0].getsockname()[1]
        ready.set()
        self.loop.run_forever()

    async def _client(self, reader, writer):
        back = None
        try:
            while request := await http_message(reader):
                method, target = request.split(b" ", 2)[:2]
                self.requests[method.decode(), target.decode()] += 1
                cut = self.draw.choice(self.kinds) if self.draw.random() < self.share else None
                self.cuts[cut] += cut is not None
                if cut == "eaten":
                    break
                back = back or await asyncio.open_connection(self.host, self.port)
                back[1].write(request)
                reply = await http_message(back[0])
                if cut == "unheard":
                    break
                writer.write(reply[: len(reply) // 2] if cut == "torn" else reply)
                await writer.drain()
                if cut:
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        for stream in (writer, back and back[1]):
            if stream:
                stream.close()
