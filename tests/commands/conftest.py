"""Scenes: an open engine with the default limits, or others, and a clock that stands still."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.commands.scene import Scene
from tests.store.remembered import check_each_command

MakeScene = Callable[..., Awaitable[Scene]]


@pytest.fixture(autouse=True)
def checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """After each command, what the store remembers is what stands in the database."""
    check_each_command(monkeypatch)


@pytest.fixture
async def make_scene(tmp_path: Path) -> AsyncIterator[MakeScene]:
    """Makes an open scene with other settings; closed with the test, however that ends."""
    async with AsyncExitStack() as stack:

        async def make(**settings: Any) -> Scene:
            opened = Scene(tmp_path, **settings)
            await opened.open()
            stack.push_async_callback(opened.close)
            return opened

        yield make


@pytest.fixture
async def scene(make_scene: MakeScene) -> Scene:
    return await make_scene()
