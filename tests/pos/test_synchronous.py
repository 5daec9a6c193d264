"""TransactionMode absent or empty: the connection is held and answers with the outcome (pos-api 3)."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests.running import RunningHub
from tests.shop import Shop, Terminal, Till, until_waiting


async def paired(shop: Shop) -> tuple[Terminal, Till]:
    device = await shop.device()
    return device, await shop.register(device)


def posted(till: Till, **parameters: str) -> asyncio.Task[httpx.Response]:
    """The request, under way."""
    return asyncio.create_task(till.post(None, **{"TransactionMode": "", **parameters}))


async def test_held_until_the_outcome(shop: Shop) -> None:
    """The final envelope, where a client reads `data.TransactionResult`; no polling URL is needed."""
    device, till = await paired(shop)
    asked = posted(till)
    started = await device.started()
    await device.socket.call("ping")
    assert not asked.done()
    await device.complete(started["transaction_id"], card_type="VISA")
    answer = await asked
    assert answer.status_code == 200
    body = answer.json()
    assert body["transactionId"] == started["transaction_id"]
    assert body["transactionStatus"] == "COMPLETED"
    assert body["data"]["TransactionResult"] == "OK-ACCEPTED"
    assert body["data"]["CardType"] == "VISA"
    assert "RecordExpiry" in body
    assert "PollingUrl" not in body["data"]


async def test_the_mode_may_be_left_out(shop: Shop) -> None:
    device, till = await paired(shop)
    given = {**till.triple, "TransactionType": "Card.Purchase", "AmountTotal": "500"}
    asked = asyncio.create_task(shop.hub.http.post("/POS/Transaction", data=given))
    started = await device.started()
    await device.complete(started["transaction_id"], "declined")
    assert (await asked).json()["data"]["TransactionResult"] == "OK-DECLINED"


async def test_the_limit(shop: Shop) -> None:
    """After 175 s it is answered as it stands: PENDING, never a guess. The transaction goes on."""
    device, till = await paired(shop)
    asked = posted(till)
    started = await device.started()
    await until_waiting(shop.hub, 175)
    shop.hub.clock.advance(50)
    await device.socket.call(
        "transaction.progress", {"transaction_id": started["transaction_id"], "stage": "waiting_for_card"}
    )
    shop.hub.clock.advance(50)
    await device.socket.call(
        "transaction.progress", {"transaction_id": started["transaction_id"], "stage": "entering_pin"}
    )
    shop.hub.clock.advance(50)
    await device.socket.call(
        "transaction.progress", {"transaction_id": started["transaction_id"], "stage": "waiting_for_host"}
    )
    assert not asked.done()
    shop.hub.clock.advance(25)
    body = (await asked).json()
    assert body["transactionStatus"] == "PENDING"
    assert "TransactionResult" not in body["data"]
    assert (await device.complete(started["transaction_id"]))["state"] == "approved"


async def test_device_away(shop: Shop) -> None:
    """The answer comes as soon as the grace is over, not at the limit."""
    device, till = await paired(shop)
    await device.socket.close()
    asked = posted(till)
    await until_waiting(shop.hub, 175)
    shop.hub.clock.advance(15)
    data = (await asked).json()["data"]
    assert (data["TransactionResult"], data["Result"]) == ("CANCELLED", "FAILED-INTERFACE")


async def test_refused_at_once(shop: Shop) -> None:
    """Errors are not held."""
    answer = await Till(shop.hub).post(None, TransactionMode="")
    assert answer.status_code == 400
    assert answer.json() == {"error": "This register is not paired to a device, please pair it first."}


async def test_a_client_that_hangs_up(shop: Shop) -> None:
    """The transaction does not hang on the connection; a retry with its key finds the outcome."""
    device, till = await paired(shop)
    key = {"Idempotency-Key": "sale-1"}
    asked = asyncio.create_task(till.post(key, TransactionMode=""))
    started = await device.started()
    asked.cancel()
    await device.complete(started["transaction_id"])
    again = await till.post(key, TransactionMode="")
    assert again.json()["transactionId"] == started["transaction_id"]
    assert again.json()["data"]["TransactionResult"] == "OK-ACCEPTED"


@pytest.mark.parametrize("mode", ["SYNC", "async ", "0", "ASYNC,ASYNC", "é"])
async def test_garbage(shop: Shop, mode: str) -> None:
    """Neither guessed nor submitted."""
    _, till = await paired(shop)
    answer = await till.post(None, TransactionMode=mode)
    assert answer.status_code == 400
    assert answer.json() == {"error": "TransactionMode must be ASYNC, or absent for synchronous mode."}
    listed = await shop.hub.http.get("/admin/transactions", headers=shop.hub.admin)
    assert listed.json() == {"transactions": []}


async def test_letter_case_of_async(shop: Shop) -> None:
    _, till = await paired(shop)
    assert "PollingUrl" in (await till.post(None, TransactionMode="Async")).json()["data"]


async def test_no_room_to_wait(hub: RunningHub) -> None:
    """When as many requests wait as may, a further one is answered as things stand, not refused."""
    shop = Shop(hub)
    device, till = await paired(shop)
    object.__setattr__(hub.edge.waiting, "_limit", 1)
    held = posted(till)
    started = await device.started()
    await until_waiting(hub, 175)
    answer = await posted(till)
    assert answer.json()["transactionStatus"] == "PENDING"
    await device.complete(started["transaction_id"])
    assert (await held).json()["transactionStatus"] == "COMPLETED"
