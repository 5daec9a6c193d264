"""`hub.sdk.device` and `delivery`, against a hub of a few lines."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.sdk import Backoff, Busy, CallError, Close, ConnectionLost, DeviceClient, Firmware, GivenUp, NoAnswer, Stopped
from hub.sdk.device import HELLO_RESULTS_BYTES, new_credential
from hub.wire.close_codes import CloseCode
from hub.wire.device import (
    CancelAck,
    InFlight,
    PairingClosed,
    PairingCodeShown,
    PairingInfo,
    PairingRemoved,
    Result,
    Start,
    StartAnswer,
    Welcome,
)
from statemachines.transaction import Outcome
from tests.clock import ManualClock
from tests.sdk.fakehub import DEVICE_WELCOME, FakeHub, Json, Line

START: Json = {
    "transaction_id": "t1",
    "function": "Card.Purchase",
    "register_name": "Front",
    "business_name": "Toys Shop",
    "received_at": "2026-01-01T00:00:00.000Z",
    "attempt": 1,
    "amount_total_cents": 500,
}
CODE: Json = {"code": "12345678", "expires_at": "x", "expires_in_seconds": 120, "session_ends_at": "y"}
PAIRING: Json = {
    "pairing_id": "p1",
    "register_id": "r",
    "register_name": "Front",
    "business_name": "b",
    "vendor_name": "v",
    "paired_at": "x",
}


class Scripted(Firmware):
    """Answers as told, and notes what it is called with."""

    def __init__(self) -> None:
        self.lives: asyncio.Queue[Any] = asyncio.Queue()
        self.flying: list[InFlight] = []
        self.kept: list[Result] = []
        self.answer: StartAnswer | Exception = StartAnswer(state="accepted")

    def in_flight(self) -> list[InFlight]:
        return self.flying

    def results(self) -> list[Result]:
        return self.kept

    async def start(self, start: Start) -> StartAnswer:
        self.lives.put_nowait(start)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def inquire(self, transaction_id: str) -> StartAnswer:
        self.lives.put_nowait(transaction_id)
        return StartAnswer(state="unknown")

    async def cancel(self, transaction_id: str) -> CancelAck:
        self.lives.put_nowait(transaction_id)
        return CancelAck("too_late")

    async def connected(self, welcome: Welcome) -> None:
        self.lives.put_nowait(welcome)

    async def disconnected(self, close: Close) -> None:
        self.lives.put_nowait(close)

    async def pairing_code(self, shown: PairingCodeShown) -> None:
        self.lives.put_nowait(shown)

    async def pairing_closed(self, closed: PairingClosed) -> None:
        self.lives.put_nowait(closed)

    async def pairing_added(self, pairing: PairingInfo) -> None:
        self.lives.put_nowait(pairing)

    async def pairing_removed(self, removed: PairingRemoved) -> None:
        self.lives.put_nowait(removed)


@pytest.fixture
def firmware() -> Scripted:
    return Scripted()


@contextlib.asynccontextmanager
async def client_at(
    fakehub: FakeHub, firmware: Firmware, clock: ManualClock, backoff: Backoff, **options: Any
) -> AsyncIterator[DeviceClient]:
    options = {"device_id": "D1", "serial": "S1", "credential": "dev_x"} | options
    async with DeviceClient(fakehub.url, firmware, clock=clock, backoff=backoff, **options) as client:
        yield client


@pytest.fixture
async def met(
    fakehub: FakeHub, firmware: Scripted, clock: ManualClock, at_once: Backoff
) -> AsyncIterator[tuple[DeviceClient, Line]]:
    """A welcomed client and the hub's end of its connection."""
    async with client_at(fakehub, firmware, clock, at_once) as client:
        line = await fakehub.accepted()
        await line.greeted()
        await client.ready()
        assert isinstance(await firmware.lives.get(), Welcome)
        yield client, line


def result(transaction_id: str = "t1", **fields: Any) -> Result:
    return Result(transaction_id=transaction_id, outcome=Outcome.APPROVED, **fields)


async def test_hello_says_who_what_and_what_became_of_it(
    fakehub: FakeHub, firmware: Scripted, clock: ManualClock, at_once: Backoff
) -> None:
    firmware.flying = [InFlight("t2", "entering_pin")]
    firmware.kept = [result("t1", card_type="VISA")]
    async with client_at(fakehub, firmware, clock, at_once, model="M", firmware_version="1.2") as client:
        line = await fakehub.accepted()
        assert line.path == "/ws/device"
        assert await line.greeted() == {
            "device_id": "D1",
            "serial": "S1",
            "credential": "dev_x",
            "model": "M",
            "firmware": "1.2",
            "in_flight": [{"transaction_id": "t2", "stage": "entering_pin"}],
            "results": [{"transaction_id": "t1", "outcome": "approved", "card_type": "VISA"}],
        }
        assert (await client.ready()).epoch == 1
        assert client.online


