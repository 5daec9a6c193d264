"""Fixtures of the SDK's own tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from hub.sdk import Backoff
from tests.sdk.fakehub import FakeHub, fake_hub


@pytest.fixture
async def fakehub() -> AsyncIterator[FakeHub]:
    async with fake_hub() as started:
        yield started


@pytest.fixture
def at_once() -> Backoff:
    """Comes back without a pause."""
    return Backoff(uniform=lambda low, _high: low)
