"""Requests behind others on one connection: answers come in their order, and the last words come last."""

from __future__ import annotations

import re

import pytest

from hub.edge.http_protocol import PIPELINED
from tests.clock import let_pass, turns
from tests.pos.lines import UPGRADE, dialled, head, post, purchase, used, usual
from tests.shop import Shop, until


async def test_pipelined_requests(shop: Shop) -> None:
    """Answered in their order, whichever way each takes."""
    till = await shop.register(await shop.device())
    requests = [
        post(purchase(till, TransactionReference="one")),
        head("GET", "/healthz"),
        post(purchase(till, TransactionReference="two")),
        head("GET", "/POS/Nothing"),
        post(purchase(till, TransactionReference="three")),
    ]
    async with dialled(shop.hub) as line:
        for _ in range(2):
            await line.send(b"".join(requests))
            answers = [await line.answer() for _ in requests]
            assert [answer[9:12] for answer in answers] == [b"200", b"200", b"200", b"404", b"200"]
            said = [re.findall(rb'"TransactionReference":"(\w+)"', answer) for answer in answers]
            assert said == [[b"one"], [], [b"two"], [], [b"three"]]


@pytest.mark.parametrize("target", ["/POS/Transaction", "/POS//Transaction"])
async def test_nothing_comes_behind_the_last_request(shop: Shop, target: str) -> None:
    """What a client sends behind its `Connection: close` is not done: it could not be told of it."""
    till = await shop.register(await shop.device())
    last = post(purchase(till), {"Connection": "close"}, target)
    refused = post("", {"Connection": "close"}, target)
    old = post("", {"Connection": "keep-alive"}, target, version="1.0")
    for first in (last, refused, old):
        async with dialled(shop.hub) as line:
            await line.send(first + post(purchase(till, TransactionReference="late")))
            assert (await line.rest()).count(b"HTTP/1.1 ") == 1
    found = await shop.hub.http.get("/POS/Transaction", params={**till.triple, "TransactionReference": "late"})
    assert found.json() == {"transactions": []}


async def test_many_refusals_at_once(shop: Shop) -> None:
    """Answered while they are still read, and in their order."""
    till = await shop.register(await shop.device())
    kinds = [post(""), post(purchase(till, AmountTotal="0")), post("{}", {"Content-Type": "application/json"})]
    async with dialled(shop.hub) as line:
        await line.send(b"".join(kinds * 20))
        for _ in range(20):
            assert b"POSRegisterID is required" in await line.answer()
            assert b"AmountTotal must be" in await line.answer()
            assert b" 415 " in await line.answer()


async def test_a_socket_behind_a_request(shop: Shop) -> None:
    """It begins when the request is answered: the answer does not get between its frames."""
    device = await shop.device()
    till = await shop.register(device)
    async with dialled(shop.hub) as line:
        await line.send(post(purchase(till, TransactionMode="")) + head("GET", "/ws/register", UPGRADE))
        started = await device.started()
        await device.complete(started["transaction_id"])
        assert b'"transactionStatus":"COMPLETED"' in await line.answer()
        await line.becomes_a_socket()


WAYS = pytest.mark.parametrize("way", [bytes, usual], ids=["short", "usual"])
HALF = b"POST /POS/Transaction HTTP/1.1\r\nOrigin: https://till.example\r\nContent-Length: 9\r\n"
HALF_A_BODY = HALF + b"\r\nhalf"


def assert_last(said: bytes, status: int, code: str) -> None:
    """The last words: told as a last answer is, and to pages as well."""
    top, _, body = said.partition(b"\r\n\r\n")
    assert top.startswith(b"HTTP/1.1 %d " % status)
    for line in (b"connection: close", b"access-control-allow-origin: *", f"smartconnect-error-code: {code}".encode()):
        assert top.lower().count(b"\r\n" + line) == 1
    assert b"\r\ncontent-length: %d\r\n" % len(body) in top
    assert body.startswith(b'{"error":"')


