"""The disk after a power cut: whatever was synced is there; of the rest any part, sector by sector, may be missing.

A write that was not followed by a finished sync of its file is cut into sectors, and each of them is kept or lost on
its own. Names (created, removed) reach the disk in order, but how far is unknown until the folder, or for a new file
the file itself, is synced. Pure; chance is given.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.disk_record import Create, Operation, Sync, Told, Truncate, Unlink, Write

SECTORS = (512, 4096)
KEPT = (0.0, 0.1, 0.5, 0.5, 0.9, 1.0)
"""Shares of the unsynced sectors that survive."""


@dataclass
class _File:
    """What is durable of it, and what is not yet."""

    durable: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, Write | Truncate]] = field(default_factory=list)

    def sync(self, since: int) -> None:
        """Everything before operation `since` is durable now."""
        for number, change in self.pending:
            if number < since:
                _apply(self.durable, change)
        self.pending = [(number, change) for number, change in self.pending if number >= since]

    def after_cut(self, chance: random.Random, *, sector: int, kept: float, in_order: bool) -> bytearray:
        found = bytearray(self.durable)
        changes = [change for _, change in self.pending]
        if in_order:
            changes, kept = changes[: chance.randint(0, len(changes))], 1.0
        for change in changes:
            for piece in [change] if isinstance(change, Truncate) else _pieces(change, sector):
                if chance.random() < kept:
                    _apply(found, piece)
        return found


def _apply(content: bytearray, change: Write | Truncate) -> None:
    if isinstance(change, Truncate):
        if change.size < len(content):
            del content[change.size :]
        else:
            content.extend(bytes(change.size - len(content)))
        return
    end = change.offset + len(change.content)
    if len(content) < end:
        content.extend(bytes(end - len(content)))
    content[change.offset : end] = change.content


def _pieces(write: Write, sector: int) -> list[Write]:
    """The parts of a write that lie in one sector each."""
    pieces, at, end = [], write.offset, write.offset + len(write.content)
    while at < end:
        to = min(end, (at // sector + 1) * sector)
        pieces.append(Write(write.name, at, write.content[at - write.offset : to - write.offset]))
        at = to
    return pieces


class Disk:
    """Takes operations in order; `cut` may be asked for at any time, and changes nothing."""

    def __init__(self) -> None:
        self._number = 0
        self._files: dict[str, _File] = {}
        self._durable_names: dict[str, _File] = {}
        self._pending_names: list[tuple[int, Create | Unlink, _File]] = []

    def take(self, operation: Operation) -> None:
        match operation:
            case Create(name):
                file = _File()
                self._files[name] = file
                self._pending_names.append((self._number, operation, file))
            case Unlink(name):
                self._pending_names.append((self._number, operation, self._files.pop(name)))
            case Write(name) | Truncate(name):
                self._files[name].pending.append((self._number, operation))
            case Sync("", since):
                self._settle_names(since)
            case Sync(name, since):
                file = self._files[name]
                file.sync(since)
                # A new file that was synced by itself has its name on the disk too; so do the names before it.
                for number, _, named in tuple(self._pending_names):
                    if named is file:
                        self._settle_names(number + 1)
            case Told():
                pass
        self._number += 1

    def _settle_names(self, before: int) -> None:
        for number, change, file in self._pending_names:
            if number < before:
                _name(self._durable_names, change, file)
        self._pending_names = [item for item in self._pending_names if item[0] >= before]

    def cut(self, chance: random.Random) -> dict[str, bytearray]:
        """The files that are found when the power is back."""
        sector, kept, in_order = chance.choice(SECTORS), chance.choice(KEPT), chance.random() < 0.2
        names = dict(self._durable_names)
        for _, change, file in self._pending_names[: chance.randint(0, len(self._pending_names))]:
            _name(names, change, file)
        return {
            name: file.after_cut(chance, sector=sector, kept=kept, in_order=in_order) for name, file in names.items()
        }


def _name(names: dict[str, _File], change: Create | Unlink, file: _File) -> None:
    if isinstance(change, Create):
        names[change.name] = file
    else:
        names.pop(change.name, None)


def lay_out(files: dict[str, bytearray], folder: Path) -> None:
    """Put the files of a cut into an empty folder."""
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


def cut_points(operations: Sequence[Operation], count: int, chance: random.Random) -> list[int]:
    """Where the power goes: before how many operations were done. In order; the very end is one of them."""
    return sorted(chance.randint(1, len(operations)) for _ in range(count))
