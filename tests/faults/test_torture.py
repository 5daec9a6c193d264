"""The long run itself: it counts, goes on where it was stopped, and may be interrupted."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

from tests.faults.nursery_client import ROOT


async def _start(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.faults.torture",
        *arguments,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def test_it_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    state = tmp_path / "state.jsonl"
    first = await _start("simulation", "--cycles", "2", "--workers", "2", "--state", str(state))
    said, _ = await first.communicate()
    assert first.returncode == 0
    assert b"of 4,000 steps | 1 to 2 | 0 |" in said
    played = state.read_text()
    assert len(played.splitlines()) == 2
    again = await _start("simulation", "--cycles", "2", "--state", str(state))
    said_again, _ = await again.communicate()
    assert _counted(said_again) == _counted(said)
    assert state.read_text() == played


def _counted(said: bytes) -> list[bytes]:
    """The cells of the first row but the last: processor time is kept rounded, and without that of a worker's end."""
    return said.splitlines()[2].split(b"|")[:-2]


async def test_it_may_be_interrupted() -> None:
    running = await _start("simulation", "--workers", "1")
    assert running.stderr is not None
    while b"simulation: 0 of" in await running.stderr.readline():
        """Until something is done."""
    running.send_signal(signal.SIGINT)
    said, _ = await running.communicate()
    assert running.returncode == 130
    assert b"of 10,000,000 steps | 1 to" in said
