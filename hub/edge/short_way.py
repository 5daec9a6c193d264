"""The short way: what most of the load consists of goes straight to its endpoint, two requests and the sockets.

ASGI, Starlette's middleware and its routing cost more than these endpoints do. What is not plain goes the usual way, to
the same endpoints, and gets the same answer.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Awaitable, Callable, Sequence
from functools import cached_property
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from hub.edge import device_socket, register_socket
from hub.edge.edge import Edge
from hub.edge.last_answers import FULL
from hub.edge.pos_api import GET_TRANSACTION, POST_TRANSACTION
from hub.edge.pos_request import Header, PosAnswer, PosEndpoint, PosRequest, by_name, send_whole

_SUBMIT = b"/pos/transaction"
_POLL = re.compile(rb"/pos/transaction/([0-9a-f-]{1,64})")

_SOCKETS: dict[str, Callable[[WebSocket], Awaitable[None]]] = {
    "/ws/device": device_socket.endpoint,
    "/ws/register": register_socket.endpoint,
}

CLOSES = b"connection: close\r\n"

_VARY = b"vary: Origin\r\n"
"""As the CORS middleware has it: caches must know that another origin's answer differs."""


async def _full(_scope: Scope, _receive: Receive, send: Send) -> None:
    """What uvicorn says by `service_unavailable`, in JSON."""
    await send_whole(send, FULL)


class Peers(Protocol):
    """Who talks over a connection, as an ASGI scope has it."""

    scheme: Any
    server: Any
    client: Any


class ShortWay:
    """Outermost. `rest` is the whole application, with its middleware; it knows which origins are allowed."""

    def __init__(self, app: Starlette, rest: CORSMiddleware, keep_alive_seconds: float) -> None:
        self._app = app
        self._rest = rest
        headers = [(name.lower().encode(), value.encode()) for name, value in rest.simple_headers.items()]
        self._to_pages = _lines(headers)
        self.full = copy.copy(rest)
        """The application of a hub that is full."""
        self.full.app = _full
        self.kept = _kept(keep_alive_seconds)
        """Headers of an answer that others may follow on its connection."""
        self.kept_lines = _lines(self.kept)
        self._dated: tuple[Sequence[Header], bytes] = ([], b"")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and (socket := _SOCKETS.get(scope["path"])) is not None:
            scope["app"] = self._app
            await socket(WebSocket(scope, receive, send))
        else:
            await self._rest(scope, receive, send)

    @cached_property
    def _edge(self) -> Edge:
        edge: Edge = self._app.state.edge
        return edge

    def asked(
        self, method: bytes, url: bytes, headers: list[Header], peers: Peers
    ) -> tuple[PosEndpoint, PosRequest] | None:
        """A request whose head is there and whose body is not; None: it goes the usual way."""
        path, _, query = url.partition(b"?")
        path = path.lower()
        path_params = {}
        if method == b"POST" and path == _SUBMIT:
            endpoint = POST_TRANSACTION
        elif method == b"GET" and (polled := _POLL.fullmatch(path)) is not None:
            endpoint = GET_TRANSACTION
            path_params["transaction_id"] = polled[1].decode()
        else:
            return None
        named = by_name(headers)
        edge = self._edge
        if (
            b"#" in query
            or b"transfer-encoding" in named
            or int(named.get(b"content-length", b"0")) > edge.settings.request_body_bytes
        ):
            return None
        scope = {
            "type": "http",
            "scheme": peers.scheme,
            "server": peers.server,
            "client": peers.client,
            "headers": headers,
            "path": path.decode(),
            "path_params": path_params,
            "query_string": query,
        }
        return endpoint, PosRequest(scope, named, edge)

    def encoded(
        self, answer: PosAnswer, origin: bytes | None, status_line: bytes, first: Sequence[Header], last: bytes
    ) -> bytes:
        """The whole answer, as it goes over the wire. `first`: the server's own headers, the same for a second; `last`:
        lines that say what becomes of the connection."""
        if self._dated[0] is not first:
            self._dated = first, _lines(first)
        return b"%b%bcontent-length: %d\r\ncontent-type: application/json\r\n%b%b%b\r\n%b" % (
            status_line,
            self._dated[1],
            len(answer.body),
            _lines(answer.raw_headers()) if answer.headers else b"",
            _VARY if origin is None else self._cors(origin),
            last,
            answer.body,
        )

    def _cors(self, origin: bytes) -> bytes:
        """What the middleware would add to the answer."""
        if not self._rest.allow_all_origins and self._rest.is_allowed_origin(origin.decode("latin-1")):
            return self._to_pages + b"access-control-allow-origin: %b\r\n" % origin + _VARY
        return self._to_pages + _VARY


def _kept(seconds: float) -> list[Header]:
    """Clients are told a tenth less than is true, so that none sends at the very moment when the hub closes."""
    told = int(seconds * 0.9)
    return [(b"connection", b"keep-alive"), (b"keep-alive", b"timeout=%d" % told)] if told else []


def _lines(headers: Sequence[Header]) -> bytes:
    return b"".join(b"%b: %b\r\n" % header for header in headers)
