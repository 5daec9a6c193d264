"""How an HTTP connection lives and ends: who is slow, takes nothing, goes away, or is there when the hub ends."""

from __future__ import annotations

import asyncio

import pytest

from hub.edge.http_protocol import HubHttpProtocol
from tests.clock import let_pass, turns
from tests.pos.lines import PAGE, UPGRADE, dialled, head, poll_target, post, purchase, used, usual
from tests.shop import Shop, until, until_waiting


async def test_a_client_that_does_not_read(shop: Shop) -> None:
    """Its requests wait for it to take their answers; then it has them all."""
    first = await (await shop.register(await shop.device())).pay()
    state = shop.hub.server.server_state
    async with used(shop.hub) as (line, connection):
        connection.pause_writing()
        await line.send(head("GET", poll_target(first)[:-1], PAGE))
        await until(lambda: bool(state.tasks))
        connection.resume_writing()
        assert b" 401 " in await line.answer()
        connection.pause_writing()
        await line.send(head("GET", poll_target(first)))
        await until(lambda: bool(state.tasks))
        connection.resume_writing()
        assert b" 200 " in await line.answer()


async def test_a_client_that_never_reads(shop: Shop) -> None:
    """It keeps no connection for ever with an answer that waits for it."""
    first = await (await shop.register(await shop.device())).pay()
    state = shop.hub.server.server_state
    async with used(shop.hub) as (line, connection):
        connection.pause_writing()
        await line.send(head("GET", poll_target(first)))
        await until(lambda: bool(state.tasks))
        let_pass(shop.hub.settings.unread_seconds)
        assert await line.rest() == b""
    await until(lambda: not state.tasks)


LAST = {"Connection": "close"}


@pytest.mark.parametrize(
    "last",
    [post("", LAST), usual(post("", LAST)), post(""), b"no HTTP"],
    ids=["short", "usual", "idle", "refused"],
)
@pytest.mark.parametrize("takes_a_part", [False, True])
async def test_a_client_that_never_reads_what_is_said_last(shop: Shop, last: bytes, takes_a_part: bool) -> None:
    """However little is left, and however the connection ends."""
    shop.hub.limit_http(keep_alive_seconds=5)
    connections = shop.hub.server.server_state.connections
    async with used(shop.hub, narrow=True) as (line, connection):
        transport = connection.transport
        line.look_away()
        await line.send(post("") * 130 + last)
        await until(lambda: bool(transport.get_write_buffer_size()))
        let_pass(5)
        await until(lambda: vars(connection).get("_ended", False) or transport.is_closing())
        assert 0 < transport.get_write_buffer_size() < 65_536
        if takes_a_part:
            connection.pause_writing()
            connection.resume_writing()
        assert connection in connections
        let_pass(shop.hub.settings.unread_seconds)
        await until(lambda: connection not in connections)


@pytest.mark.parametrize(
    "top",
    [
        post("x" * 30_000)[:-30_000],
        usual(post("x" * 30_000)[:-30_000]),
        head("POST", "/POS/Transaction", {"Transfer-Encoding": "chunked"}) + b"7530\r\n",
    ],
    ids=["short", "usual", "chunked"],
)
@pytest.mark.parametrize("with_the_head", [0, 9, 10_000])
async def test_a_body_is_no_part_of_the_head(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, top: bytes, with_the_head: int
) -> None:
    """However much of it comes at once, with the end of the head or behind it."""
    shop.hub.limit_http(request_head_bytes=1000)
    arrived = 0
    receive = HubHttpProtocol.data_received

    def count(connection: HubHttpProtocol, data: bytes) -> None:
        nonlocal arrived
        receive(connection, data)
        arrived += len(data)

    async def has_come(size: int) -> None:
        await until(lambda: arrived == size)

    monkeypatch.setattr(HubHttpProtocol, "data_received", count)
    body = b"x" * 30_000 + (b"\r\n0\r\n\r\n" if b"chunked" in top else b"")
    pieces = [top[:-6], top[-6:] + body[:with_the_head], body[with_the_head:20_000], body[20_000:-1], body[-1:]]
    sent = 0
    async with dialled(shop.hub) as line:
        for piece in pieces:
            await line.send(piece)
            sent += len(piece)
            await has_come(sent)
        assert b'{"error":"POSRegisterID is required."}' in await line.answer()


