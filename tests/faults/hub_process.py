"""A hub as a process of its own, which can be killed, starved and started again on the same data and port."""

from __future__ import annotations

import asyncio
import os
import signal
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from tests.faults.nursery_client import Child, Nursery
from tests.faults.tracer import Fault, Tracer
from tests.port import ReservedPort

ADMIN_TOKEN = "adm_test"


class HubProcess:
    """One data directory and one port; one child at a time. `log` grows over all of them."""

    build: ClassVar[Sequence[str]] = ()
    """Patches of every hub: a positive control sets them to a build that is wrong."""

    def __init__(self, nursery: Nursery, folder: Path, *, patches: Sequence[str] = (), **settings: str) -> None:
        self._nursery = nursery
        self._patches = (*patches, *self.build)
        port = ReservedPort()
        weakref.finalize(self, port.close)
        self.port = port.number
        self.url = f"http://127.0.0.1:{self.port}"
        self.data_dir = folder / "data"
        self.log = folder / "hub.log"
        self.environment = {
            "HUB_DATA_DIR": str(self.data_dir),
            "HUB_PORT": str(self.port),
            "HUB_DEVELOPMENT": "true",
            "HUB_ADMIN_TOKEN": ADMIN_TOKEN,
            "HUB_LOG_JSON": "true",
            "HUB_DRAIN_SECONDS": "0.01",
            "HUB_CONFIG_FILE": os.devnull,
            **{f"HUB_{name.upper()}": value for name, value in settings.items()},
        }
        self._child: Child | None = None
        self._tracer: Tracer | None = None
        self._traces: list[Path] = []

    @property
    def database(self) -> Path:
        return self.data_dir / "hub.db"

    @property
    def child(self) -> Child:
        assert self._child is not None
        return self._child

    async def start(self, fault: Fault | None = None, *, trace: Sequence[str] = (), output: Path | None = None) -> None:
        """Let a new child go; a fault counts from its first instruction. Returns before it listens: clients dial."""
        assert self._child is None or self._child.exited.done(), "it still runs"
        await self._let_go()
        extra: Mapping[str, str] = self.environment
        self._child = await self._nursery.fork(log=self.log, environment=extra, patches=self._patches)
        if trace:
            self._tracer = await Tracer.attach(self._child, options=trace, output=output)
        elif fault is not None:
            self._tracer = await Tracer.inject(self._child, fault, self._next_trace())
        self._child.go()

    def adopt(self, child: Child) -> None:
        """Take over a child that was started elsewhere with `environment`."""
        self._child = child

    async def inject(self, fault: Fault) -> None:
        """Attach a fault to the running child; it counts from now."""
        await self._let_go()
        self._tracer = await Tracer.inject(self.child, fault, self._next_trace())

    def _next_trace(self) -> Path:
        trace = self.log.with_name(f"injected-{len(self._traces)}.trace")
        self._traces.append(trace)
        return trace

    @property
    def errors_injected(self) -> int:
        """How many system calls have failed on purpose."""
        return sum(trace.read_text().count("(INJECTED)") for trace in self._traces if trace.exists())

    async def heal(self) -> None:
        """Take the fault away again."""
        await self._let_go()

    async def kill(self) -> None:
        """SIGKILL, and wait for the end."""
        self.child.signal(signal.SIGKILL)
        await self.exited()

    async def stop(self) -> int:
        """SIGTERM, and wait for the end."""
        self.child.signal(signal.SIGTERM)
        return await self.exited()

    async def exited(self) -> int:
        """Wait for the child's end; its status, negative for a signal."""
        status = await self.child.exited
        await self._let_go()
        return status

    async def _let_go(self) -> None:
        if self._tracer is not None:
            tracer, self._tracer = self._tracer, None
            await tracer.detach()

    def memory_kib(self) -> int:
        """Resident memory of the running child."""
        for line in Path(f"/proc/{self.child.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        raise AssertionError("the child has no memory")


async def listening(hub: HubProcess) -> None:
    """Wait until the hub takes connections; for clients that do not come back by themselves."""
    while True:
        assert not hub.child.exited.done(), f"the hub ended with {hub.child.exited.result()}:\n{hub.log.read_text()}"
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", hub.port)
        except ConnectionRefusedError:
            await asyncio.sleep(0.01)
            continue
        writer.close()
        await writer.wait_closed()
        return
