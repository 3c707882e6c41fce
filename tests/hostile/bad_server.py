"""A TCP proxy for plain HTTP on loopback that lies: what it is told to do with chosen requests it does
to them, the others it passes on. One Liar serves one run.

A lie is a coroutine (bad_server, writer, pass_on). pass_on() sends the request to the server and gives its
whole reply; a lie that does not call it keeps the request from the server. After every lie the
connection is closed."""

import asyncio
import collections
import pathlib
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "crash"))

from fault_proxy import http_message

GIGABYTE = 1 << 30


def kind_of(request):
    """What a request is, in the words of the tests."""
    line = request.split(b"\r\n", 1)[0]
    if line.startswith(b"PUT ") or b"Action=SetIdentityMailFromDomain" in request:
        return "write"
    if line.startswith(b"GET /v2/email/identities/"):
        return "read-v2"
    if b"Action=GetIdentityMailFromDomainAttributes" in request:
        return "read-v1"
    return "other"


def answer(status, body, content_type="text/xml", more=()):
    head = [f"HTTP/1.1 {status}", f"Content-Type: {content_type}", f"Content-Length: {len(body)}", *more]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


async def stall(_, writer, pass_on):
    await pass_on()
    await asyncio.sleep(60)


async def drip(_, writer, pass_on):
    for byte in await pass_on():
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.1)


async def cut_head(_, writer, pass_on):
    writer.write((await pass_on())[:20])


async def cut_body(_, writer, pass_on):
    writer.write((await pass_on())[:-2])


async def reset(_, writer, pass_on):
    await pass_on()
    writer.transport.abort()


async def swallow(_, writer, pass_on):
    """The request goes nowhere."""


async def longer_length(_, writer, pass_on):
    head, _, body = (await pass_on()).partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length")]
    writer.write(b"\r\n".join([*lines, b"Content-Length: %d" % (len(body) + 100)]) + b"\r\n\r\n" + body)


async def shorter_length(_, writer, pass_on):
    head, _, body = (await pass_on()).partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length")]
    writer.write(b"\r\n".join([*lines, b"Content-Length: 1"]) + b"\r\n\r\n" + body)


async def no_number_length(_, writer, pass_on):
    await pass_on()
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: -18446744073709551615\r\n\r\n{}")


async def two_lengths(_, writer, pass_on):
    await pass_on()
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 200\r\n\r\n{}")


async def bad_chunks(_, writer, pass_on):
    await pass_on()
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}")


