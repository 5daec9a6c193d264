"""The plain frames, against the `websockets` library: the same bytes, and the same idea of where a frame ends."""

from __future__ import annotations

import pytest
from websockets.frames import Frame, Opcode

from hub.edge import frame

LENGTHS = [0, 1, 124, 125, 126, 127, 255, 256, 65_535, 65_536, 70_000]
LIMIT = 65_536


def from_client(opcode: Opcode, payload: bytes, *, fin: bool = True) -> bytes:
    return Frame(opcode, payload, fin).serialize(mask=True)


@pytest.mark.parametrize("length", LENGTHS)
def test_text_frame(length: int) -> None:
    message = b"x" * length
    assert frame.text_frame(message) == Frame(Opcode.TEXT, message).serialize(mask=False)


def test_pings_and_pongs() -> None:
    assert Frame(Opcode.PING, b"").serialize(mask=False) == frame.PING_FRAME
    assert frame.pong_frame(b"abc") == Frame(Opcode.PONG, b"abc").serialize(mask=False)


@pytest.mark.parametrize("length", [length for length in LENGTHS if length <= LIMIT])
def test_where_a_frame_ends(length: int) -> None:
    """Wherever it is cut off, it is incomplete; what is behind it does not matter."""
    whole = from_client(Opcode.TEXT, b"x" * length)
    for cut in {*range(min(len(whole), 20)), len(whole) - 1}:
        assert frame.end_of_frame(whole[:cut], 0, LIMIT)[1] == frame.INCOMPLETE
    assert frame.end_of_frame(whole, 0, LIMIT) == (len(whole) - length, len(whole))
    assert frame.end_of_frame(b"..." + whole + b"\x81", 3, LIMIT) == (3 + len(whole) - length, 3 + len(whole))


@pytest.mark.parametrize(
    ("what", "head"),
    [
        ("not masked", b"\x81\x05"),
        ("a reserved bit", b"\xc1\x85"),
        ("an unknown opcode", b"\x83\x85"),
        ("a long ping", b"\x89\xfe"),
        ("a ping in fragments", b"\x09\x85"),
        ("over the limit", from_client(Opcode.TEXT, b"x" * (LIMIT + 1))[:10]),
        ("a length of 63 bits", b"\x81\xff" + b"\xff" * 8),
    ],
)
def test_odd_as_soon_as_the_head_is_there(what: str, head: bytes) -> None:
    assert frame.end_of_frame(head, 0, LIMIT)[1] == frame.ODD, what
