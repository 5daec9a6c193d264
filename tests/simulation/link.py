"""Links: one WebSocket connection between a client and the hub, as two queues of frames.

Law of a link: each direction delivers in order, nothing is repeated, and when it breaks some tail of what was on the
way
is lost, in each direction on its own. Either end may go on believing in it for a while.
"""

from __future__ import annotations

import asyncio
from collections import deque
from random import Random
from types import SimpleNamespace
from typing import Any, Protocol, cast

from starlette.datastructures import URL, Address
from starlette.responses import Response

from hub.edge.edge import Edge

WINDOW = 16
"""Frames that the network takes off the hub's hands before `send` waits for the client to read."""

_URL = URL("ws://hub.test/ws")


class Client(Protocol):
    """What a link's client end calls; both at most once after the other, `lost` last."""

    def on_frame(self, link: Link, text: str) -> None: ...

    def on_lost(self, link: Link, code: int | None) -> None:
        """The connection has ended; `code` is the hub's close code, None if it just broke."""


class Link:
    """The client's end, and what the scheduler may do to the wire."""

    def __init__(self, client: Client, edge: Edge, loop: asyncio.AbstractEventLoop, *, kind: str, source: str) -> None:
        self.client: Client | None = client
        """None once the client has given the connection up, whatever the hub believes."""
        self.kind = kind
        self.up: deque[str] = deque()
        self.down: deque[str] = deque()
        self.up_ends = False
        """After what is in `up` the hub reads the end of the connection."""
        self.down_ends = False
        self.close_code: int | None = None
        self.hub_notices_at: int | None = None
        """When the hub's heartbeat finds out that nobody is there."""
        self.stalled_until = 0
        self.hub_done = False
        self.hub = HubEnd(self, edge, loop, kind, source)

    @property
    def over(self) -> bool:
        """Nothing will come of it any more, at either end."""
        return self.hub_done and self.client is None

    def send(self, text: str) -> None:
        """The client sends; into the void when the connection has ended."""
        if not self.up_ends and self.hub_notices_at is None:
            self.up.append(text)

    @property
    def can_deliver_up(self) -> bool:
        return not self.hub_done and (bool(self.up) or self.up_ends)

    @property
    def can_deliver_down(self) -> bool:
        return self.client is not None and (bool(self.down) or self.down_ends)

    def deliver_up(self) -> None:
        if self.up:
            self.hub.arrive({"type": "websocket.receive", "text": self.up.popleft()})
        else:
            self.up_ends = False
            self.hub.arrive({"type": "websocket.disconnect", "code": 1006})
            self.hub.peer_gone = True

    def deliver_down(self) -> None:
        client = self.client
        assert client is not None
        if self.down:
            text = self.down.popleft()
            self.hub.drained()
            client.on_frame(self, text)
        else:
            self.client = None
            client.on_lost(self, self.close_code)

    def drop(self, random: Random, *, hub_notices_at: int | None = None) -> None:
        """The client gives up the connection, or its power is gone. The hub notices at once, or when it says."""
        self.client = None
        self.down.clear()
        self.hub.drained()
        self._lose_tail(self.up, random)
        if hub_notices_at is None:
            self.up_ends = True
        else:
            self.hub_notices_at = hub_notices_at

    def cut(self, random: Random) -> None:
        """The connection breaks, and both ends will hear of it."""
        self._lose_tail(self.up, random)
        self._lose_tail(self.down, random)
        self.up_ends = self.down_ends = True
        self.hub.drained()

    def hub_died(self, random: Random) -> None:
        """What the hub had handed to the network may still arrive."""
        self._lose_tail(self.down, random)
        self.up.clear()
        self.hub.peer_gone = True
        self.hub_done = True
        self.close_code = None
        self.down_ends = True

    @staticmethod
    def _lose_tail(frames: deque[str], random: Random) -> None:
        for _ in range(random.randint(0, len(frames))):
            frames.pop()


class HubEnd:
    """What the endpoints take for Starlette's `WebSocket`."""

    def __init__(self, link: Link, edge: Edge, loop: asyncio.AbstractEventLoop, kind: str, source: str) -> None:
        self._link = link
        self._loop = loop
        self._inbox: deque[dict[str, Any]] = deque()
        self._reader: asyncio.Future[None] | None = None
        self._writer: asyncio.Future[None] | None = None
        self.peer_gone = False
        self._closed = False
        self.app = SimpleNamespace(state=SimpleNamespace(edge=edge))
        self.scope = {"subprotocols": [f"smartconnect.{kind}.v1"]}
        self.headers: dict[str, str] = {}
        self.client = Address(source, 1)
        self.url = _URL

    # The link's side.

    def arrive(self, message: dict[str, Any]) -> None:
        self._inbox.append(message)
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    def drained(self) -> None:
        if self._writer is not None and not self._writer.done():
            self._writer.set_result(None)

    def served(self, _task: asyncio.Task[None]) -> None:
        """The endpoint has returned: the server ends the connection."""
        self._link.hub_done = True
        self._link.down_ends = True

    # The hub's side.

    async def accept(self, subprotocol: str) -> None: ...

    async def send_denial_response(self, response: Response) -> None:
        self._link.close_code = response.status_code

    async def receive(self) -> dict[str, Any]:
        while not self._inbox:
            self._reader = self._loop.create_future()
            await self._reader
        return self._inbox.popleft()

    async def send(self, message: dict[str, Any]) -> None:
        link = self._link
        while len(link.down) >= WINDOW and link.client is not None and not link.down_ends:
            self._writer = self._loop.create_future()
            await self._writer
        if self.peer_gone or self._closed:
            raise RuntimeError("the connection has ended")
        # To a client that is gone the bytes go nowhere, and nobody tells the hub so.
        if link.client is not None and not link.down_ends:
            link.down.append(cast(str, message["text"]))

    async def close(self, code: int, reason: str) -> None:
        if self.peer_gone or self._closed:
            raise RuntimeError("the connection has ended")
        self._closed = True
        if not self._link.down_ends:
            self._link.close_code = int(code)
