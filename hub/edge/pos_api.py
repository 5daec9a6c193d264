"""The POS API: what POS software written for SmartConnect calls (pos-api 1 to 6), and the extensions.

Extensions, all optional for a client: the `Idempotency-Key` header, `TransactionReference` with find, `?wait=`, cancel,
pairing status, and a register token in `Authorization`.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Mapping
from functools import partial

from starlette.routing import Route

from hub import log
from hub.commands import identity as identities
from hub.commands import pairing, transaction, view
from hub.commands.identity import Identity
from hub.commands.transaction import Order, Submission
from hub.edge.order import order_of
from hub.edge.pos_envelope import Json, first_answer, present_answer
from hub.edge.pos_errors import PosError
from hub.edge.pos_form import identity, is_synchronous, redemption, submission
from hub.edge.pos_request import NO_HEADERS, Pending, PosAnswer, PosEndpoint, PosRequest
from hub.edge.redemption import redeem
from hub.entropy import access_token, access_token_matches
from hub.store.records import Register
from hub.store.unit import Unit
from hub.wire.register import PairingView

_log = log.get("pos")

TOKEN_HEADER = "SmartConnect-Register-Token"
_REPLAYED: Mapping[str, str] = {"Idempotent-Replayed": "true"}


def _register_token(request: PosRequest) -> str | None:
    scheme, _, token = (request.header(b"authorization") or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token else None


def _polling_url(base_url: str, transaction_id: str, token: str) -> str:
    return f"{base_url}/POS/Transaction/{transaction_id}?merchantAccessToken={token}"


async def _admitted(request: PosRequest) -> Identity:
    """The register that asks, with its token checked where one is shown or required."""
    who = identity(request.given)
    if _needs_admission(request):
        await _admit(request, who)
    return who


def _needs_admission(request: PosRequest) -> bool:
    return request.edge.settings.require_register_token or b"authorization" in request.headers


async def _admit(request: PosRequest, who: Identity) -> None:
    await request.edge.engine.query(identities.admit, who, _register_token(request))


async def put_pairing(request: PosRequest) -> PosAnswer:
    """`PUT /POS/Pairing/{code}`"""
    who = identity(request.given)
    asked = redemption(request.given, request.path_params["code"])
    redeemed = await redeem(request.edge, who, asked, source=request.source)
    return PosAnswer({"result": "success"}, headers={TOKEN_HEADER: redeemed.register_token})


async def get_pairing(request: PosRequest) -> PosAnswer:
    """`GET /POS/Pairing`: which device the register is paired with (extension)."""
    who = await _admitted(request)
    return PosAnswer(_pairing_json(await request.edge.engine.query(pairing.status, who.register_key)))


def _pairing_json(seen: PairingView) -> Json:
    if seen.device is None:
        return {"result": "success", "paired": False}
    return {
        "result": "success",
        "paired": True,
        "pairedAt": seen.paired_at,
        "deviceId": seen.device.device_id,
        "deviceName": seen.device.device_name,
        "online": seen.device.online,
        "queueState": seen.device.queue_state,
        "queueDepth": seen.device.queue_depth,
    }


def post_transaction(request: PosRequest) -> Awaitable[PosAnswer]:
    """`POST /POS/Transaction`"""
    who = identity(request.given)
    return _submitted_once_admitted(request, who) if _needs_admission(request) else _submitted(request, who)


async def _submitted_once_admitted(request: PosRequest, who: Identity) -> PosAnswer:
    await _admit(request, who)
    return await _submitted(request, who)


def _submitted(request: PosRequest, who: Identity) -> Awaitable[PosAnswer]:
    synchronous = is_synchronous(request.given)
    order = order_of(who, submission(request.given, request.header(b"idempotency-key")))
    committing = request.edge.engine.execute(_submit, order)
    if synchronous:
        return _outcome(request, committing)
    return Pending(committing, partial(_first, request))


def _first(request: PosRequest, taken: tuple[Submission, Register]) -> PosAnswer:
    """The answer in asynchronous mode: where to ask for the outcome."""
    submitted, register = taken
    found = submitted.transaction
    _note(submitted)
    token = access_token(request.edge.engine.signing_key, found.transaction_id)
    url = _polling_url(request.base_url, found.transaction_id, token)
    return PosAnswer(first_answer(found, register, polling_url=url, access_token=token), _headers(submitted))


async def _outcome(request: PosRequest, committing: Awaitable[tuple[Submission, Register]]) -> PosAnswer:
    """The answer in synchronous mode, once it is known or the time is up."""
    submitted, _ = await committing
    _note(submitted)
    edge, transaction_id = request.edge, submitted.transaction.transaction_id
    await edge.waiting.until_final(transaction_id, edge.settings.synchronous_wait_seconds)
    return PosAnswer(await _present(request, transaction_id), _headers(submitted))


def _note(submitted: Submission) -> None:
    found = submitted.transaction
    _log.info(
        "transaction_submitted",
        transaction_id=found.transaction_id,
        register_key=found.register_key,
        device_id=found.device_id,
        function=found.request.function.value,
        replayed=submitted.replayed,
    )


def _headers(submitted: Submission) -> Mapping[str, str]:
    return _REPLAYED if submitted.replayed else NO_HEADERS


async def _submit(unit: Unit, order: Order) -> tuple[Submission, Register]:
    submission = await transaction.submit(unit, order)
    register = await unit.registers.get(submission.transaction.register_key)
    assert register is not None
    return submission, register


async def _now(unit: Unit, transaction_id: str) -> Json | None:
    found = await unit.transactions.get(transaction_id)
    if found is None:
        return None
    register = await unit.registers.get(found.register_key)
    assert register is not None
    return present_answer(
        found,
        register,
        queue_position=await view.queue_position(unit, found),
        retention_days=unit.settings.retention_days,
    )


async def _present(request: PosRequest, transaction_id: str) -> Json:
    return _known(await request.edge.engine.query(_now, transaction_id))


def _known(body: Json | None) -> Json:
    if body is None:
        raise PosError(404, "transaction_unknown", "There is no such transaction.")
    return body


def _authorised(request: PosRequest) -> str:
    """The transaction id of a polling URL whose token is right. Unknown ids and wrong tokens look the same."""
    transaction_id: str = request.path_params["transaction_id"]
    token = request.given.get("merchantAccessToken", "")
    if not access_token_matches(request.edge.engine.signing_key, transaction_id, token):
        raise PosError(401, "access_token_invalid", "Invalid merchantAccessToken")
    return transaction_id


def get_transaction(request: PosRequest) -> Awaitable[PosAnswer]:
    """`GET {PollingUrl}`, with `&wait=seconds` as a long poll."""
    edge = request.edge
    transaction_id = _authorised(request)
    pace = edge.polls.of(transaction_id)
    if pace.empty():
        retry = {"Retry-After": str(math.ceil(pace.wait_seconds()))}
        raise PosError(429, "polling_too_fast", "Polling too fast; once in 2 seconds is enough.", retry)
    pace.take()
    wait = _wait_seconds(request.given, edge.settings.long_poll_limit_seconds)
    if wait > 0:
        return _long_poll(request, transaction_id, wait)
    return Pending(edge.engine.query(_now, transaction_id), lambda body: PosAnswer(_known(body)))


async def _long_poll(request: PosRequest, transaction_id: str, seconds: float) -> PosAnswer:
    await request.edge.waiting.until_final(transaction_id, seconds)
    return PosAnswer(await _present(request, transaction_id))


def _wait_seconds(given: dict[str, str], limit: float) -> float:
    text = given.get("wait", "0")
    try:
        wait = float(text)
    except ValueError:
        wait = -1
    if not 0 <= wait < math.inf:
        raise PosError(400, "invalid_params", "wait must be a number of seconds.")
    return min(wait, limit)


async def post_cancel(request: PosRequest) -> PosAnswer:
    """`POST /POS/Transaction/{id}/Cancel?merchantAccessToken=…` (extension)."""
    transaction_id = _authorised(request)
    cancelled = await request.edge.engine.execute(_cancel, transaction_id)
    return PosAnswer({"cancelResult": cancelled, **await _present(request, transaction_id)})


async def _cancel(unit: Unit, transaction_id: str) -> str:
    found = await unit.transactions.get(transaction_id)
    if found is None:
        raise PosError(404, "transaction_unknown", "There is no such transaction.")
    return (await transaction.cancel_own(unit, found.register_key, transaction_id)).answer


async def find_transactions(request: PosRequest) -> PosAnswer:
    """`GET /POS/Transaction`: the register's transactions with a TransactionReference, newest first (extension)."""
    who = await _admitted(request)
    reference = request.given.get("TransactionReference", "")
    if not 1 <= len(reference) <= 100:
        raise PosError(400, "invalid_params", "TransactionReference is required, at most 100 characters.")
    edge = request.edge
    answers = []
    for body in await edge.engine.query(_find, who, reference):
        transaction_id = str(body["transactionId"])
        token = access_token(edge.engine.signing_key, transaction_id)
        answers.append({**body, "pollingUrl": _polling_url(request.base_url, transaction_id, token)})
    return PosAnswer({"transactions": answers})


async def _find(unit: Unit, who: Identity, reference: str) -> list[Json]:
    found = await transaction.find(unit, who.register_key, reference)
    bodies = [await _now(unit, each.transaction_id) for each in found]
    return [body for body in bodies if body is not None]


POST_TRANSACTION = PosEndpoint(post_transaction)
GET_TRANSACTION = PosEndpoint(get_transaction)

routes = [
    Route("/pos/pairing", PosEndpoint(get_pairing), methods=["GET"]),
    Route("/pos/pairing/{code}", PosEndpoint(put_pairing), methods=["PUT"]),
    Route("/pos/transaction", POST_TRANSACTION, methods=["POST"]),
    Route("/pos/transaction", PosEndpoint(find_transactions), methods=["GET"]),
    Route("/pos/transaction/{transaction_id}", GET_TRANSACTION, methods=["GET"]),
    Route("/pos/transaction/{transaction_id}/cancel", PosEndpoint(post_cancel), methods=["POST"]),
]
