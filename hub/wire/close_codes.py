"""WebSocket close codes: the range says whether to come back.

4000–4499: come back, after a full-jitter pause; the reason may carry `retry_after_ms=N`.
4500–4999: do not come back by yourself; something must change first.
Of the standard codes, 1000 and 1003/1007/1009 mean "do not repeat what you did", all others "come back".
"""

from __future__ import annotations

import re
from enum import IntEnum

DEVICE_SUBPROTOCOL = "smartconnect.device.v1"
REGISTER_SUBPROTOCOL = "smartconnect.register.v1"
DASHBOARD_SUBPROTOCOL = "smartconnect.dashboard.v1"


class CloseCode(IntEnum):
    """The codes that have a meaning here; the hub does not send 1003 and 4003 at present."""

    UNSUPPORTED_DATA = 1003  # a binary frame; the protocol is text
    DRAINING = 4000  # the hub is going down or moving; come back as the reason says
    SLOW_CONSUMER = 4001  # the outbox overflowed: this side reads too slowly
    FLOODING = 4002  # the inbox overflowed: this side sends faster than it waits for answers
    TOO_MANY_CONNECTIONS = 4003
    STORE_UNAVAILABLE = 4004
    INTERNAL_ERROR = 4005
    HELLO_TIMEOUT = 4006  # no hello within the deadline
    REPLACED = 4500  # a newer connection of the same device took over
    UNAUTHORISED = 4501  # wrong or missing credential, unknown device, revoked
    REVOKED = 4502  # the credential was revoked or rotated while connected
    HELLO_EXPECTED = 4503  # the first message was not a valid hello
    PROTOCOL_ERRORS = 4504  # too many malformed messages in a row

    @property
    def label(self) -> str:
        return self.name.lower()


_RETRY_AFTER = re.compile(r"retry_after_ms=(\d{1,9})")


def may_come_back(code: int | None) -> bool:
    """Whether a client may reconnect by itself after this close code (None: the link just broke)."""
    if code is None:
        return True
    if code >= 4000:
        return code < 4500
    return code not in (1000, 1003, 1007, 1009)


def retry_after_ms(reason: str) -> int | None:
    """How soon the hub asks the client to come back, in milliseconds, if the reason says so."""
    found = _RETRY_AFTER.search(reason)
    return int(found[1]) if found else None
