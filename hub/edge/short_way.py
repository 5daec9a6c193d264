"""The short way: what most of the load consists of goes straight to its endpoint, two requests and the sockets.

Starlette's middleware and routing cost more than these endpoints do. Everything else goes the usual way, and so may
these: to the same endpoints, with the same answers.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from hub.edge import device_socket, register_socket
from hub.edge.http_protocol import EXTENSION, Header
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
    """Outermost. `rest` is the whole application, with its middleware; it knows which origins are allowed."""

    def __init__(self, app: Starlette, rest: CORSMiddleware) -> None:
        self._app = app
        self._rest = rest
        self._to_pages = [(name.lower().encode(), value.encode()) for name, value in rest.simple_headers.items()]

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
        headers += self._cors(scope)
        # The hub's own server takes an answer as one piece, and sends it as one.
        whole = scope.get("extensions", {}).get(EXTENSION)
        if whole is None or not whole(answer.status, headers, answer.body):
            await send({"type": "http.response.start", "status": answer.status, "headers": headers})
            await send({"type": "http.response.body", "body": answer.body})

    def _cors(self, scope: Scope) -> list[Header]:
        """What the middleware would add to the answer."""
        origin: bytes | None = next((value for name, value in scope["headers"] if name == b"origin"), None)
        if origin is None:
            return [_VARY]
        headers = [*self._to_pages, _VARY]
        if not self._rest.allow_all_origins and self._rest.is_allowed_origin(origin.decode("latin-1")):
            headers.append((b"access-control-allow-origin", origin))
        return headers


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
    scope["path_params"] = path_params
    return endpoint
