"""JSON-RPC 2.0 framing, one message per WebSocket text frame.

A request has an `id` and gets an answer; a notification has none and gets none. Batches (arrays) are not supported and
are answered with an error. Source: https://www.jsonrpc.org/specification
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import msgspec

PARSE_ERROR: Final = -32700
INVALID_REQUEST: Final = -32600
METHOD_NOT_FOUND: Final = -32601
INVALID_PARAMS: Final = -32602
INTERNAL_ERROR: Final = -32603
REFUSED: Final = -32000
"""The domain's "no"; `data.code` says which."""

Id = str | int | None


@dataclass(eq=False)
class RpcError(Exception):
    """An error answer: what the peer is told. The connection goes on unless a close code follows."""

    rpc_code: int
    code: str
    text: str
    retryable: bool = False
    details: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.code}: {self.text}"


class ErrorData(msgspec.Struct, frozen=True):
    """`error.data`: the stable part of an error."""

    code: str
    retryable: bool = False
    details: dict[str, Any] = {}


class ErrorBody(msgspec.Struct, frozen=True):
    code: int
    message: str
    data: ErrorData | None = None


class Incoming(msgspec.Struct, frozen=True):
    """Any message as it arrives; `kind` tells which it is."""

    jsonrpc: str = ""
    method: str | None = None
    params: msgspec.Raw = msgspec.Raw(b"{}")
    id: Id | msgspec.UnsetType = msgspec.UNSET
    result: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    error: ErrorBody | msgspec.UnsetType = msgspec.UNSET

    @property
    def is_answer(self) -> bool:
        return self.method is None

    @property
    def is_notification(self) -> bool:
        return self.id is msgspec.UNSET


class _ForeignBody(msgspec.Struct, frozen=True):
    code: int
    message: str


class _ForeignError(msgspec.Struct, frozen=True):
    """An error answer whose `data` is not ours: it may be anything, or absent (JSON-RPC 2.0, 5.1)."""

    id: Id
    error: _ForeignBody
    jsonrpc: str = ""
    method: None = None


_decode_incoming = msgspec.json.Decoder(Incoming).decode
_decode_foreign_error = msgspec.json.Decoder(_ForeignError).decode
_encoder = msgspec.json.Encoder()


def parse(text: str | bytes) -> Incoming:
    """Parse one frame; raise `RpcError` with `parse_error`, `invalid_request` or `batch_not_supported`."""
    try:
        message = _decode_incoming(text)
    except msgspec.ValidationError as error:
        if text.lstrip()[:1] in ("[", b"["):
            raise RpcError(
                INVALID_REQUEST, "batch_not_supported", "Send one message per frame, not an array."
            ) from None
        foreign = _foreign_error(text)
        if foreign is None:
            raise RpcError(INVALID_REQUEST, "invalid_request", f"Not a JSON-RPC 2.0 message: {error}") from None
        message = foreign
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RpcError(PARSE_ERROR, "parse_error", f"Not JSON: {error}") from None
    if message.jsonrpc != "2.0":
        raise RpcError(INVALID_REQUEST, "invalid_request", 'Expected "jsonrpc": "2.0".')
    no_outcome = (message.result is msgspec.UNSET) == (message.error is msgspec.UNSET)
    if message.method is None and (message.is_notification or no_outcome):
        raise RpcError(INVALID_REQUEST, "invalid_request", "Expected a method, or an id with a result or an error.")
    return message


def _foreign_error(text: str | bytes) -> Incoming | None:
    try:
        found = _decode_foreign_error(text)
    except (msgspec.DecodeError, RecursionError):
        return None
    return Incoming(jsonrpc=found.jsonrpc, id=found.id, error=ErrorBody(found.error.code, found.error.message))


P = TypeVar("P")


def parse_params(message: Incoming, params: type[P]) -> P:
    """The typed parameters of a request, or `RpcError` with `invalid_params`; the text names the field."""
    try:
        return msgspec.json.decode(message.params, type=params)
    except (msgspec.DecodeError, RecursionError) as error:
        raise RpcError(INVALID_PARAMS, "invalid_params", str(error)) from None


def parse_result(message: Incoming, kind: type[P]) -> P:
    """The typed result of an answer, or `RpcError` with `invalid_result`."""
    try:
        return msgspec.json.decode(message.result or b"null", type=kind)
    except (msgspec.DecodeError, RecursionError) as error:
        raise RpcError(INVALID_PARAMS, "invalid_result", str(error)) from None


def request(id: str | int, method: str, params: Any) -> bytes:
    return _encoder.encode({"jsonrpc": "2.0", "id": id, "method": method, "params": params})


def notification(method: str, params: Any) -> bytes:
    """`params` may be `msgspec.Raw`: an event that was encoded once goes out to many."""
    return _encoder.encode({"jsonrpc": "2.0", "method": method, "params": params})


def result(id: Id, value: Any) -> bytes:
    return _encoder.encode({"jsonrpc": "2.0", "id": id, "result": value})


def error(id: Id, problem: RpcError) -> bytes:
    data = ErrorData(problem.code, problem.retryable, problem.details)
    return _encoder.encode({"jsonrpc": "2.0", "id": id, "error": ErrorBody(problem.rpc_code, problem.text, data)})
