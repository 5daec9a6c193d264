"""Paths, methods, bodies and CORS, as POS software in the field uses them (pos-api 1)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import httpx
import pytest

from tests.clock import ManualClock
from tests.running import RunningHub, running
from tests.shop import Shop, Till, failing

ORIGIN = {"Origin": "https://pos.example"}


@pytest.mark.parametrize("path", ["/POS/Transaction", "/pos/transaction", "/Pos/TRANSACTION/", "/POS//Transaction//"])
async def test_paths_of_the_field(shop: Shop, path: str) -> None:
    """Any letter case, a slash at the end, a slash too many."""
    till = await shop.register(await shop.device())
    given = {**till.triple, "TransactionMode": "ASYNC", "TransactionType": "Card.Purchase", "AmountTotal": "500"}
    answer = await shop.hub.http.post(path, data=given)
    assert answer.status_code == 200, answer.text


async def test_base_url_with_a_slash_at_its_end(shop: Shop) -> None:
    """`https://HOST/` + `/POS/Transaction`: the request target begins with two slashes."""
    till = await shop.register(await shop.device())
    given = {**till.triple, "TransactionMode": "ASYNC", "TransactionType": "Card.Purchase", "AmountTotal": "500"}
    assert await raw_status(shop.hub, "POST", "//POS/Transaction", urlencode(given)) == 200


async def raw_status(hub: RunningHub, method: str, target: str, body: str) -> int:
    """The status of a request with exactly this target; clients of our own would tidy it up."""
    where = urlsplit(hub.url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    head = f"{method} {target} HTTP/1.1\r\nHost: {where.netloc}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
    writer.write(f"{head}Content-Type: application/x-www-form-urlencoded\r\n\r\n{body}".encode())
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return int(answer.split(b" ", 2)[1])


async def test_pairing_and_polling_paths(shop: Shop) -> None:
    device = await shop.device()
    till = Till(shop.hub)
    given = {**till.triple, "POSRegisterName": "Front"}
    assert (await shop.hub.http.put(f"/pos/PAIRING/{await device.code()}/", data=given)).status_code == 200
    first = await till.pay()
    for path in (
        f"/pos/transaction/{first['transactionId']}",
        f"/POS/Transaction/{first['transactionId'].upper()}/",
        f"/POS//Transaction/{first['transactionId']}",
    ):
        answer = await shop.hub.http.get(path, params={"merchantAccessToken": first["merchantAccessToken"]})
        assert answer.json()["transactionId"] == first["transactionId"]


async def test_parameters_in_the_query_string(shop: Shop) -> None:
    """One client sends them so, with an empty body."""
    device = await shop.device()
    till = Till(shop.hub)
    paired = await shop.hub.http.put(
        f"/POS/Pairing/{await device.code()}", params={**till.triple, "POSRegisterName": "Front"}
    )
    assert paired.json() == {"result": "success"}
    answer = await shop.hub.http.post(
        "/POS/Transaction",
        params={**till.triple, "TransactionMode": "ASYNC", "TransactionType": "Card.Purchase", "AmountTotal": "500"},
    )
    assert answer.json()["data"]["AmountTotal"] == "500"


async def test_the_body_takes_precedence(shop: Shop) -> None:
    till = await shop.register(await shop.device())
    given = {**till.triple, "TransactionMode": "ASYNC", "TransactionType": "Card.Purchase", "AmountTotal": "500"}
    answer = await shop.hub.http.post("/POS/Transaction", data=given, params={"AmountTotal": "900"})
    assert answer.json()["data"]["AmountTotal"] == "500"


@pytest.mark.parametrize(
    "content_type",
    [
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded; charset=UTF-8",
        "application/x-www-form-urlencoded;charset=utf-8",
        "APPLICATION/X-WWW-FORM-URLENCODED",
        "text/plain;charset=UTF-8",
        "",
    ],
)
async def test_content_types(shop: Shop, content_type: str) -> None:
    till = await shop.register(await shop.device(), business_name="Café")
    given = {**till.triple, "TransactionMode": "ASYNC", "TransactionType": "Card.Purchase", "AmountTotal": "500"}
    headers = {"Content-Type": content_type} if content_type else {}
    answer = await shop.hub.http.post("/POS/Transaction", content=urlencode(given), headers=headers)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data; boundary=x"])
async def test_bodies_that_are_no_form(shop: Shop, content_type: str) -> None:
    """Said so, not "POSRegisterID is required"."""
    answer = await shop.hub.http.post("/POS/Transaction", content="{}", headers={"Content-Type": content_type})
    assert answer.status_code == 415
    assert answer.json() == {"error": "Send application/x-www-form-urlencoded."}


async def test_unknown_fields(shop: Shop) -> None:
    """Sent where they mean nothing; tolerated."""
    till = await shop.register(await shop.device())
    await till.pay(POSRegisterName="Front", POSBusinessEnvironment="PROD", POSReferenceID="1", Empty="")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/POS/Pairing/12345678"),
        ("POST", "/POS/Pairing/12345678"),
        ("DELETE", "/POS/Pairing/12345678"),
        ("PATCH", "/POS/Pairing/12345678"),
        ("PUT", "/POS/Transaction"),
        ("DELETE", "/POS/Transaction"),
        ("POST", "/POS/Transaction/00000000-0000-4000-8000-000000000000"),
        ("PUT", "/POS/Transaction/00000000-0000-4000-8000-000000000000"),
        ("DELETE", "/POS/Transaction/00000000-0000-4000-8000-000000000000"),
        ("OPTIONS", "/POS/Transaction"),
        ("GET", "/POS/Nothing"),
        ("GET", "/POS"),
        ("GET", "/pos/"),
        ("GET", "/elsewhere"),
    ],
)
async def test_wrong_method_or_path(hub: RunningHub, method: str, path: str) -> None:
    """404, and a body that a client may parse unguarded."""
    answer = await hub.http.request(method, path)
    assert answer.status_code == 404
    assert answer.json() == {"error": "Not Found"}
    assert answer.headers["SmartConnect-Error-Code"] == "not_found"


@pytest.mark.parametrize("method", ["PUT", "POST", "GET"])
async def test_preflight(hub: RunningHub, method: str) -> None:
    """A browser asks before a PUT, and before any request with an Idempotency-Key."""
    answer = await hub.http.options(
        "/POS/Pairing/12345678",
        headers={
            **ORIGIN,
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": "content-type,idempotency-key,authorization",
        },
    )
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert method in answer.headers["Access-Control-Allow-Methods"]
    allowed = answer.headers["Access-Control-Allow-Headers"].lower()
    assert {"content-type", "idempotency-key", "authorization"} <= set(allowed.replace(" ", "").split(","))


def assert_readable(answer: httpx.Response) -> None:
    """A page of another origin may read the answer, and the headers that matter."""
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    exposed = answer.headers["Access-Control-Expose-Headers"]
    for name in ("SmartConnect-Error-Code", "SmartConnect-Register-Token", "Retry-After", "Idempotent-Replayed"):
        assert name in exposed


async def test_cors_on_answers(shop: Shop) -> None:
    device = await shop.device()
    till = Till(shop.hub)
    given = {**till.triple, "POSRegisterName": "Front"}
    assert_readable(await shop.hub.http.put(f"/POS/Pairing/{await device.code()}", data=given, headers=ORIGIN))
    answer = await till.post(ORIGIN)
    assert_readable(answer)
    assert_readable(await shop.hub.http.get(answer.json()["data"]["PollingUrl"], headers=ORIGIN))


async def test_cors_on_errors(shop: Shop) -> None:
    """400, 401, 404, 413, 415: without the header a browser page could not even read the error."""
    hub = shop.hub
    statuses = {
        400: await hub.http.put("/POS/Pairing/1", headers=ORIGIN),
        401: await hub.http.get("/POS/Transaction/x", headers=ORIGIN),
        404: await hub.http.delete("/POS/Transaction", headers=ORIGIN),
        413: await hub.http.post("/POS/Transaction", content="x" * 70_000, headers=ORIGIN),
        415: await hub.http.post(
            "/POS/Transaction", content="{}", headers={**ORIGIN, "Content-Type": "application/json"}
        ),
    }
    for status, answer in statuses.items():
        assert answer.status_code == status
        assert_readable(answer)
        assert answer.json().keys() == {"error"}


async def test_cors_on_a_method_that_is_no_pos_call(hub: RunningHub) -> None:
    """Elsewhere a wrong method is 405, readable too."""
    answer = await hub.http.post("/healthz", headers=ORIGIN)
    assert answer.status_code == 405
    assert_readable(answer)
    assert answer.json().keys() == {"error"}


async def test_cors_on_a_fault_of_the_hub(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """500 tells no details, and can be read by a page."""

    monkeypatch.setattr(shop.hub.edge.engine, "execute", failing(ZeroDivisionError("a secret detail")))
    answer = await shop.hub.http.put(
        "/POS/Pairing/12345678", data={**Till(shop.hub).triple, "POSRegisterName": "Front"}, headers=ORIGIN
    )
    assert answer.status_code == 500
    assert_readable(answer)
    assert answer.json() == {"error": "The hub failed; it has been logged."}


async def test_largest_body(shop: Shop) -> None:
    """64 KiB are taken, one byte more is not; nothing was submitted."""
    till = await shop.register(await shop.device())
    given = {**till.triple, "TransactionMode": "ASYNC", "TransactionType": "Card.Purchase", "AmountTotal": "500"}
    body = urlencode(given) + "&Padding="
    fits = await shop.hub.http.post("/POS/Transaction", content=body + "x" * (65_536 - len(body)))
    assert fits.status_code == 200
    over = await shop.hub.http.post("/POS/Transaction", content=body + "x" * (65_537 - len(body)))
    assert over.status_code == 413
    assert over.json() == {"error": "The request body is over 65536 bytes."}
    listed = await shop.hub.http.get("/admin/transactions", headers=shop.hub.admin)
    assert len(listed.json()["transactions"]) == 1


@pytest.mark.parametrize("allowed", [["*"], ["https://till.example", "https://other.example"]])
@pytest.mark.parametrize("origin", [{}, {"Origin": "https://till.example"}, {"Origin": "https://evil.example"}])
async def test_cors_is_the_same_both_ways(
    tmp_path: Path, clock: ManualClock, allowed: list[str], origin: dict[str, str]
) -> None:
    """What takes the short way has the headers that the middleware gives to the same path with a slash too many."""
    async with running(tmp_path, clock, allowed_origins=allowed) as hub:
        short = await hub.http.post("/POS/Transaction", headers=origin)
        usual = await hub.http.post("/POS//Transaction", headers=origin)
        assert (short.status_code, usual.status_code) == (400, 400)
        # A second may begin between the two.
        del short.headers["date"], usual.headers["date"]
        assert sorted(short.headers.multi_items()) == sorted(usual.headers.multi_items())
