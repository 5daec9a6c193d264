"""The implementations of WebSocket that uvicorn can use, as patches of the hub's configuration, for comparison."""

from __future__ import annotations

import uvicorn

import hub.server
from hub.edge.plain_request import Shared
from hub.settings import Settings


def _with(implementation: str) -> None:
    configure = hub.server._config

    def patched(settings: Settings, shared: Shared) -> uvicorn.Config:
        config = configure(settings, shared)
        config.ws = implementation
        # The hub's own has one heartbeat for all sockets; these have one each.
        config.ws_ping_interval = config.ws_ping_timeout = settings.heartbeat_seconds
        return config

    hub.server._config = patched


def sansio() -> None:
    _with("websockets-sansio")


def websockets() -> None:
    _with("websockets")


def wsproto() -> None:
    _with("wsproto")
