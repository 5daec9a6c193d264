"""A register's events: one gapless sequence, replayed from the last one seen, or a snapshot instead."""

from __future__ import annotations

import asyncio

import pytest

from hub.commands import retention
from tests.shop import Shop, Terminal, Till, until
from tests.sockets.events import next_pushed, numbers
from tests.wire import Json


async def paid(shop: Shop, device: Terminal, till: Till) -> Json:
    """A purchase from submit to outcome: five events."""
    envelope = await till.pay()
    await device.started()
    await device.socket.call("ping")
    await device.socket.call(
        "transaction.progress", {"transaction_id": envelope["transactionId"], "stage": "entering_pin"}
    )
    await device.complete(envelope["transactionId"])
    return envelope


async def test_the_story_of_a_purchase(shop: Shop) -> None:
    """Queued, sent, taken up, its stage, its outcome: one event each, one number each."""
    device = await shop.device()
    till = await shop.register(device)
    welcome = await till.connect()
    assert welcome["event"] == 1
    envelope = await paid(shop, device, till)
    pushed = await next_pushed(till.socket, 4)
    assert numbers(pushed) == [2, 3, 4, 5]
    assert {each["method"] for each in pushed} == {"transaction.updated"}
    story = [each["params"]["transaction"] for each in pushed]
    assert {each["transaction_id"] for each in story} == {envelope["transactionId"]}
    assert [(each["state"], each.get("stage"), each.get("queue_position"), each["final"]) for each in story] == [
        ("sending", None, 0, False),
        ("processing", None, 0, False),
        ("processing", "entering_pin", 0, False),
        ("approved", None, None, True),
    ]


async def test_complete_replay(shop: Shop) -> None:
    """From any number on, exactly what followed it, frame for frame as it was pushed; then the live ones."""
    device = await shop.device()
    till = await shop.register(device)
    await till.connect()
    live = till.socket
    await paid(shop, device, till)
    pushed = await next_pushed(live, 4)
    for seen in range(1, 5):
        welcome = await till.connect(last_event=seen)
        assert (welcome["replay"], welcome["event"]) == ("complete", 5)
        assert await next_pushed(till.socket, 5 - seen) == pushed[seen - 1 :]
    await paid(shop, device, till)
    assert numbers(await next_pushed(till.socket, 4)) == [6, 7, 8, 9]


async def test_replay_from_the_beginning(shop: Shop) -> None:
    """0 is "I have seen none"."""
    device = await shop.device()
    till = await shop.register(device)
    await paid(shop, device, till)
    assert (await till.connect(last_event=0))["replay"] == "complete"
    assert numbers(await next_pushed(till.socket, 5)) == [1, 2, 3, 4, 5]


async def test_nothing_missed(shop: Shop) -> None:
    device = await shop.device()
    till = await shop.register(device)
    for hello in ({"last_event": 1}, {}):
        assert (await till.connect(**hello))["replay"] == "none"
        await till.socket.call("ping")
        assert till.socket._pushed == []


async def test_nothing_to_replay_for_a_stranger(shop: Shop) -> None:
    assert (await Till(shop.hub).connect(last_event=0))["replay"] == "none"


@pytest.mark.parametrize("number", [7, 1_000_000, 2**63, 2**80, -1, -(2**70)])
async def test_numbers_that_were_never_given(shop: Shop, number: int) -> None:
    """After a restore from a backup, say: a snapshot, and events go on after its number."""
    device = await shop.device()
    till = await shop.register(device)
    waiting = await till.pay()
    welcome = await till.connect(last_event=number)
    assert (welcome["replay"], welcome["event"]) == ("snapshot", 2)
    assert welcome["pairing"]["paired"] is True
    assert [each["transaction_id"] for each in welcome["transactions"]] == [waiting["transactionId"]]
    await till.pay()
    assert numbers(await next_pushed(till.socket, 1)) == [3]


async def test_too_old(shop: Shop) -> None:
    """Events are kept for a week; who comes later gets a snapshot, never a silent gap."""
    device = await shop.device()
    till = await shop.register(device)
    await paid(shop, device, till)
    shop.hub.clock.advance(7 * 86_400 - 60)
    assert (await till.connect(last_event=2))["replay"] == "complete"
    await paid(shop, device, till)
    shop.hub.clock.advance(120)
    await shop.hub.edge.engine.execute(retention.sweep)
    assert (await till.connect(last_event=2))["replay"] == "snapshot"
    assert (await till.connect(last_event=4))["replay"] == "snapshot"
    assert (await till.connect(last_event=5))["replay"] == "complete"
    assert numbers(await next_pushed(till.socket, 4)) == [6, 7, 8, 9]


async def test_all_of_them_too_old(shop: Shop) -> None:
    device = await shop.device()
    till = await shop.register(device)
    await paid(shop, device, till)
    shop.hub.clock.advance(8 * 86_400)
    await shop.hub.edge.engine.execute(retention.sweep)
    assert (await till.connect(last_event=3))["replay"] == "snapshot"
    assert (await till.connect(last_event=5))["replay"] == "none"


