"""The results that a device's hello brings: each is taken, or refused, by itself."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hub.wire.device import NAMED_REFUSALS
from tests.shop import Shop, Terminal, Till
from tests.wire import CallFailed, Json, Wire


async def come_back(device: Terminal, results: Any, **hello: Any) -> Json:
    """Say hello with these results, which the contract may not allow; returns the welcome."""
    device.wire = await device.hub.wire("device")
    who = {"device_id": device.device_id, "serial": device.serial, "credential": device.credential}
    return await device.wire.call("hello", {**who, "results": results, **hello}, valid=False)


async def two_in_doubt(device: Terminal, till: Till) -> tuple[str, str]:
    """The device had one, forgot it, so that the queue went on, and then was cut off with the next."""
    first, second = await till.pay(), await till.pay()
    await device.started()
    await device.switch_on()
    await device.socket.answer(await device.socket.pushed("transaction.inquire"), {"state": "unknown"})
    await device.started()
    await device.socket.call("ping")
    await device.socket.abort()
    return first["transactionId"], second["transactionId"]


async def state(shop: Shop, till: Till, transaction_id: str) -> Json:
    answer = await shop.hub.http.get(f"/admin/transactions/{transaction_id}", headers=shop.hub.admin)
    seen: Json = answer.json()["transaction"]
    return seen


@pytest.mark.parametrize(
    ("wrong", "names_it"),
    [
        ({"outcome": "APPROVED"}, True),
        ({"outcome": None}, True),
        ({"amount_total_cents": -5}, True),
        ({"reason": "No!"}, True),
        ({"receipt": "x" * 8_193}, True),
        ({"transaction_id": "a b"}, False),
        ({"transaction_id": 5}, False),
        (None, False),
    ],
)
@pytest.mark.parametrize("place", [0, 1])
async def test_one_that_is_malformed_is_refused_by_itself(
    shop: Shop, wrong: Json | None, names_it: bool, place: int
) -> None:
    """The device is back; the other outcome is on record, and nothing of this one until it is told well."""
    device = await shop.device()
    till = await shop.register(device)
    first, second = await two_in_doubt(device, till)
    results: list[object] = [{"transaction_id": first, "outcome": "approved"}]
    results.insert(place, None if wrong is None else {"transaction_id": second, "outcome": "declined", **wrong})
    welcome = await come_back(device, results)
    assert welcome["recorded"] == [first]
    (refused,) = welcome["refused"]
    assert (refused["index"], refused["code"]) == (place, "invalid_params")
    assert refused.get("transaction_id") == (second if names_it else None)
    assert len(refused["message"]) <= 200
    assert (await state(shop, till, first))["state"] == "approved"
    left = await state(shop, till, second)
    assert (left["final"], "result" in left) == (False, False)
    assert (await device.socket.pushed("transaction.inquire"))["params"] == {"transaction_id": second}
    assert (await device.complete(second, "declined"))["state"] == "declined"


async def test_those_that_can_be_read_and_are_refused_are_named_too(shop: Shop) -> None:
    """With the code that `transaction.complete` would be answered with, and the place that they had."""
    device = await shop.device()
    till = await shop.register(device)
    first, second = await two_in_doubt(device, till)
    welcome = await come_back(
        device,
        [
            {"transaction_id": "nobodys", "outcome": "approved"},
            {"transaction_id": first},
            {"transaction_id": first, "outcome": "done"},
            {"transaction_id": second, "outcome": "approved"},
            {},
        ],
    )
    assert welcome["recorded"] == [second]
    assert [(each["index"], each.get("transaction_id"), each["code"]) for each in welcome["refused"]] == [
        (0, "nobodys", "transaction_unknown"),
        (1, first, "invalid_params"),
        (2, first, "outcome_does_not_fit"),
        (4, None, "invalid_params"),
    ]
    for index, told in ((1, {"transaction_id": first}), (2, {"transaction_id": first, "outcome": "done"})):
        with pytest.raises(CallFailed) as failed:
            await device.socket.call("transaction.complete", told, valid=False)
        by_itself = next(each for each in welcome["refused"] if each["index"] == index)
        assert (failed.value.code, failed.value.error["message"]) == (by_itself["code"], by_itself["message"])


async def test_a_welcome_without_refusals_does_not_speak_of_them(shop: Shop) -> None:
    device = await shop.device()
    till = await shop.register(device)
    first, _ = await two_in_doubt(device, till)
    assert "refused" not in await come_back(device, [{"transaction_id": first, "outcome": "approved"}])


@pytest.mark.parametrize("junk", ["{}", "null", "[" * 400 + "]" * 400, '{"transaction_id":"nobodys","outcome":"done"}'])
async def test_no_more_are_named_than_a_device_can_be_asked_to_take(shop: Shop, junk: str) -> None:
    """What is in neither list is told one by one, and then recorded or refused."""
    device = await shop.device()
    till = await shop.register(device)
    first, second = await two_in_doubt(device, till)
    many = (60_000 - 200) // (len(junk) + 1)
    results = ",".join([json.dumps({"transaction_id": first, "outcome": "approved"}), *[junk] * many])
    who = {"device_id": device.device_id, "serial": device.serial, "credential": device.credential}
    params = f'{json.dumps(who)[:-1]},"results":[{results}]}}'
    device.wire = await shop.hub.wire("device")
    welcome = await _said(device.wire, params)
    assert welcome["recorded"] == [first]
    assert [each["index"] for each in welcome["refused"]] == list(range(1, 1 + min(many, NAMED_REFUSALS)))
    assert (await device.complete(second))["state"] == "approved"


async def _said(wire: Wire, params: str) -> Json:
    """Say hello with exactly these parameters; returns the welcome."""
    wire._check.note({"id": "x", "method": "hello"})
    await wire.socket.send(f'{{"jsonrpc":"2.0","id":"x","method":"hello","params":{params}}}')
    welcome: Json = (await wire.errors.get())["result"]
    return welcome


async def test_who_is_not_let_in_is_told_nothing_of_results(shop: Shop) -> None:
    device = await shop.device()
    till = await shop.register(device)
    first, _ = await two_in_doubt(device, till)
    device.credential = "dev_wrong"
    with pytest.raises(CallFailed) as failed:
        await come_back(device, [{"transaction_id": first, "outcome": "approved"}, {}])
    assert failed.value.code == "unauthorised"
    assert (await state(shop, till, first))["state"] == "in_doubt"


async def test_a_hello_that_is_itself_malformed_is_refused_with_all_its_results(shop: Shop) -> None:
    device = await shop.device()
    till = await shop.register(device)
    first, _ = await two_in_doubt(device, till)
    with pytest.raises(CallFailed) as failed:
        await come_back(device, [{"transaction_id": first, "outcome": "approved"}, {}], model=5)
    assert failed.value.code == "invalid_params"
    assert "$.model" in failed.value.error["message"]
    assert (await device.socket.closed())[0] == 4503
    assert (await state(shop, till, first))["state"] == "in_doubt"
