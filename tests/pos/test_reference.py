"""TransactionReference, an extension: a POS finds its transaction again, as long as the record is kept."""

from __future__ import annotations

import pytest

from tests.shop import Shop, Till
from tests.wire import Json


async def found(till: Till, reference: str) -> list[Json]:
    answer = await till.hub.http.get("/POS/Transaction", params={**till.triple, "TransactionReference": reference})
    assert answer.status_code == 200, answer.text
    transactions: list[Json] = answer.json()["transactions"]
    return transactions


async def test_found_as_it_stands(shop: Shop) -> None:
    """The envelope of a poll, and a polling URL that works: the POS had lost both."""
    device = await shop.device()
    till = await shop.register(device)
    first = await till.pay(TransactionReference="INV-1")
    await device.started()
    await device.complete(first["transactionId"])
    (seen,) = await found(till, "INV-1")
    assert seen["pollingUrl"] == first["data"]["PollingUrl"]
    assert {name: value for name, value in seen.items() if name != "pollingUrl"} == await shop.poll(first)
    assert seen["data"]["TransactionReference"] == "INV-1"


async def test_newest_first(shop: Shop) -> None:
    """A reference is the POS's own and may occur more than once: an authorise and its finalise."""
    till = await shop.register(await shop.device())
    ids = []
    for given in ({"TransactionType": "Card.Authorise", "AmountAuth": "900"}, {"AmountTotal": "5"}):
        ids.append((await till.post(None, TransactionReference="BOOKING-7", **given)).json()["transactionId"])
    await till.pay(TransactionReference="BOOKING-8")
    assert [each["transactionId"] for each in await found(till, "BOOKING-7")] == ids[::-1]


async def test_own_only(shop: Shop) -> None:
    """Another register with the same reference finds its own, never this one's."""
    device = await shop.device()
    till, other = await shop.register(device), await shop.register(device, register_id="other")
    await till.pay(TransactionReference="INV-1")
    assert await found(other, "INV-1") == []
    assert await found(Till(shop.hub, vendor_name="Stranger"), "INV-1") == []


async def test_exact(shop: Shop) -> None:
    till = await shop.register(await shop.device())
    await till.pay(TransactionReference="INV-1")
    for near in ("inv-1", "INV-", "INV-1 ", "INV-%", "INV-_"):
        assert await found(till, near) == []


async def test_as_long_as_the_record(shop: Shop) -> None:
    """179 days later it is still found."""
    device = await shop.device()
    till = await shop.register(device)
    first = await till.pay(TransactionReference="INV-1")
    await device.started()
    await device.complete(first["transactionId"])
    shop.hub.clock.advance(179 * 86_400)
    assert len(await found(till, "INV-1")) == 1


@pytest.mark.parametrize("wrong", ["", "x" * 101])
async def test_wrong_reference(shop: Shop, wrong: str) -> None:
    answer = await shop.hub.http.get(
        "/POS/Transaction", params={**Till(shop.hub).triple, "TransactionReference": wrong}
    )
    assert answer.status_code == 400
    assert answer.json() == {"error": "TransactionReference is required, at most 100 characters."}


async def test_too_long_to_submit(shop: Shop) -> None:
    till = await shop.register(await shop.device())
    assert (await till.post(None, TransactionReference="x" * 100)).status_code == 200
    answer = await till.post(None, TransactionReference="x" * 101)
    assert answer.status_code == 400
    assert "TransactionReference" in answer.json()["error"]
