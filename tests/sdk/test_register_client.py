"""`hub.sdk.register`, against a hub of a few lines."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.sdk import Backoff, CallError, ConnectionLost, GivenUp, RegisterClient, Stopped, Unanswered
from hub.wire.close_codes import CloseCode
from hub.wire.register import PairingChanged, PresenceChanged, TransactionUpdated, Welcome
from tests.clock import ManualClock
from tests.sdk.fakehub import FakeHub, Json, Line, register_welcome

TRIPLE = {"register_id": "r", "business_name": "b", "vendor_name": "v"}
AT = "2026-01-01T00:00:00.000Z"
PRESENCE: Json = {"device_id": "D", "device_name": "D", "online": True, "queue_state": "idle", "queue_depth": 0}


def view(transaction_id: str = "t1", state: str = "processing") -> Json:
    return {
        "transaction_id": transaction_id,
        "state": state,
        "final": state == "approved",
        "function": "Card.Purchase",
        "device_id": "D",
        "received_at": AT,
        "updated_at": AT,
    }


async def push(line: Line, event: int, transaction: Json) -> None:
    await line.push("transaction.updated", {"event": event, "at": AT, "transaction": transaction})


@contextlib.asynccontextmanager
async def client_at(
    fakehub: FakeHub, clock: ManualClock, backoff: Backoff, **options: Any
) -> AsyncIterator[RegisterClient]:
    async with RegisterClient(fakehub.url, clock=clock, backoff=backoff, **(TRIPLE | options)) as client:
        yield client


@pytest.fixture
async def met(fakehub: FakeHub, clock: ManualClock, at_once: Backoff) -> AsyncIterator[tuple[RegisterClient, Line]]:
    """A welcomed client at event 5, and the hub's end of its connection."""
    async with client_at(fakehub, clock, at_once) as client:
        line = await fakehub.accepted()
        await line.greeted(register_welcome(5))
        await client.ready()
        yield client, line


async def test_hello_shows_the_triple(fakehub: FakeHub, clock: ManualClock, at_once: Backoff) -> None:
    async with client_at(fakehub, clock, at_once) as client:
        line = await fakehub.accepted()
        assert line.path == "/ws/register"
        assert await line.greeted(register_welcome(7)) == TRIPLE
        assert (await client.ready()).event == 7
        assert client.online
        assert client.last_event == 7


async def test_hello_with_a_token_and_the_last_event(fakehub: FakeHub, clock: ManualClock, at_once: Backoff) -> None:
    async with RegisterClient(
        fakehub.url, register_token="reg_x", last_event=3, clock=clock, backoff=at_once
    ) as client:
        line = await fakehub.accepted()
        assert await line.greeted(register_welcome(4, "complete")) == {"register_token": "reg_x", "last_event": 3}
        await client.ready()
        with client.subscribe() as events:
            await push(line, 4, view())
            assert (await anext(events)).event == 4


async def test_redeem_keeps_the_token(met: tuple[RegisterClient, Line], fakehub: FakeHub) -> None:
    client, line = met
    redeeming = asyncio.create_task(client.redeem("1234 5678", register_name="Front", city="Auckland"))
    request = await line.asked("pairing.redeem")
    assert request["params"] == {"code": "1234 5678", "register_name": "Front", "city": "Auckland"}
    await line.answer(request, {"result": "success", "register_token": "reg_1", "pairing": {"paired": True}})
    assert (await redeeming).pairing.paired
    await line.socket.close(CloseCode.DRAINING)
    assert await (await fakehub.accepted()).greeted(register_welcome(5)) == {
        **TRIPLE,
        "register_token": "reg_1",
        "last_event": 5,
    }


async def test_redeem_is_asked_once(met: tuple[RegisterClient, Line]) -> None:
    client, line = met
    redeeming = asyncio.create_task(client.redeem("12345678", register_name="Front"))
    await line.asked("pairing.redeem")
    line.socket.transport.abort()
    with pytest.raises(ConnectionLost):
        await redeeming


@pytest.mark.parametrize("redeems", [True, False])
async def test_a_redeem_that_was_cut_off_and_voids_the_token_after_the_next_hello(
    fakehub: FakeHub, clock: ManualClock, at_once: Backoff, redeems: bool
) -> None:
    """The triple says who this is, then. Whose token was voided by another comes back no more."""
    async with client_at(fakehub, clock, at_once, register_token="reg_old") as client:
        line = await fakehub.accepted()
        await line.greeted(register_welcome(3))
        if redeems:
            redeeming = asyncio.create_task(client.redeem("12345678", register_name="Front"))
            await line.asked("pairing.redeem")
        line.socket.transport.abort()
        line = await fakehub.accepted()
        await line.greeted(register_welcome(3))
        await line.socket.close(CloseCode.REVOKED)
        if not redeems:
            assert "revoked" in str(await client.finished())
            return
        with pytest.raises(ConnectionLost):
            await redeeming
        line = await fakehub.accepted()
        await line.refuse(await line.asked("hello"), "unauthorised")
        await line.socket.close(CloseCode.UNAUTHORISED)
        hello = await (await fakehub.accepted()).greeted(register_welcome(5))
        assert hello == {**TRIPLE, "last_event": 3}


