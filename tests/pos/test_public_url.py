"""Whose name the polling URLs carry: as asked, as a trusted proxy says, or as set."""

from __future__ import annotations

from pathlib import Path

from tests.clock import ManualClock
from tests.running import running
from tests.shop import Shop


async def test_as_asked(shop: Shop) -> None:
    """The host that the POS called is the one that it can reach again."""
    till = await shop.register(await shop.device())
    answer = await till.post({"Host": "till-hub.lan:8420"})
    assert answer.json()["data"]["PollingUrl"].startswith("http://till-hub.lan:8420/POS/Transaction/")


async def test_behind_a_proxy(shop: Shop) -> None:
    """A proxy on the same machine ends TLS: https, and the name that it was called by."""
    till = await shop.register(await shop.device())
    answer = await till.post(
        {"Host": "hub.shop.example", "X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.7"}
    )
    assert answer.json()["data"]["PollingUrl"].startswith("https://hub.shop.example/POS/Transaction/")


async def test_an_untrusted_proxy_says_nothing(tmp_path: Path, clock: ManualClock) -> None:
    async with running(tmp_path / "data", clock, trusted_proxies="203.0.113.1") as hub:
        shop = Shop(hub)
        till = await shop.register(await shop.device())
        answer = await till.post({"X-Forwarded-Proto": "https"})
        assert answer.json()["data"]["PollingUrl"].startswith(f"{hub.url}/POS/Transaction/")


async def test_as_set(tmp_path: Path, clock: ManualClock) -> None:
    """`public_url` wins over whatever a request says; a path prefix stays."""
    async with running(tmp_path / "data", clock, public_url="https://hub.shop.example/smartconnect/") as hub:
        shop = Shop(hub)
        till = await shop.register(await shop.device())
        first = (await till.post({"Host": "evil.example"}, TransactionReference="INV-1")).json()
        base = "https://hub.shop.example/smartconnect/POS/Transaction/"
        assert first["data"]["PollingUrl"].startswith(base)
        found = await hub.http.get("/POS/Transaction", params={**till.triple, "TransactionReference": "INV-1"})
        assert found.json()["transactions"][0]["pollingUrl"] == first["data"]["PollingUrl"]
