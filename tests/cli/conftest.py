from __future__ import annotations

import pytest

from tests.cli.operator import Operator
from tests.running import RunningHub


@pytest.fixture
def operator(hub: RunningHub) -> Operator:
    return Operator(hub)
