"""Submit and poll, which go past ASGI: the same bytes as the usual way, and all that HTTP/1.1 asks of a server."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clock import ManualClock
from tests.pos.lines import KEYED, PAGE, chunked, dialled, head, poll_target, post, purchase, usual
from tests.running import RunningHub, running
from tests.shop import Shop


async def both(hub: RunningHub, request: bytes) -> bytes:
    """Send it both ways; the answer, which is the same."""
    answers = []
    for each in (request, usual(request)):
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


async def test_a_chunked_body(shop: Shop) -> None:
    till = await shop.register(await shop.device())
    async with dialled(shop.hub) as line:
        await line.send(chunked(purchase(till)))
        assert (await line.answer()).startswith(b"HTTP/1.1 200 OK\r\n")


async def test_trailers_are_no_headers(shop: Shop) -> None:
    """What a proxy forbids in a head it may pass behind a body (RFC 9110, 6.5.1)."""
    till = await shop.register(await shop.device())
    async with dialled(shop.hub) as line:
        await line.send(chunked(purchase(till), {"X-Forwarded-Proto": "https", "Authorization": "Bearer nobody"}))
        answer = await line.answer()
    assert b" 200 OK" in answer
    assert b'"PollingUrl":"http://' in answer


async def test_a_client_that_would_rather_speak_another_protocol(shop: Shop) -> None:
    """Java's HTTP client asks so at its first request. It is answered in this one, with its body and what follows."""
    till = await shop.register(await shop.device())
    would = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AAEAAEAAAAIAAAAB"}
    asked = post(purchase(till), {**KEYED, **would})
    async with dialled(shop.hub) as line:
        await line.send(asked)
        first = await line.answer()
    assert b" 200 OK" in first
    await both(shop.hub, asked)
    top, _, body = asked.partition(b"\r\n\r\n")

    async def answers(*pieces: bytes) -> list[bytes]:
        async with dialled(shop.hub) as line:
            await line.send(*pieces)
            return [await line.answer(), await line.answer()]

    asks_more = head("GET", "/healthz")
    for pieces in ([top + b"\r\n\r\n", body, asks_more], [asked + asks_more], [asked + head("GET", "/healthz", would)]):
        said = await answers(*pieces)
        assert said[0].partition(b"\r\n\r\n")[2] == first.partition(b"\r\n\r\n")[2]
        assert b" 200 OK" in said[1]
    for last in (
        post(purchase(till), {**KEYED, **would, "Connection": "close, Upgrade"}),
        asked.replace(b"1.1", b"1.0", 1),
    ):
        assert b" 200 OK" in await both(shop.hub, last)


async def test_a_tunnel_is_refused(hub: RunningHub) -> None:
    async with dialled(hub) as line:
        await line.send(head("CONNECT", "elsewhere:443"))
        assert (await line.rest()).startswith(b"HTTP/1.1 400 ")


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
    said = await both(hub, post("", PAGE))
    assert b"\r\naccess-control-allow-origin: *\r\n" in said
    assert said[:12] == b"HTTP/1.1 503"
    assert b"\r\nsmartconnect-error-code: store_busy\r\n" in said
    assert said.endswith(b'\r\n\r\n{"error":"Too many requests at once; try again."}')
