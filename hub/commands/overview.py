"""What the dashboard shows at a glance, and its pages. Queries only; every page is bounded."""

from __future__ import annotations

from dataclasses import dataclass

from hub.clock import rfc3339
from hub.commands.admin import device_view
from hub.store.records import PairingCode
from hub.store.unit import Unit
from hub.wire.admin import DeviceView
from hub.wire.dashboard import CodeRow, DevicesAsked, PairingStory, RegisterRow, RegistersAsked
from statemachines.refusal import Refusal

CODES_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Counts:
    """How many there are, straight from the store."""

    devices: int
    devices_by_state: dict[str, int]
    pairings: int
    live_codes: int
    open_by_state: dict[str, int]
    attention: int


async def counts(unit: Unit) -> Counts:
    by_state = await unit.devices.count_by_state()
    return Counts(
        devices=sum(by_state.values()),
        devices_by_state=by_state,
        pairings=await unit.pairings.count_active(),
        live_codes=len(await unit.codes.list_live(limit=CODES_LIMIT)),
        open_by_state=await unit.transactions.count_open_by_state(),
        attention=await unit.transactions.count_attention(),
    )


async def devices(unit: Unit, asked: DevicesAsked) -> list[DeviceView]:
    found = await unit.devices.search(text=asked.text, state=asked.state, after=asked.after, limit=asked.limit)
    return [await device_view(unit, each) for each in found]


async def registers(unit: Unit, asked: RegistersAsked) -> list[RegisterRow]:
    rows = []
    for register in await unit.registers.search(text=asked.text, after=asked.after, limit=asked.limit):
        pairing = await unit.pairings.active_of_register(register.register_key)
        rows.append(
            RegisterRow(
                register_key=register.register_key,
                register_id=register.register_id,
                register_name=register.register_name,
                business_name=register.business_name,
                vendor_name=register.vendor_name,
                event=await unit.events.last(register.register_key),
                pairing_id=None if pairing is None else pairing.pairing_id,
                device_id=None if pairing is None else pairing.device_id,
                paired_at=None if pairing is None else rfc3339(pairing.paired_at),
            )
        )
    return rows


async def pairing(unit: Unit, pairing_id: str) -> PairingStory:
    """One pairing, active or not; `Refusal` if there is none of that id, or none any more."""
    found = await unit.pairings.get(pairing_id)
    if found is None:
        raise Refusal("pairing_unknown", "There is no such pairing.")
    register = await unit.registers.get(found.register_key)
    assert register is not None
    return PairingStory(
        pairing_id=found.pairing_id,
        state=found.state.value,
        device_id=found.device_id,
        register_key=found.register_key,
        register_id=register.register_id,
        register_name=register.register_name,
        business_name=register.business_name,
        vendor_name=register.vendor_name,
        paired_at=rfc3339(found.paired_at),
        ended_at=None if found.ended_at is None else rfc3339(found.ended_at),
        cause=found.cause,
    )


def _code_row(code: PairingCode) -> CodeRow:
    return CodeRow(
        code_id=code.code_id,
        device_id=code.device_id,
        code=code.masked,
        state=code.state.value,
        issued_at=rfc3339(code.issued_at),
        expires_at=rfc3339(code.expires_at),
        session_ends_at=rfc3339(code.session_ends_at),
    )


async def codes(unit: Unit) -> list[CodeRow]:
    return [_code_row(code) for code in await unit.codes.list_live(limit=CODES_LIMIT)]


async def code(unit: Unit, code_id: str) -> CodeRow:
    """One code, live or not; `Refusal` if there is none of that id, or none any more."""
    found = await unit.codes.get(code_id)
    if found is None:
        raise Refusal("pairing_code_unknown", "There is no such pairing code.")
    return _code_row(found)
