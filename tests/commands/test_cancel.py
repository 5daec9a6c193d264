"""Cancelling from the POS: in each state, with its honest answer."""

from __future__ import annotations

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


async def test_a_queued_one_is_cancelled_and_was_never_sent(scene: Scene, terminal: Terminal, till: Till) -> None:
    await till.pay()
    waiting = await till.pay()
    for _ in range(2):
        cancelled = await till.cancel(waiting)
        seen = cancelled.transaction
        assert (cancelled.answer, seen.state, seen.never_sent) == ("cancelled", "cancelled", True)
        assert seen.cause == "cancelled_by_pos"
    assert terminal.frames("transaction.cancel") == []
    assert till.story(waiting) == ["queued", "cancelled"]


@pytest.mark.parametrize("acknowledged", [True, False])
async def test_one_in_flight_is_the_devices_to_decide(
    scene: Scene, terminal: Terminal, till: Till, acknowledged: bool
) -> None:
    paid, next_one = await till.pay(), await till.pay()
    if acknowledged:
        await terminal.start()
    cancelled = await till.cancel(paid)
    assert (cancelled.answer, cancelled.transaction.state) == ("requested", "cancelling")
    assert cancelled.transaction.cancel_requested
    await terminal.answer_cancel(terminal.frame("transaction.cancel"), "cancelling")
    assert await scene.state(paid) == "cancelling"
    await terminal.complete(paid, Outcome.CANCELLED)
    seen = await till.look(paid)
    assert (seen.state, seen.cause, seen.never_sent) == ("cancelled", "device", False)
    assert [frame["params"]["transaction_id"] for frame in terminal.frames("transaction.start")][-1] == next_one


async def test_asking_again_asks_the_device_again(scene: Scene, terminal: Terminal, till: Till) -> None:
    paid = await till.pay()
    await terminal.start()
    for _ in range(2):
        assert (await till.cancel(paid)).answer == "requested"
        assert len(terminal.frames("transaction.cancel")) == 1
    assert till.story(paid) == ["sending", "processing", "cancelling"]


async def test_the_payment_wins_the_race(scene: Scene, terminal: Terminal, till: Till) -> None:
    paid = await till.pay()
    await terminal.start()
    await till.cancel(paid)
    await terminal.complete(paid, Outcome.APPROVED)
    assert await scene.state(paid) == "approved"
    await terminal.answer_cancel(terminal.frame("transaction.cancel"), "too_late")
    assert await scene.state(paid) == "approved"
    assert (await till.cancel(paid)).answer == "too_late"


async def test_the_payment_that_won_may_come_as_the_answer(scene: Scene, terminal: Terminal, till: Till) -> None:
    paid = await till.pay()
    await terminal.start()
    await till.cancel(paid)
    await terminal.answer_cancel(terminal.frame("transaction.cancel"), "completed", result(paid))
    assert await scene.state(paid) == "approved"


async def test_the_device_says_that_it_is_too_late(scene: Scene, terminal: Terminal, till: Till) -> None:
    paid = await till.pay()
    await terminal.start()
    await till.cancel(paid)
    await terminal.answer_cancel(terminal.frame("transaction.cancel"), "too_late")
    seen = await till.look(paid)
    assert (seen.state, seen.cause, seen.cancel_requested) == ("processing", "cancel_too_late", False)
    await terminal.complete(paid)
    assert (await till.look(paid)).cause is None


@pytest.mark.parametrize("outcome", [Outcome.APPROVED, Outcome.DECLINED, Outcome.FAILED])
async def test_what_has_ended_otherwise_is_too_late(
    scene: Scene, terminal: Terminal, till: Till, outcome: Outcome
) -> None:
    paid = await till.pay()
    await terminal.complete(paid, outcome)
    cancelled = await till.cancel(paid)
    assert (cancelled.answer, cancelled.transaction.state) == ("too_late", outcome.value)


async def test_in_doubt_the_answer_is_unknown_and_the_wish_is_kept(
    scene: Scene, terminal: Terminal, till: Till
) -> None:
    paid = await till.pay()
    await terminal.start()
    await terminal.vanish()
    await scene.pass_seconds(15)
    for _ in range(2):
        cancelled = await till.cancel(paid)
        assert (cancelled.answer, cancelled.transaction.state) == ("unknown", "in_doubt")
        assert cancelled.transaction.cancel_requested
    await terminal.switch_on(in_flight=[paid])
    assert await scene.state(paid) == "cancelling"
    assert terminal.frame("transaction.cancel")["params"] == {"transaction_id": paid}
    assert till.story(paid) == ["sending", "processing", "in_doubt", "cancelling"]


