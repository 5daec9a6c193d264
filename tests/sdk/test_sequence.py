"""`hub.sdk.sequence`: no event is lost without a word."""

from __future__ import annotations

import msgspec
import pytest

from hub.sdk import GapError
from hub.sdk.sequence import Sequence
from hub.wire.register import Welcome
from tests.sdk.fakehub import register_welcome


def welcome(event: int, replay: str) -> Welcome:
    return msgspec.convert(register_welcome(event, replay), Welcome)


def test_a_first_hello_begins_at_the_present() -> None:
    sequence = Sequence()
    assert not sequence.welcomed(welcome(7, "none"))
    assert sequence.received(8)
    assert sequence.last == 8


def test_complete_goes_on_after_the_last_seen() -> None:
    sequence = Sequence(5)
    assert not sequence.welcomed(welcome(9, "complete"))
    assert [sequence.received(number) for number in (6, 7, 8, 9, 10)] == [True] * 5


def test_snapshot_takes_the_place_of_what_was_missed() -> None:
    sequence = Sequence(5)
    assert sequence.welcomed(welcome(100, "snapshot"))
    assert sequence.received(101)


def test_snapshot_of_a_hub_that_went_back() -> None:
    sequence = Sequence(50)
    assert sequence.welcomed(welcome(3, "snapshot"))
    assert sequence.received(4)


def test_repetitions_are_not_new() -> None:
    sequence = Sequence(5)
    assert not sequence.received(5)
    assert not sequence.received(1)
    assert sequence.last == 5


def test_a_gap_raises_and_moves_nothing() -> None:
    sequence = Sequence(5)
    with pytest.raises(GapError) as caught:
        sequence.received(8)
    assert (caught.value.expected, caught.value.received) == (6, 8)
    assert sequence.last == 5
    assert sequence.received(6)


def test_none_that_hides_something_is_a_gap() -> None:
    sequence = Sequence(5)
    with pytest.raises(GapError):
        sequence.welcomed(welcome(9, "none"))
    assert sequence.last == 5
