"""`hub.sdk.reconnect`: whether and when to come back."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.sdk.reconnect import BASE_SECONDS, CAP_SECONDS, Backoff, Close
from hub.wire.close_codes import CloseCode


def test_ceiling_doubles_up_to_the_cap() -> None:
    backoff = Backoff(uniform=lambda _low, high: high)
    pauses = [backoff.pause_seconds() for _ in range(9)]
    assert pauses == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


def test_jitter_is_full() -> None:
    asked: list[tuple[float, float]] = []

    def uniform(low: float, high: float) -> float:
        asked.append((low, high))
        return low

    backoff = Backoff(uniform=uniform)
    assert backoff.pause_seconds() == 0.0
    backoff.pause_seconds()
    assert asked == [(0.0, 0.5), (0.0, 1.0)]


@given(failures=st.integers(0, 2000), seed=st.integers())
def test_pause_stays_within_its_bounds(failures: int, seed: int) -> None:
    backoff = Backoff(uniform=random.Random(seed).uniform)
    for _ in range(failures):
        backoff.pause_seconds()
    assert BASE_SECONDS <= backoff.ceiling_seconds <= CAP_SECONDS
    assert 0 <= backoff.pause_seconds() <= CAP_SECONDS


def test_hint_is_a_floor_under_the_jitter() -> None:
    backoff = Backoff(uniform=lambda _low, high: high)
    assert backoff.pause_seconds(hint_seconds=3) == 3.5


def test_only_a_connection_that_lived_resets_the_pauses() -> None:
    backoff = Backoff(uniform=lambda _low, high: high, stable_seconds=10)
    backoff.pause_seconds()
    backoff.pause_seconds()
    backoff.lived(9.9)
    assert backoff.ceiling_seconds == 2
    backoff.lived(10)
    assert backoff.ceiling_seconds == BASE_SECONDS


def test_anew_is_at_its_beginning_and_counts_for_itself() -> None:
    backoff = Backoff(base_seconds=2, uniform=lambda _low, high: high)
    backoff.pause_seconds()
    other = backoff.anew()
    assert (other.pause_seconds(), backoff.ceiling_seconds) == (2, 4)


@pytest.mark.parametrize(
    ("close", "comes_back"),
    [
        (Close(), True),
        (Close(1006), True),
        (Close(1001), True),
        (Close(1011), True),
        (Close(1012), True),
        (Close(1000), False),
        (Close(1003), False),
        (Close(1009), False),
        *((Close(code), code < 4500) for code in CloseCode if code >= 4000),
        (Close(4499), True),
        (Close(4500), False),
        (Close(4999), False),
    ],
)
def test_the_close_code_decides(close: Close, comes_back: bool) -> None:
    assert close.may_come_back is comes_back


def test_hint_of_a_close_reason() -> None:
    assert Close(4000, "draining retry_after_ms=1500").retry_after_seconds == 1.5
    assert Close(4000, "draining").retry_after_seconds is None


def test_close_reads_well() -> None:
    assert str(Close()) == "broken"
    assert str(Close(4500, "replaced")) == "replaced"
    assert str(Close(4000, "retry_after_ms=5")) == "draining (retry_after_ms=5)"
    assert str(Close(4321)) == "code_4321"
