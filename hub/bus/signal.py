"""Signals: what a commit wants to tell the sockets and waiters of every node.

A lost signal loses nothing: a device's request is sent again by its deadline, a register catches up from the store.
A payment has fourteen, so they are bare structs that the garbage collector need not know. `topic` is the name under
which subscribers wait for one.
"""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct

from hub.wire.close_codes import CloseCode

CALLBACKS = "callbacks"


def device_topic(device_id: str) -> str:
    return f"device:{device_id}"


def register_topic(register_key: str) -> str:
    return f"register:{register_key}"


def transaction_topic(transaction_id: str) -> str:
    return f"transaction:{transaction_id}"


class DeviceFrame(Struct, frozen=True, gc=False):
    """Send this encoded frame on the device's connection of that epoch, and on no other."""

    device_id: str
    epoch: int
    frame: bytes

    @property
    def topic(self) -> str:
        return device_topic(self.device_id)


class DeviceClose(Struct, frozen=True, gc=False):
    """Close the device's connections whose epoch is at most `epoch`."""

    device_id: str
    epoch: int
    code: CloseCode

    @property
    def topic(self) -> str:
        return device_topic(self.device_id)


class RegisterEvent(Struct, frozen=True, gc=False):
    """One event of a register's sequence; `frame` is its encoded notification."""

    register_key: str
    number: int
    frame: bytes

    @property
    def topic(self) -> str:
        return register_topic(self.register_key)


class RegisterTokens(Struct, frozen=True, gc=False):
    """The register's tokens that are good from now on, as digests. Its connections that live on another one end."""

    register_key: str
    good: tuple[str, ...]

    @property
    def topic(self) -> str:
        return register_topic(self.register_key)


class TransactionChanged(Struct, frozen=True, gc=False):
    """A transaction took a step; who waits for it looks again."""

    transaction_id: str
    final: bool

    @property
    def topic(self) -> str:
        return transaction_topic(self.transaction_id)


class CallbackQueued(Struct, frozen=True, gc=False):
    """A callback waits to be delivered."""

    topic: ClassVar[str] = CALLBACKS


class Happened(Struct, frozen=True, kw_only=True, gc=False):
    """A step that something took, for the dashboards. `kind` names the table, `subject` is the thing's id.

    `what` is the trigger, or another fact that was noted, such as `stage:entering_pin`.
    """

    topic: ClassVar[str] = "happenings"

    kind: str  # transaction, device_queue, pairing_code, pairing
    subject: str
    what: str
    state: str
    at: int
    device_id: str | None = None
    register_key: str | None = None
    detail: str | None = None


Signal = DeviceFrame | DeviceClose | RegisterEvent | RegisterTokens | TransactionChanged | CallbackQueued | Happened
