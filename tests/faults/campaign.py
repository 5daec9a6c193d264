"""A campaign: one kind of fault, run after run, each with its own seed, and a table at the end.

Responsible for folders, time limits, progress and the replay line; what a run does is its own business. A campaign may
be interrupted: the table then tells what was done.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path

from hub import log
from tests.faults.nursery_client import Nursery

Counts = Counter[str]

RUN_SECONDS = 60.0
"""A run that takes longer has hung; that is a violation too."""

PROGRESS_SECONDS = 5.0

Run = Callable[[Nursery, Path, int], Awaitable[Counts]]
"""One run in an empty folder. Returns what it did; raises `Violation`."""

Stage = Callable[[Nursery, Path], AbstractAsyncContextManager[Run]]
"""What all runs of a campaign share, such as one hub; leaving it may raise `Violation` too."""


def by_itself(run: Run) -> Stage:
    """Runs that share nothing."""

    @contextlib.asynccontextmanager
    async def stage(_nursery: Nursery, _folder: Path) -> AsyncIterator[Run]:
        yield run

    return stage


class Violation(AssertionError):
    """The hub broke a promise. `problems` says which."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = list(problems)


@dataclass
class Report:
    """What a campaign came to."""

    kind: str
    runs: int = 0
    counts: Counts = field(default_factory=Counter)
    violations: list[tuple[int, str]] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, counts: Counts) -> None:
        self.runs += 1
        self.counts += counts

    @property
    def table(self) -> str:
        rows = [("runs", f"{self.runs:,}"), *((name, f"{count:,}") for name, count in sorted(self.counts.items()))]
        rows += [("violations", f"{len(self.violations):,}"), ("seconds", f"{self.seconds:,.0f}")]
        width = max(len(name) for name, _ in rows)
        return "\n".join([self.kind, *(f"  {name:<{width}}  {value:>12}" for name, value in rows)])


def replay_line(kind: str, seed: int) -> str:
    return f"scripts/torture {kind} --seed {seed} --cycles 1"


class Campaign:
    """`play` the seeds one after the other; a folder of a run with a violation is kept in `keep`, if that is given."""

    def __init__(self, kind: str, stage: Stage, *, keep: Path | None = None) -> None:
        self._stage = stage
        self._keep = keep
        self.report = Report(kind)

    async def play(self, seeds: Sequence[int], on_run: Callable[[Report], None] = lambda _report: None) -> Report:
        """Stops early only when cancelled; the report tells how far it came."""
        began = time.monotonic()
        with _folder(self.report.kind) as shared:
            try:
                async with Nursery() as nursery, self._stage(nursery, shared) as run:
                    for seed in seeds:
                        await self._once(run, nursery, seed)
                        self.report.seconds = time.monotonic() - began
                        on_run(self.report)
            except Violation as violation:
                self.report.violations.append((seeds[0], f"at the end of all runs: {violation}"))
        return self.report

    async def _once(self, run: Run, nursery: Nursery, seed: int) -> None:
        with _folder(f"{self.report.kind}-{seed}") as folder:
            try:
                async with asyncio.timeout(RUN_SECONDS):
                    self.report.add(await run(nursery, folder, seed))
            except Exception as error:
                self.report.runs += 1
                self.report.violations.append((seed, f"{type(error).__name__}: {error}{_more(error)}"))
                if self._keep is not None:
                    shutil.copytree(folder, self._keep / folder.name, dirs_exist_ok=True)


@contextlib.contextmanager
def _folder(name: str) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _more(error: BaseException) -> str:
    """What is inside a group of exceptions, on one line."""
    if not isinstance(error, BaseExceptionGroup):
        return ""
    return " (" + "; ".join(f"{type(each).__name__}: {each}{_more(each)}" for each in error.exceptions) + ")"


async def check(kind: str, stage: Stage, seeds: Sequence[int]) -> Report:
    """For tests: play the seeds, and fail with the replay lines of those that were violated."""
    report = await Campaign(kind, stage).play(seeds)
    told = [f"{text}\n  replay: {replay_line(kind, seed)}" for seed, text in report.violations]
    assert not told, "\n".join(told)
    return report


def command(kind: str, stage: Stage, *, cycles: int, description: str | None) -> int:
    """For the long run: `--seed`, `--cycles`, progress, one table; exit code 1 if there was a violation."""
    parser = argparse.ArgumentParser(prog=f"scripts/torture {kind}", description=description)
    parser.add_argument("--seed", type=int, default=1, help="seed of the first run (default 1)")
    parser.add_argument("--cycles", type=int, default=cycles, help=f"how many runs (default {cycles:,})")
    parser.add_argument("--step", type=int, default=1, help="from one seed to the next (default 1)")
    parser.add_argument("--keep", type=Path, help="keep the folders of violated runs here")
    given = parser.parse_args()
    log.configure(level="error")  # of hubs in this process; those of their own have their own logs
    campaign = Campaign(kind, stage, keep=given.keep)
    seeds = range(given.seed, given.seed + given.cycles * given.step, given.step)
    asyncio.run(_interruptible(campaign, seeds, given.cycles))
    print(campaign.report.table)
    for seed, text in campaign.report.violations:
        print(f"  seed {seed}: {text}\n    replay: {replay_line(kind, seed)}")
    return 1 if campaign.report.violations else 0


async def _interruptible(campaign: Campaign, seeds: Sequence[int], total: int) -> None:
    playing = asyncio.ensure_future(campaign.play(seeds, _progress(total)))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, playing.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await playing


def _progress(total: int) -> Callable[[Report], None]:
    last = time.monotonic()

    def show(report: Report) -> None:
        nonlocal last
        if time.monotonic() - last >= PROGRESS_SECONDS:
            last = time.monotonic()
            print(
                f"{report.kind}: {report.runs:,} of {total:,}, {len(report.violations)} violations, "
                f"{report.seconds:,.0f} s",
                file=sys.stderr,
            )

    return show
