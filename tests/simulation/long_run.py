"""The long run: as many steps as wanted, one seed after the other, with progress, and one row of a table in the end.

`scripts/simulate --steps 10000000 --seed 1`; Ctrl-C ends it early, and the row says what was done.
`--seed N --runs 1` replays one seed; `--history FILE` keeps what its clients saw.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import platform
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

import transitions

from tests.checker.history import lines
from tests.simulation.run import Run, simulate

RUN_STEPS = 2_000
PROGRESS_SECONDS = 5.0
SHOWN = 20
"""Bad seeds whose violations are printed; of the others the number."""


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


@dataclass(frozen=True)
class Done:
    """What a worker tells of a run; the run itself is too large to send."""

    seed: int
    steps: int
    transactions: int
    charges: int
    cpu_seconds: float
    report: str

    @classmethod
    def of(cls, run: Run) -> Done:
        report = run.report() if run.violations else ""
        return cls(run.seed, run.steps, run.transactions, run.charges, run.cpu_seconds, report)


@dataclass
class Tally:
    """What was done so far."""

    first_seed: int
    runs: int = 0
    steps: int = 0
    transactions: int = 0
    charges: int = 0
    cpu_seconds: float = 0.0
    bad: list[int] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def add(self, done: Done) -> None:
        self.runs += 1
        self.steps += done.steps
        self.transactions += done.transactions
        self.charges += done.charges
        self.cpu_seconds += done.cpu_seconds
        if done.report:
            self.bad.append(done.seed)
            if len(self.bad) <= SHOWN:
                say(done.report)

    @property
    def progress(self) -> str:
        per_second = self.steps / max(time.monotonic() - self.began, 0.001)
        return (
            f"{self.steps:,} steps, {self.runs:,} runs, {self.transactions:,} transactions, {len(self.bad)} bad, "
            f"{per_second:,.0f} steps/s"
        )

    @property
    def row(self) -> str:
        seconds = time.monotonic() - self.began
        cells = (
            "simulation",
            f"{self.steps:,} steps in {self.runs:,} runs",
            f"{self.first_seed} to {self.first_seed + self.runs - 1}",
            f"{self.transactions:,}",
            f"{self.charges:,}",
            f"{len(self.bad)}" + (f" (seeds {self.bad[:SHOWN]})" if self.bad else ""),
            f"{seconds:,.0f} s, {self.steps / max(self.cpu_seconds, 0.001):,.0f} steps per CPU second",
            f"{commit()}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
            f"transitions {transitions.__version__}",
        )
        head = ("what", "done", "seeds", "transactions", "charges", "runs with violations", "time", "versions")
        return "\n".join(f"| {' | '.join(line)} |" for line in (head, ("---",) * len(head), cells))


def commit() -> str:
    """The commit that was tried; with a plus if the tree has changes."""
    said = subprocess.run(["git", "describe", "--always", "--dirty=+"], capture_output=True, text=True, check=False)
    return said.stdout.strip() or "no commit"


def _one(seed: int) -> Done:
    return Done.of(simulate(seed, RUN_STEPS))


def _all(seeds: Iterator[int], workers: int, tally: Tally, steps: int) -> None:
    """Keep all workers busy until enough has been done. A worker leaves Ctrl-C to its parent."""
    last_said = time.monotonic()
    with ProcessPoolExecutor(workers, initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN)) as pool:
        under_way = {pool.submit(_one, seed) for seed in itertools.islice(seeds, workers)}
        while under_way:
            finished, under_way = wait(under_way, return_when=FIRST_COMPLETED)
            for future in finished:
                tally.add(future.result())
                wanted = tally.steps + len(under_way) * RUN_STEPS < steps
                under_way |= {pool.submit(_one, seed) for seed in itertools.islice(seeds, 1 if wanted else 0)}
            if time.monotonic() - last_said >= PROGRESS_SECONDS:
                last_said = time.monotonic()
                say(tally.progress)


def main() -> int:
    parser = argparse.ArgumentParser(description="Simulate the hub under faults, many times over.")
    parser.add_argument("--steps", type=int, default=10_000_000)
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--runs", type=int, help="so many seeds, instead of so many steps")
    parser.add_argument("--workers", type=int, default=max(1, (os.cpu_count() or 2) - 1))
    parser.add_argument("--history", type=Path, help="write what the clients of the first seed saw, and end")
    asked = parser.parse_args()
    if asked.history is not None:
        run = simulate(asked.seed, RUN_STEPS)
        asked.history.write_text("\n".join(lines(run.records)) + "\n")
        say(run.report())
        return 1 if run.violations else 0
    tally = Tally(asked.seed)
    last = sys.maxsize if asked.runs is None else asked.seed + asked.runs
    steps = asked.steps if asked.runs is None else sys.maxsize
    with contextlib.suppress(KeyboardInterrupt):
        _all(iter(range(asked.seed, last)), asked.workers, tally, steps)
    say(tally.progress)
    say(tally.row)
    return 1 if tally.bad else 0


if __name__ == "__main__":
    sys.exit(main())
