"""The long run: every kind of fault, as often as issue and docs/reliability.md want it, and one table at the end.

    scripts/torture                            everything; hours on a small machine
    scripts/torture kill network --workers 2   these rows only
    scripts/torture --share 0.01               a hundredth of each
    scripts/torture --state FILE               goes on where the last run with that file and this commit was stopped
    scripts/torture kill --seed 7 --cycles 1   one run again

Ctrl-C ends it; the table then says how far it came. Responsible for spreading seeds over processes, for progress and
for the table; what a run is and finds is the rows' business.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import json
import multiprocessing
import os
import platform
import queue
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from tests.faults.campaign import Counts, add, replay_line, scratch
from tests.faults.rows import ROWS, Row

PROGRESS_SECONDS = 5.0
SHOWN = 20
"""Violations that are printed in full."""

LIBRARIES = ("uvicorn", "websockets", "starlette", "aiosqlite", "transitions", "hypothesis")


@dataclass(frozen=True)
class Result:
    """What one run of a row came to."""

    row: str
    seed: int
    counts: Counts
    problem: str | None
    cpu_seconds: float

    def line(self, commit: str) -> str:
        fields = {"commit": commit, "row": self.row, "seed": self.seed, "counts": self.counts}
        return json.dumps({**fields, "problem": self.problem, "cpu_seconds": round(self.cpu_seconds, 3)})


@dataclass(frozen=True)
class Spent:
    """Processor time of a worker that is no single run's: of what it shared, which has ended with it."""

    row: str
    cpu_seconds: float


@dataclass
class Tally:
    """What was done of a row."""

    row: Row
    target: int
    runs: int = 0
    counts: Counts = field(default_factory=Counter)
    seeds: set[int] = field(default_factory=set)
    violations: list[tuple[int, str]] = field(default_factory=list)
    cpu_seconds: float = 0.0

    def add(self, result: Result) -> None:
        self.runs += 1
        self.seeds.add(result.seed)
        add(self.counts, result.counts)
        self.cpu_seconds += result.cpu_seconds
        if result.problem is not None:
            self.violations.append((result.seed, result.problem))

    @property
    def done(self) -> int:
        return self.runs if self.row.counter is None else self.counts[self.row.counter]

    @property
    def progress(self) -> str:
        return (
            f"{self.row.name}: {self.done:,} of {self.target:,} {self.row.unit}, {len(self.violations)} violations, "
            f"{self.cpu_seconds:,.0f} CPU seconds"
        )

    @property
    def cells(self) -> tuple[str, ...]:
        told = "; ".join(f"{name} {count:,}" for name, count in sorted(self.counts.items()) if name != self.row.counter)
        seeds = f"{min(self.seeds)} to {max(self.seeds)}" if self.seeds else "none"
        amount = f"{self.done:,} of {self.target:,} {self.row.unit}"
        return (self.row.name, amount, seeds, f"{len(self.violations):,}", told, f"{self.cpu_seconds:,.0f}")


def table(tallies: Sequence[Tally], wall_seconds: float) -> str:
    head = ("row", "done", "seeds", "runs with violations", "of it", "CPU seconds")
    lines = [head, ("---",) * len(head), *(tally.cells for tally in tallies)]
    rows = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES)
    return (
        f"{rows}\n\n{commit()}, {wall_seconds:,.0f} s on {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}, Linux {platform.release()}, {versions}"
    )


def commit() -> str:
    """The commit that was tried; with a plus if the tree has changes."""
    said = subprocess.run(["git", "describe", "--always", "--dirty=+"], capture_output=True, text=True, check=False)
    return said.stdout.strip() or "no commit"


# The workers.


