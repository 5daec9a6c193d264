"""strace on a hub: it fails or kills at the Nth call of a kind, or writes down what went to the disk and the sockets.

Responsible for running strace and for nothing else. A fault counts calls of a kind from the moment of attaching; the
database is written by one thread, so its Nth write is the Nth write of the store.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.faults.nursery_client import Child

TELLING = "write,writev,sendto,sendmsg"
"""How bytes leave for a socket; libuv takes the one or the other."""


@dataclass(frozen=True)
class Fault:
    """`effect` at the `when`th call of `call`: `signal=SIGKILL`, `error=EIO`, `error=ENOSPC`; `lasting`: from then
    on."""

    call: str
    effect: str
    when: int
    lasting: bool = False

    @property
    def expression(self) -> str:
        return f"inject={self.call}:{self.effect}:when={self.when}{'+' if self.lasting else ''}"

    def __str__(self) -> str:
        return f"{self.effect.partition('=')[2]} at {self.call} {self.when}{' and later' if self.lasting else ''}"


class Tracer:
    """One strace, attached to one hub and all its threads, until `detach` or the hub's end."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def attach(cls, child: Child, *, options: Sequence[str], output: Path | None = None) -> Tracer:
        program = shutil.which("strace")
        assert program is not None, "strace is needed; scripts/test installs it"
        process = await asyncio.create_subprocess_exec(
            program,
            "-f",
            "-p",
            str(child.pid),
            "-o",
            os.devnull if output is None else str(output),
            *options,
            stdin=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        assert process.stderr is not None
        said = b""
        while b"attached" not in said:
            line = await process.stderr.readline()
            said += line
            assert line, f"strace could not attach: {said.decode()}"
        return cls(process)

    @classmethod
    async def inject(cls, child: Child, fault: Fault, output: Path) -> Tracer:
        return await cls.attach(child, options=["-e", f"trace={fault.call}", "-e", fault.expression], output=output)

    async def detach(self) -> None:
        """Let go of the hub, or wait for the end of a strace whose hub has gone. Idempotent."""
        if self._process.returncode is None:
            # Not `send_signal`: it would take the exit status away from the event loop's own waiting.
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGINT)
        await self._process.communicate()
