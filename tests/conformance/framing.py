"""Chapters 1 to 5: text frames, pings and pongs, reserved bits and opcodes, fragmentation, masking."""

from __future__ import annotations

from tests.conformance.case import (
    PROTOCOL_ERROR,
    Case,
    echoes,
    expect_alive,
    expect_failed,
    expect_pong,
    expect_text,
    fragments,
    greeted,
    sends,
)
from tests.conformance.raw import Op, encode, ping_with

TEXT = "Hällo, wörld"
MESSAGE = ping_with(TEXT)


def _text_of(length: int) -> str:
    """A text whose request has exactly `length` bytes."""
    return "x" * (length - len(ping_with("")))


def _lengths() -> list[Case]:
    lengths = (60, 125, 126, 127, 128, 255, 256, 1000, 4096, 65_535, 65_536)
    cases = [
        echoes(f"1.1 text of {length} bytes", [encode(Op.TEXT, ping_with(_text_of(length)))], _text_of(length))
        for length in lengths
    ]
    long = _text_of(2000)
    cases.append(echoes("1.1 in packets of 97 bytes", [encode(Op.TEXT, ping_with(long))], long, chop=97))
    cases.append(echoes("1.1 octet by octet", [encode(Op.TEXT, MESSAGE)], TEXT, chop=1))
    two = encode(Op.TEXT, ping_with("a")) + encode(Op.TEXT, ping_with("b"))

    async def together(port: int) -> None:
        async with greeted(port) as socket:
            await socket.send(two)
            await expect_text(socket, "a")
            await expect_text(socket, "b")

    return [*cases, Case("1.1 two messages in one packet", together)]


def _binary() -> list[Case]:
    def case(length: int) -> Case:
        async def run(port: int) -> None:
            async with greeted(port) as socket:
                await socket.send(encode(Op.BINARY, bytes(length)))
                frame = await socket.frame()
                assert frame is not None
                assert b"binary_frame" in frame.payload, "the protocol is text, and says so"
                await expect_alive(socket)

        return Case(f"1.2 binary of {length} bytes", run)

    return [case(length) for length in (0, 125, 126, 65_535, 65_536)]


def _empty() -> Case:
    async def run(port: int) -> None:
        async with greeted(port) as socket:
            await socket.send(encode(Op.TEXT))
            frame = await socket.frame()
            assert frame is not None
            assert b"parse_error" in frame.payload
            await expect_alive(socket)

    return Case("1.1 empty text", run)


def _pings() -> list[Case]:
    def answered(name: str, *payloads: bytes, chop: int | None = None) -> Case:
        async def run(port: int) -> None:
            async with greeted(port) as socket:
                await socket.send(b"".join(encode(Op.PING, payload) for payload in payloads), chop=chop)
                for payload in payloads:
                    await expect_pong(socket, payload)
                await expect_alive(socket)

        return Case(name, run)

    def ignored(name: str, *pongs: bytes) -> Case:
        async def run(port: int) -> None:
            async with greeted(port) as socket:
                for payload in pongs:
                    await socket.send(encode(Op.PONG, payload))
                await socket.send(encode(Op.PING, b"still there"))
                await expect_pong(socket, b"still there")
                await expect_alive(socket)

        return Case(name, run)

    return [
        answered("2.1 empty ping", b""),
        answered("2.2 ping with text", b"payload"),
        answered("2.3 ping with binary", bytes([0x00, 0xFF, 0xFE, 0xFD])),
        answered("2.4 ping of 125 bytes", b"\xfe" * 125),
        answered("2.6 ping octet by octet", b"\xfe" * 125, chop=1),
        answered("2.10 ten pings in a row", *(b"payload-%d" % number for number in range(10))),
        answered("2.11 ten pings octet by octet", *(b"payload-%d" % number for number in range(10)), chop=1),
        ignored("2.7 unsolicited empty pong", b""),
        ignored("2.8 unsolicited pong with payload", b"unsolicited"),
        ignored("2.9 many unsolicited pongs", *(b"u%d" % number for number in range(20))),
        sends("2.5 ping of 126 bytes", [encode(Op.PING, bytes(126))], PROTOCOL_ERROR),
        sends("2.5 pong of 126 bytes", [encode(Op.PONG, bytes(126))], PROTOCOL_ERROR),
    ]


