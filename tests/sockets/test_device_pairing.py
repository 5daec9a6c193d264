"""`pairing.*` on the device's socket: codes, their refresh and end, the list, and removal."""

from __future__ import annotations

import pytest

from tests.shop import Shop, Terminal, Till, until, until_waiting
from tests.wire import CallFailed, Json


async def works(shop: Shop, code: str, register_id: str = "probe") -> bool:
    return (await Till(shop.hub, register_id=register_id).pair(code)).status_code == 200


async def listed(device: Terminal) -> list[str]:
    """The register ids that the device is paired with."""
    return [each["register_id"] for each in (await device.socket.call("pairing.list"))["pairings"]]


async def test_start(shop: Shop) -> None:
    """A code, how long it is good, and how long pairing stays open."""
    device = await shop.device()
    shown = await device.socket.call("pairing.start")
    assert shown == {
        "code": shown["code"],
        "expires_at": "2026-01-01T00:02:00.000Z",
        "expires_in_seconds": 120.0,
        "session_ends_at": "2026-01-01T00:10:00.000Z",
    }


async def test_refresh_and_overlap(shop: Shop) -> None:
    """15 s before its end a fresh one takes its place; both are accepted meanwhile, then only the fresh one."""
    device = await shop.device()
    first = await device.code()
    shop.hub.clock.advance(104.9)
    await device.socket.call("ping")
    assert device.socket.waiting("pairing.code") == []
    shop.hub.clock.advance(0.1)
    fresh = (await device.socket.pushed("pairing.code"))["params"]
    assert fresh["code"] != first
    assert fresh["expires_in_seconds"] == 120.0
    shop.hub.clock.advance(14.9)
    assert await works(shop, first)


async def test_after_the_overlap(shop: Shop) -> None:
    device = await shop.device()
    first = await device.code()
    shop.hub.clock.advance(105)
    fresh = (await device.socket.pushed("pairing.code"))["params"]["code"]
    shop.hub.clock.advance(15)
    assert not await works(shop, first)
    assert await works(shop, fresh)


async def test_a_session_ends(shop: Shop) -> None:
    """Codes follow one another for 10 minutes; the last is good to the end, and then the screen is cleared."""
    device = await shop.device()
    codes = [await device.code()]
    for _ in range(5):
        shop.hub.clock.advance(105)
        codes.append((await device.socket.pushed("pairing.code"))["params"]["code"])
    assert len(set(codes)) == 6
    shop.hub.clock.advance(74.9)
    await device.socket.call("ping")
    assert device.socket.waiting("pairing.closed") == []
    shop.hub.clock.advance(0.1)
    assert (await device.socket.pushed("pairing.closed"))["params"] == {"cause": "session_ended"}
    assert not await works(shop, codes[-1])
    assert device.socket.waiting("pairing.code") == []


async def test_start_again(shop: Shop) -> None:
    """A new session with a new code; the old one is withdrawn."""
    device = await shop.device()
    first, second = await device.code(), await device.code()
    assert not await works(shop, first)
    assert await works(shop, second)


async def test_stop(shop: Shop) -> None:
    """The code is withdrawn, the one of the overlap too; `stopped` says whether there was any."""
    device = await shop.device()
    assert await device.socket.call("pairing.stop") == {"stopped": False}
    first = await device.code()
    shop.hub.clock.advance(105)
    fresh = (await device.socket.pushed("pairing.code"))["params"]["code"]
    assert await device.socket.call("pairing.stop") == {"stopped": True}
    assert not await works(shop, first)
    assert not await works(shop, fresh)
    shop.hub.clock.advance(600)
    await device.socket.call("ping")
    assert device.socket.waiting("pairing.code") == device.socket.waiting("pairing.closed") == []


async def test_redeemed(shop: Shop) -> None:
    """The code goes off the screen, and the register appears."""
    device = await shop.device()
    till = Till(shop.hub, register_name="Bar")
    code = await device.code()
    shop.hub.clock.advance(3)
    await till.pair(code)
    assert (await device.socket.pushed("pairing.closed"))["params"] == {"cause": "redeemed"}
    added = (await device.socket.pushed("pairing.added"))["params"]
    assert added == {
        "pairing_id": added["pairing_id"],
        "register_id": till.register_id,
        "register_name": "Bar",
        "business_name": "Toys Shop",
        "vendor_name": "Till2Go",
        "paired_at": "2026-01-01T00:00:03.000Z",
    }
    assert await device.socket.call("pairing.list") == {"pairings": [added]}


