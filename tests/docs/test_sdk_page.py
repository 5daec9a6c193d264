"""The programs of docs/sdk.md, as an outside developer would copy them, against a running hub."""

from __future__ import annotations

import asyncio
import contextlib
import re
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contract import ROOT
from tests.running import RunningHub

_PROGRAM = re.compile(r"^```python (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the developer has put them."""
    programs = _PROGRAM.findall((ROOT / "docs/sdk.md").read_text())
    assert [name for name, _ in programs] == ["till.py", "terminal.py"]
    for name, text in programs:
        (tmp_path / name).write_text(text)
    return tmp_path


@contextlib.asynccontextmanager
async def started(folder: Path, name: str, *words: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(sys.executable, name, *words, cwd=folder, stdout=PIPE, stderr=PIPE)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def line(process: Process) -> str:
    assert process.stdout is not None
    return (await process.stdout.readline()).decode().strip()


async def test_the_till_pays_at_the_terminal(hub: RunningHub, folder: Path) -> None:
    async with started(folder, "terminal.py", hub.url, "T-1", "terminal.json") as terminal:
        code = (await line(terminal)).removeprefix("pairing code ")
        async with started(folder, "till.py", hub.url, code) as till:
            said, errors = await till.communicate()
        assert said.decode().splitlines()[-1] == "outcome: approved 500", (said, errors)
        assert (await line(terminal)).endswith(" approved")


async def test_a_wrong_code_and_a_terminal_that_comes_back(hub: RunningHub, folder: Path) -> None:
    """The credential that it chose is in its memory, so the second power cycle is the same device."""
    for _ in range(2):
        async with started(folder, "terminal.py", hub.url, "T-1", "terminal.json") as terminal:
            assert (await line(terminal)).startswith("pairing code ")
    async with started(folder, "till.py", hub.url, "00000000") as till:
        _, errors = await till.communicate()
    assert till.returncode == 1
    assert errors.decode().startswith("pairing_code_invalid: ")
