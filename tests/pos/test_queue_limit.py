"""429 `device is busy`: when the bounded queue is full, and only then (pos-api 3)."""

from __future__ import annotations

from pathlib import Path

from tests.clock import ManualClock
from tests.running import running
from tests.shop import Shop, until


async def test_only_when_full(tmp_path: Path, clock: ManualClock) -> None:
    """One in flight and two that wait are taken, of whatever register; the next one is refused with nothing done."""
    async with running(tmp_path / "data", clock, queue_limit=2) as hub:
        shop = Shop(hub)
        device = await shop.device()
        till, other = await shop.register(device), await shop.register(device, register_id="other")
        first = await till.pay()
        await other.pay()
        await till.pay()
        for asking in (till, other):
            answer = await asking.post()
            assert answer.status_code == 429
            assert answer.text == '{"error":"device is busy"}'
            assert answer.headers["SmartConnect-Error-Code"] == "device_busy"
        listed = await hub.http.get("/admin/transactions", headers=hub.admin)
        assert len(listed.json()["transactions"]) == 3
        await device.started()
        await device.complete(first["transactionId"])
        assert (await other.post()).status_code == 200
        assert (await other.post()).status_code == 429


async def test_a_busy_device_is_no_reason(shop: Shop) -> None:
    """The default queue takes 50 that wait; some device clients answer 429 at the second, the hub does not."""
    till = await shop.register(await shop.device())
    answers = [(await till.post()).status_code for _ in range(52)]
    assert answers == [200] * 51 + [429]


async def test_each_device_has_its_own(tmp_path: Path, clock: ManualClock) -> None:
    async with running(tmp_path / "data", clock, queue_limit=1) as hub:
        shop = Shop(hub)
        till = await shop.register(await shop.device())
        other = await shop.register(await shop.device("7070714001"), register_id="other")
        await till.pay()
        await till.pay()
        assert (await till.post()).status_code == 429
        assert (await other.post()).status_code == 200


async def test_a_device_that_is_away(tmp_path: Path, clock: ManualClock) -> None:
    """What waits for it is bounded alike."""
    async with running(tmp_path / "data", clock, queue_limit=2) as hub:
        shop = Shop(hub)
        device = await shop.device()
        till = await shop.register(device)
        await device.socket.close()
        await until(lambda: len(hub.edge.connections) == 0)
        assert [(await till.post()).status_code for _ in range(3)] == [200, 200, 429]


async def test_a_replay_is_let_through(tmp_path: Path, clock: ManualClock) -> None:
    """A retry adds nothing to the queue, so a full one does not refuse it."""
    async with running(tmp_path / "data", clock, queue_limit=1) as hub:
        shop = Shop(hub)
        till = await shop.register(await shop.device())
        key = {"Idempotency-Key": "sale-1"}
        first = await till.post(key)
        await till.pay()
        assert (await till.post()).status_code == 429
        assert (await till.post(key)).text == first.text
