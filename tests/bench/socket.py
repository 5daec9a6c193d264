"""A WebSocket client of the load generator: as little Python as possible per frame, so that it is not what is
measured."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import picows

from tests.bench.orders import Json

PATIENCE_SECONDS = 30.0
"""How long a handshake may take; a storm makes it long."""

OnMessage = Callable[["Socket", bytes], None]


class Socket(picows.WSListener):
    """One connection; `on_message` gets each text frame as bytes."""

    def __init__(self, on_message: OnMessage) -> None:
        self._on_message = on_message
        self.transport: picows.WSTransport | None = None
        self.closed = asyncio.get_running_loop().create_future()

    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        self.transport = transport

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        if frame.msg_type == picows.WSMsgType.TEXT:
            self.received(frame.get_payload_as_bytes())
        elif frame.msg_type == picows.WSMsgType.CLOSE:
            transport.disconnect()

    def received(self, text: bytes) -> None:
        self._on_message(self, text)

    def on_ws_disconnected(self, _transport: picows.WSTransport) -> None:
        if not self.closed.done():
            self.closed.set_result(None)

    def send(self, frame: bytes) -> None:
        assert self.transport is not None
        self.transport.send(picows.WSMsgType.TEXT, frame)

    def abort(self) -> None:
        """Cut the line without a close frame, as a pulled plug does."""
        assert self.transport is not None
        self.transport.underlying_transport.abort()


class SocketIo(Socket):
    """The same frames as the payload of Socket.IO events, named by the kind of the client."""

    def __init__(self, on_message: OnMessage, kind: str) -> None:
        super().__init__(on_message)
        self._head = b'42["%s",' % kind.encode()
        self.open = asyncio.get_running_loop().create_future()

    def received(self, text: bytes) -> None:
        if text.startswith(b"42["):
            self._on_message(self, text[text.index(b",") + 1 : -1])
        elif text.startswith(b"0"):
            super().send(b"40")
        elif text.startswith(b"40"):
            self.open.set_result(None)
        elif text == b"2":
            super().send(b"3")

    def send(self, frame: bytes) -> None:
        super().send(self._head + frame + b"]")


async def _connect(url: str, kind: str, wire: str, on_message: OnMessage) -> Socket:
    base = url.replace("http", "ws", 1)
    if wire == "socketio":
        _, through = await picows.ws_connect(
            lambda: SocketIo(on_message, kind),
            f"{base}/socket.io/?EIO=4&transport=websocket",
            websocket_handshake_timeout=PATIENCE_SECONDS,
        )
        assert isinstance(through, SocketIo)
        await through.open
        return through
    _, listener = await picows.ws_connect(
        lambda: Socket(on_message),
        f"{base}/ws/{kind}",
        websocket_handshake_timeout=PATIENCE_SECONDS,
        read_buffer_init_size=2048,
        extra_headers={"Sec-WebSocket-Protocol": f"smartconnect.{kind}.v1"},
    )
    assert isinstance(listener, Socket)
    return listener


async def greet(url: str, kind: str, wire: str, hello: Json, on_message: OnMessage) -> tuple[Socket, Json]:
    """Open a socket and say hello; returns the welcome. Raises `RuntimeError` when it is refused."""
    welcomed: asyncio.Future[Json] = asyncio.get_running_loop().create_future()

    def first(socket: Socket, frame: bytes) -> None:
        if welcomed.done():
            on_message(socket, frame)
        else:
            welcomed.set_result(json.loads(frame))

    socket = await _connect(url, kind, wire, first)
    socket.send(json.dumps({"jsonrpc": "2.0", "id": 0, "method": "hello", "params": hello}).encode())
    await asyncio.wait({welcomed, socket.closed}, return_when=asyncio.FIRST_COMPLETED)
    if not welcomed.done():
        raise RuntimeError("closed before the welcome")
    answer = welcomed.result()
    if "error" in answer:
        raise RuntimeError(answer["error"])
    result: Json = answer["result"]
    return socket, result
