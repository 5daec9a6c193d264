"""EIO and ENOSPC at ten calls of the sweep; `scripts/torture disk_error` goes through all of it."""

from __future__ import annotations

import pytest

from tests.faults import disk_error
from tests.faults.campaign import by_itself, check

pytestmark = pytest.mark.timeout(900)  # each is many runs, which have time limits of their own

SEEDS = range(3, 800, 81)


@pytest.mark.parametrize("half", [0, 1])
async def test_a_failing_disk_is_never_acknowledged(half: int) -> None:
    report = await check("disk_error", by_itself(disk_error.run), SEEDS[half::2])
    assert report.counts["reached"] >= report.runs - 1, "a call that is never reached proves nothing"


def test_the_seeds_are_all_kinds() -> None:
    plans = [disk_error.Plan.of(seed) for seed in SEEDS]
    assert len(plans) == 10
    assert {(plan.fault.call, plan.fault.effect, plan.at_start) for plan in plans} == {
        (call, f"error={error}", at_start) for call, error, at_start in disk_error.KINDS
    }
