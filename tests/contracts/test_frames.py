"""The check of frames itself: what it lets through, and what it does not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.contract import ContractBroken, FrameCheck, Json, check_frame

HELLO: Json = {"jsonrpc": "2.0", "id": 1, "method": "hello", "params": {"device_id": "7070714000", "serial": "SN-1"}}
STOP: Json = {"jsonrpc": "2.0", "id": 2, "method": "pairing.stop"}
STOPPED: Json = {"jsonrpc": "2.0", "id": 2, "result": {"stopped": True}}
REFUSED: Json = {
    "jsonrpc": "2.0",
    "id": 2,
    "error": {"code": -32000, "message": "no", "data": {"code": "device_busy", "retryable": True, "details": {}}},
}
CLOSED: Json = {"jsonrpc": "2.0", "method": "pairing.closed", "params": {"cause": "redeemed"}}


def test_a_conversation() -> None:
    check = FrameCheck("device")
    check("send", HELLO)
    check("send", STOP)
    check("receive", CLOSED)
    check("receive", STOPPED)
    check("receive", REFUSED)


@pytest.mark.parametrize(
    ("direction", "frame"),
    [
        ("send", HELLO | {"method": "goodbye"}),
        ("send", HELLO | {"jsonrpc": "1.0"}),
        ("send", HELLO | {"params": {"device_id": "7070714000"}}),
        ("send", HELLO | {"params": {"device_id": "70 70", "serial": "SN-1"}}),
        ("send", HELLO | {"params": {"device_id": "7070\n", "serial": "SN-1"}}),
        ("send", CLOSED),
        ("receive", STOP),
        ("receive", STOPPED),
        ("receive", CLOSED | {"id": 1}),
        ("receive", CLOSED | {"params": {"cause": "tired"}}),
        ("receive", CLOSED | {"params": {"cause": "redeemed", "by": "till"}}),
        (
            "receive",
            REFUSED | {"error": REFUSED["error"] | {"data": {"code": "no_idea", "retryable": True, "details": {}}}},
        ),
    ],
)
def test_what_the_contract_does_not_know(direction: str, frame: Json) -> None:
    with pytest.raises(ContractBroken):
        FrameCheck("device")(direction, frame)


def test_a_result_is_held_to_the_method_that_it_answers() -> None:
    check = FrameCheck("device")
    check("send", STOP)
    with pytest.raises(ContractBroken, match="stopped"):
        check("receive", STOPPED | {"result": {"removed": 1}})
    check_frame("device", "receive", STOPPED | {"result": {"removed": 1}})
    with pytest.raises(ContractBroken):
        check_frame("device", "receive", STOPPED | {"result": {"eaten": 1}})


def test_what_a_test_sends_wrong_on_purpose_has_its_answer_checked() -> None:
    check = FrameCheck("device")
    check.note(STOP | {"params": 7})
    check("receive", STOPPED)


def test_the_hook_keeps_what_is_wrong() -> None:
    check = FrameCheck("device")
    check.on_frame("sent", json.dumps(STOP))
    check.on_frame("received", json.dumps(STOPPED))
    assert check.problems == []
    check.on_frame("received", json.dumps(STOPPED | {"more": 1}))
    check.on_frame("received", "{")
    assert len(check.problems) == 2


@pytest.mark.parametrize("kind", ["device", "register", "dashboard"])
def test_errors_may_answer_what_could_not_be_read(kind: str) -> None:
    unread: dict[str, Any] = REFUSED | {"id": None}
    FrameCheck(kind)("receive", unread)