async def test_redeeming_ends_the_overlap_too(shop: Shop) -> None:
    """One session pairs one register: neither of its codes is good for another."""
    device = await shop.device()
    first = await device.code()
    shop.hub.clock.advance(105)
    fresh = (await device.socket.pushed("pairing.code"))["params"]["code"]
    assert await works(shop, first)
    assert not await works(shop, fresh, "another")


async def test_back_within_the_grace(shop: Shop) -> None:
    """A short break of the line: the welcome carries the code that is still on the screen."""
    device = await shop.device()
    code = await device.code()
    await device.socket.abort()
    await until(lambda: len(shop.hub.edge.connections) == 0)
    shop.hub.clock.advance(10)
    welcome = await device.switch_on()
    assert welcome["pairing_code"]["code"] == code
    assert welcome["pairing_code"]["expires_in_seconds"] == 110.0
    assert await works(shop, code)


async def test_paired_while_the_line_was_down(shop: Shop) -> None:
    """The code on the screen worked; the device learns it from its next welcome."""
    device = await shop.device()
    code = await device.code()
    await device.socket.abort()
    await until(lambda: len(shop.hub.edge.connections) == 0)
    assert await works(shop, code, "till")
    welcome = await device.switch_on()
    assert [each["register_id"] for each in welcome["pairings"]] == ["till"]
    assert "pairing_code" not in welcome


async def test_away_past_the_grace(shop: Shop) -> None:
    """Nobody sees the code any more: withdrawn."""
    device = await shop.device()
    code = await device.code()
    await device.socket.abort()
    await until(lambda: len(shop.hub.edge.connections) == 0)
    await until_waiting(shop.hub, 15)
    shop.hub.clock.advance(15)
    assert "pairing_code" not in await device.switch_on()
    assert not await works(shop, code)


async def test_remove_one(shop: Shop) -> None:
    device = await shop.device()
    for register_id in ("a", "b", "c"):
        await shop.register(device, register_id=register_id)
        shop.hub.clock.advance(1)
    paired = (await device.socket.call("pairing.list"))["pairings"]
    assert await device.socket.call("pairing.remove", {"pairing_id": paired[1]["pairing_id"]}) == {"removed": 1}
    assert await listed(device) == ["a", "c"]


async def test_remove_all(shop: Shop) -> None:
    """Also when there are none: nothing is left, as asked."""
    device = await shop.device()
    for register_id in ("a", "b", "c"):
        await shop.register(device, register_id=register_id)
    assert await device.socket.call("pairing.remove", {"all": True}) == {"removed": 3}
    assert await device.socket.call("pairing.remove", {"all": True}) == {"removed": 0}
    assert await listed(device) == []


async def refused(device: Terminal, params: Json, code: str) -> None:
    with pytest.raises(CallFailed) as failed:
        await device.socket.call("pairing.remove", params, valid=False)
    assert failed.value.code == code


async def test_remove_wrongly(shop: Shop) -> None:
    """One or all, said clearly; an unknown id, one that has gone, and another device's are the same."""
    device, other = await shop.device(), await shop.device("7070714001")
    await shop.register(device, register_id="mine")
    await shop.register(other, register_id="theirs")
    (mine,) = (await device.socket.call("pairing.list"))["pairings"]
    (theirs,) = (await other.socket.call("pairing.list"))["pairings"]
    await refused(device, {}, "invalid_params")
    await refused(device, {"all": False}, "invalid_params")
    await refused(device, {"all": True, "pairing_id": mine["pairing_id"]}, "invalid_params")
    await refused(device, {"everything": True}, "invalid_params")
    await refused(device, {"pairing_id": "00000000-0000-4000-8000-000000000000"}, "pairing_unknown")
    await refused(device, {"pairing_id": theirs["pairing_id"]}, "pairing_unknown")
    assert await listed(device) == ["mine"]
    assert await listed(other) == ["theirs"]
    await device.socket.call("pairing.remove", {"pairing_id": mine["pairing_id"]})
    await refused(device, {"pairing_id": mine["pairing_id"]}, "pairing_unknown")
