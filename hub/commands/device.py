"""Devices: enrolment, credentials, and the life of their connections."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from operator import attrgetter

from hub.bus.signal import DeviceClose
from hub.clock import rfc3339
from hub.commands import pairing, pairing_code, queue, report, step, tell
from hub.entropy import digest, matches
from hub.errors import Unauthorised
from hub.settings import milliseconds
from hub.store.records import Device, Transaction
from hub.store.unit import Unit
from hub.wire.close_codes import CloseCode
from hub.wire.device import (
    NAMED_REFUSALS,
    Enrolled,
    Hello,
    PairingCodeShown,
    PairingInfo,
    PairingRemoved,
    RefusedResult,
    Result,
)
from statemachines.device_queue import DEVICE_QUEUE, QueueTrigger
from statemachines.refusal import Refusal
from statemachines.transaction import TRANSACTION, TransactionState, speaks_for

OWN_CREDENTIAL_LENGTH = 32
"""Characters at least of a credential that a device chooses: 32 random hexadecimal digits are 128 bits."""


async def enrol(
    unit: Unit,
    device_id: str,
    *,
    name: str = "",
    reserved_for: str | None = None,
    merchant_id: str | None = None,
    credential: str | None = None,
) -> Enrolled:
    """Make a device known and give it its first credential, or take the one that it has chosen.

    `Refusal` if the id is taken, there are too many, or the chosen credential is too short.
    """
    if await unit.devices.get(device_id) is not None:
        raise Refusal("device_exists", f"A device with the id {device_id} is enrolled already.")
    if await unit.devices.count() >= unit.settings.max_devices:
        raise Refusal("too_many_devices", "The hub has as many devices as it is set to take.")
    if credential is None:
        credential = unit.entropy.secret("dev_")
    elif len(credential) < OWN_CREDENTIAL_LENGTH:
        raise Refusal(
            "invalid_params", f"A credential that a device chooses has {OWN_CREDENTIAL_LENGTH} characters at least."
        )
    await unit.devices.add(
        Device(
            device_id=device_id,
            name=name or device_id,
            merchant_id=merchant_id or unit.entropy.uuid(),
            reserved_for=reserved_for,
            credential_digest=digest(credential),
            enrolled_at=unit.now,
            revoked_at=None,
            serial=None,
            model="",
            firmware="",
            epoch=0,
            state=DEVICE_QUEUE.initial,
            current=None,
            due_at=None,
            connected_at=None,
            disconnected_at=None,
        )
    )
    return Enrolled(device_id=device_id, credential=credential)


async def find(unit: Unit, device_id: str) -> Device:
    device = await unit.devices.get(device_id)
    if device is None:
        raise Refusal("device_unknown", f"There is no device with the id {device_id}.")
    return device


async def rotate(unit: Unit, device_id: str) -> Enrolled:
    """Give the device a new credential (also after a revocation); its live connection is closed at once."""
    device = await find(unit, device_id)
    credential = unit.entropy.secret("dev_")
    device.credential_digest = digest(credential)
    device.revoked_at = None
    await _cut_off(unit, device)
    return Enrolled(device_id=device_id, credential=credential)


async def revoke(unit: Unit, device_id: str) -> None:
    """Let the device in no more; its live connection is closed at once, and its pairing code withdrawn."""
    device = await find(unit, device_id)
    device.revoked_at = unit.now
    await pairing_code.withdraw_all(unit, device_id)
    await _cut_off(unit, device)


async def _cut_off(unit: Unit, device: Device) -> None:
    unit.signal(DeviceClose(device.device_id, device.epoch, CloseCode.REVOKED))
    await unit.devices.save(device)
    await disconnect(unit, device.device_id, device.epoch)


@dataclass(frozen=True, slots=True)
class Connected:
    """What the hello of a device came to."""

    device_id: str
    epoch: int
    credential: str | None
    pairings: list[PairingInfo]
    removed: list[PairingRemoved]
    recorded: list[str]
    refused: list[RefusedResult]
    pairing_code: PairingCodeShown | None


async def connect(unit: Unit, hello: Hello, malformed: Sequence[RefusedResult] = (), late: bool = False) -> Connected:
    """Take a device's hello: check it, raise the epoch, settle what was in flight, go on with the queue.

    `malformed` are results that came with it and could not be read; they are not among its `results`.
    `late`: a connection of this device that was opened after this one is there already.
    Raises `Unauthorised` for an unknown device, a wrong or missing credential, or a revoked one; what `enrol` does; and
    `Refusal` if it is late.
    """
    device, credential = await _identify(unit, hello)
    if late:
        raise report.connection_replaced()
    # Not since it went away: the line may have been dead for a while before that was noticed.
    told_since = device.connected_at or 0
    unit.signal(DeviceClose(device.device_id, device.epoch, CloseCode.REPLACED))
    device.epoch += 1
    device.serial, device.model, device.firmware = hello.serial, hello.model, hello.firmware
    device.connected_at, device.due_at = unit.now, None
    # Before the queue reconciles: what settles the one in flight would end that too early.
    recorded, refused = await report.record_results(unit, device, _placed(hello.results, malformed))
    await _leave_to_its_hardware(unit, device)
    step.fire_queue(unit, device, QueueTrigger.CONNECT)
    await unit.transactions.set_waiting_due(device.device_id, no_later_than=None)
    await _reconcile(unit, device, hello)
    await unit.devices.save(device)
    await tell.device_presence(unit, device)
    await queue.advance(unit, device)
    return Connected(
        device_id=device.device_id,
        epoch=device.epoch,
        credential=credential,
        pairings=await pairing.of_device(unit, device.device_id),
        removed=await pairing.ended_since(unit, device.device_id, told_since),
        recorded=recorded,
        refused=sorted([*malformed, *refused], key=attrgetter("index"))[:NAMED_REFUSALS],
        pairing_code=await pairing_code.shown(unit, device.device_id),
    )


def _placed(results: list[Result], malformed: Sequence[RefusedResult]) -> Iterator[tuple[int, Result]]:
    """The results, each with the place that it had in the hello: between those that could not be read."""
    taken = {refused.index for refused in malformed}
    return zip((index for index in count() if index not in taken), results, strict=False)


async def _identify(unit: Unit, hello: Hello) -> tuple[Device, str | None]:
    device = await unit.devices.get(hello.device_id)
    if device is None and hello.enrol and unit.settings.development:
        # With a credential of its own a hello whose answer is lost can be said again: the same secret gets in.
        enrolled = await enrol(unit, hello.device_id, name=hello.model, credential=hello.credential)
        return await find(unit, hello.device_id), enrolled.credential if hello.credential is None else None
    if (
        device is None
        or device.revoked_at is not None
        or hello.credential is None
        or not matches(hello.credential, device.credential_digest)
    ):
        raise Unauthorised("Unknown device, or a wrong, missing or revoked credential.")
    return device, None


async def _leave_to_its_hardware(unit: Unit, device: Device) -> None:
    """Another hardware came in its place: it cannot know what was in flight. The doubt stays, and the queue goes on."""
    transaction = await _in_flight(unit, device)
    if transaction is not None and not speaks_for(transaction, serial=device.serial or ""):
        await queue.abandon(unit, device, transaction, cause="device_replaced")


async def _reconcile(unit: Unit, device: Device, hello: Hello) -> None:
    """Settle what was in flight with the hardware that has just connected; afterwards the device is to be saved."""
    held = {item.transaction_id: item.stage for item in hello.in_flight}
    transaction = await _in_flight(unit, device)
    if transaction is None:
        transaction = await _adopt(unit, device, held)
    if transaction is None:
        device.current = None
        await queue.settle(unit, device)
        return
    transaction.asks = 0
    if transaction.transaction_id in held:
        await queue.take_up(unit, device, transaction, held[transaction.transaction_id])
    else:
        queue.send_inquire(unit, device, transaction)
        await unit.transactions.save(transaction)


async def _in_flight(unit: Unit, device: Device) -> Transaction | None:
    """The transaction that the hub had on the device, if the hello's results did not settle it."""
    if device.current is None:
        return None
    transaction = await unit.transactions.get(device.current)
    if transaction is None or transaction.state in TRANSACTION.final or transaction.state is TransactionState.QUEUED:
        return None
    return transaction


