"""python-socketio under uvicorn, with aiosqlite: `python -m tests.bench.peers.socketio_app FOLDER`.

The tables are the naive build's, but a table of steps instead of a Machine per object, and uvicorn at its best.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import socketio

from tests.bench.naive.app import POS, make_app, serve
from tests.bench.naive.door import Door

STEPS = {
    ("queued", "dispatch"): "sending",
    ("sending", "approved"): "approved",
    ("sending", "declined"): "declined",
    ("sending", "failed"): "failed",
}


def _step(state: str, trigger: str) -> str:
    return STEPS[state, trigger]


def main(folder: Path) -> None:
    server = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins=[])
    app = make_app(folder, _step, POS)
    names: dict[str, str] = {}

    def said(kind: str) -> Any:
        async def on_event(sid: str, message: dict[str, Any]) -> None:
            door: Door = app.state.door
            if message.get("method") == "hello":

                async def push(frame: str) -> None:
                    await server.emit("frame", json.loads(frame), to=sid)

                names[sid] = await door.hello(kind, message, push)
            else:
                await (door.device_said if kind == "device" else door.register_said)(names[sid], message)

        return on_event

    for kind in ("device", "register"):
        server.on(kind, said(kind))
    serve(socketio.ASGIApp(server, app))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
