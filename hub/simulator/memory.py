"""The device's durable memory: what it began, what it finished, who it is.

A terminal keeps this through a power cut; so a line is on the disk before anything is acknowledged. Laws: a transaction
id is begun once and finished once; an approval and the charge that it means are one line, so no power cut parts them;
a half-written last line was never acknowledged and is dropped.
"""

from __future__ import annotations

import os
from collections import Counter
from io import FileIO
from pathlib import Path

import msgspec

from hub.wire.device import Result, Start
from statemachines.transaction import Outcome

KEPT_RESULTS = 1000
"""Finished and recorded transactions that are remembered; older ones are forgotten, as a terminal's journal does."""


REFUSAL = "refused:"
"""Begins the hub's word on an outcome that it will not have, for good; the code follows."""


class Entry(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One transaction in memory. `recorded`: the hub's word on it, once it has one."""

    start: Start
    stage: str | None = None
    result: Result | None = None
    recorded: str | None = None


class _Line(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One line of the journal; which fields it has says what happened."""

    serial: str | None = None
    credential: str | None = None
    start: Start | None = None
    transaction_id: str | None = None
    stage: str | None = None
    result: Result | None = None
    recorded: str | None = None


_decode = msgspec.json.Decoder(_Line).decode


class Memory:
    """In the process only, or also in a file. Calls block for as long as one fsync takes.

    One owner at a time. `serial` is the hardware's; a file's own serial wins over the argument.
    """

    def __init__(self, path: Path | None = None, *, serial: str = "SIM-1", credential: str | None = None) -> None:
        self.serial = serial
        self.credential = credential
        self.charges: Counter[str] = Counter()
        """How often each transaction was charged. More than once is the fault that all of this is to prevent."""
        self._entries: dict[str, Entry] = {}
        self._count = 0
        self._path = path
        self._file: FileIO | None = None
        if path is not None:
            self._load(path)
            self._file = path.open("ab", buffering=0)
            self._write(_Line(serial=self.serial, credential=self.credential))

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    @property
    def double_charges(self) -> list[str]:
        """Transactions that were charged more than once."""
        return [transaction_id for transaction_id, times in self.charges.items() if times > 1]

    @property
    def count(self) -> int:
        """How many transactions were ever begun."""
        return self._count

    def get(self, transaction_id: str) -> Entry | None:
        return self._entries.get(transaction_id)

    def begun(self) -> list[Entry]:
        """What was begun and not finished, oldest first."""
        return [entry for entry in self._entries.values() if entry.result is None]

    def results(self, *, recorded: int) -> list[Result]:
        """The last results, oldest first: all that the hub may not have, and up to `recorded` that it has."""
        known = [
            entry
            for entry in self._entries.values()
            if entry.result is not None and entry.recorded is not None and not entry.recorded.startswith(REFUSAL)
        ]
        kept = {id(entry) for entry in known[len(known) - min(recorded, len(known)) :]}
        return [
            entry.result
            for entry in self._entries.values()
            if entry.result is not None and (entry.recorded is None or id(entry) in kept)
        ]

    def unrecorded(self) -> list[Result]:
        return self.results(recorded=0)

    def latest(self) -> Result | None:
        """The last payment that was finished; what Journal functions report."""
        finished = (entry for entry in reversed(self._entries.values()) if entry.start.function.moves_money)
        return next((entry.result for entry in finished if entry.result is not None), None)

    def begin(self, start: Start) -> None:
        """Remember that it was begun."""
        assert start.transaction_id not in self._entries, "a transaction is begun once"
        self._write(_Line(start=start))
        self._begin(start)

    def stage(self, transaction_id: str, stage: str) -> None:
        self._write(_Line(transaction_id=transaction_id, stage=stage))
        self._entries[transaction_id].stage = stage

    def finish(self, result: Result) -> None:
        """Remember the outcome; an approval is the charge."""
        self._write(_Line(result=result))
        self._finish(result)

    def record(self, transaction_id: str, state: str) -> None:
        """The hub has the outcome on record, or has said for good that it will not have it."""
        entry = self._entries.get(transaction_id)
        if entry is None or entry.recorded is not None:
            return
        self._write(_Line(transaction_id=transaction_id, recorded=state))
        entry.recorded = state
        self._forget()

    def keep_credential(self, credential: str) -> None:
        self._write(_Line(credential=credential))
        self.credential = credential

    def _begin(self, start: Start) -> None:
        self._entries[start.transaction_id] = Entry(start=start)
        self._count += 1

    def _finish(self, result: Result) -> None:
        if result.outcome is Outcome.APPROVED:
            self.charges[result.transaction_id] += 1
        self._entries[result.transaction_id].result = result

    def _forget(self) -> None:
        done = [key for key, entry in self._entries.items() if entry.recorded is not None]
        for key in done[: max(0, len(done) - KEPT_RESULTS)]:
            del self._entries[key]

    def _write(self, line: _Line) -> None:
        if self._file is None:
            return
        self._file.write(msgspec.json.encode(line) + b"\n")
        os.fsync(self._file.fileno())

    def _load(self, path: Path) -> None:
        try:
            journal = path.read_bytes()
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            return
        whole, _, torn = journal.rpartition(b"\n")
        if torn:
            os.truncate(path, len(whole) + 1 if whole else 0)
        for text in whole.splitlines():
            self._replay(_decode(text))
        self._forget()

    def _replay(self, line: _Line) -> None:
        self.serial = line.serial or self.serial
        self.credential = line.credential or self.credential
        if line.start is not None:
            self._begin(line.start)
        elif line.result is not None:
            self._finish(line.result)
        elif line.transaction_id is not None:
            entry = self._entries[line.transaction_id]
            entry.stage = line.stage or entry.stage
            entry.recorded = line.recorded or entry.recorded
