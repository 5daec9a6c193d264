"""Retention: what is old enough is forgotten, a bounded portion at a time."""

from __future__ import annotations

from hub.store.unit import Unit

PORTION = 500
_HOUR, _DAY = 3_600_000, 86_400_000


async def sweep(unit: Unit) -> int:
    """Delete one portion of what is past its retention; return how many rows went. Repeat until 0.

    What is open, in doubt or in conflict is never swept.
    """
    records_before = unit.now - unit.settings.retention_days * _DAY
    events_before = unit.now - unit.settings.event_retention_hours * _HOUR
    return (
        await unit.transactions.sweep(records_before, PORTION, now=unit.now)
        + await unit.events.sweep(events_before, PORTION, now=unit.now)
        + await unit.pairings.sweep(records_before, PORTION)
        + await unit.codes.sweep(unit.now - _DAY, PORTION)
    )
