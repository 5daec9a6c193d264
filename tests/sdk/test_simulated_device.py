"""`hub.simulator.device`, the SDK and a real hub: payments, and every fault that the device can have."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hub.sdk import Close, GivenUp, RegisterClient
from hub.simulator import AmountScript, Memory, SimulatedDevice
from hub.simulator.firmware import Moment
from hub.wire.close_codes import CloseCode
from hub.wire.device import ById, PairingClosed, PairingCodeShown, PairingInfo, PairingRemoved, Start, Welcome
from hub.wire.register import PresenceChanged, TransactionUpdated, TransactionView
from tests.clock import ManualClock
from tests.running import RunningHub, running
from tests.sdk.stage import Frames, Pauses, device_at, free_port, register_at, shop_at


async def pay(register: RegisterClient, cents: int = 500) -> str:
    submitted = await register.submit("Card.Purchase", amount_total_cents=cents)
    return submitted.transaction.transaction_id


async def until(register: RegisterClient, transaction_id: str, state: str) -> TransactionView:
    """Wait until the register is told of that state."""
    with register.subscribe() as events:
        seen = await register.get(transaction_id)
        while seen.state != state:
            event = await anext(events)
            if isinstance(event, TransactionUpdated) and event.transaction.transaction_id == transaction_id:
                seen = event.transaction
        return seen


async def until_away(register: RegisterClient) -> None:
    """Wait until the hub knows that the device has gone."""
    with register.subscribe() as events:
        view = await register.pairing_status()
        online = view.device is not None and view.device.online
        while online:
            event = await anext(events)
            if isinstance(event, PresenceChanged):
                online = event.device.online


async def test_first_payment(hub: RunningHub) -> None:
    async with shop_at(hub) as (device, register):
        assert (await device.next(PairingInfo)).register_name == "Front"
        submitted = await register.submit("Card.Purchase", amount_total_cents=500)
        assert not submitted.replayed
        start = await device.next_transaction()
        assert start.transaction_id == submitted.transaction.transaction_id
        assert start.amount_total_cents == 500
        assert await device.stage("waiting_for_card")
        assert (await register.get(start.transaction_id)).stage == "waiting_for_card"
        await device.approve(tip_cents=100, surcharge_cents=15)
        final = await register.wait_final(start.transaction_id)
        assert final.state == "approved"
        assert final.result is not None
        assert final.result.amount_total_cents == 615
        assert final.result.card_pan == "....0138"
        assert await device.recorded(start.transaction_id) == "approved"
        assert device.memory.charges == {start.transaction_id: 1}


async def test_declined_failed_and_cancelled_at_the_device(hub: RunningHub) -> None:
    async with shop_at(hub) as (device, register):
        for decide, state, reason in (
            (device.decline, "declined", "insufficient_funds"),
            (device.fail, "failed", "host_unavailable"),
            (device.cancel, "cancelled", "cancelled_by_customer"),
        ):
            transaction_id = await pay(register)
            await device.next_transaction()
            await decide()
            final = await register.wait_final(transaction_id)
            assert final.state == state
            assert final.result is not None
            assert final.result.reason == reason
            assert not final.never_sent
        assert not device.memory.charges


async def test_pairing_as_seen_on_the_device(hub: RunningHub) -> None:
    async with device_at(hub) as device, register_at(hub) as register:
        code = await device.open_pairing()
        assert device.code == code
        hub.clock.advance(105)
        fresh = await device.next(PairingCodeShown)
        assert fresh.code != code
        assert device.code == fresh.code
        await register.redeem(fresh.code, register_name="Front")
        assert (await device.next(PairingClosed)).cause == "redeemed"
        added = await device.next(PairingInfo)
        assert device.code is None
        assert [pairing.pairing_id for pairing in await device.pairings()] == [added.pairing_id]
        await device.client.pairing_remove(added.pairing_id)
        assert (await device.next(PairingRemoved)).cause == "device"
        assert not (await register.pairing_status()).paired
        await device.open_pairing()
        await device.close_pairing()
        assert device.code is None


async def test_one_payment_at_a_time_in_order(hub: RunningHub) -> None:
    async with shop_at(hub) as (device, register):
        ids = [await pay(register, cents) for cents in (100, 200, 300)]
        for transaction_id in ids:
            assert (await device.next_transaction()).transaction_id == transaction_id
            await device.approve()
            await register.wait_final(transaction_id)
        assert sorted(device.memory.charges) == sorted(ids)


async def test_the_device_refuses_and_is_asked_again(hub: RunningHub) -> None:
    async with shop_at(hub) as (device, register):
        device.refuse(1)
        transaction_id = await pay(register)
        await until(register, transaction_id, "queued")
        hub.clock.advance(3)
        assert (await device.next_transaction()).transaction_id == transaction_id
        await device.approve()
        assert (await register.wait_final(transaction_id)).state == "approved"


async def test_cancel_by_the_pos_that_the_device_agrees_to(hub: RunningHub) -> None:
    async with shop_at(hub) as (device, register):
        transaction_id = await pay(register)
        await device.next_transaction()
        assert (await register.cancel(transaction_id)).answer == "requested"
        assert (await device.next(ById)).transaction_id == transaction_id
        await device.cancel()
        final = await register.wait_final(transaction_id)
        assert final.state == "cancelled"
        assert final.result is not None
        assert final.result.reason == "cancelled_by_pos"


async def test_the_payment_wins_the_race_against_a_cancel(hub: RunningHub) -> None:
    async with shop_at(hub) as (device, register):
        transaction_id = await pay(register)
        await device.next_transaction()
        await register.cancel(transaction_id)
        await device.next(ById)
        await device.approve()
        assert (await register.wait_final(transaction_id)).state == "approved"


@pytest.mark.parametrize("late", ["stage", "manners"])
async def test_a_cancel_that_comes_too_late(hub: RunningHub, late: str) -> None:
    async with shop_at(hub) as (device, register):
        transaction_id = await pay(register)
        await device.next_transaction()
        if late == "stage":
            await device.stage("authorising")
        else:
            device.manners.accepts_cancel = False
        await register.cancel(transaction_id)
        assert (await until(register, transaction_id, "processing")).cause == "cancel_too_late"
        await device.approve()
        assert (await register.wait_final(transaction_id)).state == "approved"


@pytest.mark.parametrize(
    ("moment", "state", "charges"),
    [
        (Moment.RECEIVED, "approved", 1),  # nothing was remembered: the hub sends it once more
        (Moment.BEGUN, "failed", 0),
        (Moment.DECIDED, "failed", 0),
        (Moment.FINISHED, "approved", 1),
        (Moment.RECORDED, "approved", 1),
    ],
)
@pytest.mark.parametrize("noticed", [True, False])
async def test_power_lost_at_any_moment(
    hub: RunningHub, moment: Moment, state: str, charges: int, noticed: bool
) -> None:
    async with shop_at(hub) as (device, register):
        device.lose_power_at = moment
        device.power_loss_noticed = noticed
        transaction_id = await pay(register)
        if moment in (Moment.DECIDED, Moment.FINISHED, Moment.RECORDED):
            await device.next_transaction()
            device.decide_approval()
        await device.powered_off()
        if noticed:
            await until_away(register)
        await device.power_on()
        if moment is Moment.RECEIVED:
            assert (await device.next_transaction()).transaction_id == transaction_id
            await device.approve()
        assert (await register.wait_final(transaction_id)).state == state
        await device.recorded(transaction_id)
        assert device.memory.charges[transaction_id] == charges
        assert not device.memory.double_charges


async def test_power_lost_and_the_payment_resumed(hub: RunningHub) -> None:
    async with shop_at(hub) as (device, register):
        transaction_id = await pay(register)
        await device.next_transaction()
        await device.stage("entering_pin")
        await device.power_off()
        hub.clock.advance(15)
        await until(register, transaction_id, "in_doubt")
        await device.power_on(resume=True)
        assert (await until(register, transaction_id, "processing")).stage == "entering_pin"
        await device.approve()
        assert (await register.wait_final(transaction_id)).state == "approved"
        assert device.memory.charges == {transaction_id: 1}


async def test_a_payment_that_ends_while_the_network_is_away(hub: RunningHub) -> None:
    async with shop_at(hub) as (device, register):
        transaction_id = await pay(register)
        await device.next_transaction()
        device.lose_network()
        await until_away(register)
        assert not await device.stage("authorising")
        await device.approve()
        device.restore_network()
        assert (await register.wait_final(transaction_id)).state == "approved"
        await device.recorded(transaction_id)
        assert device.memory.charges == {transaction_id: 1}


async def test_a_network_that_swallows_everything(hub: RunningHub) -> None:
    async with shop_at(hub) as (device, register):
        transaction_id = await pay(register)
        await device.next_transaction()
        device.lose_network(noticed=False)
        await device.approve()
        assert (await register.pairing_status()).device.online  # type: ignore[union-attr]  # paired: it has one
        hub.clock.advance(60)
        assert (await until(register, transaction_id, "in_doubt")).delayed
        device.restore_network()
        assert (await register.wait_final(transaction_id)).state == "approved"
        assert device.memory.charges == {transaction_id: 1}


async def test_the_newest_connection_wins_over_one_that_the_hub_still_believes_in(hub: RunningHub) -> None:
    async with shop_at(hub) as (device, register):
        first = device.client.welcome
        await device.power_off(noticed=False)
        assert (await register.pairing_status()).device.online  # type: ignore[union-attr]  # paired: it has one
        await device.power_on()
        second = await device.ready()
        assert first is not None
        assert second.epoch == first.epoch + 1
        transaction_id = await pay(register)
        assert (await device.next_transaction()).transaction_id == transaction_id
        device.network.close_orphans()
        await device.approve()
        assert (await register.wait_final(transaction_id)).state == "approved"
        assert (await register.pairing_status()).device.online  # type: ignore[union-attr]  # paired: it has one


async def test_replaced_hardware_cannot_speak_for_its_predecessor(hub: RunningHub) -> None:
    async with shop_at(hub) as (device, register):
        transaction_id = await pay(register)
        await device.next_transaction()
        await device.replace_hardware("SN-NEW")
        welcome = await device.ready()
        assert [pairing.register_name for pairing in welcome.pairings] == ["Front"]
        assert (await until(register, transaction_id, "in_doubt")).cause == "device_replaced"
        following = await pay(register)
        assert (await device.next_transaction()).transaction_id == following
        await device.approve()
        assert (await register.wait_final(following)).state == "approved"
        assert (await register.get(transaction_id)).state == "in_doubt"


async def test_a_silent_device_is_delayed_and_speaks_at_last(hub: RunningHub) -> None:
    async with shop_at(hub) as (device, register):
        transaction_id = await pay(register)
        await device.next_transaction()
        await device.stage("waiting_for_card")
        device.go_silent()
        await device.approve()
        hub.clock.advance(60)
        assert (await until(register, transaction_id, "in_doubt")).delayed
        await device.speak()
        assert (await register.wait_final(transaction_id)).state == "approved"
        assert device.memory.charges == {transaction_id: 1}


async def test_what_a_silent_device_forgets_is_asked_for_again(hub: RunningHub) -> None:
    async with shop_at(hub) as (device, register):
        transaction_id = await pay(register)
        await device.next_transaction()
        await device.stage("waiting_for_card")
        device.go_silent()
        await device.approve()
        hub.clock.advance(60)
        await until(register, transaction_id, "in_doubt")
        await device.speak(forget=True)
        hub.clock.advance(60)  # the hub inquires once more, and the client repeats its own call
        assert (await register.wait_final(transaction_id)).state == "approved"
        assert await device.recorded(transaction_id) == "approved"


async def test_late_answers(hub: RunningHub) -> None:
    frames = Frames("device")
    async with shop_at(hub, on_frame=frames) as (device, register):
        device.hold_answers()
        transaction_id = await pay(register)
        for attempt in (1, 2, 3):
            start = await frames.received("transaction.start")
            assert start["params"]["attempt"] == attempt
            hub.clock.advance(5)
        await until(register, transaction_id, "in_doubt")
        await device.speak()
        await until(register, transaction_id, "processing")
        await device.approve()
        assert (await register.wait_final(transaction_id)).state == "approved"
        assert device.memory.charges == {transaction_id: 1}


async def test_everything_is_answered_twice(hub: RunningHub) -> None:
    async with shop_at(hub) as (device, register):
        device.answer_twice()
        for cents in (100, 200):
            transaction_id = await pay(register, cents)
            assert (await device.next_transaction()).transaction_id == transaction_id
            await device.approve()
            final = await register.wait_final(transaction_id)
            assert final.state == "approved"
            assert not final.conflict
        assert set(device.memory.charges.values()) == {1}


async def test_a_repeated_start_of_a_finished_payment_gets_its_result(hub: RunningHub) -> None:
    frames = Frames("device")
    async with shop_at(hub, on_frame=frames) as (device, register):
        device.go_silent()
        transaction_id = await pay(register)
        await device.next_transaction()
        await frames.received("transaction.start")
        await device.approve()
        device.network.forget()
        hub.clock.advance(5)
        await frames.received("transaction.start")
        answer = await frames.sent_answer(f"start:{transaction_id}")
        assert answer["result"]["state"] == "completed"
        assert (await register.wait_final(transaction_id)).state == "approved"
        assert device.memory.charges == {transaction_id: 1}


async def test_a_revoked_device_stays_away(hub: RunningHub) -> None:
    async with device_at(hub) as device:
        answer = await hub.http.post(f"/admin/devices/{device.device_id}/revoke", headers=hub.admin)
        assert answer.status_code == 200
        close = await device.next(Close)
        assert close.code == CloseCode.REVOKED
        assert isinstance(await device.client.finished(), GivenUp)


async def test_the_memory_outlives_the_process(hub: RunningHub, tmp_path: Path) -> None:
    path = tmp_path / "device" / "journal"
    async with register_at(hub) as register:
        async with device_at(hub, memory=Memory(path, serial="SN-7")) as device:
            await register.redeem(await device.open_pairing(), register_name="Front")
            transaction_id = await pay(register)
            await device.next_transaction()
            device.lose_power_at = Moment.FINISHED
            device.decide_approval()
            await device.powered_off()
        memory = Memory(path)
        assert memory.serial == "SN-7"
        assert memory.charges == {transaction_id: 1}
        async with device_at(hub, memory=memory, enrol=False) as device:
            assert (await register.wait_final(transaction_id)).state == "approved"
            assert await device.recorded(transaction_id) == "recorded"


async def test_the_hub_restarts_in_the_middle(tmp_path: Path, clock: ManualClock) -> None:
    at_device, at_till = Pauses(), Pauses()
    async with (
        running(tmp_path, clock, port=free_port()) as hub,
        shop_at(hub, backoff=lambda: at_device.backoff, register_options={"backoff": at_till.backoff}) as (
            device,
            register,
        ),
    ):
        transaction_id = await pay(register)
        await device.next_transaction()
        await hub.stop()
        await device.approve()
        await at_device.asked.get()
        await at_till.asked.get()
        await hub.start()
        clock.advance(2)  # past the pause and the hint of the draining hub
        assert (await register.wait_final(transaction_id)).state == "approved"
        await device.recorded(transaction_id)
        assert device.memory.charges == {transaction_id: 1}
        assert not register.gaps


FUNCTIONS = {
    "Acquirer.Logon": ("acquirer_ref", "terminal_ref", "receipt"),
    "Acquirer.Settlement.Inquiry": ("acquirer_ref", "terminal_ref", "receipt"),
    "Acquirer.Settlement.Cutover": ("acquirer_ref", "terminal_ref", "receipt"),
    "Terminal.GetStatus": ("status",),
    "Terminal.ReadCard": ("card_pan", "card_type"),
    "Journal.GetTransResult": ("reference_id", "receipt", "auth_id"),
    "Journal.ReprintReceipt": ("reference_id", "receipt"),
}


async def test_functions_that_move_no_money(hub: RunningHub) -> None:
    async with shop_at(hub, script=AmountScript(pace_seconds=0)) as (_, register):
        empty = await register.submit("Journal.GetTransResult")
        final = await register.wait_final(empty.transaction.transaction_id)
        assert (final.state, final.result and final.result.reason) == ("failed", "journal_empty")
        paid = await pay(register)
        await register.wait_final(paid)
        for function, fields in FUNCTIONS.items():
            submitted = await register.submit(function)
            final = await register.wait_final(submitted.transaction.transaction_id)
            assert final.state == "done", function
            assert final.result is not None
            for field in fields:
                assert getattr(final.result, field) is not None, (function, field)
            if function.startswith("Journal."):
                assert final.result.reference_id == paid
            if function == "Terminal.GetStatus":
                assert final.result.status == "READY"


async def test_the_device_is_gone_when_it_ends(hub: RunningHub) -> None:
    async with register_at(hub) as register:
        async with device_at(hub) as device:
            await register.redeem(await device.open_pairing(), register_name="Front")
            assert isinstance(await device.next(Welcome), Welcome)
            assert device.online
        await until_away(register)
        assert not device.is_on


def test_it_is_steered_only_at_a_payment() -> None:
    device = SimulatedDevice("ws://nowhere", "D")
    with pytest.raises(AssertionError):
        _ = device.job


async def test_happenings_are_taken_once(hub: RunningHub) -> None:
    async with device_at(hub) as device:
        device.seen.put("a")
        device.seen.put("b")
        assert await device.next(str, lambda text: text == "b") == "b"
        assert await device.next(str) == "a"
        waiting = asyncio.create_task(device.next(str))
        device.seen.put("c")
        assert await waiting == "c"
        assert not [seen for seen in device.seen.untaken if isinstance(seen, Start)]
