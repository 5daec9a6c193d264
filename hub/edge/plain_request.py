"""What a plain request is to uvicorn's HTTP protocol, and what all connections of a server share."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from starlette.types import Scope
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from hub import open_files
from hub.edge.idle_connections import IdleConnections
from hub.edge.pos_request import PosEndpoint, PosRequest
from hub.edge.short_way import ShortWay
from hub.edge.turnstile import Turnstile
from hub.settings import Settings


async def _nothing(*_args: Any) -> None:
    pass


class Shared:
    """What all connections of a server share."""

    def __init__(self, short_way: ShortWay, settings: Settings) -> None:
        self.short_way = short_way
        self.settings = settings
        self.turnstile = Turnstile()
        # Those who ask for nothing leave room for the others.
        self.idle = IdleConnections(min(settings.max_idle_connections, open_files.limit() // 2))
        self.ending = False
        """The hub goes down, and each answer is the last of its connection."""
        self._proxies: Any = ProxyHeadersMiddleware(_nothing, settings.trusted_proxies)

    def end(self) -> None:
        """Let go of who asks for nothing, and then of each who is answered."""
        self.ending = True
        self.idle.let_all_go()

    def look_behind_proxies(self, scope: Scope) -> None:
        """Put the peer that a trusted proxy tells of into a scope."""
        # It waits for nothing but the application, which is none.
        with contextlib.suppress(StopIteration):
            self._proxies(scope, _nothing, _nothing).send(None)


class PlainCycle(RequestResponseCycle):
    """A request on the short way, with what uvicorn asks of one under way."""

    response_started = False
    response_complete = False
    disconnected = False
    more_body = True
    message_event = asyncio.Event()
    """uvicorn sets it; nobody waits for it."""

    def __init__(self, endpoint: PosEndpoint, request: PosRequest, *, keep_alive: bool) -> None:
        self.endpoint = endpoint
        self.request = request
        self.keep_alive = keep_alive
        self.body = bytearray()
