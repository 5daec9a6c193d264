"""A shop: devices and registers on bare sockets, brought to where a test begins."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.running import RunningHub
from tests.wire import Json, Wire


async def until(holds: Callable[[], bool]) -> None:
    """Let the hub go on until `holds`, for what it tells nobody; the runner's timeout ends a wait in vain."""
    while not holds():  # noqa: ASYNC110 - no time passes: the hub shares this loop, and only needs its turn
        await asyncio.sleep(0)


async def until_waiting(hub: RunningHub, seconds: float) -> None:
    """Let the hub go on until something of it waits for the time that `clock.advance(seconds)` brings."""
    due = hub.clock.now_ms() + round(seconds * 1000)
    await until(lambda: any(when == due and not handle.cancelled for when, _, _, handle in hub.clock._due))


def failing(fault: Exception) -> Callable[..., asyncio.Future[Any]]:
    """An engine's `execute` or `query` that fails."""

    def fail(*_args: object, **_kwargs: object) -> asyncio.Future[Any]:
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        future.set_exception(fault)
        return future

    return fail


@dataclass
class Till:
    """A register: its triple, and its socket if it has one."""

    hub: RunningHub
    register_id: str = "e6f1b7a2-0000-4000-8000-000000000001"
    business_name: str = "Toys Shop"
    vendor_name: str = "Till2Go"
    register_name: str = "Front"
    wire: Wire | None = None

    @property
    def triple(self) -> dict[str, str]:
        """As the POS API names it."""
        return {
            "POSRegisterID": self.register_id,
            "POSBusinessName": self.business_name,
            "POSVendorName": self.vendor_name,
        }

    @property
    def hello(self) -> dict[str, str]:
        return {
            "register_id": self.register_id,
            "business_name": self.business_name,
            "vendor_name": self.vendor_name,
        }

    async def connect(self, **hello: Any) -> Json:
        """Open the socket and say hello; returns the welcome."""
        self.wire = await self.hub.wire("register")
        return await self.wire.call("hello", {**self.hello, **hello})

    @property
    def socket(self) -> Wire:
        assert self.wire is not None, "connect first"
        return self.wire

    async def pair(self, code: str) -> httpx.Response:
        """`PUT /POS/Pairing/{code}`"""
        return await self.hub.http.put(
            f"/POS/Pairing/{code}", data={**self.triple, "POSRegisterName": self.register_name}
        )

    async def post(self, headers: dict[str, str] | None = None, **parameters: str) -> httpx.Response:
        """`POST /POS/Transaction`, a purchase of 5.00 unless said otherwise."""
        given = {
            **self.triple,
            "TransactionMode": "ASYNC",
            "TransactionType": "Card.Purchase",
            "AmountTotal": "500",
            **parameters,
        }
        return await self.hub.http.post("/POS/Transaction", data=given, headers=headers)

    async def pay(self, amount_cents: int = 500, **parameters: str) -> Json:
        """A purchase that the hub takes; returns the first answer."""
        answer = await self.post(None, AmountTotal=str(amount_cents), **parameters)
        assert answer.status_code == 200, answer.text
        envelope: Json = answer.json()
        return envelope


@dataclass
class Terminal:
    """A device on a bare socket, which remembers its credential."""

    hub: RunningHub
    device_id: str
    serial: str = "SN-1"
    credential: str | None = None
    wire: Wire | None = None
    welcome: Json = field(default_factory=dict)

    @property
    def socket(self) -> Wire:
        assert self.wire is not None, "switch on first"
        return self.wire

    async def switch_on(self, **hello: Any) -> Json:
        """Connect and say hello, enrolling at the first time; returns the welcome."""
        self.wire = await self.hub.wire("device")
        who: Json = {"device_id": self.device_id, "serial": self.serial}
        who |= {"enrol": True} if self.credential is None else {"credential": self.credential}
        self.welcome = await self.wire.call("hello", {**who, **hello})
        self.credential = self.welcome.get("credential", self.credential)
        return self.welcome

    async def code(self) -> str:
        """Open pairing and return the code on the screen."""
        code: str = (await self.socket.call("pairing.start"))["code"]
        return code

    async def started(self, state: str = "accepted") -> Json:
        """Wait for the next `transaction.start`, acknowledge it, and return its parameters."""
        request = await self.socket.pushed("transaction.start")
        await self.socket.answer(request, {"state": state})
        params: Json = request["params"]
        return params

    async def complete(self, transaction_id: str, outcome: str = "approved", **result: Any) -> Json:
        return await self.socket.call(
            "transaction.complete", {"transaction_id": transaction_id, "outcome": outcome, **result}
        )


class Shop:
    def __init__(self, hub: RunningHub) -> None:
        self.hub = hub

    async def device(self, device_id: str = "7070714000", **fields: Any) -> Terminal:
        """A device that is switched on."""
        terminal = Terminal(self.hub, device_id, **fields)
        await terminal.switch_on()
        return terminal

    async def register(self, terminal: Terminal | None = None, **fields: Any) -> Till:
        """A register; paired if a terminal is given."""
        till = Till(self.hub, **fields)
        if terminal is not None:
            answer = await till.pair(await terminal.code())
            assert answer.status_code == 200, answer.text
        return till

    async def poll(self, envelope: Json) -> Json:
        """`GET {PollingUrl}`"""
        answer = await self.hub.http.get(envelope["data"]["PollingUrl"])
        assert answer.status_code == 200, answer.text
        body: Json = answer.json()
        return body
