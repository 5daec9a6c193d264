"""The tests' side of the nursery: hubs as children whose exit can be awaited."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

ROOT = Path(__file__).parents[2]


class Child:
    """A forked hub; it waits at its gate until `go`. `exited` is its status, negative for a signal."""

    def __init__(self, pid: int, tell: asyncio.StreamWriter | None) -> None:
        self.pid = pid
        self.exited: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.waiting: asyncio.Task[None] | None = None
        """Whoever waits for its end, if that is not the nursery."""
        self._tell = tell

    def go(self) -> None:
        if self._tell is not None:
            self._tell.write(json.dumps({"go": self.pid}).encode() + b"\n")

    def signal(self, number: signal.Signals) -> None:
        if not self.exited.done():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)


class Nursery:
    """`async with Nursery() as nursery:`; leaving it kills what is left of its children."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._children: dict[int, Child] = {}
        self._asked: deque[asyncio.Future[Child]] = deque()

    async def __aenter__(self) -> Nursery:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.faults.nursery",
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._reader is not None
        for child in self._children.values():
            child.signal(signal.SIGKILL)
        self._process.stdin.close()
        await self._process.wait()
        await self._reader

    async def fork(self, *, log: Path, environment: Mapping[str, str], patches: Sequence[str] = ()) -> Child:
        """A new hub, waiting at its gate. One that nobody waits for any more when it comes is killed."""
        job: dict[str, Any] = {"log": str(log), "environment": dict(environment), "patches": list(patches)}
        asked: asyncio.Future[Child] = asyncio.get_running_loop().create_future()
        self._asked.append(asked)
        self._stdin.write(json.dumps({"fork": job}).encode() + b"\n")
        return await asked

    @property
    def _stdin(self) -> asyncio.StreamWriter:
        assert self._process is not None
        assert self._process.stdin is not None
        return self._process.stdin

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            said = json.loads(line)
            if "forked" in said:
                child = Child(said["forked"], self._stdin)
                self._children[child.pid] = child
                asked = self._asked.popleft()
                if asked.cancelled():
                    child.signal(signal.SIGKILL)
                else:
                    asked.set_result(child)
            else:
                self._children.pop(said["exited"]).exited.set_result(said["status"])
        for child in self._children.values():
            child.exited.cancel()


async def command(*, log: Path, environment: Mapping[str, str]) -> Child:
    """`python -m hub serve` itself, without the nursery: slower to start, and the very thing that people run."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    with log.open("ab") as written:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "hub",
            "serve",
            cwd=ROOT,
            env={**kept, **environment},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=written,
            stderr=written,
            start_new_session=True,
        )
    child = Child(process.pid, None)

    async def wait() -> None:
        child.exited.set_result(await process.wait())

    child.waiting = asyncio.create_task(wait())
    return child
