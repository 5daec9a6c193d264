"""Redeeming a pairing code, from either door: within the budget for wrong codes."""

from __future__ import annotations

import asyncio
import math
from functools import partial

from hub import log
from hub.commands import pairing
from hub.commands.identity import Identity
from hub.edge.edge import Edge
from hub.wire.register import Redeem, Redeemed
from statemachines.refusal import Refusal

_log = log.get("pairing")


def redeem(edge: Edge, who: Identity, asked: Redeem, *, source: str) -> asyncio.Future[Redeemed]:
    """Pair; the future raises what the command does, such as `Refusal` with `pairing_code_invalid`.

    Raises `Refusal` with `too_many_attempts` at once, without a look at the code.
    """
    wait = edge.guesses.take(source)
    if wait is not None:
        raise Refusal(
            "too_many_attempts",
            "Too many wrong pairing codes. Please wait a moment and try again.",
            retryable=True,
            details={"retry_after_seconds": math.ceil(wait)},
        )
    redeeming = edge.engine.execute(pairing.redeem, who, asked)
    redeeming.add_done_callback(partial(_redeemed, edge, who, source))
    return redeeming


def _redeemed(edge: Edge, who: Identity, source: str, redeeming: asyncio.Future[Redeemed]) -> None:
    if redeeming.cancelled():
        return
    if (problem := redeeming.exception()) is not None:
        if isinstance(problem, Refusal):
            _log.info("pairing_refused", source=source, register_key=who.register_key)
        return
    edge.guesses.give_back(source)
    redeemed = redeeming.result()
    assert redeemed.pairing.device is not None
    _log.info("paired", register_key=who.register_key, device_id=redeemed.pairing.device.device_id)
