"""The plain frames of RFC 6455: whole text messages, pings and pongs, which is nearly all that is ever sent.

They are cut and made here in a few operations each. Anything else (fragments, closes, what breaks a rule) is left to
the `websockets` library, which knows all the rules. Pure functions on bytes.
"""

from __future__ import annotations

from typing import Final

TEXT: Final = 0x81
BINARY: Final = 0x82
PING: Final = 0x89
PONG: Final = 0x8A
"""The first byte of a frame that is a whole message."""

_CONTROL_BIT = 0x08
_RESERVED_BITS = 0x70
_OPCODES = frozenset({0, 1, 2, 8, 9, 10})
_ODD_FIRST = frozenset(byte for byte in range(256) if byte & _RESERVED_BITS or (byte & 0x0F) not in _OPCODES)

INCOMPLETE: Final = -1
ODD: Final = 0
"""A frame whose head breaks a rule, or that is too large: for the library to refuse, at once."""

_HEADS = [bytes((TEXT, length)) for length in range(126)]


def text_frame(message: bytes) -> bytes:
    """A server's text frame: not masked (5.1), so the same bytes for every receiver."""
    length = len(message)
    if length < 126:
        return _HEADS[length] + message
    if length < 65_536:
        return b"\x81\x7e" + length.to_bytes(2, "big") + message
    return b"\x81\x7f" + length.to_bytes(8, "big") + message


def pong_frame(payload: bytes) -> bytes:
    return bytes((PONG, len(payload))) + payload


PING_FRAME: Final = b"\x89\x00"


def end_of_frame(data: bytes, start: int, limit: int) -> tuple[int, int]:
    """Where the payload of a client's frame begins, and where the frame ends.

    The end is `INCOMPLETE` if not all of it is there, and `ODD` as soon as its head breaks a rule or tells of more than
    `limit` bytes.
    """
    there = len(data) - start
    if there < 2:
        return 0, INCOMPLETE
    first, second = data[start], data[start + 1]
    length = second & 0x7F
    if second < 0x80 or first in _ODD_FIRST or (first & _CONTROL_BIT and (length > 125 or first < 0x80)):
        return 0, ODD
    payload = start + 6
    if length == 126:
        if there < 4:
            return 0, INCOMPLETE
        payload, length = start + 8, int.from_bytes(data[start + 2 : start + 4], "big")
    elif length == 127:
        if there < 10:
            return 0, INCOMPLETE
        payload, length = start + 14, int.from_bytes(data[start + 2 : start + 10], "big")
    if length > limit:
        return 0, ODD
    end = payload + length
    return payload, end if end <= len(data) else INCOMPLETE
