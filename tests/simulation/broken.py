"""Broken hubs: for each invariant one that breaks it, as a careless change would. By patches of a test, not settings.

Each is a fault that somebody could really write: an acknowledgement before the commit, a missing index, a comparison
left out. The judge must say the invariant's name within a bounded number of seeds (test_controls.py).
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pytest import MonkeyPatch

from hub.commands import deadline, pairing_code, queue, report, step, subscription, tell, view
from hub.commands import device as devices
from hub.commands import pairing as pairings
from hub.commands import transaction as transactions
from hub.engine import Engine
from hub.store.records import Device, Pairing, Register, Transaction
from hub.store.sqlite.session import SqliteSession
from hub.store.sqlite.store import SqliteStore
from hub.store.transactions import Transactions
from hub.store.unit import Repositories, Unit
from hub.wire.device import PairingsRemoved, Result
from hub.wire.register import Cancelled, TransactionView
from statemachines import pairing_code as code_rules
from statemachines.pairing import PAIRING
from statemachines.transaction import (
    TRANSACTION,
    CancelAnswer,
    Heard,
    Outcome,
    Sent,
    TransactionState,
    TransactionTrigger,
)
from tests.checker import acknowledged, charges, delivery, liveness, order, steps, truth
from tests.checker import pairings as ties
from tests.faults.patches import sent_on
from tests.simulation.disk import Disk


@dataclass(frozen=True)
class Broken:
    invariant: str
    how: Callable[[MonkeyPatch], None]
    faults: tuple[str, ...] | None = None
    """Where it shows only beside these."""

    def __str__(self) -> str:
        return f"{self.invariant}-{self.how.__name__}"


def _without_index(patch: MonkeyPatch, name: str) -> None:
    made = Disk.__init__

    def make(disk: Disk) -> None:
        made(disk)
        disk.rows.execute(f"DROP INDEX {name}")

    patch.setattr(Disk, "__init__", make)


def forgets_a_batch(patch: MonkeyPatch) -> None:
    """One batch in forty is acknowledged, and was never committed: a disk that lies about its syncs."""
    written = SqliteStore._write_batch
    count = 0

    def write(store: SqliteStore, connection: sqlite3.Connection, batch: Any) -> Any:
        nonlocal count
        count += 1
        if count % 40:
            return written(store, connection, batch)
        connection.execute("BEGIN IMMEDIATE")
        settled = [store._write_one(connection, write) for write in batch]
        connection.execute("ROLLBACK")
        return settled

    patch.setattr(SqliteStore, "_write_batch", write)


def tells_before_the_commit(patch: MonkeyPatch) -> None:
    """What a command tells goes out once it has run; the commit may still fail."""
    written = SqliteStore._write_one

    def write(store: SqliteStore, connection: sqlite3.Connection, write: Any) -> Any:
        settled = written(store, connection, write)
        thread: Any = store._writer
        if write.unit is not None:
            thread._loop.call_soon(write.after_commit, write.unit)
        return settled

    patch.setattr(SqliteStore, "_write_one", write)
    patch.setattr(SqliteStore, "_committed", staticmethod(lambda _write: None))


def ignores_the_key(patch: MonkeyPatch) -> None:
    """A key is neither looked up nor unique."""
    _without_index(patch, "transactions_key")

    async def unknown(_self: Transactions, _register: str, _key: str) -> None:
        return None

    patch.setattr(Transactions, "by_idempotency_key", unknown)


def takes_the_newest(patch: MonkeyPatch) -> None:
    """The queue is a stack."""

    async def head(self: Transactions, device_id: str) -> Transaction | None:
        return await self._one("device_id = ? AND state = 'queued' ORDER BY seq DESC LIMIT 1", device_id)

    patch.setattr(Transactions, "head", head)


def sends_the_next_at_once(patch: MonkeyPatch) -> None:
    """An acknowledgement frees the queue."""
    taken = queue.take_up

    async def take_up(unit: Unit, device: Device, transaction: Transaction, stage: str | None) -> None:
        await taken(unit, device, transaction, stage)
        if device.current == transaction.transaction_id:
            await queue.release(unit, device, transaction)
            await queue.advance(unit, device)

    patch.setattr(queue, "take_up", take_up)


def sends_to_new_hardware(patch: MonkeyPatch) -> None:
    """What the old hardware had is sent to the one that replaces it."""
    patch.setattr(queue, "abandon", sent_on)


def cancels_what_is_processing(patch: MonkeyPatch) -> None:
    """The POS decides, not the device."""

    def cancel(transaction: Sent) -> CancelAnswer:
        if transaction.state in TRANSACTION.final:
            return CancelAnswer.TOO_LATE
        transaction.state = TransactionState.CANCELLED
        return CancelAnswer.CANCELLED

    async def cancel_own(unit: Unit, register_key: str, transaction_id: str) -> Any:
        transaction = await transactions.own(unit, register_key, transaction_id)
        answer = cancel(transaction)
        if answer is CancelAnswer.CANCELLED:
            step.note(unit, transaction, TransactionTrigger.CANCEL.value)
            await queue.finish(unit, transaction)
        return Cancelled(answer=answer.value, transaction=await view.look(unit, transaction))

    patch.setattr(transactions, "cancel_own", cancel_own)


def calls_unacknowledged_never_sent(patch: MonkeyPatch) -> None:
    def never_sent(transaction: Transaction) -> bool:
        return transaction.state is TransactionState.CANCELLED and transaction.acknowledged_at is None

    patch.setattr(view, "never_sent", never_sent)


def lets_the_cancel_win(patch: MonkeyPatch) -> None:
    """Once the POS has asked to cancel, whatever the device reports is a cancellation."""
    heard: Callable[[Sent, Outcome], Heard] = vars(report)["hear"]

    def hear(transaction: Sent, outcome: Outcome) -> Heard:
        cancelling = transaction.state is TransactionState.CANCELLING
        return heard(transaction, Outcome.CANCELLED if cancelling else outcome)

    patch.setattr(report, "hear", hear)


def fails_what_it_lost_sight_of(patch: MonkeyPatch) -> None:
    """No word for a while is taken for a failure."""

    async def doubt(unit: Unit, transaction: Transaction, *, cause: str) -> None:
        if TRANSACTION.permits(transaction.state, TransactionTrigger.COMPLETE_FAILED):
            transaction.cause = cause
            transaction.result = Result(transaction_id=transaction.transaction_id, outcome=Outcome.FAILED)
            step.fire(unit, transaction, TransactionTrigger.COMPLETE_FAILED)
            await queue.finish(unit, transaction)

    patch.setattr(queue, "doubt", doubt)


def replays_nothing(patch: MonkeyPatch) -> None:
    """Who comes back goes on with what is new."""

    async def replay(_unit: Unit, _register_key: str, _seen: int | None, last: int) -> tuple[int, str]:
        return last, "none"

    patch.setattr(subscription, "_replay", replay)


def tells_no_outcome(patch: MonkeyPatch) -> None:
    """The outcome is recorded, and its event forgotten."""
    told = tell.transaction_updated

    async def updated(unit: Unit, transaction: Transaction, *, queue_position: int | None = None) -> TransactionView:
        if transaction.state not in TRANSACTION.final:
            return await told(unit, transaction, queue_position=queue_position)
        return view.transaction_view(transaction, queue_position=queue_position)

    patch.setattr(tell, "transaction_updated", updated)


def keeps_the_old_pairing(patch: MonkeyPatch) -> None:
    """A register that pairs elsewhere keeps its first device as well."""
    _without_index(patch, "pairings_register")

    async def link(unit: Unit, register: Register, device: Device, _before: Pairing | None) -> Pairing:
        paired = Pairing(
            pairing_id=unit.entropy.uuid(),
            register_key=register.register_key,
            device_id=device.device_id,
            state=PAIRING.initial,
            paired_at=unit.now,
            ended_at=None,
            cause=None,
        )
        await unit.pairings.add(paired)
        return paired

    patch.setattr(pairings, "_link", link)


def forgets_deadlines(patch: MonkeyPatch) -> None:
    """None is ever due."""

    async def expire(_unit: Unit) -> int:
        return 0

    async def next_due(_unit: Unit) -> None:
        return None

    patch.setattr(deadline, "expire", expire)
    patch.setattr(deadline, "next_due", next_due)


def lets_an_old_socket_disconnect(patch: MonkeyPatch) -> None:
    """The most repeated bug of device hubs: the end of an old connection evicts the new one."""
    disconnected = devices.disconnect

    async def disconnect(unit: Unit, device_id: str, _epoch: int) -> bool:
        device = await unit.devices.get(device_id)
        return device is not None and await disconnected(unit, device_id, device.epoch)

    patch.setattr(devices, "disconnect", disconnect)


def raises_on_a_decline(patch: MonkeyPatch) -> None:
    recorded = report._record

    async def record(unit: Unit, device: Device, transaction: Transaction, reported: Result) -> Any:
        if reported.outcome is Outcome.DECLINED:
            raise KeyError(reported.outcome)
        return await recorded(unit, device, transaction, reported)

    patch.setattr(report, "_record", record)


def believes_a_stale_no(patch: MonkeyPatch) -> None:
    """A device's "no" to an earlier attempt counts for the present one too."""
    about = report._about

    class Every(int):
        """Equal to every number of sends."""

        def __ne__(self, _other: object) -> bool:
            return False

        def __eq__(self, _other: object) -> bool:
            return True

        __hash__ = int.__hash__

    patch.setattr(report, "_about", lambda text: (about(text)[0], Every()))


