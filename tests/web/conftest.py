"""Fixtures: the real hub as a process, a real Chromium, and the pages in it. A fault in any page fails the test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, async_playwright, expect

from tests.faults.nursery_client import Nursery
from tests.web.chromium import ARGUMENTS, chromium
from tests.web.pages import Faults, Terminal, Till
from tests.web.serving import Serving

PATIENCE_MS = 40_000
"""More than twice the longest pause (15 s) before a page of its own accord tries to connect again."""

START_MS = 110_000
"""Less than a test has (pyproject.toml)."""

expect.set_options(timeout=PATIENCE_MS)

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One event loop for all tests of this folder: they share one Chromium, which takes seconds to start."""
    for item in items:
        if _HERE in item.path.parents and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


MANY_GUESSES = {"pairing_attempts_per_source": 10_000, "pairing_attempts_per_minute": 10_000}
"""All tests guess wrong codes at the same hub, from the same address."""


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def nursery() -> AsyncIterator[Nursery]:
    """Where the hubs come from: a process each, without a second of imports."""
    async with Nursery() as started:
        yield started


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def common_hub(nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Serving]:
    async with Serving.running(nursery, tmp_path_factory.mktemp("hub"), **MANY_GUESSES) as hub:
        yield hub


@pytest_asyncio.fixture(loop_scope="session")
async def serving(
    tmp_path: Path, nursery: Nursery, common_hub: Serving, request: pytest.FixtureRequest
) -> AsyncIterator[Serving]:
    """The hub, the same for all tests: each has devices and registers of its own, so they do not meet.

    `own_hub`, or settings by indirect parametrization, give a test a hub of its own.
    """
    settings: dict[str, Any] | None = getattr(request, "param", None)
    if settings is None:
        yield common_hub
        return
    async with Serving.running(nursery, tmp_path, **settings) as hub:
        yield hub


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS, timeout=START_MS)
        yield launched
        await launched.close()


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser, serving: Serving, faults: Faults) -> AsyncIterator[BrowserContext]:
    """One person's browser: its pages share what it stores."""
    made = await browser.new_context(base_url=serving.url, viewport={"width": 1280, "height": 860}, locale="en-US")
    made.set_default_timeout(PATIENCE_MS)
    made.on("page", faults.watch)
    yield made
    await made.close()
    assert faults.seen == []


OpenTerminal = Callable[[], Awaitable[Terminal]]
OpenTill = Callable[[], Awaitable[Till]]


@pytest.fixture
def open_terminal(context: BrowserContext) -> OpenTerminal:
    """Open a terminal in a new tab, and switch it on."""

    async def opened() -> Terminal:
        page = await context.new_page()
        await page.goto("/terminal")
        return await Terminal(page).switch_on()

    return opened


@pytest.fixture
def open_till(context: BrowserContext) -> OpenTill:
    async def opened() -> Till:
        page = await context.new_page()
        await page.goto("/till")
        return Till(page)

    return opened


@pytest_asyncio.fixture(loop_scope="session")
async def terminal(open_terminal: OpenTerminal) -> Terminal:
    return await open_terminal()


@pytest_asyncio.fixture(loop_scope="session")
async def till(open_till: OpenTill) -> Till:
    return await open_till()


@pytest_asyncio.fixture(loop_scope="session")
async def paired(terminal: Terminal, till: Till) -> tuple[Terminal, Till]:
    """A till whose register is paired with a terminal that is on."""
    await till.pair(await terminal.code())
    await till.is_online()
    return terminal, till
