"""Pairings: redeeming a code, moving a register, removing one register or all."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from hub.bus.signal import DeviceFrame, RegisterTokens
from hub.clock import rfc3339
from hub.commands import pairing_code, queue, step, tell, view
from hub.commands.identity import Identity
from hub.commands.report import connected_device
from hub.entropy import digest
from hub.store.records import Device, Pairing, Register
from hub.store.unit import Unit
from hub.wire import jsonrpc
from hub.wire.device import PairingInfo, PairingRemoved, PairingsRemoved, RemovePairing
from hub.wire.register import PairingView, Redeem, Redeemed
from statemachines import pairing_code as code_rules
from statemachines.pairing import PAIRING, PairingState, PairingTrigger, RemovedBy
from statemachines.pairing_code import CodeTrigger
from statemachines.refusal import Refusal
from statemachines.transaction import TransactionTrigger

KEPT_TOKENS = 8
"""Tokens of one register that are good at a time: of the till, its back office, and answers that were lost."""


@dataclass(frozen=True, slots=True)
class _Contact:
    """The optional fields of a pairing request, as one JSON text."""

    text: str

    @classmethod
    def of(cls, asked: Redeem) -> _Contact:
        names = ("contact_name", "address", "city", "state", "zip_code", "email", "phone")
        given = {name: getattr(asked, name) for name in names if getattr(asked, name) is not None}
        return cls(msgspec.json.encode(given).decode())


def normalised(code: str) -> str:
    """What a person typed, without the spaces and hyphens that people put between digits."""
    return code.replace(" ", "").replace("-", "")


async def redeem(unit: Unit, who: Identity, asked: Redeem) -> Redeemed:
    """Pair the register with the device that shows the code; a register that was paired elsewhere moves.

    Of two that redeem the same code at once exactly one wins. A refused code changes nothing.
    """
    code = await unit.codes.live(normalised(asked.code))
    if code is None:
        raise code_rules.invalid_code()
    device = await unit.devices.get(code.device_id)
    assert device is not None
    code_rules.redeem(code, now=unit.now, business_name=who.business_name, reserved_for=device.reserved_for)
    step.note_code(unit, code, CodeTrigger.REDEEM.value)
    await unit.codes.save(code)
    await pairing_code.close(unit, device.device_id, cause="redeemed")
    register = await _register(unit, who, asked)
    before = await unit.pairings.active_of_register(register.register_key)
    token = await _grant(unit, register, anew=before is None)
    paired = await _link(unit, register, device, before)
    await tell.pairing_changed(unit, register.register_key, paired, cause="paired")
    _tell_device(unit, device, "pairing.added", info(paired, register))
    return Redeemed(result="success", register_token=token, pairing=await view.pairing_view(unit, paired))


async def _register(unit: Unit, who: Identity, asked: Redeem) -> Register:
    """The register's record, made or brought up to date."""
    register = await unit.registers.get(who.register_key)
    if register is None:
        register = Register(
            register_key=who.register_key,
            register_id=who.register_id,
            business_name=who.business_name,
            vendor_name=who.vendor_name,
            register_name=asked.register_name,
            contact=_Contact.of(asked).text,
            created_at=unit.now,
        )
        await unit.registers.add(register)
    else:
        register.register_name = asked.register_name
        register.contact = _Contact.of(asked).text
        await unit.registers.save(register)
    return register


async def _grant(unit: Unit, register: Register, *, anew: bool) -> str:
    """A new token. Earlier ones stay good while the register is paired without a break; pairing anew voids them.

    Told before the pairing is: a connection that ends with its token hears nothing of what comes after.
    """
    await unit.registers.void_tokens(register.register_key, but_newest=0 if anew else KEPT_TOKENS - 1)
    token = unit.entropy.secret("reg_")
    await unit.registers.grant_token(register.register_key, digest(token), at=unit.now)
    unit.signal(RegisterTokens(register.register_key, await unit.registers.tokens(register.register_key)))
    return token


