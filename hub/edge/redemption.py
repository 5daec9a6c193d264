"""Redeeming a pairing code, from either door: within the budget for wrong codes."""

from __future__ import annotations

import math

from hub import log
from hub.commands import pairing
from hub.commands.identity import Identity
from hub.edge.edge import Edge
from hub.wire.register import Redeem, Redeemed
from statemachines.refusal import Refusal

_log = log.get("pairing")


async def redeem(edge: Edge, who: Identity, asked: Redeem, *, source: str) -> Redeemed:
    """Pair, or raise `Refusal`: `pairing_code_invalid`, or `too_many_attempts` without looking at the code."""
    wait = edge.guesses.take(source)
    if wait is not None:
        raise Refusal(
            "too_many_attempts",
            "Too many wrong pairing codes. Please wait a moment and try again.",
            retryable=True,
            details={"retry_after_seconds": math.ceil(wait)},
        )
    try:
        redeemed = await edge.engine.execute(pairing.redeem, who, asked)
    except Refusal:
        _log.info("pairing_refused", source=source, register_key=who.register_key)
        raise
    edge.guesses.give_back(source)
    assert redeemed.pairing.device is not None
    _log.info("paired", register_key=who.register_key, device_id=redeemed.pairing.device.device_id)
    return redeemed
