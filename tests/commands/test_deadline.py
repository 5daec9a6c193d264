"""Time limits: start deadline, offline grace, silence; and that the timer keeps them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from hub.bus.signal import Signal, TransactionChanged, transaction_topic
from hub.commands import deadline
from tests.commands.scene import Scene, Terminal, Till


async def test_a_waiting_one_is_cancelled_at_the_start_deadline_and_was_never_sent(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    on_device = await till.pay()
    await terminal.start()
    await scene.pass_seconds(1)
    waiting = await till.pay()
    for _ in range(6):
        await scene.pass_seconds(29.5)
        await terminal.progress(on_device, "waiting_for_card")
    await scene.pass_seconds(2.999)
    assert await scene.state(waiting) == "queued"
    await scene.pass_seconds(0.001)
    seen = await till.look(waiting)
    assert (seen.state, seen.cause, seen.never_sent) == ("cancelled", "start_deadline", True)
    assert await scene.state(on_device) == "processing", "what has begun has no such deadline"


async def test_a_head_that_is_too_late_is_passed_over_when_the_queue_goes_on(scene: Scene) -> None:
    """The outcome comes in the very millisecond, before the deadline has been looked at."""
    terminal = await scene.device()
    till = await scene.till(terminal)
    on_device, late = await till.pay(), await till.pay()
    await terminal.start()
    scene.clock.advance(1)
    in_time = await till.pay()
    scene.clock.advance(179)
    await terminal.complete(on_device)
    assert await scene.state(late) == "cancelled"
    assert (await till.look(late)).never_sent
    assert await terminal.start() == in_time


async def test_an_absent_device_has_a_grace_then_what_was_never_sent_is_cancelled(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    await terminal.vanish()
    waiting = [await till.pay() for _ in range(3)]
    await scene.pass_seconds(14.999)
    assert {await scene.state(each) for each in waiting} == {"queued"}
    await scene.pass_seconds(0.001)
    for each in waiting:
        seen = await till.look(each)
        assert (seen.state, seen.cause, seen.never_sent) == ("cancelled", "device_offline", True)


async def test_those_that_end_together_are_told_once(scene: Scene) -> None:
    """Not a new place in the queue for each one that leaves it: fifty that wait would make 1,275 events."""
    terminal = await scene.device()
    till = await scene.till(terminal)
    await terminal.vanish()
    waiting = [await till.pay() for _ in range(20)]
    before = len(till.events())
    await scene.pass_seconds(15)
    assert len(till.events()) - before == len(waiting)


async def test_a_device_that_is_back_within_the_grace_gets_them(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    await terminal.vanish()
    first, second = await till.pay(), await till.pay()
    await scene.pass_seconds(14.999)
    await terminal.switch_on()
    assert await terminal.start() == first
    for _ in range(5):
        await scene.pass_seconds(29)
        await terminal.progress(first, "waiting_for_card")
    assert await scene.state(second) == "queued", "the grace does not count any more, the start deadline does"


async def test_a_later_submit_to_an_absent_device_has_a_grace_of_its_own(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    await terminal.vanish()
    await scene.pass_seconds(1_000)
    waiting = await till.pay()
    await scene.pass_seconds(14.999)
    assert await scene.state(waiting) == "queued"
    await scene.pass_seconds(0.001)
    assert await scene.state(waiting) == "cancelled"


async def test_waiting_ones_of_a_device_that_vanishes_get_the_grace(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    on_device, waiting = await till.pay(), await till.pay()
    await terminal.start()
    await terminal.vanish()
    await scene.pass_seconds(15)
    assert await scene.state(waiting) == "cancelled"
    assert await scene.state(on_device) == "in_doubt", "what has begun is not cancelled, it is unknown"


async def test_silence_is_called_a_delay_and_the_answer_brings_it_back(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    paid, next_one = await till.pay(), await till.pay()
    await terminal.start()
    await scene.pass_seconds(59.999)
    assert await scene.state(paid) == "processing"
    await scene.pass_seconds(0.001)
    seen = await till.look(paid)
    assert (seen.state, seen.delayed, seen.cause) == ("in_doubt", True, "device_silent")
    assert (await scene.queue()).state == "stalled"
    assert await scene.state(next_one) == "queued"
    await terminal.answer(terminal.frame("transaction.inquire"), "processing")
    assert (await till.look(paid)).cause is None
    assert await scene.state(paid) == "processing"
    assert till.presence()[-1] == "processing"


@pytest.mark.parametrize("sign", ["progress", "answer"])
async def test_each_message_restarts_the_silence(scene: Scene, sign: str) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    paid = await till.pay()
    request = terminal.frame("transaction.start")
    await terminal.answer(request)
    for _ in range(5):
        await scene.pass_seconds(59)
        if sign == "progress":
            await terminal.progress(paid, "entering_pin")
        else:
            await terminal.answer(request, "processing")
    assert await scene.state(paid) == "processing"
    assert till.story(paid) == ["sending", "processing"]


async def test_a_late_outcome_ends_the_doubt(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    paid, next_one = await till.pay(), await till.pay()
    await terminal.start()
    await scene.pass_seconds(3_600)
    await terminal.complete(paid)
    assert await scene.state(paid) == "approved"
    assert await scene.state(next_one) == "cancelled", "it waited too long meanwhile"
    assert (await scene.queue()).state == "idle"


# The timer itself


class Watch:
    """Waits until a transaction is in a state, woken by the hub's own signals."""

    def __init__(self, scene: Scene, transaction_id: str) -> None:
        self._scene = scene
        self._transaction_id = transaction_id
        self._changed = asyncio.Event()
        scene.bus.subscribe(transaction_topic(transaction_id), self._on_signal)

    def _on_signal(self, signal: Signal) -> None:
        assert isinstance(signal, TransactionChanged)
        self._changed.set()

    async def until(self, state: str) -> None:
        # Cleared before looking: what changes after the look wakes the wait that follows.
        self._changed.clear()
        while await self._scene.state(self._transaction_id) != state:
            await self._changed.wait()
            self._changed.clear()


