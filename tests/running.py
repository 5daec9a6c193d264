"""A real hub in this process: real sockets, real SQLite, a clock that the test moves."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Generator
from pathlib import Path
from typing import Any

import httpx
import uvicorn.server

from hub.edge.edge import Edge
from hub.entropy import Entropy
from hub.server import HubServer
from hub.settings import Settings
from tests.clock import ManualClock
from tests.contracts.answers import check_answer
from tests.wire import Wire

ADMIN_TOKEN = "adm_test"


class _Impatient:
    """`asyncio`, as uvicorn's server shall see it in this process: it looks soon again whether it shall end, and has.

    It looks every tenth of a second. With a hub for each of two thousand tests, most of their time went by so.
    """

    LOOK_SECONDS = 0.005

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, self.LOOK_SECONDS))


vars(uvicorn.server)["asyncio"] = _Impatient()


class _Server(HubServer):
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """The test runner keeps its own signal handlers."""
        yield


class RunningHub:
    """A hub under test. `stop` ends it in order, `start` starts it again on the same data."""

    def __init__(self, data_dir: Path, clock: ManualClock, **settings: Any) -> None:
        self.clock = clock
        self.settings = make_settings(data_dir, **settings)
        # Every answer that a test sees is held to docs/openapi.yaml.
        # Plain HTTP, so no certificates are read: hundreds of tests would do so for nothing. And no time limit: the
        # runner has one, and a machine that is busy elsewhere is no fault of the hub's.
        self.http = httpx.AsyncClient(event_hooks={"response": [check_answer]}, verify=False, timeout=None)
        self._server: _Server | None = None
        self._task: asyncio.Task[None] | None = None
        self._wires: list[Wire] = []

    async def start(self) -> None:
        ready = asyncio.get_running_loop().create_future()
        self._server = _Server(self.settings, clock=self.clock, entropy=Entropy(), on_ready=ready.set_result)
        self._task = asyncio.create_task(self._server.serve())
        await asyncio.wait({ready, self._task}, return_when=asyncio.FIRST_COMPLETED)
        assert ready.done(), "the hub did not start"
        self.url: str = ready.result()
        self.http.base_url = httpx.URL(self.url)

    def limit_http(self, **limits: float) -> None:
        """Other limits for its HTTP connections, from now on."""
        connections: Any = self.server.config.http
        (shared,) = connections.args
        shared.settings = shared.settings.model_copy(update=limits)

    async def stop(self) -> None:
        assert self._server is not None
        assert self._task is not None
        for wire in self._wires:
            await wire.close()
        self._wires.clear()
        self._server.should_exit = True
        await self._task

    @property
    def edge(self) -> Edge:
        assert self._server is not None
        return self._server.edge

    @property
    def server(self) -> HubServer:
        assert self._server is not None
        return self._server

    @property
    def admin(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {ADMIN_TOKEN}"}

    async def wire(self, kind: str, **options: Any) -> Wire:
        """A bare socket to `/ws/{kind}`, closed with the hub."""
        wire = await Wire.connect(self.url, kind, **options)
        self._wires.append(wire)
        return wire


def make_settings(data_dir: Path, **settings: Any) -> Settings:
    defaults: dict[str, Any] = {
        "data_dir": data_dir,
        "port": 0,
        "development": True,
        "admin_token": ADMIN_TOKEN,
        "drain_seconds": 0.01,
        "heartbeat_seconds": 25,
    }
    return Settings(**(defaults | settings))


@contextlib.asynccontextmanager
async def running(data_dir: Path, clock: ManualClock, **settings: Any) -> AsyncIterator[RunningHub]:
    hub = RunningHub(data_dir, clock, **settings)
    await hub.start()
    try:
        yield hub
    finally:
        await hub.stop()
        await hub.http.aclose()
