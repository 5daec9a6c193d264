"""Devices: enrol, rotate, revoke, list, show."""

from __future__ import annotations

import asyncio
import re

import pytest

from tests.admin.desk import assert_refused, get, post
from tests.running import RunningHub
from tests.shop import Shop, Terminal
from tests.wire import CallFailed


async def test_enrol(hub: RunningHub) -> None:
    """The credential is told once; the device comes in with it."""
    answer = await post(hub, "/devices", {"device_id": "T1", "name": "Counter"})
    assert answer.status_code == 201
    enrolled = answer.json()
    assert enrolled.keys() == {"device_id", "credential"}
    assert re.fullmatch(r"dev_[A-Za-z0-9_-]{43}", enrolled["credential"])
    welcome = await Terminal(hub, "T1", credential=enrolled["credential"]).switch_on()
    assert welcome["epoch"] == 1


async def test_the_credential_is_stored_hashed(hub: RunningHub) -> None:
    """Neither the database nor its log holds it."""
    credential = (await post(hub, "/devices", {"device_id": "T1"})).json()["credential"]
    for name in ("hub.db", "hub.db-wal"):
        assert credential.encode() not in (hub.settings.data_dir / name).read_bytes()


async def test_enrol_twice(hub: RunningHub) -> None:
    """The first credential stays good."""
    first = (await post(hub, "/devices", {"device_id": "T1"})).json()["credential"]
    text = assert_refused(await post(hub, "/devices", {"device_id": "T1"}), 409, "device_exists")
    assert "T1" in text
    await Terminal(hub, "T1", credential=first).switch_on()


async def test_enrol_at_once(hub: RunningHub) -> None:
    answers = await asyncio.gather(*(post(hub, "/devices", {"device_id": "T1"}) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "T1",
        {},
        {"device_id": ""},
        {"device_id": 5},
        {"device_id": "a b"},
        {"device_id": "x" * 65},
        {"device_id": "T1", "name": "x" * 201},
        {"device_id": "T1", "name": "\u001b[31m"},
        {"device_id": "T1", "business_name": ""},
        {"device_id": "T1", "merchant_id": "a/b"},
        {"device_id": "T1", "colour": "blue"},
    ],
)
async def test_enrol_wrongly(hub: RunningHub, body: object) -> None:
    """Unknown fields are refused here: a typing error of an operator must not be taken for consent."""
    assert_refused(await post(hub, "/devices", body), 400, "invalid_params")
    assert (await get(hub, "/devices"))["devices"] == []


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 50_000, b'{"device_id":"T1"'])
async def test_bodies_that_are_no_json(hub: RunningHub, body: bytes) -> None:
    answer = await hub.http.post("/admin/devices", content=body, headers=hub.admin)
    assert_refused(answer, 400, "invalid_params")


async def test_body_too_large(hub: RunningHub) -> None:
    answer = await hub.http.post("/admin/devices", content=b" " * 70_000, headers=hub.admin)
    assert_refused(answer, 413, "body_too_large")


async def test_rotate(shop: Shop) -> None:
    """The live socket is closed at once with 4502; only the new credential opens the next."""
    device = await shop.device()
    old = device.credential
    answer = await post(shop.hub, f"/devices/{device.device_id}/rotate")
    assert answer.status_code == 200
    assert await device.socket.closed() == (4502, "revoked")
    with pytest.raises(CallFailed):
        await device.switch_on()
    device.credential = answer.json()["credential"]
    assert device.credential != old
    await device.switch_on()


async def test_revoke(shop: Shop) -> None:
    """Closed at once with 4502; its register sees it go, and its code is worth nothing."""
    device = await shop.device()
    till = await shop.register(device)
    await till.connect()
    code = await device.code()
    answer = await post(shop.hub, f"/devices/{device.device_id}/revoke")
    assert answer.json() == {"device_id": device.device_id, "revoked": True}
    assert await device.socket.closed() == (4502, "revoked")
    gone = await till.socket.pushed("device.presence")
    assert gone["params"]["device"]["online"] is False
    assert (await till.pair(code)).status_code == 400
    assert (await get(shop.hub, f"/devices/{device.device_id}"))["revoked_at"] == "2026-01-01T00:00:00.000Z"
    with pytest.raises(CallFailed):
        await device.switch_on()


async def test_rotating_lifts_a_revocation(shop: Shop) -> None:
    """The lost device was found: with a new credential it is back, its pairings with it."""
    device = await shop.device()
    till = await shop.register(device)
    await post(shop.hub, f"/devices/{device.device_id}/revoke")
    device.credential = (await post(shop.hub, f"/devices/{device.device_id}/rotate")).json()["credential"]
    welcome = await device.switch_on()
    assert [each["register_id"] for each in welcome["pairings"]] == [till.register_id]
    assert "revoked_at" not in await get(shop.hub, f"/devices/{device.device_id}")


@pytest.mark.parametrize("call", ["", "/rotate", "/revoke"])
async def test_unknown_device(hub: RunningHub, call: str) -> None:
    path = f"/devices/nobody{call}"
    answer = await post(hub, path) if call else await hub.http.get(f"/admin{path}", headers=hub.admin)
    assert_refused(answer, 404, "device_unknown")


async def test_show(shop: Shop) -> None:
    device = Terminal(shop.hub, "T1", serial="SN-7")
    await device.switch_on(model="Virtual", firmware="1.2")
    till = await shop.register(device)
    first = await till.pay()
    await till.pay()
    shown = await get(shop.hub, "/devices/T1")
    (paired,) = shown.pop("pairings")
    assert paired["register_id"] == till.register_id
    assert shown == {
        "device_id": "T1",
        "name": "Virtual",
        "merchant_id": shown["merchant_id"],
        "online": True,
        "queue_state": "sending",
        "queue_depth": 1,
        "epoch": 1,
        "enrolled_at": "2026-01-01T00:00:00.000Z",
        "serial": "SN-7",
        "model": "Virtual",
        "firmware": "1.2",
        "current_transaction": first["transactionId"],
        "connected_at": "2026-01-01T00:00:00.000Z",
    }


async def test_no_secret_is_shown(shop: Shop) -> None:
    """Neither credential nor digest, neither code nor token."""
    device = await shop.device()
    await shop.register(device)
    code = await device.code()
    shown = str(await get(shop.hub, "/devices")) + str(await get(shop.hub, f"/devices/{device.device_id}"))
    shown += str(await get(shop.hub, "/pairings"))
    assert "digest" not in shown
    assert code not in shown
    assert device.credential is not None
    assert device.credential not in shown


async def test_list_in_pages(hub: RunningHub) -> None:
    """By id; `after` is the last one of the page before."""
    for number in range(7):
        await post(hub, "/devices", {"device_id": f"T{number}"})
    seen: list[str] = []
    while page := (await get(hub, "/devices", limit="3", after=seen[-1] if seen else ""))["devices"]:
        assert len(page) <= 3
        seen += [each["device_id"] for each in page]
    assert seen == [f"T{number}" for number in range(7)]


@pytest.mark.parametrize("limit", ["0", "-1", "501", "x", "", "1.5", "٣", "9" * 30])
@pytest.mark.parametrize("path", ["/devices", "/pairings", "/transactions", "/actions"])
async def test_wrong_limit(hub: RunningHub, path: str, limit: str) -> None:
    answer = await hub.http.get(f"/admin{path}", params={"limit": limit}, headers=hub.admin)
    assert assert_refused(answer, 400, "invalid_params") == "limit must be a number from 1 to 500."
