"""The 16 transaction types: their parameters, and what is refused (pos-api 3)."""

from __future__ import annotations

import pytest

from hub.wire.function import Function
from tests.shop import Shop

TOTAL = {"AmountTotal": "500"}

EXTRA: dict[str, dict[str, str]] = {
    "Card.Purchase": TOTAL,
    "Card.Refund": TOTAL,
    "Card.CashAdvance": TOTAL,
    "Card.PurchasePlusCash": {"AmountTotal": "700", "AmountCash": "200"},
    "Card.Authorise": {"AmountAuth": "900", "TransactionReference": "BOOKING-1"},
    "Card.Finalise": {"AmountFinal": "850", "TransactionReference": "BOOKING-1"},
    "QR.Merchant.Purchase": TOTAL,
    "QR.Consumer.Purchase": TOTAL,
    "QR.Refund": TOTAL,
    "Acquirer.Logon": {},
    "Acquirer.Settlement.Inquiry": {},
    "Acquirer.Settlement.Cutover": {},
    "Journal.ReprintReceipt": {},
    "Journal.GetTransResult": {},
    "Terminal.GetStatus": {},
    "Terminal.ReadCard": {},
}
"""Each type of pos-api's table with its extra parameters."""

ON_THE_DEVICE = {
    "AmountTotal": "amount_total_cents",
    "AmountCash": "amount_cash_cents",
    "AmountAuth": "amount_auth_cents",
    "AmountFinal": "amount_final_cents",
}

REQUIRED = [(function, name) for function, extra in EXTRA.items() for name in extra]

NOT_AMOUNTS = ["0", "00", "-500", "+500", "5.00", "500.0", "5e2", "1234567890123", "five", "٥٠٠", "500 ", "0x10", "1_0"]


def test_all_types_are_here() -> None:
    assert set(EXTRA) == set(Function)
    assert len(EXTRA) == 16


@pytest.mark.parametrize("function", EXTRA)
async def test_accepted_and_pushed(shop: Shop, function: str) -> None:
    """The echo names every parameter; the device gets them as whole cents."""
    device = await shop.device()
    till = await shop.register(device)
    answer = await till.post(None, **{"AmountTotal": "", "TransactionType": function, **EXTRA[function]})
    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    assert data["Function"] == function
    assert {name: data[name] for name in EXTRA[function]} == EXTRA[function]
    started = await device.started()
    assert started["function"] == function
    amounts = {ON_THE_DEVICE[name]: int(value) for name, value in EXTRA[function].items() if name in ON_THE_DEVICE}
    assert {name: value for name, value in started.items() if name.endswith("_cents")} == amounts
    assert started.get("transaction_reference") == EXTRA[function].get("TransactionReference")


@pytest.mark.parametrize(("function", "missing"), REQUIRED)
async def test_each_parameter_is_required(shop: Shop, function: str, missing: str) -> None:
    till = await shop.register(await shop.device())
    given = {"AmountTotal": "", "TransactionType": function, **EXTRA[function], missing: ""}
    answer = await till.post(None, **given)
    assert answer.status_code == 400
    assert answer.json() == {"error": f"{missing} is required for {function}."}
    assert answer.headers["SmartConnect-Error-Code"] == "invalid_params"


@pytest.mark.parametrize(("function", "name"), [each for each in REQUIRED if each[1].startswith("Amount")])
async def test_amounts_are_positive_whole_cents(shop: Shop, function: str, name: str) -> None:
    """Also for refunds; and what is refused was never submitted."""
    till = await shop.register(await shop.device())
    for wrong in NOT_AMOUNTS:
        given = {"AmountTotal": "", "TransactionType": function, **EXTRA[function], name: wrong}
        answer = await till.post(None, **given)
        assert answer.status_code == 400, wrong
        assert answer.json() == {"error": f"{name} must be a positive whole number of cents, at most 12 digits."}
    listed = await shop.hub.http.get("/admin/transactions", headers=shop.hub.admin)
    assert listed.json() == {"transactions": []}


