"""The hub goes down: sockets are closed one after the other, each told to come back and how soon."""

from __future__ import annotations

import re

import pytest
from websockets.exceptions import InvalidStatus

from tests.shop import Shop


async def test_told_to_come_back(shop: Shop) -> None:
    """4000, with a pause that spreads the storm."""
    device = await shop.device()
    till = await shop.register(device)
    await till.connect()
    late = await shop.hub.wire("register")
    await shop.hub.edge.connections.drain(0.01)
    for wire in (device.socket, till.socket, late):
        code, reason = await wire.closed()
        assert code == 4000
        found = re.fullmatch(r"draining retry_after_ms=(\d+)", reason)
        assert found is not None, reason
        assert int(found[1]) < 1000


async def test_a_few_are_not_waited_for(shop: Shop) -> None:
    """However long a drain of thousands may take."""
    await shop.register(await shop.device())
    await shop.device("7070714001")
    await shop.hub.edge.connections.drain(3600)
    assert len(shop.hub.edge.connections) == 0


async def test_nobody_new_meanwhile(shop: Shop) -> None:
    """And a load balancer sees it; a POS that polls is still answered."""
    till = await shop.register(await shop.device())
    first = await till.pay()
    await shop.hub.edge.connections.drain(0.01)
    with pytest.raises(InvalidStatus):
        await till.connect()
    ready = await shop.hub.http.get("/readyz")
    assert (ready.status_code, ready.json()) == (503, {"status": "draining"})
    assert (await shop.hub.http.get("/healthz")).status_code == 200
    assert (await shop.poll(first))["transactionStatus"] == "PENDING"


async def test_what_is_in_the_outbox_goes_out_first(shop: Shop) -> None:
    """The answer to a request that was served is not swallowed by the close."""
    device = await shop.device()
    code = await device.socket.ask("pairing.start")
    await device.socket.call("ping")
    await shop.hub.edge.connections.drain(0.01)
    assert (await code)["result"]["code"].isdigit()


async def test_after_the_restart(shop: Shop) -> None:
    """They come back, and everything is as it was."""
    device = await shop.device()
    till = await shop.register(device)
    await till.connect()
    first = await till.pay()
    await device.started()
    await device.socket.call("ping")
    await shop.hub.stop()
    await shop.hub.start()
    in_flight = [{"transaction_id": first["transactionId"]}]
    welcome = await device.switch_on(in_flight=in_flight)
    assert [each["register_id"] for each in welcome["pairings"]] == [till.register_id]
    await device.complete(first["transactionId"])
    seen = await till.connect()
    assert (seen["pairing"]["paired"], seen["transactions"]) == (True, [])
