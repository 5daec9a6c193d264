"""DeviceQueue: every cell of its table; how many may wait."""

from __future__ import annotations

from typing import Any

import pytest

from statemachines.device_queue import DEVICE_QUEUE, QueueState, QueueTrigger, admit
from statemachines.refusal import Refusal
from tests.statemachines.grid import Expected, cells, check_cell, check_names

EXPECTED: Expected = {
    "offline": {"connect": "reconciling"},
    "idle": {"connect": "reconciling", "disconnect": "offline", "dispatch": "sending"},
    "sending": {
        "connect": "reconciling",
        "disconnect": "offline",
        "settle": "idle",
        "acknowledge": "processing",
        "stall": "stalled",
    },
    "processing": {"connect": "reconciling", "disconnect": "offline", "settle": "idle", "stall": "stalled"},
    "reconciling": {
        "connect": "reconciling",
        "disconnect": "offline",
        "settle": "idle",
        "acknowledge": "processing",
        "stall": "stalled",
    },
    "stalled": {"connect": "reconciling", "disconnect": "offline", "settle": "idle", "acknowledge": "processing"},
}


@pytest.mark.parametrize(("state", "trigger", "target"), cells(DEVICE_QUEUE, QueueTrigger, EXPECTED))
def test_cell(state: Any, trigger: Any, target: str | None) -> None:
    check_cell(DEVICE_QUEUE, state, trigger, target)


def test_the_expectation_is_complete() -> None:
    check_names(DEVICE_QUEUE, QueueTrigger, EXPECTED)
    assert DEVICE_QUEUE.initial is QueueState.OFFLINE
    assert DEVICE_QUEUE.final == frozenset()


def test_only_an_idle_queue_sends_the_next_one() -> None:
    senders = [state for state in QueueState if DEVICE_QUEUE.permits(state, QueueTrigger.DISPATCH)]
    assert senders == [QueueState.IDLE]


@pytest.mark.parametrize(("waiting", "limit"), [(0, 1), (49, 50)])
def test_admit_lets_in_up_to_the_limit(waiting: int, limit: int) -> None:
    admit(waiting=waiting, limit=limit)


@pytest.mark.parametrize("waiting", [50, 51])
def test_admit_refuses_with_the_text_of_the_pos_api(waiting: int) -> None:
    with pytest.raises(Refusal) as caught:
        admit(waiting=waiting, limit=50)
    refusal = caught.value
    assert (refusal.code, refusal.text, refusal.retryable) == ("device_busy", "device is busy", True)
    assert refusal.details == {"queue_limit": 50}
