"""A history, sorted by kind and by transaction: what the invariants look things up in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from tests.checker import history as seen
from tests.checker.history import Record, Shown

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Violation:
    """One breach of one invariant. `position` is the index of the record that shows it, if one does."""

    invariant: str
    text: str
    position: int | None = None

    def __str__(self) -> str:
        return f"{self.invariant}: {self.text}" + ("" if self.position is None else f" (record {self.position})")


@dataclass(frozen=True, slots=True)
class Showing:
    """Something that a register was shown, wherever it was shown."""

    position: int
    who: str
    register: str
    shown: Shown
    number: int | None = None
    """Its event's number, if it was pushed."""


class Story:
    """Positions are indices into `records`; a smaller one came first."""

    def __init__(self, records: Iterable[Record]) -> None:
        self.records = list(records)
        self._by_kind: dict[type, list[tuple[int, Record]]] = defaultdict(list)
        for position, record in enumerate(self.records):
            self._by_kind[type(record)].append((position, record))
        self.showings: dict[str, list[Showing]] = defaultdict(list)
        """By transaction, in order."""
        for position, record in enumerate(self.records):
            for showing in _showings(position, record):
                self.showings[showing.shown.transaction_id].append(showing)
        self.finished: dict[str, list[tuple[int, seen.Finished]]] = _by_transaction(self.all(seen.Finished))
        self.resolved: dict[str, list[tuple[int, seen.Resolved]]] = _by_transaction(self.all(seen.Resolved))
        self.charged: dict[str, list[tuple[int, seen.Charged]]] = _by_transaction(self.all(seen.Charged))
        self.starts: dict[str, list[tuple[int, seen.StartSeen]]] = _by_transaction(self.all(seen.StartSeen))
        self.not_begun: dict[str, list[tuple[int, seen.NotBegun]]] = _by_transaction(self.all(seen.NotBegun))
        self.settled = self.all(seen.Settled)[-1][0] if self.all(seen.Settled) else None

    def all(self, kind: type[R]) -> list[tuple[int, R]]:
        return self._by_kind.get(kind, [])  # type: ignore[return-value]  # each list holds its own kind

    def resolved_before(self, transaction_id: str, position: int | None = None) -> bool:
        found = self.resolved.get(transaction_id, [])
        return bool(found) and (position is None or found[0][0] < position)


def _by_transaction(found: list[tuple[int, R]]) -> dict[str, list[tuple[int, R]]]:
    by_transaction: dict[str, list[tuple[int, R]]] = defaultdict(list)
    for position, record in found:
        by_transaction[record.transaction_id].append((position, record))  # type: ignore[attr-defined]
    return dict(by_transaction)


def _showings(position: int, record: Record) -> Iterator[Showing]:
    match record:
        case seen.EventSeen(shown=Shown() as shown):
            yield Showing(position, record.who, record.register, shown, record.number)
        case seen.SubmitAnswered() | seen.CancelAnswered() | seen.Looked():
            yield Showing(position, record.who, record.register, record.shown)
        case seen.RegisterConnected():
            for shown in record.open:
                yield Showing(position, record.who, record.register, shown)
