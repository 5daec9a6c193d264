"""A replaced hardware: the same device id, another serial. Only the one that got a transaction can speak for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from statemachines.refusal import Refusal
from statemachines.transaction import Outcome
from tests.commands.scene import Scene, Terminal, Till, result


@pytest.fixture
async def terminal(scene: Scene) -> Terminal:
    return await scene.device()


@pytest.fixture
async def till(scene: Scene, terminal: Terminal) -> Till:
    return await scene.till(terminal)


@pytest.mark.parametrize("acknowledged", [True, False])
@pytest.mark.parametrize("away_seconds", [None, 0, 1_000])
async def test_what_its_predecessor_had_stays_in_doubt_and_the_queue_goes_on(
    scene: Scene, terminal: Terminal, till: Till, acknowledged: bool, away_seconds: float | None
) -> None:
    paid = await till.pay()
    if acknowledged:
        await terminal.start()
    if away_seconds is not None:
        await terminal.vanish()
        await scene.pass_seconds(away_seconds)
    next_one = await till.pay()
    await terminal.switch_on(serial="SN-2")
    seen = await till.look(paid)
    assert (seen.state, seen.cause, seen.delayed) == ("in_doubt", "device_replaced", True)
    assert terminal.frames("transaction.inquire") == [], "it cannot know"
    assert await terminal.start() == next_one
    await scene.pass_seconds(10_000)
    assert await scene.state(paid) == "in_doubt"


async def test_it_may_claim_what_it_likes(scene: Scene, terminal: Terminal, till: Till) -> None:
    paid = await till.pay()
    await terminal.start()
    connected = await terminal.switch_on(serial="SN-2", in_flight=[paid], results=[result(paid)])
    assert (connected.recorded, [each.code for each in connected.refused]) == ([], ["other_hardware"])
    says: list[Callable[[], Awaitable[object]]] = [
        lambda: terminal.complete(paid),
        lambda: terminal.progress(paid, "entering_pin"),
        lambda: terminal.answer({"id": f"start:{paid}:1"}),
        lambda: terminal.answer({"id": f"inquire:{paid}:1"}, "unknown"),
        lambda: terminal.refuse({"id": f"start:{paid}:1"}),
        lambda: terminal.answer_cancel({"id": f"cancel:{paid}:1"}, "too_late"),
    ]
    for say in says:
        with pytest.raises(Refusal) as caught:
            await say()
        assert caught.value.code == "other_hardware"
    assert (await till.look(paid)).cause == "device_replaced"
    assert await scene.state(paid) == "in_doubt"


async def test_the_old_hardware_comes_back_with_it(scene: Scene, terminal: Terminal, till: Till) -> None:
    paid = await till.pay()
    await terminal.start()
    await terminal.switch_on(serial="SN-2")
    await terminal.switch_on(serial="SN-1", in_flight=[paid])
    assert await scene.state(paid) == "processing"
    assert (await scene.queue()).current == paid
    await terminal.complete(paid)
    assert await scene.state(paid) == "approved"


async def test_the_old_hardware_comes_back_with_the_result(scene: Scene, terminal: Terminal, till: Till) -> None:
    paid = await till.pay()
    await terminal.start()
    await terminal.switch_on(serial="SN-2")
    connected = await terminal.switch_on(serial="SN-1", results=[result(paid, Outcome.CANCELLED)])
    assert connected.recorded == [paid]
    assert await scene.state(paid) == "cancelled"
    assert not (await till.look(paid)).never_sent


async def test_the_old_hardware_comes_back_with_it_while_the_new_one_has_another(
    scene: Scene, terminal: Terminal, till: Till
) -> None:
    """Law 3: what the old one holds is in flight now, what the new one held is in doubt, and no third one is sent."""
    first, second, third = await till.pay(), await till.pay(), await till.pay()
    await terminal.start()
    await terminal.switch_on(serial="SN-2")
    assert await terminal.start() == second
    await terminal.switch_on(serial="SN-1", in_flight=[first])
    assert [await scene.state(each) for each in (first, second, third)] == ["processing", "in_doubt", "queued"]
    queue = await scene.queue()
    assert (queue.state, queue.current) == ("processing", first)
    assert terminal.frames() == []
    await terminal.complete(first)
    assert await terminal.start() == third


async def test_of_what_it_says_to_hold_its_own_counts(scene: Scene, terminal: Terminal, till: Till) -> None:
    first, second = await till.pay(), await till.pay()
    await terminal.start()
    await terminal.switch_on(serial="SN-2")
    assert await terminal.start() == second
    await terminal.switch_on(serial="SN-3")
    await terminal.switch_on(serial="SN-2", in_flight=[first, second])
    assert [await scene.state(each) for each in (first, second)] == ["in_doubt", "processing"]
    assert (await scene.queue()).current == second


async def test_one_that_was_put_back_goes_to_the_new_hardware_and_then_only_that_speaks(
    scene: Scene, terminal: Terminal, till: Till
) -> None:
    paid = await till.pay()
    await terminal.refuse(terminal.frame("transaction.start"))
    await terminal.switch_on(serial="SN-2")
    assert await terminal.start() == paid
    assert (await scene.transaction(paid)).sent_serial == "SN-2"
    await terminal.switch_on(serial="SN-1", results=[result(paid)])
    assert await scene.state(paid) == "in_doubt"


async def test_what_ended_is_told_to_whoever_asks_with_the_record_as_it_is(
    scene: Scene, terminal: Terminal, till: Till
) -> None:
    paid = await till.pay()
    await terminal.start()
    await terminal.complete(paid)
    await terminal.switch_on(serial="SN-2", results=[result(paid, Outcome.DECLINED)])
    found = await scene.transaction(paid)
    assert (found.state, found.conflict) == ("approved", None), "another hardware's word is no conflict"
