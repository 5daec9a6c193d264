"""Chapters 7, 9 and the handshake's end: closing, and the limits."""

from __future__ import annotations

import struct

from tests.conformance.case import (
    INVALID_PAYLOAD,
    PROTOCOL_ERROR,
    TOO_BIG,
    Case,
    expect_alive,
    expect_failed,
    expect_text,
    fragments,
    greeted,
    sends,
)
from tests.conformance.raw import Op, close_payload, encode, ping_with

LIMIT = 65_536
"""`message_bytes`."""

VALID_CODES = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999)
INVALID_CODES = (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535)


def _answered(name: str, payload: bytes, *codes: int) -> Case:
    """A close frame is answered with a close frame, and the server ends the stream (RFC 6455, 5.5.1 and 7.1.1)."""
    return sends(name, [encode(Op.CLOSE, payload)], *codes)


def _ignores_after_close(name: str, *frames: bytes) -> Case:
    async def run(port: int) -> None:
        async with greeted(port) as socket:
            await socket.send(encode(Op.CLOSE, close_payload(1000)) + b"".join(frames))
            await expect_failed(socket, 1000)

    return Case(name, run)


def _closing() -> list[Case]:
    return [
        _answered("7.1 without a code", b"", 1000, 1005),
        _answered("7.3.3 with a code", close_payload(1000), 1000),
        _answered("7.3.4 with a reason", close_payload(1000, "Tschüß".encode()), 1000),
        _answered("7.3.5 with a reason of 123 bytes", close_payload(1000, b"*" * 123), 1000),
        _answered("7.3.6 with a reason of 124 bytes", close_payload(1000, b"*" * 124), PROTOCOL_ERROR),
        _answered("7.3.2 with half a code", b"\x03", PROTOCOL_ERROR),
        _answered(
            "7.5.1 with a reason that is not UTF-8", close_payload(1000, b"\xce\xba\xed\xa0\x80"), INVALID_PAYLOAD
        ),
        *(_answered(f"7.7 with the code {code}", close_payload(code), code) for code in VALID_CODES),
        *(_answered(f"7.9 with the code {code}", close_payload(code), PROTOCOL_ERROR) for code in INVALID_CODES),
        _ignores_after_close("7.1.2 two close frames", encode(Op.CLOSE, close_payload(1001))),
        _ignores_after_close("7.1.3 a ping after the close", encode(Op.PING, b"late")),
        _ignores_after_close("7.1.4 a text after the close", encode(Op.TEXT, ping_with("late"))),
        _within_a_message(),
        _after_much(),
    ]


def _within_a_message() -> Case:
    first, second = fragments(ping_with("cut"), 10)

    async def run(port: int) -> None:
        async with greeted(port) as socket:
            await socket.send(first + encode(Op.CLOSE, close_payload(1000)) + second)
            await expect_failed(socket, 1000)

    return Case("7.1.5 a close between fragments", run)


def _after_much() -> Case:
    async def run(port: int) -> None:
        async with greeted(port) as socket:
            long = "x" * 60_000
            await socket.send(encode(Op.TEXT, ping_with(long)) + encode(Op.PING, b"p"))
            frames = [await socket.frame(), await socket.frame()]
            assert {frame.opcode for frame in frames if frame is not None} == {Op.TEXT, Op.PONG}
            await socket.send(encode(Op.CLOSE, close_payload(1000)))
            await expect_failed(socket, 1000)

    return Case("7.1.6 a close after a large message and a ping", run)


def _limits() -> list[Case]:
    fitting = "x" * (LIMIT - len(ping_with("")))
    too_long = ping_with(fitting + "x")
    third = len(too_long) // 3

    async def at_the_limit(port: int) -> None:
        async with greeted(port) as socket:
            for frame in fragments(ping_with(fitting), third, 2 * third):
                await socket.send(frame)
            await expect_text(socket, fitting)
            await expect_alive(socket)

    async def announced(port: int) -> None:
        async with greeted(port) as socket:
            await socket.send(encode(Op.TEXT, b"x" * 100, claimed=2**40, length_as=64))
            await expect_failed(socket, TOO_BIG)

    return [
        Case("9 fragments that come to the limit", at_the_limit),
        sends("9 one byte over the limit", [encode(Op.TEXT, too_long)], TOO_BIG),
        sends("9 fragments over the limit", fragments(too_long, third, 2 * third), TOO_BIG),
        sends("9 a binary over the limit", [encode(Op.BINARY, bytes(LIMIT + 1))], TOO_BIG),
        Case("9 a terabyte is announced", announced),
        sends(
            "5.2 of the RFC: a length with its highest bit set",
            [struct.pack("!BBQ", 0x81, 0xFF, 2**63 + 1) + bytes(4)],
            PROTOCOL_ERROR,
            TOO_BIG,
        ),
        sends(
            "7 of the RFC: a payload over the limit is refused before it is read",
            [encode(Op.TEXT, bytes(10), claimed=LIMIT + 1)],
            TOO_BIG,
        ),
    ]


CASES = [*_closing(), *_limits()]
