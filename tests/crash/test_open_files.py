"""The system lets a process have so many files open, connections among them. At that, nobody new gets in."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.crash.hub_program import HubProgram
from tests.pos.lines import Line, post

FEW = 64


@pytest.mark.parametrize("granted", [FEW, 512])
async def test_idle_connections_leave_some_for_others(tmp_path: Path, granted: int) -> None:
    """The hub takes all that it is granted; if that is few, those go that have been idle for longest."""
    hub = HubProgram(tmp_path / "data")
    hub.command = ["sh", "-c", f'ulimit -Sn {FEW}; ulimit -Hn {granted}; exec "$@"', "sh", *hub.command]
    try:
        await hub.start()
        where = urlsplit(hub.url)
        async with contextlib.AsyncExitStack() as end:
            lines = []
            for _ in range(2 * FEW):
                reader, writer = await asyncio.open_connection(where.hostname, where.port)
                end.callback(writer.close)
                lines.append(Line(reader, writer))
                await lines[-1].send(post(""))
                assert b" 400 " in await lines[-1].answer()
            if granted == FEW:
                assert await lines[0].rest() == b""
            else:
                await lines[0].send(post(""))
                assert b" 400 " in await lines[0].answer()
    finally:
        await hub.close()
