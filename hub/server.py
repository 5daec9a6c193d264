"""The server process: uvicorn as the hub needs it, and an end that nobody is hurt by.

uvicorn's own shutdown closes every socket at the same instant; so the hub drains its own first, at a pace.
"""

from __future__ import annotations

import contextlib
import gc
import socket
from collections.abc import Callable
from functools import partial
from typing import Any

import uvicorn
from starlette.applications import Starlette

from hub import log
from hub.app import make_app, running_edge, with_cors
from hub.clock import Clock
from hub.edge.edge import Edge
from hub.edge.heartbeat import Heartbeats
from hub.edge.http_protocol import HubHttpProtocol
from hub.edge.plain_request import Shared
from hub.edge.websocket_protocol import HubWebSocketProtocol
from hub.entropy import Entropy
from hub.settings import Settings

EXIT_STORE_BROKEN = 70
"""EX_SOFTWARE: a commit failed; a supervisor starts the hub again and it goes on from what is on the disk."""


class HubServer(uvicorn.Server):
    """Drains the sockets before it stops. One per process; `app` is the composed hub."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock | None = None,
        entropy: Entropy | None = None,
        on_ready: Callable[[str], None] = lambda _url: None,
    ) -> None:
        self.settings = settings
        self.broken = False
        self.app: Starlette = make_app()
        self._running = running_edge(settings, clock=clock, entropy=entropy, on_broken=self._on_broken, stop=self.stop)
        self._stack = contextlib.AsyncExitStack()
        self._on_ready = on_ready
        self._shared = Shared(with_cors(self.app, settings), settings)
        super().__init__(_config(settings, self._shared))

    def stop(self) -> None:
        """End in order, as SIGTERM does."""
        self.should_exit = True

    def _on_broken(self) -> None:
        self.broken = True
        self.should_exit = True

    @property
    def edge(self) -> Edge:
        """What the endpoints share; there while the server runs."""
        edge: Edge = self.app.state.edge
        return edge

    @property
    def url(self) -> str:
        """The base URL that it listens on; valid once started."""
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        scheme = "https" if self.settings.tls_certificate is not None else "http"
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the store, then the port. Raises `HubError` with a text for the operator; a taken port exits."""
        self.app.state.edge = await self._stack.enter_async_context(self._running)
        try:
            await super().startup(sockets)
        except BaseException:
            await self._stack.aclose()
            raise
        _calm_garbage_collector()
        self._on_ready(self.url)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Drain the sockets, then the server, then close the store: the end of each connection is still recorded."""
        self._shared.end()
        self.edge.engine.store.break_off_backups()
        self.edge.waiting.release()
        if not self.broken:
            await self.edge.connections.drain(self.settings.drain_seconds)
        await super().shutdown(sockets)
        await self.edge.connections.all_ended()
        await self._stack.aclose()
        log.write_out()  # uvicorn ends the process with the signal that it was sent


def _calm_garbage_collector() -> None:
    """Look for cycles seldom, and never again among what the start has made.

    A request makes hundreds of short-lived objects and next to no cycles; with the default threshold the collector took
    a fifth of the hub's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _config(settings: Settings, shared: Shared) -> uvicorn.Config:
    heartbeats = Heartbeats(settings.heartbeat_seconds)
    # uvicorn calls these for each connection, and for each request to upgrade, as it would classes.
    connections: Any = partial(HubHttpProtocol, shared)
    sockets: Any = partial(HubWebSocketProtocol, heartbeats)
    return uvicorn.Config(
        shared.short_way,
        host=settings.host,
        port=settings.port,
        lifespan="off",
        http=connections,
        ws=sockets,
        ws_max_size=settings.message_bytes,
        ws_ping_interval=None,  # the hub's sockets have one heartbeat for all
        ws_ping_timeout=None,
        ws_per_message_deflate=False,  # 59 KiB a connection with it, 25 without
        proxy_headers=True,
        forwarded_allow_ips=settings.trusted_proxies,
        ssl_certfile=settings.tls_certificate,
        ssl_keyfile=settings.tls_key,
        server_header=False,
        access_log=False,
        log_config=None,
        backlog=4096,
        limit_concurrency=settings.max_connections + settings.max_waiting_requests + settings.max_idle_connections,
        timeout_graceful_shutdown=10,
    )
