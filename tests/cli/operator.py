"""An operator at the command line, beside a running hub."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import dataclass

from tests.running import ADMIN_TOKEN, RunningHub


@dataclass(frozen=True)
class Outcome:
    """What a command came to."""

    exit_code: int
    stdout: str
    stderr: str


class Operator:
    """Types commands, each a process of its own."""

    def __init__(self, hub: RunningHub) -> None:
        self._hub = hub

    async def types(self, *words: str, **environment: str) -> Outcome:
        """`hub WORD…`, with these variables beside the usual ones."""
        hub = {"HUB_URL": self._hub.url, "HUB_ADMIN_TOKEN": ADMIN_TOKEN}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "hub", *words),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **hub, **environment},
        )
        stdout, stderr = await process.communicate()
        assert process.returncode is not None
        return Outcome(process.returncode, stdout.decode(), stderr.decode())

    async def sees(self, *words: str, **environment: str) -> str:
        """What a command that must succeed prints."""
        outcome = await self.types(*words, **environment)
        assert outcome.exit_code == 0, outcome
        return outcome.stdout