async def gigabyte(_, writer, pass_on):
    await pass_on()
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n<a>")
    block = b"<b>x</b>" * 8192
    for _ in range(GIGABYTE // len(block)):
        writer.write(block)
        await writer.drain()


async def header_flood(_, writer, pass_on):
    await pass_on()
    writer.write(b"HTTP/1.1 200 OK\r\n")
    for number in range(20000):
        writer.write(b"X-%d: %s\r\n" % (number, b"y" * 80))
        await writer.drain()


async def redirect(bad_server, writer, pass_on):
    writer.write(answer("307 Temporary Redirect", b"", more=[f"Location: {bad_server.elsewhere_url}/", "Connection: close"]))


async def html(_, writer, pass_on):
    await pass_on()
    writer.write(answer("200 OK", b"<!DOCTYPE html><html><body>Sign in to the hotel network</body></html>", "text/html"))


async def html_503(_, writer, pass_on):
    await pass_on()
    writer.write(answer("503 Service Unavailable", b"<html>\x1b[2Jbusy</html>", "text/html"))


async def empty(_, writer, pass_on):
    await pass_on()
    writer.write(answer("200 OK", b""))


async def created(_, writer, pass_on):
    """Somebody in between says yes; SES hears nothing. So do the three that follow."""
    writer.write(answer("201 Created", b"{}", "application/json"))


async def no_content(_, writer, pass_on):
    writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")


async def partial(_, writer, pass_on):
    writer.write(answer("206 Partial Content", b"{}", "application/json", ["x-amzn-RequestId: r"]))


async def html_nothing(_, writer, pass_on):
    writer.write(answer("200 OK", b"", "text/html"))


async def other_json(_, writer, pass_on):
    writer.write(answer("200 OK", b'{"login":"https://hotel.example/"}', "application/json"))


async def xml_bomb(_, writer, pass_on):
    await pass_on()
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    writer.write(answer("200 OK", f'<!DOCTYPE a [<!ENTITY e0 "lol">{levels}]><a>&e11;</a>'.encode()))


async def xml_outside(bad_server, writer, pass_on):
    await pass_on()
    body = (f'<!DOCTYPE a [<!ENTITY e SYSTEM "{bad_server.elsewhere_url}/entity">'
            f'<!ENTITY % p SYSTEM "file:///etc/passwd">]><a>&e;</a>')
    writer.write(answer("200 OK", body.encode()))


async def deep_xml(_, writer, pass_on):
    await pass_on()
    writer.write(answer("200 OK", b"<a>" * 100000))


async def deep_json(_, writer, pass_on):
    await pass_on()
    writer.write(answer("200 OK", b'{"a":' * 10000 + b"1" + b"}" * 10000, "application/json"))


async def json_twice(_, writer, pass_on):
    await pass_on()
    body = b'{"VerifiedForSendingStatus":true,"VerifiedForSendingStatus":false}'
    writer.write(answer("200 OK", body, "application/json"))


async def control_bytes(_, writer, pass_on):
    await pass_on()
    body = '{"message":"\\u001b[2J\\u202egnp.exe \\u009b31m \\u0007"}'.encode()
    writer.write(answer("503 Busy", body, "application/json", ["x-amzn-ErrorType: \x1b[31mBusy"]))


async def double(_, writer, pass_on):
    """A second answer that nobody asked for lies ready for the next request."""
    writer.write(await pass_on() + answer("200 OK", b"{}", "application/json"))
    await writer.drain()
    await asyncio.sleep(0.3)


LIES = {lie.__name__.replace("_", "-"): lie for lie in (
    stall, drip, cut_head, cut_body, reset, swallow, longer_length, shorter_length, no_number_length, two_lengths,
    bad_chunks, gigabyte, header_flood, redirect, html, html_503, empty, created, no_content, partial, html_nothing,
    other_json, xml_bomb, xml_outside, deep_xml, deep_json,
    json_twice, control_bytes, double)}


class Liar:
    """The first `times` requests of a kind meet the lie. requests: kind -> how many came."""

    def __init__(self, url, kind, lie, times):
        self.host, port = url.removeprefix("http://").split(":")
        self.port, self.kind, self.lie, self.times = int(port), kind, LIES[lie], times
        self.requests, self.elsewhere = collections.Counter(), 0
        self.loop = asyncio.new_event_loop()
        ready = threading.Event()
        threading.Thread(target=self._run, args=(ready,), daemon=True).start()
        ready.wait()

    def _run(self, ready):
        asyncio.set_event_loop(self.loop)
        serve = lambda client: self.loop.run_until_complete(asyncio.start_server(client, "127.0.0.1", 0))
        address = "http://127.0.0.1:%d"
        self.server = serve(self._client)
        self.url = address % self.server.sockets[0].getsockname()[1]
        self.other = serve(self._elsewhere)
        self.elsewhere_url = address % self.other.sockets[0].getsockname()[1]
        ready.set()
        self.loop.run_forever()

    def close(self):
        self.loop.call_soon_threadsafe(self.loop.stop)

    async def _elsewhere(self, reader, writer):
        self.elsewhere += 1
        writer.close()

    async def _client(self, reader, writer):
        back = None
        try:
            back = await asyncio.open_connection(self.host, self.port)
            while request := await http_message(reader):
                kind = kind_of(request)
                self.requests[kind] += 1

                async def pass_on():
                    back[1].write(request)
                    return await http_message(back[0])

                if kind == self.kind and self.times > 0:
                    self.times -= 1
                    await self.lie(self, writer, pass_on)
                    await writer.drain()
                    break
                writer.write(await pass_on())
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        for stream in (writer, back and back[1]):
            if stream:
                stream.close()
