"""The hub as its own process on a free port: it can be killed and started again under the open pages."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Self

import pytest

STARTED = "The hub is running at"


own_hub = pytest.mark.parametrize("serving", [{}], indirect=True, ids=["own hub"])
"""For a test that kills the hub or counts everything in it; with settings, parametrize `serving` instead."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Serving:
    """`kill` is the power cut, `stop` the orderly end; `start` goes on with the same data on the same port."""

    def __init__(self, data_dir: Path, **settings: object) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._settings = {
            "data_dir": data_dir,
            "port": self.port,
            "development": True,
            "admin_token": "adm_test",
            "drain_seconds": 0.1,
        } | settings
        self._process: asyncio.subprocess.Process | None = None
        self._drain: asyncio.Task[None] | None = None

    @classmethod
    @contextlib.asynccontextmanager
    async def running(cls, data_dir: Path, **settings: object) -> AsyncIterator[Self]:
        hub = cls(data_dir, **settings)
        await hub.start()
        try:
            yield hub
        finally:
            await hub.stop()

    async def start(self) -> None:
        environment = {f"HUB_{name.upper()}": str(value) for name, value in self._settings.items()}
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "hub",
            "serve",
            env={**os.environ, **environment},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        seen = []
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            seen.append(line.decode())
            if STARTED in seen[-1]:
                self._drain = asyncio.create_task(self._read_on(self._process.stdout))
                return
        raise AssertionError("the hub did not start:\n" + "".join(seen))

    @staticmethod
    async def _read_on(output: asyncio.StreamReader) -> None:
        """Keep its pipe empty, so that it never waits for us."""
        while await output.read(65_536):
            pass

    async def kill(self) -> None:
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        await self._end(signal.SIGTERM)

    async def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(how)
        await self._process.wait()
        if self._drain is not None:
            await self._drain
        self._process = self._drain = None
