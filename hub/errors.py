"""Errors of the hub itself, each with a stable `code` and whether a retry can help.

    HubError
    ├── StoreUnavailable   the command was not (or may not have been) recorded
    ├── StoreBusy          the store's queue is full; nothing was recorded
    └── Unauthorised       a credential, a token or an identity is missing or wrong

A domain "no" is a `statemachines.refusal.Refusal`; a malformed message is a `hub.wire.jsonrpc.RpcError`.
"""

from __future__ import annotations


class HubError(Exception):
    code = "internal_error"
    retryable = False

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class StoreUnavailable(HubError):
    code = "store_unavailable"
    retryable = True


class StoreBusy(HubError):
    code = "store_busy"
    retryable = True


class Unauthorised(HubError):
    code = "unauthorised"