async def test_a_lost_answer_is_asked_for_with_the_same_key(met: tuple[RegisterClient, Line], fakehub: FakeHub) -> None:
    client, line = met
    submitting = asyncio.create_task(client.submit("Card.Purchase", amount_total_cents=500))
    first = await line.asked("transaction.submit")
    assert first["params"]["amount_total_cents"] == 500
    line.socket.transport.abort()
    line = await fakehub.accepted()
    await line.greeted(register_welcome(5))
    second = await line.asked("transaction.submit")
    assert second["params"] == first["params"]
    await line.answer(second, {"transaction": view(), "replayed": True})
    submitted = await submitting
    assert submitted.replayed
    assert submitted.transaction.transaction_id == "t1"


async def test_every_submit_has_its_own_key(met: tuple[RegisterClient, Line]) -> None:
    client, line = met
    keys = set()
    for _ in range(2):
        submitting = asyncio.create_task(client.submit("Card.Purchase", amount_total_cents=500))
        request = await line.asked("transaction.submit")
        keys.add(request["params"]["idempotency_key"])
        await line.answer(request, {"transaction": view()})
        await submitting
    assert len(keys) == 2


async def test_an_unanswered_submit_names_its_key(met: tuple[RegisterClient, Line], clock: ManualClock) -> None:
    client, line = met
    submitting = asyncio.create_task(client.submit("Card.Purchase", amount_total_cents=500, timeout_seconds=20))
    request = await line.asked("transaction.submit")
    clock.advance(20)
    with pytest.raises(Unanswered) as caught:
        await submitting
    assert caught.value.idempotency_key == request["params"]["idempotency_key"]
    assert caught.value.retryable


async def test_a_refused_submit(met: tuple[RegisterClient, Line]) -> None:
    client, line = met
    submitting = asyncio.create_task(client.submit("Card.Purchase", amount_total_cents=500, idempotency_key="k"))
    await line.refuse(await line.asked("transaction.submit"), "register_not_paired")
    with pytest.raises(CallError, match="register_not_paired"):
        await submitting


async def test_the_other_calls(met: tuple[RegisterClient, Line]) -> None:
    client, line = met
    asked = {"transaction_id": "t1"}
    calls: list[tuple[Any, str, Json, Json]] = [
        (client.pairing_status(), "pairing.status", {}, {"paired": False}),
        (client.cancel("t1"), "transaction.cancel", asked, {"answer": "requested", "transaction": view()}),
        (client.get("t1"), "transaction.get", asked, view()),
        (client.find("ref"), "transaction.find", {"transaction_reference": "ref"}, {"transactions": [view()]}),
        (client.ping(), "ping", {}, {"server_time": AT}),
    ]
    for call, method, params, answer in calls:
        task = asyncio.create_task(call)
        request = await line.asked(method)
        assert request["params"] == params
        await line.answer(request, answer)
        await task


async def test_events_are_typed_and_in_order(met: tuple[RegisterClient, Line]) -> None:
    client, line = met
    with client.subscribe() as events:
        await push(line, 6, view())
        await line.push("pairing.changed", {"event": 7, "at": AT, "pairing": {"paired": True}})
        await line.push("device.presence", {"event": 8, "at": AT, "device": PRESENCE})
        assert isinstance(await anext(events), TransactionUpdated)
        assert isinstance(await anext(events), PairingChanged)
        assert isinstance(await anext(events), PresenceChanged)
    assert client.last_event == 8


async def test_a_repeated_event_is_handed_on_once(met: tuple[RegisterClient, Line]) -> None:
    client, line = met
    with client.subscribe() as events:
        for number in (6, 6, 5, 7):
            await push(line, number, view(f"t{number}"))
        first, second = await anext(events), await anext(events)
        assert isinstance(first, TransactionUpdated)
        assert isinstance(second, TransactionUpdated)
        assert (first.event, second.event) == (6, 7)


async def test_resumes_after_the_last_event(met: tuple[RegisterClient, Line], fakehub: FakeHub) -> None:
    client, line = met
    with client.subscribe() as events:
        await push(line, 6, view("a"))
        await anext(events)
        line.socket.transport.abort()
        line = await fakehub.accepted()
        assert (await line.greeted(register_welcome(8, "complete")))["last_event"] == 6
        await push(line, 7, view("b"))
        await push(line, 8, view("c"))
        seen = [await anext(events) for _ in range(2)]
        assert [event.event for event in seen] == [7, 8]
    assert not client.gaps


