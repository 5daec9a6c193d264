"""Where log lines go: what is said quietly is only kept, and rendered and written at the end of the loop's turn.

A write costs more than a line, so all lines of a turn are one. What a warning or worse says goes out at once, behind
those that wait, and so does what is said where no loop runs. A process that is killed may lose the quiet lines of its
last turn; nothing that was acknowledged depends on them.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
from collections import deque
from collections.abc import Callable
from threading import Lock
from typing import Any, NamedTuple, TextIO

from hub.clock import wall_ms

_UNCHANGING = frozenset({str, int, float, bool, type(None)})


class Quiet(NamedTuple):
    """A line that is still to be rendered. `context` is the logger's own part of it."""

    level: str
    at_ms: int
    context: dict[str, Any]
    event: str
    fields: dict[str, Any]


class LogLines:
    """A logger for structlog to wrap, over one stream. Any thread may use it. A stream that fails loses its lines."""

    def __init__(self, stream: TextIO, render: Callable[[Quiet], str]) -> None:
        self._stream = stream
        self._render = render
        self._waiting: deque[str | Quiet] = deque()
        self._due_in: asyncio.AbstractEventLoop | None = None
        self._lock = Lock()
        atexit.register(self.write_out)

    def quiet(self, level: str, context: dict[str, Any], event: str, fields: dict[str, Any]) -> None:
        """Keep a line, with its time and its values as they are now."""
        line = Quiet(level, wall_ms(), context, event, fields)
        self.soon(line if _UNCHANGING.issuperset(map(type, fields.values())) else self._rendered(line))

    def soon(self, line: str | Quiet) -> None:
        """Write it with the others of this turn."""
        self._waiting.append(line)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.write_out()
            return
        if self._due_in is not loop:
            self._due_in = loop
            loop.call_soon(self.write_out)

    def at_once(self, line: str) -> None:
        """Write it now, behind those that wait."""
        self._waiting.append(line)
        self.write_out()

    debug = info = soon
    warning = error = critical = at_once

    def write_out(self) -> None:
        """Write all that waits. Call it before the process ends by a signal, which `atexit` does not see.

        It waits for nobody: who is writing already, in another thread or further down in this one, writes this too.
        """
        self._due_in = None
        # Not to wait is more than a courtesy. Garbage may be collected in the middle of a write, and a future among it
        # whose error nobody asked for complains through the log: on this thread, which would wait for itself.
        while self._waiting and self._lock.acquire(blocking=False):
            try:
                self._write_waiting()
            finally:
                self._lock.release()

    def _rendered(self, line: Quiet) -> str:
        """The line; one that cannot be rendered takes nothing with it but itself, and another says so in its place."""
        try:
            return self._render(line)
        except Exception as error:
            # Names only: a value that cannot be shown is not shown by way of its error either.
            fields = {"said": line.event, "error": type(error).__name__}
            return self._render(Quiet("error", line.at_ms, {"part": "log"}, "line_not_rendered", fields))

    def _write_waiting(self) -> None:
        lines: list[str] = []
        while self._waiting:
            line = self._waiting.popleft()
            lines.append(line if isinstance(line, str) else self._rendered(line))
        # A log that cannot be written, on a full disk for one, is no reason to fail a payment.
        with contextlib.suppress(OSError, ValueError):
            self._stream.write("\n".join(lines) + "\n")
            self._stream.flush()
