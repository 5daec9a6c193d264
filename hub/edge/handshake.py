"""The handshake of a WebSocket: who may come in, before anything is read from it.

A refusal is an HTTP answer with a reason (RFC 6455, 4.2.2), not a socket that opens and closes.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.responses import JSONResponse
from starlette.websockets import WebSocket

from hub.edge.asgi_line import AsgiLine
from hub.edge.connection import Connection
from hub.edge.edge import Edge
from hub.edge.line import EXTENSION, Take
from hub.edge.session import Hello


async def serve(websocket: WebSocket, *, subprotocol: str, kind: str, origins: list[str], hello: Hello) -> None:
    """Admit the socket. On the hub's own server it then lives without this task; on others it is served to its end."""
    edge: Edge = websocket.app.state.edge
    refusal = _refusal(edge, websocket, subprotocol, origins)
    if refusal is not None:
        await websocket.send_denial_response(refusal)
        return
    await websocket.accept(subprotocol)
    connections = edge.connections
    client = websocket.client
    connection = Connection(
        settings=edge.settings,
        clock=edge.engine.clock,
        kind=kind,
        source=client.host if client is not None else "unknown",
        hello=hello,
        on_end=connections.discard,
    )
    connections.add(connection)
    take: Take | None = websocket.scope.get("extensions", {}).get(EXTENSION)
    if take is not None:
        connection.begin(take(connection))
        return
    line = AsgiLine(websocket, connection)
    connection.begin(line)
    await line.serve()
    await connection.ended()


def _refusal(edge: Edge, websocket: WebSocket, subprotocol: str, origins: list[str]) -> JSONResponse | None:
    if edge.connections.draining or not edge.engine.started:
        return _problem(503, "draining", "The hub is going down; come back soon.", {"Retry-After": "1"})
    if edge.connections.full:
        return _problem(503, "too_many_connections", "The hub has as many connections as it may.", {"Retry-After": "5"})
    if subprotocol not in websocket.scope["subprotocols"]:
        return _problem(400, "subprotocol_unsupported", f"Ask for the subprotocol {subprotocol}.")
    origin = websocket.headers.get("origin")
    own = (websocket.headers.get("host", ""), urlsplit(edge.settings.public_url).netloc)
    if origin is not None and not _origin_allowed(origin, own, origins):
        return _problem(403, "origin_not_allowed", "Pages of this origin may not connect.")
    return None


def _origin_allowed(origin: str, own: tuple[str, ...], allowed: list[str]) -> bool:
    """`own` are the names of the hub itself: as the page called it, and as its operator says (a proxy may differ)."""
    host = urlsplit(origin).netloc.casefold()
    return "*" in allowed or origin in allowed or (host != "" and host in {name.casefold() for name in own})


def _problem(status: int, code: str, text: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": text, "code": code}, status, headers)
