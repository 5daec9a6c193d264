"""What a register can ask on its socket: everything that the POS API does."""

from __future__ import annotations

from typing import Any

import pytest

from tests.shop import Shop, Terminal, Till
from tests.wire import CallFailed, Json


async def connected(shop: Shop, **fields: Any) -> tuple[Terminal, Till]:
    device = await shop.device()
    till = await shop.register(device, **fields)
    await till.connect()
    return device, till


async def submit(till: Till, amount_cents: int = 500, **params: Any) -> Json:
    """A purchase; returns the transaction as the answer shows it."""
    asked = {"function": "Card.Purchase", "amount_total_cents": amount_cents, **params}
    transaction: Json = (await till.socket.call("transaction.submit", asked))["transaction"]
    return transaction


async def refused(till: Till, method: str, params: Json) -> str:
    """The stable code of the refusal."""
    with pytest.raises(CallFailed) as failed:
        await till.socket.call(method, params, valid=False)
    return failed.value.code


async def test_ping(shop: Shop) -> None:
    _, till = await connected(shop)
    shop.hub.clock.advance(1.5)
    assert await till.socket.call("ping") == {"server_time": "2026-01-01T00:00:01.500Z"}


async def test_redeem(shop: Shop) -> None:
    """Paired, with a token of its own; spaces in the code do no harm."""
    device = await shop.device()
    till = Till(shop.hub)
    await till.connect()
    assert await till.socket.call("pairing.status") == {"paired": False}
    code = await device.code()
    answer = await till.socket.call(
        "pairing.redeem", {"code": f"{code[:4]} {code[4:]}", "register_name": "Front", "city": "Auckland"}
    )
    assert answer["result"] == "success"
    assert answer["register_token"].startswith("reg_")
    assert answer["pairing"]["device"]["device_id"] == "7070714000"
    status = await till.socket.call("pairing.status")
    assert status["pairing_id"] == answer["pairing"]["pairing_id"]


async def test_redeem_and_submit_in_one_go(shop: Shop) -> None:
    """Commands are applied in the order of the messages, though no answer is waited for."""
    device = await shop.device()
    till = Till(shop.hub)
    await till.connect()
    code = await device.code()
    redeeming = await till.socket.ask("pairing.redeem", {"code": code, "register_name": "Front"})
    submitting = await till.socket.ask("transaction.submit", {"function": "Card.Purchase", "amount_total_cents": 500})
    assert (await redeeming)["result"]["result"] == "success"
    assert (await submitting)["result"]["transaction"]["state"] == "sending"


async def test_redeem_a_wrong_code(shop: Shop) -> None:
    till = Till(shop.hub)
    await till.connect()
    assert await refused(till, "pairing.redeem", {"code": "00000000", "register_name": "Front"}) == (
        "pairing_code_invalid"
    )
    assert await till.socket.call("pairing.status") == {"paired": False}


async def test_submit(shop: Shop) -> None:
    device, till = await connected(shop)
    seen = await submit(till, 1234, transaction_reference="INV-1", idempotency_key="sale-1")
    assert seen == {
        "transaction_id": seen["transaction_id"],
        "state": "sending",
        "final": False,
        "function": "Card.Purchase",
        "device_id": "7070714000",
        "received_at": "2026-01-01T00:00:00.000Z",
        "updated_at": "2026-01-01T00:00:00.000Z",
        "amount_total_cents": 1234,
        "transaction_reference": "INV-1",
        "idempotency_key": "sale-1",
        "queue_position": 0,
    }
    assert (await device.started())["transaction_id"] == seen["transaction_id"]


async def test_submit_waits_its_turn(shop: Shop) -> None:
    _, till = await connected(shop)
    assert [(await submit(till))["queue_position"] for _ in range(3)] == [0, 1, 2]


async def test_submit_unpaired(shop: Shop) -> None:
    till = Till(shop.hub)
    await till.connect()
    asked = {"function": "Card.Purchase", "amount_total_cents": 500}
    assert await refused(till, "transaction.submit", asked) == "register_not_paired"


async def test_submit_again(shop: Shop) -> None:
    """The key was known: the transaction as it stands now, and nothing done again."""
    device, till = await connected(shop)
    asked = {"function": "Card.Purchase", "amount_total_cents": 500, "idempotency_key": "sale-1"}
    first = await till.socket.call("transaction.submit", asked)
    await device.started()
    await device.complete(first["transaction"]["transaction_id"])
    again = await till.socket.call("transaction.submit", asked)
    assert "replayed" not in first
    assert again["replayed"] is True
    assert again["transaction"]["transaction_id"] == first["transaction"]["transaction_id"]
    assert again["transaction"]["state"] == "approved"
    other = {**asked, "amount_total_cents": 501}
    assert await refused(till, "transaction.submit", other) == "idempotency_key_reused"


