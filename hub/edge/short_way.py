"""The short way: what most of the load consists of goes straight to its endpoint, two requests and the sockets.

Starlette's middleware and routing cost more than these endpoints do. Everything else, and a request of a browser's page
(it needs CORS headers), goes the usual way, to the same endpoints.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from hub.edge import device_socket, register_socket
from hub.edge.http_protocol import EXTENSION
from hub.edge.pos_api import GET_TRANSACTION, POST_TRANSACTION
from hub.edge.pos_request import PosEndpoint

_SUBMIT = "/pos/transaction"
_POLL = "/pos/transaction/"

_SOCKETS: dict[str, Callable[[WebSocket], Awaitable[None]]] = {
    "/ws/device": device_socket.endpoint,
    "/ws/register": register_socket.endpoint,
}

_VARY = (b"vary", b"Origin")
"""As the CORS middleware has it: caches must know that another origin's answer differs."""


class ShortWay:
    """Outermost. `rest` is the whole application, with its middleware."""

    def __init__(self, app: Starlette, rest: ASGIApp) -> None:
        self._app = app
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and (socket := _SOCKETS.get(scope["path"])) is not None:
            scope["app"] = self._app
            await socket(WebSocket(scope, receive, send))
            return
        endpoint = _endpoint(scope)
        if endpoint is None:
            await self._rest(scope, receive, send)
            return
        scope["app"] = self._app
        answer = await endpoint.answer(scope, receive)
        headers = answer.raw_headers()
        headers.append(_VARY)
        # The hub's own server takes an answer as one piece, and sends it as one.
        whole = scope.get("extensions", {}).get(EXTENSION)
        if whole is None or not whole(answer.status, headers, answer.body):
            await send({"type": "http.response.start", "status": answer.status, "headers": headers})
            await send({"type": "http.response.body", "body": answer.body})


def _endpoint(scope: Scope) -> PosEndpoint | None:
    """The endpoint, with `path_params` set; None for what goes the usual way."""
    if scope["type"] != "http":
        return None
    path: str = scope["path"].lower()
    if scope["method"] == "POST" and path == _SUBMIT:
        endpoint, path_params = POST_TRANSACTION, {}
    elif scope["method"] == "GET" and path.startswith(_POLL) and path.find("/", len(_POLL)) < 0 and path != _POLL:
        endpoint, path_params = GET_TRANSACTION, {"transaction_id": path[len(_POLL) :]}
    else:
        return None
    for name, _ in scope["headers"]:
        if name == b"origin":
            return None
    scope["path_params"] = path_params
    return endpoint
