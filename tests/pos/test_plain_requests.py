"""Submit and poll, which go past ASGI: the same bytes as the usual way, and all that HTTP/1.1 asks of a server.

A path with a slash too many takes the usual way.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from tests.clock import ManualClock, let_pass
from tests.running import RunningHub, running
from tests.shop import Shop, Till, until, until_waiting
from tests.wire import Json

HOST = "till-hub.lan:8420"
KEYED = {"Idempotency-Key": "key-1"}
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Protocol": "smartconnect.register.v1",
}


class Line:
    """A bare connection: what is sent is sent as it is."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def send(self, *pieces: bytes) -> None:
        """Each piece reaches the hub by itself."""
        for piece in pieces:
            self._writer.write(piece)
            await self._writer.drain()
            await asyncio.sleep(0)

    async def answer(self) -> bytes:
        """The next answer, less its date, which is of the moment."""
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head)
        assert re.search(rb"\r\ndate: [^\r]+ GMT\r\n", head)
        body = await self._reader.readexactly(int(length[1])) if length else b""
        return re.sub(rb"date: [^\r]+\r\n", b"", head) + body

    async def raw(self, size: int) -> bytes:
        return await self._reader.readexactly(size)

    async def rest(self) -> bytes:
        """All that comes until the hub closes."""
        return await self._reader.read()

    def hang_up(self) -> None:
        self._writer.transport.abort()


class Overheard:
    """A transport, and what is written to it."""

    def __init__(self, transport: Any, written: list[bytes]) -> None:
        self._transport, self._written = transport, written

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        self._written.append(data)
        self._transport.write(data)


class Unflushed(Overheard):
    """It has something left to write, so that `close` waits for the client."""

    def close(self) -> None:
        pass


