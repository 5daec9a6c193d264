"""HTTP connections that wait for a next request: how long, how many, what clients are told of it, and the hub's end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from pathlib import Path

import pytest

from tests.clock import ManualClock
from tests.pos.lines import UPGRADE, Line, dialled, head, poll_target, post, used, usual
from tests.running import RunningHub, running
from tests.shop import Shop, until, until_waiting

KEPT = b"\r\nconnection: keep-alive\r\nkeep-alive: timeout=67\r\n\r\n"


@pytest.mark.parametrize("way", [bytes, usual], ids=["short", "usual"])
async def test_an_answer_says_how_long_its_connection_is_kept(hub: RunningHub, way: type[bytes]) -> None:
    """A tenth less than it is: a client that believes it does not send while the hub closes."""
    assert hub.settings.keep_alive_seconds == 75
    async with dialled(hub) as line:
        await line.send(way(post("")))
        assert KEPT in await line.answer()
        await line.send(way(post("", {"Connection": "close"})))
        last = await line.answer()
    assert b"keep-alive" not in last
    assert b"\r\nconnection: close\r\n" in last
    async with dialled(hub) as line:
        await line.send(way(post("", version="1.0")))
        assert b"keep-alive" not in await line.answer()


@pytest.mark.parametrize("way", [bytes, usual], ids=["short", "usual"])
async def test_what_is_said_last_does_not_say_so(hub: RunningHub, way: type[bytes]) -> None:
    hub.server.config.limit_concurrency = 1  # the connection itself
    async with dialled(hub) as line:
        await line.send(way(post("")))
        said = await line.rest()
    assert said.startswith(b"HTTP/1.1 503 ")
    assert b"keep-alive" not in said


@pytest.mark.parametrize(("seconds", "told"), [(600, b"keep-alive: timeout=540"), (0.01, b"\r\n\r\n")])
async def test_another_setting(tmp_path: Path, clock: ManualClock, seconds: float, told: bytes) -> None:
    """Too short a time to be said is not; and it ends by itself."""
    async with running(tmp_path / "data", clock, keep_alive_seconds=seconds) as hub, dialled(hub) as line:
        await line.send(post(""))
        said = await line.answer()
        assert told in said
        assert (b"keep-alive" in said) == (seconds == 600)
        if seconds < 1:
            assert await line.rest() == b""


async def serves(line: Line, request: bytes | None = None) -> None:
    await line.send(post("") if request is None else request)
    assert KEPT in await line.answer()


async def test_of_too_many_the_one_that_has_been_idle_for_longest_is_closed(tmp_path: Path, clock: ManualClock) -> None:
    async with (
        running(tmp_path / "data", clock, max_idle_connections=2) as hub,
        dialled(hub) as first,
        dialled(hub) as second,
        dialled(hub) as third,
    ):
        await serves(first)
        await serves(second)
        await serves(first)
        await serves(third)
        assert await second.rest() == b""
        await serves(first)
        await serves(third)


@pytest.mark.parametrize("way", [bytes, usual], ids=["short", "usual"])
async def test_who_asks_is_not_idle(tmp_path: Path, clock: ManualClock, way: type[bytes]) -> None:
    """Whether its answer is waited for, or its request has only begun; nor is a socket, and there is room for both."""
    async with running(tmp_path / "data", clock, max_idle_connections=1) as hub, contextlib.AsyncExitStack() as lines:
        shop = Shop(hub)
        device = await shop.device()
        first = await (await shop.register(device)).pay()
        await device.started()
        waits = await lines.enter_async_context(dialled(hub))
        await serves(waits)
        await waits.send(way(head("GET", poll_target(first, "&wait=30"))))
        await until_waiting(hub, 30)
        arrives, connection = await lines.enter_async_context(used(hub))
        top = way(post("body"))
        await arrives.send(top[:30])
        await until(lambda: vars(connection)["_arriving"])
        for _ in range(3):
            await serves(await lines.enter_async_context(dialled(hub)))
        await arrives.send(top[30:])
        assert KEPT in await arrives.answer()
        await device.complete(str(first["transactionId"]))
        assert b'"transactionStatus":"COMPLETED"' in await waits.answer()
        await (await shop.device("7070714001")).socket.call("ping")


async def test_a_request_that_was_answered_before_its_end(tmp_path: Path, clock: ManualClock) -> None:
    """Its connection is idle when the rest has come, and not before."""
    async with (
        running(tmp_path / "data", clock, max_idle_connections=1) as hub,
        used(hub) as (line, connection),
        dialled(hub) as other,
    ):
        await line.send(head("POST", "/POS/Nothing", {"Transfer-Encoding": "chunked"}))
        assert (await line.answer()).startswith(b"HTTP/1.1 404 ")
        await serves(other)
        await line.send(b"0\r\n\r\n")
        assert await other.rest() == b""
        await serves(line)
        assert connection in hub.server.server_state.connections


async def test_what_is_said_last_is_not_idle(tmp_path: Path, clock: ManualClock) -> None:
    """Others push its connection out no more: it has its own time."""
    async with (
        running(tmp_path / "data", clock, max_idle_connections=1) as hub,
        used(hub) as (line, connection),
        dialled(hub) as other,
    ):
        await line.send(b"no HTTP")
        await until(lambda: vars(connection).get("_ended", False))
        await serves(other)
        await serves(other)
        assert not connection.transport.is_closing()
        assert (await line.rest()).startswith(b"HTTP/1.1 400 ")


async def test_those_that_are_closed_are_not_counted(tmp_path: Path, clock: ManualClock) -> None:
    async with running(tmp_path / "data", clock, max_idle_connections=2) as hub:
        state = hub.server.server_state
        async with dialled(hub) as stays:
            await serves(stays)
            for _ in range(3):
                async with dialled(hub) as line:
                    await serves(line)
                await until(lambda: len(state.connections) == 1)
            await serves(stays)


async def test_when_the_hub_ends(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    """Those who ask for nothing are let go of at once, while sockets are drained. Who asks is answered, told that it is
    the last time, and let go of: it comes back to the next process. None is waited for."""
    hub = shop.hub
    first = await (await shop.register(await shop.device())).pay()
    held = head("GET", poll_target(first, "&wait=30"))
    async with dialled(hub) as becomes, dialled(hub) as idle, dialled(hub) as short, dialled(hub) as long:
        await becomes.send(head("GET", "/ws/register", UPGRADE))
        await becomes.becomes_a_socket()
        await serves(idle)
        await short.send(held)
        await long.send(usual(held))
        await until(lambda: len(hub.edge.waiting._held) == 2)
        stopping = asyncio.create_task(hub.stop())
        assert await idle.rest() == b""
        for line in (short, long):
            assert_last(await line.rest(), b" 200 ")
        for way in (bytes, usual):
            async with dialled(hub) as line:
                await line.send(way(post("")))
                assert_last(await line.rest(), b" 400 ")
        assert not stopping.done()
        becomes.hang_up()
        await stopping
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
    await hub.start()


def assert_last(said: bytes, status: bytes) -> None:
    assert status in said.partition(b"\r\n")[0]
    assert b"\r\nconnection: close\r\n" in said
    assert b"keep-alive" not in said
