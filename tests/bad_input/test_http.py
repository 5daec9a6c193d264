"""What is no HTTP request, or never becomes a whole one: answered in JSON, and not waited for without end."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.clock import ManualClock, let_pass
from tests.running import RunningHub, running
from tests.shop import Shop, until, until_waiting


@contextlib.asynccontextmanager
async def dialled(hub: RunningHub) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    url = httpx.URL(hub.url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def answer(hub: RunningHub, sent: bytes) -> bytes:
    """All that the hub says until it closes the connection."""
    async with dialled(hub) as (reader, writer):
        writer.write(sent)
        return await reader.read()


async def patience_lost(hub: RunningHub, sent: bytes) -> bytes:
    """The same for what the hub waits in vain for the rest of."""
    connections = hub.server.server_state.connections
    others = set(connections)

    def has_come() -> bool:
        new = [vars(each) for each in connections - others]
        return any(not sent or each.get("_arriving") or each.get("_head_bytes") for each in new)

    async with dialled(hub) as (reader, writer):
        writer.write(sent)
        await until(has_come)
        let_pass(hub.settings.request_arrival_seconds)
        return await reader.read()


def problem(said: bytes) -> tuple[bytes, dict[str, str], dict[str, str]]:
    """The status line, the headers and the JSON body."""
    head, _, body = said.partition(b"\r\n\r\n")
    status, *lines = head.split(b"\r\n")
    headers = dict(line.decode().lower().split(": ", 1) for line in lines)
    assert int(headers["content-length"]) == len(body)
    return status, headers, json.loads(body)


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01",
        b"FOO /POS/Transaction HTTP/1.1\r\n\r\n",
        b"PUT /POS/Pairing/\xff HTTP/1.1\r\n\r\n",
        b"POST /POS/Transaction HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    ],
)
async def test_not_http(hub: RunningHub, sent: bytes) -> None:
    status, headers, body = problem(await answer(hub, sent))
    assert status == b"HTTP/1.1 400 Bad Request"
    assert headers["content-type"] == "application/json"
    assert headers["smartconnect-error-code"] == "request_malformed"
    assert headers["access-control-allow-origin"] == "*"
    assert body.keys() == {"error"}


@pytest.mark.parametrize(
    "half",
    [
        b"POST /POS/Transaction HTTP/1.1\r\nHost: ",
        b"POST /POS/Transaction HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nAmountTotal=5",
    ],
    ids=["headers", "body"],
)
async def test_half_a_request(shop: Shop, half: bytes) -> None:
    """Told so, and closed; a connection that never says anything is closed without a word.

    Sockets and requests that wait for their answer are left alone, however long that takes.
    """
    device = await shop.device()
    till = await shop.register(device)
    first = await till.pay()
    wire = await shop.hub.wire("register")
    held = asyncio.create_task(shop.hub.http.get(first["data"]["PollingUrl"] + "&wait=30"))
    await until_waiting(shop.hub, 30)
    status, headers, body = problem(await patience_lost(shop.hub, half))
    assert (status, headers["smartconnect-error-code"]) == (b"HTTP/1.1 408 Request Timeout", "request_timeout")
    assert body == {"error": "The request took too long to arrive."}
    assert await patience_lost(shop.hub, b"") == b""
    assert await patience_lost(shop.hub, b"\r\n") == b""
    await wire.call("hello", till.hello)
    await device.started()
    await device.complete(first["transactionId"])
    assert (await held).json()["transactionStatus"] == "COMPLETED"


@pytest.mark.parametrize(
    "begun",
    [
        b"GET /POS/Transaction HTTP/1.1\r\nHost: h\r\nLong: ",
        b"POST /POS/Transaction HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nLong: ",
    ],
    ids=["head", "trailers"],
)
async def test_a_head_without_end(hub: RunningHub, begun: bytes) -> None:
    """It would fill the memory, and so would trailers."""
    hub.limit_http(request_head_bytes=1000)
    connections = hub.server.server_state.connections
    async with dialled(hub) as (reader, writer):
        writer.write(begun + b"x" * 900)
        await until(lambda: any(vars(each).get("_arriving") for each in connections))
        (connection,) = connections
        writer.write(b"x" * 1000)
        await until(lambda: vars(connection)["_head_bytes"] == 1000)
        assert not vars(connection)["transport"].is_closing()
        writer.write(b"x")
        said = await reader.read()
    status, headers, body = problem(said)
    assert (status, headers["smartconnect-error-code"]) == (b"HTTP/1.1 400 Bad Request", "request_malformed")
    assert body == {"error": "The request's head is over 1000 bytes."}


async def test_the_last_words_are_for_allowed_pages(tmp_path: Path, clock: ManualClock) -> None:
    """As other answers are; a page whose origin has not arrived cannot be told apart from others."""
    async with running(tmp_path / "data", clock, allowed_origins=["https://till.example"]) as hub:
        for origin, allowed in (("https://till.example", True), ("https://evil.example", False)):
            sent = f"GET /POS/Transaction HTTP/1.1\r\nOrigin: {origin}\r\nContent-Length: x\r\n\r\n"
            _, headers, _ = problem(await answer(hub, sent.encode()))
            assert (headers.get("access-control-allow-origin") == origin) == allowed
            assert headers["vary"] == "origin"
