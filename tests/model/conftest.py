"""A machine opens hundreds of stores; only warnings of theirs are worth a line."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import structlog

from tests.store.remembered import check_each_command


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    yield
    structlog.reset_defaults()


@pytest.fixture(autouse=True)
def checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """After each command, what the store remembers is what stands in the database."""
    check_each_command(monkeypatch)
