"""Newest connection wins: the old one is told, and can disturb nothing any more (design 3, law 4)."""

from __future__ import annotations

import asyncio

import pytest

from hub.edge.newest import Newest
from hub.errors import Unauthorised
from tests.shop import Shop, Terminal, until


async def test_the_old_one_is_closed(shop: Shop) -> None:
    """4500: do not come back by yourself."""
    device = await shop.device()
    old = device.socket
    await device.switch_on()
    assert await old.closed() == (4500, "replaced")
    await device.socket.call("ping")


async def test_its_close_does_not_disturb(shop: Shop) -> None:
    """The most repeated bug of device hubs: the old socket's end evicts the new session."""
    device = await shop.device()
    till = await shop.register(device)
    await till.connect()
    old = device.socket
    await device.switch_on()
    await old.closed()
    await until(lambda: len(shop.hub.edge.connections) == 2)
    shop.hub.clock.advance(60)
    seen = (await till.socket.call("pairing.status"))["device"]
    assert (seen["online"], seen["queue_state"]) == (True, "idle")
    envelope = await till.pay()
    assert (await device.started())["transaction_id"] == envelope["transactionId"]
    assert all(message["params"]["device"]["online"] for message in till.socket.waiting("device.presence")), (
        "the register was told that its device went away"
    )


async def test_a_half_open_line_is_no_obstacle(shop: Shop) -> None:
    """The plug was pulled and the hub has not noticed: the device that comes back is not refused."""
    device = await shop.device()
    dead = device.socket
    dead.socket.transport.pause_reading()
    assert (await device.switch_on())["epoch"] == 2
    await device.socket.call("ping")
    await dead.abort()
    await device.socket.call("ping")


async def test_many_times_at_once(shop: Shop) -> None:
    """A device in a reconnect storm: exactly one connection is left, the one that was opened last."""
    device = await shop.device()
    wires = [await shop.hub.wire("device") for _ in range(8)]
    asked = [await wire.ask("hello", _hello(device)) for wire in wires]
    answers = [await answer for answer in asked]
    await until(lambda: len(shop.hub.edge.connections) == 1)
    await wires[-1].call("ping")
    epochs = [answer["result"]["epoch"] for answer in answers if "result" in answer]
    assert sorted(epochs) == list(range(2, 2 + len(epochs)))
    assert answers[-1]["result"]["epoch"] == max(epochs)
    for wire, answer in zip(wires[:-1], answers[:-1], strict=True):
        assert "result" in answer or answer["error"]["data"]["code"] == "connection_replaced"
        assert (await wire.closed())[0] == 4500


async def test_the_transaction_in_flight_goes_on(shop: Shop) -> None:
    """It is never sent as new: the device is asked, and its word counts."""
    device = await shop.device()
    till = await shop.register(device)
    first = await till.pay()
    await device.started()
    await device.socket.call("ping")
    await device.switch_on()
    inquiry = await device.socket.pushed("transaction.inquire")
    assert inquiry["params"] == {"transaction_id": first["transactionId"]}
    await device.socket.answer(inquiry, {"state": "processing", "stage": "waiting_for_card"})
    await device.socket.call("ping")
    assert device.socket.waiting("transaction.start") == []
    assert (await shop.poll(first))["data"]["Stage"] == "waiting_for_card"


async def test_a_result_in_the_hello_settles_what_was_in_flight(shop: Shop) -> None:
    """Recorded, told, and the next one goes out on the new connection."""
    device = await shop.device()
    till = await shop.register(device)
    first, second = await till.pay(), await till.pay()
    await device.started()
    await device.socket.call("ping")
    welcome = await device.switch_on(results=[{"transaction_id": first["transactionId"], "outcome": "approved"}])
    assert welcome["recorded"] == [first["transactionId"]]
    assert (await shop.poll(first))["data"]["TransactionResult"] == "OK-ACCEPTED"
    assert (await device.started())["transaction_id"] == second["transactionId"]


async def test_held_in_the_hello(shop: Shop) -> None:
    """The device says what it is at work on: no question is needed."""
    device = await shop.device()
    till = await shop.register(device)
    first, second = await till.pay(), await till.pay()
    await device.started()
    await device.socket.call("ping")
    in_flight = [{"transaction_id": first["transactionId"], "stage": "entering_pin"}]
    await device.switch_on(in_flight=in_flight)
    await device.socket.call("ping")
    assert device.socket.waiting("transaction.inquire") == []
    assert (await shop.poll(first))["data"]["Stage"] == "entering_pin"
    await device.complete(first["transactionId"])
    assert (await device.started())["transaction_id"] == second["transactionId"]


async def test_requests_of_the_old_one_are_not_served(shop: Shop) -> None:
    """Whatever it still had to say is conditional on its epoch."""
    device = await shop.device()
    old = device.socket
    hello = {"device_id": device.device_id, "serial": device.serial, "credential": device.credential}
    new = await shop.hub.wire("device")
    welcomed = await new.ask("hello", hello)
    asked = await old.ask("pairing.start")
    await welcomed
    assert (await old.closed())[0] == 4500
    assert asked.cancelled() or (await asked)["error"]["data"]["code"] == "connection_replaced"
    await new.call("ping")


def _hello(device: Terminal) -> dict[str, object]:
    return {"device_id": device.device_id, "serial": device.serial, "credential": device.credential}


async def test_a_hello_that_comes_late_takes_nothing_over(shop: Shop) -> None:
    """The network has held it back; its device is long on a newer connection, which would be told to stop for good."""
    device = await shop.device()
    late = await shop.hub.wire("device")
    await device.switch_on()
    answer = await late.ask("hello", _hello(device))
    assert (await answer)["error"]["data"]["code"] == "connection_replaced"
    assert await late.closed() == (4500, "replaced")
    await device.socket.call("ping")
    assert (await device.switch_on())["epoch"] == 3


@pytest.mark.parametrize("wanted", [True, False])
async def test_a_late_hello_waits_for_that_of_the_newer_connection(wanted: bool) -> None:
    """Whether that one is let in is not known before: anybody can say a hello with a wrong credential."""
    newest = Newest()
    decided = asyncio.Event()
    steps: list[str] = []

    async def newer(late: bool) -> None:
        steps.append("newer asks")
        await decided.wait()
        if not wanted:
            raise Unauthorised("a wrong credential")

    async def older(late: bool) -> bool:
        steps.append("older asks")
        return late

    asking = [asyncio.create_task(newest.let_in("T-1", 2, newer)), asyncio.create_task(newest.let_in("T-1", 1, older))]
    other = asyncio.create_task(newest.let_in("T-2", 0, older))
    assert await other is False
    assert steps == ["newer asks", "older asks"]
    decided.set()
    assert (await asyncio.gather(*asking, return_exceptions=True))[1] is wanted
    newest.gone("T-1", 2)
    assert await newest.let_in("T-1", 1, older) is False
