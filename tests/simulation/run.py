"""One run: a seed and a number of steps in, what the judge says out."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import structlog

from tests.checker import history as seen
from tests.checker.history import Record
from tests.checker.judge import judge
from tests.checker.stored import Stored
from tests.checker.story import Violation
from tests.simulation.settle import settle
from tests.simulation.world import World


@dataclass(frozen=True)
class Run:
    seed: int
    steps: int
    """All of them, those of the settling included."""
    records: list[Record]
    violations: list[Violation]
    cpu_seconds: float

    @property
    def transactions(self) -> int:
        return len({record.shown.transaction_id for record in self.records if isinstance(record, seen.SubmitAnswered)})

    @property
    def charges(self) -> int:
        return sum(isinstance(record, seen.Charged) for record in self.records)

    def report(self) -> str:
        found = "\n  ".join(str(violation) for violation in self.violations[:10])
        return f"seed {self.seed}: {len(self.violations)} violations after {self.steps} steps\n  {found}"


def simulate(seed: int, steps: int, *, faults: tuple[str, ...] | None = None) -> Run:
    """Run the world of that seed for so many steps, let it settle, and judge it. `faults`: none but these, and
    often."""
    began = time.process_time()
    with _log_watched() as watched, contextlib.closing(World(seed, faults)) as world:
        watched.append(world.failed)
        for _ in range(steps):
            world.step()
        settle(world)
        violations = judge(world.history.records, Stored.of(world.disk.rows))
        return Run(seed, world.steps, world.history.records, violations, time.process_time() - began)


@contextlib.contextmanager
def _log_watched() -> Iterator[list[Callable[[str], None]]]:
    """The hub's log goes nowhere, but a traceback in it is told to those in the list."""
    told: list[Callable[[str], None]] = []

    def watch(_logger: Any, method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        if method == "exception" or event.get("exc_info"):
            for tell in told:
                tell(f"{event.get('event')}: {event.get('error', event.get('exc_info'))!r}")
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(
        processors=[watch],
        wrapper_class=structlog.make_filtering_bound_logger("error"),
        cache_logger_on_first_use=False,
    )
    try:
        yield told
    finally:
        structlog.configure(**before)
