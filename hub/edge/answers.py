"""The one place where exceptions become answers on a socket."""

from __future__ import annotations

from hub import log
from hub.errors import HubError
from hub.wire import jsonrpc
from hub.wire.close_codes import CloseCode
from hub.wire.jsonrpc import RpcError
from statemachines.refusal import Refusal

_log = log.get("edge")


def to_rpc_error(error: Exception, ids: dict[str, object]) -> RpcError:
    """What the peer is told; a fault of the hub itself is logged with its traceback and told without details."""
    match error:
        case RpcError():
            return error
        case Refusal():
            return RpcError(jsonrpc.REFUSED, error.code, error.text, error.retryable, dict(error.details))
        case HubError():
            return RpcError(jsonrpc.REFUSED, error.code, error.text, error.retryable)
    _log.error("internal_error", exc_info=error, **ids)
    return RpcError(jsonrpc.INTERNAL_ERROR, "internal_error", "The hub failed; it has been logged.", True)


_CLOSE_AFTER_HELLO = {
    "connection_replaced": CloseCode.REPLACED,
    "unauthorised": CloseCode.UNAUTHORISED,
    "store_unavailable": CloseCode.STORE_UNAVAILABLE,
    "store_busy": CloseCode.STORE_UNAVAILABLE,
    "internal_error": CloseCode.INTERNAL_ERROR,
    "draining": CloseCode.DRAINING,
}


def close_code(problem: RpcError) -> CloseCode:
    """What the connection of a refused hello is closed with."""
    return _CLOSE_AFTER_HELLO.get(problem.code, CloseCode.HELLO_EXPECTED)
