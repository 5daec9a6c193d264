"""`GET {PollingUrl}&wait=seconds`, an extension: the answer comes with the outcome, or at the limit."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests.shop import Shop, Terminal, Till, until_waiting
from tests.wire import Json


async def paired(shop: Shop) -> tuple[Terminal, Till]:
    device = await shop.device()
    return device, await shop.register(device)


def long_poll(shop: Shop, first: Json, wait: str) -> asyncio.Task[httpx.Response]:
    """The request, under way."""
    return asyncio.create_task(shop.hub.http.get(f"{first['data']['PollingUrl']}&wait={wait}"))


async def test_returns_at_the_outcome(shop: Shop) -> None:
    """At once, with the clock standing still."""
    device, till = await paired(shop)
    first = await till.pay()
    started = await device.started()
    held = long_poll(shop, first, "30")
    await until_waiting(shop.hub, 30)
    await device.complete(started["transaction_id"])
    assert (await held).json()["data"]["TransactionResult"] == "OK-ACCEPTED"


async def test_returns_at_the_limit(shop: Shop) -> None:
    """PENDING, and the next long poll may follow at once."""
    _, till = await paired(shop)
    first = await till.pay()
    held = long_poll(shop, first, "2.5")
    await until_waiting(shop.hub, 2.5)
    shop.hub.clock.advance(2.4)
    await till.pay()
    assert not held.done()
    shop.hub.clock.advance(0.1)
    assert (await held).json()["transactionStatus"] == "PENDING"


async def test_longest_wait(shop: Shop) -> None:
    """What is over the limit is cut down to it, not refused."""
    _, till = await paired(shop)
    first = await till.pay()
    held = long_poll(shop, first, "86400")
    await until_waiting(shop.hub, 60)
    shop.hub.clock.advance(60)
    assert (await held).status_code == 200


async def test_several_at_once(shop: Shop) -> None:
    device, till = await paired(shop)
    first = await till.pay()
    started = await device.started()
    held = [long_poll(shop, first, str(seconds)) for seconds in (31, 32, 33)]
    for seconds in (31, 32, 33):
        await until_waiting(shop.hub, seconds)
    await device.complete(started["transaction_id"], "declined")
    assert {each.json()["data"]["TransactionResult"] for each in await asyncio.gather(*held)} == {"OK-DECLINED"}


async def test_already_final(shop: Shop) -> None:
    device, till = await paired(shop)
    first = await till.pay()
    started = await device.started()
    await device.complete(started["transaction_id"])
    assert (await long_poll(shop, first, "60")).json()["transactionStatus"] == "COMPLETED"


async def test_no_wait(shop: Shop) -> None:
    _, till = await paired(shop)
    first = await till.pay()
    assert (await long_poll(shop, first, "0")).json()["transactionStatus"] == "PENDING"


@pytest.mark.parametrize("wrong", ["-1", "soon", "nan", "inf", "1e999", ""])
async def test_wrong_wait(shop: Shop, wrong: str) -> None:
    _, till = await paired(shop)
    answer = await long_poll(shop, await till.pay(), wrong)
    assert answer.status_code == 400
    assert answer.json() == {"error": "wait must be a number of seconds."}


async def test_a_client_that_hangs_up_frees_its_place(shop: Shop) -> None:
    _, till = await paired(shop)
    first = await till.pay()
    held = long_poll(shop, first, "30")
    await until_waiting(shop.hub, 30)
    held.cancel()
    with pytest.raises(asyncio.CancelledError):
        await held
    shop.hub.clock.advance(30)
    await shop.poll(first)
