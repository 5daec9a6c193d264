"""The hub is killed in mid-queue and started again: nothing acknowledged is lost, the order holds, and what was in
flight is settled with the device that comes back.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.crash.hub_program import HubProgram
from tests.wire import Json, Wire


@pytest.fixture
async def program(tmp_path: Path) -> AsyncIterator[HubProgram]:
    hub = HubProgram(tmp_path / "data")
    try:
        await hub.start()
        yield hub
    finally:
        await hub.close()


def _triple(n: int) -> dict[str, str]:
    return {"POSRegisterID": f"register-{n}", "POSBusinessName": "Toys Shop", "POSVendorName": "Till2Go"}


async def _switch_on(hub: HubProgram, credential: str | None = None, **hello: Any) -> tuple[Wire, Json]:
    wire = await hub.wire("device")
    who: Json = {"device_id": "7070714000", "serial": "SN-1"}
    who |= {"enrol": True} if credential is None else {"credential": credential}
    return wire, await wire.call("hello", {**who, **hello})


async def _busy_shop(hub: HubProgram) -> tuple[Wire, str, list[Json]]:
    """Three registers, six acknowledged payments, the first of them started on the device."""
    wire, welcome = await _switch_on(hub)
    for n in range(3):
        code = (await wire.call("pairing.start"))["code"]
        paired = await hub.http.put(f"/POS/Pairing/{code}", data={**_triple(n), "POSRegisterName": f"Till {n}"})
        assert paired.status_code == 200
    asked = []
    for n in range(6):
        fields = {**_triple(n % 3), "TransactionMode": "ASYNC", "TransactionType": "Card.Purchase"}
        answer = await hub.http.post("/POS/Transaction", data={**fields, "AmountTotal": str(100 + n)})
        assert answer.status_code == 200
        asked.append(answer.json())
    return wire, welcome["credential"], asked


async def _kill_and_start(hub: HubProgram, wire: Wire) -> None:
    await hub.kill()
    await wire.close()
    await hub.start()


async def _work_off(wire: Wire, asked: list[Json]) -> None:
    """The device takes what is left, in the order in which it was asked for."""
    for envelope in asked:
        start = await wire.pushed("transaction.start")
        assert start["params"]["transaction_id"] == envelope["transactionId"]
        await wire.answer(start, {"state": "accepted"})
        await wire.call("transaction.complete", _approved(envelope))


def _approved(envelope: Json) -> Json:
    return {"transaction_id": envelope["transactionId"], "outcome": "approved", "card_type": "VISA"}


async def _all_approved(hub: HubProgram, asked: list[Json]) -> None:
    for envelope in asked:
        url = httpx.URL(envelope["data"]["PollingUrl"])
        body = (await hub.http.get(f"{url.path}?{url.query.decode()}")).json()
        assert body["data"]["TransactionResult"] == "OK-ACCEPTED"


async def test_the_device_still_has_it(program: HubProgram) -> None:
    wire, credential, asked = await _busy_shop(program)
    first = asked[0]["transactionId"]
    await wire.answer(await wire.pushed("transaction.start"), {"state": "accepted"})
    await wire.call("transaction.progress", {"transaction_id": first, "stage": "entering_pin"})
    await _kill_and_start(program, wire)
    wire, _ = await _switch_on(program, credential, in_flight=[{"transaction_id": first}])
    await wire.call("transaction.complete", _approved(asked[0]))
    await _work_off(wire, asked[1:])
    await _all_approved(program, asked)
    await wire.close()


async def test_the_device_finished_it_meanwhile(program: HubProgram) -> None:
    wire, credential, asked = await _busy_shop(program)
    await wire.answer(await wire.pushed("transaction.start"), {"state": "accepted"})
    await wire.call("transaction.progress", {"transaction_id": asked[0]["transactionId"], "stage": "authorising"})
    await _kill_and_start(program, wire)
    wire, welcome = await _switch_on(program, credential, results=[_approved(asked[0])])
    assert welcome["recorded"] == [asked[0]["transactionId"]]
    await _work_off(wire, asked[1:])
    await _all_approved(program, asked)
    await wire.close()


async def test_the_device_never_got_it(program: HubProgram) -> None:
    wire, credential, asked = await _busy_shop(program)
    await wire.pushed("transaction.start")  # sent, and lost with the device's memory of it
    await _kill_and_start(program, wire)
    wire, _ = await _switch_on(program, credential)
    await wire.answer(await wire.pushed("transaction.inquire"), {"state": "unknown"})
    await _work_off(wire, asked)
    await _all_approved(program, asked)
    await wire.close()


async def test_a_stop_in_order_sends_everyone_away_with_a_hint(program: HubProgram) -> None:
    wire, _, asked = await _busy_shop(program)
    code, (close_code, reason) = await asyncio.gather(program.stop(), wire.closed())
    assert code == -signal.SIGTERM  # ended in order, and by the signal that asked for it
    assert close_code == 4000
    assert "retry_after_ms=" in reason
    assert len(asked) == 6
