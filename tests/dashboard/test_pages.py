"""Pages: devices, registers, pairings, codes, transactions; searched, filtered and bounded by the hub."""

from __future__ import annotations

import pytest

from tests.dashboard.desk import Desk, enrol_many
from tests.running import RunningHub
from tests.shop import Shop
from tests.wire import CallFailed, Json


def ids(page: Json) -> list[str]:
    return [device["device_id"] for device in page["devices"]]


async def test_devices_are_searched_filtered_and_paged(hub: RunningHub) -> None:
    await hub.edge.engine.execute(enrol_many, 120)
    desk = await Desk.open(hub)
    assert len(ids(await desk.ask("devices"))) == 50
    first = ids(await desk.ask("devices", limit=100))
    assert first == [f"dev-{number:05}" for number in range(1, 101)]
    assert ids(await desk.ask("devices", limit=100, after=first[-1])) == [f"dev-{n:05}" for n in range(101, 121)]
    assert ids(await desk.ask("devices", state="stalled")) == ["dev-00100"]
    assert len(ids(await desk.ask("devices", state="idle", limit=200))) == 11
    assert ids(await desk.ask("devices", text="Counter 77")) == ["dev-00077"]
    assert ids(await desk.ask("devices", text="SN-00042")) == ["dev-00042"]
    assert ids(await desk.ask("devices", text="0010", state="stalled")) == ["dev-00100"]
    assert ids(await desk.ask("devices", text="nothing like this")) == []
    assert ids(await desk.ask("devices", state="no such state")) == []


OUT_OF_BOUNDS: list[tuple[str, Json]] = [
    ("devices", {"limit": 201}),
    ("devices", {"limit": 0}),
    ("devices", {"text": "x" * 201}),
    ("registers", {"limit": 1000}),
    ("transactions", {"limit": 500}),
    ("transactions", {"state": "lost"}),
    ("transactions", {"before": -1}),
    ("transactions", {"before": 2**63}),
    ("recent", {"limit": 201}),
    ("watch", {"device_id": "not an id"}),
    ("transaction", {}),
]


async def test_what_is_out_of_bounds_is_refused(hub: RunningHub) -> None:
    desk = await Desk.open(hub)
    for method, params in OUT_OF_BOUNDS:
        with pytest.raises(CallFailed) as refused:
            await desk.wire.call(method, params, valid=False)
        assert refused.value.code == "invalid_params", (method, params)


NOT_THERE: list[tuple[str, Json, str]] = [
    ("device", {"device_id": "nobody"}, "device_unknown"),
    ("transaction", {"transaction_id": "nothing"}, "transaction_unknown"),
    ("pairing", {"pairing_id": "nothing"}, "pairing_unknown"),
    ("code", {"code_id": "nothing"}, "pairing_code_unknown"),
    ("pairing.remove", {"pairing_id": "nothing"}, "pairing_unknown"),
    ("device.rotate", {"device_id": "nobody"}, "device_unknown"),
    ("device.revoke", {"device_id": "nobody"}, "device_unknown"),
]


async def test_what_is_not_there_is_said_so(hub: RunningHub) -> None:
    desk = await Desk.open(hub)
    for method, params, code in NOT_THERE:
        with pytest.raises(CallFailed) as refused:
            await desk.ask(method, **params)
        assert refused.value.code == code, method


async def test_registers_and_the_story_of_a_pairing(shop: Shop) -> None:
    desk = await Desk.open(shop.hub)
    terminal = await shop.device()
    await shop.register(terminal, register_name="Front")
    other = await shop.register(terminal, register_id="r-2", register_name="Back", business_name="Green & Co")
    (found,) = (await desk.ask("registers", text="green"))["registers"]
    assert (found["register_name"], found["business_name"], found["device_id"]) == ("Back", "Green & Co", "7070714000")
    page = (await desk.ask("registers", limit=1))["registers"]
    rest = (await desk.ask("registers", after=page[0]["register_key"]))["registers"]
    assert {row["register_name"] for row in page + rest} == {"Front", "Back"}
    story = await desk.ask("pairing", pairing_id=found["pairing_id"])
    assert (story["state"], story["register_id"], story["device_id"]) == ("active", "r-2", "7070714000")
    assert "ended_at" not in story
    moved = await shop.device("7070714001")
    assert (await other.pair(await moved.code())).status_code == 200
    story = await desk.ask("pairing", pairing_id=found["pairing_id"])
    assert (story["state"], story["cause"], story["ended_at"]) == ("moved", "paired_elsewhere", story["paired_at"])


async def test_codes_are_masked_and_known_after_their_end(shop: Shop) -> None:
    desk = await Desk.open(shop.hub)
    terminal = await shop.device()
    code = await terminal.code()
    (row,) = (await desk.ask("codes"))["codes"]
    assert row["code"] == "•" * 6 + code[-2:]
    assert (row["state"], row["device_id"]) == ("issued", "7070714000")
    await shop.register(terminal)
    assert (await desk.ask("codes"))["codes"] == []
    assert (await desk.ask("code", code_id=row["code_id"]))["state"] in ("redeemed", "withdrawn")


async def test_a_device_is_shown_with_its_registers_and_its_work(shop: Shop) -> None:
    desk = await Desk.open(shop.hub)
    terminal = await shop.device()
    till = await shop.register(terminal)
    for cents in (500, 600, 700):
        await till.pay(cents)
    device = await desk.ask("device", device_id="7070714000")
    assert (device["online"], device["queue_state"], device["queue_depth"], device["epoch"]) == (True, "sending", 2, 1)
    assert [pairing["register_name"] for pairing in device["pairings"]] == ["Front"]
    waiting = (await desk.ask("transactions", device_id="7070714000", state="queued"))["transactions"]
    assert [row["transaction"]["queue_position"] for row in waiting] == [2, 1]
    current = await desk.ask("transaction", transaction_id=device["current_transaction"])
    assert current["transaction"]["state"] == "sending"
    assert [step["what"] for step in current["steps"]] == ["submit", "dispatch"]


async def test_transactions_are_filtered_and_paged_by_seq(shop: Shop) -> None:
    desk = await Desk.open(shop.hub)
    terminal = await shop.device()
    till = await shop.register(terminal)
    for cents in range(500, 505):
        await till.pay(cents)
    first = (await desk.ask("transactions", limit=3))["transactions"]
    rest = (await desk.ask("transactions", before=first[-1]["seq"]))["transactions"]
    amounts = [row["transaction"]["amount_total_cents"] for row in first + rest]
    assert amounts == [504, 503, 502, 501, 500]
    assert len((await desk.ask("transactions", state="queued"))["transactions"]) == 4
    assert (await desk.ask("transactions", attention=True))["transactions"] == []
    assert (await desk.ask("transactions", device_id="elsewhere"))["transactions"] == []
