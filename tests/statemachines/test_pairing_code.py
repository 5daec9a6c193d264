"""PairingCode: every cell of its table; redeeming, refreshing, the end of the session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from statemachines.pairing_code import PAIRING_CODE, CodeState, CodeTrigger, may_refresh, redeem, refresh_at
from statemachines.refusal import Refusal
from tests.statemachines.grid import Expected, cells, check_cell, check_names

EXPECTED: Expected = {
    "issued": {"redeem": "redeemed", "replace": "replaced", "expire": "expired", "withdraw": "withdrawn"},
    "replaced": {"redeem": "redeemed", "expire": "expired", "withdraw": "withdrawn"},
    "redeemed": {},
    "expired": {},
    "withdrawn": {},
}


@pytest.mark.parametrize(("state", "trigger", "target"), cells(PAIRING_CODE, CodeTrigger, EXPECTED))
def test_cell(state: Any, trigger: Any, target: str | None) -> None:
    check_cell(PAIRING_CODE, state, trigger, target)


def test_the_expectation_is_complete() -> None:
    check_names(PAIRING_CODE, CodeTrigger, EXPECTED)
    assert PAIRING_CODE.initial is CodeState.ISSUED
    assert PAIRING_CODE.final == {CodeState.REDEEMED, CodeState.EXPIRED, CodeState.WITHDRAWN}


@dataclass
class Code:
    state: CodeState = CodeState.ISSUED
    expires_at: int = 1_000
    session_ends_at: int = 5_000


@pytest.mark.parametrize("state", [CodeState.ISSUED, CodeState.REPLACED])
def test_a_live_code_is_redeemed_until_the_last_millisecond(state: CodeState) -> None:
    code = Code(state)
    redeem(code, now=999, business_name="Toys Shop", reserved_for=None)
    assert code == Code(CodeState.REDEEMED)


def test_a_code_reserved_for_a_business_is_redeemed_by_that_business() -> None:
    code = Code()
    redeem(code, now=0, business_name="Toys Shop", reserved_for="Toys Shop")
    assert code.state is CodeState.REDEEMED


@pytest.mark.parametrize(
    ("code", "now", "reserved_for"),
    [
        pytest.param(None, 0, None, id="no-such-code"),
        pytest.param(Code(), 1_000, None, id="at-its-end"),
        pytest.param(Code(CodeState.REPLACED), 1_001, None, id="after-its-end"),
        pytest.param(Code(CodeState.REDEEMED), 0, None, id="used"),
        pytest.param(Code(CodeState.EXPIRED), 0, None, id="expired"),
        pytest.param(Code(CodeState.WITHDRAWN), 0, None, id="withdrawn"),
        pytest.param(Code(), 0, "Another Shop", id="another-business"),
        pytest.param(Code(), 0, "toys shop", id="matched-exactly"),
    ],
)
def test_every_useless_code_gets_the_same_answer_and_stays_as_it_was(
    code: Code | None, now: int, reserved_for: str | None
) -> None:
    before = None if code is None else Code(code.state, code.expires_at, code.session_ends_at)
    with pytest.raises(Refusal) as caught:
        redeem(code, now=now, business_name="Toys Shop", reserved_for=reserved_for)
    assert code == before
    refusal = caught.value
    assert (refusal.code, refusal.retryable, refusal.details) == ("pairing_code_invalid", False, {})
    assert refusal.text == "Invalid Pairing Code. Please make sure you entered the code correctly"  # pos-api 2


def test_a_code_is_redeemed_once() -> None:
    code = Code()
    redeem(code, now=0, business_name="Toys Shop", reserved_for=None)
    with pytest.raises(Refusal):
        redeem(code, now=0, business_name="Toys Shop", reserved_for=None)


@pytest.mark.parametrize(
    ("ttl_ms", "overlap_ms", "expected"),
    [
        pytest.param(120_000, 15_000, 105_100, id="the-overlap-before-its-end"),
        pytest.param(120_000, 0, 120_100, id="no-overlap"),
        pytest.param(120_000, 60_000, 60_100, id="half-its-life"),
        # An overlap of almost the whole life would issue codes without end.
        pytest.param(120_000, 119_999, 60_100, id="never-before-half-its-life"),
        pytest.param(3, 2, 101, id="odd"),
    ],
)
def test_refresh_at(ttl_ms: int, overlap_ms: int, expected: int) -> None:
    assert refresh_at(issued_at=100, ttl_ms=ttl_ms, overlap_ms=overlap_ms) == expected


@pytest.mark.parametrize("state", list(CodeState))
@pytest.mark.parametrize(("now", "session_goes_on"), [(4_999, True), (5_000, False), (5_001, False)])
def test_may_refresh(state: CodeState, now: int, session_goes_on: bool) -> None:
    assert may_refresh(Code(state), now=now) is (session_goes_on and state is CodeState.ISSUED)
