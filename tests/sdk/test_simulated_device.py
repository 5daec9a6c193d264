"""`hub.simulator.device`, the SDK and a real hub: payments, and every fault that the device can have."""

from __future__ import annotations

import asyncio

import pytest

from hub.simulator import AmountScript, SimulatedDevice
from hub.wire.device import ById, PairingClosed, PairingCodeShown, PairingInfo, PairingRemoved, Start, Welcome
from tests.running import RunningHub
from tests.sdk.stage import device_at, pay, register_at, shop_at, until, until_away


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
