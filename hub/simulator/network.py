"""The simulated device's way to the hub, with the faults that real ones have.

Responsible for what happens to bytes and frames between a client and the hub; it knows no transaction. Laws: the client
above is the real one, and learns of a fault only what a socket would tell it; nothing is reordered.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterable, Callable, Iterable
from enum import StrEnum
from typing import Any, cast

import msgspec
from websockets.asyncio.client import ClientConnection
from websockets.typing import DataLike

from hub.sdk.dial import dial

HELD_LIMIT = 1024
"""Frames that may be held; more are lost, as in a modem's full buffer."""


class Held(StrEnum):
    """Which frames of the device wait until `release`. A hello never does."""

    NOTHING = "nothing"
    ANSWERS = "answers"
    EVERYTHING = "everything"


class Network:
    """`connect` is what the client connects with. While the network is down it waits, as for a cable.

    `changed` is called whenever what is held back has changed.
    """

    def __init__(self, changed: Callable[[], None] = lambda: None) -> None:
        self._changed = changed
        self._up = asyncio.Event()
        self._up.set()
        self._wires: set[Wire] = set()
        self._waiting: deque[tuple[Wire, bytes]] = deque()
        self._held = Held.NOTHING
        self.twice = False
        """Send every answer and every outcome twice."""

    async def connect(self, url: str, subprotocol: str) -> ClientConnection:
        """The SDK's `Dial`, over this network."""
        await self._up.wait()
        connection = await dial(url, subprotocol, create_connection=Wire)
        assert isinstance(connection, Wire)
        connection.network = self
        self._wires.add(connection)
        if not self._up.is_set():
            connection.line.dark = True
        return connection

    @property
    def held(self) -> Held:
        """Which frames of the device wait now."""
        return self._held

    def hold(self, frames: Held) -> None:
        """Keep these back until `release` or `forget`."""
        self._held = frames
        self._changed()

    @property
    def is_up(self) -> bool:
        return self._up.is_set()

    def lose(self, *, noticed: bool = True) -> None:
        """Go down. Unless `noticed`, no socket is closed: bytes vanish, and both ends believe that they live."""
        self._up.clear()
        for wire in self._alive():
            if noticed:
                wire.transport.abort()
            else:
                wire.line.dark = True

    def restore(self) -> None:
        """Come up. What went dark is cut now: too much was lost on it."""
        self._up.set()
        for wire in self._alive():
            if wire.line.dark:
                wire.line.dark = False
                wire.transport.abort()

    def drop_power(self, *, noticed: bool = True) -> None:
        """The device dies: its sockets are cut, or unless `noticed` are left open at the hub's end only."""
        self._waiting.clear()
        for wire in self._alive():
            wire.line.dark = not noticed
            wire.transport.abort()

    def close_orphans(self) -> None:
        """End the sockets that only the hub still believes in."""
        for wire in [wire for wire in self._wires if wire.gone]:
            wire.line.cut()
            self._wires.discard(wire)

    def close(self) -> None:
        """End every socket."""
        self._waiting.clear()
        for wire in self._wires:
            wire.line.cut()
        self._wires.clear()

    async def release(self) -> None:
        """Send what was held, in order, and hold no more. What was held for a connection that has ended is lost."""
        while self._waiting:
            wire, frame = self._waiting.popleft()
            if not wire.gone:
                await wire.transmit(frame)
        self.hold(Held.NOTHING)

    def forget(self) -> None:
        """Lose what was held, and hold no more."""
        self._waiting.clear()
        self.hold(Held.NOTHING)

    def _alive(self) -> list[Wire]:
        return [wire for wire in self._wires if not wire.gone]

    def take(self, wire: Wire, frame: bytes) -> int:
        """For `Wire`: keep the frame, or say how often it is sent now."""
        method = _method(frame)
        if self._held is not Held.NOTHING and method != "hello" and (self._held is Held.EVERYTHING or method is None):
            if len(self._waiting) < HELD_LIMIT:
                self._waiting.append((wire, frame))
            return 0
        return 2 if self.twice and method in (None, "transaction.complete") else 1


class Wire(ClientConnection):
    """One connection over a `Network`."""

    network: Network | None = None
    gone = False
    line: Line

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.line = Line(cast(asyncio.Transport, transport), self)
        super().connection_made(self.line)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.gone:
            self.gone = True
            super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if not self.line.dark and not self.gone:
            super().data_received(data)

    def eof_received(self) -> None:
        if not self.line.dark and not self.gone:
            super().eof_received()

    async def send(
        self, message: DataLike | Iterable[DataLike] | AsyncIterable[DataLike], *, text: bool | None = None
    ) -> None:
        if self.network is None or not isinstance(message, bytes):
            await super().send(message, text=text)
            return
        for _ in range(self.network.take(self, message)):
            await self.transmit(message)

    async def transmit(self, frame: bytes) -> None:
        await super().send(frame, text=True)


class Line(asyncio.Transport):
    """A transport whose bytes vanish while it is `dark`: also those that would close it."""

    def __init__(self, transport: asyncio.Transport, wire: Wire) -> None:
        super().__init__()
        self._transport = transport
        self._wire = wire
        self.dark = False

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        if not self.dark:
            self._transport.write(data)

    def write_eof(self) -> None:
        if not self.dark:
            self._transport.write_eof()

    def abort(self) -> None:
        if self.dark:
            asyncio.get_running_loop().call_soon(self._wire.connection_lost, None)
        else:
            self._transport.abort()

    def close(self) -> None:
        if self.dark:
            self.abort()
        else:
            self._transport.close()

    def cut(self) -> None:
        """End the socket at both ends."""
        self._transport.abort()

    def can_write_eof(self) -> bool:
        return self._transport.can_write_eof()

    def is_closing(self) -> bool:
        return self._wire.gone or self._transport.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._transport.get_extra_info(name, default)

    def pause_reading(self) -> None:
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        self._transport.resume_reading()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._transport.set_write_buffer_limits(high, low)


class _Frame(msgspec.Struct):
    method: str | None = None


_decode = msgspec.json.Decoder(_Frame).decode


def _method(frame: bytes) -> str | None:
    """None for an answer."""
    return _decode(frame).method
