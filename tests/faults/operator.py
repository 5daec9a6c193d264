"""The operator of the crowd's shop: when hardware was replaced, the operator finds out what became of its payment.

The truth is in the memory of the hardware that was taken away. Resolves what the hub has given up for that reason, and
nothing else: whatever the hardware that is there can tell is for the hub to ask.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

import httpx

from hub.clock import Clock
from hub.simulator.memory import Memory
from statemachines.transaction import Outcome
from tests.checker import history as seen
from tests.checker.history import History
from tests.faults.hub_process import ADMIN_TOKEN

PAUSE_SECONDS = 0.05
"""Between two looks; the operator's own pace, no test waits for it to have passed."""


class Operator:
    """`memories`: of all hardware that there ever was. Run `work` beside the crowd; it goes on until cancelled."""

    def __init__(self, url: str, history: History, clock: Clock, memories: Callable[[], Iterable[Memory]]) -> None:
        self._url = url
        self._history = history
        self._clock = clock
        self._memories = memories
        self.resolved = 0

    async def work(self) -> None:
        headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
        async with httpx.AsyncClient(base_url=self._url, headers=headers, timeout=30, verify=False) as http:
            while True:
                for transaction_id in await self._given_up(http):
                    await self._resolve(http, transaction_id)
                await asyncio.sleep(PAUSE_SECONDS)

    async def _given_up(self, http: httpx.AsyncClient) -> list[str]:
        answer = await http.get("/admin/transactions", params={"state": "in_doubt"})
        answer.raise_for_status()
        found = [row["transaction"] for row in answer.json()["transactions"]]
        return [each["transaction_id"] for each in found if each.get("cause") == "device_replaced"]

    async def _resolve(self, http: httpx.AsyncClient, transaction_id: str) -> None:
        outcome = self._truth(transaction_id)
        self._history.add(
            seen.Resolved(at=self._clock.now_ms(), who="operator", transaction_id=transaction_id, outcome=outcome.value)
        )
        body = {"outcome": outcome.value, "operator": "the operator", "note": "looked at the old terminal"}
        answer = await http.post(f"/admin/transactions/{transaction_id}/resolve", json=body)
        # The old hardware may have come back and told it first.
        assert answer.status_code in (200, 409), answer.text
        self.resolved += answer.status_code == 200

    def _truth(self, transaction_id: str) -> Outcome:
        """A payment that was begun and not finished ends as failed when the hardware is switched on again."""
        for memory in self._memories():
            entry = memory.get(transaction_id)
            if entry is not None and entry.result is not None:
                return entry.result.outcome
        return Outcome.FAILED
