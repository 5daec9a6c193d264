"""Parameters on the register's socket: wrong types, missing and over-long fields, impossible amounts."""

from __future__ import annotations

import json

import pytest

from tests.bad_input.peers import answer_to, greeted, refusal, request
from tests.bad_input.store import contents
from tests.shop import Shop
from tests.wire import Json

PURCHASE: Json = {"function": "Card.Purchase", "amount_total_cents": 500}
HUGE = 10**12

NOT_AMOUNTS = [
    "0",
    "-1",
    "-0",
    "0.5",
    "499.99",
    "5e-1",
    str(HUGE),
    "1e12",
    "1e400",
    str(2**63),
    str(10**30),
    '"500"',
    '"٥٠٠"',
    '"５００"',
    '""',
    "null",
    "true",
    "[500]",
    '{"cents":500}',
]


@pytest.mark.parametrize("amount", NOT_AMOUNTS)
async def test_amounts(shop: Shop, amount: str) -> None:
    """Zero, negative, fractional, huge, not a number: refused, never rounded, never read as something else."""
    wire = await greeted(shop, "register")
    before = contents(shop.hub)
    params = f'{{"function":"Card.Purchase","amount_total_cents":{amount}}}'
    answer = await answer_to(wire, request("transaction.submit", params), "transaction.submit")
    error = answer["error"]
    assert (error["data"]["code"], error["data"]["retryable"]) == ("invalid_params", False)
    assert error["message"]
    assert contents(shop.hub) == before
    assert (await wire.call("transaction.submit", PURCHASE))["transaction"]["state"] == "sending"


@pytest.mark.parametrize("name", ["amount_total_cents", "amount_cash_cents", "amount_auth_cents", "amount_final_cents"])
async def test_every_amount_is_checked(shop: Shop, name: str) -> None:
    """Also where the function does not know it: a typed client has no reason to send nonsense."""
    wire = await greeted(shop, "register")
    for wrong in (0, -1, 1.5, "500", HUGE):
        error = await refusal(wire, "transaction.submit", {**PURCHASE, name: wrong})
        assert error["data"]["code"] == "invalid_params"
        assert name in error["message"]


@pytest.mark.parametrize("function", ["Card.Buy", "", "card", "Card.Purchase\u0000", "x" * 201, "Kárd.Purchase"])
async def test_unknown_functions(shop: Shop, function: str) -> None:
    wire = await greeted(shop, "register")
    before = contents(shop.hub)
    error = await refusal(wire, "transaction.submit", {**PURCHASE, "function": function})
    assert error["data"]["code"] in ("function_unknown", "invalid_params")
    assert len(error["message"]) < 200
    assert contents(shop.hub) == before
    await wire.call("ping")


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("transaction.submit", {}),
        ("transaction.submit", {"amount_total_cents": 500}),
        ("transaction.submit", {"function": "Card.Purchase"}),
        ("transaction.submit", {"function": "Card.PurchasePlusCash", "amount_total_cents": 500}),
        ("transaction.submit", {"function": "Card.Authorise", "amount_auth_cents": 500}),
        ("transaction.submit", {"function": "Card.Finalise", "transaction_reference": "x"}),
        ("transaction.get", {}),
        ("transaction.cancel", {}),
        ("transaction.find", {}),
        ("pairing.redeem", {}),
        ("pairing.redeem", {"code": "12345678"}),
        ("pairing.redeem", {"register_name": "Front"}),
    ],
)
async def test_missing_fields(shop: Shop, method: str, params: Json) -> None:
    wire = await greeted(shop, "register")
    before = contents(shop.hub)
    error = await refusal(wire, method, params)
    assert (error["data"]["code"], error["data"]["retryable"]) == ("invalid_params", False)
    assert contents(shop.hub) == before
    await wire.call("ping")


@pytest.mark.parametrize("params", [None, [], [1], "x", 5, True, {"function": 5}, {"function": None}])
@pytest.mark.parametrize("method", ["transaction.submit", "transaction.get", "transaction.find", "pairing.redeem"])
async def test_wrong_types(shop: Shop, method: str, params: object) -> None:
    wire = await greeted(shop, "register")
    answer = await answer_to(wire, request(method, json.dumps(params)), method)
    assert answer["error"]["code"] == -32602
    assert answer["error"]["data"]["code"] == "invalid_params"
    await wire.call("ping")


