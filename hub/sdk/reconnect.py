"""Whether and when to come back: what the end of a connection means, and how long to pause.

Pure: chance is injected, and nothing here waits. Laws: the close code decides whether (`hub.wire.close_codes`); the
pause has full jitter, so that clients that were dropped together do not return together; a hint of the hub is a floor
under the jitter, never a replacement for it.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from hub.wire.close_codes import CloseCode, may_come_back, retry_after_ms

BASE_SECONDS = 0.5
CAP_SECONDS = 30.0
STABLE_SECONDS = 10.0
"""A connection that lived this long was a good one: the next pause begins at the base again."""

ABNORMAL_CLOSURE = 1006
"""RFC 6455, 7.1.5: what libraries report when no close frame came. Never on the wire."""

_HIGHEST_DOUBLING = 30
"""Beyond any sane cap; keeps the power of two small however long the hub is away."""


@dataclass(frozen=True, slots=True)
class Close:
    """How a connection ended. `code` is None when the link just broke or never came up."""

    code: int | None = None
    reason: str = ""

    @property
    def may_come_back(self) -> bool:
        return may_come_back(None if self.code == ABNORMAL_CLOSURE else self.code)

    @property
    def retry_after_seconds(self) -> float | None:
        """How soon the hub asks the client to come back, if it says so."""
        hint = retry_after_ms(self.reason)
        return None if hint is None else hint / 1000

    @property
    def label(self) -> str:
        """A word for people and logs."""
        if self.code is None:
            return "broken"
        try:
            return CloseCode(self.code).label
        except ValueError:
            return f"code_{self.code}"

    def __str__(self) -> str:
        return f"{self.label} ({self.reason})" if self.reason and self.reason != self.label else self.label


class Backoff:
    """Pauses between attempts: uniform between 0 and a ceiling that doubles from `base_seconds` to `cap_seconds`.

    Not shared between connections. `uniform` is the source of chance; a test passes its own.
    """

    def __init__(
        self,
        *,
        base_seconds: float = BASE_SECONDS,
        cap_seconds: float = CAP_SECONDS,
        stable_seconds: float = STABLE_SECONDS,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._base_seconds = base_seconds
        self._cap_seconds = cap_seconds
        self._stable_seconds = stable_seconds
        self._uniform = uniform
        self._failures = 0

    def anew(self) -> Backoff:
        """Another one with the same settings, at its beginning."""
        return Backoff(
            base_seconds=self._base_seconds,
            cap_seconds=self._cap_seconds,
            stable_seconds=self._stable_seconds,
            uniform=self._uniform,
        )

    @property
    def ceiling_seconds(self) -> float:
        """The longest that the next pause can be, without a hint."""
        doubled: float = self._base_seconds * 2 ** min(self._failures, _HIGHEST_DOUBLING)
        return min(self._cap_seconds, doubled)

    def lived(self, seconds: float) -> None:
        """A connection was up for so long. A hub that accepts and drops at once does not reset the pauses."""
        if seconds >= self._stable_seconds:
            self._failures = 0

    def pause_seconds(self, *, hint_seconds: float | None = None) -> float:
        """The next pause; each call counts as one more failure."""
        pause = self._uniform(0.0, self.ceiling_seconds)
        self._failures += 1
        return pause + (hint_seconds or 0.0)
