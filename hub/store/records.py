"""The rows as Python objects. Fields stand in the order of the columns. Times are UTC milliseconds.

They are made and taken apart a dozen times a payment, and the library's structs do that in C. None refers to itself, so
the garbage collector need not know them.
"""

from __future__ import annotations

import msgspec

from hub.wire.device import Result
from hub.wire.function import Function
from statemachines.device_queue import QueueState
from statemachines.pairing import PairingState
from statemachines.pairing_code import CodeState
from statemachines.transaction import TransactionState


class Device(msgspec.Struct, gc=False):
    """A payment terminal, known by its internal id, which survives a hardware swap."""

    device_id: str
    name: str
    merchant_id: str
    reserved_for: str | None  # the business whose registers alone may pair
    credential_digest: str
    enrolled_at: int
    revoked_at: int | None
    serial: str | None
    model: str
    firmware: str
    epoch: int
    state: QueueState  # what its queue is doing; the table's `state`
    current: str | None  # the transaction in flight
    due_at: int | None  # offline: end of the grace; stalled: when to ask again
    connected_at: int | None
    disconnected_at: int | None

    @property
    def online(self) -> bool:
        return self.state is not QueueState.OFFLINE


class Register(msgspec.Struct, gc=False):
    """A till, known by the triple; `register_key` is made of it."""

    register_key: str
    register_id: str
    business_name: str
    vendor_name: str
    register_name: str
    contact: str  # JSON object of the optional fields of the pairing request
    created_at: int


class Pairing(msgspec.Struct, gc=False):
    pairing_id: str
    register_key: str
    device_id: str
    state: PairingState
    paired_at: int
    ended_at: int | None
    cause: str | None


class PairingCode(msgspec.Struct, gc=False):
    """`code` is blanked but for its last two digits as soon as it is of no more use."""

    code_id: str
    device_id: str
    code: str
    state: CodeState
    issued_at: int
    expires_at: int
    session_ends_at: int
    due_at: int | None  # when to refresh, then when to expire

    @property
    def masked(self) -> str:
        """All but the last two digits blanked."""
        return "•" * (len(self.code) - 2) + self.code[-2:]


class Request(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What the POS asked for; stored as one JSON text, never changed."""

    function: Function
    amount_total_cents: int | None = None
    amount_cash_cents: int | None = None
    amount_auth_cents: int | None = None
    amount_final_cents: int | None = None
    transaction_reference: str | None = None
    date: str | None = None
    sale_data: str | None = None


class Transaction(msgspec.Struct, gc=False):
    """One request to a device. Only the fields from `state` on ever change."""

    seq: int  # the order in which the hub received it
    transaction_id: str
    register_key: str
    device_id: str
    merchant_id: str
    request: Request
    reference: str | None
    idempotency_key: str | None
    fingerprint: str
    callback_url: str | None
    received_at: int
    start_by: int
    state: TransactionState
    updated_at: int
    due_at: int | None
    sends: int  # how often `transaction.start` went out; 0 is "never sent"
    asks: int  # requests in a row that the device left unanswered
    sent_serial: str | None  # the hardware that it was sent to
    acknowledged_at: int | None
    stage: str | None
    cancel_requested_at: int | None
    finished_at: int | None
    cause: str | None
    result: Result | None
    resolved_by: str | None
    conflict: Result | None  # another outcome than the record's, told by the device later
    conflict_reviewed_by: str | None  # the operator who has dealt with it
    history: str  # a line a step: time, trigger, state


class Callback(msgspec.Struct, gc=False):
    """A notice to a POS's own URL that waits to be delivered, or was."""

    callback_id: str
    transaction_id: str
    url: str
    state: str  # waiting, delivered, given_up
    attempts: int
    due_at: int | None
    last_error: str | None
    created_at: int
