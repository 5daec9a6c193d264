"""Transactions: the durable record of every request to a device."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import compress
from operator import ne

import msgspec
from msgspec.structs import astuple

from hub.store.records import Request, Transaction
from hub.store.rows import Rows
from hub.store.session import Row, Session
from hub.wire.device import Result
from statemachines.transaction import TRANSACTION, TransactionState

_COLUMNS = (
    "seq, transaction_id, register_key, device_id, merchant_id, request, reference, idempotency_key, fingerprint, "
    "callback_url, received_at, start_by, state, updated_at, due_at, sends, asks, sent_serial, acknowledged_at, stage, "
    "cancel_requested_at, finished_at, cause, result, resolved_by, conflict, conflict_reviewed_by, history"
)
_INSERTED = _COLUMNS.removeprefix("seq, ")
_NAMES = tuple(_COLUMNS.split(", "))
_REQUEST, _STATE, _RESULT, _CONFLICT = (_NAMES.index(name) for name in ("request", "state", "result", "conflict"))
_NEW = tuple(name != "seq" for name in _NAMES)
_CHANGING = tuple(place >= _STATE for place in range(len(_NAMES)))
"""What a step may change."""
_INSERT = f"INSERT INTO transactions ({_INSERTED}) VALUES ({', '.join('?' * 27)})"

_NEEDS_A_PERSON = "(state = 'in_doubt' OR (conflict IS NOT NULL AND conflict_reviewed_by IS NULL))"
"""In the words of the index `transactions_attention`, so that it is used."""

_SWEEPABLE = "(finished_at < ? AND (conflict IS NULL OR conflict_reviewed_by IS NOT NULL))"

_NOT_APPROVED = "finished_at IS NOT NULL AND state <> 'approved'"
"""In the words of the index `transactions_not_approved`."""

_OF_DEVICE = "device_id = ? AND state = 'queued'"
"""In the words of the index `transactions_waiting`."""

_OPEN = "SELECT seq FROM transactions INDEXED BY transactions_open WHERE finished_at IS NULL"

ROWS_A_LOOK = 5_000
"""Transactions that one look passes by: a few milliseconds."""

_MAX_SEQ = 2**63 - 1

_STATES = {state.value: state for state in TransactionState}

_request = msgspec.json.Decoder(Request).decode
_result = msgspec.json.Decoder(Result).decode


def _fields(row: Row) -> Row:
    """A record's fields out of the columns: each of them immutable, as a remembered row must be."""
    fields = list(row)
    fields[_REQUEST] = _request(row[_REQUEST])
    fields[_STATE] = _STATES[row[_STATE]]
    for place in (_RESULT, _CONFLICT):
        if row[place] is not None:
            fields[place] = _result(row[place])
    return tuple(fields)


def _record(row: Row) -> Transaction:
    return Transaction(*_fields(row))


_encode = msgspec.json.Encoder().encode


def _columns(fields: Row, wanted: tuple[bool, ...]) -> Iterator[object]:
    """What is stored of a record's fields, of those that are wanted."""
    columns = list(fields)
    columns[_STATE] = fields[_STATE].value
    for place in (_REQUEST, _RESULT, _CONFLICT):
        if wanted[place] and fields[place] is not None:
            columns[place] = _encode(fields[place]).decode()
    return compress(columns, wanted)


@lru_cache(maxsize=256)
def _update(changed: tuple[bool, ...]) -> str:
    """Only the columns that a step changes are named: an index over the others is not touched."""
    return f"UPDATE transactions SET {', '.join(f'{name} = ?' for name in compress(_NAMES, changed))} WHERE seq = ?"


