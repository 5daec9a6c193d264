"""The outcomes of pos-api 6, row by row: TransactionResult, Result and transactionStatus."""

from __future__ import annotations

from typing import Any

import pytest

from tests.pos.test_envelope import assert_strings
from tests.shop import Shop, Terminal, Till, until
from tests.wire import Json


async def finished(shop: Shop, function: str, outcome: str, **result: Any) -> Json:
    """Submit, let the device end it so, and return the poll."""
    device = await shop.device()
    till = await shop.register(device)
    first = (await till.post(None, TransactionType=function)).json()
    await device.started()
    await device.complete(first["transactionId"], outcome, **result)
    seen = await shop.poll(first)
    assert_strings(seen["data"])
    return seen


def read(seen: Json) -> tuple[str, str | None, str | None]:
    return seen["transactionStatus"], seen["data"].get("TransactionResult"), seen["data"].get("Result")


@pytest.mark.parametrize(
    ("outcome", "reason", "transaction_result", "result"),
    [
        ("approved", None, "OK-ACCEPTED", "OK"),
        ("declined", "insufficient_funds", "OK-DECLINED", "OK"),
        ("failed", "host_unavailable", "OK-UNAVAILABLE", "FAILED"),
        ("cancelled", None, "CANCELLED", "CANCELLED"),
        ("failed", None, "FAILED", "FAILED"),
        ("failed", "printer_out_of_paper", "FAILED", "FAILED"),
        ("failed", "interface", "FAILED-INTERFACE", "FAILED-INTERFACE"),
    ],
)
@pytest.mark.parametrize("function", ["Card.Purchase", "Card.Refund", "QR.Merchant.Purchase"])
async def test_what_the_device_says(
    shop: Shop, function: str, outcome: str, reason: str | None, transaction_result: str, result: str
) -> None:
    seen = await finished(shop, function, outcome, reason=reason)
    assert read(seen) == ("COMPLETED", transaction_result, result)
    assert seen["data"].get("Reason") == reason


async def test_a_decline_has_a_reason(shop: Shop) -> None:
    """The real service gives none; the hub hands on the device's, for machines and for people."""
    seen = await finished(
        shop, "Card.Purchase", "declined", reason="insufficient_funds", result_text="DECLINED 51 INSUFFICIENT FUNDS"
    )
    assert (seen["data"]["Reason"], seen["data"]["ResultText"]) == (
        "insufficient_funds",
        "DECLINED 51 INSUFFICIENT FUNDS",
    )


async def test_cancelled_by_a_person_on_the_device(shop: Shop) -> None:
    """A POS tells it from an offline device by Result; money may not be assumed to be safe by NeverSent."""
    data = (await finished(shop, "Card.Purchase", "cancelled"))["data"]
    assert (data["Result"], data["Cause"], data["NeverSent"]) == ("CANCELLED", "device", "false")


async def test_silent_device(shop: Shop) -> None:
    """PENDING, OK-DELAYED, DELAYED-TRANSACTION: slow or silent, not final."""
    device = await shop.device()
    till = await shop.register(device)
    first = await till.pay()
    await device.started()
    await device.socket.call("ping")
    shop.hub.clock.advance(60)
    await device.socket.pushed("transaction.inquire")
    seen = await shop.poll(first)
    assert read(seen) == ("PENDING", "OK-DELAYED", "DELAYED-TRANSACTION")
    assert seen["data"]["Cause"] == "device_silent"
    assert "QueuePosition" not in seen["data"], "nobody knows whether it is on the device"


async def away(shop: Shop) -> tuple[Terminal, Till]:
    """A paired device that is switched off, and its till."""
    device = await shop.device()
    till = await shop.register(device)
    await device.socket.close()
    await until(lambda: len(shop.hub.edge.connections) == 0)
    return device, till


