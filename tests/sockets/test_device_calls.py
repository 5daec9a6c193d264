"""`transaction.*` on the device's socket: only its own, only what is in flight, idempotent."""

from __future__ import annotations

from typing import Any

import pytest

from tests.shop import Shop, Terminal, Till
from tests.wire import CallFailed, Json


async def paying(shop: Shop) -> tuple[Terminal, Till, str]:
    """A device at work on a transaction; returns its id too."""
    device = await shop.device()
    till = await shop.register(device)
    await till.pay()
    started = await device.started()
    await device.socket.call("ping")
    return device, till, started["transaction_id"]


async def refused(device: Terminal, method: str, **params: Any) -> str:
    """The stable code of the refusal."""
    with pytest.raises(CallFailed) as failed:
        await device.socket.call(method, params, valid=False)
    return failed.value.code


async def story(shop: Shop, transaction_id: str) -> Json:
    answer = await shop.hub.http.get(f"/admin/transactions/{transaction_id}", headers=shop.hub.admin)
    found: Json = answer.json()
    return found


async def test_progress_and_complete(shop: Shop) -> None:
    device, _, transaction_id = await paying(shop)
    progress = {"transaction_id": transaction_id, "stage": "waiting_for_card"}
    assert await device.socket.call("transaction.progress", progress) == {}
    assert await device.complete(transaction_id) == {"transaction_id": transaction_id, "state": "approved"}


async def test_complete_is_idempotent(shop: Shop) -> None:
    """The answer was lost and the device says it again: the same answer, nothing done again."""
    device, _, transaction_id = await paying(shop)
    first = await device.complete(transaction_id, auth_id="PIN147")
    assert await device.complete(transaction_id, auth_id="PIN147") == first
    assert "conflict_outcome" not in await story(shop, transaction_id)


async def test_another_word_is_a_conflict(shop: Shop) -> None:
    """The record stays, the contradiction is kept beside it and shown."""
    device, _, transaction_id = await paying(shop)
    await device.complete(transaction_id, "declined")
    assert await device.complete(transaction_id, "approved") == {
        "transaction_id": transaction_id,
        "state": "declined",
        "conflict": True,
    }
    assert (await story(shop, transaction_id))["conflict_outcome"] == "approved"


async def test_stages_may_be_notifications(shop: Shop) -> None:
    """Whoever wants no answer sends none an id."""
    device, till, transaction_id = await paying(shop)
    await till.connect()
    params = {"transaction_id": transaction_id, "stage": "entering_pin"}
    await device.socket.send({"jsonrpc": "2.0", "method": "transaction.progress", "params": params})
    seen = (await till.socket.pushed("transaction.updated"))["params"]["transaction"]
    assert seen["stage"] == "entering_pin"


async def test_foreign_ids(shop: Shop) -> None:
    """Another device's transaction, and none at all, are simply unknown; nothing changes."""
    _, till, theirs = await paying(shop)
    device = await shop.device("T2")
    for transaction_id in (theirs, "00000000-0000-4000-8000-000000000000"):
        assert await refused(device, "transaction.progress", transaction_id=transaction_id, stage="x") == (
            "transaction_unknown"
        )
        assert await refused(device, "transaction.complete", transaction_id=transaction_id, outcome="approved") == (
            "transaction_unknown"
        )
    assert (await story(shop, theirs))["transaction"]["state"] == "processing"
    assert till.wire is None


async def test_foreign_results_in_the_hello(shop: Shop) -> None:
    """Skipped: not recorded, and not confirmed."""
    _, _, theirs = await paying(shop)
    device = await shop.device("T2")
    welcome = await device.switch_on(
        results=[{"transaction_id": theirs, "outcome": "approved"}], in_flight=[{"transaction_id": theirs}]
    )
    assert "recorded" not in welcome
    assert (await story(shop, theirs))["transaction"]["state"] == "processing"


async def test_foreign_answers(shop: Shop) -> None:
    """An answer to a request that was never sent to this device changes nothing, and the connection goes on."""
    _, _, theirs = await paying(shop)
    device = await shop.device("T2")
    results: list[object] = [{"state": "unknown"}, {"state": "accepted"}, {"state": 5}, [], None]
    for answered in (f"start:{theirs}", f"inquire:{theirs}", f"cancel:{theirs}", "start:", "nonsense", 7):
        for result in results:
            await device.socket.send({"jsonrpc": "2.0", "id": answered, "result": result}, valid=False)
    await device.socket.call("ping")
    assert (await story(shop, theirs))["transaction"]["state"] == "processing"


async def test_what_still_waits(shop: Shop) -> None:
    """Not sent yet: no device can have begun or finished it."""
    device, till, _ = await paying(shop)
    waiting = (await till.pay())["transactionId"]
    for method, more in (("transaction.progress", {"stage": "x"}), ("transaction.complete", {"outcome": "approved"})):
        assert await refused(device, method, transaction_id=waiting, **more) == "transaction_not_started"
    assert (await story(shop, waiting))["transaction"]["state"] == "queued"


async def test_what_has_ended(shop: Shop) -> None:
    device, _, transaction_id = await paying(shop)
    await device.complete(transaction_id)
    assert await refused(device, "transaction.progress", transaction_id=transaction_id, stage="x") == (
        "transaction_final"
    )


