"""Who gets in, and what a dashboard is told first."""

from __future__ import annotations

import pytest

from hub.edge.tables import TABLES
from hub.wire.close_codes import CloseCode
from tests.dashboard.desk import Desk
from tests.running import RunningHub
from tests.shop import Shop
from tests.wire import CallFailed


async def test_the_welcome_brings_the_tables_and_how_it_stands(hub: RunningHub) -> None:
    desk = await Desk.open(hub)
    tables = {table["kind"]: table for table in desk.welcome["tables"]}
    assert list(tables) == ["pairing_code", "pairing", "device_queue", "transaction"]
    assert {"trigger": "dispatch", "source": "queued", "target": "sending"} in tables["transaction"]["rows"]
    assert [len(table["rows"]) for table in desk.welcome["tables"]] == [len(table.rows) for table in TABLES]
    assert desk.welcome["overview"]["devices"] == 0
    assert desk.welcome["overview"]["connections"] == 1


async def test_a_wrong_token_is_refused_and_closes(hub: RunningHub) -> None:
    for token in ("adm_wrong", "adm_tést", "a"):
        wire = await hub.wire("dashboard")
        with pytest.raises(CallFailed) as refused:
            await wire.call("hello", {"admin_token": token})
        assert refused.value.code == "unauthorised"
        assert not refused.value.error["data"]["retryable"]
        assert (await wire.closed())[0] == CloseCode.UNAUTHORISED


async def test_nothing_is_answered_before_the_hello(hub: RunningHub) -> None:
    wire = await hub.wire("dashboard")
    with pytest.raises(CallFailed) as refused:
        await wire.call("devices")
    assert refused.value.code == "hello_expected"
    assert (await wire.closed())[0] == CloseCode.HELLO_EXPECTED


async def test_an_unknown_method_is_an_error_and_the_connection_goes_on(hub: RunningHub) -> None:
    desk = await Desk.open(hub)
    with pytest.raises(CallFailed) as refused:
        await desk.wire.call("device.explode", {}, valid=False)
    assert refused.value.code == "method_unknown"
    assert await desk.ask("ping") == {"done": True}


async def test_the_overview_comes_once_a_second_and_counts(shop: Shop) -> None:
    desk = await Desk.open(shop.hub)
    terminal = await shop.device()
    till = await shop.register(terminal)
    await till.pay(500)
    await till.pay(700)
    await terminal.complete((await terminal.started())["transaction_id"], "approved")
    await desk.a_second()
    seen = await desk.a_second()
    assert desk.wire.waiting("overview") == []
    assert seen["devices"] == seen["pairings"] == 1
    assert seen["connections"] == 2
    assert seen["devices_by_state"] == {"sending": 1}
    assert seen["open_by_state"] == {"sending": 1}
    assert seen["finished_by_state"]["approved"] == 1
    assert seen["submitted_per_second"] == pytest.approx(0.2)
    assert seen["finished_per_second"] == pytest.approx(0.1)
    assert seen["attention"] == seen["live_codes"] == 0
