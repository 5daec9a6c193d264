"""History: what the registers, the devices and the operator saw, did and were told, in the order in which they did.

Written by the clients, never by the hub; append-only. A record is one line of JSON, its `kind` first. Laws:

1. A client writes down what it asks *before* the bytes leave, and what it was told as soon as it has read it. So a
   record that is missing never makes a lie look true, and the order of the lines is an order of real time.
2. A call ends once: `…Answered`, `…Refused` (the hub said no: nothing happened), or `…Unknown` (no answer, or one
   that leaves it open such as `store_unavailable`). A `call` number is unique within its `who`.
3. What is durable at a device (`Begun`, `Finished`, `Charged`) is written when it is durable, not when it is told.
4. `Settled` is the harness's word: faults are over, everybody is connected and has caught up, nothing is under way.
   Only then does the judge ask what must come true in the end; what is looked at afterwards must be as the store has
   it.

`at` is UTC milliseconds, virtual or real. `who` is the client that wrote the record, one per socket owner; `register`
is the register key (`hub.entropy.register_key`), the same for all clients of one register.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

import msgspec
from msgspec import Struct


class Shown(Struct, frozen=True, omit_defaults=True):
    """What a register was shown of a transaction; the fields of the wire's `TransactionView`."""

    transaction_id: str
    state: str
    final: bool = False
    delayed: bool = False
    never_sent: bool = False
    conflict: bool = False
    by_operator: bool = False
    """The result says `resolved_by`: an operator's finding, not the device's word."""


