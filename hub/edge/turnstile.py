"""A turnstile: lets a few through in each turn of the event loop, and the others in the turns that follow.

When thousands of devices come back at once, all their handshakes would be dealt with first, then all hellos, then all
payments: nobody would be served before everybody is in. So the work of those who are in goes on between the handshakes.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

A_TURN = 16


class Turnstile:
    """First come, first served. Used on one event loop only; nothing holds a place, so nobody can block it."""

    def __init__(self, a_turn: int = A_TURN) -> None:
        self._a_turn = a_turn
        self._places = a_turn
        self._waiting: deque[Callable[[], None]] = deque()
        self._turning = False

    def enter(self, go: Callable[[], None]) -> bool:
        """Call `go`, which must not raise: at once, or in a later turn. True: it has been called."""
        if not self._turning:
            self._turning = True
            asyncio.get_running_loop().call_soon(self._turn)
        if self._places == 0 or self._waiting:
            self._waiting.append(go)
            return False
        self._places -= 1
        go()
        return True

    def _turn(self) -> None:
        going = [self._waiting.popleft() for _ in range(min(self._a_turn, len(self._waiting)))]
        self._places = self._a_turn - len(going)
        self._turning = bool(going)
        if self._turning:
            asyncio.get_running_loop().call_soon(self._turn)
        for go in going:
            go()