async def test_a_device_enrols_with_the_credential_that_it_chose(
    fakehub: FakeHub, firmware: Scripted, clock: ManualClock, at_once: Backoff
) -> None:
    """An answer that is lost costs nothing: the next hello is the same."""
    own = new_credential()
    async with client_at(fakehub, firmware, clock, at_once, credential=own, enrol=True) as client:
        first = await fakehub.accepted()
        asked = (await first.asked("hello"))["params"]
        assert (asked["enrol"], asked["credential"]) == (True, own)
        await first.socket.close(CloseCode.DRAINING)
        again = await (await fakehub.accepted()).greeted()
        assert again == asked
        await client.ready()
        assert client.credential == own


async def test_a_credential_that_the_hub_made_is_used_from_then_on(
    fakehub: FakeHub, firmware: Scripted, clock: ManualClock, at_once: Backoff
) -> None:
    async with client_at(fakehub, firmware, clock, at_once, credential=None, enrol=True) as client:
        line = await fakehub.accepted()
        hello = await line.greeted({**DEVICE_WELCOME, "credential": "dev_new"})
        assert hello["enrol"] is True
        assert "credential" not in hello
        await client.ready()
        assert client.credential == "dev_new"
        await line.socket.close(CloseCode.DRAINING)
        hello = await (await fakehub.accepted()).greeted()
        assert hello["credential"] == "dev_new"


async def test_a_hello_carries_as_many_results_as_fit_newest_first(
    fakehub: FakeHub, firmware: Scripted, clock: ManualClock, at_once: Backoff
) -> None:
    firmware.kept = [result(f"t{n}", receipt="x" * 16_000) for n in range(5)]
    async with client_at(fakehub, firmware, clock, at_once):
        hello = await (await fakehub.accepted()).greeted()
        assert len(json.dumps(hello["results"])) <= HELLO_RESULTS_BYTES + 1000
        assert [kept["transaction_id"] for kept in hello["results"]] == ["t2", "t3", "t4"]


async def test_requests_reach_the_firmware(met: tuple[DeviceClient, Line], firmware: Scripted) -> None:
    _, line = met
    answer = await line.request("start:t1", "transaction.start", START)
    assert answer["result"] == {"state": "accepted"}
    start = await firmware.lives.get()
    assert (start.transaction_id, start.amount_total_cents) == ("t1", 500)
    asked = {"transaction_id": "t1"}
    assert (await line.request("inquire:t1", "transaction.inquire", asked))["result"] == {"state": "unknown"}
    assert (await line.request("cancel:t1", "transaction.cancel", asked))["result"] == {"state": "too_late"}
    assert [await firmware.lives.get() for _ in range(2)] == ["t1", "t1"]


async def test_busy_is_an_error_answer(met: tuple[DeviceClient, Line], firmware: Scripted) -> None:
    _, line = met
    firmware.answer = Busy()
    answer = await line.request("start:t1", "transaction.start", START)
    assert answer["error"]["data"]["code"] == "busy"
    assert answer["error"]["data"]["retryable"] is True


