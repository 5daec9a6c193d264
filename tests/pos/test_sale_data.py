"""SaleData and the callback URL: checked on the way in, handed on as they are (pos-api 7, 8)."""

from __future__ import annotations

import json

import pytest

from tests.shop import Shop

SALE = json.dumps(
    {
        "version": "1.0.0",
        "saleData": {
            "totalAmount": "5.00",
            "totalTax": "0.65",
            "invoiceNumber": "INV-1",
            "lineItems": [
                {
                    "productName": "Crème brûlée 🍮",
                    "quantity": "1",
                    "unitPrice": "4.35",
                    "unitTax": "0.65",
                    "totalPrice": "-4.35",
                    "totalTax": "0.65",
                    "categories": [{"categoryName": "Dessert"}],
                }
            ],
        },
    },
    ensure_ascii=False,
)


async def test_handed_on_and_echoed(shop: Shop) -> None:
    """Character for character, to the device and on the transaction's own result."""
    device = await shop.device()
    till = await shop.register(device)
    first = await till.pay(SaleData=SALE)
    assert (await device.started())["sale_data"] == SALE
    await device.complete(first["transactionId"])
    assert (await shop.poll(first))["data"]["SaleData"] == SALE


@pytest.mark.parametrize("wrong", ["{", "[]", "null", '"x"', "{}", '{"saleData":[]}', '{"saleData":"x"}', "[" * 20_000])
async def test_not_of_the_documented_form(shop: Shop, wrong: str) -> None:
    till = await shop.register(await shop.device())
    answer = await till.post(None, SaleData=wrong)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("SaleData must be JSON")


async def test_what_a_basket_holds_is_the_pos_s_business(shop: Shop) -> None:
    """A detail inside never keeps a shop from being paid."""
    till = await shop.register(await shop.device())
    await till.pay(SaleData='{"saleData":{"totalAmount":5,"new":{"field":[true]}}}')


async def test_too_long(shop: Shop) -> None:
    till = await shop.register(await shop.device())
    answer = await till.post(None, SaleData=json.dumps({"saleData": {"x": "y" * 32_768}}))
    assert answer.status_code == 400
    assert "SaleData" in answer.json()["error"]


@pytest.mark.parametrize("url", ["https://pos.example//hooks//done?x=1", "http://192.0.2.7:8080/cb"])
async def test_callback_url(shop: Shop, url: str) -> None:
    """The one public consumer's has a double slash in its path."""
    till = await shop.register(await shop.device())
    await till.pay(PosNotificationCallbackUrl=url)


@pytest.mark.parametrize(
    "wrong", ["ftp://pos.example/", "pos.example/x", "https://", "https://u:p@pos.example/", "http://[", "https://x:0/"]
)
async def test_wrong_callback_url(shop: Shop, wrong: str) -> None:
    till = await shop.register(await shop.device())
    answer = await till.post(None, PosNotificationCallbackUrl=wrong)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("PosNotificationCallbackUrl ")
