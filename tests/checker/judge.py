"""The judge: a history and the final store in, violations out.

Each invariant has a name, and looks at everything by itself. A name that no broken hub makes the judge say is a defect:
tests/simulation/test_controls.py breaks the hub once for each.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from tests.checker import acknowledged, charges, delivery, history, liveness, order, pairings, steps, truth
from tests.checker.history import Record
from tests.checker.stored import Stored
from tests.checker.story import Story, Violation

Invariant = Callable[[Story, Stored], Iterator[Violation]]

INVARIANTS: dict[str, Invariant] = {
    acknowledged.NAME: acknowledged.check,
    charges.NAME: charges.check,
    order.ORDER: order.check_order,
    order.IN_FLIGHT: order.check_in_flight,
    order.AS_NEW: order.check_as_new,
    steps.NAME: steps.check,
    truth.NEVER_SENT: truth.check_never_sent,
    truth.PAYMENT_WINS: truth.check_payment_wins,
    truth.UNKNOWN: truth.check_unknown,
    delivery.IN_SEQUENCE: delivery.check_sequence,
    delivery.DELIVERED: delivery.check_delivered,
    pairings.NAME: pairings.check,
    liveness.STUCK: liveness.check_stuck,
    liveness.PRESENCE: liveness.check_presence,
    liveness.FAILED: liveness.check_failures,
}


def judge(records: Iterable[Record], stored: Stored) -> list[Violation]:
    """All violations, those of one invariant together. Without a `Settled` record nothing is asked of the end."""
    story = Story(records)
    return [violation for check in INVARIANTS.values() for violation in check(story, stored)]


def main(arguments: list[str]) -> int:
    """`python -m tests.checker.judge HISTORY.jsonl HUB.db`"""
    violations = judge(history.read(Path(arguments[0])), Stored.read(Path(arguments[1])))
    for violation in violations:
        print(violation)  # noqa: T201 - its answer
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