async def test_largest_amount(shop: Shop) -> None:
    till = await shop.register(await shop.device())
    assert (await till.pay(999_999_999_999))["data"]["AmountTotal"] == "999999999999"


async def test_cash_is_part_of_the_total(shop: Shop) -> None:
    """AmountTotal includes the cash."""
    till = await shop.register(await shop.device())
    plus_cash = {"TransactionType": "Card.PurchasePlusCash", "AmountTotal": "500"}
    answer = await till.post(None, **plus_cash, AmountCash="501")
    assert answer.status_code == 400
    assert answer.json() == {"error": "AmountCash cannot be more than AmountTotal, which includes it."}
    assert (await till.post(None, **plus_cash, AmountCash="500")).status_code == 200


@pytest.mark.parametrize("wrong", ["Card.Buy", "Card", "Purchase", "Card.Purchase ", "карта", "x" * 200])
async def test_unknown_type(shop: Shop, wrong: str) -> None:
    till = await shop.register(await shop.device())
    answer = await till.post(None, TransactionType=wrong)
    assert answer.status_code == 400
    assert answer.headers["SmartConnect-Error-Code"] == "function_unknown"
    assert answer.json()["error"].startswith("Unknown TransactionType: ")


async def test_no_type(shop: Shop) -> None:
    till = await shop.register(await shop.device())
    answer = await till.post(None, TransactionType="")
    assert answer.status_code == 400
    assert answer.json() == {"error": "TransactionType is required."}


async def test_letter_case_of_the_type(shop: Shop) -> None:
    """Written as one likes, told as it is documented."""
    till = await shop.register(await shop.device())
    answer = await till.post(None, TransactionType="card.purchase")
    assert answer.json()["data"]["Function"] == "Card.Purchase"


@pytest.mark.parametrize(
    ("function", "meaningless"),
    [
        ("Card.Purchase", {"AmountCash": "0", "AmountTip": "0", "AmountAuth": ""}),
        ("Terminal.GetStatus", {"AmountTotal": "0"}),
        ("Acquirer.Logon", {"AmountTotal": "0.00", "POSReferenceID": "77"}),
        ("Card.Refund", {"Date": "x" * 300}),
    ],
)
async def test_parameters_where_they_mean_nothing(shop: Shop, function: str, meaningless: dict[str, str]) -> None:
    """POS software sends them; they are dropped, not judged."""
    device = await shop.device()
    till = await shop.register(device)
    answer = await till.post(None, **{"TransactionType": function, **meaningless})
    assert answer.status_code == 200, answer.text
    assert not {"AmountCash", "AmountTip", "AmountAuth", "Date"} & answer.json()["data"].keys()
    started = await device.started()
    assert {name for name in started if name.endswith("_cents")} <= {"amount_total_cents"}


async def test_settlement_inquiry_of_a_day(shop: Shop) -> None:
    """The one function that may carry a Date."""
    device = await shop.device()
    till = await shop.register(device)
    await till.post(None, TransactionType="Acquirer.Settlement.Inquiry", Date="20251231")
    assert (await device.started())["date"] == "20251231"
    await till.post(None, TransactionType="Card.Purchase", Date="20251231")
    await device.complete((await _in_flight(shop)), "done")
    assert "date" not in await device.started()


async def _in_flight(shop: Shop) -> str:
    seen = await shop.hub.http.get("/admin/devices/7070714000", headers=shop.hub.admin)
    current: str = seen.json()["current_transaction"]
    return current


async def test_the_hub_s_own_limit(shop: Shop) -> None:
    """`amount_limit_cents` is checked for a paired register's every amount."""
    shop.hub.edge.engine.settings.__dict__["amount_limit_cents"] = 500
    till = await shop.register(await shop.device())
    assert (await till.post(None, AmountTotal="500")).status_code == 200
    answer = await till.post(None, AmountTotal="501")
    assert answer.status_code == 400
    assert answer.headers["SmartConnect-Error-Code"] == "amount_too_large"