async def test_a_long_absence(shop: Shop) -> None:
    """More events than a page or an outbox holds come in order, without a gap, while live ones go on."""
    device = await shop.device()
    till = await shop.register(device)
    envelope = await till.pay()
    await device.started()
    for count in range(600):
        await device.socket.call(
            "transaction.progress", {"transaction_id": envelope["transactionId"], "stage": f"stage_{count}"}
        )
    welcome = await till.connect(last_event=0)
    assert welcome["replay"] == "complete"
    await asyncio.gather(*(till.pay() for _ in range(10)))
    expected = welcome["event"] + 10
    assert numbers(await next_pushed(till.socket, expected)) == list(range(1, expected + 1))


async def test_two_sockets_of_one_register(shop: Shop) -> None:
    """A till and the office screen beside it: both get every event, in the same order."""
    device = await shop.device()
    till = await shop.register(device)
    await till.connect()
    first = till.socket
    await till.connect()
    await paid(shop, device, till)
    assert await next_pushed(first, 4) == await next_pushed(till.socket, 4)


async def test_each_register_has_its_own(shop: Shop) -> None:
    """Another register's events neither arrive nor leave a gap."""
    device = await shop.device()
    till, other = await shop.register(device), await shop.register(device, register_id="other")
    await till.connect()
    await other.connect()
    await paid(shop, device, other)
    await paid(shop, device, till)
    assert numbers(await next_pushed(till.socket, 4)) == [2, 3, 4, 5]
    assert numbers(await next_pushed(other.socket, 4)) == [2, 3, 4, 5]
    for socket in (till.socket, other.socket):
        await socket.call("ping")
        assert socket._pushed == []


async def test_over_a_restart(shop: Shop) -> None:
    """The sequence goes on where it was."""
    device = await shop.device()
    till = await shop.register(device)
    await paid(shop, device, till)
    await shop.hub.stop()
    await shop.hub.start()
    welcome = await till.connect(last_event=4)
    assert welcome["replay"] == "complete"
    pushed = await next_pushed(till.socket, welcome["event"] - 4)
    assert numbers(pushed) == list(range(5, welcome["event"] + 1))
    assert pushed[-1]["method"] == "device.presence"
    assert pushed[-1]["params"]["device"]["online"] is False


async def test_presence(shop: Shop) -> None:
    """Every register of a device hears that it went and that it came."""
    device = await shop.device()
    tills = [await shop.register(device, register_id=name) for name in ("a", "b")]
    stranger = await shop.register(await shop.device("T2"), register_id="c")
    for till in (*tills, stranger):
        await till.connect()
    await device.socket.abort()
    for till in tills:
        gone = await till.socket.pushed("device.presence")
        assert gone["params"]["device"] == {
            "device_id": "7070714000",
            "device_name": "7070714000",
            "online": False,
            "queue_state": "offline",
            "queue_depth": 0,
        }
    await device.switch_on()
    for till in tills:
        back = await till.socket.pushed("device.presence")
        assert back["params"]["device"]["online"] is True
    await stranger.socket.call("ping")
    assert stranger.socket.waiting("device.presence") == []


async def test_queue_positions(shop: Shop) -> None:
    """Whoever waits hears when it moves up, whosever transaction left."""
    device = await shop.device()
    tills = [await shop.register(device, register_id=name) for name in ("a", "b", "c")]
    for till in tills:
        await till.connect()
    envelopes = [await till.pay() for till in tills]
    await device.started()
    await device.complete(envelopes[0]["transactionId"])
    assert await _positions(tills[1], envelopes[1], until_position=0) == [1, 0]
    assert await _positions(tills[2], envelopes[2], until_position=1) == [2, 1]


async def _positions(till: Till, envelope: Json, *, until_position: int) -> list[int]:
    """The queue positions that the register was told of one transaction, without repetitions."""
    positions: list[int] = []
    while not positions or positions[-1] != until_position:
        message = await till.socket.pushed("transaction.updated")
        seen = message["params"]["transaction"]
        assert seen["transaction_id"] == envelope["transactionId"]
        if not positions or positions[-1] != seen["queue_position"]:
            positions.append(seen["queue_position"])
    return positions


async def test_a_stalled_device_is_shown(shop: Shop) -> None:
    device = await shop.device()
    till = await shop.register(device)
    await till.connect()
    await till.pay()
    request = await device.socket.pushed("transaction.start")
    await device.socket.refuse(request, "busy")
    seen = (await till.socket.pushed("device.presence"))["params"]["device"]
    assert (seen["online"], seen["queue_state"]) == (True, "stalled")


async def test_events_of_an_aborted_socket_are_not_lost(shop: Shop) -> None:
    """Cut in mid-flow and resumed from the last one seen: together they are the whole sequence."""
    device = await shop.device()
    till = await shop.register(device)
    await till.connect()
    await till.pay()
    seen = numbers(await next_pushed(till.socket, 1))
    await till.socket.abort()
    await until(lambda: len(shop.hub.edge.connections) == 1)
    await till.pay()
    welcome = await till.connect(last_event=seen[-1])
    seen += numbers(await next_pushed(till.socket, welcome["event"] - seen[-1]))
    assert seen == list(range(2, welcome["event"] + 1))