async def test_offline_device(shop: Shop) -> None:
    """CANCELLED and FAILED-INTERFACE: it was never reached, no money moved, a retry is safe; and it says so."""
    _, till = await away(shop)
    first = await till.pay()
    assert read(await shop.poll(first)) == ("PENDING", None, None)
    shop.hub.clock.advance(15)
    await until_final(shop, first)
    seen = await shop.poll(first)
    assert read(seen) == ("COMPLETED", "CANCELLED", "FAILED-INTERFACE")
    assert (seen["data"]["NeverSent"], seen["data"]["Cause"]) == ("true", "device_offline")


async def until_final(shop: Shop, first: Json) -> None:
    """Wait for the outcome by a long poll; the clock stands."""
    answer = await shop.hub.http.get(first["data"]["PollingUrl"], params={"wait": "60"} | token(first))
    assert answer.json()["transactionStatus"] == "COMPLETED"


def token(first: Json) -> dict[str, str]:
    return {"merchantAccessToken": first["merchantAccessToken"]}


async def test_start_deadline(shop: Shop) -> None:
    """It waited too long behind another one: never sent, a retry is safe."""
    device = await shop.device()
    till = await shop.register(device)
    busy = await till.pay()
    await device.started()
    waiting = await till.pay()
    for _ in range(4):  # signs of life, so that the one in flight is not in doubt
        shop.hub.clock.advance(45)
        await device.socket.call(
            "transaction.progress", {"transaction_id": busy["transactionId"], "stage": "waiting_for_card"}
        )
    await until_final(shop, waiting)
    seen = await shop.poll(waiting)
    assert read(seen) == ("COMPLETED", "CANCELLED", "FAILED-INTERFACE")
    assert (seen["data"]["NeverSent"], seen["data"]["Cause"]) == ("true", "start_deadline")


async def test_unpaired_while_waiting(shop: Shop) -> None:
    """The device unpaired the register: what waited is cancelled, never sent."""
    device = await shop.device()
    busy, other = await shop.register(device), await shop.register(device, register_id="other")
    await busy.pay()
    waiting = await other.pay()
    paired = (await device.socket.call("pairing.list"))["pairings"]
    (mine,) = [each["pairing_id"] for each in paired if each["register_id"] == "other"]
    await device.socket.call("pairing.remove", {"pairing_id": mine})
    seen = await shop.poll(waiting)
    assert read(seen) == ("COMPLETED", "CANCELLED", "FAILED-INTERFACE")
    assert (seen["data"]["NeverSent"], seen["data"]["Cause"]) == ("true", "unpaired")


@pytest.mark.parametrize(
    "function",
    ["Acquirer.Logon", "Acquirer.Settlement.Inquiry", "Acquirer.Settlement.Cutover", "Journal.ReprintReceipt"],
)
async def test_functions_without_money(shop: Shop, function: str) -> None:
    """They complete as OK-ACCEPTED/OK with AcquirerRef, TerminalRef and Receipt."""
    seen = await finished(
        shop, function, "done", acquirer_ref="000013", terminal_ref="79707014", receipt="SETTLEMENT\n"
    )
    assert read(seen) == ("COMPLETED", "OK-ACCEPTED", "OK")
    data = seen["data"]
    assert (data["AcquirerRef"], data["TerminalRef"], data["Receipt"]) == ("000013", "79707014", "SETTLEMENT\n")


async def test_get_status(shop: Shop) -> None:
    """No TransactionResult; Result OK and Status READY."""
    seen = await finished(shop, "Terminal.GetStatus", "done")
    assert read(seen) == ("COMPLETED", None, "OK")
    assert seen["data"]["Status"] == "READY"


async def test_get_status_of_a_device_that_says_more(shop: Shop) -> None:
    seen = await finished(shop, "Terminal.GetStatus", "done", status="BATTERY LOW")
    assert seen["data"]["Status"] == "BATTERY LOW"


