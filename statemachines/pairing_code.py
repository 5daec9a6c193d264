"""PairingCode: the short-lived secret that a device shows and a person types into the POS.

Laws: single use; a code is accepted until its own `expires_at`, also when a newer one has replaced it on the screen
(the overlap), never after; a device has at most one `issued` code.
"""

from __future__ import annotations

from typing import Protocol

from statemachines.refusal import Refusal
from statemachines.table import Row, Table
from statemachines.word import Word


class CodeState(Word):
    ISSUED = "issued"  # on the device's screen
    REPLACED = "replaced"  # a newer one is on the screen; still accepted until it expires
    REDEEMED = "redeemed"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"  # the device stopped pairing, went away, was revoked, or the session ended


class CodeTrigger(Word):
    REDEEM = "redeem"
    REPLACE = "replace"
    EXPIRE = "expire"
    WITHDRAW = "withdraw"


_LIVE = (CodeState.ISSUED, CodeState.REPLACED)

PAIRING_CODE = Table(
    "pairing code",
    states=CodeState,
    initial=CodeState.ISSUED,
    rows=[
        Row(CodeTrigger.REDEEM, _LIVE, CodeState.REDEEMED),
        Row(CodeTrigger.REPLACE, (CodeState.ISSUED,), CodeState.REPLACED),
        Row(CodeTrigger.EXPIRE, _LIVE, CodeState.EXPIRED),
        Row(CodeTrigger.WITHDRAW, _LIVE, CodeState.WITHDRAWN),
    ],
)


class Code(Protocol):
    """What the decisions below look at. Times are UTC milliseconds."""

    state: CodeState
    expires_at: int
    session_ends_at: int


def invalid_code() -> Refusal:
    """The one answer for a wrong, expired, used or foreign code: it must not tell a guesser which (pos-api 2)."""
    return Refusal("pairing_code_invalid", "Invalid Pairing Code. Please make sure you entered the code correctly")


def redeem(code: Code | None, *, now: int, business_name: str, reserved_for: str | None) -> None:
    """Redeem `code`, or raise `Refusal` and change nothing.

    `reserved_for` is the business that the device was enrolled for: another business's register is refused.
    """
    if code is None or now >= code.expires_at or not PAIRING_CODE.permits(code.state, CodeTrigger.REDEEM):
        raise invalid_code()
    if reserved_for is not None and reserved_for != business_name:
        raise invalid_code()
    PAIRING_CODE.fire(code, CodeTrigger.REDEEM)


def refresh_at(*, issued_at: int, ttl_ms: int, overlap_ms: int) -> int:
    """When a fresh code is issued: early enough that the old one is still accepted for `overlap_ms`."""
    return issued_at + max(ttl_ms - overlap_ms, ttl_ms // 2)


def may_refresh(code: Code, *, now: int) -> bool:
    """Whether the pairing session goes on, so that this code is to be replaced by a fresh one."""
    return code.state is CodeState.ISSUED and now < code.session_ends_at
