"""Pairing: every cell of its table."""

from __future__ import annotations

from typing import Any

import pytest

from statemachines.pairing import PAIRING, PairingState, PairingTrigger
from tests.statemachines.grid import Expected, cells, check_cell, check_names

EXPECTED: Expected = {
    "active": {"renew": "active", "move": "moved", "remove": "removed"},
    "moved": {},
    "removed": {},
}


@pytest.mark.parametrize(("state", "trigger", "target"), cells(PAIRING, PairingTrigger, EXPECTED))
def test_cell(state: Any, trigger: Any, target: str | None) -> None:
    check_cell(PAIRING, state, trigger, target)


def test_the_expectation_is_complete() -> None:
    check_names(PAIRING, PairingTrigger, EXPECTED)
    assert PAIRING.initial is PairingState.ACTIVE
    assert PAIRING.final == {PairingState.MOVED, PairingState.REMOVED}