class Transactions:
    __slots__ = ("_none_waits", "_open", "_session")

    def __init__(self, session: Session) -> None:
        self._session = session
        self._open = Rows(remembers=session.remembers)
        """By id; not those that have ended."""
        self._none_waits = Rows(remembers=session.remembers)
        """An empty row for each device whose queue is known to be empty, as most are when a payment ends."""

    async def _one(self, where: str, *parameters: object) -> Transaction | None:
        row = await self._session.one(f"SELECT {_COLUMNS} FROM transactions WHERE {where}", *parameters)
        return None if row is None else _record(row)

    async def _all(self, where: str, *parameters: object) -> list[Transaction]:
        rows = await self._session.all(f"SELECT {_COLUMNS} FROM transactions WHERE {where}", *parameters)
        return [_record(row) for row in rows]

    async def get(self, transaction_id: str) -> Transaction | None:
        fields = self._open.get(transaction_id)
        if fields is not None:
            return Transaction(*fields)
        row = await self._session.one(
            f"SELECT {_COLUMNS} FROM transactions WHERE transaction_id = ?{self._session.for_update}", transaction_id
        )
        return None if row is None else _record(row)

    async def by_idempotency_key(self, register_key: str, key: str) -> Transaction | None:
        return await self._one("register_key = ? AND idempotency_key = ?", register_key, key)

    async def by_reference(self, register_key: str, reference: str, *, limit: int) -> list[Transaction]:
        """Newest first."""
        return await self._all(
            "register_key = ? AND reference = ? ORDER BY seq DESC LIMIT ?", register_key, reference, limit
        )

    async def open_of_register(self, register_key: str) -> list[Transaction]:
        return await self._all("register_key = ? AND finished_at IS NULL ORDER BY seq", register_key)

    async def waiting(self, device_id: str) -> list[Transaction]:
        """The queue, in the order in which the hub received them."""
        return await self._queue(device_id, -1)

    async def head(self, device_id: str) -> Transaction | None:
        found = await self._queue(device_id, 1)
        return found[0] if found else None

    async def _queue(self, device_id: str, limit: int) -> list[Transaction]:
        if self._none_waits.get(device_id) is not None:
            return []
        found = await self._all(f"{_OF_DEVICE} ORDER BY seq LIMIT ?", device_id, limit)
        if not found:
            self._none_waits.remember(device_id, ())
        return found

    async def count_waiting(self, device_id: str, *, before: int | None = None) -> int:
        """How many wait for the device; with `before`, how many of them came earlier than that."""
        if self._none_waits.get(device_id) is not None:
            return 0
        if before is None:
            row = await self._session.one(f"SELECT count(*) FROM transactions WHERE {_OF_DEVICE}", device_id)
        else:
            row = await self._session.one(
                f"SELECT count(*) FROM transactions WHERE {_OF_DEVICE} AND seq < ?",
                device_id,
                before,
            )
        return int(row[0]) if row else 0

    async def add(self, transaction: Transaction) -> None:
        """Store a new one and set its `seq`, its place in the order of arrival."""
        self._look_again(transaction)
        transaction.seq = await self._session.insert(_INSERT, *_columns(astuple(transaction), _NEW))
        self._open.remember(transaction.transaction_id, astuple(transaction))

    async def save(self, transaction: Transaction) -> None:
        """Store what has changed."""
        self._look_again(transaction)
        fields = astuple(transaction)
        before = self._open.get(transaction.transaction_id)
        changed = _CHANGING if before is None else tuple(map(ne, fields, before))
        if True not in changed:
            return
        await self._session.run(_update(changed), *_columns(fields, changed), transaction.seq)
        if transaction.state in TRANSACTION.final:
            self._open.forget(transaction.transaction_id)
        elif before is not None:
            self._open.remember(transaction.transaction_id, fields)

    def _look_again(self, transaction: Transaction) -> None:
        """It may wait from now on."""
        if transaction.state is TransactionState.QUEUED:
            self._none_waits.forget(transaction.device_id)

    async def set_waiting_due(self, device_id: str, *, no_later_than: int | None) -> None:
        """When the queued transactions of a device end: at their own start deadline, or sooner if it is away."""
        self._open.forget_all()
        if no_later_than is None:
            await self._session.run(f"UPDATE transactions SET due_at = start_by WHERE {_OF_DEVICE}", device_id)
        else:
            await self._session.run(
                f"UPDATE transactions SET due_at = CASE WHEN start_by < ? THEN start_by ELSE ? END WHERE {_OF_DEVICE}",
                no_later_than,
                no_later_than,
                device_id,
            )

    async def look_back(
        self,
        *,
        state: TransactionState | None = None,
        device_id: str | None = None,
        attention: bool = False,
        before: int | None = None,
        limit: int,
    ) -> tuple[list[Transaction], int | None]:
        """Up to `limit`, newest first, and the `before` to go on with; None at the end.

        One look passes by `ROWS_A_LOOK` of those that an index leads to, whether they fit or not: among ten million a
        rare one may be far, and who polls waits for the same thread.
        """
        filters = {"device_id": device_id, "state": None if state is None else state.value}
        leading, parameters = ["seq < ?"], list[object]([_MAX_SEQ if before is None else before])
        if attention:
            leading.append(_NEEDS_A_PERSON)
        elif state is not None and state not in TRANSACTION.final:
            leading.append(f"seq IN ({_OPEN})")
        elif state is not None and state is not TransactionState.APPROVED:
            leading += [_NOT_APPROVED, "state = ?"]
            parameters.append(filters.pop("state"))
        rest = [column for column, wanted in filters.items() if wanted is not None]
        bottom: int | None = None
        if rest:
            row = await self._session.one(
                f"SELECT seq FROM transactions WHERE {' AND '.join(leading)} ORDER BY seq DESC LIMIT 1 OFFSET ?",
                *parameters,
                ROWS_A_LOOK - 1,
            )
            bottom = None if row is None else row[0]
        # A plus keeps SQLite from being led by another index than the one that the bottom is of.
        clauses = [*leading, "seq >= ?", *(f"+{column} = ?" for column in rest)]
        parameters += [bottom or 0, *(filters[column] for column in rest), limit]
        found = await self._all(f"{' AND '.join(clauses)} ORDER BY seq DESC LIMIT ?", *parameters)
        return found, found[-1].seq if len(found) == limit else bottom

    async def count_open_by_state(self) -> dict[str, int]:
        return dict(
            await self._session.all("SELECT state, count(*) FROM transactions WHERE finished_at IS NULL GROUP BY state")
        )

    async def count_attention(self) -> int:
        row = await self._session.one(f"SELECT count(*) FROM transactions WHERE {_NEEDS_A_PERSON}")
        return int(row[0]) if row else 0

    async def due(self, now: int, limit: int) -> list[str]:
        rows = await self._session.all(
            "SELECT transaction_id FROM transactions WHERE due_at <= ? ORDER BY due_at, seq LIMIT ?", now, limit
        )
        return [row[0] for row in rows]

    async def next_due(self) -> int | None:
        row = await self._session.one("SELECT min(due_at) FROM transactions WHERE due_at IS NOT NULL")
        return row[0] if row else None

    async def sweep(self, before: int, limit: int, *, now: int) -> int:
        """Forget final ones that finished before `before`, in the order in which they came; return how many went.

        What is open or has an unreviewed conflict stays, and is passed by each time.
        """
        swept = await self._to_sweep(before, limit, now)
        if swept is None:
            return 0
        return await self._session.run(
            f"DELETE FROM transactions WHERE seq BETWEEN ? AND ? AND {_SWEEPABLE}", *swept, before
        )

    async def _to_sweep(self, before: int, limit: int, now: int) -> tuple[int, int] | None:
        """First and last `seq` of the first `limit` ones that may go, without an index that each payment writes.

        The look ends at a portion in which none came before `before`. At a single one that did not it goes on, and it
        passes by those from the future: the clock stood wrong then, perhaps for as long as that process ran.
        """
        found, seq = 0, 0
        swept: tuple[int, int] | None = None
        while True:
            rows = await self._session.all(
                f"SELECT seq, received_at, {_SWEEPABLE} FROM transactions WHERE seq > ? ORDER BY seq LIMIT ?",
                before,
                seq,
                limit,
            )
            for seq, _, sweepable in rows:
                if sweepable:
                    found, swept = found + 1, (seq if swept is None else swept[0], seq)
                    if found == limit:
                        return swept
            if len(rows) < limit:
                return swept
            if all(received_at > now for _, received_at, _ in rows):
                seq = await self._last_ahead(seq, now, limit)
            elif all(received_at >= before for _, received_at, _ in rows):
                return swept

    async def _last_ahead(self, seq: int, now: int, limit: int) -> int:
        """The last of those from the future that follow on this one, in strides, for they may be very many.

        It steps over fewer than `limit` others between two such runs; as many it sees.
        """
        stride = 1
        while True:
            row = await self._session.one(
                "SELECT seq, received_at FROM transactions WHERE seq >= ? ORDER BY seq LIMIT 1", seq + stride
            )
            if row is not None and row[1] > now:
                seq, stride = row[0], min(2 * stride, limit)
            elif stride == 1:
                return seq
            else:
                stride = 1
