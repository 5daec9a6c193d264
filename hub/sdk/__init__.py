"""The Python SDK: asyncio clients for both sides of the hub, devices and registers.

It imports the wire contract, the clock and the state tables, and nothing else of the hub.
"""

from __future__ import annotations

from hub.sdk.device import Busy, DeviceClient, Firmware, new_credential
from hub.sdk.errors import (
    CallError,
    ConnectionLost,
    GapError,
    GivenUp,
    SdkError,
    Stopped,
    SubscriberTooSlow,
    Unanswered,
)
from hub.sdk.peer import NoAnswer
from hub.sdk.reconnect import Backoff, Close
from hub.sdk.register import RegisterClient
from hub.sdk.subscription import Event, Subscription

__all__ = [
    "Backoff",
    "Busy",
    "CallError",
    "Close",
    "ConnectionLost",
    "DeviceClient",
    "Event",
    "Firmware",
    "GapError",
    "GivenUp",
    "NoAnswer",
    "RegisterClient",
    "SdkError",
    "Stopped",
    "SubscriberTooSlow",
    "Subscription",
    "Unanswered",
    "new_credential",
]
