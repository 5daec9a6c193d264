"""The hub as its operator runs it: `python -m hub serve`, on a data folder, killed and started again."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from pathlib import Path
from typing import Any

import httpx

from tests.wire import Wire

_URL = re.compile(r"The hub is running at (http://\S+)")


class HubProgram:
    """Started on a free port; `url` changes with every start."""

    def __init__(self, data_dir: Path, **settings: str) -> None:
        self.command = [sys.executable, "-m", "hub", "serve"]
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("HUB_")},
            "HUB_DATA_DIR": str(data_dir),
            "HUB_PORT": "0",
            "HUB_DEVELOPMENT": "true",
            "HUB_CONFIG_FILE": os.devnull,
            # On its own clock: a machine that is slow to start it again shall not look like a device that is away.
            "HUB_OFFLINE_GRACE_SECONDS": "60",
            "HUB_ACKNOWLEDGE_TIMEOUT_SECONDS": "60",
            **{f"HUB_{name.upper()}": value for name, value in settings.items()},
        }
        self.http = httpx.AsyncClient(verify=False, timeout=None)  # plain HTTP: no certificates to read
        self.admin: dict[str, str] = {}
        self._process: asyncio.subprocess.Process | None = None
        self._drain: asyncio.Task[bytes] | None = None
        self.url = ""

    async def run(self) -> tuple[int, str]:
        """Run to its end; exit code and what it said."""
        process = await self._spawn()
        _, said = await process.communicate()
        assert process.returncode is not None
        return process.returncode, said.decode()

    async def _spawn(self) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *self.command, env=self._environment, stderr=asyncio.subprocess.PIPE
        )

    async def start(self) -> None:
        """Start it and wait until it says where it listens."""
        self._process = await self._spawn()
        assert self._process.stderr is not None
        said = b""
        while (found := _URL.search(said.decode(errors="replace"))) is None:
            line = await self._process.stderr.readline()
            assert line, f"the hub did not start: {said.decode()}"
            said += line
        # Kept empty from here on: a full pipe would hold the hub up.
        self._drain = asyncio.create_task(self._process.stderr.read())
        self.url = found[1]
        self.http.base_url = httpx.URL(self.url)

    async def kill(self) -> None:
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        return await self._end(signal.SIGTERM)

    async def _end(self, how: signal.Signals) -> int:
        assert self._process is not None
        assert self._drain is not None
        self._process.send_signal(how)
        code = await self._process.wait()
        await self._drain
        self._process = None
        return code

    async def close(self) -> None:
        if self._process is not None:
            await self.kill()
        await self.http.aclose()

    async def wire(self, kind: str, **options: Any) -> Wire:
        return await Wire.connect(self.url, kind, **options)
