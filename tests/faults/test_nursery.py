"""The nursery: who asks for a hub gets the one that was forked for it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from tests.faults.nursery_client import Child, Nursery


async def log_of(child: Child) -> str:
    """Wait until it has opened its log."""
    while not (said_to := os.readlink(f"/proc/{child.pid}/fd/1")).endswith(".log"):  # noqa: ASYNC110 - another process
        await asyncio.sleep(0.01)
    return said_to


async def test_one_that_nobody_waits_for_any_more_is_not_the_next_one_s(tmp_path: Path) -> None:
    """A run that has taken too long is cut off anywhere, and the next run goes on with the same nursery."""
    async with Nursery() as nursery:
        given_up = asyncio.create_task(nursery.fork(log=tmp_path / "given-up.log", environment={}))
        await asyncio.sleep(0)  # it has been asked for
        given_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await given_up
        child = await nursery.fork(log=tmp_path / "next.log", environment={})
        assert await log_of(child) == str(tmp_path / "next.log")
