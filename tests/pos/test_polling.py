"""`GET {PollingUrl}`: pending, delayed, completed, its pace, and how long it is good (pos-api 4)."""

from __future__ import annotations

import pytest

from hub.commands import retention
from tests.pos.test_envelope import assert_strings
from tests.shop import Shop, until

DAY = 86_400.0


async def test_pending_echoes_the_request(shop: Shop) -> None:
    """PENDING, the request's own data, no result; the URL and the token are not repeated."""
    till = await shop.register(await shop.device())
    first = await till.pay(TransactionReference="INV-1")
    seen = await shop.poll(first)
    assert seen.keys() == {
        "transactionId",
        "transactionTimeStamp",
        "merchantId",
        "deviceId",
        "transactionStatus",
        "data",
        "RecordExpiry",
    }
    assert seen["transactionStatus"] == "PENDING"
    for name in ("transactionId", "transactionTimeStamp", "merchantId", "deviceId"):
        assert seen[name] == first[name]
    echo = {name: value for name, value in first["data"].items() if name != "PollingUrl"}
    assert seen["data"] | echo == seen["data"]
    assert not {"TransactionResult", "Result", "PollingUrl"} & seen["data"].keys()
    assert_strings(seen["data"])


async def test_the_url_is_absolute_and_stays(shop: Shop) -> None:
    """The same URL answers through the transaction's whole life."""
    device = await shop.device()
    till = await shop.register(device)
    first = await till.pay()
    assert first["data"]["PollingUrl"].startswith(f"{shop.hub.url}/POS/Transaction/")
    assert (await shop.poll(first))["transactionStatus"] == "PENDING"
    await device.started()
    assert (await shop.poll(first))["transactionStatus"] == "PENDING"
    await device.complete(first["transactionId"])
    assert (await shop.poll(first))["transactionStatus"] == "COMPLETED"
    assert "PollingUrl" not in (await shop.poll(first))["data"]


async def test_record_expiry(shop: Shop) -> None:
    """About 180 days ahead, on every answer; from its end on, once it has ended."""
    device = await shop.device()
    till = await shop.register(device)
    first = await till.pay()
    assert (await shop.poll(first))["RecordExpiry"] == "2026-06-30T00:00:00.000Z"
    await device.started()
    shop.hub.clock.advance(60)
    await device.complete(first["transactionId"])
    assert (await shop.poll(first))["RecordExpiry"] == "2026-06-30T00:01:00.000Z"


async def test_live_data(shop: Shop) -> None:
    """Extensions for a POS that shows what is going on: state, stage, place in the queue."""
    device = await shop.device()
    till = await shop.register(device)
    first, second = await till.pay(), await till.pay()
    assert (await shop.poll(second))["data"]["QueuePosition"] == "1"
    await device.started()
    await device.socket.call(
        "transaction.progress", {"transaction_id": first["transactionId"], "stage": "entering_pin"}
    )
    live = (await shop.poll(first))["data"]
    assert (live["State"], live["Stage"], live["QueuePosition"]) == ("processing", "entering_pin", "0")


async def test_completed_data(shop: Shop) -> None:
    """Section 5: what the device said, every value a string, the card's last four digits only."""
    device = await shop.device()
    till = await shop.register(device)
    sale = '{"version":"1.0.0","saleData":{"totalAmount":"5.00","totalTax":"0.65"}}'
    first = await till.pay(SaleData=sale)
    await device.started()
    await device.complete(
        first["transactionId"],
        result_text="APPROVED",
        auth_id="PIN147",
        acquirer_ref="000013",
        terminal_ref="79707014",
        card_pan="4988430000000138",
        card_type="VISA",
        account_type="CREDIT",
        amount_total_cents=615,
        amount_surcharge_cents=15,
        amount_tip_cents=100,
        timestamp="20180919115520",
        receipt="    TOYS SHOP\nAPPROVED\n",
    )
    seen = await shop.poll(first)
    assert seen["transactionStatus"] == "COMPLETED"
    assert seen["data"] == {
        "DeviceID": "7070714000",
        "Function": "Card.Purchase",
        "Merchant": "1",
        "RequestId": first["transactionId"],
        "TransactionResult": "OK-ACCEPTED",
        "Result": "OK",
        "ResultText": "APPROVED",
        "AuthId": "PIN147",
        "AcquirerRef": "000013",
        "TerminalRef": "79707014",
        "CardPan": "....0138",
        "CardType": "VISA",
        "AccountType": "CREDIT",
        "AmountTotal": "615",
        "AmountSurcharge": "15",
        "AmountTip": "100",
        "Timestamp": "20180919115520",
        "Receipt": "    TOYS SHOP\nAPPROVED\n",
        "SaleData": sale,
    }
    assert_strings(seen["data"])


async def test_an_approval_always_has_a_card_type(shop: Shop) -> None:
    """A real client crashes without it; the amounts are there too, as asked for."""
    device = await shop.device()
    till = await shop.register(device)
    first = await till.pay(500)
    await device.started()
    await device.complete(first["transactionId"])
    data = (await shop.poll(first))["data"]
    assert (data["CardType"], data["AmountTotal"], data["AmountSurcharge"], data["AmountTip"]) == ("", "500", "0", "0")


