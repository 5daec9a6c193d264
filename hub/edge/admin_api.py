"""The admin API: what the operator's command line and the dashboard call. JSON, with the admin token as bearer."""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from hub import log
from hub.clock import rfc3339, timestamp
from hub.commands import admin, device, pairing, transaction
from hub.edge import transaction_list
from hub.edge.csv_export import CSV_COLUMNS, csv_line, csv_row
from hub.edge.edge import Edge
from hub.edge.json_answer import JsonAnswer
from hub.edge.pos_errors import PosError
from hub.edge.pos_form import read_body
from hub.store.unit import Unit
from hub.wire.admin import EnrolDevice, ResolveTransaction, ReviewConflict
from statemachines.transaction import TransactionState

_log = log.get("admin")

T = TypeVar("T")
PAGE_LIMIT = 500
EXPORT_PAGE = 100
"""Rows that an export takes at once, some milliseconds: polls wait for the same thread."""


def _json(value: object, status: int = 200) -> Response:
    return JsonAnswer(value, status)


def _guarded(endpoint: Callable[[Edge, Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """Lets the operator in, and nobody else."""

    async def guarded(request: Request) -> Response:
        edge: Edge = request.app.state.edge
        if not may_administer(edge, request.headers.get("authorization", "")):
            raise PosError(401, "unauthorised", "The admin token is required.", {"WWW-Authenticate": "Bearer"})
        return await endpoint(edge, request)

    return guarded


def may_administer(edge: Edge, authorization: str) -> bool:
    scheme, _, token = authorization.partition(" ")
    shown = token.strip().encode("utf-8", "surrogateescape")
    return scheme.lower() == "bearer" and hmac.compare_digest(shown, edge.admin_token.encode())


async def _body(edge: Edge, request: Request, kind: type[T]) -> T:
    body = await read_body(request, edge.settings.request_body_bytes)
    try:
        return msgspec.json.decode(body or b"{}", type=kind)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise PosError(400, "invalid_params", str(error)) from None


def _limit(request: Request) -> int:
    text = request.query_params.get("limit", "100")
    if not text.isascii() or not text.isdigit() or len(text) > 9 or not 1 <= int(text) <= PAGE_LIMIT:
        raise PosError(400, "invalid_params", f"limit must be a number from 1 to {PAGE_LIMIT}.")
    return int(text)


def _before(request: Request) -> int | None:
    text = request.query_params.get("before")
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise PosError(400, "invalid_params", "before must be a number.")
    return int(text)


def _attention(request: Request) -> bool:
    text = request.query_params.get("attention", "false")
    if text not in ("true", "1", "false", "0"):
        raise PosError(400, "invalid_params", "attention must be true or false.")
    return text in ("true", "1")


@_guarded
async def list_devices(edge: Edge, request: Request) -> Response:
    after = request.query_params.get("after", "")
    return _json({"devices": await edge.engine.query(admin.devices, after=after, limit=_limit(request))})


@_guarded
async def enrol_device(edge: Edge, request: Request) -> Response:
    asked = await _body(edge, request, EnrolDevice)
    enrolled = await edge.engine.execute(
        device.enrol,
        asked.device_id,
        name=asked.name,
        reserved_for=asked.business_name,
        merchant_id=asked.merchant_id,
    )
    _log.info("device_enrolled", device_id=asked.device_id)
    return _json(enrolled, 201)


@_guarded
async def show_device(edge: Edge, request: Request) -> Response:
    return _json(await edge.engine.query(admin.device, request.path_params["device_id"]))


@_guarded
async def rotate_device(edge: Edge, request: Request) -> Response:
    rotated = await edge.engine.execute(device.rotate, request.path_params["device_id"])
    _log.info("device_rotated", device_id=rotated.device_id)
    return _json(rotated)


@_guarded
async def revoke_device(edge: Edge, request: Request) -> Response:
    device_id = request.path_params["device_id"]
    await edge.engine.execute(device.revoke, device_id)
    _log.info("device_revoked", device_id=device_id)
    return _json({"device_id": device_id, "revoked": True})


@_guarded
async def list_pairings(edge: Edge, request: Request) -> Response:
    return _json({"pairings": await edge.engine.query(admin.pairings, limit=_limit(request))})


@_guarded
async def delete_pairing(edge: Edge, request: Request) -> Response:
    pairing_id = request.path_params["pairing_id"]
    await edge.engine.execute(pairing.remove_by_operator, pairing_id)
    _log.info("pairing_removed", pairing_id=pairing_id)
    return _json({"pairing_id": pairing_id, "removed": True})


@_guarded
async def list_transactions(edge: Edge, request: Request) -> Response:
    given = request.query_params
    found = await transaction_list.page(
        edge.engine,
        state=_state(request),
        device_id=given.get("device_id"),
        attention=_attention(request),
        before=_before(request),
        limit=_limit(request),
    )
    return _json({"transactions": found})


@_guarded
async def export_transactions(edge: Edge, request: Request) -> Response:
    """All transactions as CSV, newest first, a page at a time: however many there are, few are in memory."""
    state = _state(request)

    async def lines() -> AsyncIterator[str]:
        yield csv_line(CSV_COLUMNS)
        before: int | None = None
        device_id = request.query_params.get("device_id")
        while found := await transaction_list.page(
            edge.engine, state=state, device_id=device_id, before=before, limit=EXPORT_PAGE
        ):
            yield "".join(csv_line(csv_row(row)) for row in found)
            before = found[-1].seq

    headers = {"Content-Disposition": 'attachment; filename="transactions.csv"'}
    return StreamingResponse(lines(), media_type="text/csv", headers=headers)


def _state(request: Request) -> TransactionState | None:
    state = request.query_params.get("state")
    if state is not None and state not in set(TransactionState):
        raise PosError(400, "invalid_params", f"state must be one of {', '.join(TransactionState)}.")
    return None if state is None else TransactionState(state)


@_guarded
async def show_transaction(edge: Edge, request: Request) -> Response:
    return _json(await edge.engine.query(admin.transaction, request.path_params["transaction_id"]))


@_guarded
async def resolve_transaction(edge: Edge, request: Request) -> Response:
    asked = await _body(edge, request, ResolveTransaction)
    transaction_id = request.path_params["transaction_id"]
    await edge.engine.execute(
        transaction.resolve_by_operator,
        transaction_id,
        asked.outcome,
        operator=asked.operator,
        note=asked.note,
    )
    _log.info(
        "transaction_resolved", transaction_id=transaction_id, outcome=asked.outcome.value, operator=asked.operator
    )
    return _json(await edge.engine.query(admin.transaction, transaction_id))


@_guarded
async def review_conflict(edge: Edge, request: Request) -> Response:
    asked = await _body(edge, request, ReviewConflict)
    transaction_id = request.path_params["transaction_id"]
    await edge.engine.execute(transaction.review_conflict, transaction_id, operator=asked.operator, note=asked.note)
    _log.info("conflict_reviewed", transaction_id=transaction_id, operator=asked.operator)
    return _json(await edge.engine.query(admin.transaction, transaction_id))


@_guarded
async def backup(edge: Edge, _request: Request) -> Response:
    """Copy the database into `data_dir/backups`, while the hub works. The name cannot be chosen from outside."""
    now = edge.engine.clock.now_ms()
    target = edge.settings.data_dir / "backups" / f"hub-{timestamp(now)}.db"
    try:
        size = await edge.engine.store.backup(target)
    except FileExistsError:
        raise PosError(409, "backup_exists", "A backup of this very moment exists; try again.") from None
    return _json({"file": str(target), "bytes": size, "at": rfc3339(now)}, 201)


@_guarded
async def callback_secret(edge: Edge, _request: Request) -> Response:
    """What a POS developer needs to check the signature of callbacks."""
    return _json({"secret": await edge.engine.query(_callback_secret)})


async def _callback_secret(unit: Unit) -> str | None:
    return await unit.facts.get("callback_secret")


async def _audit(unit: Unit, limit: int) -> list[dict[str, Any]]:
    rows = await unit.operator_actions.page(limit=limit)
    names = ("operator", "action", "subject", "note")
    return [{"at": rfc3339(row[0]), **dict(zip(names, row[1:], strict=True))} for row in rows]


@_guarded
async def list_actions(edge: Edge, request: Request) -> Response:
    return _json({"actions": await edge.engine.query(_audit, _limit(request))})


routes = [
    Route("/admin/devices", list_devices, methods=["GET"]),
    Route("/admin/devices", enrol_device, methods=["POST"]),
    Route("/admin/devices/{device_id}", show_device, methods=["GET"]),
    Route("/admin/devices/{device_id}/rotate", rotate_device, methods=["POST"]),
    Route("/admin/devices/{device_id}/revoke", revoke_device, methods=["POST"]),
    Route("/admin/pairings", list_pairings, methods=["GET"]),
    Route("/admin/pairings/{pairing_id}", delete_pairing, methods=["DELETE"]),
    Route("/admin/transactions", list_transactions, methods=["GET"]),
    Route("/admin/transactions.csv", export_transactions, methods=["GET"]),
    Route("/admin/transactions/{transaction_id}", show_transaction, methods=["GET"]),
    Route("/admin/transactions/{transaction_id}/resolve", resolve_transaction, methods=["POST"]),
    Route("/admin/transactions/{transaction_id}/review", review_conflict, methods=["POST"]),
    Route("/admin/backup", backup, methods=["POST"]),
    Route("/admin/callback-secret", callback_secret, methods=["GET"]),
    Route("/admin/actions", list_actions, methods=["GET"]),
]
