"""Everyone whom a pairing affects is told at once; who was away, at its next connection."""

from __future__ import annotations

from tests.shop import Shop, Terminal, Till, until
from tests.sockets.events import next_pushed
from tests.wire import Json


async def connected(shop: Shop, device: Terminal, **fields: str) -> Till:
    """A paired register on its socket."""
    till = Till(shop.hub, **fields)  # type: ignore[arg-type]
    await till.pair(await device.code())
    await till.connect()
    await device.socket.pushed("pairing.added")
    await device.socket.pushed("pairing.closed")
    return till


async def gone(shop: Shop, connections: int) -> None:
    await until(lambda: len(shop.hub.edge.connections) == connections)


async def test_a_register_that_pairs(shop: Shop) -> None:
    """Its socket hears of a pairing that was made by HTTP, by somebody else at the shop."""
    device = await shop.device()
    till = Till(shop.hub)
    await till.connect()
    await till.pair(await device.code())
    (changed,) = await next_pushed(till.socket, 1)
    assert changed["method"] == "pairing.changed"
    assert changed["params"] == {
        "event": 1,
        "at": "2026-01-01T00:00:00.000Z",
        "pairing": {
            "paired": True,
            "pairing_id": changed["params"]["pairing"]["pairing_id"],
            "paired_at": "2026-01-01T00:00:00.000Z",
            "device": {
                "device_id": "7070714000",
                "device_name": "7070714000",
                "online": True,
                "queue_state": "idle",
                "queue_depth": 0,
            },
            "cause": "paired",
        },
    }


async def test_a_register_that_moves(shop: Shop) -> None:
    """The device that lost it, the device that won it, and the register."""
    losing, winning = await shop.device("T1"), await shop.device("T2")
    till = await connected(shop, losing)
    (before,) = (await losing.socket.call("pairing.list"))["pairings"]
    code = await winning.code()
    await till.pair(code)
    assert (await losing.socket.pushed("pairing.removed"))["params"] == {
        "pairing_id": before["pairing_id"],
        "register_name": "Front",
        "cause": "paired_elsewhere",
        "removed_at": "2026-01-01T00:00:00.000Z",
    }
    assert (await winning.socket.pushed("pairing.added"))["params"]["register_id"] == till.register_id
    assert (await winning.socket.pushed("pairing.closed"))["params"] == {"cause": "redeemed"}
    seen = (await till.socket.pushed("pairing.changed"))["params"]["pairing"]
    assert (seen["paired"], seen["device"]["device_id"]) == (True, "T2")


async def test_a_device_that_unpairs(shop: Shop) -> None:
    """The register is told that it is not paired any more, and by whom; so is the device's screen."""
    device = await shop.device()
    till, other = await connected(shop, device), await connected(shop, device, register_id="other")
    await device.socket.call("pairing.remove", {"all": True})
    for each in (till, other):
        changed = await each.socket.pushed("pairing.changed")
        assert changed["params"]["pairing"] == {"paired": False, "cause": "device"}
    await device.socket.call("ping")
    assert len(device.socket.waiting("pairing.removed")) == 2


async def test_an_operator_who_unpairs(shop: Shop) -> None:
    device = await shop.device()
    till = await connected(shop, device)
    (before,) = (await device.socket.call("pairing.list"))["pairings"]
    answer = await shop.hub.http.delete(f"/admin/pairings/{before['pairing_id']}", headers=shop.hub.admin)
    assert answer.status_code == 200
    assert (await device.socket.pushed("pairing.removed"))["params"]["cause"] == "operator"
    changed = await till.socket.pushed("pairing.changed")
    assert changed["params"]["pairing"] == {"paired": False, "cause": "operator"}


async def test_a_losing_device_that_is_away(shop: Shop) -> None:
    losing, winning = await shop.device("T1"), await shop.device("T2")
    till = await connected(shop, losing)
    (before,) = (await losing.socket.call("pairing.list"))["pairings"]
    await losing.socket.close()
    await gone(shop, 2)
    shop.hub.clock.advance(5)
    await till.pair(await winning.code())
    shop.hub.clock.advance(86_400)
    welcome = await losing.switch_on()
    assert welcome["pairings"] == []
    assert welcome["removed"] == [
        {
            "pairing_id": before["pairing_id"],
            "register_name": "Front",
            "cause": "paired_elsewhere",
            "removed_at": "2026-01-01T00:00:05.000Z",
        }
    ]


async def test_a_losing_device_whose_line_was_dead(shop: Shop) -> None:
    """The hub still took it for connected and pushed into nowhere: the next welcome tells it all the same."""
    losing, winning = await shop.device("T1"), await shop.device("T2")
    till = await connected(shop, losing)
    losing.socket.socket.transport.pause_reading()
    await till.pair(await winning.code())
    shop.hub.clock.advance(40)
    await losing.socket.abort()
    await gone(shop, 2)
    shop.hub.clock.advance(40)
    welcome = await losing.switch_on()
    assert [each["cause"] for each in welcome["removed"]] == ["paired_elsewhere"]


async def test_told_once(shop: Shop) -> None:
    """What the last welcome said is not said again."""
    losing, winning = await shop.device("T1"), await shop.device("T2")
    till = await connected(shop, losing)
    await losing.socket.close()
    await gone(shop, 2)
    await till.pair(await winning.code())
    shop.hub.clock.advance(1)
    assert len((await losing.switch_on())["removed"]) == 1
    assert "removed" not in await losing.switch_on()


async def test_a_register_that_was_away(shop: Shop) -> None:
    """Replayed, in order: it lost its device, and then got another."""
    losing, winning = await shop.device("T1"), await shop.device("T2")
    till = await connected(shop, losing)
    seen = (await till.socket.call("pairing.status"))["device"]["device_id"]
    assert seen == "T1"
    await till.socket.close()
    await gone(shop, 2)
    await losing.socket.call("pairing.remove", {"all": True})
    await till.pair(await winning.code())
    welcome = await till.connect(last_event=1)
    assert (welcome["replay"], welcome["event"]) == ("complete", 3)
    changes: list[Json] = await next_pushed(till.socket, 2)
    assert [each["params"]["pairing"]["cause"] for each in changes] == ["device", "paired"]
    assert changes[1]["params"]["pairing"]["device"]["device_id"] == "T2"


async def test_pairing_again_with_the_same_device(shop: Shop) -> None:
    """No loser: the device hears that the register is there, the register that it is paired."""
    device = await shop.device()
    till = await connected(shop, device)
    await till.pair(await device.code())
    assert (await till.socket.pushed("pairing.changed"))["params"]["pairing"]["paired"] is True
    await device.socket.pushed("pairing.added")
    assert device.socket.waiting("pairing.removed") == []


async def test_a_failed_pairing_tells_nobody(shop: Shop) -> None:
    """It changes nothing."""
    losing, winning = await shop.device("T1"), await shop.device("T2")
    till = await connected(shop, losing)
    await winning.code()
    assert (await till.pair("00000000")).status_code == 400
    for wire in (losing.socket, winning.socket, till.socket):
        await wire.call("ping")
        assert wire._pushed == []