class _Record(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind"):
    at: int
    who: str


# What a register did and was told.


class _OfRegister(_Record, frozen=True, kw_only=True):
    register: str


class RegisterConnected(_OfRegister, frozen=True, tag=True):
    """The welcome. `after` is the `last_event` of the hello; `event`, `replay` and the open ones are the hub's."""

    after: int | None
    event: int
    replay: str
    open: list[Shown] = []
    device_id: str | None = None
    """The device that the register is paired with, says the welcome."""


class EventSeen(_OfRegister, frozen=True, tag=True):
    """One pushed event. `what` is the method's name; `device_id` is set by `pairing.changed` while paired."""

    number: int
    what: str
    shown: Shown | None = None
    device_id: str | None = None


class SubmitInvoked(_OfRegister, frozen=True, tag=True):
    call: int
    key: str | None
    amount_cents: int


class SubmitAnswered(_OfRegister, frozen=True, tag=True):
    """Acknowledged: the hub says that it is durable."""

    call: int
    shown: Shown
    replayed: bool = False


class SubmitRefused(_OfRegister, frozen=True, tag=True):
    call: int
    code: str


class SubmitUnknown(_OfRegister, frozen=True, tag=True):
    call: int


class CancelInvoked(_OfRegister, frozen=True, tag=True):
    call: int
    transaction_id: str


class CancelAnswered(_OfRegister, frozen=True, tag=True):
    """`answer`: cancelled, requested, too_late or unknown."""

    call: int
    answer: str
    shown: Shown


class Looked(_OfRegister, frozen=True, tag=True):
    """A poll, `transaction.get` or `find` was answered."""

    shown: Shown


class RedeemInvoked(_OfRegister, frozen=True, tag=True):
    call: int
    code: str


class RedeemAnswered(_OfRegister, frozen=True, tag=True):
    """Paired with that device."""

    call: int
    pairing_id: str
    device_id: str


class RedeemRefused(_OfRegister, frozen=True, tag=True):
    call: int
    code: str
    """The refusal's code, not the pairing code."""


class RedeemUnknown(_OfRegister, frozen=True, tag=True):
    call: int


class PairingLooked(_OfRegister, frozen=True, tag=True):
    """`pairing.status` was answered; None: not paired."""

    device_id: str | None


# What a device did and was told.


class _OfDevice(_Record, frozen=True, kw_only=True):
    device: str
    serial: str


class DeviceConnected(_OfDevice, frozen=True, tag=True):
    """The welcome. `held` was in flight, says the hello; `recorded` are results that the hub has, says the welcome."""

    epoch: int
    held: list[str] = []
    recorded: list[str] = []
    pairings: list[str] = []


class DeviceLost(_OfDevice, frozen=True, tag=True):
    """The welcomed connection of that epoch has ended, or is given up: this hardware reads nothing more from it."""

    epoch: int


class StartSeen(_OfDevice, frozen=True, tag=True):
    """A `transaction.start` reached the firmware, whatever became of it there."""

    epoch: int
    transaction_id: str
    attempt: int


class Begun(_OfDevice, frozen=True, tag=True):
    """Durable at the device; the acknowledgement may follow."""

    transaction_id: str


class NotBegun(_OfDevice, frozen=True, tag=True):
    """The device is about to tell the hub that it has not begun: `unknown` (inquiry) or `refused` (start)."""

    transaction_id: str
    how: str


class Finished(_OfDevice, frozen=True, tag=True):
    """The outcome is durable at the device."""

    transaction_id: str
    outcome: str


class Charged(_OfDevice, frozen=True, tag=True):
    """Money moved. One record a charge: two of them for one transaction is what must never be."""

    transaction_id: str
    amount_cents: int


class OutcomeRecorded(_OfDevice, frozen=True, tag=True):
    """The hub said that it has the outcome on record: the answer to a complete, or `recorded` of a welcome.

    `state` and `conflict` are the hub's; `state` is empty where the welcome did not tell it.
    """

    transaction_id: str
    outcome: str
    state: str = ""
    conflict: bool = False


class CodeShown(_OfDevice, frozen=True, tag=True):
    code: str
    expires_at: int


class CodeGone(_OfDevice, frozen=True, tag=True):
    """The hub said that pairing is closed, or answered the device's wish to close it: no code is good any more."""

    cause: str


class RemovalInvoked(_OfDevice, frozen=True, tag=True):
    """The device unpairs one register, or all (`pairing_id` None)."""

    call: int
    pairing_id: str | None


class RemovalAnswered(_OfDevice, frozen=True, tag=True):
    call: int
    removed: int


class PairingsLooked(_OfDevice, frozen=True, tag=True):
    """`pairing.list` was answered; or what the device believes, kept up to date by what was pushed to it."""

    pairings: list[str]


# The operator, the faults, the end.


class ClockStepped(_Record, frozen=True, tag=True):
    """The hub's clock was set: from here on its times say nothing about what came before what."""

    seconds: int


class Resolved(_Record, frozen=True, tag=True):
    """The operator is about to resolve a transaction in doubt."""

    transaction_id: str
    outcome: str


class UnpairedByOperator(_Record, frozen=True, tag=True):
    """The operator is about to remove a pairing."""

    pairing_id: str


class Fault(_Record, frozen=True, tag=True):
    """What the harness did to the world; for the reader, the judge looks past it."""

    what: str


class HubFailed(_Record, frozen=True, tag=True):
    """The hub said `internal_error`, closed with that code, or logged a traceback."""

    what: str


class Settled(_Record, frozen=True, tag=True):
    """See law 4."""


Record = (
    RegisterConnected
    | EventSeen
    | SubmitInvoked
    | SubmitAnswered
    | SubmitRefused
    | SubmitUnknown
    | CancelInvoked
    | CancelAnswered
    | Looked
    | RedeemInvoked
    | RedeemAnswered
    | RedeemRefused
    | RedeemUnknown
    | PairingLooked
    | DeviceConnected
    | DeviceLost
    | StartSeen
    | Begun
    | NotBegun
    | Finished
    | Charged
    | OutcomeRecorded
    | CodeShown
    | CodeGone
    | RemovalInvoked
    | RemovalAnswered
    | PairingsLooked
    | ClockStepped
    | Resolved
    | UnpairedByOperator
    | Fault
    | HubFailed
    | Settled
)

_decode = msgspec.json.Decoder(Record).decode
_encode = msgspec.json.Encoder().encode


class History(Protocol):
    """Where a client writes."""

    def add(self, record: Record) -> None: ...


class MemoryHistory:
    """A history of one process; `records` is the history itself."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.add = self.records.append

    def save(self, path: Path) -> None:
        path.write_bytes(b"".join(_encode(record) + b"\n" for record in self.records))


class FileHistory:
    """A history in a file, to which any number of processes may append: a record is one `write`.

    It survives a SIGKILL of its writer (the operating system has the line), not a power cut of the machine.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def add(self, record: Record) -> None:
        os.write(self._descriptor, _encode(record) + b"\n")

    def close(self) -> None:
        os.close(self._descriptor)


def read(path: Path) -> list[Record]:
    """The records of a file in order; a last line without its end was being written, and is dropped."""
    whole, _, _torn = path.read_bytes().rpartition(b"\n")
    return [_decode(line) for line in whole.splitlines()]


def merged(histories: Iterable[list[Record]]) -> list[Record]:
    """Several clients' files as one history, by time; each file keeps its own order."""
    return sorted((record for history in histories for record in history), key=lambda record: record.at)


def lines(records: Iterable[Record]) -> Iterator[str]:
    """For people and for diffs."""
    return (_encode(record).decode() for record in records)
