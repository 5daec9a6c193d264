"""What registers are told is true: never sent, cancelled, approved, unknown."""

from __future__ import annotations

from collections.abc import Iterator

from statemachines.transaction import TRANSACTION
from tests.checker import history as seen
from tests.checker.stored import Stored
from tests.checker.story import Story, Violation

NEVER_SENT = "never_sent_is_true"
PAYMENT_WINS = "payment_wins"
UNKNOWN = "unknown_is_unknown"

_FINAL = frozenset(state.value for state in TRANSACTION.final)


def check_never_sent(story: Story, stored: Stored) -> Iterator[Violation]:
    """What was called never sent was never seen by a device, not even later."""
    for transaction_id, showings in story.showings.items():
        starts = story.starts.get(transaction_id)
        claim = next((showing for showing in showings if showing.shown.never_sent), None)
        if claim is not None and starts:
            yield Violation(NEVER_SENT, f"{transaction_id} was called never sent, and a device saw it", starts[0][0])
    for found in stored.transactions.values():
        if found.state == "cancelled" and found.sends == 0 and found.transaction_id in story.starts:
            yield Violation(NEVER_SENT, f"{found.transaction_id} is stored as never sent, and a device saw it")


def check_payment_wins(story: Story, stored: Stored) -> Iterator[Violation]:
    """Money that moved is never shown, answered or stored as anything but approved. The operator may err."""
    for transaction_id, charges in story.charged.items():
        for showing in story.showings.get(transaction_id, []):
            shown = showing.shown
            if shown.state in _FINAL and shown.state != "approved" and not shown.by_operator:
                text = f"{transaction_id} was charged and shown as {shown.state}"
                yield Violation(PAYMENT_WINS, text, showing.position)
        found = stored.transactions.get(transaction_id)
        if found is not None and found.state in _FINAL and found.state != "approved" and not found.by_operator:
            yield Violation(PAYMENT_WINS, f"{transaction_id} was charged and is stored as {found.state}", charges[0][0])
    for position, record in story.all(seen.CancelAnswered):
        charged = record.shown.transaction_id in story.charged
        if record.answer == "cancelled" and charged and not record.shown.by_operator:
            text = f"{record.shown.transaction_id} was charged, and its cancel was answered with cancelled"
            yield Violation(PAYMENT_WINS, text, position)


def check_unknown(story: Story, stored: Stored) -> Iterator[Violation]:
    """An outcome is shown only after a device (or the operator) had one; until then it is called unknown or pending."""
    for transaction_id, showings in story.showings.items():
        for showing in showings:
            problem = _problem(story, transaction_id, showing.position, showing.shown)
            if problem is not None:
                text = f"{transaction_id} was shown as {showing.shown.state}: {problem}"
                yield Violation(UNKNOWN, text, showing.position)
    for found in stored.transactions.values():
        outcomes = {record.outcome for _, record in story.finished.get(found.transaction_id, [])}
        if found.outcome is not None and not found.by_operator and found.outcome not in outcomes:
            yield Violation(UNKNOWN, f"{found.transaction_id} is stored as {found.outcome}; the device had {outcomes}")


def _problem(story: Story, transaction_id: str, position: int, shown: seen.Shown) -> str | None:
    if shown.final != (shown.state in _FINAL):
        return f"final is {shown.final}"
    if shown.delayed != (shown.state == "in_doubt"):
        return f"delayed is {shown.delayed}"
    if shown.state not in _FINAL:
        return None
    if shown.by_operator:
        return None if story.resolved_before(transaction_id, position) else "no operator had resolved it"
    outcomes = {record.outcome for at, record in story.finished.get(transaction_id, []) if at < position}
    if shown.state in outcomes:
        return None
    if shown.state != "cancelled":
        return f"no device had finished it so (but {sorted(outcomes)})"
    # Cancelled without a device's word: it never left the hub, or each hardware that saw it denied having begun.
    if shown.never_sent or transaction_id in story.not_begun:
        return None
    return "the device had not cancelled it, nor denied that it had begun"
