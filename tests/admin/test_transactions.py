"""Transactions: the list with its filters and pages, and the story of one."""

from __future__ import annotations

import csv
import io

import pytest

from tests.admin.desk import assert_refused, get, in_doubt
from tests.running import RunningHub
from tests.shop import Shop


async def ids(shop: Shop, **params: str) -> list[str]:
    listed = (await get(shop.hub, "/transactions", **params))["transactions"]
    return [each["transaction"]["transaction_id"] for each in listed]


async def test_newest_first(shop: Shop) -> None:
    """With the place in the order of arrival, and who asked."""
    till = await shop.register(await shop.device(), register_name="Bar")
    paid = [(await till.pay())["transactionId"] for _ in range(3)]
    listed = (await get(shop.hub, "/transactions"))["transactions"]
    assert [each["transaction"]["transaction_id"] for each in listed] == paid[::-1]
    assert [each["seq"] for each in listed] == [3, 2, 1]
    assert {(each["register_name"], each["business_name"]) for each in listed} == {("Bar", "Toys Shop")}


async def test_pages(shop: Shop) -> None:
    """`before` is the `seq` that the page before ended with; nothing is shown twice while new ones come in."""
    till = await shop.register(await shop.device())
    paid = [(await till.pay())["transactionId"] for _ in range(7)]
    first = (await get(shop.hub, "/transactions", limit="3"))["transactions"]
    await till.pay()
    seen = [each["transaction"]["transaction_id"] for each in first]
    seen += await ids(shop, limit="3", before=str(first[-1]["seq"]))
    seen += await ids(shop, limit="3", before="2")
    assert seen == paid[::-1]


async def test_filters(shop: Shop) -> None:
    """By state, by device, both; an unknown device has none."""
    first, second = await shop.device("T1"), await shop.device("T2")
    one, two = await shop.register(first, register_id="1"), await shop.register(second, register_id="2")
    done, waiting, other = await one.pay(), await one.pay(), await two.pay()
    await first.started()
    await first.complete(done["transactionId"], "declined")
    await first.started()
    await first.socket.call("ping")
    assert await ids(shop, state="declined") == [done["transactionId"]]
    assert await ids(shop, device_id="T2") == [other["transactionId"]]
    assert await ids(shop, device_id="T1", state="processing") == [waiting["transactionId"]]
    assert await ids(shop, device_id="nobody") == []


async def test_attention(shop: Shop) -> None:
    """What needs a person: in doubt, or two words that contradict each other."""
    device, till, doubtful = await in_doubt(shop)
    assert await ids(shop, attention="true") == [doubtful]
    await device.complete(doubtful, "declined")
    assert await ids(shop, attention="true") == []
    await device.complete(doubtful, "approved")
    assert await ids(shop, attention="1") == [doubtful]
    await till.pay()
    assert len(await ids(shop, attention="false")) == 2


@pytest.mark.parametrize(
    "params",
    [{"state": "paid"}, {"state": ""}, {"state": "QUEUED"}, {"before": "x"}, {"before": "-1"}, {"attention": "maybe"}],
)
async def test_wrong_filters(hub: RunningHub, params: dict[str, str]) -> None:
    answer = await hub.http.get("/admin/transactions", params=params, headers=hub.admin)
    assert_refused(answer, 400, "invalid_params")


async def test_story(shop: Shop) -> None:
    """Every step with its time and the state after it."""
    device = await shop.device()
    till = await shop.register(device)
    envelope = await till.pay(TransactionReference="INV-1", PosNotificationCallbackUrl="https://pos.example//done")
    shop.hub.clock.advance(1)
    await device.started()
    await device.socket.call("ping")
    shop.hub.clock.advance(1)
    await device.socket.call(
        "transaction.progress", {"transaction_id": envelope["transactionId"], "stage": "entering_pin"}
    )
    shop.hub.clock.advance(1)
    await device.complete(envelope["transactionId"], auth_id="PIN147")
    story = await get(shop.hub, f"/transactions/{envelope['transactionId']}")
    assert [(each["at"][17:19], each["what"], each["state"]) for each in story["steps"]] == [
        ("00", "submit", "queued"),
        ("00", "dispatch", "sending"),
        ("01", "acknowledge", "processing"),
        ("02", "stage:entering_pin", "processing"),
        ("03", "complete_approved", "approved"),
    ]
    assert (story["sends"], story["sent_serial"], story["actions"]) == (1, "SN-1", [])
    assert story["transaction"]["result"]["auth_id"] == "PIN147"
    assert [(each["url"], each["state"]) for each in story["callbacks"]] == [("https://pos.example//done", "waiting")]


async def test_story_of_nothing(hub: RunningHub) -> None:
    answer = await hub.http.get("/admin/transactions/nothing", headers=hub.admin)
    assert_refused(answer, 404, "transaction_unknown")


async def test_export(shop: Shop) -> None:
    """CSV for a spreadsheet, newest first, the same filters; what looks like a formula is none."""
    device = await shop.device()
    till = await shop.register(device, register_name='=HYPERLINK("x")', business_name='Toys, "Shop"')
    declined, waiting = await till.pay(1234, TransactionReference="INV-1"), await till.pay()
    await device.started()
    await device.complete(declined["transactionId"], "declined", reason="wrong_pin")
    answer = await shop.hub.http.get("/admin/transactions.csv", headers=shop.hub.admin)
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["transaction_id"] for row in rows] == [waiting["transactionId"], declined["transactionId"]]
    assert rows[1]["register_name"] == """'=HYPERLINK("x")"""
    assert rows[1]["business_name"] == 'Toys, "Shop"'
    assert (rows[1]["amount_cents"], rows[1]["state"], rows[1]["reason"]) == ("1234", "declined", "wrong_pin")
    only = await shop.hub.http.get("/admin/transactions.csv", params={"state": "declined"}, headers=shop.hub.admin)
    assert len(list(csv.DictReader(io.StringIO(only.text)))) == 1