@contextlib.asynccontextmanager
async def dialled(hub: RunningHub) -> AsyncIterator[Line]:
    where = urlsplit(hub.url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    try:
        yield Line(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


def head(method: str, target: str, headers: dict[str, str] | None = None, version: str = "1.1") -> bytes:
    lines = [f"{name}: {value}\r\n" for name, value in ({"Host": HOST} | (headers or {})).items()]
    return f"{method} {target} HTTP/{version}\r\n{''.join(lines)}\r\n".encode()


def post(
    body: str, headers: dict[str, str] | None = None, target: str = "/POS/Transaction", version: str = "1.1"
) -> bytes:
    given = {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(len(body)), **(headers or {})}
    return head("POST", target, given, version) + body.encode()


def purchase(till: Till, **parameters: str) -> str:
    given = {"TransactionMode": "ASYNC", "TransactionType": "Card.Purchase", "AmountTotal": "500"}
    return urlencode({**till.triple, **given, **parameters})


def poll_target(first: Json, more: str = "") -> str:
    return f"/POS/Transaction/{first['transactionId']}?merchantAccessToken={first['merchantAccessToken']}{more}"


async def both(hub: RunningHub, request: bytes) -> bytes:
    """Send it both ways; the answer, which is the same."""
    answers = []
    usual = request.replace(b" /POS/Transaction", b" /POS//Transaction", 1)
    for each in (request, usual):
        async with dialled(hub) as line:
            await line.send(each)
            answers.append(await line.answer())
            if b"connection: close" in answers[-1]:
                assert await line.rest() == b""
    assert answers[0] == answers[1]
    return answers[0]


@pytest.mark.parametrize("origin", [{}, {"Origin": "https://till.example"}, {"Origin": "https://evil.example"}])
@pytest.mark.parametrize("allowed", [["*"], ["https://till.example"]])
async def test_the_same_bytes_both_ways(
    tmp_path: Path, clock: ManualClock, allowed: list[str], origin: dict[str, str]
) -> None:
    async with running(tmp_path / "data", clock, allowed_origins=allowed, poll_burst=100) as hub:
        shop = Shop(hub)
        till = await shop.register(await shop.device())
        asked = post(purchase(till), {**KEYED, **origin})
        async with dialled(hub) as line:
            await line.send(asked)
            assert b"\r\nidempotent-replayed" not in await line.answer()
        assert b"\r\nidempotent-replayed: true\r\n" in await both(hub, asked)
        first = await till.pay()
        assert b" 200 OK" in await both(hub, head("GET", poll_target(first), origin))
        assert b" 401 " in await both(hub, head("GET", poll_target(first)[:-1], origin))
        assert b" 400 " in await both(hub, head("GET", poll_target(first, "&wait=x"), origin))
        assert b" 400 " in await both(hub, post("", origin))
        assert b" 422 " in await both(hub, post(purchase(till, AmountTotal="600"), {**KEYED, **origin}))
        assert b" 415 " in await both(hub, post("{}", {"Content-Type": "application/json", **origin}))


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize("connection", ["close", "keep-alive", "Keep-Alive, TE", None])
async def test_whether_the_connection_stays(shop: Shop, version: str, connection: str | None) -> None:
    first = await (await shop.register(await shop.device())).pay()
    headers = {} if connection is None else {"Connection": connection}
    answer = await both(shop.hub, head("GET", poll_target(first), headers, version))
    assert (b"\r\nconnection: close\r\n" in answer) == (version == "1.0" or connection == "close")


async def test_of_a_header_that_comes_twice_the_first_counts(shop: Shop) -> None:
    till = await shop.register(await shop.device())
    asked = post(purchase(till), KEYED)
    twice = asked.replace(b"Idempotency-Key: key-1", b"idempotency-key: key-1\r\nIDEMPOTENCY-KEY: key-2")
    async with dialled(shop.hub) as line:
        await line.send(asked)
        first = await line.answer()
    answer = await both(shop.hub, twice)
    assert answer.partition(b"\r\n\r\n")[2] == first.partition(b"\r\n\r\n")[2]


async def test_a_body_in_pieces(shop: Shop) -> None:
    """Most clients send the head and the body one after the other; and the connection serves again."""
    till = await shop.register(await shop.device())
    asked = post(purchase(till))
    top, _, body = asked.partition(b"\r\n\r\n")
    async with dialled(shop.hub) as line:
        for pieces in ([top + b"\r\n\r\n", body], [top, b"\r\n\r\n" + body[:9], body[9:]], [asked]):
            await line.send(*pieces)
            assert (await line.answer()).startswith(b"HTTP/1.1 200 OK\r\n")


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
    for first in (last, refused):
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


async def test_a_client_that_does_not_read(shop: Shop) -> None:
    """Its requests wait for it to take their answers; then it has them all."""
    first = await (await shop.register(await shop.device())).pay()
    poll = head("GET", poll_target(first)[:-1], {"Origin": "https://till.example"})
    state = shop.hub.server.server_state
    others = set(state.connections)
    async with dialled(shop.hub) as line:
        await line.send(poll)
        await line.answer()
        (connection,) = state.connections - others
        connection.pause_writing()
        await line.send(poll)
        await until(lambda: bool(state.tasks))
        connection.resume_writing()
        assert b" 401 " in await line.answer()
        connection.pause_writing()
        await line.send(head("GET", poll_target(first)))
        await until(lambda: bool(state.tasks))
        connection.resume_writing()
        assert b" 200 " in await line.answer()


async def test_a_client_that_never_reads(shop: Shop) -> None:
    """It keeps no connection for ever: neither with an answer that waits for it, nor with the rest of one."""
    unread_seconds = shop.hub.settings.unread_seconds
    first = await (await shop.register(await shop.device())).pay()
    state = shop.hub.server.server_state
    others = set(state.connections)
    async with dialled(shop.hub) as line:
        await line.send(head("GET", "/healthz"))
        await line.answer()
        (connection,) = state.connections - others
        connection.pause_writing()
        await line.send(head("GET", poll_target(first)))
        await until(lambda: bool(state.tasks))
        let_pass(unread_seconds)
        assert await line.rest() == b""
    async with dialled(shop.hub) as line:
        await line.send(head("GET", "/healthz"))
        await line.answer()
        (connection,) = state.connections - others
        vars(connection)["transport"] = Unflushed(vars(connection)["transport"], [])
        looks = vars(connection)["_idle"]
        let_pass(shop.hub.server.config.timeout_keep_alive)
        await until(lambda: vars(connection)["_idle"] is not looks)
        let_pass(unread_seconds)
        assert await line.rest() == b""
    await until(lambda: not state.tasks)


async def test_a_chunked_body(shop: Shop) -> None:
    till = await shop.register(await shop.device())
    body = purchase(till).encode()
    chunks = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    async with dialled(shop.hub) as line:
        await line.send(head("POST", "/POS/Transaction", {"Transfer-Encoding": "chunked"}) + chunks)
        assert (await line.answer()).startswith(b"HTTP/1.1 200 OK\r\n")


async def test_a_client_that_asks_before_it_sends_the_body(shop: Shop) -> None:
    till = await shop.register(await shop.device())
    top, _, body = post(purchase(till), {"Expect": "100-continue"}).partition(b"\r\n\r\n")
    go_on = b"HTTP/1.1 100 Continue\r\n\r\n"
    async with dialled(shop.hub) as line:
        await line.send(top + b"\r\n\r\n")
        assert await line.raw(len(go_on)) == go_on
        await line.send(body)
        assert (await line.answer()).startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize("target", ["http://hub/POS/Transaction", "/POS/Transaction?a=b#c", "/POS/%54ransaction"])
async def test_unusual_targets(shop: Shop, target: str) -> None:
    till = await shop.register(await shop.device())
    async with dialled(shop.hub) as line:
        await line.send(post(purchase(till), target=target))
        assert (await line.answer()).startswith(b"HTTP/1.1 200 OK\r\n")


async def test_a_head_instead_of_a_poll_has_no_body(shop: Shop) -> None:
    first = await (await shop.register(await shop.device())).pay()
    async with dialled(shop.hub) as line:
        await line.send(head("HEAD", poll_target(first), {"Connection": "close"}))
        assert (await line.rest()).endswith(b"\r\n\r\n")


async def test_a_hub_that_is_full(hub: RunningHub) -> None:
    hub.server.config.limit_concurrency = 1  # the connection itself
    said = await both(hub, post(""))
    assert said[:12] == b"HTTP/1.1 503"
    assert b"\r\nsmartconnect-error-code: store_busy\r\n" in said
    assert said.endswith(b'\r\n\r\n{"error":"Too many requests at once; try again."}')


async def test_a_client_that_goes_away(shop: Shop) -> None:
    """The transaction goes on; nobody is answered, and nothing is left of the request."""
    device = await shop.device()
    till = await shop.register(device)
    state = shop.hub.server.server_state
    others = len(state.connections)
    async with dialled(shop.hub) as line:
        await line.send(post(purchase(till, TransactionMode="")))
        started = await device.started()
        line.hang_up()
        await until(lambda: len(state.connections) == others)
    assert state.tasks
    await device.complete(started["transaction_id"])
    await until(lambda: not state.tasks)


async def test_a_request_under_way_when_the_hub_ends(shop: Shop) -> None:
    """It may arrive to its end, is answered, and told that the connection ends."""
    till = await shop.register(await shop.device())
    connections = shop.hub.server.server_state.connections
    others = set(connections)
    async with dialled(shop.hub) as line:
        top, _, body = post(purchase(till)).partition(b"\r\n\r\n")
        await line.send(top + b"\r\n\r\n", body[:9])
        await until(lambda: any(getattr(each, "cycle", None) for each in connections - others))
        (connection,) = connections - others
        stopping = asyncio.create_task(shop.hub.stop())
        await until(lambda: not vars(connection)["cycle"].keep_alive)
        await line.send(body[9:])
        said = await line.rest()
        await stopping
    await shop.hub.start()
    assert said.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\nconnection: close\r\n" in said


async def test_a_request_that_the_hub_waits_for_no_longer(shop: Shop) -> None:
    """The grace for requests under way is over: said so in JSON, for a POS parses any body."""
    first = await (await shop.register(await shop.device())).pay()
    async with dialled(shop.hub) as line:
        await line.send(head("GET", poll_target(first, "&wait=30")))
        await until(lambda: bool(shop.hub.edge.waiting._held))
        for task in shop.hub.server.server_state.tasks:
            task.cancel()
        said = await line.rest()
    assert said.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
    assert said.endswith(b'\r\n\r\n{"error":"The hub failed; it has been logged."}')


async def test_a_connection_that_is_idle_for_long(shop: Shop) -> None:
    """Closed; but neither while its answer is waited for, nor when it has become a socket."""
    device = await shop.device()
    first = await (await shop.register(device)).pay()
    for_long = shop.hub.server.config.timeout_keep_alive
    async with dialled(shop.hub) as waits, dialled(shop.hub) as becomes, dialled(shop.hub) as idles:
        for line in (waits, becomes, idles):
            await line.send(head("GET", poll_target(first)))
            assert (await line.answer()).startswith(b"HTTP/1.1 200 OK\r\n")
        await waits.send(head("GET", poll_target(first, "&wait=30")))
        await until_waiting(shop.hub, 30)
        await becomes.send(head("GET", "/ws/register", UPGRADE))
        assert b"101 Switching Protocols" in await becomes.raw(40)
        let_pass(for_long)
        assert await idles.rest() == b""
        await device.started()
        await device.complete(str(first["transactionId"]))
        assert b'"transactionStatus":"COMPLETED"' in await waits.answer()
        let_pass(for_long)
        assert await waits.rest() == b""
        assert not becomes._reader.at_eof()
        await becomes.send(b"\x89\x80\x00\x00\x00\x00")
        await becomes._reader.readuntil(b"\x8a\x00")  # the pong


async def test_a_socket_behind_a_request(shop: Shop) -> None:
    """It begins when the request is answered: the answer does not get between its frames."""
    device = await shop.device()
    till = await shop.register(device)
    async with dialled(shop.hub) as line:
        await line.send(post(purchase(till, TransactionMode="")) + head("GET", "/ws/register", UPGRADE))
        started = await device.started()
        await device.complete(started["transaction_id"])
        assert b'"transactionStatus":"COMPLETED"' in await line.answer()
        assert b"101 Switching Protocols" in await line.raw(40)
        await line.send(b"\x89\x80\x00\x00\x00\x00")
        await line._reader.readuntil(b"\x8a\x00")  # the pong


async def test_half_a_request_behind_one_that_waits(shop: Shop) -> None:
    """Who waits for an answer is not told that another request took too long."""
    device = await shop.device()
    till = await shop.register(device)
    state = shop.hub.server.server_state
    others = set(state.connections)
    arrival_seconds = shop.hub.settings.request_arrival_seconds
    async with dialled(shop.hub) as line:
        await line.send(post(purchase(till, TransactionMode="")) + post(purchase(till))[:-5])
        started = await device.started()
        (connection,) = state.connections - others
        patience = vars(connection)["_patience"]
        let_pass(arrival_seconds)
        await until(lambda: vars(connection)["_patience"] not in (None, patience))
        await device.complete(started["transaction_id"])
        assert b'"transactionStatus":"COMPLETED"' in await line.answer()
        let_pass(arrival_seconds)
        assert (await line.rest()).startswith(b"HTTP/1.1 408 ")


async def test_nothing_is_written_once_the_connection_is_closed(shop: Shop) -> None:
    """What stands behind the request is no HTTP. The transaction goes on; its answer has no way out."""
    device = await shop.device()
    till = await shop.register(device)
    state = shop.hub.server.server_state
    others = set(state.connections)
    async with dialled(shop.hub) as line:
        await line.send(head("GET", "/healthz"))
        await line.answer()
        (connection,) = state.connections - others
        written: list[bytes] = []
        vars(connection)["transport"] = Overheard(vars(connection)["transport"], written)
        await line.send(post(purchase(till)) + head("GET", "/healthz") + b"no HTTP\r\n\r\n")
        assert (await line.rest()).startswith(b"HTTP/1.1 400 ")
        await device.started()
    assert len(written) == 1
