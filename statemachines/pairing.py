"""Pairing: the durable link from a register to a device.

Laws: a register has at most one active pairing; a successful pairing elsewhere moves it; only the device or the
operator removes it. The POS has no trigger here.
"""

from __future__ import annotations

from statemachines.table import Row, Table
from statemachines.word import Word


class PairingState(Word):
    ACTIVE = "active"
    MOVED = "moved"  # the register was paired with another device
    REMOVED = "removed"  # by the device, one or all, or by the operator


class PairingTrigger(Word):
    RENEW = "renew"  # the same register pairs with the same device once more
    MOVE = "move"
    REMOVE = "remove"


class RemovedBy(Word):
    """Who ended a pairing; told to the device and to the register."""

    DEVICE = "device"
    OPERATOR = "operator"
    OTHER_DEVICE = "paired_elsewhere"


PAIRING = Table(
    "pairing",
    states=PairingState,
    initial=PairingState.ACTIVE,
    rows=[
        Row(PairingTrigger.RENEW, (PairingState.ACTIVE,), PairingState.ACTIVE),
        Row(PairingTrigger.MOVE, (PairingState.ACTIVE,), PairingState.MOVED),
        Row(PairingTrigger.REMOVE, (PairingState.ACTIVE,), PairingState.REMOVED),
    ],
)
