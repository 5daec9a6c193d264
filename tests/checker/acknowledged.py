"""Whatever was acknowledged is stored, and as it was said. What was refused has not happened."""

from __future__ import annotations

from collections.abc import Iterator

from statemachines.transaction import TRANSACTION
from tests.checker import history as seen
from tests.checker.stored import Stored
from tests.checker.story import Story, Violation

NAME = "acknowledged_is_stored"
_FINAL = frozenset(state.value for state in TRANSACTION.final)


def check(story: Story, stored: Stored) -> Iterator[Violation]:
    yield from _transactions(story, stored)
    yield from _submits(story, stored)
    yield from _events(story, stored)
    yield from _outcomes(story, stored)
    yield from _redemptions(story, stored)


def _transactions(story: Story, stored: Stored) -> Iterator[Violation]:
    """What a register was shown is in the store, is its own, and if it was final then it still is so."""
    for transaction_id, showings in story.showings.items():
        found = stored.transactions.get(transaction_id)
        for showing in showings:
            if found is None:
                yield Violation(NAME, f"{transaction_id} was shown and is not in the store", showing.position)
                break
            if found.register != showing.register:
                yield Violation(NAME, f"{transaction_id} was shown to another register", showing.position)
            if showing.shown.final and showing.shown.state != found.state:
                text = f"{transaction_id} was shown as {showing.shown.state} for good, and is stored as {found.state}"
                yield Violation(NAME, text, showing.position)


def _submits(story: Story, stored: Stored) -> Iterator[Violation]:
    invoked = {(record.who, record.call): record for _, record in story.all(seen.SubmitInvoked)}
    refused = {(record.who, record.call) for _, record in story.all(seen.SubmitRefused)}
    for position, record in story.all(seen.SubmitAnswered):
        asked = invoked[record.who, record.call]
        found = stored.transactions.get(record.shown.transaction_id)
        if found is None:
            continue  # said above
        if found.key != asked.key:
            yield Violation(NAME, f"{found.transaction_id} is stored with the key {found.key}", position)
        if found.amount_cents is not None and found.amount_cents != asked.amount_cents:
            yield Violation(NAME, f"{found.transaction_id} is stored with {found.amount_cents} cents", position)
    kept = {(found.register, found.key) for found in stored.transactions.values() if found.key is not None}
    may_be_kept = {(asked.register, asked.key) for call, asked in invoked.items() if call not in refused}
    for register, key in sorted(kept - may_be_kept):
        if any((asked.register, asked.key) == (register, key) for asked in invoked.values()):
            yield Violation(NAME, f"every submit with the key {key} was refused, and one is stored")


def _events(story: Story, stored: Stored) -> Iterator[Violation]:
    for position, record in story.all(seen.EventSeen):
        last = stored.last_events.get(record.register)
        if last is None or record.number > last:
            yield Violation(NAME, f"event {record.number} was pushed, and the store ends with {last}", position)
        told = stored.events.get((record.register, record.number))
        if told is not None and record.shown is not None and told != (record.shown.transaction_id, record.shown.state):
            yield Violation(NAME, f"event {record.number} is stored as {told}", position)


def _outcomes(story: Story, stored: Stored) -> Iterator[Violation]:
    for position, record in story.all(seen.OutcomeRecorded):
        found = stored.transactions.get(record.transaction_id)
        if found is None or found.state not in _FINAL:
            state = None if found is None else found.state
            yield Violation(NAME, f"{record.transaction_id} was said to be recorded, and is {state}", position)
        elif record.outcome not in (found.outcome, found.conflict):
            text = f"{record.transaction_id} was said to be recorded as {record.outcome}, and is {found.outcome}"
            yield Violation(NAME, text, position)
        elif record.state not in ("", found.state):
            yield Violation(NAME, f"{record.transaction_id} was said to be {record.state}, is {found.state}", position)


def _redemptions(story: Story, stored: Stored) -> Iterator[Violation]:
    for position, record in story.all(seen.RedeemAnswered):
        found = stored.pairings.get(record.pairing_id)
        if found is None or (found.register, found.device) != (record.register, record.device_id):
            yield Violation(NAME, f"the pairing {record.pairing_id} was acknowledged and is not stored so", position)
