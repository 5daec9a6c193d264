"""What an operator can do, and what it leads to on the other sockets."""

from __future__ import annotations

import asyncio

import pytest

from hub.wire.close_codes import CloseCode
from tests.dashboard.desk import Desk
from tests.shop import Shop, Terminal, Till, until
from tests.wire import CallFailed


async def in_doubt(shop: Shop, terminal: Terminal, till: Till) -> str:
    """A purchase that its terminal took, and then was not heard of any more."""
    await till.pay(500)
    transaction_id: str = (await terminal.started())["transaction_id"]
    await terminal.socket.call("transaction.progress", {"transaction_id": transaction_id, "stage": "entering_pin"})
    await terminal.socket.abort()
    await until(lambda: len(shop.hub.edge.connections) == 1)
    shop.hub.clock.advance(shop.hub.settings.offline_grace_seconds)
    return transaction_id


async def test_a_doubt_needs_a_person_and_is_resolved(shop: Shop) -> None:
    desk = await Desk.open(shop.hub)
    terminal = await shop.device()
    till = await shop.register(terminal)
    transaction_id = await in_doubt(shop, terminal, till)
    story = await desk.ask("transaction", transaction_id=transaction_id)
    while story["transaction"]["state"] != "in_doubt":
        story = await desk.ask("transaction", transaction_id=transaction_id)
    (row,) = (await desk.ask("transactions", attention=True))["transactions"]
    assert row["transaction"]["transaction_id"] == transaction_id
    with pytest.raises(CallFailed) as refused:
        await desk.ask("transaction.resolve", transaction_id=transaction_id, outcome="done", operator="Mia")
    assert refused.value.code == "outcome_does_not_fit"
    resolved = await desk.ask(
        "transaction.resolve", transaction_id=transaction_id, outcome="declined", operator="Mia", note="ticket 7"
    )
    assert resolved["transaction"]["state"] == "declined"
    assert resolved["transaction"]["result"]["resolved_by"] == "Mia"
    assert [(act["operator"], act["action"], act["note"]) for act in resolved["actions"]] == [
        ("Mia", "resolve:declined", "ticket 7")
    ]
    assert (await desk.ask("transactions", attention=True))["transactions"] == []
    with pytest.raises(CallFailed) as refused:
        await desk.ask("transaction.resolve", transaction_id=transaction_id, outcome="approved", operator="Mia")
    assert refused.value.code == "transaction_not_in_doubt"

    # The terminal comes back and says otherwise: a conflict, until somebody has dealt with it.
    result = {"transaction_id": transaction_id, "outcome": "approved", "amount_total_cents": 500}
    await terminal.switch_on(results=[result])
    (row,) = (await desk.ask("transactions", attention=True))["transactions"]
    assert (row["transaction"]["state"], row["transaction"]["conflict"]) == ("declined", True)
    reviewed = await desk.ask("transaction.review", transaction_id=transaction_id, operator="Ben", note="refunded")
    assert reviewed["conflict_outcome"] == "approved"
    assert "conflict" not in reviewed["transaction"]
    assert (await desk.ask("transactions", attention=True))["transactions"] == []
    with pytest.raises(CallFailed) as refused:
        await desk.ask("transaction.review", transaction_id=transaction_id, operator="Ben")
    assert refused.value.code == "no_conflict"


async def test_an_outcome_that_does_not_exist_is_refused(shop: Shop) -> None:
    desk = await Desk.open(shop.hub)
    for outcome in ("lost", "", "APPROVED"):
        params = {"transaction_id": "t", "outcome": outcome, "operator": "Mia"}
        with pytest.raises(CallFailed) as refused:
            await desk.wire.call("transaction.resolve", params, valid=False)
        assert refused.value.code == "invalid_params"


async def test_enrol_rotate_and_revoke(shop: Shop) -> None:
    desk = await Desk.open(shop.hub)
    enrolled = await desk.ask("device.enrol", device_id="7070714000", name="Counter")
    terminal = Terminal(shop.hub, "7070714000", credential=enrolled["credential"])
    await terminal.switch_on()
    assert (await desk.ask("device", device_id="7070714000"))["name"] == "Counter"
    with pytest.raises(CallFailed) as refused:
        await desk.ask("device.enrol", device_id="7070714000")
    assert refused.value.code == "device_exists"

    rotated = await desk.ask("device.rotate", device_id="7070714000")
    assert rotated["credential"] != enrolled["credential"]
    assert (await terminal.socket.closed())[0] == CloseCode.REVOKED
    with pytest.raises(CallFailed) as refused:
        await terminal.switch_on()
    assert refused.value.code == "unauthorised"
    terminal.credential = rotated["credential"]
    await terminal.switch_on()

    assert await desk.ask("device.revoke", device_id="7070714000") == {"done": True}
    assert (await terminal.socket.closed())[0] == CloseCode.REVOKED
    assert (await desk.ask("device", device_id="7070714000"))["revoked_at"]


async def test_unpair_tells_the_device(shop: Shop) -> None:
    desk = await Desk.open(shop.hub)
    terminal = await shop.device()
    await shop.register(terminal)
    (row,) = (await desk.ask("registers"))["registers"]
    assert await desk.ask("pairing.remove", pairing_id=row["pairing_id"]) == {"done": True}
    told = await terminal.socket.pushed("pairing.removed")
    assert told["params"]["cause"] == "operator"
    (row,) = (await desk.ask("registers"))["registers"]
    assert "device_id" not in row


async def test_a_drain_that_begins_at_once_is_answered_first(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server looks ten times a second whether it is to end, and that may be in the very turn of the request."""
    draining: list[asyncio.Task[None]] = []
    drain = shop.hub.edge.connections.drain
    monkeypatch.setattr(shop.hub.edge, "stop", lambda: draining.append(asyncio.create_task(drain(0.01))))
    desk = await Desk.open(shop.hub)
    assert await desk.ask("hub.drain") == {"done": True}
    assert (await desk.wire.closed())[0] == CloseCode.DRAINING
    await asyncio.gather(*draining)


async def test_drain_ends_the_hub_and_asks_to_come_back(shop: Shop) -> None:
    desk = await Desk.open(shop.hub)
    assert await desk.ask("hub.drain") == {"done": True}
    assert shop.hub.server.should_exit
    code, reason = await desk.wire.closed()
    assert code == CloseCode.DRAINING
    assert "retry_after_ms=" in reason
