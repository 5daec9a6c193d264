"""A link that is lost: the grace, the doubt, and what the device says when it is back."""

from __future__ import annotations

import pytest

from statemachines.transaction import Outcome
from tests.commands.scene import Scene, Terminal, Till, result


@pytest.fixture
async def terminal(scene: Scene) -> Terminal:
    return await scene.device()


@pytest.fixture
async def till(scene: Scene, terminal: Terminal) -> Till:
    return await scene.till(terminal)


@pytest.mark.parametrize("acknowledged", [True, False])
async def test_what_was_in_flight_is_in_doubt_after_the_grace_and_not_before(
    scene: Scene, terminal: Terminal, till: Till, acknowledged: bool
) -> None:
    paid = await till.pay()
    if acknowledged:
        await terminal.start()
    await terminal.vanish()
    assert (await scene.queue()).state == "offline"
    assert till.presence()[-1] == "offline"
    await scene.pass_seconds(14.999)
    assert await scene.state(paid) == ("processing" if acknowledged else "sending")
    await scene.pass_seconds(0.001)
    seen = await till.look(paid)
    assert (seen.state, seen.cause, seen.never_sent) == ("in_doubt", "device_offline", False)
    assert (await scene.transaction(paid)).due_at is None, "nothing more happens by itself"
    await scene.pass_seconds(1_000_000)
    assert await scene.state(paid) == "in_doubt"


async def test_where_one_in_doubt_is_nobody_knows(scene: Scene, terminal: Terminal, till: Till) -> None:
    """It has no place in the queue until the device says that it has it; the others keep theirs."""
    paid, waiting = await till.pay(), await till.pay()
    await terminal.start()
    await scene.pass_seconds(60)
    told = till.events("transaction.updated")[-1]["params"]["transaction"]
    assert (told["transaction_id"], told["state"]) == (paid, "in_doubt")
    assert "queue_position" not in told
    assert [(await till.look(each)).queue_position for each in (paid, waiting)] == [None, 1]
    await terminal.progress(paid, "entering_pin")
    assert [(await till.look(each)).queue_position for each in (paid, waiting)] == [0, 1]


async def test_nothing_is_sent_to_a_device_that_is_away(scene: Scene, terminal: Terminal, till: Till) -> None:
    await till.pay()
    terminal.frames()
    await terminal.vanish()
    await scene.pass_seconds(1_000)
    await till.pay()
    await scene.pass_seconds(1_000)
    assert terminal.frames() == []


@pytest.mark.parametrize("away_seconds", [0, 10, 1_000])
@pytest.mark.parametrize("acknowledged", [True, False])
async def test_it_comes_back_with_it_in_flight(
    scene: Scene, terminal: Terminal, till: Till, away_seconds: float, acknowledged: bool
) -> None:
    paid = await till.pay()
    if acknowledged:
        await terminal.start()
    await terminal.vanish()
    await scene.pass_seconds(away_seconds)
    await terminal.switch_on(in_flight=[paid])
    assert await scene.state(paid) == "processing"
    assert (await scene.queue()).state == "processing"
    assert terminal.frames() == [], "it is neither sent again nor asked about"
    await scene.pass_seconds(59.999)
    await terminal.complete(paid)
    assert await scene.state(paid) == "approved"


@pytest.mark.parametrize("away_seconds", [0, 10, 1_000])
@pytest.mark.parametrize("acknowledged", [True, False])
async def test_it_comes_back_with_the_result(
    scene: Scene, terminal: Terminal, till: Till, away_seconds: float, acknowledged: bool
) -> None:
    paid = await till.pay()
    if acknowledged:
        await terminal.start()
    await terminal.vanish()
    await scene.pass_seconds(away_seconds)
    next_one = await till.pay()
    connected = await terminal.switch_on(results=[result(paid, Outcome.DECLINED, reason="insufficient_funds")])
    assert connected.recorded == [paid]
    assert await scene.state(paid) == "declined"
    assert await terminal.start() == next_one


