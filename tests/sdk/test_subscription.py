"""`hub.sdk.subscription`: events for whoever iterates."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from hub.sdk import GivenUp, SubscriberTooSlow
from hub.sdk.subscription import Audience, Subscription
from hub.wire.register import PresenceChanged, TransactionUpdated, Welcome
from tests.sdk.fakehub import register_welcome


def updated(event: int, transaction_id: str = "t", *, final: bool = False) -> TransactionUpdated:
    return msgspec.convert(
        {
            "event": event,
            "at": "2026-01-01T00:00:00.000Z",
            "transaction": {
                "transaction_id": transaction_id,
                "state": "approved" if final else "processing",
                "final": final,
                "function": "Card.Purchase",
                "device_id": "D1",
                "received_at": "2026-01-01T00:00:00.000Z",
                "updated_at": "2026-01-01T00:00:00.000Z",
            },
        },
        TransactionUpdated,
    )


SNAPSHOT = msgspec.convert(register_welcome(9, "snapshot"), Welcome)


async def test_events_come_in_order_to_every_subscription() -> None:
    audience = Audience()
    with audience.subscribe() as one, audience.subscribe() as other:
        events = [updated(number) for number in (1, 2, 3)]
        for event in events:
            audience.push(event)
        assert [await anext(one) for _ in events] == events
        assert [await anext(other) for _ in events] == events


async def test_a_watch_gets_its_transaction_and_snapshots_only() -> None:
    audience = Audience()
    with audience.watch("a") as watching:
        audience.push(updated(1, "b"))
        audience.push(msgspec.convert(PRESENCE, PresenceChanged))
        audience.push(updated(3, "a"))
        audience.push(SNAPSHOT)
        assert await anext(watching) == updated(3, "a")
        assert await anext(watching) is SNAPSHOT


PRESENCE = {
    "event": 2,
    "at": "",
    "device": {"device_id": "D", "device_name": "D", "online": True, "queue_state": "idle", "queue_depth": 0},
}


async def test_a_slow_subscription_is_told_and_hurts_no_other() -> None:
    subscription = Subscription(lambda _subscription: None, limit=2)
    for number in (1, 2, 3):
        subscription.push(updated(number))
    assert [(await anext(subscription)).event for _ in range(2)] == [1, 2]
    for _ in range(2):
        with pytest.raises(SubscriberTooSlow) as caught:
            await anext(subscription)
    assert caught.value.limit == 2


async def test_close_ends_the_iteration_after_what_has_come() -> None:
    audience = Audience()
    subscription = audience.subscribe()
    audience.push(updated(1))
    subscription.close()
    audience.push(updated(2))
    assert [event async for event in subscription] == [updated(1)]


async def test_close_wakes_who_waits() -> None:
    subscription = Audience().subscribe()
    waiting = asyncio.ensure_future(anext(subscription, None))
    await asyncio.sleep(0)
    subscription.close()
    assert await waiting is None


async def test_the_end_of_the_client_reaches_present_and_later_subscriptions() -> None:
    audience = Audience()
    present = audience.subscribe()
    watching = audience.watch("a")
    audience.fail(GivenUp("revoked"))
    for subscription in (present, watching, audience.subscribe(), audience.watch("b")):
        with pytest.raises(GivenUp):
            await anext(subscription)
