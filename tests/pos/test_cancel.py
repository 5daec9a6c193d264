"""`POST /POS/Transaction/{id}/Cancel`, an extension: each answer is an honest one."""

from __future__ import annotations

from tests.shop import Shop, Terminal, Till
from tests.wire import Json


async def paired(shop: Shop) -> tuple[Terminal, Till]:
    device = await shop.device()
    return device, await shop.register(device)


async def cancel(shop: Shop, first: Json) -> Json:
    """The answer to the POS's cancel."""
    answer = await shop.hub.http.post(
        f"/POS/Transaction/{first['transactionId']}/Cancel",
        params={"merchantAccessToken": first["merchantAccessToken"]},
    )
    assert answer.status_code == 200, answer.text
    body: Json = answer.json()
    return body


async def test_cancelled(shop: Shop) -> None:
    """Still in the queue: it never began, certainly not charged. The next one moves up."""
    device, till = await paired(shop)
    await till.pay()
    first, behind = await till.pay(), await till.pay()
    body = await cancel(shop, first)
    assert body["cancelResult"] == "cancelled"
    assert body["transactionStatus"] == "COMPLETED"
    data = body["data"]
    assert (data["TransactionResult"], data["Result"], data["NeverSent"]) == ("CANCELLED", "CANCELLED", "true")
    assert (await shop.poll(behind))["data"]["QueuePosition"] == "1"
    await device.started()
    await device.socket.call("ping")
    assert device.socket.waiting("transaction.start") == []


async def test_again_is_harmless(shop: Shop) -> None:
    _, till = await paired(shop)
    await till.pay()
    first = await till.pay()
    assert await cancel(shop, first) == await cancel(shop, first)


async def test_requested(shop: Shop) -> None:
    """On the device: the device decides. It is asked, and its word is the outcome."""
    device, till = await paired(shop)
    first = await till.pay()
    await device.started()
    await device.socket.call("ping")
    body = await cancel(shop, first)
    assert (body["cancelResult"], body["transactionStatus"]) == ("requested", "PENDING")
    asked = await device.socket.pushed("transaction.cancel")
    assert asked["params"] == {"transaction_id": first["transactionId"]}
    await device.socket.answer(asked, {"state": "cancelling"})
    await device.complete(first["transactionId"], "cancelled")
    data = (await shop.poll(first))["data"]
    assert (data["TransactionResult"], data["Result"], data["NeverSent"]) == ("CANCELLED", "CANCELLED", "false")


async def test_the_payment_wins_the_race(shop: Shop) -> None:
    """Asked to cancel, the device had been paid already: approved it is."""
    device, till = await paired(shop)
    first = await till.pay()
    await device.started()
    await device.socket.call("ping")
    await cancel(shop, first)
    asked = await device.socket.pushed("transaction.cancel")
    await device.socket.answer(asked, {"state": "too_late"})
    await device.complete(first["transactionId"])
    assert (await shop.poll(first))["data"]["TransactionResult"] == "OK-ACCEPTED"


async def test_the_device_says_too_late(shop: Shop) -> None:
    """The POS sees that the payment goes on."""
    device, till = await paired(shop)
    first = await till.pay()
    await device.started()
    await device.socket.call("ping")
    await cancel(shop, first)
    asked = await device.socket.pushed("transaction.cancel")
    await device.socket.answer(asked, {"state": "too_late"})
    await device.socket.call("ping")
    data = (await shop.poll(first))["data"]
    assert (data["State"], data["Cause"]) == ("processing", "cancel_too_late")


async def test_too_late(shop: Shop) -> None:
    """It has ended: the answer carries the outcome, unchanged."""
    device, till = await paired(shop)
    first = await till.pay()
    await device.started()
    await device.complete(first["transactionId"])
    body = await cancel(shop, first)
    assert body["cancelResult"] == "too_late"
    assert body["data"]["TransactionResult"] == "OK-ACCEPTED"


async def test_unknown(shop: Shop) -> None:
    """In doubt: the device cannot be asked now; it is, as soon as it comes back with the transaction."""
    device, till = await paired(shop)
    first = await till.pay()
    await device.started()
    await device.socket.call("ping")
    shop.hub.clock.advance(60)
    inquiry = await device.socket.pushed("transaction.inquire")
    body = await cancel(shop, first)
    assert (body["cancelResult"], body["transactionStatus"]) == ("unknown", "PENDING")
    assert body["data"]["TransactionResult"] == "OK-DELAYED"
    await device.socket.answer(inquiry, {"state": "processing"})
    asked = await device.socket.pushed("transaction.cancel")
    assert asked["params"] == {"transaction_id": first["transactionId"]}


async def test_wrong_token(shop: Shop) -> None:
    """401, and nothing is cancelled."""
    _, till = await paired(shop)
    await till.pay()
    first, other = await till.pay(), await till.pay()
    answer = await shop.hub.http.post(
        f"/POS/Transaction/{first['transactionId']}/Cancel",
        params={"merchantAccessToken": other["merchantAccessToken"]},
    )
    assert answer.status_code == 401
    assert answer.json() == {"error": "Invalid merchantAccessToken"}
    assert (await shop.poll(first))["data"]["State"] == "queued"


async def test_token_in_the_body(shop: Shop) -> None:
    """A form is as good as the query string."""
    _, till = await paired(shop)
    await till.pay()
    first = await till.pay()
    answer = await shop.hub.http.post(
        f"/POS/Transaction/{first['transactionId']}/Cancel",
        data={"merchantAccessToken": first["merchantAccessToken"]},
    )
    assert answer.json()["cancelResult"] == "cancelled"
