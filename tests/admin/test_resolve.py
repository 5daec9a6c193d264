"""A transaction in doubt: a person finds out what became of it, and the hub keeps who, how, and every contradiction."""

from __future__ import annotations

import pytest

from tests.admin.desk import assert_refused, get, in_doubt, post
from tests.shop import Shop

FOUND = {"outcome": "approved", "operator": "ada", "note": "on the terminal's journal"}


async def test_resolve(shop: Shop) -> None:
    """The outcome is the record's, with who said so; the register is told at once."""
    _, till, transaction_id = await in_doubt(shop)
    await till.connect()
    answer = await post(shop.hub, f"/transactions/{transaction_id}/resolve", FOUND)
    assert answer.status_code == 200
    story = answer.json()
    assert story["transaction"]["state"] == "approved"
    assert story["transaction"]["result"]["resolved_by"] == "ada"
    assert story["steps"][-1]["what"] == "resolve_approved"
    assert [(each["operator"], each["action"], each["note"]) for each in story["actions"]] == [
        ("ada", "resolve:approved", "on the terminal's journal")
    ]
    seen = (await till.socket.pushed("transaction.updated"))["params"]["transaction"]
    assert (seen["state"], seen["final"]) == ("approved", True)


async def test_the_queue_goes_on(shop: Shop) -> None:
    """What waited behind it is sent."""
    device, till, transaction_id = await in_doubt(shop)
    waiting = await till.pay()
    await post(shop.hub, f"/transactions/{transaction_id}/resolve", {**FOUND, "outcome": "failed"})
    assert (await device.started())["transaction_id"] == waiting["transactionId"]


async def test_the_device_agrees_later(shop: Shop) -> None:
    """The same word again is no conflict."""
    device, _, transaction_id = await in_doubt(shop)
    await post(shop.hub, f"/transactions/{transaction_id}/resolve", FOUND)
    assert await device.complete(transaction_id, "approved") == {"transaction_id": transaction_id, "state": "approved"}
    assert (await get(shop.hub, "/transactions", attention="true"))["transactions"] == []


async def test_the_device_disagrees_later(shop: Shop) -> None:
    """Kept beside the record and shown, never put in its place; a review takes it off the list, and stays."""
    device, till, transaction_id = await in_doubt(shop)
    await post(shop.hub, f"/transactions/{transaction_id}/resolve", FOUND)
    await till.connect()
    told = await device.complete(transaction_id, "declined", reason="wrong_pin")
    assert (told["state"], told["conflict"]) == ("approved", True)
    seen = (await till.socket.pushed("transaction.updated"))["params"]["transaction"]
    assert (seen["state"], seen["conflict"]) == ("approved", True)
    story = await get(shop.hub, f"/transactions/{transaction_id}")
    assert (story["conflict_outcome"], story["conflict"]["reason"]) == ("declined", "wrong_pin")
    listed = (await get(shop.hub, "/transactions", attention="true"))["transactions"]
    assert [each["transaction"]["transaction_id"] for each in listed] == [transaction_id]
    shop.hub.clock.advance(1)
    reviewed = await post(
        shop.hub, f"/transactions/{transaction_id}/review", {"operator": "bob", "note": "refunded by hand"}
    )
    assert reviewed.status_code == 200, reviewed.text
    assert (await get(shop.hub, "/transactions", attention="true"))["transactions"] == []
    story = await get(shop.hub, f"/transactions/{transaction_id}")
    assert story["conflict_outcome"] == "declined"
    assert [each["operator"] for each in story["actions"]] == ["ada", "bob"]


async def test_nothing_to_review(shop: Shop) -> None:
    _, _, transaction_id = await in_doubt(shop)
    answer = await post(shop.hub, f"/transactions/{transaction_id}/review", {"operator": "bob"})
    assert_refused(answer, 409, "no_conflict")


async def test_only_what_is_in_doubt(shop: Shop) -> None:
    """Queued, sent, at work or ended: an operator cannot make it up."""
    device = await shop.device()
    till = await shop.register(device)
    first, waiting = await till.pay(), await till.pay()

    async def refused(transaction_id: str) -> str:
        answer = await post(shop.hub, f"/transactions/{transaction_id}/resolve", FOUND)
        return assert_refused(answer, 409, "transaction_not_in_doubt")

    assert "queued" in await refused(waiting["transactionId"])
    assert "sending" in await refused(first["transactionId"])
    await device.started()
    await device.socket.call("ping")
    assert "processing" in await refused(first["transactionId"])
    await device.complete(first["transactionId"], "declined")
    assert "declined" in await refused(first["transactionId"])
    assert (await get(shop.hub, "/actions"))["actions"] == []


@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        {"outcome": "approved"},
        {"operator": "ada"},
        {"outcome": "paid", "operator": "ada"},
        {"outcome": "in_doubt", "operator": "ada"},
        {"outcome": "approved", "operator": ""},
        {"outcome": "approved", "operator": "x" * 201},
        {"outcome": "approved", "operator": "ada", "note": "x" * 201},
        {"outcome": "approved", "operator": "ada", "force": True},
    ],
)
async def test_wrong_bodies(shop: Shop, body: object) -> None:
    _, _, transaction_id = await in_doubt(shop)
    answer = await post(shop.hub, f"/transactions/{transaction_id}/resolve", body)
    assert_refused(answer, 400, "invalid_params")
    story = await get(shop.hub, f"/transactions/{transaction_id}")
    assert story["transaction"]["state"] == "in_doubt"


async def test_an_outcome_that_does_not_fit(shop: Shop) -> None:
    """A purchase is never just `done`."""
    _, _, transaction_id = await in_doubt(shop)
    answer = await post(shop.hub, f"/transactions/{transaction_id}/resolve", {**FOUND, "outcome": "done"})
    assert_refused(answer, 400, "outcome_does_not_fit")


async def test_nothing_to_resolve(shop: Shop) -> None:
    answer = await post(shop.hub, "/transactions/nothing/resolve", FOUND)
    assert_refused(answer, 404, "transaction_unknown")


async def test_audit(shop: Shop) -> None:
    """What operators did, newest first, with the reason."""
    _, _, transaction_id = await in_doubt(shop)
    await post(shop.hub, f"/transactions/{transaction_id}/resolve", FOUND)
    assert (await get(shop.hub, "/actions"))["actions"] == [
        {
            "at": "2026-01-01T00:01:00.000Z",
            "operator": "ada",
            "action": "resolve:approved",
            "subject": transaction_id,
            "note": "on the terminal's journal",
        }
    ]