@WAYS
@pytest.mark.parametrize(
    ("behind", "status", "code"),
    [
        ([b"\x16\x03\x01\x02\x00\x01\x00\x01"], 400, "request_malformed"),
        ([b"no HTTP\r\n\r\n" + head("GET", "/healthz"), head("GET", "/healthz")], 400, "request_malformed"),
        ([HALF + b"\x00\r\n\r\n"], 400, "request_malformed"),
        ([HALF + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"], 400, "request_malformed"),
        ([HALF + b"Long: ", b"x" * 1001], 400, "request_malformed"),
        ([HALF], 408, "request_timeout"),
        ([HALF_A_BODY], 408, "request_timeout"),
        ([head("GET", "/healthz") * (PIPELINED + 1)], 503, "store_busy"),
    ],
    ids=["binary", "text", "headers", "two lengths", "long head", "half a head", "half a body", "too many"],
)
async def test_what_is_no_request_behind_one_that_waits(
    shop: Shop, way: type[bytes], behind: list[bytes], status: int, code: str
) -> None:
    """Who waits gets the answer first; then it is said what was wrong (RFC 9112, 9.3.2)."""
    device = await shop.device()
    till = await shop.register(device)
    shop.hub.limit_http(request_head_bytes=1000)
    async with used(shop.hub) as (line, connection):
        first, *others = behind
        await line.send(way(post(purchase(till, TransactionMode=""))) + first, *others)
        started = await device.started()
        if behind == [HALF]:
            let_pass(shop.hub.settings.request_arrival_seconds)
        if behind != [HALF_A_BODY]:
            await until(lambda: vars(connection).get("_at_last") is not None)
        await device.complete(started["transaction_id"])
        assert b'"transactionStatus":"COMPLETED"' in await line.answer()
        if behind == [HALF_A_BODY]:
            let_pass(shop.hub.settings.request_arrival_seconds)
        for _ in range(PIPELINED if status == 503 else 0):
            assert (await line.answer()).startswith(b"HTTP/1.1 200 OK\r\n")
        assert_last(await line.rest(), status, code)


async def test_a_request_is_not_charged_with_the_time_of_the_one_before(shop: Shop) -> None:
    """It begins to arrive with the end of the one before, and has its own time."""
    till = await shop.register(await shop.device())
    seconds = shop.hub.settings.request_arrival_seconds
    whole = post(purchase(till))
    async with used(shop.hub) as (line, connection):
        await line.send(whole[:-5])
        await until(lambda: vars(connection)["_arriving"])
        let_pass(seconds * 0.6)
        await line.send(whole[-5:] + HALF)
        assert (await line.answer()).startswith(b"HTTP/1.1 200 OK\r\n")
        let_pass(seconds * 0.6)
        await turns()
        assert not connection.transport.is_closing()
        let_pass(seconds * 0.4)
        assert_last(await line.rest(), 408, "request_timeout")


async def test_a_request_has_its_time_when_its_turn_comes(shop: Shop) -> None:
    """Nothing is read of its body before; so its time begins then."""
    device = await shop.device()
    till = await shop.register(device)
    seconds = shop.hub.settings.request_arrival_seconds
    whole = post(purchase(till))
    async with used(shop.hub) as (line, connection):
        await line.send(post(purchase(till, TransactionMode="")) + whole[:-5])
        started = await device.started()
        patience = vars(connection)["_patience"]
        let_pass(seconds)
        await until(lambda: vars(connection)["_patience"] not in (None, patience))
        let_pass(seconds * 0.6)
        await device.complete(started["transaction_id"])
        assert b'"transactionStatus":"COMPLETED"' in await line.answer()
        let_pass(seconds * 0.6)
        await turns()
        await line.send(whole[-5:])
        assert (await line.answer()).startswith(b"HTTP/1.1 200 OK\r\n")


async def test_nothing_is_written_once_the_connection_is_closed(shop: Shop) -> None:
    """The client ends it while its request is worked on. The transaction goes on; its answer has no way out."""
    device = await shop.device()
    till = await shop.register(device)
    async with used(shop.hub) as (line, connection):
        await line.send(post(purchase(till, TransactionMode="")))
        started = await device.started()
        connection.transport.close()
        assert await line.rest() == b""
        await device.complete(started["transaction_id"])
        await until(lambda: not shop.hub.server.server_state.tasks)
