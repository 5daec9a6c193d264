"""The heartbeat of all sockets: one timer for the process, however many there are.

The interval is divided into slots, and the sockets are spread over them evenly: those that came at the same instant
are not pinged at the same instant.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

SLOTS = 50


class Beating(Protocol):
    """A socket that has a heartbeat."""

    def beat(self) -> None:
        """Called once an interval. It may leave meanwhile."""


class Heartbeats:
    """Runs while it has members. Used on one event loop only; its time is real time, as the sockets' is."""

    def __init__(self, seconds: float) -> None:
        self._pause = seconds / SLOTS
        self._slots: list[set[Beating]] = [set() for _ in range(SLOTS)]
        self._joined = 0
        self._members = 0
        self._now = 0
        self._timer: asyncio.TimerHandle | None = None

    def join(self, member: Beating) -> int:
        """Beat for this one from now on; the first beat comes within an interval. Returns its slot, to leave it."""
        self._joined = (self._joined + 1) % SLOTS
        self._slots[self._joined].add(member)
        self._members += 1
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._pause, self._tick)
        return self._joined

    def leave(self, member: Beating, slot: int) -> None:
        members = self._slots[slot]
        if member in members:
            members.remove(member)
            self._members -= 1
            if self._members == 0 and self._timer is not None:
                self._timer.cancel()
                self._timer = None

    def _tick(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._pause, self._tick)
        self._now = (self._now + 1) % SLOTS
        for member in tuple(self._slots[self._now]):
            member.beat()
