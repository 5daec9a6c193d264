"""Every fault that the simulated device can have, at a real hub: nothing is lost and nothing is charged twice."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.sdk import Close, GivenUp
from hub.simulator import Memory
from hub.simulator.firmware import Moment
from hub.simulator.script import Verdict
from hub.wire.close_codes import CloseCode
from hub.wire.device import Welcome
from statemachines.transaction import Outcome
from tests.clock import ManualClock
from tests.port import ReservedPort
from tests.running import RunningHub, running
from tests.sdk.stage import Frames, Pauses, device_at, pay, register_at, shop_at, until, until_away


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
        await until_away(register)
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


async def test_an_outcome_that_the_hub_cannot_read_does_not_keep_the_device_away(hub: RunningHub) -> None:
    """It is refused for good, and not told again; the payment is not taken to have ended."""
    async with shop_at(hub, on_frame=None) as (device, register):
        transaction_id = await pay(register)
        await device.next_transaction()
        await device.next(Welcome)
        device.lose_power_at = Moment.FINISHED
        device.job.decision.set_result(Verdict(Outcome.DECLINED, "No Money!"))
        await device.powered_off()
        await device.power_on()
        welcome = await device.next(Welcome)
        assert [(each.transaction_id, each.code) for each in welcome.refused] == [(transaction_id, "invalid_params")]
        assert await device.recorded(transaction_id) == "refused:invalid_params"
        assert not (await register.get(transaction_id)).final
        await device.power_off()
        await device.power_on()
        assert (await device.next(Welcome)).refused == []


async def test_a_network_that_swallows_everything(hub: RunningHub) -> None:
    async with shop_at(hub) as (device, register):
        transaction_id = await pay(register)
        await device.next_transaction()
        await until(register, transaction_id, "processing")
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
        await device.replace_hardware(Memory(serial="SN-NEW"))
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


@pytest.fixture
def port() -> Iterator[int]:
    with contextlib.closing(ReservedPort()) as reserved:
        yield reserved.number


async def test_the_hub_restarts_in_the_middle(tmp_path: Path, clock: ManualClock, port: int) -> None:
    at_device, at_till = Pauses(), Pauses()
    async with (
        running(tmp_path, clock, port=port) as hub,
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