def _work(name: str, seeds: Sequence[int], keep: Path | None, results: Any) -> None:
    """In a process of its own: play the seeds, and tell each result as soon as there is one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    spent = _cpu_seconds()

    def tell(seed: int, counts: Counts, problem: str | None) -> None:
        nonlocal spent
        before, spent = spent, _cpu_seconds()
        results.put(Result(name, seed, counts, problem, spent - before))

    ROWS[name].play(seeds, keep, tell)
    results.put(Spent(name, _cpu_seconds() - spent))


def _cpu_seconds() -> float:
    """Of this process and of those of its children that have ended, hubs among them."""
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )


class Torture:
    """Hands out seeds, a chunk at a time, until every row has enough."""

    def __init__(self, tallies: Sequence[Tally], *, workers: int, keep: Path | None, state: Path | None) -> None:
        self.tallies = tallies
        self._workers = workers
        self._keep = keep
        self._state = state
        self._commit = commit()
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["tests.faults.rows"])
        self._results: Any = self._context.Queue()
        self._running: dict[BaseProcess, Tally] = {}
        self._under_way: Counter[str] = Counter()
        """Runs that are handed out and not back, by row."""
        self._last_said = 0.0

    def resume(self) -> None:
        """Take over what the state file has of this very commit."""
        if self._state is None or not self._state.exists():
            return
        by_name = {tally.row.name: tally for tally in self.tallies}
        for line in self._state.read_text().splitlines():
            kept = json.loads(line)
            if kept.pop("commit") == self._commit and kept["row"] in by_name:
                by_name[kept["row"]].add(Result(**{**kept, "counts": Counter(kept["counts"])}))

    def run(self, first_seed: int) -> None:
        """Raises `KeyboardInterrupt`; whatever has come back by then counts."""
        chunks = self._chunks(first_seed)
        more = True
        try:
            while more or self._running:
                while more and len(self._running) < self._workers:
                    more = self._start_next(chunks)
                self._collect()
                self._say()
        finally:
            for process in self._running:
                process.terminate()
            for process in self._running:
                process.join()

    def _chunks(self, first_seed: int) -> Iterator[tuple[Tally, list[int]]]:
        """Row after row. A row ends when what is done, and what is likely to come of what is under way, is enough."""
        for tally in self.tallies:
            seed = first_seed
            while tally.done + self._under_way[tally.row.name] * tally.row.a_run < tally.target:
                left = -(-(tally.target - tally.done) // tally.row.a_run) - self._under_way[tally.row.name]
                seeds: list[int] = []
                while len(seeds) < min(tally.row.chunk, left):
                    if seed not in tally.seeds:
                        seeds.append(seed)
                    seed += 1
                yield tally, seeds

    def _start_next(self, chunks: Iterator[tuple[Tally, list[int]]]) -> bool:
        chunk = next(chunks, None)
        if chunk is None:
            return False
        tally, seeds = chunk
        self._under_way[tally.row.name] += len(seeds)
        process = self._context.Process(target=_work, args=(tally.row.name, seeds, self._keep, self._results))
        process.start()
        self._running[process] = tally
        return True

    def _collect(self) -> None:
        ended = [process for process in self._running if not process.is_alive()]
        with contextlib.suppress(queue.Empty):
            while True:
                self._take(self._results.get(timeout=0.0 if ended else 0.5))
        for process in ended:
            tally = self._running.pop(process)
            if process.exitcode != 0:
                raise SystemExit(f"a worker of {tally.row.name} ended with {process.exitcode}")

    def _take(self, result: Result | Spent) -> None:
        tally = next(tally for tally in self.tallies if tally.row.name == result.row)
        if isinstance(result, Spent):
            tally.cpu_seconds += result.cpu_seconds
            return
        tally.add(result)
        self._under_way[result.row] -= 1
        if self._state is not None:
            with self._state.open("a") as state:
                state.write(result.line(self._commit) + "\n")
        if result.problem is not None:
            say(f"{result.row}, seed {result.seed}: {result.problem}")

    def _say(self) -> None:
        if time.monotonic() - self._last_said >= PROGRESS_SECONDS:
            self._last_said = time.monotonic()
            for name in dict.fromkeys(tally.row.name for tally in self._running.values()):
                say(next(tally for tally in self.tallies if tally.row.name == name).progress)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="scripts/torture", description=__doc__.partition("\n")[0])
    parser.add_argument("rows", nargs="*", metavar="row", help=f"which, of {', '.join(ROWS)}; default all")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes (default: one a core)")
    parser.add_argument("--seed", type=int, default=1, help="the first seed of each row")
    parser.add_argument("--cycles", type=int, help="so many runs of each row, instead of the long run's number")
    parser.add_argument("--share", type=float, default=1.0, help="so much of the long run's number")
    parser.add_argument("--state", type=Path, help="remember here what is done, and go on from it")
    parser.add_argument("--keep", type=Path, help="keep what is left of runs with violations in this folder")
    asked = parser.parse_args(arguments)
    unknown = [name for name in asked.rows if name not in ROWS]
    if unknown:
        parser.error(f"there is no row {unknown[0]}; there are {', '.join(ROWS)}")
    rows = [ROWS[name] for name in asked.rows or ROWS]
    tallies = [
        Tally(row, max(1, round(row.target * asked.share)) if asked.cycles is None else asked.cycles * row.a_run)
        for row in rows
    ]
    # Also where a shell has made it deaf to SIGINT because it is in the background.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    tempfile.gettempdir()  # the parent keeps its own
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="torture-", dir=scratch()) as folder:
        os.environ["TMPDIR"] = folder  # of the workers; whatever an interrupted one leaves is in there
        torture = Torture(tallies, workers=asked.workers, keep=asked.keep, state=asked.state)
        torture.resume()
        interrupted = False
        try:
            torture.run(asked.seed)
        except KeyboardInterrupt:
            interrupted = True
    say("interrupted" if interrupted else "done")
    print(table(tallies, time.monotonic() - began))
    found = [(tally.row.name, seed, text) for tally in tallies for seed, text in tally.violations]
    for name, seed, text in found[:SHOWN]:
        print(f"\n{name}, seed {seed}: {text}\n  again: {replay_line(name, seed)}")
    return 1 if found else 130 if interrupted else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