async def test_get_trans_result(shop: Shop) -> None:
    """It reports the device's latest transaction, even another register's; the envelope's id is the query's own."""
    device = await shop.device()
    till, other = await shop.register(device), await shop.register(device, register_id="other")
    latest = await other.pay(700)
    await device.started()
    await device.complete(latest["transactionId"], auth_id="PIN147")
    query = (await till.post(None, TransactionType="Journal.GetTransResult", AmountTotal="")).json()
    await device.started()
    await device.complete(
        query["transactionId"],
        "done",
        reference_id=latest["transactionId"],
        amount_total_cents=700,
        auth_id="PIN147",
        card_pan="....0138",
    )
    seen = await shop.poll(query)
    assert seen["transactionId"] == query["transactionId"]
    assert seen["data"]["RequestId"] == query["transactionId"]
    assert seen["data"]["ReferenceId"] == latest["transactionId"]
    assert (seen["data"]["AmountTotal"], seen["data"]["AuthId"]) == ("700", "PIN147")
    assert read(seen) == ("COMPLETED", "OK-ACCEPTED", "OK")
    assert_strings(seen["data"])


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"outcome": "approved"}, ("OK-ACCEPTED", "OK")),
        ({"outcome": "declined", "reason": "wrong_pin"}, ("OK-DECLINED", "OK")),
        ({"outcome": "cancelled"}, ("CANCELLED", "CANCELLED")),
        ({"outcome": "failed", "reason": "host_unavailable"}, ("OK-UNAVAILABLE", "FAILED")),
        ({"outcome": "failed", "reason": "interface"}, ("FAILED-INTERFACE", "FAILED-INTERFACE")),
        ({"outcome": "failed"}, ("FAILED", "FAILED")),
    ],
)
@pytest.mark.parametrize("device_says", [True, False])
async def test_get_trans_result_reads_like_the_reported_transaction(
    shop: Shop, told: dict[str, str], expected: tuple[str, str], device_says: bool
) -> None:
    """A POS that asks what became of a payment hands out the goods on OK-ACCEPTED: a decline must never read so.

    The device says what became of it; one that does not is helped out by the hub's record.
    """
    device = await shop.device()
    till = await shop.register(device)
    latest = await till.pay(700)
    await device.started()
    await device.complete(latest["transactionId"], **told)
    query = (await till.post(None, TransactionType="Journal.GetTransResult", AmountTotal="")).json()
    await device.started()
    said = {"reference_outcome": told["outcome"], "reason": told.get("reason")} if device_says else {}
    await device.complete(query["transactionId"], "done", reference_id=latest["transactionId"], **said)
    seen = await shop.poll(query)
    assert read(seen) == ("COMPLETED", *expected)
    assert seen["data"].get("Reason") == told.get("reason")
    assert isinstance(seen["data"].get("CardType"), str) is (told["outcome"] == "approved")


@pytest.mark.parametrize("reference", [None, "no-such-transaction", "another device's", "in flight"])
async def test_get_trans_result_about_an_unknown_outcome(shop: Shop, reference: str | None) -> None:
    """What is unknown is neither approved nor declined: there is no TransactionResult."""
    device, other = await shop.device(), await shop.device("7070714001")
    till, far = await shop.register(device), await shop.register(other, register_id="far")
    if reference == "another device's":
        reference = (await far.pay(700))["transactionId"]
        await other.started()
        await other.complete(reference)
    query = (await till.post(None, TransactionType="Journal.GetTransResult", AmountTotal="")).json()
    await device.started()
    if reference == "in flight":
        reference = query["transactionId"]
    said = {} if reference is None else {"reference_id": reference}
    await device.complete(query["transactionId"], "done", **said)
    assert read(await shop.poll(query)) == ("COMPLETED", None, "OK")


async def test_resolved_by_the_operator(shop: Shop) -> None:
    """What a person found out reads like the device's own word."""
    device = await shop.device()
    till = await shop.register(device)
    first = await till.pay()
    await device.started()
    await device.socket.call("ping")
    shop.hub.clock.advance(60)
    await device.socket.pushed("transaction.inquire")
    path = f"/admin/transactions/{first['transactionId']}/resolve"
    resolved = await shop.hub.http.post(
        path, json={"outcome": "approved", "operator": "ada", "note": "seen on the journal"}, headers=shop.hub.admin
    )
    assert resolved.status_code == 200, resolved.text
    seen = await shop.poll(first)
    assert read(seen) == ("COMPLETED", "OK-ACCEPTED", "OK")
    assert_strings(seen["data"])
