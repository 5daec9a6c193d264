"""What the hub asks of a bus."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from hub.bus.signal import Signal

Subscriber = Callable[[Signal], None]
"""Called on the event loop, in commit order; it must not block and must not raise."""

Listener = Callable[[Sequence[Signal]], None]
"""As a subscriber, with all signals of a commit at once. It may keep them: they change no more."""


class Bus(Protocol):
    def publish(self, signals: Sequence[Signal]) -> None:
        """Hand the signals of one commit to their subscribers, in order."""

    def subscribe(self, topic: str, subscriber: Subscriber) -> Callable[[], None]:
        """Call `subscriber` for every signal of `topic` until the returned function is called."""

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` once for each commit until the returned function is called."""
