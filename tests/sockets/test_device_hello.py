"""A device's hello: who gets in, and what the welcome says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.clock import ManualClock
from tests.running import RunningHub, running
from tests.shop import Shop, Terminal
from tests.wire import CallFailed, Json


async def turned_away(hub: RunningHub, **hello: Any) -> None:
    """The hello is answered with `unauthorised`, and the socket closed with 4501: do not come back unchanged."""
    wire = await hub.wire("device")
    with pytest.raises(CallFailed) as failed:
        await wire.call("hello", {"serial": "SN-1", **hello})
    assert failed.value.code == "unauthorised"
    assert failed.value.error["data"]["retryable"] is False
    assert await wire.closed() == (4501, "unauthorised")


async def enrolled(hub: RunningHub, device_id: str = "T1", **body: str) -> str:
    """The operator enrols a device; returns its credential."""
    answer = await hub.http.post("/admin/devices", json={"device_id": device_id, **body}, headers=hub.admin)
    assert answer.status_code == 201, answer.text
    credential: str = answer.json()["credential"]
    return credential


async def devices(hub: RunningHub) -> list[Json]:
    found: list[Json] = (await hub.http.get("/admin/devices", headers=hub.admin)).json()["devices"]
    return found


async def test_welcome(hub: RunningHub) -> None:
    terminal = Terminal(hub, "T1", credential=await enrolled(hub))
    welcome = await terminal.switch_on(model="Virtual", firmware="1.2")
    assert welcome == {
        "device_id": "T1",
        "epoch": 1,
        "heartbeat_seconds": 25.0,
        "server_time": "2026-01-01T00:00:00.000Z",
        "hub_version": welcome["hub_version"],
        "pairings": [],
    }


async def test_epochs_rise(hub: RunningHub) -> None:
    """In the store, so also over a restart of the hub."""
    terminal = Terminal(hub, "T1", credential=await enrolled(hub))
    assert [(await terminal.switch_on())["epoch"] for _ in range(3)] == [1, 2, 3]
    await hub.stop()
    await hub.start()
    assert (await terminal.switch_on())["epoch"] == 4


async def test_welcome_lists_the_pairings(shop: Shop) -> None:
    """In the order in which they were made, with what a device shows."""
    device = await shop.device()
    for name in ("Front", "Bar", "Garden"):
        await shop.register(device, register_id=name, register_name=name)
        shop.hub.clock.advance(1)
    paired = (await device.switch_on())["pairings"]
    assert [each["register_name"] for each in paired] == ["Front", "Bar", "Garden"]
    assert paired[0].keys() == {
        "pairing_id",
        "register_id",
        "register_name",
        "business_name",
        "vendor_name",
        "paired_at",
    }


async def test_enrolling_itself_in_development(shop: Shop) -> None:
    """The credential comes once; the next hello shows it, and gets none."""
    device = await shop.device()
    assert device.welcome["credential"].startswith("dev_")
    assert "credential" not in await device.switch_on()


async def test_enrolling_with_a_credential_of_its_own(shop: Shop) -> None:
    """If the welcome is lost the same hello gets in again; nobody else does, with whatever he chooses."""
    own = "dev_" + "x" * 28
    hello = {"device_id": "T1", "serial": "SN-1", "enrol": True, "credential": own}
    lost = await shop.hub.wire("device")
    await lost.ask("hello", hello)
    wire = await shop.hub.wire("device")
    welcome = await wire.call("hello", hello)
    assert "credential" not in welcome
    for other in ({"credential": own[:-1] + "y"}, {}):
        await turned_away(shop.hub, device_id="T1", enrol=True, **other)
    await wire.call("ping")
    await Terminal(shop.hub, "T1", credential=own).switch_on()


async def test_a_chosen_credential_that_could_be_guessed(shop: Shop) -> None:
    """Refused, and the device is not enrolled."""
    wire = await shop.hub.wire("device")
    with pytest.raises(CallFailed) as failed:
        await wire.call("hello", {"device_id": "T1", "serial": "SN-1", "enrol": True, "credential": "x" * 31})
    assert failed.value.code == "invalid_params"
    assert (await wire.closed())[0] == 4503
    assert await devices(shop.hub) == []


async def test_enrolling_itself_is_for_development_only(tmp_path: Path, clock: ManualClock) -> None:
    async with running(tmp_path / "data", clock, development=False) as hub:
        await turned_away(hub, device_id="T1", enrol=True)
        assert await devices(hub) == []
        await Terminal(hub, "T1", credential=await enrolled(hub)).switch_on()


async def test_enrolling_does_not_take_over(shop: Shop) -> None:
    """Somebody else's id: `enrol` is no way around its credential, and the true device stays connected."""
    device = await shop.device()
    await turned_away(shop.hub, device_id=device.device_id, enrol=True)
    await device.socket.call("ping")


