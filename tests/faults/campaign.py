"""A campaign: one kind of fault, run after run, each with its own seed.

Responsible for folders, time limits and the replay line; what a run does is its own business.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import tempfile
import traceback
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.nursery_client import Nursery

Counts = Counter[str]

RUN_SECONDS = 120.0
"""A run that takes longer has hung; that is a violation too."""

Tell = Callable[[int, Counts, str | None], None]
"""Is told of each run as it ends: its seed, what it did, and what is wrong."""

MOST = "most "
"""Counts whose names begin so are added up by taking the greater one."""

MEMORY = Path("/dev/shm")
ROOM_BYTES = 1 << 30

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


def add(total: Counts, counts: Counts) -> None:
    for name, count in counts.items():
        total[name] = max(total[name], count) if name.startswith(MOST) else total[name] + count


@dataclass
class Report:
    """What a campaign came to."""

    runs: int = 0
    counts: Counts = field(default_factory=Counter)
    violations: list[tuple[int, str]] = field(default_factory=list)

    def take(self, seed: int, counts: Counts, problem: str | None) -> None:
        self.runs += 1
        add(self.counts, counts)
        if problem is not None:
            self.violations.append((seed, problem))


def replay_line(kind: str, seed: int) -> str:
    return f"scripts/torture {kind} --seed {seed} --cycles 1"


class Campaign:
    """`play` the seeds one after the other; a folder of a run with a violation is kept in `keep`, if that is given."""

    def __init__(self, kind: str, stage: Stage, *, keep: Path | None = None, run_seconds: float = RUN_SECONDS) -> None:
        self._kind = kind
        self._stage = stage
        self._keep = keep
        self._run_seconds = run_seconds

    async def play(self, seeds: Sequence[int], tell: Tell) -> None:
        """Stops early only when cancelled."""
        with _folder(self._kind) as shared:
            async with Nursery() as nursery, self._stage(nursery, shared) as run:
                for seed in seeds:
                    tell(seed, *await self._once(run, nursery, seed))

    async def _once(self, run: Run, nursery: Nursery, seed: int) -> tuple[Counts, str | None]:
        with _folder(f"{self._kind}-{seed}") as folder:
            try:
                async with asyncio.timeout(self._run_seconds):
                    return await run(nursery, folder, seed), None
            except Exception as error:
                if self._keep is not None:
                    shutil.copytree(folder, self._keep / folder.name, dirs_exist_ok=True)
                return Counter(), _told(error)


def scratch() -> str | None:
    """Where folders of runs are made: in memory where there is room, the usual place if None.

    What survives is decided by system calls that are killed, failed or replayed, never by a real disk.
    """
    roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_BYTES
    return str(MEMORY) if roomy and "TMPDIR" not in os.environ else None


@contextlib.contextmanager
def _folder(name: str) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=scratch()))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _told(error: BaseException) -> str:
    """An error on one line, with what is inside of a group, and where it was raised."""
    told = f"{type(error).__name__}: {error}"
    if isinstance(error, BaseExceptionGroup):
        return f"{told} ({'; '.join(_told(each) for each in error.exceptions)})"
    if isinstance(error, Violation) or error.__traceback__ is None:
        return told
    where = traceback.extract_tb(error.__traceback__)[-1]
    return f"{told} [{Path(where.filename).name}:{where.lineno}]"


async def check(kind: str, stage: Stage, seeds: Sequence[int]) -> Report:
    """For tests: play the seeds, and fail with the replay lines of those that were violated."""
    report = Report()
    await Campaign(kind, stage).play(seeds, report.take)
    told = [f"{text}\n  replay: {replay_line(kind, seed)}" for seed, text in report.violations]
    assert not told, "\n".join(told)
    return report
