"""Every answer that docs/openapi.yaml knows can be had from the hub, and this is how.

The other way round, that nothing else comes, schemathesis looks after, and `check_answer` in every test.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.engine import Engine
from hub.entropy import access_token
from hub.errors import StoreUnavailable
from tests.clock import ManualClock
from tests.contract import resolved
from tests.contracts.answers import openapi, operations
from tests.running import running
from tests.shop import Shop
from tests.wire import Json

Provoke = Callable[[Shop], Awaitable[httpx.Response]]
Key = tuple[str, int, str | None]


@dataclass
class Provoked:
    work: Provoke
    settings: dict[str, Any] = field(default_factory=dict)


PROVOKED: dict[Key, Provoked] = {}


def provokes(operation: str, status: int, code: str | None = None, **settings: Any) -> Callable[[Provoke], Provoke]:
    def note(work: Provoke) -> Provoke:
        PROVOKED[operation, status, code] = Provoked(work, settings)
        return work

    return note


def _documented() -> set[Key]:
    return {
        (name, int(status), code)
        for name, operation in operations().items()
        for status, reference in operation["responses"].items()
        for code in resolved(openapi(), reference).get("x-codes", [None])
    }


def _url(name: str) -> str:
    """An address of that operation, with an id that nobody has."""
    return re.sub(r"{.*?}", "nobody", name.partition(" ")[2])


async def _ask(shop: Shop, name: str, **options: Any) -> httpx.Response:
    headers = shop.hub.admin if "/admin/" in name else {}
    options["headers"] = headers | options.get("headers", {})
    return await shop.hub.http.request(name.partition(" ")[0], options.pop("url", _url(name)), **options)


# What all operations of a kind have in common.


def _common() -> dict[Key, Json]:
    """Requests that every operation of a kind refuses alike, by what it says."""
    requests: dict[Key, Json] = {}
    for name, operation in operations().items():
        if "413" in operation["responses"]:
            requests[name, 413, "body_too_large"] = {"content": b"x" * 70_000}
        if "415" in operation["responses"]:
            requests[name, 415, "content_type_unsupported"] = {"json": {}}
        if "/admin/" in name:
            requests[name, 401, "unauthorised"] = {"headers": {"Authorization": "Bearer no"}}
        if (name, 404, "not_found") in _documented():
            requests[name, 404, "not_found"] = {"url": re.sub(r"{.*?}", "a%2Fb", name.partition(" ")[2])}
    return requests


async def test_what_all_operations_have_in_common(shop: Shop) -> None:
    for (name, status, code), options in _common().items():
        answer = await _ask(shop, name, **options)
        assert (answer.status_code, answer.headers.get("SmartConnect-Error-Code")) == (status, code), name


# Pairing


@provokes("GET /POS/Pairing", 200)
async def _(shop: Shop) -> httpx.Response:
    till = await shop.register(await shop.device())
    return await shop.hub.http.get("/POS/Pairing", params=till.triple)


@provokes("GET /POS/Pairing", 400, "invalid_params")
async def _(shop: Shop) -> httpx.Response:
    return await shop.hub.http.get("/POS/Pairing")


@provokes("GET /POS/Pairing", 401, "unauthorised", require_register_token=True)
async def _(shop: Shop) -> httpx.Response:
    till = await shop.register(await shop.device())
    return await shop.hub.http.get("/POS/Pairing", params=till.triple)


@provokes("PUT /POS/Pairing/{code}", 200)
async def _(shop: Shop) -> httpx.Response:
    device = await shop.device()
    return await (await shop.register()).pair(await device.code())


@provokes("PUT /POS/Pairing/{code}", 400, "pairing_code_invalid")
async def _(shop: Shop) -> httpx.Response:
    return await (await shop.register()).pair("12345678")


@provokes("PUT /POS/Pairing/{code}", 400, "invalid_params")
async def _(shop: Shop) -> httpx.Response:
    return await shop.hub.http.put("/POS/Pairing/12345678")


@provokes("PUT /POS/Pairing/{code}", 429, "too_many_attempts", pairing_attempts_per_source=1)
async def _(shop: Shop) -> httpx.Response:
    till = await shop.register()
    await till.pair("12345678")
    return await till.pair("12345678")


# Transactions


@provokes("POST /POS/Transaction", 200)
async def _(shop: Shop) -> httpx.Response:
    return await (await shop.register(await shop.device())).post({"Idempotency-Key": "1"})


@provokes("POST /POS/Transaction", 400, "register_not_paired")
async def _(shop: Shop) -> httpx.Response:
    return await (await shop.register()).post()


@provokes("POST /POS/Transaction", 400, "function_unknown")
async def _(shop: Shop) -> httpx.Response:
    return await (await shop.register()).post(TransactionType="Card.Gift")


@provokes("POST /POS/Transaction", 400, "amount_too_large", amount_limit_cents=100)
async def _(shop: Shop) -> httpx.Response:
    return await (await shop.register(await shop.device())).post()


@provokes("POST /POS/Transaction", 400, "invalid_params")
async def _(shop: Shop) -> httpx.Response:
    return await (await shop.register()).post(AmountTotal="5.00")


@provokes("POST /POS/Transaction", 401, "unauthorised")
async def _(shop: Shop) -> httpx.Response:
    return await (await shop.register(await shop.device())).post({"Authorization": "Bearer reg_other"})


@provokes("POST /POS/Transaction", 422, "idempotency_key_reused")
async def _(shop: Shop) -> httpx.Response:
    till = await shop.register(await shop.device())
    await till.post({"Idempotency-Key": "1"})
    return await till.post({"Idempotency-Key": "1"}, AmountTotal="501")


@provokes("POST /POS/Transaction", 429, "device_busy", queue_limit=1)
async def _(shop: Shop) -> httpx.Response:
    till = await shop.register(await shop.device())
    await till.post()
    await till.post()
    return await till.post()


@provokes("GET /POS/Transaction", 200)
async def _(shop: Shop) -> httpx.Response:
    till = await shop.register(await shop.device())
    await till.pay(TransactionReference="basket")
    return await shop.hub.http.get("/POS/Transaction", params={**till.triple, "TransactionReference": "basket"})


@provokes("GET /POS/Transaction", 400, "invalid_params")
async def _(shop: Shop) -> httpx.Response:
    return await shop.hub.http.get("/POS/Transaction", params=(await shop.register()).triple)


@provokes("GET /POS/Transaction", 401, "unauthorised")
async def _(shop: Shop) -> httpx.Response:
    till = await shop.register(await shop.device())
    return await shop.hub.http.get(
        "/POS/Transaction", params=till.triple, headers={"Authorization": "Bearer reg_other"}
    )


async def _paid(shop: Shop) -> Json:
    return await (await shop.register(await shop.device())).pay()


def _cancel_url(envelope: Json) -> str:
    url: str = envelope["data"]["PollingUrl"]
    return url.replace("?", "/Cancel?")


def _unknown(shop: Shop, template: str) -> str:
    """The address of a transaction whose record is gone: the token is right, for it is derived."""
    token = access_token(shop.hub.edge.engine.signing_key, "gone")
    return f"{template.replace('{transactionId}', 'gone')}?merchantAccessToken={token}"


@provokes("GET /POS/Transaction/{transactionId}", 200)
async def _(shop: Shop) -> httpx.Response:
    return await shop.hub.http.get((await _paid(shop))["data"]["PollingUrl"])


@provokes("GET /POS/Transaction/{transactionId}", 400, "invalid_params")
async def _(shop: Shop) -> httpx.Response:
    return await shop.hub.http.get((await _paid(shop))["data"]["PollingUrl"] + "&wait=soon")


@provokes("GET /POS/Transaction/{transactionId}", 401, "access_token_invalid")
async def _(shop: Shop) -> httpx.Response:
    return await shop.hub.http.get((await _paid(shop))["data"]["PollingUrl"][:-1])


@provokes("GET /POS/Transaction/{transactionId}", 404, "transaction_unknown")
async def _(shop: Shop) -> httpx.Response:
    return await shop.hub.http.get(_unknown(shop, "/POS/Transaction/{transactionId}"))


@provokes("GET /POS/Transaction/{transactionId}", 429, "polling_too_fast", poll_burst=1)
async def _(shop: Shop) -> httpx.Response:
    url = (await _paid(shop))["data"]["PollingUrl"]
    await shop.hub.http.get(url)
    return await shop.hub.http.get(url)


@provokes("POST /POS/Transaction/{transactionId}/Cancel", 200)
async def _(shop: Shop) -> httpx.Response:
    return await shop.hub.http.post(_cancel_url(await _paid(shop)))


@provokes("POST /POS/Transaction/{transactionId}/Cancel", 400, "invalid_params")
async def _(shop: Shop) -> httpx.Response:
    return await shop.hub.http.post(_cancel_url(await _paid(shop)) + "&a=%00")


@provokes("POST /POS/Transaction/{transactionId}/Cancel", 401, "access_token_invalid")
async def _(shop: Shop) -> httpx.Response:
    return await shop.hub.http.post(_cancel_url(await _paid(shop))[:-1])


@provokes("POST /POS/Transaction/{transactionId}/Cancel", 404, "transaction_unknown")
async def _(shop: Shop) -> httpx.Response:
    return await shop.hub.http.post(_unknown(shop, "/POS/Transaction/{transactionId}/Cancel"))


# Health


@provokes("GET /healthz", 200)
async def _(shop: Shop) -> httpx.Response:
    return await shop.hub.http.get("/healthz")


@provokes("GET /readyz", 200)
async def _(shop: Shop) -> httpx.Response:
    return await shop.hub.http.get("/readyz")


@provokes("GET /readyz", 503)
async def _(shop: Shop) -> httpx.Response:
    shop.hub.edge.connections.draining = True
    return await shop.hub.http.get("/readyz")


# Admin


@provokes("POST /admin/devices", 201)
async def _(shop: Shop) -> httpx.Response:
    return await _ask(shop, "POST /admin/devices", json={"device_id": "7"})


@provokes("POST /admin/devices", 400, "invalid_params")
async def _(shop: Shop) -> httpx.Response:
    return await _ask(shop, "POST /admin/devices", json={"device_id": "7", "colour": "red"})


@provokes("POST /admin/devices", 400, "too_many_devices", max_devices=1)
async def _(shop: Shop) -> httpx.Response:
    await shop.device()
    return await _ask(shop, "POST /admin/devices", json={"device_id": "7"})


@provokes("POST /admin/devices", 409, "device_exists")
async def _(shop: Shop) -> httpx.Response:
    await shop.device("7")
    return await _ask(shop, "POST /admin/devices", json={"device_id": "7"})


def _device_operations() -> None:
    for name in (
        "GET /admin/devices/{deviceId}",
        "POST /admin/devices/{deviceId}/rotate",
        "POST /admin/devices/{deviceId}/revoke",
    ):

        async def known(shop: Shop, name: str = name) -> httpx.Response:
            terminal = await shop.device()
            await shop.register(terminal)
            return await _ask(shop, name, url=_url(name).replace("nobody", terminal.device_id))

        async def unknown(shop: Shop, name: str = name) -> httpx.Response:
            return await _ask(shop, name)

        provokes(name, 200)(known)
        provokes(name, 404, "device_unknown")(unknown)


_device_operations()


def _lists() -> None:
    paths = ("devices", "pairings", "transactions", "transactions.csv", "actions")
    for path in paths:

        async def found(shop: Shop, path: str = path) -> httpx.Response:
            await _in_doubt(shop)
            return await _ask(shop, f"GET /admin/{path}")

        async def wrong(shop: Shop, path: str = path) -> httpx.Response:
            return await _ask(shop, f"GET /admin/{path}", params={"limit": "0", "state": "paid"})

        provokes(f"GET /admin/{path}", 200)(found)
        provokes(f"GET /admin/{path}", 400, "invalid_params")(wrong)


_lists()


@provokes("DELETE /admin/pairings/{pairingId}", 200)
async def _(shop: Shop) -> httpx.Response:
    await shop.register(await shop.device())
    (pairing,) = (await _ask(shop, "GET /admin/pairings")).json()["pairings"]
    return await _ask(shop, "DELETE /admin/pairings/", url=f"/admin/pairings/{pairing['pairing']['pairing_id']}")


@provokes("DELETE /admin/pairings/{pairingId}", 404, "pairing_unknown")
async def _(shop: Shop) -> httpx.Response:
    return await _ask(shop, "DELETE /admin/pairings/{pairingId}")


async def _in_doubt(shop: Shop) -> str:
    """A transaction whose device has gone with it."""
    terminal = await shop.device()
    till = await shop.register(terminal)
    transaction_id: str = (await till.pay())["transactionId"]
    await terminal.started()
    await terminal.socket.call("ping")
    await terminal.socket.close()
    while not (await _ask(shop, "GET /admin/devices")).json()["devices"][0].get("disconnected_at"):
        pass
    shop.hub.clock.advance(16)
    while (await _story(shop, transaction_id)).json()["transaction"]["state"] != "in_doubt":
        pass
    return transaction_id


async def _in_conflict(shop: Shop) -> str:
    """A transaction that was approved, and that its device then calls declined."""
    terminal = await shop.device()
    till = await shop.register(terminal)
    transaction_id: str = (await till.pay())["transactionId"]
    await terminal.started()
    await terminal.complete(transaction_id, card_pan="4111111111110138", card_type="VISA")
    assert (await terminal.complete(transaction_id, "declined", reason="wrong_pin"))["conflict"]
    return transaction_id


async def _story(shop: Shop, transaction_id: str) -> httpx.Response:
    return await _ask(shop, "GET /admin/transactions/", url=f"/admin/transactions/{transaction_id}")


async def _settle(shop: Shop, transaction_id: str, verb: str, **body: str) -> httpx.Response:
    return await _ask(
        shop, "POST /admin/", url=f"/admin/transactions/{transaction_id}/{verb}", json={"operator": "Ann", **body}
    )


@provokes("GET /admin/transactions/{transactionId}", 200)
async def _(shop: Shop) -> httpx.Response:
    return await _story(shop, await _in_conflict(shop))


@provokes("GET /admin/transactions/{transactionId}", 404, "transaction_unknown")
async def _(shop: Shop) -> httpx.Response:
    return await _story(shop, "nobody")


@provokes("POST /admin/transactions/{transactionId}/resolve", 200)
async def _(shop: Shop) -> httpx.Response:
    return await _settle(shop, await _in_doubt(shop), "resolve", outcome="approved", note="slip 4711")


@provokes("POST /admin/transactions/{transactionId}/resolve", 400, "invalid_params")
async def _(shop: Shop) -> httpx.Response:
    return await _settle(shop, "nobody", "resolve", outcome="paid")


@provokes("POST /admin/transactions/{transactionId}/resolve", 400, "outcome_does_not_fit")
async def _(shop: Shop) -> httpx.Response:
    return await _settle(shop, await _in_doubt(shop), "resolve", outcome="done")


@provokes("POST /admin/transactions/{transactionId}/resolve", 404, "transaction_unknown")
async def _(shop: Shop) -> httpx.Response:
    return await _settle(shop, "nobody", "resolve", outcome="approved")


@provokes("POST /admin/transactions/{transactionId}/resolve", 409, "transaction_not_in_doubt")
async def _(shop: Shop) -> httpx.Response:
    return await _settle(shop, (await _paid(shop))["transactionId"], "resolve", outcome="approved")


@provokes("POST /admin/transactions/{transactionId}/review", 200)
async def _(shop: Shop) -> httpx.Response:
    return await _settle(shop, await _in_conflict(shop), "review")


@provokes("POST /admin/transactions/{transactionId}/review", 400, "invalid_params")
async def _(shop: Shop) -> httpx.Response:
    return await _settle(shop, "nobody", "review", operator="")


@provokes("POST /admin/transactions/{transactionId}/review", 404, "transaction_unknown")
async def _(shop: Shop) -> httpx.Response:
    return await _settle(shop, "nobody", "review")


@provokes("POST /admin/transactions/{transactionId}/review", 409, "no_conflict")
async def _(shop: Shop) -> httpx.Response:
    return await _settle(shop, (await _paid(shop))["transactionId"], "review")


@provokes("POST /admin/backup", 201)
async def _(shop: Shop) -> httpx.Response:
    return await _ask(shop, "POST /admin/backup")


@provokes("POST /admin/backup", 409, "backup_exists")
async def _(shop: Shop) -> httpx.Response:
    await _ask(shop, "POST /admin/backup")
    return await _ask(shop, "POST /admin/backup")


@provokes("GET /admin/callback-secret", 200)
async def _(shop: Shop) -> httpx.Response:
    return await _ask(shop, "GET /admin/callback-secret")


@pytest.mark.parametrize("key", PROVOKED, ids=lambda key: " ".join(str(part) for part in key if part))
async def test_the_answer_can_be_had(key: Key, tmp_path: Path, clock: ManualClock) -> None:
    _, status, code = key
    provoked = PROVOKED[key]
    async with running(tmp_path / "data", clock, **provoked.settings) as hub:
        answer = await provoked.work(Shop(hub))
    assert (answer.status_code, answer.headers.get("SmartConnect-Error-Code")) == (status, code)


def test_nothing_else_is_documented() -> None:
    faults = {"internal_error", "store_unavailable", "store_busy"}  # below
    assert {key for key in _documented() if key[2] not in faults} == PROVOKED.keys() | _common().keys()


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (StoreUnavailable("the disk is full"), 503, "store_unavailable"),
        (RuntimeError("a fault of the hub"), 500, "internal_error"),
    ],
)
async def test_faults(shop: Shop, monkeypatch: pytest.MonkeyPatch, fault: Exception, status: int, code: str) -> None:
    async def failing(*_args: object, **_kwargs: object) -> None:
        raise fault

    till = await shop.register()
    monkeypatch.setattr(Engine, "query", failing)
    monkeypatch.setattr(Engine, "execute", failing)
    try:
        answers = [
            await till.pair("12345678"),
            await till.post(),
            await shop.hub.http.get("/POS/Pairing", params=till.triple),
            await _ask(shop, "GET /admin/devices"),
            await _ask(shop, "POST /admin/devices", json={"device_id": "7"}),
        ]
    finally:
        monkeypatch.undo()
    for answer in answers:
        assert (answer.status_code, answer.headers["SmartConnect-Error-Code"]) == (status, code)
        assert answer.json().keys() == {"error"}


METHODS = ("GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS")
POS_PATHS = [path for path in openapi()["paths"] if path.startswith("/POS/")]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        (method, path)
        for method, path in itertools.product(METHODS, POS_PATHS)
        if method.lower() not in openapi()["paths"][path]
    ],
)
async def test_the_pos_api_answers_a_wrong_method_with_404(shop: Shop, method: str, path: str) -> None:
    answer = await shop.hub.http.request(method, path.replace("{", "").replace("}", ""))
    assert (answer.status_code, answer.json()) == (404, {"error": "Not Found"})


async def test_elsewhere_a_wrong_method_is_told_the_right_ones(shop: Shop) -> None:
    answer = await shop.hub.http.put("/admin/devices")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, POST")
