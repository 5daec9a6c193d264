"""Who a register is: the triple, or the token that stands for it."""

from __future__ import annotations

from dataclasses import dataclass

from hub.entropy import digest, register_key
from hub.errors import Unauthorised
from hub.store.unit import Unit


@dataclass(frozen=True, slots=True)
class Identity:
    """The triple, matched exactly, and its key."""

    register_id: str
    business_name: str
    vendor_name: str

    @property
    def register_key(self) -> str:
        return register_key(self.register_id, self.business_name, self.vendor_name)


async def by_token(unit: Unit, token: str) -> Identity:
    """The register that this token was granted to; `Unauthorised` if none."""
    register = await unit.registers.by_token(digest(token))
    if register is None:
        raise Unauthorised("Unknown register token.")
    return Identity(register.register_id, register.business_name, register.vendor_name)


async def admit(unit: Unit, who: Identity, token: str | None) -> None:
    """Check the token that a register shows beside its triple, where the hub requires one or one was shown.

    A register that the hub does not know needs none: it has no pairing, and must pair first.
    """
    if token is None and not unit.settings.require_register_token:
        return
    register = await unit.registers.get(who.register_key)
    if register is None:
        return
    if token is None or not await unit.registers.has_token(register.register_key, digest(token)):
        raise Unauthorised("A valid register token is required.")
