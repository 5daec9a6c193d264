"""Chapter 6: a text message is UTF-8, however it is cut; what is not fails the connection with 1007."""

from __future__ import annotations

from tests.conformance.case import INVALID_PAYLOAD, Case, echoes, fragments, sends
from tests.conformance.raw import Op, encode, ping_with

VALID = (
    "",
    "Hello-µ@ßöäüàá-UTF-8!!",
    "κόσμε",
    "\u0000",
    "\u007f",
    "\u0080",
    "\u07ff",
    "\u0800",
    "\ud7ff",
    "\ue000",
    "\ufffd",
    "\uffff",
    "\ufffe",
    "\U00010000",
    "\U0010ffff",
    "\U0001fffe",
    "\ufeffmark",
    "€",
    "𝄞 clef, 漢字, 🏳️‍🌈",
)
"""First and last of each length, noncharacters, and texts that people write (RFC 3629; M. Kuhn's tests)."""

INVALID = {
    "continuation byte alone": b"\x80",
    "last continuation byte alone": b"\xbf",
    "many continuation bytes": b"\x80\xbf" * 3,
    "all continuation bytes": bytes(range(0x80, 0xC0)),
    "lead byte of two and a space": b"\xc3 ",
    "lead byte of three and a space": b"\xe2 ",
    "lead byte of four and a space": b"\xf0 ",
    "two bytes, the last missing": b"\xc3",
    "three bytes, the last missing": b"\xe2\x82",
    "four bytes, the last missing": b"\xf0\x9f\x98",
    "three bytes, then ASCII": b"\xe2\x82A",
    "byte fe": b"\xfe",
    "byte ff": b"\xff",
    "overlong slash of two": b"\xc0\xaf",
    "overlong slash of three": b"\xe0\x80\xaf",
    "overlong slash of four": b"\xf0\x80\x80\xaf",
    "overlong of five": b"\xf8\x80\x80\x80\xaf",
    "overlong of six": b"\xfc\x80\x80\x80\x80\xaf",
    "overlong maximum of two": b"\xc1\xbf",
    "overlong maximum of three": b"\xe0\x9f\xbf",
    "overlong maximum of four": b"\xf0\x8f\xbf\xbf",
    "overlong zero": b"\xc0\x80",
    "first surrogate": b"\xed\xa0\x80",
    "last surrogate": b"\xed\xbf\xbf",
    "surrogate pair": b"\xed\xa0\x80\xed\xb0\x80",
    "above U+10FFFF": b"\xf4\x90\x80\x80",
    "five bytes": b"\xf8\x88\x80\x80\x80",
    "six bytes": b"\xfc\x84\x80\x80\x80\x80",
    "in the middle of text": b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited",
}


def _around(broken: bytes) -> bytes:
    """A request that would be well-formed but for its encoding."""
    before, _, after = ping_with("@").partition(b"@")
    return before + broken + after


def _valid() -> list[Case]:
    cases = []
    for text in VALID:
        payload = ping_with(text)
        name = ascii(text)
        cases.append(echoes(f"6.2 {name}", [encode(Op.TEXT, payload)], text))
        if not text.isascii():
            cases.append(echoes(f"6.2 {name}, octet by octet", [encode(Op.TEXT, payload)], text, chop=1))
            cuts = range(1, len(payload))
            cases.append(echoes(f"6.2 {name}, a fragment an octet", fragments(payload, *cuts), text))
    return cases


def _invalid() -> list[Case]:
    cases = []
    for name, broken in INVALID.items():
        payload = _around(broken)
        at = payload.index(broken)
        cases.append(sends(f"6.3 {name}", [encode(Op.TEXT, payload)], INVALID_PAYLOAD))
        cases.append(sends(f"6.3 {name}, in two fragments", fragments(payload, at + 1), INVALID_PAYLOAD))
    cut = "€".encode()
    cases.append(sends("6.4 ends in the middle of a character", [encode(Op.TEXT, b"\xe2\x82")], INVALID_PAYLOAD))
    cases.append(
        sends(
            "6.4 a character cut by the end of the message",
            [encode(Op.TEXT, cut[:1], fin=False), encode(Op.CONTINUATION, cut[1:2])],
            INVALID_PAYLOAD,
        )
    )
    return cases


CASES = [*_valid(), *_invalid()]
