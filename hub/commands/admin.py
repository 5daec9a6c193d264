"""What the operator sees: devices, pairings, transactions and their stories. Queries only."""

from __future__ import annotations

from hub.clock import rfc3339
from hub.commands import device as devices_
from hub.commands import pairing, view
from hub.store.records import Device, Transaction
from hub.store.unit import Unit
from hub.wire.admin import Action, CallbackView, DeviceView, PairedRegister, Step, TransactionRow, TransactionStory
from hub.wire.device import PairingInfo
from statemachines.refusal import Refusal
from statemachines.transaction import TransactionState


def _time(at_ms: int | None) -> str | None:
    return None if at_ms is None else rfc3339(at_ms)


async def device_view(unit: Unit, found: Device, pairings: list[PairingInfo] | None = None) -> DeviceView:
    return DeviceView(
        device_id=found.device_id,
        name=found.name,
        merchant_id=found.merchant_id,
        online=found.online,
        queue_state=found.state.value,
        queue_depth=await unit.transactions.count_waiting(found.device_id),
        epoch=found.epoch,
        enrolled_at=rfc3339(found.enrolled_at),
        business_name=found.reserved_for,
        serial=found.serial,
        model=found.model,
        firmware=found.firmware,
        current_transaction=found.current,
        connected_at=_time(found.connected_at),
        disconnected_at=_time(found.disconnected_at),
        revoked_at=_time(found.revoked_at),
        pairings=pairings,
    )


async def devices(unit: Unit, *, after: str, limit: int) -> list[DeviceView]:
    return [await device_view(unit, found) for found in await unit.devices.page(after=after, limit=limit)]


async def device(unit: Unit, device_id: str) -> DeviceView:
    found = await devices_.find(unit, device_id)
    return await device_view(unit, found, await pairing.of_device(unit, device_id))


async def pairings(unit: Unit, *, limit: int) -> list[PairedRegister]:
    return [
        PairedRegister(device_id=found.device_id, pairing=pairing.info(found, register))
        for found, register in await unit.pairings.page(limit=limit)
    ]


async def transactions(
    unit: Unit,
    *,
    state: TransactionState | None,
    device_id: str | None,
    attention: bool,
    before: int | None,
    limit: int,
) -> tuple[list[TransactionRow], int | None]:
    """Up to `limit`, newest first, and the `before` to go on with, also where none was found yet; None at the end."""
    found, further = await unit.transactions.look_back(
        state=state, device_id=device_id, attention=attention, before=before, limit=limit
    )
    return [await _row(unit, each) for each in found], further


async def _row(unit: Unit, found: Transaction) -> TransactionRow:
    register = await unit.registers.get(found.register_key)
    assert register is not None
    return TransactionRow(
        seq=found.seq,
        register_name=register.register_name,
        business_name=register.business_name,
        transaction=await view.look(unit, found),
    )


async def transaction(unit: Unit, transaction_id: str) -> TransactionStory:
    """Everything about one transaction; `Refusal` if there is none of that id."""
    found = await unit.transactions.get(transaction_id)
    if found is None:
        raise Refusal("transaction_unknown", "There is no such transaction.")
    row = await _row(unit, found)
    lines = [line.split(" ", 2) for line in found.history.splitlines()]
    actions = await unit.operator_actions.of_subject(transaction_id)
    callbacks = await unit.callbacks.of_transaction(transaction_id)
    return TransactionStory(
        seq=row.seq,
        register_name=row.register_name,
        business_name=row.business_name,
        transaction=row.transaction,
        sends=found.sends,
        sent_serial=found.sent_serial,
        steps=[Step(rfc3339(int(at)), what, state) for at, what, state in lines],
        actions=[Action(rfc3339(at), operator, action, note) for at, operator, action, _, note in actions],
        callbacks=[CallbackView(each.url, each.state, each.attempts, each.last_error) for each in callbacks],
        conflict_outcome=None if found.conflict is None else found.conflict.outcome.value,
        conflict=None if found.conflict is None else view.result_view(found.conflict, None),
    )
