"""Every state × every trigger of a table, against an expectation that was written out by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pytest

from statemachines.refusal import IllegalTrigger
from statemachines.table import Table

Expected = Mapping[str, Mapping[str, str]]
"""State → trigger → target; a trigger that is not there is illegal."""


@dataclass
class Thing:
    """Something with a state, and something else that no step may touch."""

    state: Any
    note: str = "as it was"


def cells(table: Table[Any], triggers: type[StrEnum], expected: Expected) -> list[Any]:
    """One parameter set a cell: state, trigger, and the target or None."""
    return [
        pytest.param(state, trigger, expected[state.value].get(trigger.value), id=f"{state.value}-{trigger.value}")
        for state in table.states
        for trigger in triggers
    ]


def check_cell(table: Table[Any], state: StrEnum, trigger: StrEnum, target: str | None) -> None:
    """A legal step leads to its target; an illegal one raises and changes nothing."""
    thing = Thing(state)
    assert table.permits(state, trigger) is (target is not None)
    if target is None:
        with pytest.raises(IllegalTrigger) as caught:
            table.fire(thing, trigger)
        assert (caught.value.table, caught.value.trigger, caught.value.state) == (table.name, trigger, state)
        assert thing == Thing(state)
    else:
        assert table.fire(thing, trigger) == target
        assert thing == Thing(type(state)(target))


def check_names(table: Table[Any], triggers: type[StrEnum], expected: Expected) -> None:
    """The expectation speaks of exactly the states and triggers that there are, and uses each."""
    assert set(expected) == {state.value for state in table.states}
    used = {trigger for row in expected.values() for trigger in row}
    assert used == {trigger.value for trigger in triggers}