def takes_a_code_twice(patch: MonkeyPatch) -> None:
    """A code stays good after it was redeemed."""

    def redeem(code: Any, *, now: int, business_name: str, reserved_for: str | None) -> None:
        if code is None or now >= code.expires_at:
            raise code_rules.invalid_code()

    async def close(_unit: Unit, _device_id: str, *, cause: str) -> None: ...

    patch.setattr(code_rules, "redeem", redeem)
    patch.setattr(pairing_code, "close", close)


def takes_an_old_code(patch: MonkeyPatch) -> None:
    """A code is withdrawn on the screen only."""

    async def withdraw(_unit: Unit, _device_id: str) -> int:
        return 1

    _without_index(patch, "pairing_codes_shown")
    patch.setattr(pairing_code, "withdraw_all", withdraw)


def removes_in_words_only(patch: MonkeyPatch) -> None:
    """The device is told that the pairing is removed, and it is not."""

    async def remove(_unit: Unit, _device_id: str, _epoch: int, _asked: Any) -> PairingsRemoved:
        return PairingsRemoved(1)

    patch.setattr(pairings, "remove", remove)


def loses_a_disconnect(patch: MonkeyPatch) -> None:
    """When the store is too full to record the end of a connection (one time in three), that is that."""
    insisted = Engine.insist
    count = itertools.count()

    async def insist(engine: Engine, command: Any, *args: Any) -> Any:
        return await insisted(engine, command, *args) if next(count) % 3 else None

    patch.setattr(Engine, "insist", insist)


