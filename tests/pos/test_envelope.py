"""The first answer to `POST /POS/Transaction`: fields, types, forms (pos-api 3)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.shop import Shop, Till

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
ORDERED = re.compile(r".{14}7.*")


def assert_strings(data: dict[str, Any]) -> None:
    """Every value of `data` is a string, amounts too."""
    assert all(isinstance(value, str) for value in data.values()), data


async def test_every_field(shop: Shop) -> None:
    """camelCase outside, PascalCase inside, and nothing that pos-api does not show."""
    till = await shop.register(await shop.device())
    answer = await till.post()
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    envelope = answer.json()
    transaction_id, token = envelope["transactionId"], envelope["merchantAccessToken"]
    assert envelope == {
        "transactionId": transaction_id,
        "transactionTimeStamp": "202601010000000000",
        "merchantId": envelope["merchantId"],
        "deviceId": "7070714000",
        "transactionStatus": "PENDING",
        "data": {
            "PosVendor": "Till2Go",
            "PosRegisterID": "e6f1b7a2-0000-4000-8000-000000000001",
            "PosBusinessName": "Toys Shop",
            "AmountTotal": "500",
            "DeviceID": "7070714000",
            "Function": "Card.Purchase",
            "PollingUrl": f"{shop.hub.url}/POS/Transaction/{transaction_id}?merchantAccessToken={token}",
        },
        "merchantAccessToken": token,
    }
    assert UUID.fullmatch(transaction_id)
    assert ORDERED.fullmatch(transaction_id)
    assert UUID.fullmatch(envelope["merchantId"])
    assert_strings(envelope["data"])


async def test_the_merchant_is_the_device_s(shop: Shop) -> None:
    """merchantId stays the same from one transaction to the next."""
    till = await shop.register(await shop.device())
    assert (await till.pay())["merchantId"] == (await till.pay())["merchantId"]


async def test_time_stamp(shop: Shop) -> None:
    """UTC, yyyyMMddHHmmss and four decimals: 18 digits."""
    till = await shop.register(await shop.device())
    shop.hub.clock.advance(3661.042)
    assert (await till.pay())["transactionTimeStamp"] == "202601010101010420"


async def test_token_and_polling_url_belong_together(shop: Shop) -> None:
    """The token of the body is the one in the URL; it needs no escaping, and no two transactions share it."""
    till = await shop.register(await shop.device())
    first, second = await till.pay(), await till.pay()
    for envelope in (first, second):
        query = parse_qs(urlsplit(envelope["data"]["PollingUrl"]).query)
        assert query == {"merchantAccessToken": [envelope["merchantAccessToken"]]}
        assert re.fullmatch(r"[A-Za-z0-9_-]{32}", envelope["merchantAccessToken"])
    assert first["merchantAccessToken"] != second["merchantAccessToken"]


async def test_amounts_come_back_as_numbers_are_written(shop: Shop) -> None:
    """A leading zero is no other amount."""
    till = await shop.register(await shop.device())
    answer = await till.post(None, AmountTotal="000500")
    assert answer.json()["data"]["AmountTotal"] == "500"


async def test_names_that_are_not_ascii(shop: Shop) -> None:
    till = await shop.register(await shop.device(), business_name="Café 北京 & Söhne", vendor_name="Kassa+")
    data = (await till.pay())["data"]
    assert (data["PosBusinessName"], data["PosVendor"]) == ("Café 北京 & Söhne", "Kassa+")


async def test_not_paired(shop: Shop) -> None:
    answer = await Till(shop.hub).post()
    assert answer.status_code == 400
    assert answer.text == '{"error":"This register is not paired to a device, please pair it first."}'
    assert answer.headers["SmartConnect-Error-Code"] == "register_not_paired"


async def test_the_device_gets_what_the_pos_sent(shop: Shop) -> None:
    """Pushed at once, with who asks; and the id is the one of the answer."""
    device = await shop.device()
    till = await shop.register(device)
    envelope = await till.pay(1234)
    assert await device.started() == {
        "transaction_id": envelope["transactionId"],
        "function": "Card.Purchase",
        "register_name": "Front",
        "business_name": "Toys Shop",
        "received_at": "2026-01-01T00:00:00.000Z",
        "attempt": 1,
        "amount_total_cents": 1234,
    }
