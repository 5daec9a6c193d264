"""5,000 malformed frames and requests at one hub: no traceback, no 5xx, no growing memory."""

from __future__ import annotations

import pytest

from tests.faults import fuzz
from tests.faults.campaign import check

pytestmark = pytest.mark.timeout(900)  # each is many runs, which have time limits of their own

SESSIONS = 200


async def test_nothing_malformed_hurts() -> None:
    report = await check("fuzz", fuzz.stage(fuzz.WARM_UP), range(1, SESSIONS + 1))
    assert report.counts["inputs"] == 5_000