def remembers_what_was_rolled_back(patch: MonkeyPatch) -> None:
    """Rows that the writer remembers survive the rollback of the batch that wrote them."""
    kept: dict[SqliteStore, Repositories] = {}

    def repositories(store: SqliteStore, connection: sqlite3.Connection) -> Repositories:
        if store not in kept:
            kept[store] = Repositories(SqliteSession(connection, remembers=True))
        return kept[store]

    patch.setattr(SqliteStore, "_repositories", repositories)


def believes_in_an_empty_queue(patch: MonkeyPatch) -> None:
    """A queue that was empty once is not looked into again."""
    patch.setattr(Transactions, "_look_again", lambda _transactions, _transaction: None)


def repeats_an_event(patch: MonkeyPatch) -> None:
    """What was pushed is read again when the register catches up."""
    read = subscription.events_after

    async def after(unit: Unit, register_key: str, number: int, **limits: Any) -> list[tuple[int, bytes]]:
        return await read(unit, register_key, max(0, number - 1), **limits) if number % 5 == 0 else []

    patch.setattr(subscription, "events_after", after)


BROKEN = [
    Broken(acknowledged.NAME, forgets_a_batch),
    Broken(acknowledged.NAME, tells_before_the_commit, ("disk",)),
    Broken(charges.NAME, ignores_the_key),
    Broken(order.ORDER, takes_the_newest),
    Broken(order.IN_FLIGHT, sends_the_next_at_once),
    Broken(order.AS_NEW, sends_to_new_hardware),
    Broken(steps.NAME, cancels_what_is_processing),
    Broken(truth.NEVER_SENT, calls_unacknowledged_never_sent),
    Broken(truth.PAYMENT_WINS, lets_the_cancel_win),
    Broken(truth.UNKNOWN, fails_what_it_lost_sight_of),
    Broken(delivery.IN_SEQUENCE, replays_nothing),
    Broken(delivery.DELIVERED, tells_no_outcome),
    Broken(ties.NAME, keeps_the_old_pairing),
    Broken(liveness.STUCK, forgets_deadlines),
    Broken(liveness.PRESENCE, lets_an_old_socket_disconnect, ("half_open",)),
    Broken(liveness.FAILED, raises_on_a_decline),
    # Further ways to break the same.
    Broken(delivery.IN_SEQUENCE, remembers_what_was_rolled_back, ("disk",)),
    Broken(truth.PAYMENT_WINS, believes_a_stale_no, ("refuse", "stall", "silence")),
    Broken(order.ORDER, believes_in_an_empty_queue),
    Broken(delivery.IN_SEQUENCE, repeats_an_event),
    Broken(ties.NAME, takes_a_code_twice),
    Broken(ties.NAME, takes_an_old_code, ("unpair",)),
    Broken(ties.NAME, removes_in_words_only, ("twice",)),
    Broken(liveness.PRESENCE, loses_a_disconnect, ("power",)),
]
