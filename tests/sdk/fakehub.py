"""A hub of a few lines, on a real socket: it says exactly what a test tells it to say."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from hub.wire.close_codes import DEVICE_SUBPROTOCOL, REGISTER_SUBPROTOCOL

Json = dict[str, Any]

DEVICE_WELCOME: Json = {
    "device_id": "D1",
    "epoch": 1,
    "heartbeat_seconds": 25,
    "server_time": "2026-01-01T00:00:00.000Z",
    "hub_version": "0",
    "pairings": [],
}


def register_welcome(event: int = 0, replay: str = "none") -> Json:
    return {
        "register_key": "k",
        "event": event,
        "replay": replay,
        "heartbeat_seconds": 25,
        "server_time": "2026-01-01T00:00:00.000Z",
        "hub_version": "0",
        "pairing": {"paired": False},
        "transactions": [],
    }


class Line:
    """One accepted connection."""

    def __init__(self, socket: ServerConnection) -> None:
        self.socket = socket
        self.path = socket.request.path if socket.request is not None else ""

    async def receive(self) -> Json:
        message: Json = json.loads(await self.socket.recv())
        return message

    async def send(self, message: Json | str | bytes) -> None:
        await self.socket.send(json.dumps(message) if isinstance(message, dict) else message)

    async def asked(self, method: str) -> Json:
        """The next message, which must be that request."""
        message = await self.receive()
        assert message["method"] == method, message
        return message

    async def answer(self, request: Json, result: Any) -> None:
        await self.send({"jsonrpc": "2.0", "id": request["id"], "result": result})

    async def refuse(self, request: Json, code: str, *, retryable: bool = False) -> None:
        error = {"code": -32000, "message": f"no: {code}", "data": {"code": code, "retryable": retryable}}
        await self.send({"jsonrpc": "2.0", "id": request["id"], "error": error})

    async def request(self, number: str, method: str, params: Json) -> Json:
        """Ask the client, and return its answer."""
        await self.send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        answer = await self.receive()
        assert answer["id"] == number, answer
        return answer

    async def push(self, method: str, params: Json) -> None:
        await self.send({"jsonrpc": "2.0", "method": method, "params": params})

    async def greeted(self, welcome: Json | None = None) -> Json:
        """Answer the hello, and return its parameters."""
        hello = await self.asked("hello")
        await self.answer(hello, DEVICE_WELCOME if welcome is None else welcome)
        params: Json = hello["params"]
        return params

    async def ended(self) -> tuple[int | None, str | None]:
        """Wait until the client has gone; what it sent before is dropped."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                await self.socket.recv()
        return self.socket.close_code, self.socket.close_reason


class FakeHub:
    """Accepted connections wait in `lines`; a test takes them with `accepted`."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.lines: asyncio.Queue[Line] = asyncio.Queue()
        self.refusals: list[tuple[int, dict[str, str]]] = []
        """Handshakes that are to be refused: status and headers."""

    @property
    def url(self) -> str:
        port: int = next(iter(self.server.sockets)).getsockname()[1]
        return f"ws://127.0.0.1:{port}"

    async def accepted(self) -> Line:
        return await self.lines.get()

    async def accept(self, socket: ServerConnection) -> None:
        self.lines.put_nowait(Line(socket))
        await socket.wait_closed()

    def judge(self, socket: ServerConnection, _request: Request) -> Response | None:
        if not self.refusals:
            return None
        status, headers = self.refusals.pop(0)
        response = socket.respond(HTTPStatus(status), "no")
        response.headers.update(headers)
        return response


@contextlib.asynccontextmanager
async def fake_hub() -> AsyncIterator[FakeHub]:
    made: list[FakeHub] = []

    async def accept(socket: ServerConnection) -> None:
        await made[0].accept(socket)

    def judge(socket: ServerConnection, request: Request) -> Response | None:
        return made[0].judge(socket, request)

    async with serve(
        accept,
        "127.0.0.1",
        0,
        subprotocols=[Subprotocol(DEVICE_SUBPROTOCOL), Subprotocol(REGISTER_SUBPROTOCOL)],
        compression=None,
        process_request=judge,
        close_timeout=1,
    ) as server:
        made.append(FakeHub(server))
        yield made[0]
