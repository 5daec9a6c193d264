"""`GET /POS/Pairing`, an extension: which device a register is paired with, and how that device is."""

from __future__ import annotations

from tests.clock import START_MS
from tests.shop import Shop, Till, until


async def test_not_paired(shop: Shop) -> None:
    answer = await shop.hub.http.get("/POS/Pairing", params=Till(shop.hub).triple)
    assert answer.status_code == 200
    assert answer.json() == {"result": "success", "paired": False}


async def test_paired(shop: Shop) -> None:
    assert START_MS == 1_767_225_600_000
    till = await shop.register(await shop.device())
    answer = await shop.hub.http.get("/POS/Pairing", params=till.triple)
    assert answer.json() == {
        "result": "success",
        "paired": True,
        "pairedAt": "2026-01-01T00:00:00.000Z",
        "deviceId": "7070714000",
        "deviceName": "7070714000",
        "online": True,
        "queueState": "idle",
        "queueDepth": 0,
    }


async def test_what_waits_for_the_device(shop: Shop) -> None:
    """Before it submits, a POS sees that others wait."""
    till = await shop.register(await shop.device())
    for _ in range(3):
        await till.pay()
    seen = (await shop.hub.http.get("/POS/Pairing", params=till.triple)).json()
    assert (seen["queueState"], seen["queueDepth"]) == ("sending", 2)


async def test_device_away(shop: Shop) -> None:
    device = await shop.device()
    till = await shop.register(device)
    await device.socket.close()
    await until(lambda: len(shop.hub.edge.connections) == 0)
    seen = (await shop.hub.http.get("/POS/Pairing", params=till.triple)).json()
    assert (seen["paired"], seen["online"], seen["queueState"]) == (True, False, "offline")


async def test_the_triple_is_needed(shop: Shop) -> None:
    answer = await shop.hub.http.get("/POS/Pairing")
    assert answer.status_code == 400
    assert answer.json() == {"error": "POSRegisterID is required."}
