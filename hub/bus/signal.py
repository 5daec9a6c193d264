"""Signals: what a commit wants to tell the sockets and waiters of every node.

A lost signal loses nothing: a device's request is sent again by its deadline, a register catches up from the store.
"""

from __future__ import annotations

from msgspec import Struct

from hub.wire.close_codes import CloseCode


class DeviceFrame(Struct, frozen=True):
    """Send this encoded frame on the device's connection of that epoch, and on no other."""

    device_id: str
    epoch: int
    frame: bytes


class DeviceClose(Struct, frozen=True):
    """Close the device's connections whose epoch is at most `epoch`."""

    device_id: str
    epoch: int
    code: CloseCode


class RegisterEvent(Struct, frozen=True):
    """One event of a register's sequence; `frame` is its encoded notification."""

    register_key: str
    number: int
    frame: bytes


class TransactionChanged(Struct, frozen=True):
    """A transaction took a step; who waits for it looks again."""

    transaction_id: str
    final: bool


class CallbackQueued(Struct, frozen=True):
    """A callback waits to be delivered."""


class Happened(Struct, frozen=True, kw_only=True):
    """A step that something took, for the dashboards. `kind` names the table, `subject` is the thing's id.

    `what` is the trigger, or another fact that was noted, such as `stage:entering_pin`.
    """

    kind: str  # transaction, device_queue, pairing_code, pairing
    subject: str
    what: str
    state: str
    at: int
    device_id: str | None = None
    register_key: str | None = None
    detail: str | None = None


Signal = DeviceFrame | DeviceClose | RegisterEvent | TransactionChanged | CallbackQueued | Happened


def topic(signal: Signal) -> str:
    """Under which name subscribers wait for it."""
    match signal:
        case DeviceFrame() | DeviceClose():
            return device_topic(signal.device_id)
        case RegisterEvent():
            return register_topic(signal.register_key)
        case TransactionChanged():
            return transaction_topic(signal.transaction_id)
        case CallbackQueued():
            return CALLBACKS
        case Happened():
            return HAPPENINGS


CALLBACKS = "callbacks"
HAPPENINGS = "happenings"


def device_topic(device_id: str) -> str:
    return f"device:{device_id}"


def register_topic(register_key: str) -> str:
    return f"register:{register_key}"


def transaction_topic(transaction_id: str) -> str:
    return f"transaction:{transaction_id}"
