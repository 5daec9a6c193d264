"""The server as it is configured, against RFC 6455."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.conformance import closing, framing, opening, utf8
from tests.conformance.case import Case
from tests.faults.hub_process import HubProcess, listening
from tests.faults.nursery_client import Nursery
from tests.faults.verdict import tracebacks

CASES = [*opening.CASES, *framing.CASES, *utf8.CASES, *closing.CASES]

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def hub(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[HubProcess]:
    """One hub for all cases."""
    folder: Path = tmp_path_factory.mktemp("conformance")
    async with Nursery() as nursery:
        # A case looks at each frame that comes; a ping of the hub's own would be none of those that it expects.
        hub = HubProcess(nursery, folder, heartbeat_seconds="600")
        await hub.start()
        await listening(hub)
        yield hub
        await hub.stop()


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_case(hub: HubProcess, case: Case) -> None:
    before = hub.log.stat().st_size
    await case.run(hub.port)
    assert not tracebacks(hub.log, since=before), "a peer's mistake is no fault of the hub"
