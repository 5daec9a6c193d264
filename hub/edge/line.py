"""A line: what a connection asks of its socket, and what it is told by it. All of it by plain calls, no task.

The hub's own server offers it as an ASGI extension: after `websocket.accept` the application calls
`scope["extensions"][EXTENSION](listener)`, gets the line, and may return; the socket lives on without it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

EXTENSION = "smartconnect.line"


class Listener(Protocol):
    """Who listens to a line. Called on the event loop; it must not block and must not raise."""

    def arrived(self, message: bytes | None) -> None:
        """A text message, its UTF-8 checked; None: a binary one."""

    def writable(self) -> None:
        """The line is no longer choked."""

    def lost(self) -> None:
        """The peer has closed, or the line has broken. Called once at most, and not after `close` or `cut`."""


class Line(Protocol):
    """One open WebSocket."""

    @property
    def choked(self) -> bool:
        """The peer reads more slowly than it is written to: write no more until `Listener.writable`."""

    def write(self, messages: Sequence[bytes]) -> None:
        """Send text messages, in as few system calls as may be. What a line that ends does not take is lost."""

    def close(self, code: int, reason: str) -> None:
        """Send a close frame behind what was written, and cut the line after a while if the peer does not."""

    def cut(self) -> None:
        """End the line without a close frame."""


Take = Callable[[Listener], Line]
