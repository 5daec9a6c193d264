"""The hub as its own process on a free port: it can be killed and started again under the open pages."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Self

import pytest

from tests.faults.hub_process import HubProcess, listening
from tests.faults.nursery_client import Nursery

own_hub = pytest.mark.parametrize("serving", [{}], indirect=True, ids=["own hub"])
"""For a test that kills the hub or counts everything in it; with settings, parametrize `serving` instead."""


class Serving:
    """`kill` is the power cut, `stop` the orderly end; `start` goes on with the same data on the same port."""

    def __init__(self, nursery: Nursery, folder: Path, **settings: object) -> None:
        given = {"drain_seconds": 0.1} | settings
        self._hub = HubProcess(nursery, folder, **{name: str(value) for name, value in given.items()})
        self.data_dir = self._hub.data_dir
        self.url = self._hub.url

    @classmethod
    @contextlib.asynccontextmanager
    async def running(cls, nursery: Nursery, folder: Path, **settings: object) -> AsyncIterator[Self]:
        hub = cls(nursery, folder, **settings)
        await hub.start()
        try:
            yield hub
        finally:
            await hub.stop()

    async def start(self) -> None:
        """Returns when it takes connections."""
        await self._hub.start()
        await listening(self._hub)

    async def kill(self) -> None:
        await self._hub.kill()

    async def stop(self) -> None:
        await self._hub.stop()
