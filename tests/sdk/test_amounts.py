"""`hub.simulator.amounts`: the table of test amounts, at a real hub."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from hub.sdk import RegisterClient
from hub.simulator import AmountScript
from hub.simulator.amounts import PLANS, plan_of, stages
from hub.simulator.network import Held
from hub.wire.device import ById, Start
from hub.wire.function import Function
from hub.wire.register import TransactionUpdated, TransactionView
from tests.running import RunningHub
from tests.sdk.stage import shop_at, until_told
from tests.shop import until_waiting

INSTANT = AmountScript(pace_seconds=0)


async def pay(register: RegisterClient, cents: int) -> tuple[TransactionView, list[str]]:
    """A purchase to its end: how it ended, and the stages that the register saw."""
    seen: list[str] = []
    with register.subscribe() as events:
        submitted = await register.submit("Card.Purchase", amount_total_cents=cents)
        async for event in events:
            if not isinstance(event, TransactionUpdated):
                continue
            update = event.transaction
            if update.transaction_id == submitted.transaction.transaction_id:
                if update.final:
                    return update, seen
                if update.stage is not None and seen[-1:] != [update.stage]:
                    seen.append(update.stage)
    raise AssertionError("unreachable")


@pytest.mark.parametrize("digits", [*sorted(PLANS.keys() - {68, 99}), 1, 42, 98])
async def test_what_an_amount_comes_to(hub: RunningHub, digits: int) -> None:
    plan = plan_of(digits)
    async with shop_at(hub, script=INSTANT) as (device, register):
        final, seen = await pay(register, 1200 + digits)
        assert final.state == plan.verdict.outcome.value
        assert final.result is not None
        assert final.result.reason == plan.verdict.reason
        assert seen == stages(Function.CARD_PURCHASE, plan)
        charged = final.state == "approved"
        assert device.memory.charges == ({final.transaction_id: 1} if charged else {})
        if charged:
            extras = plan.verdict.tip_cents + plan.verdict.surcharge_cents
            assert final.result.amount_total_cents == 1200 + digits + extras
            assert final.result.card_type


def _is_at(stage: str, view: TransactionView) -> bool:
    return view.stage == stage


async def test_each_stage_takes_its_pace(hub: RunningHub) -> None:
    async with shop_at(hub, script=AmountScript(pace_seconds=3)) as (device, register):
        paying = asyncio.create_task(pay(register, 500))
        start = await device.next(Start)
        for stage in ("waiting_for_card", "entering_pin", "authorising"):
            await until_told(register, start.transaction_id, partial(_is_at, stage))
            await until_waiting(hub, 3)
            hub.clock.advance(3)
        final, _ = await paying
        assert final.state == "approved"


async def test_slow(hub: RunningHub) -> None:
    async with shop_at(hub, script=AmountScript(pace_seconds=0, slow_seconds=20)) as (device, register):
        paying = asyncio.create_task(pay(register, 568))
        start = await device.next(Start)
        await until_told(register, start.transaction_id, partial(_is_at, "authorising"))
        assert device.job.stage_now == "authorising"
        await until_waiting(hub, 20)
        hub.clock.advance(20)
        final, _ = await paying
        assert final.state == "approved"


async def test_silent_and_late(hub: RunningHub) -> None:
    async with shop_at(hub, script=AmountScript(pace_seconds=0, silent_seconds=90)) as (device, register):
        submitted = await register.submit("Card.Purchase", amount_total_cents=599)
        transaction_id = submitted.transaction.transaction_id
        await device.seen.until(lambda: device.network.held is Held.EVERYTHING)
        with register.subscribe() as events:
            view = await register.get(transaction_id)
            assert view.stage == "authorising"
            await until_waiting(hub, 90)
            hub.clock.advance(61)
            while not view.delayed:
                event = await anext(events)
                if isinstance(event, TransactionUpdated):
                    view = event.transaction
        hub.clock.advance(30)
        assert (await register.wait_final(transaction_id)).state == "approved"
        assert device.memory.charges == {transaction_id: 1}


async def test_cancel_while_it_waits_for_the_card(hub: RunningHub) -> None:
    async with shop_at(hub, script=AmountScript(pace_seconds=10)) as (device, register):
        submitted = await register.submit("Card.Purchase", amount_total_cents=500)
        transaction_id = submitted.transaction.transaction_id
        await device.next(Start)
        await register.cancel(transaction_id)
        await device.next(ById)
        final = await register.wait_final(transaction_id)
        assert final.state == "cancelled"
        assert final.result is not None
        assert final.result.reason == "cancelled_by_pos"


async def test_stages_can_be_spared(hub: RunningHub) -> None:
    async with shop_at(hub, script=AmountScript(pace_seconds=0, tells_stages=False)) as (_, register):
        final, seen = await pay(register, 500)
        assert final.state == "approved"
        assert not seen


@pytest.mark.parametrize(
    ("function", "first"),
    [
        (Function.QR_MERCHANT_PURCHASE, "showing_qr"),
        (Function.QR_CONSUMER_PURCHASE, "scanning_qr"),
        (Function.QR_REFUND, "authorising"),
        (Function.CARD_REFUND, "waiting_for_card"),
    ],
)
def test_the_first_stage_depends_on_the_function(function: Function, first: str) -> None:
    assert stages(function, PLANS[0])[0] == first


def test_every_plan_can_be_read() -> None:
    assert {plan.verdict.outcome.value for plan in PLANS.values()} == {"approved", "declined", "cancelled", "failed"}
    assert all(plan.says for plan in PLANS.values())