async def test_it_comes_back_with_the_result_and_another_in_flight(
    scene: Scene, terminal: Terminal, till: Till
) -> None:
    """It had been given up as forgotten, the queue went on, and now it turns out that the device has both."""
    first, second = await till.pay(), await till.pay()
    await terminal.start()
    await terminal.switch_on()
    await terminal.answer(terminal.frame("transaction.inquire"), "unknown")
    assert await terminal.start() == second
    await terminal.switch_on(results=[result(second)], in_flight=[first])
    assert [await scene.state(each) for each in (first, second)] == ["processing", "approved"]
    queue = await scene.queue()
    assert (queue.state, queue.current) == ("processing", first)
    waiting = await till.pay()
    assert await scene.state(waiting) == "queued", "one at a time"


@pytest.mark.parametrize("away_seconds", [0, 1_000])
async def test_it_never_got_it_and_gets_it_again_before_the_others(
    scene: Scene, terminal: Terminal, till: Till, away_seconds: float
) -> None:
    paid, waiting = await till.pay(), await till.pay()
    await terminal.switch_on()
    inquiry = terminal.frame("transaction.inquire")
    assert inquiry["params"] == {"transaction_id": paid}
    assert (await scene.queue()).state == "reconciling"
    await terminal.answer(inquiry, "unknown")
    assert await terminal.start() == paid
    assert await scene.state(waiting) == "queued"


async def test_it_never_got_it_and_it_is_too_late_now(scene: Scene, terminal: Terminal, till: Till) -> None:
    paid = await till.pay()
    await terminal.vanish()
    await scene.pass_seconds(180)
    await terminal.switch_on()
    await terminal.answer(terminal.frame("transaction.inquire"), "unknown")
    seen = await till.look(paid)
    assert (seen.state, seen.cause) == ("cancelled", "not_received")
    assert terminal.frames("transaction.start") == []
    assert (await scene.queue()).state == "idle"


async def test_one_that_it_had_acknowledged_and_then_forgot_stays_in_doubt_and_the_queue_goes_on(
    scene: Scene, terminal: Terminal, till: Till
) -> None:
    paid, next_one = await till.pay(), await till.pay()
    await terminal.start()
    await terminal.switch_on()
    await terminal.answer(terminal.frame("transaction.inquire"), "unknown")
    seen = await till.look(paid)
    assert (seen.state, seen.cause, seen.queue_position) == ("in_doubt", "device_forgot", None)
    assert await terminal.start() == next_one
    await scene.pass_seconds(10_000)
    assert await scene.state(paid) == "in_doubt"


async def test_what_it_forgot_it_may_remember(scene: Scene, terminal: Terminal, till: Till) -> None:
    paid, next_one = await till.pay(), await till.pay()
    await terminal.start()
    await terminal.switch_on()
    await terminal.answer(terminal.frame("transaction.inquire"), "unknown")
    assert await terminal.start() == next_one
    await terminal.complete(paid)
    assert await scene.state(paid) == "approved"
    assert await scene.state(next_one) == "processing", "the one in flight is not disturbed"
    assert (await scene.queue()).current == next_one


async def test_the_answer_to_an_inquiry_may_be_the_result(scene: Scene, terminal: Terminal, till: Till) -> None:
    paid, next_one = await till.pay(), await till.pay()
    await terminal.start()
    await terminal.switch_on()
    await terminal.answer(terminal.frame("transaction.inquire"), "completed", result=result(paid))
    assert await scene.state(paid) == "approved"
    assert await terminal.start() == next_one


async def test_an_unanswered_inquiry_is_repeated_then_the_device_counts_as_stalled(
    scene: Scene, terminal: Terminal, till: Till
) -> None:
    paid, waiting = await till.pay(), await till.pay()
    await terminal.start()
    await terminal.switch_on()
    await scene.pass_seconds(14.999)
    assert len(terminal.frames("transaction.inquire")) == 3
    assert await scene.state(paid) == "processing"
    await scene.pass_seconds(0.001)
    assert await scene.state(paid) == "in_doubt"
    assert (await scene.queue()).state == "stalled"
    assert await scene.state(waiting) == "queued"
    await terminal.answer(terminal.frames("transaction.inquire")[-1], "processing")
    assert await scene.state(paid) == "processing"


