"""Pairings: made, renewed, moved, removed; what that does to what waits, and who is told."""

from __future__ import annotations

import pytest

from hub.commands import pairing
from statemachines.refusal import Refusal
from tests.commands.scene import Scene


async def test_a_register_is_paired_and_both_are_told(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till()
    redeemed = await till.redeem((await terminal.code()).code, name="Front")
    assert redeemed.register_token.startswith("reg_")
    seen = await till.paired()
    assert seen.device is not None
    assert (seen.paired, seen.device.device_id, seen.device.online) == (True, "D1", True)
    added = terminal.frame("pairing.added")["params"]
    assert (added["register_name"], added["business_name"], added["register_id"]) == ("Front", "Toys Shop", "R1")
    (changed,) = till.events("pairing.changed")
    assert (changed["params"]["pairing"]["cause"], changed["params"]["event"]) == ("paired", 1)


async def test_any_number_of_registers_pair_with_one_device(scene: Scene) -> None:
    terminal = await scene.device()
    for number in range(5):
        await scene.till(terminal, f"R{number}")
        await scene.pass_seconds(1)
    listed = await scene.engine.query(pairing.of_device, "D1")
    assert [each.register_id for each in listed] == [f"R{number}" for number in range(5)]


async def test_the_triple_is_matched_exactly(scene: Scene) -> None:
    terminal = await scene.device()
    await scene.till(terminal, "R1", business_name="Toys Shop")
    for stranger in ("toys shop", "Toys Shop ", "Toys  Shop"):
        assert not (await (await scene.till(register_id="R1", business_name=stranger)).paired()).paired


async def test_pairing_again_with_the_same_device_renews(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till()
    first = await till.pair(terminal)
    await scene.pass_seconds(60)
    waiting = [await till.pay(), await till.pay()]
    second = await till.pair(terminal)
    assert second.pairing.pairing_id == first.pairing.pairing_id
    assert second.pairing.paired_at != first.pairing.paired_at
    assert second.register_token != first.register_token
    assert [await scene.state(each) for each in waiting] == ["sending", "queued"], "nothing of it is touched"


async def test_a_successful_pairing_moves_the_register(scene: Scene) -> None:
    one, other = await scene.device("D1"), await scene.device("D2")
    till = await scene.till(one)
    neighbour = await scene.till(one, "R2")
    in_flight, waiting = await till.pay(), await till.pay()
    neighbours = await neighbour.pay()
    await one.start()
    await till.pair(other)

    seen = await till.paired()
    assert seen.device is not None
    assert seen.device.device_id == "D2"
    removed = one.frame("pairing.removed")["params"]
    assert (removed["cause"], removed["register_name"]) == ("paired_elsewhere", "Front")
    cancelled = await till.look(waiting)
    assert (cancelled.state, cancelled.cause, cancelled.never_sent) == ("cancelled", "unpaired", True)
    assert await scene.state(in_flight) == "processing", "what has begun goes on where it is"
    assert (await neighbour.look(neighbours)).queue_position == 1
    last = neighbour.events("transaction.updated")[-1]["params"]["transaction"]
    assert (last["transaction_id"], last["queue_position"]) == (neighbours, 1)

    moved = await till.pay()
    assert await other.start() == moved
    await one.complete(in_flight)
    assert await scene.state(in_flight) == "approved"
    assert await one.start() == neighbours


async def test_a_failed_pairing_changes_nothing(scene: Scene) -> None:
    one = await scene.device("D1")
    till = await scene.till(one)
    waiting = [await till.pay(), await till.pay()]
    before, events = await till.paired(), len(till.events())
    with pytest.raises(Refusal):
        await till.redeem("00000000")
    after = await till.paired()
    assert (after.pairing_id, after.paired_at) == (before.pairing_id, before.paired_at)
    assert [await scene.state(each) for each in waiting] == ["sending", "queued"]
    assert len(till.events()) == events
    assert one.frames("pairing.removed") == []


@pytest.mark.parametrize("by", ["device", "device_all", "operator"])
async def test_a_removed_register_is_told_and_its_waiting_ones_end(scene: Scene, by: str) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    in_flight, waiting = await till.pay(), await till.pay()
    await terminal.start()
    paired = await till.paired()
    assert paired.pairing_id is not None
    if by == "device":
        assert await terminal.unpair(paired.pairing_id) == 1
    elif by == "device_all":
        assert await terminal.unpair() == 1
    else:
        await scene.engine.execute(pairing.remove_by_operator, paired.pairing_id)
    cause = "operator" if by == "operator" else "device"
    changed = till.events("pairing.changed")[-1]["params"]["pairing"]
    assert (changed["paired"], changed["cause"]) == (False, cause)
    assert terminal.frame("pairing.removed")["params"]["cause"] == cause
    assert (await till.look(waiting)).never_sent
    assert await scene.state(in_flight) == "processing"
    with pytest.raises(Refusal) as caught:
        await till.pay()
    assert caught.value.code == "register_not_paired"
    await terminal.complete(in_flight)
    assert await scene.state(in_flight) == "approved"


async def test_removing_one_leaves_the_others(scene: Scene) -> None:
    terminal = await scene.device()
    one, other = await scene.till(terminal, "R1"), await scene.till(terminal, "R2")
    paid, waiting = await other.pay(), await other.pay()
    paired = await one.paired()
    await terminal.unpair(paired.pairing_id)
    assert (await other.paired()).paired
    assert [await scene.state(each) for each in (paid, waiting)] == ["sending", "queued"]


async def test_a_device_removes_its_own_pairings_only(scene: Scene) -> None:
    one, other = await scene.device("D1"), await scene.device("D2")
    till = await scene.till(one)
    foreign = (await till.paired()).pairing_id
    for pairing_id in (foreign, "nobodys"):
        with pytest.raises(Refusal) as caught:
            await other.unpair(pairing_id)
        assert caught.value.code == "pairing_unknown"
    assert await other.unpair() == 0
    assert (await till.paired()).paired


async def test_a_pairing_that_has_ended_cannot_be_removed_again(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    paired = await till.paired()
    assert paired.pairing_id is not None
    await terminal.unpair()
    for remove in (
        lambda: terminal.unpair(paired.pairing_id),
        lambda: scene.engine.execute(pairing.remove_by_operator, paired.pairing_id or ""),
    ):
        with pytest.raises(Refusal) as caught:
            await remove()
        assert caught.value.code == "pairing_unknown"


async def test_a_device_that_was_away_learns_which_pairings_have_ended(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    paired = await till.paired()
    assert paired.pairing_id is not None
    await terminal.vanish()
    await scene.pass_seconds(60)
    await scene.engine.execute(pairing.remove_by_operator, paired.pairing_id)
    await scene.pass_seconds(60)
    connected = await terminal.switch_on()
    assert connected.pairings == []
    assert [(each.pairing_id, each.cause) for each in connected.removed] == [(paired.pairing_id, "operator")]
    await scene.pass_seconds(1)
    await terminal.vanish()
    assert (await terminal.switch_on()).removed == []


async def test_a_device_that_was_not_yet_known_to_be_away_learns_it_too(scene: Scene) -> None:
    """The line was dead already when the hub told it; it noticed only later."""
    terminal = await scene.device()
    till = await scene.till(terminal)
    paired = await till.paired()
    assert paired.pairing_id is not None
    await scene.engine.execute(pairing.remove_by_operator, paired.pairing_id)
    await scene.pass_seconds(20)
    await terminal.vanish()
    await scene.pass_seconds(20)
    connected = await terminal.switch_on()
    assert [each.pairing_id for each in connected.removed] == [paired.pairing_id]


async def test_one_in_flight_that_was_never_received_is_not_sent_again_for_a_register_that_has_left(
    scene: Scene,
) -> None:
    """It would turn up on a device that the register no longer has, before whoever stands there now."""
    one, other = await scene.device("D1"), await scene.device("D2")
    till = await scene.till(one)
    paid = await till.pay()
    await till.pair(other)
    await one.switch_on()
    await one.answer(one.frame("transaction.inquire"), "unknown")
    seen = await till.look(paid)
    assert (seen.state, seen.cause) == ("cancelled", "unpaired")
    assert one.frames("transaction.start") == []


async def test_a_refused_one_does_not_wait_for_a_register_that_has_left(scene: Scene) -> None:
    terminal = await scene.device()
    till = await scene.till(terminal)
    paid = await till.pay()
    start = terminal.frame("transaction.start")
    await terminal.unpair()
    await terminal.refuse(start)
    assert (await till.look(paid)).cause == "unpaired"
    assert await scene.state(paid) == "cancelled"
