"""Starting: the same id is sent three times, then the device counts as stalled; a refusal to start; late answers."""

from __future__ import annotations

import pytest

from statemachines.transaction import Outcome
from tests.commands.conftest import MakeScene
from tests.commands.scene import Scene, result


async def test_an_unanswered_start_is_sent_again_with_the_same_id(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    paid = await till.pay()
    starts = terminal.frames("transaction.start")
    for _ in range(2):
        await scene.pass_seconds(4.999)
        assert terminal.frames() == []
        await scene.pass_seconds(0.001)
        starts += terminal.frames()
    assert [frame["method"] for frame in starts] == ["transaction.start"] * 3
    assert {frame["params"]["transaction_id"] for frame in starts} == {paid}
    assert [frame["params"]["attempt"] for frame in starts] == [1, 2, 3]
    assert await scene.state(paid) == "sending"


async def test_after_three_it_is_in_doubt_the_queue_stalled_and_the_device_asked(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    paid, next_one = await till.pay(), await till.pay()
    await scene.pass_seconds(15)
    assert [frame["method"] for frame in terminal.frames()] == [*["transaction.start"] * 3, "transaction.inquire"]
    assert await scene.state(paid) == "in_doubt"
    assert (await till.look(paid)).delayed
    assert (await scene.queue()).state == "stalled"
    assert till.presence()[-1] == "stalled"
    assert await scene.state(next_one) == "queued", "the next one does not overtake it"


async def test_a_stalled_device_is_asked_once_per_silence(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    paid = await till.pay()
    await scene.pass_seconds(15)
    terminal.frames()
    await scene.pass_seconds(59.999)
    assert terminal.frames() == []
    await scene.pass_seconds(0.001)
    assert terminal.frame("transaction.inquire")["params"] == {"transaction_id": paid}
    await scene.pass_seconds(600)
    assert len(terminal.frames("transaction.inquire")) == 10
    assert await scene.state(paid) == "in_doubt", "however long it takes: never failed by the hub"


async def test_a_stalled_device_that_answers_brings_it_back(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    paid = await till.pay()
    await scene.pass_seconds(15)
    await terminal.answer(terminal.frames("transaction.inquire")[0], "processing", stage="waiting_for_card")
    assert await scene.state(paid) == "processing"
    assert (await scene.queue()).state == "processing"
    assert till.presence()[-1] == "processing"
    assert till.story(paid) == ["sending", "in_doubt", "processing"]
    assert (await till.look(paid)).stage == "waiting_for_card"


async def test_a_stalled_device_that_never_got_it_is_sent_it_again(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    paid, next_one = await till.pay(), await till.pay()
    await scene.pass_seconds(15)
    await terminal.answer(terminal.frames()[-1], "unknown")
    assert await terminal.start() == paid
    await terminal.complete(paid)
    assert await terminal.start() == next_one


@pytest.mark.parametrize("state", ["accepted", "processing"])
async def test_an_answer_ends_the_resending(scene: Scene, state: str) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    paid = await till.pay()
    await terminal.answer(terminal.frame("transaction.start"), state)
    await scene.pass_seconds(59.999)
    assert terminal.frames() == []
    assert await scene.state(paid) == "processing"


async def test_a_start_may_be_answered_with_the_result(scene: Scene) -> None:
    """The device had finished it before: the same id again gets its stored result."""
    terminal = await scene.device()
    till = await scene.till(terminal)
    paid, next_one = await till.pay(), await till.pay()
    await terminal.answer(terminal.frame("transaction.start"), "completed", result=result(paid))
    assert await scene.state(paid) == "approved"
    assert await terminal.start() == next_one


async def test_a_stage_counts_as_the_acknowledgement(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    paid = await till.pay()
    await terminal.progress(paid, "waiting_for_card")
    assert await scene.state(paid) == "processing"
    assert (await scene.transaction(paid)).acknowledged_at == scene.clock.now_ms()


async def test_an_outcome_without_an_acknowledgement_counts(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    paid = await till.pay()
    await terminal.complete(paid, Outcome.DECLINED)
    assert await scene.state(paid) == "declined"
    await scene.pass_seconds(60)
    assert len(terminal.frames("transaction.start")) == 1


async def test_one_send_is_enough_where_the_operator_wants_no_more(make_scene: MakeScene) -> None:
    scene = await make_scene(acknowledge_sends=1)
    terminal = await scene.device()
    paid = await (await scene.till(terminal)).pay()
    await scene.pass_seconds(5)
    assert await scene.state(paid) == "in_doubt"
    assert len(terminal.frames("transaction.start")) == 1


# A device that refuses to start


async def test_a_device_that_refuses_is_asked_again_after_a_pause(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    paid = await till.pay()
    await terminal.refuse(terminal.frame("transaction.start"))
    assert await scene.state(paid) == "queued"
    assert (await scene.queue()).state == "stalled"
    assert till.presence()[-1] == "stalled"
    await scene.pass_seconds(2.999)
    assert terminal.frames() == []
    await scene.pass_seconds(0.001)
    assert await terminal.start() == paid
    assert till.story(paid) == ["sending", "queued", "sending", "processing"]


async def test_the_registers_learn_that_the_stall_is_over(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    paid = await till.pay()
    await terminal.refuse(terminal.frame("transaction.start"))
    await scene.pass_seconds(3)
    assert await terminal.start() == paid
    assert till.presence()[-1] != "stalled"


async def test_the_registers_learn_that_the_stall_is_over_when_nothing_waits_any_more(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    paid = await till.pay()
    await terminal.refuse(terminal.frame("transaction.start"))
    assert (await till.cancel(paid)).answer == "cancelled"
    await scene.pass_seconds(3)
    assert (await scene.queue()).state == "idle"
    assert till.presence()[-1] == "idle"


async def test_the_registers_learn_that_the_stall_is_over_with_a_late_outcome(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    paid = await till.pay()
    await scene.pass_seconds(15)
    await terminal.complete(paid)
    assert (await scene.queue()).state == "idle"
    assert till.presence()[-1] == "idle"


async def test_a_refused_one_keeps_its_place_at_the_head(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    first, second = await till.pay(), await till.pay()
    await terminal.refuse(terminal.frame("transaction.start"))
    third = await till.pay()
    assert [(await till.look(each)).queue_position for each in (first, second, third)] == [1, 2, 3]
    await scene.pass_seconds(3)
    assert await terminal.start() == first


async def test_a_device_that_refuses_until_the_start_deadline(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    paid = await till.pay()
    refused = 0
    while (await scene.state(paid)) != "cancelled":
        for request in terminal.frames("transaction.start"):
            await terminal.refuse(request)
            refused += 1
        await scene.pass_seconds(3)
    assert refused == 60
    seen = await till.look(paid)
    assert (seen.cause, seen.never_sent) == ("start_deadline", False)
    assert scene.clock.now_ms() - (await scene.transaction(paid)).received_at == 180_000


async def test_a_refusal_after_the_acknowledgement_is_not_believed(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    paid = await till.pay()
    request = terminal.frame("transaction.start")
    await terminal.answer(request)
    await terminal.refuse(request)
    assert await scene.state(paid) == "processing"


# Late answers: each is about the attempt that it answers


async def test_the_refusal_of_an_earlier_attempt_does_not_undo_a_later_one(scene: Scene) -> None:
    """The device was busy when the first frame came, and took the second: it is at work, and may charge."""
    terminal = await scene.device()
    till = await scene.till(terminal)
    paid = await till.pay()
    await scene.pass_seconds(5)
    first, second = terminal.frames("transaction.start")
    await terminal.refuse(first)
    assert await scene.state(paid) == "sending"
    assert (await till.cancel(paid)).answer == "requested", "only the device can say so now"
    await terminal.answer(second)
    await terminal.complete(paid)
    assert await scene.state(paid) == "approved"


async def test_the_refusal_of_the_last_attempt_counts(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    paid = await till.pay()
    await scene.pass_seconds(5)
    first, second = terminal.frames("transaction.start")
    await terminal.refuse(first)
    await terminal.refuse(second)
    assert await scene.state(paid) == "queued"


async def test_never_got_it_said_of_an_earlier_attempt_does_not_undo_a_later_one(scene: Scene) -> None:
    """Two inquiries were out; the answer to the first had it sent again; the answer to the second is history."""
    terminal = await scene.device()
    till = await scene.till(terminal)
    paid = await till.pay()
    await terminal.switch_on()
    await scene.pass_seconds(5)
    first, second = terminal.frames("transaction.inquire")
    await terminal.answer(first, "unknown")
    start = terminal.frame("transaction.start")
    assert (await till.cancel(paid)).answer == "requested"
    await terminal.answer(second, "unknown")
    assert await scene.state(paid) == "cancelling", "the device may be charging by now"
    assert terminal.frames("transaction.start") == []
    await terminal.answer(start)
    await terminal.complete(paid)
    assert await scene.state(paid) == "approved"


async def test_a_device_that_answers_a_start_with_unknown_is_not_sent_it_without_a_pause(scene: Scene) -> None:
    """Out of protocol, and still bounded: `unknown` answers an inquiry."""
    terminal = await scene.device()
    till = await scene.till(terminal)
    await till.pay()
    await terminal.answer(terminal.frame("transaction.start"), "unknown")
    assert terminal.frames("transaction.start") == []


async def test_a_late_acknowledgement_of_what_has_ended_changes_nothing(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    paid = await till.pay()
    request = terminal.frame("transaction.start")
    await terminal.complete(paid)
    await terminal.answer(request)
    assert await scene.state(paid) == "approved"
    assert till.story(paid) == ["sending", "approved"]
