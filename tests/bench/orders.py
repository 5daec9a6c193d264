"""What the load generator is told to do, and says back: JSON on its standard input and output."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

Json = dict[str, Any]

Door = Literal["pos", "socket"]
"""How a register submits: `POST /POS/Transaction`, or `transaction.submit` on its WebSocket."""

ADMIN_TOKEN = "adm_bench"


class Phase(Struct, kw_only=True):
    """A stretch of load: `in_flight` payments at any time, or, with a `rate`, so many a second come what may."""

    seconds: float
    in_flight: int = 0
    rate: float = 0
    door: Door = "pos"
    warm_up_seconds: float = 0.5


class Orders(Struct, kw_only=True):
    """One run of the generator.

    `play`: `phases` one after the other; `idle` connections that only answer pings, for `seconds`; a `storm` of devices
    that come back at once; `presence` of one device told to many registers. `credential`: the store was filled, so all
    devices have this one and all are paired; without it, devices and registers are introduced over the wire.
    """

    play: Literal["phases", "idle", "storm", "presence"]
    url: str
    pid: int
    devices: int
    seed: int
    limit_seconds: float
    acknowledged: str
    """A file: the ids of all transactions that were acknowledged, one a line."""
    phases: list[Phase] = []
    seconds: float = 0
    registers: int = 0
    dashboards: int = 0
    credential: str | None = None
    wire: Literal["websocket", "socketio"] = "websocket"
    core: int | None = None