async def test_what_is_said_last_arrives(shop: Shop) -> None:
    """Although the client still sends: closing at once would reset the connection, and the words with it."""
    shop.hub.limit_http(request_head_bytes=1000)
    async with used(shop.hub) as (line, connection):
        line.look_away()
        await line.send(head("GET", "/POS/Nothing")[:-2] + b"Long: ", *[b"x" * 300_000] * 10)
        line.look_again()
        assert (await line.rest()).endswith(b'\r\n\r\n{"error":"The request\'s head is over 1000 bytes."}')
        line.hang_up()
        await until(lambda: connection not in shop.hub.server.server_state.connections)


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize(
    ("target", "full", "status"),
    [("/POS/Nothing", False, 404), ("/POS/Transaction", False, 413), ("/POS/Transaction", True, 503)],
)
async def test_the_answer_to_a_last_request_that_still_arrives(
    shop: Shop, version: str, target: str, full: bool, status: int
) -> None:
    """As behind many a proxy, whose requests are each the last of a connection."""
    connections = shop.hub.server.server_state.connections
    async with used(shop.hub) as (line, connection):
        if full:
            connection.limit_concurrency = 1  # the connection itself
        line.look_away()
        await line.send(head("POST", target, {"Connection": "close", "Content-Length": "3000001"}, version))
        await line.send(*[b"x" * 300_000] * 10)
        line.look_again()
        said = await line.rest()
        assert said.startswith(b"HTTP/1.1 %d " % status)
        assert said.count(b"HTTP/1.1 ") == 1
        assert b"\r\nconnection: close\r\n" in said.lower()
        line.hang_up()
        await until(lambda: connection not in connections)


async def test_what_is_said_last_outlives_the_time_of_an_idle_connection(shop: Shop) -> None:
    """It has its own time: closed before the client has done, it would be lost."""
    shop.hub.limit_http(keep_alive_seconds=5)
    connections = shop.hub.server.server_state.connections
    async with used(shop.hub) as (line, connection):
        await line.send(b"no HTTP")
        await until(lambda: vars(connection).get("_ended", False))
        let_pass(5)
        await turns()
        assert not connection.transport.is_closing()
        assert (await line.rest()).startswith(b"HTTP/1.1 400 ")
        line.hang_up()
        await until(lambda: connection not in connections)


@pytest.mark.parametrize(
    "half",
    [
        "GET /POS/Transaction HTTP/1.1\r\nOrigin: https://till.example\r\nLong: ",
        "POST /POS/Transaction HTTP/1.1\r\nOrigin: https://till.example\r\nContent-Length: 100\r\n\r\nAmountTotal=5",
        "POST /POS//Transaction HTTP/1.1\r\nOrigin: https://till.example\r\nContent-Length: 100\r\n\r\nAmountTotal=5",
    ],
    ids=["head", "body", "body by the usual way"],
)
async def test_half_a_request_on_a_used_connection(shop: Shop, half: str) -> None:
    """Told so, as on a fresh one. An idle one is closed without a word, ends of lines or not."""
    async with used(shop.hub) as (line, connection):
        await line.send(half.encode())
        await until(lambda: vars(connection)["_arriving"])
        let_pass(shop.hub.settings.request_arrival_seconds)
        said = await line.rest()
    assert said.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert b"\r\naccess-control-allow-origin: *\r\n" in said
    async with used(shop.hub) as (line, _):
        await line.send(b"\r\n")
        let_pass(shop.hub.settings.keep_alive_seconds)
        assert await line.rest() == b""


async def test_an_answer_before_the_end_of_the_request(shop: Shop) -> None:
    """It is the only one, even if the rest of the request never comes, or is none."""
    for rest in (b"5\r\n", b"no chunk\r\n"):
        async with dialled(shop.hub) as line:
            await line.send(head("POST", "/POS/Nothing", {"Transfer-Encoding": "chunked"}))
            assert (await line.answer()).startswith(b"HTTP/1.1 404 ")
            await line.send(rest)
            let_pass(shop.hub.settings.request_arrival_seconds)
            assert await line.rest() == b""


async def test_a_connection_that_is_idle_for_long(shop: Shop) -> None:
    """Closed; but neither while its answer is waited for, nor when it has become a socket."""
    device = await shop.device()
    first = await (await shop.register(device)).pay()
    for_long = shop.hub.settings.keep_alive_seconds
    async with dialled(shop.hub) as waits, dialled(shop.hub) as becomes, dialled(shop.hub) as idles:
        for line in (waits, becomes, idles):
            await line.send(head("GET", poll_target(first)))
            assert (await line.answer()).startswith(b"HTTP/1.1 200 OK\r\n")
        await waits.send(head("GET", poll_target(first, "&wait=30")))
        await until_waiting(shop.hub, 30)
        await becomes.send(head("GET", "/ws/register", UPGRADE))
        await becomes.becomes_a_socket()
        let_pass(for_long)
        assert await idles.rest() == b""
        await device.started()
        await device.complete(str(first["transactionId"]))
        assert b'"transactionStatus":"COMPLETED"' in await waits.answer()
        let_pass(for_long)
        assert await waits.rest() == b""
        await becomes.ping()


