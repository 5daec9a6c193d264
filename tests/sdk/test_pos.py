"""`hub.simulator.pos`: POS software at a real hub, over HTTP alone."""

from __future__ import annotations

import asyncio

import pytest

from hub.simulator import AmountScript, PosRefused
from tests.running import RunningHub
from tests.sdk.stage import device_at, pos_at


async def test_pair_pay_and_poll(hub: RunningHub) -> None:
    async with device_at(hub) as device, pos_at(hub) as pos:
        assert not (await pos.pairing_status())["paired"]
        await pos.pair(await device.open_pairing(), City="Auckland", **{"Contact Name": "A. Person"})
        assert (await pos.pairing_status())["deviceId"] == device.device_id
        first = await pos.purchase(500)
        assert not first.completed
        assert first.data["AmountTotal"] == "500"
        assert (await device.next_transaction()).transaction_id == first.transaction_id
        assert (await pos.poll(first.polling_url)).result is None
        await device.approve()
        await device.recorded(first.transaction_id)
        final = await pos.outcome(first)
        assert (final.result, final.data["CardType"]) == ("OK-ACCEPTED", "VISA")


async def test_polls_at_the_documented_pace(hub: RunningHub) -> None:
    async with device_at(hub) as device, pos_at(hub, device) as pos:
        first = await pos.purchase(500)
        await device.next_transaction()
        polled = asyncio.Event()
        asked = pos.poll

        async def poll(polling_url: str, *, wait_seconds: float | None = None) -> object:
            answer = await asked(polling_url, wait_seconds=wait_seconds)
            polled.set()
            return answer

        pos.poll = poll  # type: ignore[method-assign, assignment]  # to see a poll go by
        waiting = asyncio.create_task(pos.outcome(first))
        await polled.wait()
        await device.approve()
        await device.recorded(first.transaction_id)
        assert not waiting.done()
        hub.clock.advance(2)
        assert (await waiting).result == "OK-ACCEPTED"


async def test_long_poll(hub: RunningHub) -> None:
    async with device_at(hub) as device, pos_at(hub, device) as pos:
        first = await pos.purchase(500)
        await device.next_transaction()
        waiting = asyncio.create_task(pos.poll(first.polling_url, wait_seconds=30))
        await device.decline()
        answer = await waiting
        assert (answer.completed, answer.result) == (True, "OK-DECLINED")
        assert answer.data["Reason"] == "insufficient_funds"


async def test_synchronous_mode_holds_the_answer(hub: RunningHub) -> None:
    async with device_at(hub, script=AmountScript(pace_seconds=0)) as device, pos_at(hub, device) as pos:
        answer = await pos.purchase(500, transaction_mode="")
        assert (answer.completed, answer.result) == (True, "OK-ACCEPTED")


async def test_idempotency_key(hub: RunningHub) -> None:
    async with device_at(hub) as device, pos_at(hub, device) as pos:
        first = await pos.purchase(500, idempotency_key="k1")
        again = await pos.purchase(500, idempotency_key="k1")
        assert again.transaction_id == first.transaction_id
        with pytest.raises(PosRefused) as caught:
            await pos.purchase(600, idempotency_key="k1")
        assert caught.value.status == 422


async def test_cancel_and_find(hub: RunningHub) -> None:
    async with device_at(hub) as device, pos_at(hub, device) as pos:
        await pos.purchase(100)
        await device.next_transaction()
        waiting = await pos.purchase(200, TransactionReference="sale-7")
        answer, cancelled = await pos.cancel(waiting.polling_url)
        assert answer == "cancelled"
        assert cancelled.data["NeverSent"] == "true"
        found = await pos.find("sale-7")
        assert [one.transaction_id for one in found] == [waiting.transaction_id]
        assert (await pos.poll(found[0].polling_url)).completed
        assert await pos.find("nothing") == []


async def test_refusals_have_the_text_of_the_pos_api(hub: RunningHub) -> None:
    async with pos_at(hub) as pos:
        with pytest.raises(PosRefused) as wrong_code:
            await pos.pair("00000000")
        assert wrong_code.value.status == 400
        assert wrong_code.value.text.startswith("Invalid Pairing Code")
        with pytest.raises(PosRefused) as not_paired:
            await pos.purchase(500)
        assert str(not_paired.value) == ("HTTP 400: This register is not paired to a device, please pair it first.")
