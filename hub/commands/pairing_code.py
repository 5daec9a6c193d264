"""Pairing sessions on the device's side: start, refresh before expiry, stop."""

from __future__ import annotations

from hub.bus.signal import DeviceFrame
from hub.clock import rfc3339
from hub.commands import step
from hub.commands.report import connected_device
from hub.settings import milliseconds
from hub.store.records import PairingCode
from hub.store.unit import Unit
from hub.wire import jsonrpc
from hub.wire.device import PairingClosed, PairingCodeShown, PairingStopped
from statemachines.pairing_code import (
    PAIRING_CODE,
    CodeState,
    CodeTrigger,
    may_refresh,
    refresh_at,
)


def _shown(unit: Unit, code: PairingCode) -> PairingCodeShown:
    return PairingCodeShown(
        code=code.code,
        expires_at=rfc3339(code.expires_at),
        expires_in_seconds=(code.expires_at - unit.now) / 1000,
        session_ends_at=rfc3339(code.session_ends_at),
    )


async def _issue(unit: Unit, device_id: str, session_ends_at: int) -> PairingCode:
    text = unit.entropy.pairing_code(unit.settings.pairing_code_digits)
    while await unit.codes.live(text) is not None:
        text = unit.entropy.pairing_code(unit.settings.pairing_code_digits)
    ttl = milliseconds(unit.settings.pairing_code_ttl_seconds)
    overlap = milliseconds(unit.settings.pairing_code_overlap_seconds)
    expires_at = min(unit.now + ttl, session_ends_at)
    code = PairingCode(
        code_id=unit.entropy.uuid(),
        device_id=device_id,
        code=text,
        state=CodeState.ISSUED,
        issued_at=unit.now,
        expires_at=expires_at,
        session_ends_at=session_ends_at,
        # The last code of a session is not replaced: it is good until the session ends.
        due_at=min(refresh_at(issued_at=unit.now, ttl_ms=ttl, overlap_ms=overlap), expires_at),
    )
    if expires_at == session_ends_at:
        code.due_at = expires_at
    await unit.codes.add(code)
    step.note_code(unit, code, "issue")
    unit.wake(code.due_at)
    return code


async def start(unit: Unit, device_id: str, epoch: int) -> PairingCodeShown:
    """Open pairing and issue the first code; a session that is open already begins anew, with a new code."""
    await connected_device(unit, device_id, epoch)
    await withdraw_all(unit, device_id)
    session_ends_at = unit.now + milliseconds(unit.settings.pairing_session_seconds)
    return _shown(unit, await _issue(unit, device_id, session_ends_at))


async def stop(unit: Unit, device_id: str, epoch: int) -> PairingStopped:
    """Close pairing; `stopped` is False if it was not open."""
    await connected_device(unit, device_id, epoch)
    return PairingStopped(await withdraw_all(unit, device_id) > 0)


async def withdraw_all(unit: Unit, device_id: str) -> int:
    """Make all live codes of a device useless; return how many there were."""
    codes = await unit.codes.live_of_device(device_id)
    for code in codes:
        step.fire_code(unit, code, CodeTrigger.WITHDRAW)
        await unit.codes.save(code)
    return len(codes)


async def shown(unit: Unit, device_id: str) -> PairingCodeShown | None:
    """The code that a device that comes back within the grace goes on showing."""
    for code in await unit.codes.live_of_device(device_id):
        if code.state is CodeState.ISSUED and code.expires_at > unit.now:
            return _shown(unit, code)
    return None


async def due(unit: Unit, code_id: str) -> None:
    """A code's deadline has come: it is replaced while the session goes on, or it expires."""
    code = await unit.codes.get(code_id)
    if code is None or code.due_at is None or code.due_at > unit.now or code.state in PAIRING_CODE.final:
        return
    if unit.now >= code.expires_at or not may_refresh(code, now=unit.now):
        await _expire(unit, code)
        return
    step.fire_code(unit, code, CodeTrigger.REPLACE)
    code.due_at = code.expires_at
    unit.wake(code.due_at)
    await unit.codes.save(code)
    fresh = await _issue(unit, code.device_id, code.session_ends_at)
    await _push(unit, code.device_id, "pairing.code", _shown(unit, fresh))


async def _expire(unit: Unit, code: PairingCode) -> None:
    on_screen = code.state is CodeState.ISSUED
    step.fire_code(unit, code, CodeTrigger.EXPIRE)
    await unit.codes.save(code)
    if not on_screen:
        return
    if unit.now < code.session_ends_at:
        # The hub was away when it should have been refreshed; the session still goes on.
        fresh = await _issue(unit, code.device_id, code.session_ends_at)
        await _push(unit, code.device_id, "pairing.code", _shown(unit, fresh))
    else:
        await close(unit, code.device_id, cause="session_ended")


async def close(unit: Unit, device_id: str, *, cause: str) -> None:
    """End the session and take the code off the device's screen."""
    await withdraw_all(unit, device_id)
    await _push(unit, device_id, "pairing.closed", PairingClosed(cause=cause))


async def _push(unit: Unit, device_id: str, method: str, params: PairingCodeShown | PairingClosed) -> None:
    device = await unit.devices.get(device_id)
    if device is not None and device.online:
        unit.signal(DeviceFrame(device_id, device.epoch, jsonrpc.notification(method, params)))