async def test_many_on_one_socket_keep_their_order(shop: Shop) -> None:
    """50 submits without waiting for answers: the device gets them in the order in which they were sent."""
    device, till = await connected(shop)
    asked = [
        await till.socket.ask("transaction.submit", {"function": "Card.Purchase", "amount_total_cents": number})
        for number in range(1, 51)
    ]
    answers = [(await answer)["result"]["transaction"] for answer in asked]
    assert [each["amount_total_cents"] for each in answers] == list(range(1, 51))
    assert [each["queue_position"] for each in answers] == list(range(50))
    for number in range(1, 51):
        started = await device.started()
        assert started["amount_total_cents"] == number
        await device.complete(started["transaction_id"])


async def test_get(shop: Shop) -> None:
    device, till = await connected(shop)
    seen = await submit(till)
    await device.started()
    await device.complete(seen["transaction_id"], "declined", reason="wrong_pin", card_pan="4988430000000138")
    got = await till.socket.call("transaction.get", {"transaction_id": seen["transaction_id"]})
    assert (got["state"], got["final"]) == ("declined", True)
    assert got["result"] == {"reason": "wrong_pin", "card_pan": "....0138"}


async def test_find(shop: Shop) -> None:
    """By reference, newest first, own only."""
    device, till = await connected(shop)
    other = await shop.register(device, register_id="other")
    await other.connect()
    mine = [(await submit(till, transaction_reference="INV-1"))["transaction_id"] for _ in range(2)]
    await submit(other, transaction_reference="INV-1")
    found = await till.socket.call("transaction.find", {"transaction_reference": "INV-1"})
    assert [each["transaction_id"] for each in found["transactions"]] == mine[::-1]
    assert await till.socket.call("transaction.find", {"transaction_reference": "INV-2"}) == {"transactions": []}


async def test_cancel(shop: Shop) -> None:
    """Each honest answer: cancelled, requested, too_late; unknown is beside silence, below."""
    device, till = await connected(shop)
    first, second = await submit(till), await submit(till)
    cancelled = await till.socket.call("transaction.cancel", {"transaction_id": second["transaction_id"]})
    assert cancelled["answer"] == "cancelled"
    assert (cancelled["transaction"]["state"], cancelled["transaction"]["never_sent"]) == ("cancelled", True)
    await device.started()
    await device.socket.call("ping")
    requested = await till.socket.call("transaction.cancel", {"transaction_id": first["transaction_id"]})
    assert (requested["answer"], requested["transaction"]["state"]) == ("requested", "cancelling")
    await device.complete(first["transaction_id"])
    too_late = await till.socket.call("transaction.cancel", {"transaction_id": first["transaction_id"]})
    assert (too_late["answer"], too_late["transaction"]["state"]) == ("too_late", "approved")


async def test_cancel_what_is_in_doubt(shop: Shop) -> None:
    device, till = await connected(shop)
    seen = await submit(till)
    await device.started()
    await device.socket.call("ping")
    shop.hub.clock.advance(60)
    await device.socket.pushed("transaction.inquire")
    answer = await till.socket.call("transaction.cancel", {"transaction_id": seen["transaction_id"]})
    assert answer["answer"] == "unknown"
    assert (answer["transaction"]["state"], answer["transaction"]["delayed"]) == ("in_doubt", True)
    assert answer["transaction"]["cancel_requested"] is True
    told = await till.socket.pushed("transaction.updated", lambda params: "cancel_requested" in params["transaction"])
    for view in (answer["transaction"], told["params"]["transaction"]):
        assert "queue_position" not in view


async def test_both_doors_see_the_same(shop: Shop) -> None:
    """What was submitted on the socket can be found by HTTP."""
    _, till = await connected(shop)
    seen = await submit(till, transaction_reference="INV-1")
    answer = await shop.hub.http.get("/POS/Transaction", params={**till.triple, "TransactionReference": "INV-1"})
    (found,) = answer.json()["transactions"]
    assert found["transactionId"] == seen["transaction_id"]


async def test_another_register_s_transaction(shop: Shop) -> None:
    """Simply unknown: neither seen nor cancelled, whoever knows its id."""
    device, till = await connected(shop)
    other = await shop.register(device, register_id="other")
    await other.connect()
    await submit(till)
    theirs = await submit(till)
    for method in ("transaction.get", "transaction.cancel"):
        assert await refused(other, method, {"transaction_id": theirs["transaction_id"]}) == "transaction_unknown"
    unknown = {"transaction_id": "00000000-0000-4000-8000-000000000000"}
    assert await refused(other, "transaction.get", unknown) == "transaction_unknown"
    got = await till.socket.call("transaction.get", {"transaction_id": theirs["transaction_id"]})
    assert got["state"] == "queued"


async def test_a_register_s_own_parts_count(shop: Shop) -> None:
    """The same register id of another business is another register."""
    _, till = await connected(shop)
    mine = await submit(till)
    for stranger in (Till(shop.hub, business_name="Toys shop"), Till(shop.hub, vendor_name="Other")):
        assert (await stranger.connect())["pairing"] == {"paired": False}
        assert await refused(stranger, "transaction.get", {"transaction_id": mine["transaction_id"]}) == (
            "transaction_unknown"
        )
