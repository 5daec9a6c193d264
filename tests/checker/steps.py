"""No illegal transition: the record's own story goes through the table, and so does what a register was shown."""

from __future__ import annotations

from collections.abc import Iterator

from statemachines.transaction import TRANSACTION, TransactionState, TransactionTrigger
from tests.checker.stored import Stored
from tests.checker.story import Story, Violation

NAME = "legal_steps"

_TRIGGERS = frozenset(trigger.value for trigger in TransactionTrigger)


def _reachable() -> dict[str, frozenset[str]]:
    """Which states can follow a state, after any number of steps; the state itself included."""
    reach = {state: {state} for state in TransactionState}
    for _ in TransactionState:
        for (source, _trigger), target in TRANSACTION.steps.items():
            reach[source] |= reach[target]
    return {state.value: frozenset(each.value for each in found) for state, found in reach.items()}


_REACHABLE = _reachable()


def check(story: Story, stored: Stored) -> Iterator[Violation]:
    for found in stored.transactions.values():
        state = TRANSACTION.initial.value
        lines = found.lines
        if not lines or lines[0][1:] != ("submit", state):
            yield Violation(NAME, f"the story of {found.transaction_id} does not begin with its submit")
        for _, what, after in lines:
            expected = state
            if what in _TRIGGERS:
                step = TRANSACTION.steps.get((TransactionState(state), what))
                if step is None:
                    yield Violation(NAME, f"{found.transaction_id}: {what} in state {state}")
                else:
                    expected = step.value
            if after != expected:
                yield Violation(NAME, f"{found.transaction_id}: {what} led from {state} to {after}")
            state = after
        if state != found.state:
            yield Violation(
                NAME, f"the story of {found.transaction_id} ends with {state}, the record with {found.state}"
            )
    yield from _shown(story)


def _shown(story: Story) -> Iterator[Violation]:
    for transaction_id, showings in story.showings.items():
        latest: dict[str, str] = {}
        for showing in showings:
            if showing.number is None:
                continue  # an answer may overtake events
            before, state = latest.get(showing.who), showing.shown.state
            if before is not None and state not in _REACHABLE[before]:
                yield Violation(NAME, f"{transaction_id} was shown as {before}, then as {state}", showing.position)
            latest[showing.who] = state
