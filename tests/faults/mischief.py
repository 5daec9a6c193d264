"""Mischief: malformed messages and requests, made from well-formed ones by chance. Pure; the seed decides all of it."""

from __future__ import annotations

import json
import random
import string
from typing import Any
from urllib.parse import quote, urlencode

Json = Any

TRIPLE = {"register_id": "fuzz", "business_name": "b", "vendor_name": "v"}
POS_TRIPLE = {"POSRegisterID": "fuzz", "POSBusinessName": "b", "POSVendorName": "v"}
UUID = "0b1c2d3e-0000-4000-8000-00000000000f"

RESULT = {
    "transaction_id": UUID,
    "outcome": "approved",
    "amount_total_cents": 500,
    "card_pan": "4111 1111 1111 1111",
    "receipt": "THANK YOU\n",
}

REGISTER_CALLS: tuple[tuple[str, Json], ...] = (
    ("hello", TRIPLE | {"last_event": 3}),
    ("ping", {}),
    ("pairing.status", {}),
    ("pairing.redeem", {"code": "12345678", "register_name": "Front", "email": "a@b"}),
    ("transaction.submit", {"function": "Card.Purchase", "amount_total_cents": 500, "idempotency_key": "k"}),
    ("transaction.submit", {"function": "Card.Authorise", "amount_auth_cents": 5, "transaction_reference": "r"}),
    ("transaction.submit", {"function": "Card.Purchase", "amount_total_cents": 5, "sale_data": '{"items": []}'}),
    ("transaction.cancel", {"transaction_id": UUID}),
    ("transaction.get", {"transaction_id": UUID}),
    ("transaction.find", {"transaction_reference": "r"}),
)

DEVICE_CALLS: tuple[tuple[str, Json], ...] = (
    ("hello", {"device_id": "fuzz-1", "serial": "SN", "enrol": True, "in_flight": [{"transaction_id": UUID}]}),
    ("hello", {"device_id": "fuzz-1", "serial": "SN", "credential": "dev_x", "results": [RESULT]}),
    ("ping", {}),
    ("pairing.start", {}),
    ("pairing.stop", {}),
    ("pairing.list", {}),
    ("pairing.remove", {"pairing_id": UUID}),
    ("pairing.remove", {"all": True}),
    ("transaction.progress", {"transaction_id": UUID, "stage": "waiting_for_card"}),
    ("transaction.complete", RESULT),
)

ANSWERS: tuple[Json, ...] = (
    {"id": f"start:{UUID}:1", "result": {"state": "accepted"}},
    {"id": f"start:{UUID}:1", "result": {"state": "completed", "result": RESULT}},
    {"id": f"inquire:{UUID}:1", "result": {"state": "unknown"}},
    {"id": f"cancel:{UUID}:1", "result": {"state": "too_late"}},
    {
        "id": f"start:{UUID}:1",
        "error": {"code": -32000, "message": "busy", "data": {"code": "busy", "retryable": True}},
    },
    {"id": "start:", "result": {}},
    {"id": 7, "result": None},
)

NASTY: tuple[Json, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1,
    2**31,
    2**53 + 1,
    2**64,
    10**30,
    -(10**40),
    0.1,
    1e308,
    "",
    " ",
    "\u0000",
    "\ud800",
    "\udfff\ud800",
    "\r\nSet-Cookie: a=b",
    "‮right to left",
    "🏳️‍🌈" * 20,
    "' OR 1=1; --",
    "../../etc/passwd",
    "%00%ff",
    "a" * 201,
    "x" * 5000,
    "9" * 400,
    "-0",
    "NaN",
    [],
    [[]],
    {},
    {"": None},
    {"__class__": "x"},
    [None] * 100,
)


def _nested(depth: int) -> str:
    return "[" * depth + "]" * depth


RAW_NASTY = ("NaN", "Infinity", "-Infinity", "1e999", "01", "+1", ".5", "0x10", "'a'", _nested(3000), '{"a":' * 600)
"""Texts that take the place of a value and need not be JSON."""


