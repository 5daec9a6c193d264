"""The simulation against the hub as it is: 200,000 steps, split so that they spread over processes, no violation."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import pytest

from tests.checker.history import lines
from tests.simulation.run import simulate

SEEDS = range(100)
STEPS = 2_000
PARTS = 10


@pytest.mark.parametrize("part", range(PARTS))
def test_nothing_is_lost_and_nothing_charged_twice(part: int) -> None:
    runs = [simulate(seed, STEPS) for seed in SEEDS[part::PARTS]]
    bad = [run.report() for run in runs if run.violations]
    assert not bad, "\n".join(bad)
    assert sum(run.steps for run in runs) >= len(SEEDS) * STEPS // PARTS


def test_a_run_is_busy() -> None:
    """A simulation in which nothing much happens would find nothing much."""
    runs = [simulate(seed, STEPS) for seed in range(5)]
    assert sum(run.transactions for run in runs) > 100


def fingerprint(seed: int, steps: int) -> str:
    """Of everything that the clients saw."""
    return hashlib.sha256("\n".join(lines(simulate(seed, steps).records)).encode()).hexdigest()


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_a_seed_is_a_run(hash_seed: str) -> None:
    """In another process, with other addresses and other hashes, the same seed lives through the same."""
    program = "from tests.simulation.test_simulation import fingerprint; print(fingerprint(11, 1500))"
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.strip() == fingerprint(11, 1500)
