"""Subscriptions: a register's events, handed to whoever iterates over them.

Laws: in order and without a gap, or an exception that says so; each subscription has its own bounded queue, and a slow
one hurts no other. It knows no connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType

from hub.sdk.errors import SdkError, SubscriberTooSlow
from hub.wire.register import PairingChanged, PresenceChanged, TransactionUpdated, Welcome

LIMIT = 1024

Event = TransactionUpdated | PairingChanged | PresenceChanged | Welcome
"""A `Welcome` among the events is a snapshot: what was missed could not be replayed, and its `pairing` and
`transactions` are the whole present truth. Transactions that it does not name are final; ask for them."""


class Subscription:
    """`async for event in subscription:`; leave its `with` block, or `close` it, to end it. One reader at a time."""

    def __init__(self, on_close: Callable[[Subscription], None], *, limit: int = LIMIT) -> None:
        self._on_close = on_close
        self._limit = limit
        self._queue: asyncio.Queue[Event | None] = asyncio.Queue()
        self._failure: SdkError | None = None
        self._ended = False

    def __enter__(self) -> Subscription:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __aiter__(self) -> Subscription:
        return self

    async def __anext__(self) -> Event:
        """The next event. Ends when closed; raises `SubscriberTooSlow`, `GivenUp` or `Stopped` after the last one."""
        event = None if self._ended and self._queue.empty() else await self._queue.get()
        if event is not None:
            return event
        self._queue.put_nowait(None)  # whoever asks again is told again
        if self._failure is not None:
            raise self._failure
        raise StopAsyncIteration

    def close(self) -> None:
        self._end(None)

    def push(self, event: Event) -> None:
        """For the client: hand over an event."""
        if self._ended:
            return
        if self._queue.qsize() >= self._limit:
            self.fail(SubscriberTooSlow(self._limit))
            return
        self._queue.put_nowait(event)

    def fail(self, failure: SdkError) -> None:
        """For the client: no more events will come."""
        self._end(failure)

    def _end(self, failure: SdkError | None) -> None:
        if self._ended:
            return
        self._ended = True
        self._failure = failure
        self._queue.put_nowait(None)
        self._on_close(self)


class Audience:
    """All subscriptions of one register client: to every event, or to one transaction's."""

    def __init__(self) -> None:
        self._to_all: set[Subscription] = set()
        self._to_one: dict[str, set[Subscription]] = {}
        self._failure: SdkError | None = None

    def subscribe(self) -> Subscription:
        """Every event from now on."""
        return self._join(self._to_all, self._to_all.discard)

    def watch(self, transaction_id: str) -> Subscription:
        """The updates of one transaction, and the snapshots."""
        watching = self._to_one.setdefault(transaction_id, set())

        def leave(subscription: Subscription) -> None:
            watching.discard(subscription)
            if not watching and self._to_one.get(transaction_id) is watching:
                del self._to_one[transaction_id]

        return self._join(watching, leave)

    def _join(self, among: set[Subscription], leave: Callable[[Subscription], None]) -> Subscription:
        subscription = Subscription(leave)
        among.add(subscription)
        if self._failure is not None:
            subscription.fail(self._failure)
        return subscription

    def push(self, event: Event) -> None:
        """Hand an event to everyone whom it concerns."""
        concerned = set(self._to_all)
        if isinstance(event, TransactionUpdated):
            concerned |= self._to_one.get(event.transaction.transaction_id, set())
        elif isinstance(event, Welcome):
            concerned = self._everyone()
        for subscription in concerned:
            subscription.push(event)

    def fail(self, failure: SdkError) -> None:
        """No more events will come, to present subscriptions and later ones."""
        self._failure = failure
        for subscription in self._everyone():
            subscription.fail(failure)

    def _everyone(self) -> set[Subscription]:
        return self._to_all.union(*self._to_one.values())
