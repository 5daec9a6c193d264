"""One timer for all sockets: everybody once an interval, spread evenly, and no timer when nobody is there."""

from __future__ import annotations

import asyncio
from collections import Counter

from hub.edge.heartbeat import SLOTS, Heartbeats


class Member:
    def __init__(self, beats: Counter[int], name: int) -> None:
        self._beats = beats
        self._name = name

    def beat(self) -> None:
        self._beats[self._name] += 1


async def test_each_once_an_interval() -> None:
    beats: Counter[int] = Counter()
    hearts = Heartbeats(60)
    slots = [hearts.join(Member(beats, name)) for name in range(3 * SLOTS)]
    assert Counter(slots) == dict.fromkeys(range(SLOTS), 3)
    hearts._tick()
    assert sum(beats.values()) == 3, "no more than a slot's share at a time"
    for _ in range(SLOTS - 1):
        hearts._tick()
    assert beats == dict.fromkeys(range(3 * SLOTS), 1)


async def test_who_has_left_is_not_called() -> None:
    beats: Counter[int] = Counter()
    hearts = Heartbeats(60)
    members = [Member(beats, name) for name in range(2)]
    slots = [hearts.join(member) for member in members]
    hearts.leave(members[0], slots[0])
    hearts.leave(members[0], slots[0])
    for _ in range(SLOTS):
        hearts._tick()
    assert beats == {1: 1}
    hearts.leave(members[1], slots[1])
    assert hearts._timer is None


async def test_leaving_from_within_a_beat() -> None:
    hearts = Heartbeats(60)
    called = asyncio.Event()

    class Leaver:
        def beat(self) -> None:
            hearts.leave(self, slot)
            called.set()

    slot = hearts.join(Leaver())
    while not called.is_set():
        hearts._tick()
    assert hearts._timer is None, "the timer that the tick had set is cancelled with the last one's leaving"
