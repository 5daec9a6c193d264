"""Per device, starts in the order received, never two in flight. An unknown outcome is never sent again as new."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator

from tests.checker import history as seen
from tests.checker.stored import Stored
from tests.checker.story import Story, Violation

ORDER = "starts_in_order"
IN_FLIGHT = "one_in_flight"
AS_NEW = "never_again_as_new"

_IN_FLIGHT = frozenset(("sending", "processing", "cancelling"))


def check_order(story: Story, stored: Stored) -> Iterator[Violation]:
    yield from _received_in_order(story, stored)
    by_device: dict[str, list[tuple[int, int, int, str]]] = defaultdict(list)
    for position, start in story.all(seen.StartSeen):
        found = stored.transactions.get(start.transaction_id)
        if found is None:
            yield Violation(ORDER, f"{start.transaction_id} was started and is not in the store", position)
        elif found.device != start.device:
            yield Violation(ORDER, f"{start.transaction_id} was started on {start.device}", position)
        else:
            by_device[start.device].append((start.epoch, position, found.seq, start.transaction_id))
    for device, starts in by_device.items():
        # Within a connection a device sees the order of sending; between connections the epochs tell it.
        starts.sort()
        latest = 0
        for _, position, seq, transaction_id in starts:
            if seq < latest:
                text = f"{device} was sent {transaction_id} ({seq}) after {latest}"
                yield Violation(ORDER, text, position)
            latest = max(latest, seq)


def _received_in_order(story: Story, stored: Stored) -> Iterator[Violation]:
    """A submit that was answered before another was asked stands before it in the queue."""
    answered_up_to = 0
    floors: dict[tuple[str, object], int] = {}
    calls: dict[tuple[str, int], tuple[str, object]] = {}
    for position, record in enumerate(story.records):
        if isinstance(record, seen.SubmitInvoked):
            call = (record.who, record.call)
            order = (record.register, call if record.key is None else record.key)
            calls[call] = order
            floors.setdefault(order, answered_up_to)
        elif isinstance(record, seen.SubmitAnswered):
            found = stored.transactions.get(record.shown.transaction_id)
            if found is None:
                continue
            if found.seq <= floors[calls[record.who, record.call]] and not record.replayed:
                yield Violation(ORDER, f"{found.transaction_id} overtook one that had been answered before", position)
            answered_up_to = max(answered_up_to, found.seq)


def check_in_flight(story: Story, stored: Stored) -> Iterator[Violation]:
    """The device: nothing new comes while it is at one. The record: its times in flight do not overlap, where the hub's
    clock was left alone."""
    at_work: dict[tuple[str, str], str] = {}
    for position, record in enumerate(story.records):
        if isinstance(record, seen.Begun):
            at_work[record.device, record.serial] = record.transaction_id
        elif isinstance(record, seen.Finished):
            if at_work.get((record.device, record.serial)) == record.transaction_id:
                del at_work[record.device, record.serial]
        elif isinstance(record, seen.StartSeen):
            busy_with = at_work.get((record.device, record.serial))
            if busy_with not in (None, record.transaction_id) and not story.resolved_before(str(busy_with), position):
                text = f"{record.transaction_id} was sent while {record.serial} was at {busy_with}"
                yield Violation(IN_FLIGHT, text, position)
    if story.all(seen.ClockStepped):
        return
    times: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    for found in stored.transactions.values():
        since = None
        for at, _, state in found.lines:
            if state in _IN_FLIGHT:
                since = at if since is None else since
            elif since is not None:
                times[found.device].append((since, at, found.transaction_id))
                since = None
    for device, spans in times.items():
        spans.sort()
        for (_, until, first), (since, ended, second) in itertools.pairwise(spans):
            if since < until and since < ended:
                yield Violation(IN_FLIGHT, f"{second} was in flight on {device} together with {first}")


def check_as_new(story: Story, stored: Stored) -> Iterator[Violation]:
    """A first attempt that follows another one needs the word of that hardware that it has not begun.

    What one hardware has begun is never sent to another, and never as new to the same.
    """
    begun: dict[str, list[tuple[int, seen.Begun]]] = defaultdict(list)
    for position, record in story.all(seen.Begun):
        begun[record.transaction_id].append((position, record))
    for transaction_id, starts in story.starts.items():
        words = story.not_begun.get(transaction_id, [])
        fresh = 0
        for position, start in starts:
            fresh += start.attempt == 1
            before = [each for at, each in begun[transaction_id] if at < position]
            if start.attempt == 1 and any(each.serial != start.serial for each in before):
                text = f"{transaction_id} was begun by {before[0].serial} and sent to {start.serial}"
                yield Violation(AS_NEW, text, position)
            elif fresh - 1 > sum(at < position for at, _ in words):
                text = f"{transaction_id} was sent as new {fresh} times, and the device had not denied it as often"
                yield Violation(AS_NEW, text, position)