def _reserved() -> list[Case]:
    cases = [
        sends(f"3 reserved bits {bits:03b} in {name}", [encode(opcode, content, reserved=bits)], PROTOCOL_ERROR)
        for bits in range(1, 8)
        for name, opcode, content in (("a text", Op.TEXT, MESSAGE), ("a ping", Op.PING, b""))
    ]
    cases.append(sends("3 reserved bits in a close", [encode(Op.CLOSE, reserved=7)], PROTOCOL_ERROR))
    cases += [
        sends(f"4 reserved opcode {opcode}, {name}", [encode(opcode, content)], PROTOCOL_ERROR)
        for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)
        for name, content in (("empty", b""), ("with payload", b"reserved"))
    ]
    return cases


def _fragmented() -> list[Case]:
    first, second = fragments(MESSAGE, 10)
    one, two, three = fragments(MESSAGE, 10, 20)

    def interleaved(name: str, *frames: bytes, pongs: int, chop: int | None = None) -> Case:
        async def run(port: int) -> None:
            async with greeted(port) as socket:
                for frame in frames:
                    await socket.send(frame, chop=chop)
                for _ in range(pongs):
                    await expect_pong(socket, b"between")
                await expect_text(socket, TEXT)
                await expect_alive(socket)

        return Case(name, run)

    async def continued(port: int) -> None:
        async with greeted(port) as socket:
            await socket.send(first + second)
            # The whole message has its answer; only what comes after it is wrong.
            await expect_text(socket, TEXT)
            await socket.send(encode(Op.CONTINUATION, b"a"))
            await expect_failed(socket, PROTOCOL_ERROR)

    ping, pong = encode(Op.PING, b"between"), encode(Op.PONG, b"between")
    return [
        echoes("5.3 two fragments", [first, second], TEXT),
        echoes("5.4 two fragments in one packet", [first + second], TEXT),
        echoes("5.5 two fragments octet by octet", [first, second], TEXT, chop=1),
        echoes("5.3 three fragments", [one, two, three], TEXT),
        echoes("5.3 a fragment an octet", fragments(MESSAGE, *range(1, len(MESSAGE))), TEXT),
        echoes("6.1 empty fragments around", fragments(MESSAGE, 0, len(MESSAGE)), TEXT),
        interleaved("5.6 a ping between fragments", first, ping, second, pongs=1),
        interleaved("5.7 the same in one packet", first + ping + second, pongs=1),
        interleaved("5.8 the same octet by octet", first, ping, second, pongs=1, chop=1),
        interleaved("5.19 pings between three fragments", one, ping, two, ping, ping, three, pongs=3),
        interleaved("5.6 a pong between fragments", first, pong, second, pongs=0),
        sends("5.1 a fragmented ping", [encode(Op.PING, b"a", fin=False)], PROTOCOL_ERROR),
        sends("5.2 a fragmented pong", [encode(Op.PONG, b"a", fin=False)], PROTOCOL_ERROR),
        sends("5.2 a fragmented close", [encode(Op.CLOSE, fin=False)], PROTOCOL_ERROR),
        sends("5.9 a continuation of nothing", [encode(Op.CONTINUATION, b"a")], PROTOCOL_ERROR),
        sends("5.12 an unfinished continuation of nothing", [encode(Op.CONTINUATION, b"a", fin=False)], PROTOCOL_ERROR),
        Case("5.15 a continuation of what is whole", continued),
        sends("5.18 a text within a text", [first, encode(Op.TEXT, MESSAGE)], PROTOCOL_ERROR),
        sends("5.18 a binary within a text", [first, encode(Op.BINARY, b"a")], PROTOCOL_ERROR),
    ]


def _masks() -> list[Case]:
    return [
        sends(f"5.1 of the RFC: {name} without a mask", [encode(opcode, content, mask=False)], PROTOCOL_ERROR)
        for name, opcode, content in (
            ("a text", Op.TEXT, MESSAGE),
            ("a ping", Op.PING, b""),
            ("a close", Op.CLOSE, b""),
        )
    ]


CASES = [*_lengths(), _empty(), *_binary(), *_pings(), *_reserved(), *_fragmented(), *_masks()]
