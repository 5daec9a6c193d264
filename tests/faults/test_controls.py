"""Positive controls: each kind of fault must catch a hub that is wrong in the way that this kind is for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import pytest

from tests.faults import disk_error, fuzz, kill, network
from tests.faults.campaign import Campaign, Counts, Report, Stage, by_itself
from tests.faults.hub_process import HubProcess
from tests.faults.network_plan import Plan

pytestmark = pytest.mark.timeout(900)  # each is many runs, which have time limits of their own


class Kind(NamedTuple):
    """Seeds are played until one has found the build out; a wrong build hangs many a run, and that is not enough.

    There are several times as many as the first that does: which one that is the scheduler has a say in.
    """

    name: str
    stage: Stage
    seeds: Sequence[int]
    run_seconds: float = 20


KILL = Kind("kill", by_itself(kill.run), range(1, 61), run_seconds=5)
DISK_ERROR = Kind("disk_error", by_itself(disk_error.run), range(402, 500, 4))
CUT = Kind("network", by_itself(network.run), [seed for seed in range(200) if Plan.of(seed).kind == "cut"])
STORM = Kind("network", by_itself(network.run), range(5, 205, 10))
REPLACED = Kind("network", by_itself(network.run), range(9, 209, 10))
FUZZ = Kind("fuzz", fuzz.stage(fuzz.WARM_UP), range(1, 200))


@pytest.mark.parametrize(
    ("kind", "build", "complaint"),
    [
        # What it forgot is missed by the judge in the end, or by a client in the middle of its work.
        (KILL, "forgets_a_batch", "acknowledged_is_stored|There is no such transaction"),
        (DISK_ERROR, "believes_in_the_disk", "There is no such transaction"),
        (CUT, "ignores_the_key", "one_charge"),
        (STORM, "loses_what_was_missed", "events_in_sequence"),
        (REPLACED, "sends_to_new_hardware", "never_again_as_new"),
        (FUZZ, "trips_over_odd_methods", "KeyError"),
        (FUZZ, "keeps_every_frame", "memory has grown"),
    ],
    ids=lambda value: value.name if isinstance(value, Kind) else value,
)
async def test_a_wrong_build_is_caught(kind: Kind, build: str, complaint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HubProcess, "build", (f"tests.faults.patches:{build}",))
    report = Report()

    def tell(seed: int, counts: Counts, problem: str | None) -> None:
        report.take(seed, counts, problem)
        if problem is not None and re.search(complaint, problem):
            raise _Caught

    with pytest.raises(_Caught):
        await Campaign(kind.name, kind.stage, run_seconds=kind.run_seconds).play(kind.seeds, tell)


class _Caught(Exception):
    """It was found out; the other seeds need not be played."""
