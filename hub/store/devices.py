"""Devices and the state of their queues."""

from __future__ import annotations

from msgspec.structs import astuple

from hub.store.records import Device
from hub.store.rows import Rows
from hub.store.session import Row, Session
from statemachines.device_queue import QueueState

_COLUMNS = (
    "device_id, name, merchant_id, reserved_for, credential_digest, enrolled_at, revoked_at, serial, model, firmware, "
    "epoch, state, current, due_at, connected_at, disconnected_at"
)

_STATE = 11
_STATES = {state.value: state for state in QueueState}


def _fields(row: Row) -> Row:
    """A record's fields out of the columns: each of them immutable, as a remembered row must be."""
    return (*row[:_STATE], _STATES[row[_STATE]], *row[_STATE + 1 :])


def _record(row: Row) -> Device:
    return Device(*_fields(row))


class Devices:
    __slots__ = ("_rows", "_session")

    def __init__(self, session: Session) -> None:
        self._session = session
        self._rows = Rows(remembers=session.remembers)

    async def get(self, device_id: str) -> Device | None:
        """The device, locked until the commit: whoever holds it decides what its queue does next."""
        fields = self._rows.get(device_id)
        if fields is None:
            row = await self._session.one(
                f"SELECT {_COLUMNS} FROM devices WHERE device_id = ?{self._session.for_update}", device_id
            )
            if row is None:
                return None
            fields = _fields(row)
            self._rows.remember(device_id, fields)
        return Device(*fields)

    async def add(self, device: Device) -> None:
        await self._session.run(
            f"INSERT INTO devices ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            device.device_id,
            device.name,
            device.merchant_id,
            device.reserved_for,
            device.credential_digest,
            device.enrolled_at,
            device.revoked_at,
            device.serial,
            device.model,
            device.firmware,
            device.epoch,
            device.state.value,
            device.current,
            device.due_at,
            device.connected_at,
            device.disconnected_at,
        )

    async def save(self, device: Device) -> None:
        """Store everything that a connection or an operator can change."""
        self._rows.forget(device.device_id)
        await self._session.run(
            "UPDATE devices SET name = ?, reserved_for = ?, credential_digest = ?, revoked_at = ?, serial = ?, "
            "model = ?, firmware = ?, epoch = ?, state = ?, current = ?, due_at = ?, connected_at = ?, "
            "disconnected_at = ? WHERE device_id = ?",
            device.name,
            device.reserved_for,
            device.credential_digest,
            device.revoked_at,
            device.serial,
            device.model,
            device.firmware,
            device.epoch,
            device.state.value,
            device.current,
            device.due_at,
            device.connected_at,
            device.disconnected_at,
            device.device_id,
        )

    async def save_queue(self, device: Device) -> None:
        """Store what the queue is doing, and nothing else."""
        fields = self._rows.get(device.device_id)
        before = None if fields is None else Device(*fields)
        state, current, due_at = device.state, device.current, device.due_at
        if before is not None and before.due_at == due_at:
            if before.state is state and before.current == current:
                return
            # The usual step: no indexed column is named, so no index is touched.
            await self._session.run(
                "UPDATE devices SET state = ?, current = ? WHERE device_id = ?", state.value, current, device.device_id
            )
        else:
            await self._session.run(
                "UPDATE devices SET state = ?, current = ?, due_at = ? WHERE device_id = ?",
                state.value,
                current,
                due_at,
                device.device_id,
            )
        if before is not None:
            before.state, before.current, before.due_at = state, current, due_at
            self._rows.remember(device.device_id, astuple(before))

    async def count(self) -> int:
        row = await self._session.one("SELECT count(*) FROM devices")
        return int(row[0]) if row else 0

    async def page(self, *, after: str = "", limit: int) -> list[Device]:
        """A page, in the order of the ids."""
        rows = await self._session.all(
            f"SELECT {_COLUMNS} FROM devices WHERE device_id > ? ORDER BY device_id LIMIT ?", after, limit
        )
        return [_record(row) for row in rows]

    async def count_by_state(self) -> dict[str, int]:
        return dict(await self._session.all("SELECT state, count(*) FROM devices GROUP BY state"))

    async def search(self, *, text: str, state: str, after: str, limit: int) -> list[Device]:
        """A page of those with `text` in id, name or serial, and in that state of the queue, if given."""
        rows = await self._session.all(
            f"SELECT {_COLUMNS} FROM devices WHERE device_id > ? AND (? = '' OR state = ?) "
            "AND (? = '' OR device_id LIKE ? OR name LIKE ? OR serial LIKE ?) ORDER BY device_id LIMIT ?",
            after,
            state,
            state,
            text,
            *[f"%{text}%"] * 3,
            limit,
        )
        return [_record(row) for row in rows]

    async def online(self) -> list[Device]:
        rows = await self._session.all(f"SELECT {_COLUMNS} FROM devices WHERE state <> 'offline'")
        return [_record(row) for row in rows]

    async def due(self, now: int, limit: int) -> list[str]:
        rows = await self._session.all(
            "SELECT device_id FROM devices WHERE due_at <= ? ORDER BY due_at LIMIT ?", now, limit
        )
        return [row[0] for row in rows]

    async def next_due(self) -> int | None:
        row = await self._session.one("SELECT min(due_at) FROM devices WHERE due_at IS NOT NULL")
        return row[0] if row else None
