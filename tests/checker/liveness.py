"""What must come true in the end, and what must never happen at all."""

from __future__ import annotations

from collections.abc import Iterator

from tests.checker import history as seen
from tests.checker.stored import Stored
from tests.checker.story import Story, Violation

STUCK = "nothing_stuck"
PRESENCE = "presence_is_true"
FAILED = "no_internal_error"


def check_stuck(story: Story, stored: Stored) -> Iterator[Violation]:
    """In the end nothing waits any more; in doubt is only what no hardware that is there can tell."""
    if story.settled is None:
        return
    present = _present(story)
    for found in stored.transactions.values():
        if found.state in ("queued", "sending", "processing", "cancelling"):
            yield Violation(STUCK, f"{found.transaction_id} is still {found.state} on {found.device}")
        # What was given up when other hardware came stays with the operator, even if the first one comes back.
        elif (
            found.state == "in_doubt"
            and found.cause != "device_replaced"
            and found.sent_serial == present.get(found.device)
        ):
            yield Violation(STUCK, f"{found.transaction_id} is in doubt, and its hardware is there to be asked")


def check_presence(story: Story, stored: Stored) -> Iterator[Violation]:
    """In the end the hub knows which devices are there."""
    if story.settled is None:
        return
    present = _present(story)
    for device in {record.device for _, record in story.all(seen.DeviceConnected)}:
        if stored.online.get(device) != (device in present):
            yield Violation(PRESENCE, f"{device} is {'there' if device in present else 'gone'}, the store disagrees")


def _present(story: Story) -> dict[str, str]:
    """The serial of each device that is connected in the end."""
    lost = {(record.who, record.epoch) for _, record in story.all(seen.DeviceLost)}
    latest: dict[str, seen.DeviceConnected] = {}
    for _, record in story.all(seen.DeviceConnected):
        if record.device not in latest or latest[record.device].epoch < record.epoch:
            latest[record.device] = record
    return {device: record.serial for device, record in latest.items() if (record.who, record.epoch) not in lost}


def check_failures(story: Story, stored: Stored) -> Iterator[Violation]:
    for position, record in story.all(seen.HubFailed):
        yield Violation(FAILED, record.what, position)
