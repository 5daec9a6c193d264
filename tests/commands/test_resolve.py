"""The operator: resolves what is in doubt, sees a later word of the device as a conflict, and reviews that."""

from __future__ import annotations

import pytest

from hub.commands import admin, transaction
from hub.wire.function import Function
from statemachines.refusal import Refusal
from statemachines.transaction import Outcome
from tests.commands.scene import Scene, Terminal, Till, result


@pytest.fixture
async def terminal(scene: Scene) -> Terminal:
    return await scene.device()


@pytest.fixture
async def till(scene: Scene, terminal: Terminal) -> Till:
    return await scene.till(terminal)


async def resolve(scene: Scene, transaction_id: str, outcome: Outcome = Outcome.APPROVED) -> None:
    await scene.engine.execute(
        transaction.resolve_by_operator, transaction_id, outcome, operator="anna", note="saw the slip"
    )


async def in_doubt(scene: Scene, terminal: Terminal, till: Till) -> str:
    paid = await till.pay()
    await terminal.start()
    await scene.pass_seconds(60)
    assert await scene.state(paid) == "in_doubt"
    terminal.frames()
    return paid


async def test_what_is_in_doubt_is_resolved_and_the_queue_goes_on(scene: Scene, terminal: Terminal, till: Till) -> None:
    paid = await in_doubt(scene, terminal, till)
    next_one = await till.pay()
    await resolve(scene, paid)
    seen = await till.look(paid)
    assert (seen.state, seen.cause, seen.final) == ("approved", "resolved_by_operator", True)
    assert seen.result is not None
    assert seen.result.resolved_by == "anna"
    assert await terminal.start() == next_one
    story = await scene.engine.query(admin.transaction, paid)
    assert [(action.operator, action.action, action.note) for action in story.actions] == [
        ("anna", "resolve:approved", "saw the slip")
    ]
    assert story.steps[-1].what == "resolve_approved"


async def test_of_an_absent_device_too(scene: Scene, terminal: Terminal, till: Till) -> None:
    paid = await in_doubt(scene, terminal, till)
    await terminal.vanish()
    await resolve(scene, paid, Outcome.FAILED)
    assert (await scene.queue()).current is None
    await terminal.switch_on()
    assert (await scene.queue()).state == "idle"
    assert terminal.frames("transaction.inquire") == []


async def test_one_that_was_given_up_does_not_disturb_the_one_in_flight(
    scene: Scene, terminal: Terminal, till: Till
) -> None:
    paid = await in_doubt(scene, terminal, till)
    next_one = await till.pay()
    await terminal.switch_on(serial="SN-2")
    assert await terminal.start() == next_one
    await resolve(scene, paid)
    assert (await scene.queue()).current == next_one
    assert await scene.state(next_one) == "processing"


async def test_nothing_but_what_is_in_doubt_is_resolved(scene: Scene, terminal: Terminal, till: Till) -> None:
    paid, waiting = await till.pay(), await till.pay()
    for each in (paid, waiting):
        with pytest.raises(Refusal) as caught:
            await resolve(scene, each)
        assert caught.value.code == "transaction_not_in_doubt"
    await terminal.complete(paid)
    with pytest.raises(Refusal):
        await resolve(scene, paid, Outcome.DECLINED)
    assert [await scene.state(each) for each in (paid, waiting)] == ["approved", "sending"]
    with pytest.raises(Refusal) as caught:
        await resolve(scene, "nobodys")
    assert caught.value.code == "transaction_unknown"


async def test_an_outcome_that_does_not_fit_is_refused(scene: Scene, terminal: Terminal, till: Till) -> None:
    paid = await in_doubt(scene, terminal, till)
    with pytest.raises(Refusal) as caught:
        await resolve(scene, paid, Outcome.DONE)
    assert caught.value.code == "outcome_does_not_fit"
    assert await scene.state(paid) == "in_doubt"


async def test_a_function_without_money_is_done(scene: Scene, terminal: Terminal, till: Till) -> None:
    asked = await till.pay(function=Function.TERMINAL_GET_STATUS)
    await terminal.start()
    with pytest.raises(Refusal):
        await terminal.complete(asked, Outcome.APPROVED)
    await terminal.complete(asked, Outcome.DONE, status="READY")
    assert await scene.state(asked) == "done"


async def test_a_later_word_of_the_device_that_agrees_changes_nothing(
    scene: Scene, terminal: Terminal, till: Till
) -> None:
    paid = await in_doubt(scene, terminal, till)
    await resolve(scene, paid)
    recorded = await terminal.complete(paid, Outcome.APPROVED)
    assert not recorded.conflict
    assert not (await till.look(paid)).conflict


async def test_a_later_word_that_disagrees_is_kept_beside_the_record_and_shown(
    scene: Scene, terminal: Terminal, till: Till
) -> None:
    paid = await in_doubt(scene, terminal, till)
    await resolve(scene, paid, Outcome.FAILED)
    recorded = await terminal.complete(paid, Outcome.APPROVED, auth_id="PIN147")
    assert (recorded.state, recorded.conflict) == ("failed", True)
    seen = await till.look(paid)
    assert (seen.state, seen.conflict) == ("failed", True)
    assert till.events("transaction.updated")[-1]["params"]["transaction"]["conflict"] is True
    story = await scene.engine.query(admin.transaction, paid)
    assert story.conflict_outcome == "approved"
    assert story.conflict is not None
    assert story.conflict.auth_id == "PIN147"
    page, _ = await scene.engine.query(
        admin.transactions, state=None, device_id=None, attention=True, before=None, limit=10
    )
    assert [row.transaction.transaction_id for row in page] == [paid]


async def test_the_same_disagreement_again_is_told_once(scene: Scene, terminal: Terminal, till: Till) -> None:
    paid = await in_doubt(scene, terminal, till)
    await resolve(scene, paid, Outcome.FAILED)
    await terminal.complete(paid)
    told = len(till.events("transaction.updated"))
    await terminal.switch_on(results=[result(paid)])
    assert len(till.events("transaction.updated")) == told
    assert (await terminal.complete(paid)).conflict


async def test_a_reviewed_conflict_needs_nobody_any_more_and_a_new_one_does(
    scene: Scene, terminal: Terminal, till: Till
) -> None:
    paid = await in_doubt(scene, terminal, till)
    await resolve(scene, paid, Outcome.FAILED)
    await terminal.complete(paid, Outcome.APPROVED)
    await scene.engine.execute(transaction.review_conflict, paid, operator="anna", note="refunded")
    assert not (await till.look(paid)).conflict
    with pytest.raises(Refusal) as caught:
        await scene.engine.execute(transaction.review_conflict, paid, operator="anna", note="")
    assert caught.value.code == "no_conflict"
    await terminal.complete(paid, Outcome.APPROVED)
    assert not (await till.look(paid)).conflict, "the same word is nothing new"
    await terminal.complete(paid, Outcome.DECLINED)
    assert (await till.look(paid)).conflict


async def test_a_device_that_contradicts_itself_is_shown_too(scene: Scene, terminal: Terminal, till: Till) -> None:
    paid = await till.pay()
    await terminal.complete(paid, Outcome.DECLINED)
    assert (await terminal.complete(paid, Outcome.APPROVED)).conflict
    assert await scene.state(paid) == "declined"
