"""A POS over HTTP, as pos-api describes it, with the idempotency key; it asks again until it is answered.

It writes its own history: what it asked, and what the envelopes told it.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx

from hub.clock import Clock
from hub.entropy import register_key
from hub.sdk import CallError, ConnectionLost
from hub.simulator import Pos, PosAnswer, PosRefused, SimulatedDevice
from tests.checker import history as seen
from tests.checker.history import History, Shown

PAUSE_SECONDS = 0.02
"""Between two tries; the client's own pace, no test waits for it to have passed."""

T = TypeVar("T")

BUSINESS = "Toys Shop"
VENDOR = "Till2Go"

_ENDS = {"OK-ACCEPTED": "approved", "OK-DECLINED": "declined", "CANCELLED": "cancelled"}
"""`TransactionResult` of a completed payment, and the state that it means; all others are failures."""


def shown(answer: PosAnswer) -> Shown:
    """What an envelope shows of a transaction. A first answer says no state: it may be old."""
    if answer.completed:
        state = _ENDS.get(answer.result or "", "failed")
        return Shown(
            answer.transaction_id,
            state,
            final=True,
            never_sent=answer.data.get("NeverSent") == "true",
            by_operator=answer.data.get("Cause") == "resolved_by_operator",
        )
    return Shown(answer.transaction_id, answer.data.get("State", "queued"), delayed=answer.result == "OK-DELAYED")


class PosTill:
    """One register."""

    def __init__(self, url: str, register_id: str, history: History, clock: Clock, chance: random.Random) -> None:
        self.register_id = register_id
        self._register = register_key(register_id, BUSINESS, VENDOR)
        self._history = history
        self._clock = clock
        self._calls = itertools.count(1)
        self._chance = chance
        self._http = httpx.AsyncClient(timeout=30, verify=False)  # plain HTTP: no certificates to read
        self._pos = Pos(
            f"{url}/POS",
            register_id=register_id,
            business_name=BUSINESS,
            vendor_name=VENDOR,
            clock=clock,
            http=self._http,
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def pair(self, device: SimulatedDevice) -> None:
        """With a fresh code for each try: an answer that got lost may have used the last one up."""

        async def once() -> None:
            await device.ready()
            await self._pos.pair(await device.open_pairing())

        await self._insist(once)

    async def work(self, payments: int) -> None:
        for _ in range(payments):
            await self.pay(100 * self._chance.randrange(1, 500))

    async def pay(self, amount_cents: int) -> PosAnswer:
        """Pay, and wait for the outcome by long polls."""
        key = str(uuid.UUID(int=self._chance.getrandbits(128), version=4))
        first = await self._insist(lambda: self._submit(amount_cents, key))
        while True:
            answer = await self._insist(lambda: self._pos.poll(first.polling_url, wait_seconds=20))
            self._note(seen.Looked, shown=shown(answer))
            if answer.completed:
                return answer

    async def _submit(self, amount_cents: int, key: str) -> PosAnswer:
        call = next(self._calls)
        self._note(seen.SubmitInvoked, call=call, key=key, amount_cents=amount_cents)
        try:
            first = await self._pos.purchase(amount_cents, idempotency_key=key)
        except PosRefused as refused:
            if refused.status >= 500:
                self._note(seen.SubmitUnknown, call=call)
            else:
                self._note(seen.SubmitRefused, call=call, code=refused.headers.get("SmartConnect-Error-Code", ""))
            raise
        except httpx.TransportError:
            self._note(seen.SubmitUnknown, call=call)
            raise
        self._note(seen.SubmitAnswered, call=call, shown=shown(first))
        return first

    def _note(self, kind: type[T], **fields: Any) -> None:
        record: Any = kind
        self._history.add(record(at=self._clock.now_ms(), who=self.register_id, register=self._register, **fields))

    async def _insist(self, ask: Callable[[], Awaitable[T]]) -> T:
        while True:
            try:
                return await ask()
            except (httpx.TransportError, ConnectionLost):
                pass
            except CallError as error:
                if not error.retryable:
                    raise
            except PosRefused as refused:
                if refused.status not in (429, 503):
                    raise
            await asyncio.sleep(PAUSE_SECONDS)
