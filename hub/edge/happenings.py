"""What has happened lately in this process: remembered, counted, and handed to the dashboards.

In memory only, and bounded: the truth is in the store. Used on the event loop only.

While payments run, what each commit told is only kept. It is read when somebody looks, or when much has come together:
that of many commits in one go costs a fraction of what it costs one by one between payments.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hub.bus.signal import Happened, Signal
from hub.clock import rfc3339
from hub.commands import overview
from hub.commands.overview import Counts
from hub.engine import Engine
from hub.wire.dashboard import HappeningView, Overview
from statemachines.transaction import TRANSACTION, TransactionState

REMEMBERED = 5_000
TRACKS = 10_000
TRACK_STEPS = 10
RATE_SECONDS = 10
UNREAD_COMMITS = 64
COUNTS_GOOD_FOR_MS = 1_000
"""All dashboards share one count of the store."""

_FINAL = frozenset(state.value for state in TRANSACTION.final)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which happenings somebody wants to see: those that match all given fields."""

    kinds: frozenset[str] | None = None
    device_id: str | None = None
    subject: str | None = None

    def lets_through(self, happened: Happened) -> bool:
        return (
            (self.kinds is None or happened.kind in self.kinds)
            and (self.device_id is None or happened.device_id == self.device_id)
            and (self.subject is None or happened.subject == self.subject)
        )


class Rate:
    """Events per second over the last whole seconds."""

    def __init__(self) -> None:
        self._by_second: deque[list[int]] = deque([[0, 0]], maxlen=RATE_SECONDS + 1)

    def count(self, at_ms: int) -> None:
        second = at_ms // 1000
        latest = self._by_second[-1]
        if latest[0] == second:
            latest[1] += 1
        else:
            self._by_second.append([second, 1])

    def per_second(self, now_ms: int) -> float:
        this_second = now_ms // 1000
        counted = sum(n for second, n in self._by_second if this_second - RATE_SECONDS <= second < this_second)
        return counted / RATE_SECONDS


class Tracks:
    """The last steps of queues, pairings and codes, which have no history of their own in the store.

    A busy hub forgets the latest happenings within seconds; a device that has stalled an hour ago must still show how
    it came to that. Of those that have been quiet for the longest time the track is given up first.
    """

    def __init__(self) -> None:
        self._tracks: dict[str, deque[Happened]] = {}

    def note(self, happened: Happened) -> None:
        if happened.kind == "transaction":
            return
        track = self._tracks.pop(happened.subject, None)
        if track is None:
            track = deque(maxlen=TRACK_STEPS)
            if len(self._tracks) == TRACKS:
                del self._tracks[next(iter(self._tracks))]
        track.append(happened)
        self._tracks[happened.subject] = track

    def of(self, subject: str) -> list[Happened]:
        """Oldest first."""
        return list(self._tracks.get(subject, ()))


class RecentHappenings:
    """Made once, beside the engine; `close` it before the engine stops."""

    def __init__(self, engine: Engine, *, connections: Callable[[], int]) -> None:
        self._engine = engine
        self._connections = connections
        self._unread: list[Sequence[Signal]] = []
        self._remembered: deque[Happened] = deque(maxlen=REMEMBERED)
        self._tracks = Tracks()
        self._submitted, self._finished = Rate(), Rate()
        self._finished_by_state: Counter[str] = Counter()
        self._watchers: tuple[Callable[[Happened], None], ...] = ()
        self._counts: Counts | None = None
        self._counted_at = 0
        self._counting = asyncio.Lock()
        self.close = engine.bus.listen(self._on_commit)

    def _on_commit(self, signals: Sequence[Signal]) -> None:
        self._unread.append(signals)
        if len(self._unread) >= UNREAD_COMMITS:
            self.read()

    def read(self) -> None:
        """Take in all that has happened by now: the watchers have been told of it when this returns."""
        unread, self._unread = self._unread, []
        for signals in unread:
            for signal in signals:
                if isinstance(signal, Happened):
                    self._take_in(signal)

    def _take_in(self, happened: Happened) -> None:
        self._remembered.append(happened)
        if happened.kind != "transaction":
            self._tracks.note(happened)
        elif happened.what == "submit":
            self._submitted.count(happened.at)
        elif happened.state in _FINAL and not happened.what.startswith("conflict"):
            self._finished.count(happened.at)
            self._finished_by_state[happened.state] += 1
        for watcher in self._watchers:
            watcher(happened)

    def watch(self, watcher: Callable[[Happened], None]) -> Callable[[], None]:
        """Call `watcher` for each happening, at the latest in `read`, until the returned function is called."""
        self.read()
        self._watchers = (*self._watchers, watcher)

        def unwatch() -> None:
            self._watchers = tuple(each for each in self._watchers if each != watcher)

        return unwatch

    def recent(self, wanted: Filter, limit: int) -> list[HappeningView]:
        """The latest that match, newest last. Of one subject some are known for longer than of all."""
        self.read()
        found: list[Happened] = []
        for happened in reversed(self._remembered):
            if wanted.lets_through(happened):
                found.append(happened)
                if len(found) == limit:
                    break
        if wanted.subject is not None and len(found) < limit:
            known = {id(happened) for happened in found}
            older = [each for each in self._tracks.of(wanted.subject) if id(each) not in known]
            found += [each for each in reversed(older) if wanted.lets_through(each)][: limit - len(found)]
        return [shown(happened) for happened in reversed(found)]

    async def overview(self) -> Overview:
        async with self._counting:
            now = self._engine.clock.now_ms()
            if self._counts is None or now - self._counted_at >= COUNTS_GOOD_FOR_MS:
                self._counts = await self._engine.query(overview.counts)
                self._counted_at = now
        counts = self._counts
        self.read()
        return Overview(
            at=rfc3339(now),
            connections=self._connections(),
            devices=counts.devices,
            devices_by_state=counts.devices_by_state,
            pairings=counts.pairings,
            live_codes=counts.live_codes,
            open_by_state=counts.open_by_state,
            attention=counts.attention,
            submitted_per_second=self._submitted.per_second(now),
            finished_per_second=self._finished.per_second(now),
            finished_by_state={state.value: self._finished_by_state[state.value] for state in _final_states()},
            write_queue=self._engine.store.waiting,
        )


def _final_states() -> list[TransactionState]:
    return [state for state in TransactionState if state in TRANSACTION.final]


def shown(happened: Happened) -> HappeningView:
    return HappeningView(
        kind=happened.kind,
        subject=happened.subject,
        what=happened.what,
        state=happened.state,
        at=rfc3339(happened.at),
        device_id=happened.device_id,
        register_key=happened.register_key,
        detail=happened.detail,
    )