TOO_LONG: list[tuple[str, Json]] = [
    ("transaction.submit", {**PURCHASE, "transaction_reference": "x" * 101}),
    ("transaction.submit", {**PURCHASE, "idempotency_key": "x" * 101}),
    ("transaction.submit", {**PURCHASE, "idempotency_key": ""}),
    ("transaction.submit", {**PURCHASE, "sale_data": json.dumps({"saleData": {"x": "y" * 32_768}})}),
    ("transaction.submit", {**PURCHASE, "callback_url": "https://x.example/" + "y" * 2_000}),
    ("transaction.submit", {**PURCHASE, "date": "x" * 201}),
    ("transaction.get", {"transaction_id": "x" * 65}),
    ("transaction.get", {"transaction_id": ""}),
    ("transaction.find", {"transaction_reference": "x" * 101}),
    ("pairing.redeem", {"code": "1" * 33, "register_name": "Front"}),
    ("pairing.redeem", {"code": "", "register_name": "Front"}),
    ("pairing.redeem", {"code": "12345678", "register_name": "x" * 201}),
    ("pairing.redeem", {"code": "12345678", "register_name": ""}),
    ("pairing.redeem", {"code": "12345678", "register_name": "Front", "email": "x" * 201}),
]


@pytest.mark.parametrize(("method", "params"), TOO_LONG)
async def test_over_long_and_empty_fields(shop: Shop, method: str, params: Json) -> None:
    """Refused as a whole, never cut."""
    wire = await greeted(shop, "register")
    before = contents(shop.hub)
    assert (await refusal(wire, method, params))["data"]["code"] == "invalid_params"
    assert contents(shop.hub) == before
    await wire.call("ping")


@pytest.mark.parametrize("control", ["\u0000", "\u0007", "\u001b[31m", "\u007f"])
async def test_control_characters(shop: Shop, control: str) -> None:
    """They would ring an operator's bell or worse; the POS API does not take them either."""
    wire = await greeted(shop, "register")
    before = contents(shop.hub)
    for params in (
        {**PURCHASE, "transaction_reference": f"INV{control}"},
        {**PURCHASE, "idempotency_key": f"{control}1"},
        {**PURCHASE, "callback_url": f"https://x.example/{control}"},
    ):
        assert (await refusal(wire, "transaction.submit", params))["data"]["code"] == "invalid_params"
    redeem = {"code": "12345678", "register_name": f"Front{control}"}
    assert (await refusal(wire, "pairing.redeem", redeem))["data"]["code"] == "invalid_params"
    assert contents(shop.hub) == before


@pytest.mark.parametrize("control", ["\u0000", "\u001b[31m"])
async def test_control_characters_in_a_hello(shop: Shop, control: str) -> None:
    """Neither door lets in a register or a device whose name holds them."""
    register = await shop.hub.wire("register")
    hello = {"register_id": f"1{control}", "business_name": "Toys Shop", "vendor_name": "Till2Go"}
    assert (await refusal(register, "hello", hello))["data"]["code"] == "invalid_params"
    device = await shop.hub.wire("device")
    greeting = {"device_id": "T1", "serial": "SN-1", "enrol": True, "model": f"M{control}"}
    assert (await refusal(device, "hello", greeting))["data"]["code"] == "invalid_params"
    assert contents(shop.hub)["devices"] == []


async def test_lines_are_no_control_characters(shop: Shop) -> None:
    """A basket may have them, and so may an address."""
    device = await shop.device()
    wire = await shop.hub.wire("register")
    await wire.call("hello", {"register_id": "1", "business_name": "Toys\tShop", "vendor_name": "Till2Go"})
    await wire.call(
        "pairing.redeem",
        {"code": await device.code(), "register_name": "Front", "address": "1 Queen Street\r\nAuckland"},
    )
    await wire.call("transaction.submit", {**PURCHASE, "sale_data": '{\n\t"saleData": {}\n}'})


@pytest.mark.parametrize(
    "text", ["ü", "北京", "🍮", "\u202e", "a\u0301", "' OR 1=1 --", '"; DROP TABLE devices', "%s{}"]
)
async def test_any_script_is_fine(shop: Shop, text: str) -> None:
    """What is odd but not wrong comes back exactly as it was sent."""
    wire = await greeted(shop, "register")
    sent = await wire.call("transaction.submit", {**PURCHASE, "transaction_reference": text, "idempotency_key": text})
    assert sent["transaction"]["transaction_reference"] == text
    found = await wire.call("transaction.find", {"transaction_reference": text})
    assert [each["idempotency_key"] for each in found["transactions"]] == [text]


@pytest.mark.parametrize(
    "wrong", ["{", "[]", '{"version":"1.0.0"}', "[" * 15_000 + "]" * 15_000, '{"saleData":{"x":"\\ud800"}}']
)
async def test_sale_data(shop: Shop, wrong: str) -> None:
    wire = await greeted(shop, "register")
    error = await refusal(wire, "transaction.submit", {**PURCHASE, "sale_data": wrong})
    assert error["data"]["code"] == "invalid_params"
    assert "SaleData" in error["message"]


async def test_unknown_fields_are_tolerated(shop: Shop) -> None:
    """An older hub takes a newer client."""
    wire = await greeted(shop, "register")
    await wire.call("transaction.submit", {**PURCHASE, "loyalty": {"points": 7}}, valid=False)
