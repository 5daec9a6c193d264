"""The queue: order of arrival across registers, one in flight, its limit, idempotency keys, what the tills are told."""

from __future__ import annotations

import pytest

from hub.wire.function import Function
from statemachines.refusal import Refusal
from statemachines.transaction import Outcome
from tests.commands.conftest import MakeScene
from tests.commands.scene import Scene, Till


async def test_one_is_in_flight_and_the_others_wait_in_the_order_of_arrival(scene: Scene) -> None:
    terminal = await scene.device()
    tills = [await scene.till(terminal, f"R{number}") for number in range(3)]
    submitted = [await tills[number % 3].pay() for number in range(7)]
    assert [await scene.state(each) for each in submitted] == ["sending", *["queued"] * 6]

    started = []
    for _ in submitted:
        transaction_id = await terminal.start()
        started.append(transaction_id)
        assert terminal.frames("transaction.start") == [], "the next one goes out after the outcome only"
        await terminal.complete(transaction_id)
    assert started == submitted
    assert [await scene.state(each) for each in submitted] == ["approved"] * 7
    assert (await scene.queue()).state == "idle"


@pytest.mark.parametrize("outcome", [Outcome.APPROVED, Outcome.DECLINED, Outcome.CANCELLED, Outcome.FAILED])
async def test_the_queue_goes_on_after_every_outcome(scene: Scene, outcome: Outcome) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    first, second = await till.pay(), await till.pay()
    await terminal.complete(await terminal.start(), outcome)
    assert await scene.state(first) == outcome.value
    assert await terminal.start() == second


async def test_devices_do_not_wait_for_each_other(scene: Scene) -> None:
    one, other = await scene.device("D1"), await scene.device("D2")
    first = await (await scene.till(one, "R1")).pay()
    second = await (await scene.till(other, "R2")).pay()
    assert (await one.start(), await other.start()) == (first, second)


async def test_a_transaction_is_recorded_as_sending_in_the_commit_that_sends_it(scene: Scene) -> None:
    """Law 2: no frame leaves for what is not yet on record as sent, to this hardware."""
    terminal = await scene.device()
    till = await scene.till(terminal)
    paid = await till.pay()
    found = await scene.transaction(paid)
    assert (found.state, found.sends, found.sent_serial) == ("sending", 1, "SN-1")
    assert (await scene.queue()).current == paid


async def test_each_till_is_told_its_place_and_every_move(scene: Scene) -> None:
    terminal = await scene.device()
    one, other = await scene.till(terminal, "R1"), await scene.till(terminal, "R2")
    first, second, third = await one.pay(), await other.pay(), await other.pay()

    def places(till: Till, transaction_id: str) -> list[int | None]:
        return [
            event["params"]["transaction"].get("queue_position")
            for event in till.events("transaction.updated")
            if event["params"]["transaction"]["transaction_id"] == transaction_id
        ]

    assert [(await other.look(each)).queue_position for each in (second, third)] == [1, 2]
    await terminal.complete(await terminal.start())
    assert places(one, first) == [0, 0, None]  # on the device, acknowledged, ended
    assert places(other, second) == [1, 0]
    assert places(other, third) == [2, 1]


async def test_who_waits_behind_a_cancelled_one_moves_up(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    await till.pay()
    second, third = await till.pay(), await till.pay()
    await till.cancel(second)
    assert (await till.look(third)).queue_position == 1
    assert till.events("transaction.updated")[-1]["params"]["transaction"]["queue_position"] == 1


async def test_a_full_queue_refuses_and_records_nothing(make_scene: MakeScene) -> None:
    scene = await make_scene(queue_limit=2)
    terminal = await scene.device()
    till = await scene.till(terminal)
    on_device, *waiting = [await till.pay() for _ in range(3)]
    with pytest.raises(Refusal) as caught:
        await till.pay()
    assert (caught.value.code, caught.value.retryable) == ("device_busy", True)
    assert (await scene.queue()).current == on_device
    await till.cancel(waiting[0])
    await till.pay()


async def test_the_limit_of_one_lets_one_wait_beside_the_one_in_flight(make_scene: MakeScene) -> None:
    scene = await make_scene(queue_limit=1)
    till = await scene.till(await scene.device())
    await till.pay()
    await till.pay()
    with pytest.raises(Refusal):
        await till.pay()


async def test_an_unpaired_register_is_refused(scene: Scene) -> None:
    with pytest.raises(Refusal) as caught:
        await (await scene.till()).pay()
    assert caught.value.code == "register_not_paired"


async def test_an_amount_over_the_hubs_limit_is_refused_and_not_queued(make_scene: MakeScene) -> None:
    scene = await make_scene(amount_limit_cents=10_000)
    terminal = await scene.device()
    till = await scene.till(terminal)
    with pytest.raises(Refusal) as caught:
        await till.pay(10_001)
    assert caught.value.code == "amount_too_large"
    assert terminal.frames("transaction.start") == []
    await till.pay(10_000)


async def test_the_same_key_is_the_same_transaction(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    first = await till.submit(500, key="sale-1")
    again = await till.submit(500, key="sale-1")
    assert (first.replayed, again.replayed) == (False, True)
    assert again.seen.transaction_id == first.seen.transaction_id
    assert len(terminal.frames("transaction.start")) == 1


async def test_the_same_key_for_something_else_is_refused(scene: Scene) -> None:
    till = await scene.till(await scene.device())
    await till.submit(500, key="sale-1")
    for again in (
        till.submit(501, key="sale-1"),
        till.submit(500, key="sale-1", function=Function.CARD_REFUND),
        till.submit(500, key="sale-1", callback_url="https://pos.example/done"),
    ):
        with pytest.raises(Refusal) as caught:
            await again
        assert caught.value.code == "idempotency_key_reused"


async def test_a_key_is_good_as_long_as_the_record_also_when_it_has_ended_or_the_register_moved(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    paid = await till.pay(key="sale-1")
    await terminal.complete(await terminal.start())
    await terminal.unpair()
    again = await till.submit(key="sale-1")
    assert (again.replayed, again.seen.transaction_id, again.seen.state) == (True, paid, "approved")


async def test_two_registers_may_use_the_same_key(scene: Scene) -> None:
    terminal = await scene.device()
    one, other = await scene.till(terminal, "R1"), await scene.till(terminal, "R2")
    assert await one.pay(key="1") != await other.pay(key="1")


async def test_a_callback_is_queued_with_the_outcome_and_once(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    paid = await till.pay(callback_url="https://pos.example//done")
    assert await scene.callbacks(paid) == []
    await terminal.complete(await terminal.start())
    await terminal.complete(paid)
    (callback,) = await scene.callbacks(paid)
    assert (callback.url, callback.state, callback.due_at) == (
        "https://pos.example//done",
        "waiting",
        scene.clock.now_ms(),
    )
