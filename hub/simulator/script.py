"""Scripts: who decides what happens at the terminal. Cardholder, card and acquirer in one.

A `Script` plays one `Job` to its `Verdict`. `AmountScript` decides by the amount, as test hosts do; with `ManualScript`
a test decides step by step. A script knows no socket: it tells stages through the job.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from hub.clock import Clock, sleep
from hub.simulator.network import Held, Network
from hub.wire.device import Result, Start
from statemachines.transaction import Outcome

POINT_OF_NO_RETURN = frozenset({"authorising", "signing"})
"""Stages in which a cancel comes too late: the acquirer has been asked."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of it. Amounts in cents; tip and surcharge are added to the total."""

    outcome: Outcome
    reason: str | None = None
    text: str | None = None
    tip_cents: int = 0
    surcharge_cents: int = 0


APPROVED = Verdict(Outcome.APPROVED, text="APPROVED")
CANCELLED_BY_POS = Verdict(Outcome.CANCELLED, "cancelled_by_pos", "CANCELLED")


class Job:
    """One payment on the device, in one power cycle."""

    def __init__(
        self, start: Start, *, clock: Clock, network: Network, tell: Callable[[str, str], asyncio.Task[bool]]
    ) -> None:
        loop = asyncio.get_running_loop()
        self.start = start
        self.decision: asyncio.Future[Verdict] = loop.create_future()
        """Where a test puts its verdict; `ManualScript` waits for it."""
        self.finished: asyncio.Future[Result] = loop.create_future()
        """The result, once it is in the device's durable memory."""
        self.cancelling = asyncio.Event()
        """Set when the POS wants to cancel and the device has agreed to."""
        self.stage_now: str | None = None
        self._clock = clock
        self._network = network
        self._tell = tell

    @property
    def transaction_id(self) -> str:
        return self.start.transaction_id

    @property
    def amount_cents(self) -> int:
        """What is to be paid, without tip and surcharge."""
        start = self.start
        return start.amount_total_cents or start.amount_auth_cents or start.amount_final_cents or 0

    def stage(self, stage: str) -> asyncio.Task[bool]:
        """Enter a stage, and tell the hub. Awaiting the task is optional: True if the hub took it."""
        self.stage_now = stage
        return self._tell(self.transaction_id, stage)

    def ask_to_cancel(self) -> bool:
        """The POS wants to cancel; True if it is not too late."""
        if self.stage_now in POINT_OF_NO_RETURN:
            return False
        self.cancelling.set()
        return True

    async def pause(self, seconds: float) -> bool:
        """Let time pass, but no longer than to a cancel; True if it is cancelled. 0 does not wait at all."""
        if seconds > 0 and not self.cancelling.is_set():
            waits = {
                asyncio.ensure_future(sleep(self._clock, seconds)),
                asyncio.ensure_future(self.cancelling.wait()),
            }
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()
        return self.cancelling.is_set()

    async def be_silent(self, seconds: float) -> None:
        """Say nothing to the hub for so long, then everything that was to be said."""
        self._network.hold(Held.EVERYTHING)
        await sleep(self._clock, seconds)
        await self._network.release()


class Script(Protocol):
    async def play(self, job: Job) -> Verdict:
        """Play one payment. Cancelled when the device loses power."""


class ManualScript:
    """Waits for the test's decision."""

    async def play(self, job: Job) -> Verdict:
        return await job.decision
