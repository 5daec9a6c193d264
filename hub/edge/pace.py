"""Token buckets: how often something may happen, on the hub's clock.

Own code rather than a rate-limit library: the ones at hand read the system's clock, and tests must move it.
"""

from __future__ import annotations

from collections import OrderedDict

from hub.clock import Clock


class Bucket:
    """Lets `burst` through at once and `per_second` sustained."""

    __slots__ = ("_burst", "_clock", "_per_second", "_tokens", "_updated_at")

    def __init__(self, clock: Clock, *, per_second: float, burst: float) -> None:
        self._clock = clock
        self._per_second = per_second
        self._burst = burst
        self._tokens = burst
        self._updated_at = clock.now_ms()

    def _refill(self) -> None:
        now = self._clock.now_ms()
        self._tokens = min(self._burst, self._tokens + (now - self._updated_at) / 1000 * self._per_second)
        self._updated_at = now

    def empty(self) -> bool:
        self._refill()
        return self._tokens < 1

    def take(self) -> None:
        self._refill()
        self._tokens = max(0.0, self._tokens - 1)

    def give_back(self) -> None:
        self._tokens = min(self._burst, self._tokens + 1)

    def wait_seconds(self) -> float:
        """How long until one more is let through."""
        self._refill()
        return max(0.0, (1 - self._tokens) / self._per_second)


class Buckets:
    """A bucket per key; the least recently used ones are forgotten, so a flood of keys costs no more memory."""

    def __init__(self, clock: Clock, *, per_second: float, burst: float, limit: int = 10_000) -> None:
        self._clock = clock
        self._per_second = per_second
        self._burst = burst
        self._limit = limit
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def of(self, key: str) -> Bucket:
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = Bucket(self._clock, per_second=self._per_second, burst=self._burst)
            self._buckets[key] = bucket
            if len(self._buckets) > self._limit:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(key)
        return bucket


class GuessBudget:
    """Bounds the wrong pairing codes, hub-wide and per source, so that guessing stays hopeless."""

    def __init__(self, clock: Clock, *, per_minute: int, per_source: int) -> None:
        self._all = Bucket(clock, per_second=per_minute / 60, burst=per_minute)
        self._sources = Buckets(clock, per_second=per_source / 60, burst=per_source)

    def take(self, source: str) -> float | None:
        """Take one attempt; None: go ahead. Otherwise nothing was taken, and this source must wait so many seconds.

        Taken before the code is looked at: a thousand guesses at once must not all pass while none has failed yet.
        """
        buckets = (self._all, self._sources.of(source))
        waits = [bucket.wait_seconds() for bucket in buckets if bucket.empty()]
        if waits:
            return max(waits)
        for bucket in buckets:
            bucket.take()
        return None

    def give_back(self, source: str) -> None:
        """The code was right: it was no guess."""
        self._all.give_back()
        self._sources.of(source).give_back()
