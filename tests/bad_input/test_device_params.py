"""Parameters on the device's socket; what it reports is refused as a whole or taken as it is."""

from __future__ import annotations

import json

import pytest

from tests.bad_input.peers import answer_to, greeted, pair, refusal, request
from tests.bad_input.store import contents
from tests.shop import Shop
from tests.wire import Json


@pytest.mark.parametrize("params", [None, [], "x", 5, {}, {"transaction_id": 5}, {"transaction_id": "x"}])
@pytest.mark.parametrize("method", ["transaction.progress", "transaction.complete"])
async def test_wrong_types_and_missing_fields(shop: Shop, method: str, params: object) -> None:
    wire = await greeted(shop, "device")
    before = contents(shop.hub)
    answer = await answer_to(wire, request(method, json.dumps(params)), method)
    assert (answer["error"]["code"], answer["error"]["data"]["code"]) == (-32602, "invalid_params")
    assert contents(shop.hub) == before
    await wire.call("ping")


@pytest.mark.parametrize("stage", ["", "Waiting", "waiting for card", "1st", "x" * 41, "stage\n", "näh", "a\u0000"])
async def test_stages_are_words(shop: Shop, stage: str) -> None:
    device, till = await pair(shop)
    transaction_id = (await till.pay())["transactionId"]
    await device.started()
    await device.socket.call("ping")
    before = contents(shop.hub)
    error = await refusal(device.socket, "transaction.progress", {"transaction_id": transaction_id, "stage": stage})
    assert error["data"]["code"] == "invalid_params"
    assert contents(shop.hub) == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount_total_cents": 0.5},
        {"amount_tip_cents": -1},
        {"amount_surcharge_cents": 10**12},
        {"amount_total_cents": "615"},
        {"auth_id": 147},
        {"receipt": "x" * 8_193},
        {"receipt": ["line"]},
        {"reason": "no!"},
        {"reason": "x" * 41},
        {"outcome": "APPROVED"},
        {"outcome": "in_doubt"},
        {"outcome": "queued"},
    ],
)
async def test_results(shop: Shop, wrong: Json) -> None:
    """The record does not change, and the true result is still taken."""
    device, till = await pair(shop)
    transaction_id = (await till.pay())["transactionId"]
    await device.started()
    await device.socket.call("ping")
    before = contents(shop.hub)
    params = {"transaction_id": transaction_id, "outcome": "approved", **wrong}
    assert (await refusal(device.socket, "transaction.complete", params))["data"]["code"] == "invalid_params"
    assert contents(shop.hub) == before
    assert (await device.complete(transaction_id))["state"] == "approved"


async def test_control_characters_in_a_result(shop: Shop) -> None:
    """A printer's codes in it are no reason to lose an outcome: recorded, without them where people read it."""
    device, till = await pair(shop)
    first = await till.pay()
    await device.started()
    await device.complete(
        first["transactionId"], result_text="APPROVED\u0000\u001b[1m", auth_id="PIN\u0007147", receipt="TOYS\n\u001bE\n"
    )
    data = (await shop.poll(first))["data"]
    assert data["TransactionResult"] == "OK-ACCEPTED"
    assert (data["ResultText"], data["AuthId"]) == ("APPROVED  [1m", "PIN 147")
    assert data["Receipt"] == "TOYS\n E\n"


@pytest.mark.parametrize(
    "hello",
    [
        {"device_id": None},
        {"serial": ""},
        {"serial": "x" * 65},
        {"credential": "x" * 201},
        {"credential": 5},
        {"model": "x" * 201},
        {"firmware": 12},
        {"in_flight": {}},
        {"in_flight": ["x"]},
        {"results": {}},
        {"results": None},
        {"results": [{"transaction_id": "x"}], "serial": ""},
        {"enrol": "yes"},
    ],
)
async def test_hellos(shop: Shop, hello: Json) -> None:
    """Refused with the field's name, before anything is recorded; the device that is connected stays so."""
    device = await shop.device()
    before = contents(shop.hub)
    wire = await shop.hub.wire("device")
    whole = {"device_id": device.device_id, "serial": "SN-1", "credential": device.credential, **hello}
    error = await refusal(wire, "hello", whole)
    assert error["data"]["code"] == "invalid_params"
    assert (await wire.closed())[0] == 4503
    assert contents(shop.hub) == before
    await device.socket.call("ping")


async def test_answers_of_the_wrong_form(shop: Shop) -> None:
    """A nonsensical acknowledgement is none: the same transaction is sent again when its time is over."""
    device, till = await pair(shop)
    first = await till.pay()
    request_ = await device.socket.pushed("transaction.start")
    results: list[object] = [None, [], "accepted", {}, {"state": 5}, {"state": "Accepted!"}, {"result": {}}]
    for result in results:
        await device.socket.send({"jsonrpc": "2.0", "id": request_["id"], "result": result}, valid=False)
    await device.socket.call("ping")
    assert (await shop.poll(first))["data"]["State"] == "sending"
    shop.hub.clock.advance(5)
    again = await device.socket.pushed("transaction.start")
    assert again["params"] == {**request_["params"], "attempt": 2}


async def test_a_result_of_another_transaction(shop: Shop) -> None:
    """The answer to one transaction cannot end another, of whatever device."""
    device, till = await pair(shop)
    first, second = await till.pay(), await till.pay()
    request_ = await device.socket.pushed("transaction.start")
    result = {"transaction_id": second["transactionId"], "outcome": "approved"}
    await device.socket.answer(request_, {"state": "completed", "result": result})
    await device.socket.call("ping")
    assert (await shop.poll(second))["data"]["State"] == "queued"
    assert (await shop.poll(first))["data"]["State"] == "sending"
