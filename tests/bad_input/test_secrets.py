"""No secret in a log: a whole story at debug level, errors and faults of the hub among it."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog

from hub import log
from tests.clock import ManualClock
from tests.running import ADMIN_TOKEN, RunningHub, running
from tests.shop import Shop, Till, failing
from tests.wire import CallFailed

PAN = "4988430000000138"
BASKET = '{"saleData":{"customerName":"Ada Secretive"}}'


@pytest.fixture(params=[False, True], ids=["console", "json"])
def logged(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What `hub serve` would write, at its most talkative; of the client's side nothing."""
    stream = io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    monkeypatch.setattr(sys, "stderr", stream)
    log.configure(level="debug", as_json=request.param)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
async def shop(tmp_path: Path, clock: ManualClock, logged: io.StringIO) -> AsyncIterator[Shop]:
    async with running(tmp_path / "data", clock) as hub:
        yield Shop(hub)


def assert_no_secret(logged: io.StringIO, hub: RunningHub, *secrets: str | None) -> None:
    text = logged.getvalue()
    assert "device_connected" in text, "the log was not captured"
    every = [*secrets, ADMIN_TOKEN, hub.edge.admin_token, hub.edge.engine.signing_key, PAN, "Ada Secretive"]
    for secret in every:
        assert secret
        assert secret not in text


async def test_a_whole_story(shop: Shop, logged: io.StringIO) -> None:
    """Enrolment, pairing by both doors, a payment to its end, reconnecting, rotating, resolving."""
    hub = shop.hub
    device = await shop.device()
    codes = [await device.code()]
    till = Till(hub)
    tokens = [(await till.pair(codes[0])).headers["SmartConnect-Register-Token"]]
    await till.connect()
    codes.append(await device.code())
    hub.clock.advance(105)
    codes.append((await device.socket.pushed("pairing.code"))["params"]["code"])
    redeemed = await till.socket.call("pairing.redeem", {"code": codes[-1], "register_name": "Front"})
    tokens.append(redeemed["register_token"])
    await (await hub.wire("register")).call("hello", {"register_token": tokens[-1]})
    first = await till.pay(SaleData=BASKET)
    tokens.append(first["merchantAccessToken"])
    await device.started()
    await device.complete(first["transactionId"], card_pan=PAN, receipt=f"CARD {PAN}\n")
    await shop.poll(first)
    second = await till.pay(SaleData=BASKET)
    tokens.append(second["merchantAccessToken"])
    await device.started()
    await device.socket.call("ping")
    hub.clock.advance(60)
    await device.socket.pushed("transaction.inquire")
    resolution = {"outcome": "approved", "operator": "ada", "note": "seen on the journal"}
    await hub.http.post(f"/admin/transactions/{second['transactionId']}/resolve", json=resolution, headers=hub.admin)
    credentials = [device.credential]
    rotated = await hub.http.post(f"/admin/devices/{device.device_id}/rotate", headers=hub.admin)
    credentials.append(rotated.json()["credential"])
    device.credential = credentials[-1]
    await device.switch_on()
    await hub.stop()
    await hub.start()
    await device.switch_on()
    assert "transaction_submitted" in logged.getvalue()
    assert_no_secret(logged, hub, *codes, *tokens, *credentials)


async def test_what_goes_wrong(shop: Shop, logged: io.StringIO) -> None:
    """Wrong codes and tokens, malformed frames, refused hellos."""
    hub = shop.hub
    device = await shop.device()
    code = await device.code()
    till = Till(hub)
    await till.pair("87654321")
    for wrong in ("reg_wrong_token_1", "dev_wrong_token_2"):
        wire = await hub.wire("register" if wrong.startswith("reg") else "device")
        hello = (
            {"register_token": wrong}
            if wrong.startswith("reg")
            else {
                "device_id": device.device_id,
                "serial": "SN-1",
                "credential": wrong,
            }
        )
        with pytest.raises(CallFailed):
            await wire.call("hello", hello)
        await wire.closed()
    await hub.http.get("/admin/devices", headers={"Authorization": "Bearer adm_wrong_token_3"})
    await hub.http.get("/POS/Transaction/x", params={"merchantAccessToken": "wrong_token_4"})
    await device.socket.socket.send(f'{{"credential":"{device.credential}","code":"{code}",')
    await device.socket.errors.get()
    await device.socket.socket.send(f'["{device.credential}"]'.encode() + b"\xff", text=True)
    await device.socket.socket.wait_closed()
    wrong_ones = ("87654321", "reg_wrong_token_1", "dev_wrong_token_2", "adm_wrong_token_3", "wrong_token_4")
    assert_no_secret(logged, hub, code, device.credential, *wrong_ones)


async def test_a_fault_of_the_hub(shop: Shop, logged: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception is logged with its traceback; neither that nor the path shows the code, which is still good."""
    hub = shop.hub
    device = await shop.device()
    till = await shop.register(device)
    first = await till.pay()
    await till.connect()
    code = await device.code()

    broken = failing(ZeroDivisionError("broken"))
    monkeypatch.setattr(hub.edge.engine, "execute", broken)
    monkeypatch.setattr(hub.edge.engine, "query", broken)
    assert (await till.pair(code)).status_code == 500
    assert (await hub.http.get(first["data"]["PollingUrl"])).status_code == 500
    with pytest.raises(CallFailed) as failed:
        await till.socket.call("pairing.redeem", {"code": code, "register_name": "Front"})
    assert failed.value.code == "internal_error"
    monkeypatch.undo()
    assert "ZeroDivisionError" in logged.getvalue()
    assert_no_secret(logged, hub, code, first["merchantAccessToken"], device.credential)
