"""The naive build's server: `python -m tests.bench.naive.app FOLDER`."""

from __future__ import annotations

import contextlib
import socket
import sys
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket, WebSocketDisconnect
from transitions import Machine

from tests.bench.naive.book import Book, Step
from tests.bench.naive.door import Door


class Payment:
    """A model with a Machine of its own, as the tutorial of `transitions` has it."""

    state: str

    def __init__(self, state: str) -> None:
        self.machine = Machine(
            self,
            states=["queued", "sending", "approved", "declined", "cancelled", "failed"],
            transitions=[
                ["dispatch", "queued", "sending"],
                ["cancel", "queued", "cancelled"],
                *([f"{outcome}", "sending", outcome] for outcome in ("approved", "declined", "failed")),
            ],
            initial=state,
            auto_transitions=False,
        )


def step(state: str, trigger: str) -> str:
    payment = Payment(state)
    payment.machine.events[trigger].trigger(payment)
    return payment.state


async def _pair(request: Request) -> Response:
    async with request.form() as form:
        try:
            await request.app.state.door.pair(request.path_params["code"], form)
        except KeyError:
            return JSONResponse({"error": "Invalid Pairing Code."}, 400)
    return JSONResponse({"result": "success"})


async def _post(request: Request) -> Response:
    async with request.form() as form:
        try:
            return JSONResponse(await request.app.state.door.post(form))
        except KeyError:
            return JSONResponse({"error": "This register is not paired to a device, please pair it first."}, 400)


async def _socket(websocket: WebSocket) -> None:
    door: Door = websocket.app.state.door
    kind = websocket.path_params["kind"]
    await websocket.accept(f"smartconnect.{kind}.v1")
    with contextlib.suppress(WebSocketDisconnect):
        name = await door.hello(kind, await websocket.receive_json(), websocket.send_text)
        said = door.device_said if kind == "device" else door.register_said
        while True:
            await said(name, await websocket.receive_json())


POS: list[BaseRoute] = [
    Route("/POS/Pairing/{code}", _pair, methods=["PUT"]),
    Route("/POS/Transaction", _post, methods=["POST"]),
]


def make_app(folder: Path, step: Step, routes: list[BaseRoute]) -> Starlette:
    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        book = await Book.open(folder / "hub.db", step)
        app.state.door = Door(book)
        yield
        await book.close()

    return Starlette(routes=routes, lifespan=lifespan)


def serve(app: ASGIApp, **options: Any) -> None:
    """Serve on a free port, and say which."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=2048)
    print(f"running at http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="warning", **options)).run(sockets=[listening])


def main(arguments: Iterable[str]) -> None:
    [folder] = arguments
    app = make_app(Path(folder), step, [*POS, WebSocketRoute("/ws/{kind}", _socket)])
    serve(app, http="h11", loop="asyncio")


if __name__ == "__main__":
    main(sys.argv[1:])
