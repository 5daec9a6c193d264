"""A register's hello: who it is, what is true now, and what it missed."""

from __future__ import annotations

from dataclasses import dataclass

from hub.commands import identity, pairing, transaction
from hub.commands.identity import Identity
from hub.errors import Unauthorised
from hub.store.unit import Unit
from hub.wire.register import Hello, PairingView, TransactionView
from statemachines.refusal import Refusal

PAGE = 100
"""Events read at a time, at most, when a register catches up."""


@dataclass(frozen=True, slots=True)
class Subscribed:
    """What the hello of a register came to. Events after `resume_after` follow."""

    who: Identity
    event: int
    resume_after: int
    replay: str
    pairing: PairingView
    transactions: list[TransactionView]


async def subscribe(unit: Unit, hello: Hello) -> Subscribed:
    """Identify the register and decide how it catches up.

    Raises `Unauthorised`, or `Refusal` for an incomplete hello.
    """
    who = await identify(unit, hello)
    last = await unit.events.last(who.register_key)
    resume_after, replay = await _replay(unit, who.register_key, hello.last_event, last)
    return Subscribed(
        who=who,
        event=last,
        resume_after=resume_after,
        replay=replay,
        pairing=await pairing.status(unit, who.register_key),
        transactions=await transaction.open_views(unit, who.register_key),
    )


async def identify(unit: Unit, hello: Hello) -> Identity:
    """Who says it; raises as `subscribe` does."""
    if hello.register_token is not None:
        who = await identity.by_token(unit, hello.register_token)
        given = (hello.register_id, hello.business_name, hello.vendor_name)
        true = (who.register_id, who.business_name, who.vendor_name)
        if any(part is not None and part != whole for part, whole in zip(given, true, strict=True)):
            raise Unauthorised("The register token belongs to another register.")
        return who
    if hello.register_id is None or hello.business_name is None or hello.vendor_name is None:
        raise Refusal("invalid_params", "Give register_id, business_name and vendor_name, or a register_token.")
    who = Identity(hello.register_id, hello.business_name, hello.vendor_name)
    await identity.admit(unit, who, None)
    return who


async def _replay(unit: Unit, register_key: str, seen: int | None, last: int) -> tuple[int, str]:
    """After which event to go on, and how that is called. There is no silent gap."""
    if seen is None or seen == last:
        return last, "none"
    oldest = await unit.events.oldest(register_key)
    if seen < 0 or seen > last or oldest is None or seen < oldest - 1:
        # Too old to replay; or a number that this hub never gave out, after a restore from a backup.
        return last, "snapshot"
    return seen, "complete"


async def events_after(unit: Unit, register_key: str, number: int, *, limit: int = PAGE) -> list[tuple[int, bytes]]:
    """The next page of the register's events."""
    return await unit.events.after(register_key, number, limit=limit)
