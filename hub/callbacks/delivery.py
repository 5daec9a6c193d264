"""Delivery: from the durable outbox to the POS's URL, with growing pauses until it is taken or given up.

At least once: a hub that is killed between the POS's answer and its own note sends again, with the same id.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import httpx
import msgspec
from standardwebhooks.webhooks import Webhook

from hub import log
from hub.bus.signal import CALLBACKS, Signal
from hub.callbacks.destination import DestinationRefused, resolve
from hub.edge.pos_envelope import present_answer
from hub.engine import Engine
from hub.errors import HubError
from hub.store.records import Callback
from hub.store.unit import Unit
from hub.timer import Timer

_log = log.get("callbacks")

AT_ONCE = 8
FIRST_PAUSE_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 6 * 3600.0
GONE = 410
"""The receiver wants no more of it (Standard Webhooks): given up at once."""


@dataclass(frozen=True, slots=True)
class _Notice:
    callback: Callback
    body: bytes


class Delivery:
    """Delivers while it runs; start and stop it with the engine."""

    def __init__(self, engine: Engine, *, secret: str) -> None:
        self._engine = engine
        self._signer = Webhook(secret)
        self._timer = Timer(engine.clock, self._work_off, name="callbacks")
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._client: httpx.AsyncClient | None = None
        self._unsubscribe = engine.bus.subscribe(CALLBACKS, self._queued)

    def start(self) -> None:
        self._timer.start()
        self._timer.wake(self._engine.clock.now_ms())

    async def stop(self) -> None:
        """Cut off what is under way; it will be sent again."""
        self._unsubscribe()
        await self._timer.stop()
        under_way = list(self._under_way.values())
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()

    def _make_client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            timeout=self._engine.settings.callback_timeout_seconds,
            follow_redirects=False,
            trust_env=False,  # a proxy would resolve the name again, past the check
        )

    def _queued(self, _signal: Signal) -> None:
        self._timer.wake(self._engine.clock.now_ms())

    async def _work_off(self) -> int | None:
        try:
            notices, next_due = await self._engine.query(_due, AT_ONCE + len(self._under_way))
        except HubError as error:
            _log.warning("callbacks_postponed", error=str(error))
            return self._engine.clock.now_ms() + 1000
        if notices and self._client is None:
            # Only when there is a first callback, and aside: reading the certificates takes as long as many payments.
            self._client = await asyncio.to_thread(self._make_client)
        for notice in notices:
            callback_id = notice.callback.callback_id
            if callback_id not in self._under_way and len(self._under_way) < AT_ONCE:
                task = asyncio.create_task(self._deliver(notice), name=f"callback {callback_id}")
                self._under_way[callback_id] = task
                task.add_done_callback(partial(self._finished, callback_id))
        return next_due

    def _finished(self, callback_id: str, _task: asyncio.Task[None]) -> None:
        del self._under_way[callback_id]
        self._timer.wake(self._engine.clock.now_ms())

    async def _deliver(self, notice: _Notice) -> None:
        callback = notice.callback
        problem = await self._post(notice)
        gone = problem == f"HTTP {GONE}"
        try:
            state = await self._engine.execute(_note, callback.callback_id, problem, give_up=gone)
        except HubError as error:
            _log.warning("callback_not_noted", callback_id=callback.callback_id, error=str(error))
            return
        _log.info(
            "callback_tried",
            callback_id=callback.callback_id,
            transaction_id=callback.transaction_id,
            state=state,
            problem=problem,
        )

    async def _post(self, notice: _Notice) -> str | None:
        """Send it once; the reason why it was not taken, or None."""
        try:
            # One limit over all of it: the client's own is per read, and a name may take long to resolve.
            async with asyncio.timeout(self._engine.settings.callback_timeout_seconds):
                return await self._send(notice)
        except DestinationRefused as refused:
            return str(refused)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            return f"{type(error).__name__}: {error}"[:200]

    async def _send(self, notice: _Notice) -> str | None:
        callback = notice.callback
        to = await resolve(callback.url, allow_private=self._engine.settings.callback_allow_private)
        sent_at = datetime.fromtimestamp(self._engine.clock.now_ms() // 1000, UTC)
        headers = {
            "Host": to.authority,
            "Content-Type": "application/json",
            "webhook-id": callback.callback_id,
            "webhook-timestamp": str(int(sent_at.timestamp())),
            "webhook-signature": self._signer.sign(callback.callback_id, sent_at, notice.body.decode()),
        }
        # Streamed, so that not a byte of an answer's body is read: only its status counts.
        assert self._client is not None, "made before the first delivery"
        async with self._client.stream(
            "POST", to.url, content=notice.body, headers=headers, extensions={"sni_hostname": to.host}
        ) as answer:
            return None if answer.is_success else f"HTTP {answer.status_code}"


async def _due(unit: Unit, limit: int) -> tuple[list[_Notice], int | None]:
    """What is due, and when the next one after that will be."""
    notices = []
    for callback in await unit.callbacks.due(unit.now, limit):
        transaction = await unit.transactions.get(callback.transaction_id)
        assert transaction is not None
        register = await unit.registers.get(transaction.register_key)
        assert register is not None
        body = present_answer(transaction, register, queue_position=None, retention_days=unit.settings.retention_days)
        notices.append(_Notice(callback, msgspec.json.encode(body)))
    return notices, await unit.callbacks.next_due_after(unit.now)


async def _note(unit: Unit, callback_id: str, problem: str | None, *, give_up: bool) -> str:
    """Record how an attempt ended; return the callback's state."""
    callback = await unit.callbacks.get(callback_id)
    if callback is None:
        return "swept"
    callback.attempts += 1
    callback.last_error = problem
    if problem is None:
        callback.state, callback.due_at = "delivered", None
    elif give_up or callback.attempts >= unit.settings.callback_attempts:
        callback.state, callback.due_at = "given_up", None
    else:
        callback.due_at = unit.now + round(pause_seconds(callback.attempts) * 1000)
    await unit.callbacks.save(callback)
    return callback.state


def pause_seconds(attempts: int) -> float:
    """How long to wait after that many attempts: growing fourfold to 6 hours, with jitter of up to a half."""
    longest: float = min(FIRST_PAUSE_SECONDS * 4.0 ** min(attempts - 1, 20), LONGEST_PAUSE_SECONDS)
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - it spreads load and guards nothing
