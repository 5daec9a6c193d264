"""Where log lines go: one write for all lines of a turn of the event loop, for a write costs more than a line.

What a warning or worse says goes out at once, and so does what is said where no loop runs. A process that is killed may
lose the quiet lines of its last turn, and nothing that was acknowledged depends on them.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
from threading import Lock
from typing import TextIO


class LogLines:
    """A logger for structlog to wrap, over one stream. Any thread may use it. A stream that fails loses its lines."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._waiting: list[str] = []
        self._due_in: asyncio.AbstractEventLoop | None = None
        self._lock = Lock()
        atexit.register(self.write_out)

    def soon(self, line: str) -> None:
        """Write it with the others of this turn."""
        with self._lock:
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
        with self._lock:
            self._waiting.append(line)
        self.write_out()

    debug = info = soon
    warning = error = critical = at_once

    def write_out(self) -> None:
        with self._lock:
            self._due_in = None
            waiting, self._waiting = self._waiting, []
            if not waiting:
                return
            # A log that cannot be written, on a full disk for one, is no reason to fail a payment.
            with contextlib.suppress(OSError, ValueError):
                self._stream.write("\n".join(waiting) + "\n")
                self._stream.flush()
