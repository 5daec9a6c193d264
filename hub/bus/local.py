"""The bus of a single process: plain function calls on the event loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hub import log
from hub.bus.base import Subscriber
from hub.bus.signal import Signal, topic

_log = log.get("bus")


class LocalBus:
    """Delivers in the order of publishing; a subscriber that raises is logged and does not stop the others."""

    def __init__(self) -> None:
        self._subscribers: dict[str, list[Subscriber]] = {}

    def publish(self, signals: Sequence[Signal]) -> None:
        for signal in signals:
            for subscriber in tuple(self._subscribers.get(topic(signal), ())):
                try:
                    subscriber(signal)
                except Exception:
                    _log.exception("subscriber_failed", signal=type(signal).__name__)

    def subscribe(self, topic: str, subscriber: Subscriber) -> Callable[[], None]:
        subscribers = self._subscribers.setdefault(topic, [])
        subscribers.append(subscriber)

        def unsubscribe() -> None:
            if subscriber in subscribers:
                subscribers.remove(subscriber)
            if not subscribers and self._subscribers.get(topic) is subscribers:
                del self._subscribers[topic]

        return unsubscribe