async def _link(unit: Unit, register: Register, device: Device, before: Pairing | None) -> Pairing:
    if before is not None and before.device_id == device.device_id:
        step.fire_pairing(unit, before, PairingTrigger.RENEW)
        before.paired_at = unit.now
        await unit.pairings.save(before)
        return before
    if before is not None:
        await _end(unit, before, register, PairingTrigger.MOVE, RemovedBy.OTHER_DEVICE)
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
    step.note_pairing(unit, paired, "pair")
    return paired


async def _end(unit: Unit, pairing: Pairing, register: Register, trigger: PairingTrigger, cause: RemovedBy) -> None:
    """End a pairing, tell its device, and cancel what the register still had waiting there: never sent."""
    pairing.ended_at = unit.now
    pairing.cause = cause.value
    step.fire_pairing(unit, pairing, trigger)
    await unit.pairings.save(pairing)
    device = await unit.devices.get(pairing.device_id)
    assert device is not None
    _tell_device(unit, device, "pairing.removed", _removed(pairing, register))
    first = None
    for transaction in await unit.transactions.waiting(pairing.device_id):
        if transaction.register_key == register.register_key:
            first = first if first is not None else transaction.seq
            await queue.end_unsent(unit, transaction, TransactionTrigger.UNPAIRED, cause="unpaired")
    if first is not None:
        await queue.tell_waiting(unit, pairing.device_id, behind=first)


def info(pairing: Pairing, register: Register) -> PairingInfo:
    return PairingInfo(
        pairing_id=pairing.pairing_id,
        register_id=register.register_id,
        register_name=register.register_name,
        business_name=register.business_name,
        vendor_name=register.vendor_name,
        paired_at=rfc3339(pairing.paired_at),
    )


def _removed(pairing: Pairing, register: Register) -> PairingRemoved:
    return PairingRemoved(
        pairing_id=pairing.pairing_id,
        register_name=register.register_name,
        cause=pairing.cause or "",
        removed_at=rfc3339(pairing.ended_at or 0),
    )


def _tell_device(unit: Unit, device: Device, method: str, params: PairingInfo | PairingRemoved) -> None:
    if device.online:
        unit.signal(DeviceFrame(device.device_id, device.epoch, jsonrpc.notification(method, params)))


async def of_device(unit: Unit, device_id: str) -> list[PairingInfo]:
    """The registers that are paired with a device, in the order in which they were paired."""
    return [info(pairing, register) for pairing, register in await unit.pairings.active_of_device(device_id)]


async def ended_since(unit: Unit, device_id: str, since: int) -> list[PairingRemoved]:
    """What a device that was away must learn."""
    return [_removed(pairing, register) for pairing, register in await unit.pairings.ended_since(device_id, since)]


async def remove(unit: Unit, device_id: str, epoch: int, asked: RemovePairing) -> PairingsRemoved:
    """The device unpairs one register, or all."""
    await connected_device(unit, device_id, epoch)
    if asked.all == (asked.pairing_id is not None):
        raise Refusal("invalid_params", "Give either a pairing_id or all.")
    removed = 0
    for pairing, register in await unit.pairings.active_of_device(device_id):
        if asked.all or pairing.pairing_id == asked.pairing_id:
            await _remove(unit, pairing, register, RemovedBy.DEVICE)
            removed += 1
    if removed == 0 and not asked.all:
        raise Refusal("pairing_unknown", "This device has no such pairing.")
    return PairingsRemoved(removed)


async def remove_by_operator(unit: Unit, pairing_id: str) -> None:
    pairing = await unit.pairings.get(pairing_id)
    if pairing is None or pairing.state is not PairingState.ACTIVE:
        raise Refusal("pairing_unknown", "There is no such active pairing.")
    register = await unit.registers.get(pairing.register_key)
    assert register is not None
    await _remove(unit, pairing, register, RemovedBy.OPERATOR)


async def _remove(unit: Unit, pairing: Pairing, register: Register, cause: RemovedBy) -> None:
    await _end(unit, pairing, register, PairingTrigger.REMOVE, cause)
    await tell.pairing_changed(unit, register.register_key, None, cause=cause.value)


async def status(unit: Unit, register_key: str) -> PairingView:
    """Which device the register is paired with, and how that is; an unknown register is simply not paired."""
    return await view.pairing_view(unit, await unit.pairings.active_of_register(register_key))