class Mischief:
    """One seed's worth of it."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def frame(self, calls: tuple[tuple[str, Json], ...]) -> bytes:
        """A text message: a call or an answer that something is wrong with, most of the time."""
        chance = self.chance
        if chance.random() < 0.2:
            message: Json = {"jsonrpc": "2.0", **chance.choice(ANSWERS)}
        else:
            method, params = chance.choice(calls)
            message = {"jsonrpc": "2.0", "id": chance.choice((1, "x", None, 2.5)), "method": method, "params": params}
        message = json.loads(json.dumps(message))
        for _ in range(chance.choice((0, 1, 1, 2, 3))):
            message = self._spoilt(message)
        text = json.dumps(message, ensure_ascii=chance.random() < 0.5)
        if chance.random() < 0.1:
            text = self._with_raw(text)
        return self._bytes(text.encode("utf-8", "surrogatepass"), spoil=0.15)

    def _spoilt(self, value: Json) -> Json:
        """The value with one thing changed, somewhere in it."""
        chance = self.chance
        if isinstance(value, dict) and value and chance.random() < 0.85:
            key = chance.choice(list(value))
            match chance.randrange(6):
                case 0:
                    return {name: each for name, each in value.items() if name != key}
                case 1:
                    return {**value, str(chance.choice(NASTY)): chance.choice(NASTY)}
                case 2:
                    renamed = chance.choice((key.upper(), key + " ", key[:-1]))
                    return {renamed if name == key else name: each for name, each in value.items()}
                case _:
                    return {**value, key: self._spoilt(value[key])}
        if isinstance(value, list) and value and chance.random() < 0.7:
            at = chance.randrange(len(value))
            return [*value[:at], self._spoilt(value[at]), *value[at:][: chance.randrange(3)]]
        if isinstance(value, str) and value and chance.random() < 0.4:
            return self._spoilt_text(value)
        return chance.choice(NASTY)

    def _spoilt_text(self, text: str) -> str:
        at = self.chance.randrange(len(text))
        piece = self.chance.choice(
            ("", "\n", "\x00", "é", "🦊", text, text[at] * 3, self.chance.choice(string.printable))
        )
        return text[:at] + piece + text[at + self.chance.randrange(2) :]

    def _with_raw(self, text: str) -> str:
        at = text.find(":", self.chance.randrange(len(text)))
        return text[: at + 1] + self.chance.choice(RAW_NASTY) + text[at + 2 :]

    def _bytes(self, content: bytes, *, spoil: float) -> bytes:
        chance = self.chance
        while content and chance.random() < spoil:
            at = chance.randrange(len(content))
            match chance.randrange(4):
                case 0:
                    content = content[:at]
                case 1:
                    content = content[:at] + chance.randbytes(chance.randrange(1, 8)) + content[at:]
                case 2:
                    content = content[:at] + bytes([content[at] ^ 1 << chance.randrange(8)]) + content[at + 1 :]
                case _:
                    content = content[:at] + content[at:] * 2
        return content[:100_000]

    def garbage(self) -> bytes:
        """Bytes with no sense at all, or with the beginning of some."""
        start = self.chance.choice(
            (b"", b"", b"GET ", b"GET / HTTP/1.1\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01")
        )
        return start + self.chance.randbytes(self.chance.choice((0, 1, 10, 200, 5000)))

    # HTTP.

    def form(self) -> bytes:
        """A request to the POS API with something wrong in its parameters."""
        chance = self.chance
        given: dict[str, str] = POS_TRIPLE | {
            "TransactionMode": "ASYNC",
            "TransactionType": chance.choice(
                ("Card.Purchase", "Card.Refund", "Journal.ReprintReceipt", "Card.Finalise")
            ),
            "AmountTotal": "500",
            "POSRegisterName": "Front",
            "merchantAccessToken": "x",
            "wait": "0",
            "TransactionReference": "ref",
        }
        for _ in range(chance.randrange(4)):
            name = chance.choice(list(given))
            match chance.randrange(4):
                case 0:
                    del given[name]
                case 1:
                    given[name] = str(chance.choice(NASTY))
                case 2:
                    given[self._spoilt_text(name)] = given[name]
                case _:
                    given[name] = self._spoilt_text(given[name] or "x")
            if not given:
                break
        method, path = chance.choice(
            (
                ("POST", "/POS/Transaction"),
                ("POST", "/pos/transaction/"),
                ("PUT", "/POS/Pairing/12345678"),
                ("GET", "/POS/Pairing"),
                ("GET", "/POS/Transaction"),
                ("GET", f"/POS/Transaction/{UUID}"),
                ("POST", f"/POS/Transaction/{UUID}/Cancel"),
            )
        )
        if chance.random() < 0.15:
            path = quote(self._spoilt_text(path), safe="/%")
        content = self._bytes(urlencode(given, errors="surrogatepass", encoding="utf-8").encode(), spoil=0.2)
        if method == "GET":
            path, content = f"{path}?{content.decode('latin-1')}".translate(_NO_BREAKS), b""
        kind = chance.choice(
            ("application/x-www-form-urlencoded",) * 4 + ("application/json", "multipart/form-data", "x")
        )
        return self._request(
            method, path, content, {"Content-Type": kind, "Idempotency-Key": str(chance.choice(NASTY))}
        )

    def admin(self, token: str) -> bytes:
        """A request of the operator."""
        chance = self.chance
        method, path, body = chance.choice(
            (
                ("POST", "/admin/devices", {"device_id": "fuzz-2", "name": "n", "business_name": "b"}),
                ("GET", "/admin/devices?limit=5&after=x", None),
                ("GET", "/admin/devices/fuzz-1", None),
                ("POST", "/admin/devices/fuzz-2/rotate", {}),
                ("GET", "/admin/transactions?state=queued&before=5&limit=2", None),
                ("GET", f"/admin/transactions/{UUID}", None),
                ("POST", f"/admin/transactions/{UUID}/resolve", {"outcome": "approved", "operator": "me", "note": ""}),
                ("POST", f"/admin/pairings/{UUID}/remove", {}),
                ("GET", "/admin/pairings", None),
            )
        )
        if chance.random() < 0.3:
            path = quote(self._spoilt_text(path), safe="/%?&=")
        for _ in range(chance.randrange(3)):
            body = self._spoilt(body)
        content = b"" if body is None else self._bytes(json.dumps(body).encode(), spoil=0.2)
        return self._request(method, path, content, {"Authorization": f"Bearer {token}"})

    def _request(self, method: str, path: str, content: bytes, headers: dict[str, str]) -> bytes:
        chance = self.chance
        fields: dict[str, str] = {
            "Host": "127.0.0.1",
            "Content-Length": str(len(content)),
            "Connection": "close",
            **headers,
        }
        match chance.randrange(12):
            case 0:
                fields["Content-Length"] = chance.choice(("-1", "0", "99999999999999999999", "x", "5, 6", ""))
            case 1:
                fields["Transfer-Encoding"] = chance.choice(("chunked", "gzip", "chunked, identity"))
            case 2:
                method = chance.choice(("DELETE", "OPTIONS", "HEAD", "TRACE", "get", "X" * 50, "CONNECT"))
            case 3:
                fields[chance.choice(("X-Forwarded-For", "Host", "Origin", "Authorization"))] = str(
                    chance.choice(NASTY)
                )
            case 4:
                fields["X-Long"] = "x" * chance.choice((1000, 10_000, 70_000))
            case 5:
                path = chance.choice(("*", "", "//", "/..", "/%", "/%zz", "http://x/", "/" + "a" * 9000, "/\x7f", "/é"))
        lines = [f"{name}: {value}" for name, value in fields.items()]
        head = f"{method} {path} HTTP/1.{chance.choice('1110')}\r\n" + "\r\n".join(lines) + "\r\n\r\n"
        return self._bytes(head.encode("utf-8", "surrogatepass") + content, spoil=0.08)


_NO_BREAKS = {ord(each): None for each in "\r\n "}
