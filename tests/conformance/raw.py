"""A WebSocket client that keeps to no rule: frames are put together byte by byte, and everything is read as it
comes."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import json
import os
import socket
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""RFC 6455, 4.2.2."""

WAIT_SECONDS = 60.0
"""For an answer that must come; only a failure takes so long."""


class Op(IntEnum):
    CONTINUATION = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10


@dataclass(frozen=True, slots=True)
class Frame:
    """As it came from the server."""

    opcode: int
    payload: bytes
    fin: bool = True
    reserved: int = 0
    masked: bool = False

    @property
    def close_code(self) -> int:
        """1005: the close frame said none (RFC 6455, 7.1.5)."""
        assert self.opcode == Op.CLOSE, self
        return int(struct.unpack("!H", self.payload[:2])[0]) if self.payload else 1005


def encode(
    opcode: int,
    payload: bytes = b"",
    *,
    fin: bool = True,
    reserved: int = 0,
    mask: bool = True,
    length_as: int | None = None,
    claimed: int | None = None,
) -> bytes:
    """A client's frame. `length_as` 16 or 64 bits: longer than need be; `claimed`: a length that is not the
    payload's."""
    length = len(payload) if claimed is None else claimed
    head = bytearray([fin << 7 | reserved << 4 | opcode])
    masked = mask << 7
    if length_as == 64 or (length_as is None and length > 0xFFFF):
        head += bytes([masked | 127]) + struct.pack("!Q", length)
    elif length_as == 16 or length > 125:
        head += bytes([masked | 126]) + struct.pack("!H", length)
    else:
        head.append(masked | length)
    if not mask:
        return bytes(head) + payload
    key = os.urandom(4)
    pad = key * (len(payload) // 4 + 1)
    covered = int.from_bytes(payload, "big") ^ int.from_bytes(pad[: len(payload)], "big")
    return bytes(head) + key + covered.to_bytes(len(payload), "big")


def close_payload(code: int, reason: bytes = b"") -> bytes:
    return struct.pack("!H", code) + reason


@dataclass(frozen=True)
class Response:
    """The server's answer to a handshake."""

    status: int
    headers: dict[str, str]
    body: bytes = b""


class RawSocket:
    """One TCP connection. `Ended` frames do not exist: `frame` returns None at the end of the stream.

    Not asyncio's streams: when the server resets the connection they forget what it had said before.
    """

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._loop = asyncio.get_running_loop()
        self._received = bytearray()

    @classmethod
    async def dial(cls, port: int) -> RawSocket:
        line = socket.socket()
        line.setblocking(False)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        raw = cls(line)
        await raw._loop.sock_connect(line, ("127.0.0.1", port))
        return raw

    async def send(self, content: bytes, *, chop: int | None = None) -> None:
        """Send; with `chop` in pieces of so many bytes, each as a packet of its own."""
        pieces: Iterable[bytes] = [content]
        if chop is not None:
            pieces = [content[at : at + chop] for at in range(0, len(content), chop)]
        for piece in pieces:
            try:
                await self._loop.sock_sendall(self._line, piece)
            except ConnectionError:
                return  # the server has had enough; what it said before can still be read
            if chop is not None:
                await asyncio.sleep(0)

    async def _exactly(self, count: int) -> bytes:
        """So many bytes; `EOFError` if the stream ends before, in whatever way."""
        while len(self._received) < count:
            await self._more()
        taken = bytes(self._received[:count])
        del self._received[:count]
        return taken

    async def _more(self) -> None:
        try:
            received = await self._loop.sock_recv(self._line, 65_536)
        except ConnectionError:
            received = b""
        if not received:
            raise EOFError
        self._received += received

    async def frame(self) -> Frame | None:
        """The next frame; None when the server has closed the stream."""
        async with asyncio.timeout(WAIT_SECONDS):
            try:
                first, second = await self._exactly(2)
                length = second & 0x7F
                if length == 126:
                    (length,) = struct.unpack("!H", await self._exactly(2))
                elif length == 127:
                    (length,) = struct.unpack("!Q", await self._exactly(8))
                payload = await self._exactly(length)
            except EOFError:
                return None
        return Frame(first & 15, payload, bool(first & 0x80), first >> 4 & 7, bool(second & 0x80))

    async def ended(self) -> bool:
        """Wait until the server has closed the stream; False if it sent something first."""
        return await self.frame() is None

    async def handshake(
        self, path: str = "/ws/register", *, protocol: str | None = "smartconnect.register.v1", **headers: str | None
    ) -> tuple[Response, str]:
        """Ask for an upgrade; `headers` override by name (underscores for hyphens), None leaves one out."""
        key = base64.b64encode(os.urandom(16)).decode()
        fields: dict[str, str | None] = {
            "Host": "127.0.0.1",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": key,
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Protocol": protocol,
        }
        fields |= {name.replace("_", "-"): value for name, value in headers.items()}
        lines = [f"{name}: {value}" for name, value in fields.items() if value is not None]
        await self.send(f"GET {path} HTTP/1.1\r\n".encode() + "\r\n".join(lines).encode() + b"\r\n\r\n")
        return await self.response(), accept(key)

    async def response(self) -> Response:
        """The next HTTP response."""
        async with asyncio.timeout(WAIT_SECONDS):
            while (end := self._received.find(b"\r\n\r\n")) < 0:
                await self._more()
            head = (await self._exactly(end + 4)).decode("latin-1")
            first, *lines = head.strip().split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            body = await self._exactly(int(headers.get("content-length", "0")))
        return Response(int(first.split(" ")[1]), headers, body)

    async def finish(self) -> None:
        """Send no more, and go on reading."""
        with contextlib.suppress(OSError):
            self._line.shutdown(socket.SHUT_WR)

    async def close(self) -> None:
        """End the connection at once."""
        self._line.close()


def accept(key: str) -> str:
    """Sec-WebSocket-Accept (RFC 6455, 4.2.2)."""
    return base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()


HELLO = json.dumps(
    {
        "jsonrpc": "2.0",
        "id": 0,
        "method": "hello",
        "params": {"register_id": "conformance", "business_name": "b", "vendor_name": "v"},
    }
)


def ping_with(text: str) -> bytes:
    """A request whose answer repeats `text`: the id of a JSON-RPC request comes back as it was."""
    return json.dumps({"jsonrpc": "2.0", "id": text, "method": "ping"}, ensure_ascii=False).encode()