@pytest.fixture
async def ticking(scene: Scene) -> AsyncIterator[Scene]:
    """The engine's own timers run; time passes by moving the clock, and by nothing else."""
    await scene.engine.start()
    yield scene
    await scene.engine.stop()


async def _begun(scene: Scene) -> tuple[Terminal, Till, str]:
    terminal = await scene.device()
    till = await scene.till(terminal)
    return terminal, till, await till.pay()


async def test_the_timer_wakes_for_a_deadline(ticking: Scene) -> None:
    _, _, paid = await _begun(ticking)
    watch = Watch(ticking, paid)
    for _ in range(3):
        ticking.clock.advance(5)
        await ticking.work_off()
    await watch.until("in_doubt")


async def test_the_timer_wakes_for_one_that_is_sooner_than_the_one_it_waits_for(ticking: Scene) -> None:
    terminal, till, paid = await _begun(ticking)
    await terminal.answer(terminal.frame("transaction.start"))  # silence: in 60 s
    await terminal.vanish()  # the grace: in 15 s
    watch = Watch(ticking, paid)
    ticking.clock.advance(15)
    await watch.until("in_doubt")
    assert (await till.look(paid)).cause == "device_offline"


async def test_the_timer_goes_on_to_the_next_deadline_by_itself(ticking: Scene) -> None:
    terminal, till, paid = await _begun(ticking)
    await terminal.answer(terminal.frame("transaction.start"))
    waiting = await till.pay()
    in_doubt, cancelled = Watch(ticking, paid), Watch(ticking, waiting)
    ticking.clock.advance(60)
    await in_doubt.until("in_doubt")
    ticking.clock.advance(60)
    ticking.clock.advance(60)
    await cancelled.until("cancelled")


async def test_deadlines_that_passed_while_the_hub_was_down_are_worked_off_at_its_start(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    await terminal.vanish()
    waiting = await till.pay()
    await scene.close()
    scene.clock.advance(1_000)
    await scene.open()
    watch = Watch(scene, waiting)
    await scene.engine.start()
    try:
        await watch.until("cancelled")
    finally:
        await scene.engine.stop()


async def test_a_flood_of_deadlines_is_worked_off_in_portions(scene: Scene) -> None:
    tills = []
    for number in range(5):
        terminal = await scene.device(f"D{number}")
        till = await scene.till(terminal, f"R{number}")
        await terminal.vanish()
        tills.append(till)
    waiting = [await tills[number % 5].pay() for number in range(deadline.BATCH + 20)]
    scene.clock.advance(15)
    worked_off = [await scene.engine.execute(deadline.expire) for _ in range(3)]
    assert worked_off == [deadline.BATCH + 5, 20, 0]
    assert {await scene.state(each) for each in waiting} == {"cancelled"}
