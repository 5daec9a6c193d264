"""Messages of `smartconnect.register.v1`, between a register and the hub.

A register is the triple (register id, business name, vendor name), matched exactly. Every pushed event carries `event`,
the number in this register's own gapless sequence.
"""

from __future__ import annotations

from msgspec import Struct

from hub.wire.limits import (
    Cents,
    CodeText,
    Identifier,
    Name,
    Reference,
    SaleDataText,
    Secret,
    Text,
    Url,
)


class Hello(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """`hello`, the first message: the triple or a register token, and the last event number seen (if any)."""

    register_id: Name | None = None
    business_name: Name | None = None
    vendor_name: Name | None = None
    register_token: Secret | None = None
    last_event: int | None = None


class DevicePresence(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The device that a register is paired with, as it is now."""

    device_id: str
    device_name: str
    online: bool
    queue_state: str
    queue_depth: int


class PairingView(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """`pairing.status`, and part of `pairing.changed`. `cause` tells why it is as it is."""

    paired: bool
    pairing_id: str | None = None
    paired_at: str | None = None
    device: DevicePresence | None = None
    cause: str | None = None  # paired, device, operator


class TransactionResult(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The outcome's details; which are there depends on the function and the device."""

    reason: str | None = None
    result_text: str | None = None
    amount_total_cents: int | None = None
    amount_surcharge_cents: int | None = None
    amount_tip_cents: int | None = None
    auth_id: str | None = None
    acquirer_ref: str | None = None
    terminal_ref: str | None = None
    card_pan: str | None = None
    card_type: str | None = None
    account_type: str | None = None
    timestamp: str | None = None
    receipt: str | None = None
    reference_id: str | None = None
    reference_outcome: str | None = None
    status: str | None = None
    resolved_by: str | None = None  # the operator, if a person settled it


class TransactionView(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A transaction as its register sees it.

    `state` is the table's; `final` says that it will not change. `delayed`: the outcome is unknown for now; keep
    waiting. `never_sent`: it never left the hub, so it was certainly not charged. `queue_position`: 1 is next,
    0 is on the device; absent when final or in doubt. The basket (`sale_data`) is not repeated: the register has it.
    """

    transaction_id: str
    state: str
    final: bool
    function: str
    device_id: str
    received_at: str
    updated_at: str
    amount_total_cents: int | None = None
    amount_cash_cents: int | None = None
    amount_auth_cents: int | None = None
    amount_final_cents: int | None = None
    transaction_reference: str | None = None
    idempotency_key: str | None = None
    stage: str | None = None
    queue_position: int | None = None
    delayed: bool = False
    never_sent: bool = False
    cancel_requested: bool = False
    conflict: bool = False
    cause: str | None = None  # why it was cancelled, or is in doubt
    result: TransactionResult | None = None


class Welcome(Struct, frozen=True, kw_only=True):
    """The hub's answer to `hello`.

    `replay` says what follows: `none` (nothing was missed, or nothing was asked for), `complete` (every event after
    `last_event` of the hello follows, in order), `snapshot` (too old to replay: `transactions` and `pairing` are the
    whole present truth, and events go on after `event`).
    """

    register_key: str
    event: int
    replay: str
    heartbeat_seconds: float
    server_time: str
    hub_version: str
    pairing: PairingView
    transactions: list[TransactionView]


class Redeem(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """`pairing.redeem`: the code that a person typed. The other fields are as in the POS API."""

    code: CodeText
    register_name: Name
    contact_name: Text | None = None
    address: Text | None = None
    city: Text | None = None
    state: Text | None = None
    zip_code: Text | None = None
    email: Text | None = None
    phone: Text | None = None


class Redeemed(Struct, frozen=True, kw_only=True):
    """Paired. `register_token` identifies this register from now on; the hub may be set to require it."""

    result: str
    register_token: str
    pairing: PairingView


class Submit(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """`transaction.submit`. Which amounts are needed depends on `function`; see `hub.wire.function`."""

    function: Name
    amount_total_cents: Cents | None = None
    amount_cash_cents: Cents | None = None
    amount_auth_cents: Cents | None = None
    amount_final_cents: Cents | None = None
    transaction_reference: Reference | None = None
    idempotency_key: Reference | None = None
    date: Text | None = None
    sale_data: SaleDataText | None = None
    callback_url: Url | None = None


class Submitted(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Durable now. `replayed`: the key was known, and this is what became of the first attempt."""

    transaction: TransactionView
    replayed: bool = False


class ById(Struct, frozen=True):
    transaction_id: Identifier


class Cancelled(Struct, frozen=True, kw_only=True):
    """The honest answer to a cancel: `cancelled`, `requested`, `too_late` or `unknown`."""

    answer: str
    transaction: TransactionView


class Find(Struct, frozen=True, omit_defaults=True):
    """`transaction.find`: this register's transactions with that reference, newest first."""

    transaction_reference: Reference


class Found(Struct, frozen=True):
    transactions: list[TransactionView]


class Empty(Struct, frozen=True):
    pass


class Pong(Struct, frozen=True):
    server_time: str


class TransactionUpdated(Struct, frozen=True, kw_only=True):
    """`transaction.updated`"""

    event: int
    at: str
    transaction: TransactionView


class PairingChanged(Struct, frozen=True, kw_only=True):
    """`pairing.changed`"""

    event: int
    at: str
    pairing: PairingView


class PresenceChanged(Struct, frozen=True, kw_only=True):
    """`device.presence`"""

    event: int
    at: str
    device: DevicePresence
