"""Law 7: a restart carries on. No connection has survived, every deadline has."""

from __future__ import annotations

import pytest

from statemachines.transaction import Outcome
from tests.commands.scene import Scene, result


async def test_a_restart_finds_every_device_offline_and_tells_the_registers(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    await scene.restart()
    queue = await scene.queue()
    assert (queue.state, queue.due_at) == ("offline", scene.clock.now_ms() + 15_000)
    assert till.presence()[-1] == "offline"
    events = len(till.events())
    await scene.restart()
    assert len(till.events()) == events, "what was offline already is not news"


async def test_nothing_that_was_acknowledged_is_lost(scene: Scene) -> None:
    terminal = await scene.device()
    tills = [await scene.till(terminal, f"R{number}") for number in range(3)]
    submitted = [await tills[number % 3].pay(key=f"key-{number}") for number in range(6)]
    await terminal.start()
    await scene.restart()
    assert [await scene.state(each) for each in submitted] == ["processing", *["queued"] * 5]
    for number, transaction_id in enumerate(submitted):
        again = await tills[number % 3].submit(key=f"key-{number}")
        assert (again.replayed, again.seen.transaction_id) == (True, transaction_id)
    await terminal.switch_on(in_flight=[submitted[0]])
    await terminal.complete(submitted[0])
    for expected in submitted[1:]:
        assert await terminal.start() == expected
        await terminal.complete(expected)


@pytest.mark.parametrize("how", ["in_flight", "result", "never_got_it"])
async def test_the_one_in_flight_is_settled_with_the_device(scene: Scene, how: str) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    paid, next_one = await till.pay(), await till.pay()
    await scene.restart()
    if how == "in_flight":
        await terminal.switch_on(in_flight=[paid])
        await terminal.complete(paid)
    elif how == "result":
        await terminal.switch_on(results=[result(paid)])
    else:
        await terminal.switch_on()
        await terminal.answer(terminal.frame("transaction.inquire"), "unknown")
        assert await terminal.start() == paid
        await terminal.complete(paid)
    assert await scene.state(paid) == "approved"
    assert await terminal.start() == next_one


async def test_the_grace_begins_with_the_restart(scene: Scene) -> None:
    """The hub was away, not the device: its transactions get the same grace to be picked up."""
    terminal = await scene.device()
    till = await scene.till(terminal)
    in_flight, waiting = await till.pay(), await till.pay()
    await terminal.start()
    await scene.close()
    scene.clock.advance(100)
    await scene.open()
    await scene.pass_seconds(14.999)
    assert [await scene.state(each) for each in (in_flight, waiting)] == ["processing", "queued"]
    await scene.pass_seconds(0.001)
    assert [await scene.state(each) for each in (in_flight, waiting)] == ["in_doubt", "cancelled"]
    assert (await till.look(waiting)).cause == "device_offline"


async def test_a_start_deadline_does_not_wait_for_the_hub(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    in_flight, waiting = await till.pay(), await till.pay()
    await terminal.start()
    await scene.close()
    scene.clock.advance(175)
    await scene.open()
    await terminal.switch_on(in_flight=[in_flight])
    await scene.pass_seconds(4.999)
    assert await scene.state(waiting) == "queued"
    await scene.pass_seconds(0.001)
    assert (await till.look(waiting)).cause == "start_deadline"


async def test_one_that_was_too_late_before_the_restart_is_not_sent_after_it(scene: Scene) -> None:
    """The device is back before the deadlines have been looked at."""
    terminal = await scene.device()
    till = await scene.till(terminal)
    in_flight, waiting = await till.pay(), await till.pay()
    await terminal.start()
    await scene.close()
    scene.clock.advance(180)
    await scene.open()
    await terminal.switch_on(results=[result(in_flight)])
    assert terminal.frames("transaction.start") == []
    seen = await till.look(waiting)
    assert (seen.state, seen.never_sent) == ("cancelled", True)


async def test_what_was_in_doubt_stays_in_doubt(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    paid = await till.pay()
    await terminal.start()
    await scene.pass_seconds(60)
    await scene.restart()
    await scene.pass_seconds(1_000_000)
    assert await scene.state(paid) == "in_doubt"
    await terminal.switch_on(results=[result(paid, Outcome.DECLINED)])
    assert await scene.state(paid) == "declined"


async def test_a_stalled_queue_goes_on_with_the_next_connection(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    paid = await till.pay()
    await terminal.refuse(terminal.frame("transaction.start"))
    await scene.restart()
    await terminal.switch_on()
    assert await terminal.start() == paid


async def test_a_cancel_that_was_asked_for_is_remembered(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    paid = await till.pay()
    await terminal.start()
    await till.cancel(paid)
    await scene.restart()
    await terminal.switch_on(in_flight=[paid])
    assert len(terminal.frames("transaction.cancel")) == 1


async def test_a_pairing_code_outlives_a_restart(scene: Scene) -> None:
    terminal = await scene.device()
    code = await terminal.code()
    await scene.restart()
    connected = await terminal.switch_on()
    assert connected.pairing_code is not None
    assert connected.pairing_code.code == code.code
    await (await scene.till()).redeem(code.code)


async def test_the_sequence_of_events_goes_on_without_a_gap(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    await till.pay()
    await scene.restart()
    await terminal.switch_on()
    numbers = [event["params"]["event"] for event in till.events()]
    assert numbers == list(range(1, len(numbers) + 1))
