"""Bare HTTP connections to a hub, and requests as bytes: what is sent is sent as it is."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import struct
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode, urlsplit

from hub.edge.http_protocol import HubHttpProtocol
from tests.running import RunningHub
from tests.shop import Till
from tests.wire import Json

HOST = "till-hub.lan:8420"
KEYED = {"Idempotency-Key": "key-1"}
PAGE = {"Origin": "https://till.example"}
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Protocol": "smartconnect.register.v1",
}
PING, PONG = b"\x89\x80\x00\x00\x00\x00", b"\x8a\x00"


class Line:
    """A bare connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def send(self, *pieces: bytes) -> None:
        """Each piece reaches the hub by itself."""
        for piece in pieces:
            self._writer.write(piece)
            await self._writer.drain()
            await asyncio.sleep(0)

    async def answer(self) -> bytes:
        """The next answer, less its date, which is of the moment."""
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head)
        assert re.search(rb"\r\ndate: [^\r]+ GMT\r\n", head)
        body = await self._reader.readexactly(int(length[1])) if length else b""
        return re.sub(rb"date: [^\r]+\r\n", b"", head) + body

    async def raw(self, size: int) -> bytes:
        return await self._reader.readexactly(size)

    async def becomes_a_socket(self) -> None:
        assert b"101 Switching Protocols" in await self._reader.readuntil(b"\r\n\r\n")
        await self.ping()

    async def ping(self) -> None:
        """On a socket; the pong is there when it returns."""
        await self.send(PING)
        await self._reader.readuntil(PONG)

    async def rest(self) -> bytes:
        """All that comes until the hub closes."""
        return await self._reader.read()

    def finish(self) -> None:
        """Send no more, and go on reading."""
        self._writer.write_eof()

    def look_away(self) -> None:
        """Take nothing more of what comes."""
        self._writer.transport.pause_reading()  # type: ignore[attr-defined]  # a stream's transport reads, too

    def look_again(self) -> None:
        self._writer.transport.resume_reading()  # type: ignore[attr-defined]  # as above

    def hang_up(self) -> None:
        self._writer.transport.abort()

    def reset(self) -> None:
        """Hang up so that the hub is told that nobody is there: else it might be a client that sends no more."""
        linger = struct.pack("ii", 1, 0)
        self._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.hang_up()


@contextlib.asynccontextmanager
async def dialled(hub: RunningHub, *, narrow: bool = False) -> AsyncIterator[Line]:
    """`narrow`: the client's system takes next to nothing that the client does not."""
    where = urlsplit(hub.url)
    dialling = socket.socket()
    if narrow:
        dialling.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    dialling.setblocking(False)
    await asyncio.get_running_loop().sock_connect(dialling, (where.hostname, where.port))
    reader, writer = await asyncio.open_connection(sock=dialling)
    try:
        yield Line(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@contextlib.asynccontextmanager
async def used(hub: RunningHub, *, narrow: bool = False) -> AsyncIterator[tuple[Line, HubHttpProtocol]]:
    """A connection that has served a request, from both ends."""
    connections: set[Any] = hub.server.server_state.connections
    others = set(connections)
    async with dialled(hub, narrow=narrow) as line:
        await line.send(head("GET", "/healthz"))
        await line.answer()
        (connection,) = connections - others
        if narrow:
            narrowed = connection.transport.get_extra_info("socket")
            narrowed.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
        yield line, connection


def head(method: str, target: str, headers: dict[str, str] | None = None, version: str = "1.1") -> bytes:
    lines = [f"{name}: {value}\r\n" for name, value in ({"Host": HOST} | (headers or {})).items()]
    return f"{method} {target} HTTP/{version}\r\n{''.join(lines)}\r\n".encode()


def post(
    body: str, headers: dict[str, str] | None = None, target: str = "/POS/Transaction", version: str = "1.1"
) -> bytes:
    given = {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(len(body)), **(headers or {})}
    return head("POST", target, given, version) + body.encode()


def chunked(body: str, trailers: dict[str, str] | None = None) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in (trailers or {}).items())
    top = head("POST", "/POS/Transaction", {"Transfer-Encoding": "chunked"})
    return top + f"{len(body):x}\r\n{body}\r\n0\r\n{lines}\r\n".encode()


def purchase(till: Till, **parameters: str) -> str:
    given = {"TransactionMode": "ASYNC", "TransactionType": "Card.Purchase", "AmountTotal": "500"}
    return urlencode({**till.triple, **given, **parameters})


def poll_target(first: Json, more: str = "") -> str:
    return f"/POS/Transaction/{first['transactionId']}?merchantAccessToken={first['merchantAccessToken']}{more}"


def usual(request: bytes) -> bytes:
    """The same request by the usual way: a path with a slash too many takes it."""
    return request.replace(b" /POS/Transaction", b" /POS//Transaction", 1)
