"""The rows of the long run: how much of each, and how one run of it is played. See `torture.py`."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hub import log
from tests.checker.history import MemoryHistory
from tests.faults import disk_error, fuzz, kill, network, power_cut
from tests.faults.campaign import Campaign, Counts, Stage, Tell, by_itself
from tests.model.test_model import STEPS, draw
from tests.simulation.run import simulate

Play = Callable[[Sequence[int], Path | None, Tell], None]
"""Plays seeds in this process; tells each as it ends."""

SIMULATED_STEPS = 2_000
"""Of a run; settling adds some."""
EXAMPLES = 50
"""Of a run of the state machine."""


@dataclass(frozen=True)
class Row:
    """`target` is counted by the count of that name, or in runs if there is none; a run makes about `a_run` of it."""

    name: str
    target: int
    unit: str
    play: Play
    chunk: int
    """Runs that a worker takes at a time: half a minute's."""
    counter: str | None = None
    a_run: int = 1


def _campaign(kind: str, stage: Stage) -> Play:
    def play(seeds: Sequence[int], keep: Path | None, tell: Tell) -> None:
        log.configure(level="error")  # of hubs in this process; those of their own have their own logs
        asyncio.run(Campaign(kind, stage, keep=keep).play(seeds, tell))

    return play


def _simulation(seeds: Sequence[int], keep: Path | None, tell: Tell) -> None:
    for number in seeds:
        run = simulate(number, SIMULATED_STEPS)
        counts: Counts = Counter(steps=run.steps, transactions=run.transactions, charges=run.charges)
        tell(number, counts, run.report() if run.violations else None)
        if run.violations and keep is not None:
            keep.mkdir(parents=True, exist_ok=True)
            history = MemoryHistory()
            history.records = run.records
            history.save(keep / f"simulation-{number}.jsonl")


def _model(seeds: Sequence[int], _keep: Path | None, tell: Tell) -> None:
    log.configure(level="warning")
    for number in seeds:
        problem = None
        try:
            draw(number, EXAMPLES)
        except Exception as error:
            problem = f"{type(error).__name__}: {error}\n" + "\n".join(getattr(error, "__notes__", ()))
        tell(number, Counter(examples=EXAMPLES), problem)


_ALL = (
    Row("simulation", 10_000_000, "steps", _simulation, chunk=60, counter="steps", a_run=SIMULATED_STEPS),
    Row("model", 10_000, f"examples of {STEPS} steps", _model, chunk=4, counter="examples", a_run=EXAMPLES),
    Row("kill", 1_000, "cycles", _campaign("kill", by_itself(kill.run)), chunk=20),
    Row(
        "power_cut",
        10_000,
        "states",
        _campaign("power_cut", by_itself(power_cut.run)),
        chunk=3,
        counter="states",
        a_run=power_cut.STATES,
    ),
    Row(
        "disk_error",
        disk_error.CALLS * len(disk_error.KINDS),
        "calls",
        _campaign("disk_error", by_itself(disk_error.run)),
        chunk=20,
    ),
    Row("network", 1_000, "runs", _campaign("network", by_itself(network.run)), chunk=20),
    Row(
        "fuzz",
        200_000,
        "inputs",
        _campaign("fuzz", fuzz.stage(warm_up=800)),
        chunk=4_000,  # its memory is looked at, so one hub meets many of them
        counter="inputs",
        a_run=fuzz.INPUTS,
    ),
)
ROWS = {row.name: row for row in _ALL}