async def test_wrong_credential(shop: Shop) -> None:
    """The true device stays connected, at its epoch."""
    device = await shop.device()
    assert device.credential is not None
    for wrong in ("dev_wrong", device.credential[:-1], device.credential + "x", device.credential.upper()):
        await turned_away(shop.hub, device_id=device.device_id, credential=wrong)
    await device.socket.call("ping")
    assert [each["epoch"] for each in await devices(shop.hub)] == [1]


async def test_missing_credential(shop: Shop) -> None:
    device = await shop.device()
    await turned_away(shop.hub, device_id=device.device_id)


async def test_another_device_s_credential(shop: Shop) -> None:
    device, other = await shop.device(), await shop.device("7070714001")
    await turned_away(shop.hub, device_id=device.device_id, credential=other.credential)


async def test_unknown_device(hub: RunningHub) -> None:
    """Told exactly what a wrong credential is told."""
    await turned_away(hub, device_id="nobody", credential="dev_x")
    assert await devices(hub) == []


async def test_revoked(shop: Shop) -> None:
    device = await shop.device()
    await shop.hub.http.post(f"/admin/devices/{device.device_id}/revoke", headers=shop.hub.admin)
    await turned_away(shop.hub, device_id=device.device_id, credential=device.credential)


async def test_rotated(shop: Shop) -> None:
    """The old credential is worth nothing, the new one works."""
    device = await shop.device()
    answer = await shop.hub.http.post(f"/admin/devices/{device.device_id}/rotate", headers=shop.hub.admin)
    await turned_away(shop.hub, device_id=device.device_id, credential=device.credential)
    device.credential = answer.json()["credential"]
    await device.switch_on()


@pytest.mark.parametrize("device_id", ["", "x" * 65, "a b", "T1/../T2", "T\u0661", "T1\n", "T\u0000"])
async def test_wrong_id(hub: RunningHub, device_id: str) -> None:
    wire = await hub.wire("device")
    with pytest.raises(CallFailed) as failed:
        await wire.call("hello", {"device_id": device_id, "serial": "SN-1", "enrol": True}, valid=False)
    assert failed.value.code == "invalid_params"
    assert (await wire.closed())[0] == 4503
    assert await devices(hub) == []


async def test_too_many_devices(tmp_path: Path, clock: ManualClock) -> None:
    """`max_devices` bounds what a development hub takes in."""
    async with running(tmp_path / "data", clock, max_devices=1) as hub:
        device = await Shop(hub).device("T1")
        wire = await hub.wire("device")
        with pytest.raises(CallFailed) as failed:
            await wire.call("hello", {"device_id": "T2", "serial": "SN-1", "enrol": True})
        assert failed.value.code == "too_many_devices"
        await device.switch_on()


async def test_fields_of_a_later_firmware(shop: Shop) -> None:
    """Unknown fields are tolerated: an older hub takes a newer device."""
    wire = await shop.hub.wire("device")
    hello = {"device_id": "T1", "serial": "SN-1", "enrol": True, "colour": "blue"}
    await wire.call("hello", hello, valid=False)
