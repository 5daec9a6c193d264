"""Test amounts: the last two digits of the cents decide what happens, as at an acquirer's test host.

The numbers follow the response codes of ISO 8583 where one fits. `PLANS` is the table, for docs and screens too.
"""

from __future__ import annotations

from dataclasses import dataclass

from hub.simulator.script import APPROVED, CANCELLED_BY_POS, Job, Verdict
from hub.wire.function import Function
from statemachines.transaction import Outcome

PACE_SECONDS = 1.0
SLOW_SECONDS = 20.0
SILENT_SECONDS = 90.0
"""Longer than the hub's `silence_seconds`, so that the POS sees OK-DELAYED before the outcome."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`before` are stages between the card and the authorisation, `after` those that follow it."""

    says: str
    verdict: Verdict = APPROVED
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    walks_away: bool = False
    slow: bool = False
    silent: bool = False


def _declined(reason: str, text: str) -> Verdict:
    return Verdict(Outcome.DECLINED, reason, text)


_APPROVES = Plan("approved")

PLANS: dict[int, Plan] = {
    0: _APPROVES,
    5: Plan("declined: insufficient_funds", _declined("insufficient_funds", "INSUFFICIENT FUNDS")),
    8: Plan("approved with signature", after=("signing",)),
    10: Plan(
        "approved with a tip of 1.00", Verdict(Outcome.APPROVED, text="APPROVED", tip_cents=100), ("entering_tip",)
    ),
    15: Plan(
        "approved with a surcharge of 0.15",
        Verdict(Outcome.APPROVED, text="APPROVED", surcharge_cents=15),
        ("confirming_surcharge",),
    ),
    17: Plan(
        "cancelled by the customer",
        Verdict(Outcome.CANCELLED, "cancelled_by_customer", "CANCELLED"),
        walks_away=True,
    ),
    20: Plan(
        "approved with a tip of 1.00 and a surcharge of 0.15",
        Verdict(Outcome.APPROVED, text="APPROVED", tip_cents=100, surcharge_cents=15),
        ("confirming_surcharge", "entering_tip"),
    ),
    51: Plan("declined: do_not_honour", _declined("do_not_honour", "DECLINED")),
    54: Plan("declined: card_expired", _declined("card_expired", "CARD EXPIRED")),
    55: Plan("declined: wrong_pin", _declined("wrong_pin", "WRONG PIN"), ("pin_wrong", "entering_pin")),
    68: Plan("approved, slowly", slow=True),
    91: Plan("failed: host_unavailable", Verdict(Outcome.FAILED, "host_unavailable", "HOST UNAVAILABLE")),
    96: Plan("failed: system_error", Verdict(Outcome.FAILED, "system_error", "SYSTEM ERROR")),
    99: Plan("approved, after a long silence", silent=True),
}
"""By the amount modulo 100. Every other amount is approved."""

_FIRST = {
    Function.QR_MERCHANT_PURCHASE: ("showing_qr",),
    Function.QR_CONSUMER_PURCHASE: ("scanning_qr",),
    Function.QR_REFUND: (),
}
_WITH_CARD = ("waiting_for_card", "entering_pin")


def plan_of(amount_cents: int) -> Plan:
    return PLANS.get(amount_cents % 100, _APPROVES)


def stages(function: Function, plan: Plan) -> list[str]:
    """The stages in the order in which the device goes through them."""
    first = _FIRST.get(function, _WITH_CARD)
    if plan.walks_away:
        return list(first[:1])
    return [*first, *plan.before, "authorising", *plan.after]


class AmountScript:
    """Plays what the amount says. `pace_seconds` is the length of a stage; with 0 nothing waits but 68 and 99.

    `tells_stages=False` spares a load test the stage messages.
    """

    def __init__(
        self,
        *,
        pace_seconds: float = PACE_SECONDS,
        slow_seconds: float = SLOW_SECONDS,
        silent_seconds: float = SILENT_SECONDS,
        tells_stages: bool = True,
    ) -> None:
        self._pace_seconds = pace_seconds
        self._slow_seconds = slow_seconds
        self._silent_seconds = silent_seconds
        self._tells_stages = tells_stages

    async def play(self, job: Job) -> Verdict:
        plan = plan_of(job.amount_cents)
        for stage in stages(job.start.function, plan):
            if plan.silent:
                await job.stage(stage)  # still told: the silence begins after it
            elif self._tells_stages:
                job.stage(stage)
            else:
                job.stage_now = stage
            seconds = self._slow_seconds if plan.slow and stage == "authorising" else self._pace_seconds
            if await job.pause(seconds):
                return CANCELLED_BY_POS
        if plan.silent:
            await job.be_silent(self._silent_seconds)
        return plan.verdict
