"""Every outcome that a device was told is recorded reaches its register, exactly once and in sequence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from tests.checker import history as seen
from tests.checker.stored import Stored
from tests.checker.story import Story, Violation

IN_SEQUENCE = "events_in_sequence"
DELIVERED = "outcome_delivered"


def check_sequence(story: Story, stored: Stored) -> Iterator[Violation]:
    """Per client: no number twice, none left out, but where a welcome said so."""
    expected: dict[str, int] = {}
    for position, record in enumerate(story.records):
        if isinstance(record, seen.RegisterConnected):
            before = expected.get(record.who)
            if record.replay == "complete":
                # What the client asked for: to go on after what it had seen.
                expected[record.who] = (record.after or 0) + 1
            elif record.replay == "none" and None not in (record.after, before) and record.event + 1 != before:
                text = f"{record.who} was told that it missed nothing, and goes on after {record.event}"
                yield Violation(IN_SEQUENCE, text, position)
            else:
                expected[record.who] = record.event + 1
        elif isinstance(record, seen.EventSeen):
            if record.number != expected.get(record.who):
                text = f"{record.who} was sent event {record.number} instead of {expected.get(record.who)}"
                yield Violation(IN_SEQUENCE, text, position)
            expected[record.who] = record.number + 1
    if story.settled is None:
        return
    registers = {record.who: record.register for _, record in story.all(seen.RegisterConnected)}
    for who, register in registers.items():
        last = stored.last_events.get(register, 0)
        if expected[who] != last + 1:
            yield Violation(IN_SEQUENCE, f"{who} has seen events up to {expected[who] - 1}, the store has {last}")


def check_delivered(story: Story, stored: Stored) -> Iterator[Violation]:
    """Each client that goes without a break sees the outcome as an event once; each register learns it somehow."""
    unbroken = _unbroken(story)
    for transaction_id, showings in story.showings.items():
        was_final: dict[str, seen.Shown] = {}
        for showing in showings:
            if showing.number is None or not showing.shown.final:
                continue
            before = was_final.get(showing.who)
            if before is not None and before == showing.shown and showing.who in unbroken:
                yield Violation(
                    DELIVERED, f"{showing.who} was told twice that {transaction_id} ended", showing.position
                )
            was_final[showing.who] = showing.shown
    if story.settled is None:
        return
    recorded = {record.transaction_id for _, record in story.all(seen.OutcomeRecorded)}
    clients: dict[str, set[str]] = defaultdict(set)
    for _, record in story.all(seen.RegisterConnected):
        clients[record.register].add(record.who)
    for transaction_id in recorded:
        found = stored.transactions.get(transaction_id)
        if found is None:
            continue  # said elsewhere
        showings = story.showings.get(transaction_id, [])
        ends = [showing for showing in showings if showing.shown.final]
        # One that no register ever saw was submitted without a key, and its answer was lost on the way.
        if showings and not ends:
            yield Violation(DELIVERED, f"{transaction_id} is recorded as {found.state}, and no register learnt it")
        for who in clients[found.register] & unbroken:
            first_seen = next((each for each in showings if each.who == who), None)
            told = any(showing.who == who and showing.number is not None for showing in ends)
            if first_seen is not None and not first_seen.shown.final and not told:
                yield Violation(DELIVERED, f"{who} was not told that {transaction_id} ended")


def _unbroken(story: Story) -> frozenset[str]:
    """Clients whose sequence was never begun anew: no snapshot, no lost memory."""
    connected: dict[str, int] = defaultdict(int)
    broken: set[str] = set()
    for _, record in story.all(seen.RegisterConnected):
        if record.replay == "snapshot" or (record.after is None and connected[record.who] > 0):
            broken.add(record.who)
        connected[record.who] += 1
    return frozenset(connected) - broken
