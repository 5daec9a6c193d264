"""A register's place in its sequence of events: what is next, what is a repetition, what is a gap.

Pure. Law: `last` never moves past an event that was not seen, unless a snapshot takes the place of what was missed.
"""

from __future__ import annotations

from hub.sdk.errors import GapError
from hub.wire.register import Welcome


class Sequence:
    """`last` is the number of the last event seen; None before the first welcome."""

    def __init__(self, last: int | None = None) -> None:
        self.last = last

    def welcomed(self, welcome: Welcome) -> bool:
        """Take the hub's word on how it goes on; True if it is a snapshot. Raises `GapError`."""
        if welcome.replay == "complete":
            return False
        missed = welcome.replay == "none" and self.last is not None and self.last != welcome.event
        if missed:
            assert self.last is not None
            raise GapError(self.last + 1, welcome.event)
        self.last = welcome.event
        return welcome.replay == "snapshot"

    def received(self, number: int) -> bool:
        """Whether this event is new; a repetition is not. Raises `GapError`, and the place stays."""
        expected = (self.last or 0) + 1
        if number > expected:
            raise GapError(expected, number)
        if number < expected:
            return False
        self.last = number
        return True
