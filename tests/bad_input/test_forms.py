"""Requests to the POS API that cannot be read, or say what cannot be meant."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from tests.bad_input.peers import pair
from tests.bad_input.store import contents
from tests.shop import Shop

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def refused(shop: Shop, body: str | bytes, *, status: int = 400, code: str = "invalid_params") -> str:
    """Post a body as it is; the error's text. The store is as it was, and a valid request works afterwards."""
    before = contents(shop.hub)
    answer = await shop.hub.http.post("/POS/Transaction", content=body, headers=FORM)
    assert answer.status_code == status, answer.text
    assert answer.headers["SmartConnect-Error-Code"] == code
    assert answer.json().keys() == {"error"}
    assert contents(shop.hub) == before
    text: str = answer.json()["error"]
    return text


def purchase(triple: dict[str, str], **more: str) -> str:
    return urlencode(
        {**triple, "TransactionMode": "ASYNC", "TransactionType": "Card.Purchase", "AmountTotal": "500", **more}
    )


@pytest.mark.parametrize(
    "encoded",
    [
        b"TransactionReference=%ff%fe",  # not UTF-8
        b"TransactionReference=%ED%A0%80",  # a lone surrogate
        b"TransactionReference=%C0%80",  # an overlong NUL
        b"TransactionReference=\xc3\xbc",  # not URL-encoded
        b"%ff=1",
    ],
)
async def test_not_utf_8(shop: Shop, encoded: bytes) -> None:
    _, till = await pair(shop)
    text = await refused(shop, purchase(till.triple).encode() + b"&" + encoded)
    assert text == "The parameters are not URL-encoded UTF-8."
    await till.pay()


@pytest.mark.parametrize("control", ["\x00", "\x07", "\x1b[31m", "\x7f"])
async def test_control_characters(shop: Shop, control: str) -> None:
    """In whatever parameter, known or not."""
    _, till = await pair(shop)
    for name in ("TransactionReference", "POSRegisterName", "SaleData", "Unknown"):
        text = await refused(shop, purchase(till.triple, **{name: f"x{control}"}))
        assert text == f"{name} contains control characters."
    await till.pay()


async def test_too_many_parameters(shop: Shop) -> None:
    _, till = await pair(shop)
    text = await refused(shop, purchase(till.triple) + "&x=1" * 100)
    assert text == "There are more than 100 parameters."


@pytest.mark.parametrize("body", ["", "x", "=", "&&&", "%", "POSRegisterID", "{}", "[]"])
async def test_nothing_that_can_be_meant(shop: Shop, body: str) -> None:
    await pair(shop)
    assert await refused(shop, body) == "POSRegisterID is required."


@pytest.mark.parametrize("missing", ["POSRegisterID", "POSBusinessName", "POSVendorName"])
async def test_missing_identity(shop: Shop, missing: str) -> None:
    _, till = await pair(shop)
    triple = {name: value for name, value in till.triple.items() if name != missing}
    assert await refused(shop, purchase(triple)) == f"{missing} is required."


@pytest.mark.parametrize("name", ["POSRegisterID", "POSBusinessName", "POSVendorName"])
async def test_over_long_identity(shop: Shop, name: str) -> None:
    _, till = await pair(shop)
    text = await refused(shop, purchase({**till.triple, name: "x" * 201}))
    assert text == f"{name} is longer than 200 characters."


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TransactionReference", "x" * 101),
        ("SaleData", '{"saleData":{"x":"' + "y" * 32_768 + '"}}'),
        ("PosNotificationCallbackUrl", "https://x.example/" + "y" * 2_000),
    ],
)
async def test_over_long_fields(shop: Shop, name: str, value: str) -> None:
    """The text names the parameter as the POS wrote it."""
    _, till = await pair(shop)
    assert name in await refused(shop, purchase(till.triple, **{name: value}))


async def test_over_long_idempotency_key(shop: Shop) -> None:
    _, till = await pair(shop)
    assert (await till.post({"Idempotency-Key": "x" * 100})).status_code == 200
    answer = await till.post({"Idempotency-Key": "x" * 101})
    assert answer.status_code == 400
    assert "Idempotency-Key" in answer.json()["error"]


@pytest.mark.parametrize("name", ["AmountTotal", "TransactionType", "POSRegisterID", "TransactionReference"])
async def test_the_same_parameter_twice(shop: Shop, name: str) -> None:
    """Two amounts are one too many: neither is guessed. The same value twice says nothing new."""
    _, till = await pair(shop)
    body = purchase(till.triple, TransactionReference="INV-1")
    assert await refused(shop, f"{body}&{name}=900") == f"{name} is given twice, with different values."
    twice = await shop.hub.http.post("/POS/Transaction", content=f"{body}&AmountTotal=500", headers=FORM)
    assert twice.status_code == 200


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("POSRegisterName", "x" * 201),
        ("Contact Name", "x" * 201),
        ("Email", "x" * 201),
        ("Address", "\x00"),
        ("POSRegisterID", "x" * 201),
    ],
)
async def test_pairing_fields(shop: Shop, field: str, value: str) -> None:
    """Refused by name, and the code stays good."""
    device, till = await pair(shop)
    code = await device.code()
    before = contents(shop.hub)
    answer = await shop.hub.http.put(
        f"/POS/Pairing/{code}", data={**till.triple, "POSRegisterName": "Front", field: value}
    )
    assert answer.status_code == 400
    assert field in answer.json()["error"]
    assert contents(shop.hub) == before
    assert (await till.pair(code)).status_code == 200


async def test_reused_idempotency_key(shop: Shop) -> None:
    """Over either door: the same key with another payload is refused, the first stays as it is."""
    _, till = await pair(shop)
    key = {"Idempotency-Key": "sale-1"}
    first = await till.post(key)
    before = contents(shop.hub)
    answer = await till.post(key, AmountTotal="900")
    assert (answer.status_code, answer.headers["SmartConnect-Error-Code"]) == (422, "idempotency_key_reused")
    assert contents(shop.hub) == before
    assert (await till.post(key)).text == first.text


@pytest.mark.parametrize(
    "path",
    [
        "/POS/Transaction/x",
        "/POS/Transaction/" + "x" * 5_000,
        "/POS/Transaction/%00",
        "/POS/Transaction/%ff%fe",
        "/POS/Transaction/..%2f..%2fadmin%2fdevices",
        "/POS/Transaction/' OR 1=1 --",
        "/POS/Transaction/00000000-0000-4000-8000-000000000000/Cancel/more",
    ],
)
async def test_ids_that_are_none(shop: Shop, path: str) -> None:
    """Wherever they lead, it is an error that a client can read, and never a fault of the hub."""
    answer = await shop.hub.http.get(path, params={"merchantAccessToken": "x"})
    assert answer.status_code in (401, 404)
    assert answer.json().keys() == {"error"}
