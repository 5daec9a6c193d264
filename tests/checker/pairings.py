"""Pairings obey their cardinality at each moment: a register has one device, a code is good once and in its time.

In the end registers, devices and the store agree.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator

from tests.checker import history as seen
from tests.checker.stored import Stored, StoredPairing
from tests.checker.story import Story, Violation

NAME = "pairings"


def check(story: Story, stored: Stored) -> Iterator[Violation]:
    by_register: dict[str, list[StoredPairing]] = defaultdict(list)
    for pairing in stored.pairings.values():
        by_register[pairing.register].append(pairing)
    yield from _one_device(by_register)
    yield from _routes(stored, by_register)
    yield from _codes(story)
    yield from _removals(story, stored)
    if story.settled is not None:
        yield from _agreement(story, stored)


def _one_device(by_register: dict[str, list[StoredPairing]]) -> Iterator[Violation]:
    for register, pairings in by_register.items():
        pairings.sort(key=lambda pairing: (pairing.paired_at, pairing.ended_at is None, pairing.ended_at))
        active = [pairing for pairing in pairings if pairing.state == "active"]
        if len(active) > 1:
            yield Violation(NAME, f"{register} has {len(active)} devices")
        for pairing in pairings:
            if (pairing.state == "active") != (pairing.ended_at is None):
                yield Violation(NAME, f"{pairing.pairing_id} is {pairing.state} and ended at {pairing.ended_at}")
        for first, second in itertools.pairwise(pairings):
            if first.ended_at is None or first.ended_at > second.paired_at:
                yield Violation(NAME, f"{register} had two devices: {first.pairing_id}, {second.pairing_id}")


def _routes(stored: Stored, by_register: dict[str, list[StoredPairing]]) -> Iterator[Violation]:
    """A transaction went to the device that its register was paired with when it came."""
    for found in stored.transactions.values():
        at, ties = found.received_at, by_register[found.register]
        if not any(tie.device == found.device and (tie.ended_at is None or tie.ended_at >= at) for tie in ties):
            yield Violation(NAME, f"{found.transaction_id} went to {found.device}, not paired with its register")
        for tie in ties:
            if tie.device != found.device and tie.paired_at < at and (tie.ended_at is None or tie.ended_at > at):
                text = f"{found.transaction_id} went to {found.device}; its register was paired with {tie.device}"
                yield Violation(NAME, text)


def _codes(story: Story) -> Iterator[Violation]:
    """A redeemed code had been shown by that device, was not over yet, and was not redeemed before."""
    invoked = {(record.who, record.call): (at, record) for at, record in story.all(seen.RedeemInvoked)}
    shown: dict[str, list[tuple[int, seen.CodeShown]]] = defaultdict(list)
    for at, record in story.all(seen.CodeShown):
        shown[record.code].append((at, record))
    # By hardware: one that was replaced may hear late, when its successor already shows another code, of its own stop.
    gone: dict[tuple[str, str], list[int]] = defaultdict(list)
    for at, taken in story.all(seen.CodeGone):
        gone[taken.device, taken.serial].append(at)
    redeemed: dict[str, int] = {}
    for position, redemption in story.all(seen.RedeemAnswered):
        asked_at, asked = invoked[redemption.who, redemption.call]
        showings = [(at, each) for at, each in shown[asked.code] if at < position]
        if not showings:
            continue  # a lucky guess, or a code whose way to the screen was cut
        if all(each.device != redemption.device_id for _, each in showings):
            yield Violation(NAME, f"the code of {showings[0][1].device} paired {redemption.device_id}", position)
        first_shown = showings[0][0]
        if redeemed.get(asked.code, -1) > first_shown:
            yield Violation(NAME, f"a code of {redemption.device_id} was redeemed twice", position)
        redeemed[asked.code] = position
        last_shown, last = showings[-1]
        if asked.at >= last.expires_at:
            yield Violation(NAME, f"a code of {redemption.device_id} was redeemed after it had expired", position)
        if any(last_shown < at < asked_at for at in gone[last.device, last.serial]):
            yield Violation(NAME, f"a code of {redemption.device_id} was redeemed after pairing was closed", position)


def _removals(story: Story, stored: Stored) -> Iterator[Violation]:
    """What was acknowledged as removed is over."""
    invoked = {(record.who, record.call): (at, record) for at, record in story.all(seen.RemovalInvoked)}
    for position, answered in story.all(seen.RemovalAnswered):
        asked_at, asked = invoked[answered.who, answered.call]
        for at, made in story.all(seen.RedeemAnswered):
            meant = asked.pairing_id == made.pairing_id or (asked.pairing_id is None and asked_at > at)
            found = stored.pairings.get(made.pairing_id)
            if meant and made.device_id == asked.device and found is not None and found.state == "active":
                yield Violation(NAME, f"{made.pairing_id} was removed by {asked.device}, and is active", position)


def _agreement(story: Story, stored: Stored) -> Iterator[Violation]:
    """Whoever looked after everything was over saw what the store has."""
    over = story.settled
    assert over is not None
    by_register = {tie.register: tie.device for tie in stored.pairings.values() if tie.state == "active"}
    by_device: dict[str, set[str]] = defaultdict(set)
    for tie in stored.pairings.values():
        if tie.state == "active":
            by_device[tie.device].add(tie.pairing_id)
    for position, look in story.all(seen.PairingLooked):
        if position > over and look.device_id != by_register.get(look.register):
            yield Violation(
                NAME, f"{look.who} believes in {look.device_id}: {by_register.get(look.register)}", position
            )
    for position, listed in story.all(seen.PairingsLooked):
        if position > over and set(listed.pairings) != by_device[listed.device]:
            yield Violation(NAME, f"{listed.who} believes in {listed.pairings}: {by_device[listed.device]}", position)
