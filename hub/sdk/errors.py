"""What the SDK raises, each with a stable `code` and whether asking again can help.

    SdkError
    ├── CallError         the hub answered with an error; `code` is the hub's
    ├── ConnectionLost    the connection ended before the answer: whether the hub did it is unknown
    ├── Unanswered        no answer in time: whether the hub did it is unknown
    ├── GivenUp           the hub will not have this client back; something must change first
    ├── Stopped           this client was stopped by its own side
    ├── GapError          events of a register are missing
    └── SubscriberTooSlow a subscription overflowed

A decline is data, never an exception.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hub.sdk.reconnect import Close
from hub.wire.jsonrpc import REFUSED, ErrorBody


class SdkError(Exception):
    """Base of everything that the SDK raises."""

    code: str = "sdk_error"
    retryable: bool = False


class CallError(SdkError):
    """The hub's error answer. `code` is the stable word of `error.data`, `text` is for people."""

    def __init__(
        self,
        code: str,
        text: str,
        retryable: bool = False,
        details: dict[str, Any] | None = None,
        rpc_code: int = REFUSED,
    ) -> None:
        super().__init__(code, text)
        self.code = code
        self.text = text
        self.retryable = retryable
        self.details = details or {}
        self.rpc_code = rpc_code

    @classmethod
    def of(cls, body: ErrorBody) -> CallError:
        if body.data is None:
            return cls("unspecified", body.message, rpc_code=body.code)
        return cls(body.data.code, body.message, body.data.retryable, body.data.details, body.code)

    def __str__(self) -> str:
        return f"{self.code}: {self.text}"


@dataclass(eq=False)
class ConnectionLost(SdkError):
    """The connection ended before the answer came, or there is none at present."""

    close: Close

    code = "connection_lost"
    retryable = True

    def __str__(self) -> str:
        return f"connection lost: {self.close}"


@dataclass(eq=False)
class Unanswered(SdkError):
    """No answer within `seconds`. Ask again with the same `idempotency_key`, if the call had one."""

    method: str
    seconds: float
    idempotency_key: str | None = None

    code = "unanswered"
    retryable = True

    def __str__(self) -> str:
        return f"{self.method} was not answered within {self.seconds:g} s"


@dataclass(eq=False)
class GivenUp(SdkError):
    """The client does not come back by itself. `reason` is the hub's code or the close code's label."""

    reason: str
    close: Close | None = None

    code = "given_up"

    def __str__(self) -> str:
        return f"the hub does not want this client back: {self.reason}"


class Stopped(SdkError):
    """The client was stopped by its owner."""

    code = "stopped"


@dataclass(eq=False)
class GapError(SdkError):
    """Event `received` came where `expected` was due. The client resumes after the last one it has seen."""

    expected: int
    received: int

    code = "event_gap"
    retryable = True

    def __str__(self) -> str:
        return f"expected event {self.expected}, received {self.received}"


@dataclass(eq=False)
class SubscriberTooSlow(SdkError):
    """More than `limit` events waited for this subscription; it has ended, for it would have a gap."""

    limit: int

    code = "subscriber_too_slow"

    def __str__(self) -> str:
        return f"more than {self.limit} events waited for the subscription"
