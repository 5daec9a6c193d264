"""A WebSocket client of the load generator: as little Python as possible per frame, so that it is not what is
measured."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import picows

Json = dict[str, Any]


class Socket(picows.WSListener):
    """One connection; `on_message` gets each text frame as bytes."""

    def __init__(self, on_message: Callable[[Socket, bytes], None]) -> None:
        self._on_message = on_message
        self.transport: picows.WSTransport | None = None
        self.closed = asyncio.get_running_loop().create_future()

    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        self.transport = transport

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        if frame.msg_type == picows.WSMsgType.TEXT:
            self._on_message(self, frame.get_payload_as_bytes())
        elif frame.msg_type == picows.WSMsgType.PING:
            transport.send_pong(frame.get_payload_as_bytes())
        elif frame.msg_type == picows.WSMsgType.CLOSE:
            transport.disconnect()

    def on_ws_disconnected(self, _transport: picows.WSTransport) -> None:
        if not self.closed.done():
            self.closed.set_result(None)

    def send(self, frame: bytes) -> None:
        assert self.transport is not None
        self.transport.send(picows.WSMsgType.TEXT, frame)


async def connect(url: str, kind: str, on_message: Callable[[Socket, bytes], None]) -> Socket:
    """Open a socket and hand its frames to `on_message`."""
    _, listener = await picows.ws_connect(
        lambda: Socket(on_message),
        f"{url.replace('http', 'ws', 1)}/ws/{kind}",
        extra_headers={"Sec-WebSocket-Protocol": f"smartconnect.{kind}.v1"},
    )
    assert isinstance(listener, Socket)
    return listener


async def greet(url: str, kind: str, hello: Json, on_message: Callable[[Socket, bytes], None]) -> tuple[Socket, Json]:
    """Open a socket and say hello; returns the welcome."""
    welcomed: asyncio.Future[Json] = asyncio.get_running_loop().create_future()

    def first(socket: Socket, frame: bytes) -> None:
        if welcomed.done():
            on_message(socket, frame)
        else:
            welcomed.set_result(json.loads(frame))

    socket = await connect(url, kind, first)
    socket.send(json.dumps({"jsonrpc": "2.0", "id": 0, "method": "hello", "params": hello}).encode())
    answer = await welcomed
    if "error" in answer:
        raise RuntimeError(answer["error"])
    result: Json = answer["result"]
    return socket, result
