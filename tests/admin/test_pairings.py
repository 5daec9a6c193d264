"""Pairings: who is paired with what, and the operator's way to end it."""

from __future__ import annotations

from tests.admin.desk import assert_refused, get
from tests.shop import Shop


async def test_list(shop: Shop) -> None:
    """The active ones, newest first."""
    first, second = await shop.device("T1"), await shop.device("T2")
    for device, register_id in ((first, "a"), (second, "b"), (first, "c")):
        await shop.register(device, register_id=register_id)
        shop.hub.clock.advance(1)
    listed = (await get(shop.hub, "/pairings"))["pairings"]
    assert [(each["device_id"], each["pairing"]["register_id"]) for each in listed] == [
        ("T1", "c"),
        ("T2", "b"),
        ("T1", "a"),
    ]
    assert len((await get(shop.hub, "/pairings", limit="2"))["pairings"]) == 2


async def test_ended_ones_are_not_listed(shop: Shop) -> None:
    first, second = await shop.device("T1"), await shop.device("T2")
    till = await shop.register(first)
    await till.pair(await second.code())
    assert [each["device_id"] for each in (await get(shop.hub, "/pairings"))["pairings"]] == ["T2"]
    await second.socket.call("pairing.remove", {"all": True})
    assert (await get(shop.hub, "/pairings"))["pairings"] == []


async def test_remove(shop: Shop) -> None:
    """Device and register are told by whom, and what waited is cancelled: never sent."""
    device = await shop.device()
    busy, till = await shop.register(device), await shop.register(device, register_id="other")
    await till.connect()
    await busy.pay()
    waiting = await till.pay()
    (pairing_id,) = [
        each["pairing"]["pairing_id"]
        for each in (await get(shop.hub, "/pairings"))["pairings"]
        if each["pairing"]["register_id"] == "other"
    ]
    answer = await shop.hub.http.delete(f"/admin/pairings/{pairing_id}", headers=shop.hub.admin)
    assert answer.json() == {"pairing_id": pairing_id, "removed": True}
    assert (await device.socket.pushed("pairing.removed"))["params"]["cause"] == "operator"
    changed = await till.socket.pushed("pairing.changed")
    assert changed["params"]["pairing"] == {"paired": False, "cause": "operator"}
    data = (await shop.poll(waiting))["data"]
    assert (data["TransactionResult"], data["Cause"], data["NeverSent"]) == ("CANCELLED", "unpaired", "true")
    assert (await till.post()).status_code == 400
    again = await shop.hub.http.delete(f"/admin/pairings/{pairing_id}", headers=shop.hub.admin)
    assert_refused(again, 404, "pairing_unknown")


async def test_remove_what_is_not_there(shop: Shop) -> None:
    answer = await shop.hub.http.delete("/admin/pairings/nothing", headers=shop.hub.admin)
    assert_refused(answer, 404, "pairing_unknown")