async def test_a_gap_is_noted_and_healed_by_a_replay(met: tuple[RegisterClient, Line], fakehub: FakeHub) -> None:
    client, line = met
    with client.subscribe() as events:
        await push(line, 6, view("a"))
        await push(line, 8, view("c"))
        line = await fakehub.accepted()
        assert (await line.greeted(register_welcome(8, "complete")))["last_event"] == 6
        await push(line, 7, view("b"))
        await push(line, 8, view("c"))
        assert [(await anext(events)).event for _ in range(3)] == [6, 7, 8]
    assert [(gap.expected, gap.received) for gap in client.gaps] == [(7, 8)]


async def test_a_snapshot_is_handed_on(met: tuple[RegisterClient, Line], fakehub: FakeHub) -> None:
    client, line = met
    with client.subscribe() as events:
        line.socket.transport.abort()
        line = await fakehub.accepted()
        await line.greeted({**register_welcome(90, "snapshot"), "transactions": [view("open")]})
        snapshot = await anext(events)
        assert isinstance(snapshot, Welcome)
        assert [open_one.transaction_id for open_one in snapshot.transactions] == ["open"]
        await push(line, 91, view("open", "approved"))
        assert (await anext(events)).event == 91
    assert not client.gaps


async def test_a_hub_that_hides_a_gap_is_found_out(met: tuple[RegisterClient, Line], fakehub: FakeHub) -> None:
    client, line = met
    with client.subscribe() as events:
        line.socket.transport.abort()
        await (await fakehub.accepted()).greeted(register_welcome(9, "none"))
        assert isinstance(await anext(events), Welcome)
    assert [(gap.expected, gap.received) for gap in client.gaps] == [(6, 9)]
    assert client.last_event == 9


async def test_wait_final_of_what_is_final(met: tuple[RegisterClient, Line]) -> None:
    client, line = met
    waiting = asyncio.create_task(client.wait_final("t1"))
    await line.answer(await line.asked("transaction.get"), view(state="approved"))
    assert (await waiting).state == "approved"


async def test_wait_final_across_connections(met: tuple[RegisterClient, Line], fakehub: FakeHub) -> None:
    client, line = met
    waiting = asyncio.create_task(client.wait_final("t1"))
    await line.answer(await line.asked("transaction.get"), view())
    await push(line, 6, view("t1"))
    await push(line, 7, view("other", "approved"))
    line.socket.transport.abort()
    line = await fakehub.accepted()
    await line.greeted(register_welcome(8, "complete"))
    for number in (6, 7):
        await push(line, number, view("other"))  # repeated or not: this end cannot know what had arrived
    await push(line, 8, view("t1", "approved"))
    assert (await waiting).state == "approved"


async def test_an_outcome_between_the_look_and_the_wait_is_not_missed(met: tuple[RegisterClient, Line]) -> None:
    client, line = met
    waiting = asyncio.create_task(client.wait_final("t1"))
    request = await line.asked("transaction.get")
    await push(line, 6, view("t1", "approved"))
    await line.answer(request, view())
    assert (await waiting).state == "approved"


async def test_wait_final_looks_again_after_a_snapshot(met: tuple[RegisterClient, Line], fakehub: FakeHub) -> None:
    client, line = met
    waiting = asyncio.create_task(client.wait_final("t1"))
    await line.answer(await line.asked("transaction.get"), view())
    line.socket.transport.abort()
    line = await fakehub.accepted()
    await line.greeted(register_welcome(90, "snapshot"))
    await line.answer(await line.asked("transaction.get"), view("t1", "approved"))
    assert (await waiting).state == "approved"


async def test_wait_final_with_a_deadline(met: tuple[RegisterClient, Line], clock: ManualClock) -> None:
    client, line = met
    waiting = asyncio.create_task(client.wait_final("t1", timeout_seconds=20))
    await line.answer(await line.asked("transaction.get"), view())
    clock.advance(20)
    with pytest.raises(Unanswered):
        await waiting


async def test_the_end_reaches_subscriptions_and_waits(met: tuple[RegisterClient, Line]) -> None:
    client, line = met
    waiting = asyncio.create_task(client.wait_final("t1"))
    await line.answer(await line.asked("transaction.get"), view())
    with client.subscribe() as events:
        await line.socket.close(CloseCode.REVOKED)
        with pytest.raises(GivenUp):
            await anext(events)
    with pytest.raises(GivenUp):
        await waiting
    with pytest.raises(GivenUp):
        await client.get("t1")


async def test_stop_ends_subscriptions(met: tuple[RegisterClient, Line]) -> None:
    client, _ = met
    with client.subscribe() as events:
        await client.stop()
        with pytest.raises(Stopped):
            await anext(events)
