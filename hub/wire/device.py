"""Messages of `smartconnect.device.v1`, between a device and the hub.

All times are RFC 3339 UTC; all amounts integer cents. The same transaction id in `transaction.start` is always the same
transaction: a device answers a repetition with the state it is in, or with its stored result.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from hub.wire.function import Function
from hub.wire.limits import (
    Cents,
    CentsOrZero,
    Identifier,
    Name,
    ReceiptText,
    Reference,
    ReportedText,
    SaleDataText,
    Secret,
    Text,
    Word,
)
from statemachines.transaction import Outcome


class Result(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What became of a transaction, in the device's own words. Parameters of `transaction.complete`.

    `card_pan` carries at most the last four digits; whatever else arrives is cut down to them before it is stored.
    """

    transaction_id: Identifier
    outcome: Outcome
    reason: Word | None = None  # machine-readable: insufficient_funds, wrong_pin, host_unavailable, timeout, …
    result_text: ReportedText | None = None
    amount_total_cents: CentsOrZero | None = None  # with surcharge and tip
    amount_surcharge_cents: CentsOrZero | None = None
    amount_tip_cents: CentsOrZero | None = None
    auth_id: ReportedText | None = None
    acquirer_ref: ReportedText | None = None
    terminal_ref: ReportedText | None = None
    card_pan: ReportedText | None = None
    card_type: ReportedText | None = None
    account_type: ReportedText | None = None
    timestamp: ReportedText | None = None  # the device's local time, yyyyMMddHHmmss
    receipt: ReceiptText | None = None  # 30 columns, LF
    reference_id: ReportedText | None = None  # Journal.GetTransResult: the transaction that is reported
    reference_outcome: Outcome | None = None  # what became of that one
    status: ReportedText | None = None  # Terminal.GetStatus: READY, …


class InFlight(Struct, frozen=True, omit_defaults=True):
    """A transaction that the device has begun and not finished."""

    transaction_id: Identifier
    stage: Word | None = None


class Hello(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """`hello`, the first message of a connection.

    `enrol`: in development mode an unknown device is enrolled, with the `credential` that it has chosen (32 characters
    at least, kept before it is sent), so that a hello without an answer can be said again. Without one the hub makes
    it. `results` are the last ones that the device keeps; the hub records those it does not know yet, and one that is
    malformed is refused by itself.
    """

    device_id: Identifier
    serial: Identifier
    credential: Secret | None = None
    enrol: bool = False
    model: Text = ""
    firmware: Text = ""
    in_flight: list[InFlight] = msgspec.field(default_factory=list)
    results: list[Result] = msgspec.field(default_factory=list)


class PairingInfo(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One register that is paired with this device. `register_name` is shown on the device."""

    pairing_id: str
    register_id: str
    register_name: str
    business_name: str
    vendor_name: str
    paired_at: str


class PairingRemoved(Struct, frozen=True, kw_only=True):
    """`pairing.removed`: this register no longer reaches this device. `cause` is a word of `RemovedBy`."""

    pairing_id: str
    register_name: str
    cause: str
    removed_at: str


class PairingCodeShown(Struct, frozen=True, kw_only=True):
    """`pairing.code`: show this code. A later one takes its place while pairing stays open."""

    code: str
    expires_at: str
    expires_in_seconds: float
    session_ends_at: str


class PairingClosed(Struct, frozen=True, kw_only=True):
    """`pairing.closed`: take the code off the screen. `cause`: redeemed, session_ended."""

    cause: str


NAMED_REFUSALS = 100
"""As many refused results of a hello are named."""


class RefusedResult(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One of the hello's `results` that the hub does not take; `index` is its place there, from 0.

    `code` and `message` are those that `transaction.complete` would be answered with. `transaction_id` is missing if it
    cannot be read.
    """

    index: int
    code: str
    message: str
    transaction_id: str | None = None


class Welcome(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The hub's answer to `hello`.

    `credential` comes once, when the hub has just enrolled the device and made it one. `removed` lists pairings that
    ended while it was away. `recorded` lists the transactions of `results` whose outcome the hub has on record now;
    `refused` the results that it does not take, the first `NAMED_REFUSALS` of them.
    """

    device_id: str
    epoch: int
    heartbeat_seconds: float
    server_time: str
    hub_version: str
    pairings: list[PairingInfo]
    removed: list[PairingRemoved] = msgspec.field(default_factory=list)
    recorded: list[str] = msgspec.field(default_factory=list)
    refused: list[RefusedResult] = msgspec.field(default_factory=list)
    credential: str | None = None
    pairing_code: PairingCodeShown | None = None


class PairingList(Struct, frozen=True):
    pairings: list[PairingInfo]


class PairingStopped(Struct, frozen=True):
    stopped: bool


class RemovePairing(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """`pairing.remove`: one register (`pairing_id`), or `all`."""

    pairing_id: Identifier | None = None
    all: bool = False


class PairingsRemoved(Struct, frozen=True):
    removed: int


class Empty(Struct, frozen=True):
    pass


class Pong(Struct, frozen=True):
    server_time: str


class Progress(Struct, frozen=True):
    """`transaction.progress`: what the device is doing now, such as `waiting_for_card` or `entering_pin`."""

    transaction_id: Identifier
    stage: Word


class Recorded(Struct, frozen=True, omit_defaults=True):
    """The answer to `transaction.complete`: durable now. `conflict`: the record says otherwise, a person will look."""

    transaction_id: str
    state: str
    conflict: bool = False


class Start(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """`transaction.start`, a request: the answer is the acknowledgement. The hub repeats it if none comes."""

    transaction_id: str
    function: Function
    register_name: str
    business_name: str
    received_at: str
    attempt: int
    amount_total_cents: Cents | None = None
    amount_cash_cents: Cents | None = None
    amount_auth_cents: Cents | None = None
    amount_final_cents: Cents | None = None
    transaction_reference: Reference | None = None
    date: Text | None = None
    sale_data: SaleDataText | None = None


class StartAnswer(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The device's answer to `transaction.start` and `transaction.inquire`.

    `state`: `accepted` or `processing` (it has it), `completed` (with `result`), `unknown` (inquire only: it never got
    it). A refusal to start is a JSON-RPC error with `data.code` = `busy` (or -32601, -32602): it has not
    begun. Any other error counts as no answer.
    """

    state: Word
    stage: Word | None = None
    result: Result | None = None


class ById(Struct, frozen=True):
    """Parameters of `transaction.cancel` and `transaction.inquire`."""

    transaction_id: Identifier


class CancelAck(Struct, frozen=True, omit_defaults=True):
    """The device's answer to `transaction.cancel`: `cancelling`, `too_late`, or `completed` with `result`."""

    state: Word
    result: Result | None = None


class Enrolled(Struct, frozen=True, kw_only=True):
    """A device's new credential; shown once, stored only as a hash."""

    device_id: Name
    credential: str
