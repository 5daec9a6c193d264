"""The bus of a single process: plain function calls on the event loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hub import log
from hub.bus.base import Listener, Subscriber
from hub.bus.signal import Signal

_log = log.get("bus")


class LocalBus:
    """Delivers in the order of publishing; a subscriber that raises is logged and does not stop the others."""

    def __init__(self) -> None:
        self._subscribers: dict[str, tuple[Subscriber, ...]] = {}
        """Replaced, never changed: who comes or goes while a signal is told does not disturb that."""
        self._listeners: tuple[Listener, ...] = ()

    def publish(self, signals: Sequence[Signal]) -> None:
        subscribers = self._subscribers
        for signal in signals:
            for subscriber in subscribers.get(signal.topic, ()):
                try:
                    subscriber(signal)
                except Exception:
                    _log.exception("subscriber_failed", signal=type(signal).__name__)
        for listener in self._listeners:
            try:
                listener(signals)
            except Exception:
                _log.exception("listener_failed")

    def subscribe(self, topic: str, subscriber: Subscriber) -> Callable[[], None]:
        self._subscribers[topic] = (*self._subscribers.get(topic, ()), subscriber)

        def unsubscribe() -> None:
            others = list(self._subscribers.get(topic, ()))
            if subscriber in others:
                others.remove(subscriber)
            if others:
                self._subscribers[topic] = tuple(others)
            else:
                self._subscribers.pop(topic, None)

        return unsubscribe

    def listen(self, listener: Listener) -> Callable[[], None]:
        self._listeners = (*self._listeners, listener)

        def leave() -> None:
            self._listeners = tuple(each for each in self._listeners if each != listener)

        return leave