async def test_in_doubt_and_never_received_it_ends_as_the_pos_wished(
    scene: Scene, terminal: Terminal, till: Till
) -> None:
    paid = await till.pay()
    await terminal.vanish()
    await scene.pass_seconds(15)
    assert (await till.cancel(paid)).answer == "unknown"
    await terminal.switch_on()
    await terminal.answer(terminal.frame("transaction.inquire"), "unknown")
    seen = await till.look(paid)
    assert (seen.state, seen.cause) == ("cancelled", "cancelled_by_pos")
    assert terminal.frames("transaction.start") == []


@pytest.mark.parametrize("held", [True, False])
async def test_a_wish_from_within_the_grace_reaches_the_device_when_it_is_back(
    scene: Scene, terminal: Terminal, till: Till, held: bool
) -> None:
    paid = await till.pay()
    await terminal.start()
    await terminal.vanish()
    assert (await till.cancel(paid)).answer == "requested"
    await terminal.switch_on(in_flight=[paid] if held else [])
    if not held:
        await terminal.answer(terminal.frame("transaction.inquire"), "processing")
    assert await scene.state(paid) == "cancelling"
    assert terminal.frame("transaction.cancel")["params"] == {"transaction_id": paid}


async def test_a_request_that_was_lost_with_the_connection_is_sent_again(
    scene: Scene, terminal: Terminal, till: Till
) -> None:
    paid = await till.pay()
    await terminal.start()
    await till.cancel(paid)
    assert len(terminal.frames("transaction.cancel")) == 1
    await terminal.switch_on(in_flight=[paid])
    assert len(terminal.frames("transaction.cancel")) == 1


async def test_a_start_that_is_repeated_is_followed_by_the_cancel(scene: Scene, terminal: Terminal, till: Till) -> None:
    paid = await till.pay()
    await till.cancel(paid)
    terminal.frames()
    await scene.pass_seconds(5)
    assert [frame["method"] for frame in terminal.frames()] == ["transaction.start", "transaction.cancel"]


@pytest.mark.parametrize("answer", ["cancelling", "too_late"])
async def test_an_answer_to_the_cancel_says_that_the_device_has_it(
    scene: Scene, terminal: Terminal, till: Till, answer: str
) -> None:
    """Law 2: what the device has once acknowledged, in whatever words, is never sent again as new."""
    paid = await till.pay()
    await till.cancel(paid)
    await terminal.answer_cancel(terminal.frame("transaction.cancel"), answer)
    await terminal.vanish()
    await scene.pass_seconds(15)
    assert await scene.state(paid) == "in_doubt"
    await terminal.switch_on()
    await terminal.answer(terminal.frame("transaction.inquire"), "unknown")
    seen = await till.look(paid)
    assert (seen.state, seen.cause) == ("in_doubt", "device_forgot")
    assert terminal.frames("transaction.start") == []


async def test_an_answer_to_the_cancel_is_a_sign_of_life(scene: Scene, terminal: Terminal, till: Till) -> None:
    paid = await till.pay()
    await terminal.start()
    await scene.pass_seconds(50)
    await till.cancel(paid)
    await terminal.answer_cancel(terminal.frame("transaction.cancel"), "cancelling")
    await scene.pass_seconds(59.999)
    assert await scene.state(paid) == "cancelling"
    await scene.pass_seconds(0.001)
    assert await scene.state(paid) == "in_doubt"


async def test_a_refusal_to_start_ends_what_the_pos_has_cancelled(scene: Scene, terminal: Terminal, till: Till) -> None:
    paid = await till.pay()
    start = terminal.frame("transaction.start")
    await till.cancel(paid)
    await terminal.refuse(start)
    seen = await till.look(paid)
    assert (seen.state, seen.cause) == ("cancelled", "cancelled_by_pos")
    await scene.pass_seconds(3)
    assert (await scene.queue()).state == "idle"


async def test_silence_after_the_request_is_in_doubt_like_any_other(
    scene: Scene, terminal: Terminal, till: Till
) -> None:
    paid = await till.pay()
    await terminal.start()
    await till.cancel(paid)
    await scene.pass_seconds(60)
    assert await scene.state(paid) == "in_doubt"


async def test_another_registers_transaction_is_unknown(scene: Scene, terminal: Terminal, till: Till) -> None:
    other = await scene.till(terminal, "R2")
    paid = await till.pay()
    for ask in (other.cancel, other.look):
        with pytest.raises(Refusal) as caught:
            await ask(paid)
        assert caught.value.code == "transaction_unknown"
    assert await scene.state(paid) == "sending"
