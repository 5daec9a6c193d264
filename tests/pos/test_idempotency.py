"""The `Idempotency-Key` header, an extension: a retry can never charge twice."""

from __future__ import annotations

import asyncio

from tests.shop import Shop, Terminal, Till

KEY = {"Idempotency-Key": "sale-4711"}


async def paired(shop: Shop) -> tuple[Terminal, Till]:
    device = await shop.device()
    return device, await shop.register(device)


async def count(shop: Shop) -> int:
    listed = await shop.hub.http.get("/admin/transactions", headers=shop.hub.admin)
    return len(listed.json()["transactions"])


async def test_replay_has_the_same_body(shop: Shop) -> None:
    """The first answer again, byte for byte, marked in a header; nothing was done again."""
    device, till = await paired(shop)
    first = await till.post(KEY)
    again = await till.post(KEY)
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.text == first.text
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert await count(shop) == 1
    await device.started()
    await device.socket.call("ping")
    assert device.socket.waiting("transaction.start") == []


async def test_replay_after_the_end(shop: Shop) -> None:
    """However far things have gone, and for as long as the record is kept."""
    device, till = await paired(shop)
    first = await till.post(KEY)
    await device.started()
    await device.complete(first.json()["transactionId"])
    shop.hub.clock.advance(179 * 86_400)
    assert (await till.post(KEY)).text == first.text
    assert (await shop.poll(first.json()))["data"]["TransactionResult"] == "OK-ACCEPTED"


async def test_replay_after_the_pairing_ended(shop: Shop) -> None:
    """The POS that lost the answer still learns what became of its sale."""
    device, till = await paired(shop)
    first = await till.post(KEY)
    await device.socket.call("pairing.remove", {"all": True})
    assert (await till.post(KEY)).text == first.text
    assert (await till.post({"Idempotency-Key": "sale-4712"})).status_code == 400


async def test_replay_after_a_restart(shop: Shop) -> None:
    _, till = await paired(shop)
    first = (await till.post(KEY)).json()
    await shop.hub.stop()
    await shop.hub.start()
    assert (await till.post(KEY)).json()["transactionId"] == first["transactionId"]


async def test_concurrent_duplicates(shop: Shop) -> None:
    """Ten at once: one transaction, one of them the original, the others replays of it."""
    _, till = await paired(shop)
    answers = await asyncio.gather(*(till.post(KEY) for _ in range(10)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert sum("Idempotent-Replayed" not in answer.headers for answer in answers) == 1
    assert await count(shop) == 1


async def test_other_payload(shop: Shop) -> None:
    """422, and neither the first nor a second transaction is touched."""
    _, till = await paired(shop)
    first = await till.post(KEY)
    for other in ({"AmountTotal": "501"}, {"TransactionType": "Card.Refund"}, {"TransactionReference": "INV-2"}):
        answer = await till.post(KEY, **other)
        assert answer.status_code == 422
        assert answer.json() == {"error": "This idempotency key was used for another request."}
        assert answer.headers["SmartConnect-Error-Code"] == "idempotency_key_reused"
    assert await count(shop) == 1
    assert (await till.post(KEY)).text == first.text


async def test_what_does_not_count_as_payload(shop: Shop) -> None:
    """Unknown fields, and the mode: a retry may poll what was asked for synchronously."""
    _, till = await paired(shop)
    first = await till.post(KEY)
    assert (await till.post(KEY, POSReferenceID="7")).text == first.text


async def test_keys_are_each_register_s_own(shop: Shop) -> None:
    """Two tills may count their sales alike."""
    device, till = await paired(shop)
    other = await shop.register(device, register_id="other")
    first, second = await till.post(KEY), await other.post(KEY)
    assert first.json()["transactionId"] != second.json()["transactionId"]


async def test_a_refused_request_uses_no_key(shop: Shop) -> None:
    """Not paired yet: the same key works once it is."""
    device = await shop.device()
    till = Till(shop.hub)
    assert (await till.post(KEY)).status_code == 400
    await till.pair(await device.code())
    assert (await till.post(KEY)).status_code == 200


async def test_no_key_no_replay(shop: Shop) -> None:
    """The same request twice without a key is two sales."""
    _, till = await paired(shop)
    await till.pay()
    await till.pay()
    assert await count(shop) == 2


async def test_both_doors_share_the_keys(shop: Shop) -> None:
    """A POS that retries over its socket finds what it sent by HTTP."""
    _, till = await paired(shop)
    first = (await till.post(KEY)).json()
    await till.connect()
    again = await till.socket.call(
        "transaction.submit",
        {"function": "Card.Purchase", "amount_total_cents": 500, "idempotency_key": "sale-4711"},
    )
    assert again["replayed"] is True
    assert again["transaction"]["transaction_id"] == first["transactionId"]
