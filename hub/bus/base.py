"""What the hub asks of a bus."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from hub.bus.signal import Signal

Subscriber = Callable[[Signal], None]
"""Called on the event loop, in commit order; it must not block and must not raise."""


class Bus(Protocol):
    def publish(self, signals: Sequence[Signal]) -> None:
        """Hand the signals of one commit to their subscribers, in order."""

    def subscribe(self, topic: str, subscriber: Subscriber) -> Callable[[], None]:
        """Call `subscriber` for every signal of `topic` until the returned function is called."""
