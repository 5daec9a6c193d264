"""Positive controls: a judge that cannot say no is a defect, so every invariant must catch a hub that breaks it."""

from __future__ import annotations

import pytest

from tests.checker.judge import INVARIANTS
from tests.simulation.broken import BROKEN, Broken
from tests.simulation.run import simulate

SEEDS = 30
STEPS = 1_500


@pytest.mark.parametrize("broken", BROKEN, ids=str)
def test_a_broken_hub_is_caught(broken: Broken, monkeypatch: pytest.MonkeyPatch) -> None:
    broken.how(monkeypatch)
    for seed in range(SEEDS):
        run = simulate(seed, STEPS, faults=broken.faults)
        if broken.invariant in {violation.invariant for violation in run.violations}:
            return
    pytest.fail(f"{SEEDS} runs of {STEPS} steps did not catch it")


def test_every_invariant_has_a_control() -> None:
    assert {broken.invariant for broken in BROKEN} == set(INVARIANTS)
