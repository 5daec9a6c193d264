"""Table: the one way to take a step, and what it is drawn as. Refusals and illegal triggers render themselves."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import StrEnum

import pytest

from statemachines.refusal import IllegalTrigger, Refusal, RuleError
from statemachines.table import Row, Table


class Light(StrEnum):
    RED = "red"
    GREEN = "green"
    BROKEN = "broken"


class Turn(StrEnum):
    GO = "go"
    STOP = "stop"
    SMASH = "smash"


class Foreign(StrEnum):
    JUMP = "jump"


LIGHT = Table(
    "light",
    states=Light,
    initial=Light.RED,
    rows=[
        Row(Turn.GO, (Light.RED,), Light.GREEN),
        Row(Turn.STOP, (Light.GREEN,), Light.RED),
        Row(Turn.SMASH, (Light.RED, Light.GREEN), Light.BROKEN),
    ],
)


class Lamp:
    """Slotted, as the records are, and with nothing that the library could hang itself on."""

    __slots__ = ("state",)

    def __init__(self, state: Light) -> None:
        self.state = state


def test_a_step_changes_the_state_and_returns_it() -> None:
    lamp = Lamp(Light.RED)
    assert LIGHT.fire(lamp, Turn.GO) is Light.GREEN
    assert lamp.state is Light.GREEN


def test_objects_share_a_table_and_nothing_else() -> None:
    one, other = Lamp(Light.RED), Lamp(Light.RED)
    LIGHT.fire(one, Turn.SMASH)
    assert (one.state, other.state) == (Light.BROKEN, Light.RED)


def test_what_follows_from_the_rows() -> None:
    assert LIGHT.final == {Light.BROKEN}
    assert LIGHT.steps == {
        (Light.RED, "go"): Light.GREEN,
        (Light.GREEN, "stop"): Light.RED,
        (Light.RED, "smash"): Light.BROKEN,
        (Light.GREEN, "smash"): Light.BROKEN,
    }


@pytest.mark.parametrize("trigger", [Turn.STOP, Foreign.JUMP])
def test_an_illegal_or_foreign_trigger_raises_and_changes_nothing(trigger: StrEnum) -> None:
    lamp = Lamp(Light.RED)
    assert not LIGHT.permits(Light.RED, trigger)
    with pytest.raises(IllegalTrigger, match=f"^light: {trigger} is not allowed in state red$"):
        LIGHT.fire(lamp, trigger)
    assert lamp.state is Light.RED


def test_the_library_adds_no_triggers_of_its_own() -> None:
    """Its `auto_transitions` would let `to_red` lead anywhere from everywhere."""
    lamp = Lamp(Light.BROKEN)

    class Auto(StrEnum):
        TO_RED = "to_red"

    with pytest.raises(IllegalTrigger):
        LIGHT.fire(lamp, Auto.TO_RED)


def test_a_step_is_not_logged_by_the_library(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="hub"):
        LIGHT.fire(Lamp(Light.RED), Turn.GO)
    assert caplog.records == []


def test_mermaid_has_each_state_and_each_step_and_no_colours() -> None:
    drawn = LIGHT.mermaid()
    assert "stateDiagram-v2" in drawn
    assert "title: light" in drawn
    for state in Light:
        assert f'state "{state.value}" as {state.value}' in drawn
    for step in ("red --> green: go", "green --> red: stop", "red --> broken: smash", "green --> broken: smash"):
        assert step in drawn
    assert "[*] --> red" in drawn
    assert "classDef" not in drawn
    assert drawn == LIGHT.mermaid(), "drawing it twice gives the same text"


def test_the_tree_of_errors() -> None:
    assert issubclass(IllegalTrigger, RuleError)
    assert issubclass(Refusal, RuleError)
    refusal = Refusal("device_busy", "device is busy")
    assert str(refusal) == "device_busy: device is busy"
    assert (refusal.retryable, refusal.details) == (False, {})


def test_refusals_are_told_apart_by_identity() -> None:
    """Two refusals with the same words are two events; an exception must stay hashable for tracebacks."""

    @dataclass
    class Seen:
        refusals: set[Refusal]

    assert len(Seen({Refusal("a", "b"), Refusal("a", "b")}).refusals) == 2
