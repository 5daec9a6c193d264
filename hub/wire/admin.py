"""Messages of the admin API: bodies of requests, and what an operator sees."""

from __future__ import annotations

from msgspec import Struct

from hub.wire.device import PairingInfo
from hub.wire.limits import Identifier, Name, Text
from hub.wire.register import TransactionResult, TransactionView
from statemachines.transaction import Outcome


class EnrolDevice(Struct, frozen=True, forbid_unknown_fields=True):
    """`business_name`: only this business's registers may pair with the device."""

    device_id: Identifier
    name: Text = ""
    business_name: Name | None = None
    merchant_id: Identifier | None = None


class ResolveTransaction(Struct, frozen=True, forbid_unknown_fields=True):
    """What the operator found out about a transaction in doubt, and how."""

    outcome: Outcome
    operator: Name
    note: Text = ""


class ReviewConflict(Struct, frozen=True, forbid_unknown_fields=True):
    """The operator has dealt with a device's word that disagrees with the record."""

    operator: Name
    note: Text = ""


class DeviceView(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A device as the operator sees it."""

    device_id: str
    name: str
    merchant_id: str
    online: bool
    queue_state: str
    queue_depth: int
    epoch: int
    enrolled_at: str
    business_name: str | None = None
    serial: str | None = None
    model: str = ""
    firmware: str = ""
    current_transaction: str | None = None
    connected_at: str | None = None
    disconnected_at: str | None = None
    revoked_at: str | None = None
    pairings: list[PairingInfo] | None = None  # only when one device is shown


class PairedRegister(Struct, frozen=True, kw_only=True):
    device_id: str
    pairing: PairingInfo


class Step(Struct, frozen=True):
    """One line of a transaction's history: what happened, and the state after it."""

    at: str
    what: str
    state: str


class Action(Struct, frozen=True):
    at: str
    operator: str
    action: str
    note: str


class CallbackView(Struct, frozen=True, omit_defaults=True):
    url: str
    state: str
    attempts: int
    last_error: str | None = None


class TransactionRow(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A transaction in the operator's list; `seq` is its place in the order of arrival, and the cursor of a page."""

    seq: int
    register_name: str
    business_name: str
    transaction: TransactionView


class TransactionStory(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A transaction with everything that happened to it."""

    seq: int
    register_name: str
    business_name: str
    transaction: TransactionView
    sends: int
    sent_serial: str | None
    steps: list[Step]
    actions: list[Action]
    callbacks: list[CallbackView]
    conflict_outcome: str | None = None
    conflict: TransactionResult | None = None
