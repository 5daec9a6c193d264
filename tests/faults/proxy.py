"""A proxy between the clients and the hub that knows where one message ends, and does harm exactly there.

Responsible for splitting and forwarding; what becomes of a message is said by an `Interference`. Laws: nothing is
reordered, invented or repeated; a message is passed on whole, or the connection ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType
from typing import Protocol

NARROW_BYTES = 2048
"""Receive buffer of a narrow proxy: so a peer that reads nothing is felt after a few messages, not megabytes."""


class Way(StrEnum):
    UP = "up"  # to the hub
    DOWN = "down"  # to the client


@dataclass(frozen=True, slots=True)
class Passage:
    """One message on its way.

    `kind`: a method, `answer to <method>`, `refusal <code>`, `request` or `response` of HTTP, or `frame`.
    """

    wire: Wire
    way: Way
    kind: str
    content: bytes

    @property
    def name(self) -> str:
        return f"{self.way} {self.kind}"


class Interference(Protocol):
    """Sees every message in turn; may wait, cut wires, or refuse the message."""

    async def __call__(self, passage: Passage, /) -> bool:
        """Whether the message is passed on."""

    async def passed(self, passage: Passage, /) -> None:
        """The message has been handed to the other side's socket."""


class Calm:
    """No interference."""

    async def __call__(self, passage: Passage, /) -> bool:
        return True

    async def passed(self, passage: Passage, /) -> None:
        return


@dataclass
class _Stream:
    """Bytes of one direction that are no whole message yet."""

    rest: bytearray = field(default_factory=bytearray)
    is_websocket: bool = False

    def next(self) -> tuple[bytes, bytes] | None:
        """The next whole message as its bytes and its text, which is empty if it has none; None: more is needed."""
        return self._next_frame() if self.is_websocket else self._next_http()

    def _next_http(self) -> tuple[bytes, bytes] | None:
        head, separator, _ = bytes(self.rest).partition(b"\r\n\r\n")
        if not separator:
            return None
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        whole = len(head) + 4 + (int(lengths[0].partition(b":")[2]) if lengths else 0)
        if len(self.rest) < whole:
            return None
        return self._take(whole), b""

    def _next_frame(self) -> tuple[bytes, bytes] | None:
        rest = self.rest
        if len(rest) < 2:
            return None
        length, start = rest[1] & 0x7F, 2
        if length == 126:
            length, start = int.from_bytes(rest[2:4], "big"), 4
        elif length == 127:
            length, start = int.from_bytes(rest[2:10], "big"), 10
        masked = bool(rest[1] & 0x80)
        end = start + 4 * masked + length
        if len(rest) < end:
            return None
        frame = self._take(end)
        if frame[0] & 0x0F != 1:
            return frame, b""
        if not masked:
            return frame, frame[start:]
        mask, content = frame[start : start + 4], frame[start + 4 :]
        key = (mask * (length // 4 + 1))[:length]
        return frame, (int.from_bytes(content, "big") ^ int.from_bytes(key, "big")).to_bytes(length, "big")

    def _take(self, length: int) -> bytes:
        taken = bytes(self.rest[:length])
        del self.rest[:length]
        return taken


class Wire:
    """One connection of a client, and the proxy's own to the hub in its place."""

    def __init__(self, client: _Side, hub: _Side) -> None:
        self.client = client
        self.hub = hub
        self.label = ""
        """The register or device whose hello went over it."""
        self.path = ""
        self.reads_down = asyncio.Event()
        """Cleared: nothing is read from the hub any more."""
        self.reads_down.set()
        self._asked: dict[tuple[Way, object], str] = {}

    @property
    def over(self) -> bool:
        return self.client.gone and self.hub.gone

    def cut(self, *, reset: bool) -> None:
        """End both sides."""
        self.reads_down.set()
        for side in (self.client, self.hub):
            side.end(reset=reset)

    def kind_of(self, way: Way, text: bytes, *, is_websocket: bool) -> str:
        if not is_websocket:
            return "request" if way is Way.UP else "response"
        if not text:
            return "frame"
        message = json.loads(text)
        method, number = message.get("method"), message.get("id")
        if method is not None:
            if number is not None:
                self._asked[way, number] = method
            if method == "hello":
                self.label = message["params"].get("device_id") or message["params"]["register_id"]
            return str(method)
        if "error" in message:
            return f"refusal {message['error'].get('data', {}).get('code')}"
        other = Way.DOWN if way is Way.UP else Way.UP
        return f"answer to {self._asked.get((other, number))}"


class _Side:
    """One of the two sockets of a wire."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.gone = False

    def end(self, *, reset: bool) -> None:
        if self.gone:
            return
        self.gone = True
        if reset:
            self.writer.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
            self.writer.transport.abort()
        else:
            self.writer.close()

    async def write(self, content: bytes) -> None:
        with contextlib.suppress(ConnectionError):
            self.writer.write(content)
            await self.writer.drain()


class Proxy:
    """`async with Proxy(hub_port) as proxy:`; clients dial `proxy.url`. One per run."""

    def __init__(self, hub_port: int, *, narrow: bool = False) -> None:
        self._hub_port = hub_port
        self._narrow = narrow
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()
        self.wires: list[Wire] = []
        self.interference: Interference = Calm()

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Proxy:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, backlog=512)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for wire in self.wires:
            wire.cut(reset=True)
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(_Side(reader, writer)))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, client: _Side) -> None:
        try:
            hub = await self._dial()
        except OSError:
            client.end(reset=True)  # there is no hub just now
            return
        wire = Wire(client, hub)
        self.wires.append(wire)
        try:
            await asyncio.gather(self._carry(wire, Way.UP), self._carry(wire, Way.DOWN))
        finally:
            wire.cut(reset=False)
            self.wires.remove(wire)

    async def _dial(self) -> _Side:
        connection = socket.socket()
        connection.setblocking(False)
        if self._narrow:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, NARROW_BYTES)
        try:
            await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", self._hub_port))
        except OSError:
            connection.close()
            raise
        limit = NARROW_BYTES if self._narrow else 2**16
        return _Side(*await asyncio.open_connection(sock=connection, limit=limit))

    async def _carry(self, wire: Wire, way: Way) -> None:
        """Pass on one direction, message by message, to its end. An end is passed on too."""
        source, target = (wire.client, wire.hub) if way is Way.UP else (wire.hub, wire.client)
        stream = _Stream()
        lost = False
        """One message has got lost, so all that come after it do."""
        while not source.gone:
            if way is Way.DOWN:
                await wire.reads_down.wait()
            try:
                received = await source.reader.read(4096)
            except ConnectionError:
                received = b""
            if not received:
                break
            stream.rest += received
            while (message := stream.next()) is not None:
                content, text = message
                kind = wire.kind_of(way, text, is_websocket=stream.is_websocket)
                passage = Passage(wire, way, kind, content)
                self._note_upgrade(stream, wire, passage, content)
                lost = lost or not await self.interference(passage)
                if lost:
                    continue
                if not target.gone:
                    await target.write(content)
                await self.interference.passed(passage)
        if not source.gone:
            source.end(reset=False)
            target.end(reset=False)

    @staticmethod
    def _note_upgrade(stream: _Stream, wire: Wire, passage: Passage, content: bytes) -> None:
        if passage.kind == "request":
            wire.path = content.split(b" ", 2)[1].decode()
            stream.is_websocket = b"\r\nupgrade: websocket" in content.lower()
        elif passage.kind == "response":
            stream.is_websocket = content.startswith(b"HTTP/1.1 101")