async def test_results_of_transactions_that_are_not_its_own_are_refused(
    scene: Scene, terminal: Terminal, till: Till
) -> None:
    other = await scene.device("D2")
    foreign = await (await scene.till(other, "R2")).pay()
    connected = await terminal.switch_on(results=[result(foreign), result("nobodys")])
    assert connected.recorded == []
    assert [(each.index, each.transaction_id, each.code) for each in connected.refused] == [
        (0, foreign, "transaction_unknown"),
        (1, "nobodys", "transaction_unknown"),
    ]
    assert await scene.state(foreign) == "sending"


async def test_a_result_that_does_not_fit_is_refused_and_the_rest_counts(
    scene: Scene, terminal: Terminal, till: Till
) -> None:
    paid = await till.pay()
    connected = await terminal.switch_on(results=[result(paid, Outcome.DONE), result(paid)])
    assert connected.recorded == [paid]
    assert [(each.index, each.code) for each in connected.refused] == [(0, "outcome_does_not_fit")]
    assert await scene.state(paid) == "approved"


async def test_a_result_for_one_that_was_never_sent_is_refused(scene: Scene, terminal: Terminal, till: Till) -> None:
    first, waiting = await till.pay(), await till.pay()
    connected = await terminal.switch_on(results=[result(waiting)], in_flight=[first])
    assert (connected.recorded, [each.code for each in connected.refused]) == ([], ["transaction_not_started"])
    assert await scene.state(waiting) == "queued"


async def test_the_result_of_one_that_was_put_back_counts_and_the_others_move_up(
    scene: Scene, terminal: Terminal, till: Till
) -> None:
    """Refused as busy, and yet done: its word on the outcome wins."""
    paid, waiting = await till.pay(), await till.pay()
    await terminal.refuse(terminal.frame("transaction.start"))
    assert (await till.look(waiting)).queue_position == 2
    await terminal.complete(paid)
    assert await scene.state(paid) == "approved"
    last = till.events("transaction.updated")[-1]["params"]["transaction"]
    assert (last["transaction_id"], last["queue_position"]) == (waiting, 1)
    history = [line.split(" ")[1:] for line in (await scene.transaction(paid)).history.splitlines()]
    assert history[-2:] == [["dispatch", "sending"], ["complete_approved", "approved"]]
    await scene.pass_seconds(3)
    assert await terminal.start() == waiting


async def test_results_are_taken_once_and_told_as_recorded_every_time(
    scene: Scene, terminal: Terminal, till: Till
) -> None:
    paid = await till.pay()
    for _ in range(2):
        connected = await terminal.switch_on(results=[result(paid)])
        assert connected.recorded == [paid]
    assert till.story(paid) == ["sending", "approved"]


async def test_stages_are_told_and_kept_in_the_history(scene: Scene, terminal: Terminal, till: Till) -> None:
    paid = await till.pay()
    await terminal.start()
    for stage in ("waiting_for_card", "entering_pin", "entering_pin", "authorising"):
        await terminal.progress(paid, stage)
    told = [event["params"]["transaction"].get("stage") for event in till.events("transaction.updated")]
    assert told == [None, None, "waiting_for_card", "entering_pin", "authorising"]
    await terminal.complete(paid)
    assert (await till.look(paid)).stage is None
    history = (await scene.transaction(paid)).history
    assert [line.split(" ")[1] for line in history.splitlines()] == [
        "submit",
        "dispatch",
        "acknowledge",
        "stage:waiting_for_card",
        "stage:entering_pin",
        "stage:authorising",
        "complete_approved",
    ]


async def test_a_flood_of_stages_cannot_grow_the_record_without_end(
    scene: Scene, terminal: Terminal, till: Till
) -> None:
    paid = await till.pay()
    await terminal.start()
    for number in range(600):
        await terminal.progress(paid, f"stage_{number:034}")
    assert len((await scene.transaction(paid)).history) < 16_384 + 100


async def test_no_more_than_four_digits_of_a_card_are_ever_stored(scene: Scene, terminal: Terminal, till: Till) -> None:
    paid = await till.pay()
    await terminal.start()
    await terminal.complete(paid, card_pan="4111 1111-1111 0138")
    stored = (await scene.transaction(paid)).result
    assert stored is not None
    assert stored.card_pan == "....0138"
