"""One life of the hub: from its start on the disk as it is, to a crash."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from hub.bus.local import LocalBus
from hub.edge import device_socket, register_socket
from hub.edge.edge import Edge
from hub.engine import Engine
from hub.entropy import Entropy
from hub.settings import Settings
from hub.store.sqlite.store import SqliteStore
from hub.store.unit import Unit
from tests.simulation.disk import Disk, Thread
from tests.simulation.link import Client, Link
from tests.simulation.loop import LoopClock, VirtualLoop

P = ParamSpec("P")
T = TypeVar("T")

_ENDPOINTS = {"device": device_socket.endpoint, "register": register_socket.endpoint}


class _Lock:
    """The file lock of a database that has no file."""

    def release(self) -> None: ...


class Life:
    """The hub's process. `broken` is set when the store has given up and the process wants to end."""

    def __init__(self, disk: Disk, settings: Settings, random: Random, now_ms: int) -> None:
        self.loop = VirtualLoop(now_ms)  # type: ignore[abstract]  # it has what the hub uses of a loop
        self.writer = Thread(disk, self.loop)
        self.reader = Thread(disk, self.loop)
        self.broken = False
        entropy = Entropy(random)
        clock = LoopClock(self.loop)
        store = SqliteStore(
            Path("memory"),
            cast(Any, self.writer),
            cast(Any, self.reader),
            cast(Any, _Lock()),
            clock=clock,
            settings=settings,
            entropy=entropy,
            on_broken=self._break,
        )
        self.engine = Engine(store, LocalBus(), clock=clock, settings=settings, entropy=entropy, signing_key="sig")
        self.edge = Edge.over(self.engine, admin_token="adm", stop=self._break)
        self.starting = self.loop.create_task(self.engine.start())
        self._serving: set[asyncio.Task[None]] = set()
        self.loop.run_ready()

    def _break(self) -> None:
        self.broken = True

    @property
    def started(self) -> bool:
        return self.engine.started

    def accept(self, client: Client, kind: str, source: str) -> Link:
        """A client connects."""
        link = Link(client, self.edge, self.loop, kind=kind, source=source)
        task = self.loop.create_task(_ENDPOINTS[kind](cast(Any, link.hub)))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        task.add_done_callback(link.hub.served)
        self.loop.run_ready()
        return link

    def call(
        self,
        answered: Callable[[T | None, Exception | None], None],
        command: Callable[Concatenate[Unit, P], Awaitable[T]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """Run a command as the admin API does; `answered` gets its result or its error, unless the hub dies first."""

        def done(task: asyncio.Task[T]) -> None:
            if not task.cancelled() and not self.writer.dead:
                error = task.exception()
                answered(None if error is not None else task.result(), cast(Exception | None, error))

        async def run() -> T:
            return await self.engine.execute(command, *args, **kwargs)

        task = self.loop.create_task(run())
        task.add_done_callback(done)
        self.loop.run_ready()

    def kill(self) -> None:
        """The process is gone. What it was doing is unwound without effect, so that nothing of it is left behind."""
        self.writer.kill()
        self.reader.kill()
        left = self.loop.kill()
        if self.starting.done() and not self.starting.cancelled():
            self.starting.exception()  # known to the scheduler; asyncio would complain that nobody looked
        assert left == 0, f"{left} tasks of a dead hub live on"