@pytest.mark.parametrize("step", [2.0, 1.9, 1.5])
async def test_the_documented_pace_is_never_refused(shop: Shop, step: float) -> None:
    """A poll each 2.0 s, or slightly early from timer jitter, through ten minutes."""
    till = await shop.register(await shop.device())
    first = await till.pay()
    for _ in range(round(600 / step)):
        shop.hub.clock.advance(step)
        assert (await shop.poll(first))["transactionId"] == first["transactionId"]


async def test_much_faster_is_refused_and_recovers(shop: Shop) -> None:
    """429 with how long to wait; the very next poll at the documented pace is answered again."""
    till = await shop.register(await shop.device())
    first = await till.pay()
    answers = [await shop.hub.http.get(first["data"]["PollingUrl"]) for _ in range(30)]
    assert {answer.status_code for answer in answers} == {200, 429}
    refused = answers[-1]
    assert refused.json() == {"error": "Polling too fast; once in 2 seconds is enough."}
    assert refused.headers["SmartConnect-Error-Code"] == "polling_too_fast"
    shop.hub.clock.advance(float(refused.headers["Retry-After"]))
    await shop.poll(first)
    shop.hub.clock.advance(2.0)
    await shop.poll(first)


async def test_the_pace_is_each_transaction_s_own(shop: Shop) -> None:
    till = await shop.register(await shop.device())
    busy, other = await till.pay(), await till.pay()
    for _ in range(30):
        await shop.hub.http.get(busy["data"]["PollingUrl"])
    await shop.poll(other)


async def test_the_token_lives_as_long_as_the_record(shop: Shop) -> None:
    """The vendor's dies after 15 minutes, the worst flaw of the real service; the hub's is good for 180 days."""
    device = await shop.device()
    till = await shop.register(device)
    first = await till.pay()
    await device.started()
    await device.complete(first["transactionId"])
    for advanced in (16 * 60.0, 179 * DAY):
        shop.hub.clock.advance(advanced)
        assert (await shop.poll(first))["data"]["TransactionResult"] == "OK-ACCEPTED"


async def test_after_the_record_s_end(shop: Shop) -> None:
    """Swept away; the right token is then told so."""
    device = await shop.device()
    till = await shop.register(device)
    first = await till.pay()
    await device.started()
    await device.complete(first["transactionId"])
    shop.hub.clock.advance(180 * DAY + 1)
    await shop.hub.edge.engine.execute(retention.sweep)
    answer = await shop.hub.http.get(first["data"]["PollingUrl"])
    assert answer.status_code == 404
    assert answer.json() == {"error": "There is no such transaction."}


async def test_the_token_survives_a_restart(shop: Shop) -> None:
    device = await shop.device()
    till = await shop.register(device)
    first = await till.pay()
    path = first["data"]["PollingUrl"].removeprefix(shop.hub.url)
    await shop.hub.stop()
    await shop.hub.start()
    assert (await shop.hub.http.get(path)).json()["transactionId"] == first["transactionId"]


async def test_another_transaction_s_token(shop: Shop) -> None:
    """A wrong token, a missing one, and an unknown transaction look the same: 401, and nothing of the record."""
    till = await shop.register(await shop.device())
    mine, other = await till.pay(), await till.pay()
    unknown = "00000000-0000-4000-8000-000000000000"
    for transaction_id, token in [
        (mine["transactionId"], other["merchantAccessToken"]),
        (mine["transactionId"], ""),
        (mine["transactionId"], "é\u2028"),
        (unknown, mine["merchantAccessToken"]),
    ]:
        answer = await shop.hub.http.get(f"/POS/Transaction/{transaction_id}", params={"merchantAccessToken": token})
        assert answer.status_code == 401
        assert answer.json() == {"error": "Invalid merchantAccessToken"}
    assert (await shop.hub.http.get(f"/POS/Transaction/{mine['transactionId']}")).status_code == 401


async def test_delayed_and_then_the_late_result(shop: Shop) -> None:
    """Still PENDING, OK-DELAYED: keep polling; the device that lost its line uploads the result when it is back."""
    device = await shop.device()
    till = await shop.register(device)
    first = await till.pay()
    await device.started()
    await device.socket.call("ping")
    await device.socket.abort()
    await until(lambda: len(shop.hub.edge.connections) == 0)
    assert "TransactionResult" not in (await shop.poll(first))["data"]
    shop.hub.clock.advance(15)
    await till.pay()  # a command of its own: the deadlines have been worked off when it is answered
    delayed = await shop.poll(first)
    assert delayed["transactionStatus"] == "PENDING"
    assert (delayed["data"]["TransactionResult"], delayed["data"]["Result"]) == ("OK-DELAYED", "DELAYED-TRANSACTION")
    assert delayed["data"]["AmountTotal"] == "500"
    await device.switch_on(results=[{"transaction_id": first["transactionId"], "outcome": "approved"}])
    assert (await shop.poll(first))["data"]["TransactionResult"] == "OK-ACCEPTED"
