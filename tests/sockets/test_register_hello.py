"""A register's hello: who it is, and what is true now."""

from __future__ import annotations

from typing import Any, cast

import pytest

from hub.bus.signal import RegisterEvent
from hub.commands import subscription
from hub.edge.connection import Connection
from hub.edge.register_socket import RegisterSession
from hub.wire.register import Hello
from tests.running import RunningHub
from tests.shop import Shop, Till, until
from tests.wire import CallFailed


async def test_welcome_of_a_register_that_never_paired(shop: Shop) -> None:
    till = Till(shop.hub)
    welcome = await till.connect()
    assert welcome == {
        "register_key": welcome["register_key"],
        "event": 0,
        "replay": "none",
        "heartbeat_seconds": 25.0,
        "server_time": "2026-01-01T00:00:00.000Z",
        "hub_version": welcome["hub_version"],
        "pairing": {"paired": False},
        "transactions": [],
    }


async def test_welcome_tells_what_is_open(shop: Shop) -> None:
    """The pairing with its device, and what the register still waits for, oldest first."""
    device = await shop.device()
    till = await shop.register(device)
    ended, first, second = await till.pay(), await till.pay(), await till.pay()
    await device.started()
    await device.complete(ended["transactionId"])
    welcome = await till.connect()
    assert welcome["pairing"]["device"] == {
        "device_id": "7070714000",
        "device_name": "7070714000",
        "online": True,
        "queue_state": "sending",
        "queue_depth": 1,
    }
    assert [each["transaction_id"] for each in welcome["transactions"]] == [
        first["transactionId"],
        second["transactionId"],
    ]
    assert [each["queue_position"] for each in welcome["transactions"]] == [0, 1]


async def test_by_token(shop: Shop) -> None:
    """The token alone says who it is; with the triple, they must agree."""
    device = await shop.device()
    till = Till(shop.hub)
    await till.connect()
    token = (await till.socket.call("pairing.redeem", {"code": await device.code(), "register_name": "Front"}))[
        "register_token"
    ]
    for hello in ({"register_token": token}, {"register_token": token, **till.hello}):
        wire = await shop.hub.wire("register")
        assert (await wire.call("hello", hello))["pairing"]["paired"] is True


async def test_wrong_token(shop: Shop) -> None:
    device = await shop.device()
    till = Till(shop.hub)
    token = (await till.pair(await device.code())).headers["SmartConnect-Register-Token"]
    for hello in ({"register_token": "reg_x"}, {"register_token": token, "register_id": "another"}):
        await refused(shop.hub, hello, "unauthorised", 4501)


async def refused(hub: RunningHub, hello: dict[str, Any], code: str, close_code: int) -> None:
    wire = await hub.wire("register")
    with pytest.raises(CallFailed) as failed:
        await wire.call("hello", hello)
    assert failed.value.code == code
    assert (await wire.closed())[0] == close_code


@pytest.mark.parametrize("missing", ["register_id", "business_name", "vendor_name"])
async def test_incomplete_triple(shop: Shop, missing: str) -> None:
    hello = {name: value for name, value in Till(shop.hub).hello.items() if name != missing}
    await refused(shop.hub, hello, "invalid_params", 4503)


async def test_no_event_comes_before_the_welcome(shop: Shop) -> None:
    """What is committed while the hello is answered waits its turn: the first frame is the welcome."""
    till = await shop.register(await shop.device())
    engine = shop.hub.edge.engine
    hello = Hello(register_id=till.register_id, business_name=till.business_name, vendor_name=till.vendor_name)
    subscribed = await engine.query(subscription.subscribe, hello)
    outbox = _Outbox()
    session = RegisterSession(shop.hub.edge, cast(Connection, outbox), subscribed, None)
    heard: list[int] = []
    engine.bus.subscribe(
        f"register:{subscribed.who.register_key}",
        lambda signal: heard.append(signal.number) if isinstance(signal, RegisterEvent) else None,
    )
    await till.pay()
    await till.pay()  # the one goes to the device, the other waits for it
    assert heard == [subscribed.event + 1, subscribed.event + 2]
    assert outbox.frames == []
    session.welcomed()
    await until(lambda: len(outbox.frames) == 2)
    await session.gone()


class _Outbox:
    """As much of a connection as a session sends to."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.ids: dict[str, object] = {}

    def send(self, frame: bytes) -> None:
        self.frames.append(frame)

    async def room(self) -> None:
        """There is always room."""
