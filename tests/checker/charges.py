"""At most one charge per transaction and per idempotency key; a key is one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from tests.checker import history as seen
from tests.checker.stored import Stored
from tests.checker.story import Story, Violation

NAME = "one_charge"


def check(story: Story, stored: Stored) -> Iterator[Violation]:
    charged_by_key: dict[tuple[str, str], set[str]] = defaultdict(set)
    for transaction_id, charges in story.charged.items():
        position, charge = charges[0]
        if len(charges) > 1:
            yield Violation(NAME, f"{transaction_id} was charged {len(charges)} times", charges[1][0])
        found = stored.transactions.get(transaction_id)
        if found is None:
            yield Violation(NAME, f"{transaction_id} was charged, and nobody has asked for it", position)
            continue
        if found.amount_cents is not None and found.amount_cents != charge.amount_cents:
            text = f"{transaction_id} was charged with {charge.amount_cents} cents instead of {found.amount_cents}"
            yield Violation(NAME, text, position)
        if found.key is not None:
            charged_by_key[found.register, found.key].add(transaction_id)
    for (_, key), transactions in charged_by_key.items():
        if len(transactions) > 1:
            yield Violation(NAME, f"the key {key} was charged {len(transactions)} times")
    yield from _keys(story, stored)


def _keys(story: Story, stored: Stored) -> Iterator[Violation]:
    known: dict[tuple[str, str], str] = {}
    for found in stored.transactions.values():
        if found.key is not None and known.setdefault((found.register, found.key), found.transaction_id) != (
            found.transaction_id
        ):
            yield Violation(NAME, f"the key {found.key} has two transactions in the store")
    asked = {(record.who, record.call): record for _, record in story.all(seen.SubmitInvoked)}
    answered: dict[tuple[str, str], str] = {}
    for position, record in story.all(seen.SubmitAnswered):
        key = asked[record.who, record.call].key
        given = record.shown.transaction_id
        if key is not None and answered.setdefault((record.register, key), given) != given:
            yield Violation(NAME, f"the key {key} was answered with two transactions", position)