@pytest.mark.parametrize("silence", [ValueError("a fault"), NoAnswer()])
async def test_a_start_of_unknown_fate_is_left_unanswered(
    met: tuple[DeviceClient, Line], firmware: Scripted, silence: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    _, line = met
    firmware.answer = silence
    with caplog.at_level(logging.CRITICAL, "hub.sdk.peer"):
        await line.send({"jsonrpc": "2.0", "id": "start:t1", "method": "transaction.start", "params": START})
        answer = await line.request("inquire:t1", "transaction.inquire", {"transaction_id": "t1"})
    assert answer["result"] == {"state": "unknown"}


async def test_notifications_reach_the_firmware(met: tuple[DeviceClient, Line], firmware: Scripted) -> None:
    _, line = met
    await line.push("pairing.code", CODE)
    await line.push("pairing.closed", {"cause": "redeemed"})
    await line.push("pairing.added", PAIRING)
    await line.push(
        "pairing.removed", {"pairing_id": "p1", "register_name": "Front", "cause": "operator", "removed_at": "x"}
    )
    assert (await firmware.lives.get()).code == "12345678"
    assert (await firmware.lives.get()).cause == "redeemed"
    assert (await firmware.lives.get()).register_name == "Front"
    assert (await firmware.lives.get()).cause == "operator"


async def test_pairing_calls(met: tuple[DeviceClient, Line]) -> None:
    client, line = met
    calls: list[tuple[Any, str, Json, Json]] = [
        (client.pairing_start(), "pairing.start", {}, CODE),
        (client.pairing_stop(), "pairing.stop", {}, {"stopped": True}),
        (client.pairing_list(), "pairing.list", {}, {"pairings": [PAIRING]}),
        (client.pairing_remove("p1"), "pairing.remove", {"pairing_id": "p1"}, {"removed": 1}),
        (client.pairing_remove(all=True), "pairing.remove", {"all": True}, {"removed": 2}),
        (client.ping(), "ping", {}, {"server_time": "x"}),
        (
            client.progress("t1", "entering_pin"),
            "transaction.progress",
            {"transaction_id": "t1", "stage": "entering_pin"},
            {},
        ),
    ]
    for call, method, params, answer in calls:
        task = asyncio.create_task(call)
        request = await line.asked(method)
        assert request["params"] == params
        await line.answer(request, answer)
        await task


async def test_calls_without_a_connection_fail_at_once(
    fakehub: FakeHub, firmware: Scripted, clock: ManualClock, at_once: Backoff
) -> None:
    async with client_at(fakehub, firmware, clock, at_once) as client:
        assert not client.online
        with pytest.raises(ConnectionLost):
            await client.progress("t1", "entering_pin")


async def test_the_firmware_may_call_the_client_when_connected(
    fakehub: FakeHub, firmware: Scripted, clock: ManualClock, at_once: Backoff
) -> None:
    class Eager(Scripted):
        async def connected(self, welcome: Welcome) -> None:
            self.lives.put_nowait(welcome)
            self.lives.put_nowait(await client.pairing_start())

    eager = Eager()
    async with client_at(fakehub, eager, clock, at_once) as client:
        line = await fakehub.accepted()
        await line.greeted()
        await line.answer(await line.asked("pairing.start"), CODE)
        assert isinstance(await eager.lives.get(), Welcome)
        assert (await eager.lives.get()).code == "12345678"


async def test_an_outcome_is_told_until_it_is_recorded(met: tuple[DeviceClient, Line], fakehub: FakeHub) -> None:
    client, line = met
    telling = asyncio.create_task(client.complete(result()))
    for _ in range(3):
        request = await line.asked("transaction.complete")
        assert request["params"] == {"transaction_id": "t1", "outcome": "approved"}
        line.socket.transport.abort()
        line = await fakehub.accepted()
        hello = await line.greeted()
        assert [told["transaction_id"] for told in hello["results"]] == ["t1"]
    await line.answer(await line.asked("transaction.complete"), {"transaction_id": "t1", "state": "approved"})
    assert (await telling).state == "approved"


async def test_an_unanswered_outcome_is_told_again(met: tuple[DeviceClient, Line], clock: ManualClock) -> None:
    client, line = met
    telling = asyncio.create_task(client.complete(result()))
    await line.asked("transaction.complete")
    clock.advance(30)
    await line.answer(await line.asked("transaction.complete"), {"transaction_id": "t1", "state": "approved"})
    await telling


async def test_cancelling_the_wait_does_not_stop_the_telling(met: tuple[DeviceClient, Line], fakehub: FakeHub) -> None:
    client, line = met
    telling = asyncio.create_task(client.complete(result()))
    await line.asked("transaction.complete")
    telling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await telling
    line.socket.transport.abort()
    line = await fakehub.accepted()
    await line.greeted()
    again = asyncio.create_task(client.complete(result()))
    await line.answer(await line.asked("transaction.complete"), {"transaction_id": "t1", "state": "approved"})
    assert (await again).state == "approved"


async def test_outcomes_are_told_in_order(met: tuple[DeviceClient, Line]) -> None:
    client, line = met
    telling = [asyncio.create_task(client.complete(result(f"t{n}"))) for n in range(3)]
    for n in range(3):
        request = await line.asked("transaction.complete")
        assert request["params"]["transaction_id"] == f"t{n}"
        await line.answer(request, {"transaction_id": f"t{n}", "state": "approved", "conflict": n == 1})
    assert [(await task).conflict for task in telling] == [False, True, False]


async def test_an_outcome_that_the_hub_will_not_have(met: tuple[DeviceClient, Line]) -> None:
    client, line = met
    telling = asyncio.create_task(client.complete(result()))
    await line.refuse(await line.asked("transaction.complete"), "other_hardware")
    with pytest.raises(CallError, match="other_hardware"):
        await telling
    next_one = asyncio.create_task(client.complete(result("t2")))
    await line.answer(await line.asked("transaction.complete"), {"transaction_id": "t2", "state": "approved"})
    await next_one


async def test_an_outcome_on_a_replaced_connection_is_not_lost_on_it(met: tuple[DeviceClient, Line]) -> None:
    client, line = met
    telling = asyncio.create_task(client.complete(result()))
    await line.refuse(await line.asked("transaction.complete"), "connection_replaced")
    await line.socket.close(CloseCode.REPLACED)
    with pytest.raises(GivenUp):
        await telling
    assert isinstance(client.failure, GivenUp)


async def test_stop_tells_who_waits(met: tuple[DeviceClient, Line]) -> None:
    client, line = met
    telling = asyncio.create_task(client.complete(result()))
    await line.asked("transaction.complete")
    await client.stop()
    with pytest.raises(Stopped):
        await telling
    with pytest.raises(Stopped):
        await client.complete(result("t2"))


async def test_disconnection_is_told_to_the_firmware(
    met: tuple[DeviceClient, Line], firmware: Scripted, fakehub: FakeHub
) -> None:
    client, line = met
    await line.socket.close(CloseCode.DRAINING, "draining")
    assert await firmware.lives.get() == Close(CloseCode.DRAINING, "draining")
    await (await fakehub.accepted()).greeted({**DEVICE_WELCOME, "epoch": 2})
    assert (await firmware.lives.get()).epoch == 2
    assert (await client.ready()).epoch == 2
