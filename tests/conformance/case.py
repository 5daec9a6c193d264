"""A case: a few frames, and what a server must do about them."""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass

from tests.conformance.raw import HELLO, Frame, Op, RawSocket, encode, ping_with

PROTOCOL_ERROR = 1002
INVALID_PAYLOAD = 1007
TOO_BIG = 1009


@dataclass(frozen=True)
class Case:
    """`run` raises `AssertionError`; its argument is the server's port."""

    name: str
    run: Callable[[int], Awaitable[None]]

    def __str__(self) -> str:
        return self.name


@contextlib.asynccontextmanager
async def greeted(port: int) -> AsyncIterator[RawSocket]:
    """A connection of a register that the hub has welcomed."""
    socket = await RawSocket.dial(port)
    try:
        response, _ = await socket.handshake()
        assert response.status == 101, response
        await socket.send(encode(Op.TEXT, HELLO.encode()))
        welcome = await socket.frame()
        assert welcome is not None
        assert welcome.opcode == Op.TEXT
        yield socket
    finally:
        await socket.close()


async def expect_text(socket: RawSocket, text: str) -> None:
    """The answer to `ping_with(text)` is the next frame."""
    frame = await socket.frame()
    assert frame is not None, "the server closed the stream"
    assert frame.opcode == Op.TEXT, frame
    assert frame.fin
    assert frame.reserved == 0
    assert not frame.masked, "a server never masks (RFC 6455, 5.1)"
    assert json.loads(frame.payload)["id"] == text


async def expect_pong(socket: RawSocket, payload: bytes) -> None:
    assert await socket.frame() == Frame(Op.PONG, payload)


async def expect_alive(socket: RawSocket) -> None:
    """It goes on: the next message is answered."""
    await socket.send(encode(Op.TEXT, ping_with("alive")))
    await expect_text(socket, "alive")


async def expect_failed(socket: RawSocket, *codes: int) -> None:
    """The server fails the connection (RFC 6455, 7.1.7) with one of these codes, and closes the stream."""
    frame = await socket.frame()
    assert frame is not None, "the server closed the stream without a close frame"
    assert frame.opcode == Op.CLOSE, f"expected a close frame: {frame}"
    assert frame.close_code in codes, f"closed with {frame.close_code}, expected {codes}"
    await socket.send(encode(Op.CLOSE, frame.payload))
    assert await socket.ended(), "the server sent something after its close frame"


def sends(name: str, frames: Iterable[bytes], *codes: int, chop: int | None = None) -> Case:
    """A case that sends these frames and is failed with one of `codes`."""
    content = list(frames)

    async def run(port: int) -> None:
        async with greeted(port) as socket:
            for each in content:
                await socket.send(each, chop=chop)
            await expect_failed(socket, *codes)

    return Case(name, run)


def echoes(name: str, frames: Iterable[bytes], text: str, *, chop: int | None = None) -> Case:
    """A case that sends these frames, which are one message, and gets `text` back; then the connection goes on."""
    content = list(frames)

    async def run(port: int) -> None:
        async with greeted(port) as socket:
            for each in content:
                await socket.send(each, chop=chop)
            await expect_text(socket, text)
            await expect_alive(socket)

    return Case(name, run)


def fragments(payload: bytes, *cuts: int) -> list[bytes]:
    """A text message cut at these places."""
    bounds = [0, *cuts, len(payload)]
    pieces = [payload[start:end] for start, end in itertools.pairwise(bounds)]
    last = len(pieces) - 1
    return [
        encode(Op.TEXT if number == 0 else Op.CONTINUATION, piece, fin=number == last)
        for number, piece in enumerate(pieces)
    ]