async def _adopt(unit: Unit, device: Device, held: dict[str, str | None]) -> Transaction | None:
    """A transaction in doubt that was given up, and that this hardware comes back with after all."""
    for transaction_id in held:
        transaction = await unit.transactions.get(transaction_id)
        if (
            transaction is not None
            and transaction.device_id == device.device_id
            and transaction.state is TransactionState.IN_DOUBT
            and speaks_for(transaction, serial=device.serial or "")
        ):
            device.current = transaction_id
            return transaction
    return None


async def disconnect(unit: Unit, device_id: str, epoch: int) -> bool:
    """The connection of that epoch is gone. An older one's end changes nothing; True if it was the present one."""
    device = await unit.devices.get(device_id)
    if device is None or device.epoch != epoch or not device.online:
        return False
    step.fire_queue(unit, device, QueueTrigger.DISCONNECT)
    device.disconnected_at = unit.now
    grace_ends_at = unit.now + milliseconds(unit.settings.offline_grace_seconds)
    device.due_at = grace_ends_at
    unit.wake(grace_ends_at)
    transaction = await _in_flight(unit, device)
    if transaction is not None:
        in_doubt = transaction.state is TransactionState.IN_DOUBT
        queue.set_due(unit, transaction, None if in_doubt else unit.settings.offline_grace_seconds)
        await unit.transactions.save(transaction)
    await unit.transactions.set_waiting_due(device_id, no_later_than=grace_ends_at)
    await unit.devices.save(device)
    await tell.device_presence(unit, device)
    return True


async def recover(unit: Unit) -> int:
    """At the start of the hub: no connection has survived. Returns how many devices were online before."""
    devices = await unit.devices.online()
    for device in devices:
        await disconnect(unit, device.device_id, device.epoch)
    return len(devices)


async def grace_over(unit: Unit, device_id: str) -> None:
    """The device's own deadline has come: it stayed away, or it refused to start a while ago."""
    device = await unit.devices.get(device_id)
    if device is None or device.due_at is None or device.due_at > unit.now:
        return
    device.due_at = None
    if not device.online:
        await pairing_code.withdraw_all(unit, device_id)
        await unit.devices.save_queue(device)
    elif device.current is None and DEVICE_QUEUE.permits(device.state, QueueTrigger.SETTLE):
        await queue.settle(unit, device)
        await queue.advance(unit, device)
    else:
        await unit.devices.save_queue(device)


def connected_since(device: Device) -> str | None:
    return rfc3339(device.connected_at) if device.online and device.connected_at is not None else None
