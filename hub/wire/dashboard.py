"""Messages of `smartconnect.dashboard.v1`, between a dashboard and the hub.

The operator's view: everything is paged or coalesced, so that a dashboard costs little however much happens. Times are
RFC 3339 UTC.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from hub.wire.limits import Identifier, Name, Secret, Text
from statemachines.transaction import TransactionState

PageSize = Annotated[int, Meta(ge=1, le=200)]
Seq = Annotated[int, Meta(ge=0, le=2**63 - 1)]


class Hello(Struct, frozen=True, kw_only=True):
    """`hello`, the first message, with the admin token."""

    admin_token: Secret


class RowView(Struct, frozen=True):
    trigger: str
    source: str
    target: str


class TableView(Struct, frozen=True, kw_only=True):
    """A state table, as the server runs it."""

    name: str
    kind: str  # of the happenings that walk it
    initial: str
    states: list[str]
    final: list[str]
    rows: list[RowView]


class Overview(Struct, frozen=True, kw_only=True):
    """`overview`: how it stands, once a second. Rates are per second over the last ten."""

    at: str
    connections: int
    devices: int
    devices_by_state: dict[str, int]
    pairings: int
    live_codes: int
    open_by_state: dict[str, int]
    attention: int
    submitted_per_second: float
    finished_per_second: float
    finished_by_state: dict[str, int]  # since the hub started
    write_queue: int


class Welcome(Struct, frozen=True, kw_only=True):
    heartbeat_seconds: float
    server_time: str
    hub_version: str
    development: bool
    tables: list[TableView]
    overview: Overview


class HappeningView(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A step that something took. `kind` names the table, `subject` is the thing's id."""

    kind: str
    subject: str
    what: str
    state: str
    at: str
    device_id: str | None = None
    register_key: str | None = None
    detail: str | None = None


class Watch(Struct, frozen=True, kw_only=True):
    """`watch`: which happenings to push from now on; those that match all given fields. `paused` pushes none."""

    kinds: list[str] | None = None
    device_id: Identifier | None = None
    subject: Identifier | None = None
    paused: bool = False


class Happenings(Struct, frozen=True):
    """`happenings`: what matched since the last one, at most four times a second. `skipped` more were left out."""

    items: list[HappeningView]
    skipped: int


class Recent(Struct, frozen=True, kw_only=True):
    """`recent`: the latest happenings that the process remembers, newest last."""

    kinds: list[str] | None = None
    device_id: Identifier | None = None
    subject: Identifier | None = None
    limit: PageSize = 100


class RecentHappenings(Struct, frozen=True):
    items: list[HappeningView]


class DevicesAsked(Struct, frozen=True, kw_only=True):
    """`devices`: a page in the order of the ids. `text` is looked for in id, name and serial."""

    text: Text = ""
    state: Text = ""
    after: Text = ""
    limit: PageSize = 50


class RegistersAsked(Struct, frozen=True, kw_only=True):
    """`registers`: a page in the order of the keys. `text` is looked for in names and ids."""

    text: Text = ""
    after: Text = ""
    limit: PageSize = 50


class RegisterRow(Struct, frozen=True, omit_defaults=True, kw_only=True):
    register_key: str
    register_id: str
    register_name: str
    business_name: str
    vendor_name: str
    event: int
    pairing_id: str | None = None
    device_id: str | None = None
    paired_at: str | None = None


class RegisterRows(Struct, frozen=True):
    registers: list[RegisterRow]


class PairingStory(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """`pairing`: one pairing, also one that has ended."""

    pairing_id: str
    state: str
    device_id: str
    register_key: str
    register_id: str
    register_name: str
    business_name: str
    vendor_name: str
    paired_at: str
    ended_at: str | None = None
    cause: str | None = None


class CodeRow(Struct, frozen=True, kw_only=True):
    """A pairing code, live in `codes`, any in `code`; all but its last two digits are blanked."""

    code_id: str
    device_id: str
    code: str
    state: str
    issued_at: str
    expires_at: str
    session_ends_at: str


class CodeRows(Struct, frozen=True):
    codes: list[CodeRow]


class TransactionsAsked(Struct, frozen=True, kw_only=True):
    """`transactions`: a page, newest first; `before` is the `seq` of the last row of the page before."""

    state: TransactionState | None = None
    device_id: Identifier | None = None
    attention: bool = False
    before: Seq | None = None
    limit: PageSize = 50


class ById(Struct, frozen=True):
    transaction_id: Identifier


class DeviceAsked(Struct, frozen=True):
    device_id: Identifier


class PairingAsked(Struct, frozen=True):
    pairing_id: Identifier


class CodeAsked(Struct, frozen=True):
    code_id: Identifier


class ResolveAsked(Struct, frozen=True, kw_only=True):
    """`transaction.resolve`; see `hub.wire.admin.ResolveTransaction`."""

    transaction_id: Identifier
    outcome: str
    operator: Name
    note: Text = ""


class ReviewAsked(Struct, frozen=True, kw_only=True):
    """`transaction.review`; see `hub.wire.admin.ReviewConflict`."""

    transaction_id: Identifier
    operator: Name
    note: Text = ""


class Done(Struct, frozen=True):
    done: bool = True