@pytest.mark.parametrize("resets", [True, False])
async def test_a_client_that_goes_away(shop: Shop, resets: bool) -> None:
    """The transaction goes on; nobody is answered, and nothing is left of the request. One that merely closed cannot be
    told from one that sends no more, before there is an answer."""
    device = await shop.device()
    till = await shop.register(device)
    state = shop.hub.server.server_state
    async with used(shop.hub) as (line, connection):
        await line.send(post(purchase(till, TransactionMode="")))
        started = await device.started()
        if resets:
            line.reset()
            await until(lambda: connection not in state.connections)
        else:
            line.hang_up()
            await until(lambda: vars(connection).get("_half_closed", False))
    assert state.tasks
    await device.complete(started["transaction_id"])
    await until(lambda: not state.tasks and connection not in state.connections)


@pytest.mark.parametrize("way", [bytes, usual], ids=["short", "usual"])
@pytest.mark.parametrize("before", [b"", head("GET", "/healthz")], ids=["alone", "behind another"])
@pytest.mark.parametrize("behind", [b"", post("")[:-20], post("body")[:-1]], ids=["", "half a head", "half a body"])
async def test_a_client_that_sends_no_more(shop: Shop, way: type[bytes], before: bytes, behind: bytes) -> None:
    """It shut its side down with its request, as some simple clients do: the answer comes, and then the end."""
    device = await shop.device()
    till = await shop.register(device)
    connections = shop.hub.server.server_state.connections
    async with used(shop.hub) as (line, connection):
        await line.send(before + way(post(purchase(till, TransactionMode=""))) + behind)
        line.finish()
        if before:
            assert (await line.answer()).startswith(b"HTTP/1.1 200 OK\r\n")
        started = await device.started()
        await until(lambda: vars(connection).get("_half_closed", False) or connection.flow.read_paused)
        let_pass(shop.hub.settings.request_arrival_seconds)
        await device.complete(started["transaction_id"])
        said = await line.rest()
        assert said.count(b"HTTP/1.1 ") == 1
        assert b'"transactionStatus":"COMPLETED"' in said
        await until(lambda: connection not in connections)


@pytest.mark.parametrize(
    "sent",
    [b"", post("")[:-20], usual(post("body"))[:-1], b"no HTTP"],
    ids=["idle", "half a head", "half a body", "refused"],
)
async def test_a_client_that_sends_no_more_and_waits_for_nothing(shop: Shop, sent: bytes) -> None:
    """Closed at once: nothing will come that could be answered."""
    connections = shop.hub.server.server_state.connections
    async with used(shop.hub) as (line, connection):
        await line.send(sent)
        line.finish()
        assert (await line.rest())[:12] == (b"HTTP/1.1 400" if sent == b"no HTTP" else b"")
        await until(lambda: connection not in connections)


async def test_a_client_that_sends_no_more_and_takes_nothing(shop: Shop) -> None:
    """However little is left for it: it keeps no connection for ever."""
    connections = shop.hub.server.server_state.connections
    async with used(shop.hub, narrow=True) as (line, connection):
        line.look_away()
        await line.send(post("") * 130)
        line.finish()
        await until(lambda: vars(connection).get("_half_closed", False))
        assert 0 < connection.transport.get_write_buffer_size() < 65_536
        let_pass(shop.hub.settings.unread_seconds)
        await until(lambda: connection not in connections)


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


@pytest.mark.parametrize("way", [bytes, usual], ids=["short", "usual"])
async def test_a_request_that_the_hub_waits_for_no_longer(shop: Shop, way: type[bytes]) -> None:
    """The grace for requests under way is over: said so in JSON, for a POS parses any body, and to pages as well."""
    first = await (await shop.register(await shop.device())).pay()
    async with dialled(shop.hub) as line:
        await line.send(way(head("GET", poll_target(first, "&wait=30"), PAGE)))
        await until(lambda: bool(shop.hub.edge.waiting._held))
        for task in shop.hub.server.server_state.tasks:
            task.cancel()
        said = await line.rest()
    assert said.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
    assert b"\r\naccess-control-allow-origin: *\r\n" in said
    assert said.lower().count(b"\r\nconnection: close\r\n") == 1
    assert said.endswith(b'\r\n\r\n{"error":"The hub failed; it has been logged."}')