async def test_an_outcome_that_does_not_fit(shop: Shop) -> None:
    """A purchase is never just `done`, a status inquiry never approved."""
    device, till, transaction_id = await paying(shop)
    assert await refused(device, "transaction.complete", transaction_id=transaction_id, outcome="done") == (
        "outcome_does_not_fit"
    )
    await device.complete(transaction_id)
    await till.post(None, TransactionType="Terminal.GetStatus")
    query = (await device.started())["transaction_id"]
    assert await refused(device, "transaction.complete", transaction_id=query, outcome="approved") == (
        "outcome_does_not_fit"
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"outcome": "approved"},
        {"transaction_id": "x", "outcome": "perhaps"},
        {"transaction_id": "x", "outcome": None},
        {"transaction_id": "x", "outcome": "approved", "amount_total_cents": "500"},
        {"transaction_id": "x", "outcome": "approved", "amount_total_cents": -1},
        {"transaction_id": "x", "outcome": "approved", "amount_total_cents": 1.5},
        {"transaction_id": "x", "outcome": "approved", "card_type": "x" * 201},
        {"transaction_id": "x", "outcome": "declined", "reason": "Insufficient Funds"},
    ],
)
async def test_wrong_results(shop: Shop, wrong: Json) -> None:
    """Refused as a whole; the true result is taken afterwards."""
    device, _, transaction_id = await paying(shop)
    given = {**wrong, "transaction_id": transaction_id} if "transaction_id" in wrong else wrong
    assert await refused(device, "transaction.complete", **given) == "invalid_params"
    assert (await device.complete(transaction_id))["state"] == "approved"


async def told_card_number(shop: Shop, pan: str) -> str:
    """What a till is told of it, when a device has sent this with its result."""
    device, till, transaction_id = await paying(shop)
    await till.connect()
    await device.complete(transaction_id, card_pan=pan)
    seen = (await till.socket.pushed("transaction.updated", lambda params: params["transaction"]["final"]))["params"]
    told: str = seen["transaction"]["result"]["card_pan"]
    return told


@pytest.mark.parametrize("pan", ["4988430000000138", "4988 4300 0000 0138", "498843******0138"])
async def test_no_more_of_a_card_number_than_its_end(shop: Shop, pan: str) -> None:
    """Whatever a device sends, the last four digits are all that is stored or told."""
    assert await told_card_number(shop, pan) == "....0138"
    database = (shop.hub.settings.data_dir / "hub.db").read_bytes()
    log = (shop.hub.settings.data_dir / "hub.db-wal").read_bytes()
    assert b'"....0138"' in database + log
    for more in (pan[:-4], "498843000000", '"498843'):  # nothing shorter: ids and digests are hexadecimal, and random
        assert more.encode() not in database + log


@pytest.mark.parametrize("end", ["....0138", "0138"])
async def test_the_end_of_a_card_number(shop: Shop, end: str) -> None:
    """What a device has cut itself is shown as the other is."""
    assert await told_card_number(shop, end) == "....0138"


async def test_a_refused_start_is_asked_again(shop: Shop) -> None:
    """An error answer means "not begun": after a pause the same transaction is sent again, before the next."""
    device = await shop.device()
    till = await shop.register(device)
    first = await till.pay()
    await till.pay()
    await device.socket.refuse(await device.socket.pushed("transaction.start"), "busy")
    await device.socket.call("ping")
    shop.hub.clock.advance(3)
    assert (await device.started())["transaction_id"] == first["transactionId"]


async def test_a_device_that_does_not_know_the_method(shop: Shop) -> None:
    """Plain JSON-RPC, without any `data`: nothing has begun, and it is asked again after the same pause."""
    device = await shop.device()
    till = await shop.register(device)
    first = await till.pay()
    request = await device.socket.pushed("transaction.start")
    error = {"code": -32601, "message": "Method not found"}
    await device.socket.send({"jsonrpc": "2.0", "id": request["id"], "error": error}, valid=False)
    await device.socket.call("ping")
    assert (await story(shop, first["transactionId"]))["transaction"]["state"] == "queued"


@pytest.mark.parametrize("data", ["customer is paying in cash", {"reason": 7}, [1], 5, None])
async def test_errors_as_other_json_rpc_peers_write_them(shop: Shop, data: object) -> None:
    """`error.data` may be anything (JSON-RPC 2.0, 5.1): no malformed message, and no word about what has begun."""
    device = await shop.device()
    till = await shop.register(device)
    first = await till.pay()
    request = await device.socket.pushed("transaction.start")
    error = {"code": -32000, "message": "busy", "data": data}
    await device.socket.send({"jsonrpc": "2.0", "id": request["id"], "error": error}, valid=False)
    await device.socket.call("ping")
    assert device.socket.errors.empty()
    assert (await story(shop, first["transactionId"]))["transaction"]["state"] == "sending"
    shop.hub.clock.advance(5)
    assert (await device.started())["transaction_id"] == first["transactionId"]


async def test_a_result_instead_of_an_acknowledgement(shop: Shop) -> None:
    """The device has it already: its stored result is the answer, and the next one follows."""
    device = await shop.device()
    till = await shop.register(device)
    first, second = await till.pay(), await till.pay()
    request = await device.socket.pushed("transaction.start")
    result = {"transaction_id": first["transactionId"], "outcome": "approved"}
    await device.socket.answer(request, {"state": "completed", "result": result})
    assert (await device.started())["transaction_id"] == second["transactionId"]
    assert (await shop.poll(first))["data"]["TransactionResult"] == "OK-ACCEPTED"
