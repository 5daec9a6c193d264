"""Frames as a simulated client reads and writes them: typed, by the wire's own structs."""

from __future__ import annotations

from typing import Any

import msgspec

from hub.wire.jsonrpc import ErrorBody

_encode = msgspec.json.Encoder().encode


class Frame(msgspec.Struct, frozen=True):
    method: str | None = None
    params: msgspec.Raw = msgspec.Raw(b"{}")
    id: str | int | None = None
    result: msgspec.Raw = msgspec.Raw(b"null")
    error: ErrorBody | None = None

    @property
    def ok(self) -> bool:
        return self.error is None

    @property
    def error_code(self) -> str:
        return self.error.data.code if self.error is not None and self.error.data is not None else ""


parse = msgspec.json.Decoder(Frame).decode


def request(id: str | int, method: str, params: Any) -> str:
    return _encode({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).decode()


def answer(id: str | int | None, result: Any) -> str:
    return _encode({"jsonrpc": "2.0", "id": id, "result": result}).decode()


def refusal(id: str | int | None, code: str) -> str:
    error = {"code": -32000, "message": code, "data": {"code": code, "retryable": True}}
    return _encode({"jsonrpc": "2.0", "id": id, "error": error}).decode()


OPEN_QUESTION = frozenset({"store_unavailable", "store_busy", "internal_error", "draining"})
"""Error codes after which nobody knows whether the request has happened."""
