"""The engine: runs commands, publishes what they tell once it is durable, and keeps the deadlines.

It is the one way from the edge to the store. It knows no socket and no HTTP.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Concatenate, ParamSpec, TypeVar

from hub import log
from hub.bus.base import Bus
from hub.clock import Clock
from hub.commands import deadline, device, retention
from hub.entropy import Entropy
from hub.errors import HubError
from hub.settings import Settings, milliseconds
from hub.store.base import Store
from hub.store.unit import Unit
from hub.timer import Timer

P = ParamSpec("P")
T = TypeVar("T")

_log = log.get("engine")


class Engine:
    """Shared by all connections of the process. Start it, and stop it, on the event loop that uses it."""

    def __init__(
        self, store: Store, bus: Bus, *, clock: Clock, settings: Settings, entropy: Entropy, signing_key: str
    ) -> None:
        self.store = store
        self.bus = bus
        self.clock = clock
        self.settings = settings
        self.entropy = entropy
        self.signing_key = signing_key
        """Makes the access tokens of the polling URLs; it lives in the database, so a backup carries it."""
        self.started = False
        self._owed: list[Callable[[], Awaitable[object]]] = []
        self._deadlines = Timer(clock, self._work_off, name="deadlines")
        self._retention = Timer(clock, self._sweep, name="retention")

    async def start(self) -> None:
        """Take up where the last process left off: no connection has survived, every deadline has."""
        lost = await self.execute(device.recover)
        self._deadlines.start()
        self._retention.start()
        self._deadlines.wake(self.clock.now_ms())
        self._retention.wake(self.clock.now_ms())
        self.started = True
        _log.info("engine_started", devices_disconnected=lost)

    async def stop(self) -> None:
        self.started = False
        await self._retention.stop()
        await self._deadlines.stop()

    def execute(
        self, command: Callable[Concatenate[Unit, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> asyncio.Future[T]:
        """Run a command; its result is durable, and its signals are out, when the future is done.

        Raises what the command raises, and what `Store.write` does. Cancelling the future does not undo it.
        """
        return self.store.write(lambda unit: command(unit, *args, **kwargs), self._published)

    async def insist(
        self, command: Callable[Concatenate[Unit, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T | None:
        """Run a command about what has happened already, and that nobody will ask again; None: the store refused it.

        It is then run again, a second later and until the store takes it: a device whose end of connection got lost in
        a full store would look present for ever. What a start recovers by itself may be lost with the process.
        """
        try:
            return await self.execute(command, *args, **kwargs)
        except HubError as error:
            _log.warning("postponed", error=str(error))
            self._owed.append(lambda: self.execute(command, *args, **kwargs))
            self._deadlines.wake(self.clock.now_ms() + 1000)
            return None

    def query(
        self, query: Callable[Concatenate[Unit, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> asyncio.Future[T]:
        """Run a query on what is committed; it sees every command that has returned."""
        return self.store.read(lambda unit: query(unit, *args, **kwargs))

    def _published(self, unit: Unit) -> None:
        self.bus.publish(unit.signals)
        if unit.wake_at is not None:
            self._deadlines.wake(unit.wake_at)

    async def _work_off(self) -> int | None:
        """Work off what is owed and what is due; return when to look again."""
        try:
            while self._owed:
                await self._owed[0]()
                del self._owed[0]
            while await self.execute(deadline.expire) >= deadline.BATCH:
                pass
            return await self.query(deadline.next_due)
        except HubError as error:
            _log.warning("deadlines_postponed", error=str(error))
            return self.clock.now_ms() + 1000

    async def _sweep(self) -> int | None:
        with contextlib.suppress(HubError):
            while (swept := await self.execute(retention.sweep)) > 0:
                _log.info("records_swept", rows=swept)
                await asyncio.sleep(0)  # let the payments that wait go first
        return self.clock.now_ms() + milliseconds(self.settings.sweep_seconds)
