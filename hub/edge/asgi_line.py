"""A line over any ASGI server, with one task that reads and one that writes.

The hub's own server needs none of this; it serves simulations and comparisons with other servers.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Sequence

from starlette.websockets import WebSocket, WebSocketDisconnect

from hub.edge.line import Listener

_ENDED = (WebSocketDisconnect, RuntimeError, OSError)
"""What servers raise when the peer is gone."""


class AsgiLine:
    """Made from an accepted socket; `serve` it to its end."""

    def __init__(self, websocket: WebSocket, listener: Listener) -> None:
        self._websocket = websocket
        self._listener = listener
        self._unsent: deque[bytes] = deque()
        self._close: tuple[int, str] | None = None
        self._over = False
        self._work = asyncio.Event()

    @property
    def choked(self) -> bool:
        return bool(self._unsent)

    def write(self, messages: Sequence[bytes]) -> None:
        self._unsent.extend(messages)
        self._work.set()

    def close(self, code: int, reason: str) -> None:
        self._close = (code, reason)
        self.cut()

    def cut(self) -> None:
        self._over = True
        self._work.set()

    async def serve(self) -> None:
        """Return when the line has ended at either side."""
        reader = asyncio.create_task(self._read())
        writer = asyncio.create_task(self._write())
        try:
            await asyncio.wait((reader, writer), return_when=asyncio.FIRST_COMPLETED)
        finally:
            reader.cancel()
            writer.cancel()
            await asyncio.gather(reader, writer, return_exceptions=True)
            if not self._over:
                self._listener.lost()

    async def _read(self) -> None:
        # Some servers raise instead of reporting a disconnect; either way the peer is gone.
        with contextlib.suppress(*_ENDED):
            while (message := await self._websocket.receive())["type"] != "websocket.disconnect":
                text = message.get("text")
                self._listener.arrived(None if text is None else text.encode())

    async def _write(self) -> None:
        with contextlib.suppress(*_ENDED):
            while True:
                while self._unsent:
                    await self._websocket.send({"type": "websocket.send", "text": self._unsent[0].decode()})
                    # Only now: a frame that is being sent still chokes the line.
                    self._unsent.popleft()
                if self._over:
                    if self._close is not None:
                        await self._websocket.close(*self._close)
                    return
                self._listener.writable()
                await self._work.wait()
                self._work.clear()
