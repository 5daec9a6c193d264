"""The Python SDK: asyncio clients for both sides of the hub, devices and registers. See docs/sdk.md.

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
from hub.wire.device import CancelAck, InFlight, PairingInfo, Result, Start, StartAnswer
from hub.wire.function import Function
from hub.wire.register import PairingChanged, PresenceChanged, TransactionUpdated, TransactionView
from statemachines.transaction import Outcome

__all__ = [
    "Backoff",
    "Busy",
    "CallError",
    "CancelAck",
    "Close",
    "ConnectionLost",
    "DeviceClient",
    "Event",
    "Firmware",
    "Function",
    "GapError",
    "GivenUp",
    "InFlight",
    "NoAnswer",
    "Outcome",
    "PairingChanged",
    "PairingInfo",
    "PresenceChanged",
    "RegisterClient",
    "Result",
    "SdkError",
    "Start",
    "StartAnswer",
    "Stopped",
    "SubscriberTooSlow",
    "Subscription",
    "TransactionUpdated",
    "TransactionView",
    "Unanswered",
    "new_credential",
]
