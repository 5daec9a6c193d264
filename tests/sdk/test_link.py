"""`hub.sdk.link` and `dial`: one connection after the other, against a hub of a few lines."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from hub.sdk import Backoff, CallError, Close, ConnectionLost, GivenUp, Stopped, Unanswered
from hub.sdk.dial import Dial, dial, socket_url
from hub.sdk.link import Link
from hub.sdk.peer import Peer
from hub.wire.close_codes import DEVICE_SUBPROTOCOL, CloseCode
from tests.clock import ManualClock
from tests.sdk.fakehub import FakeHub
from tests.sdk.stage import Pauses


class Number(msgspec.Struct):
    n: int


class Guest:
    """The least that a link serves."""

    def __init__(self) -> None:
        self.lives: asyncio.Queue[str | Close] = asyncio.Queue()

    async def greet(self, peer: Peer) -> None:
        await peer.call("hello", {}, Number)

    async def welcomed(self) -> None:
        self.lives.put_nowait("welcomed")

    async def lost(self, close: Close) -> None:
        self.lives.put_nowait(close)


@contextlib.asynccontextmanager
async def linked(
    url: str, clock: ManualClock, backoff: Backoff, guest: Guest | None = None, connect: Dial = dial
) -> AsyncIterator[Link]:
    link = Link(url, DEVICE_SUBPROTOCOL, guest or Guest(), {}, clock=clock, backoff=backoff, connect=connect)
    link.start()
    try:
        yield link
    finally:
        await link.stop()


async def test_a_connection_counts_once_it_is_greeted(fakehub: FakeHub, clock: ManualClock, at_once: Backoff) -> None:
    guest = Guest()
    async with linked(fakehub.url, clock, at_once, guest) as link:
        with pytest.raises(ConnectionLost):
            link.present()
        line = await fakehub.accepted()
        hello = await line.asked("hello")
        assert link.peer is None
        await line.answer(hello, {"n": 1})
        assert await link.ready() is link.present()
        assert await guest.lives.get() == "welcomed"


@pytest.mark.parametrize("code", [1001, 1011, 1012, *(code for code in CloseCode if 4000 <= code < 4500)])
async def test_comes_back(fakehub: FakeHub, clock: ManualClock, at_once: Backoff, code: int) -> None:
    guest = Guest()
    async with linked(fakehub.url, clock, at_once, guest) as link:
        line = await fakehub.accepted()
        await line.answer(await line.asked("hello"), {"n": 1})
        first = await link.ready()
        assert await guest.lives.get() == "welcomed"
        await line.socket.close(code)
        assert await guest.lives.get() == Close(code, "")
        again = await fakehub.accepted()
        await again.answer(await again.asked("hello"), {"n": 2})
        assert await link.ready() is not first


@pytest.mark.parametrize("code", [1000, *(code for code in CloseCode if code >= 4500)])
async def test_does_not_come_back(fakehub: FakeHub, clock: ManualClock, at_once: Backoff, code: int) -> None:
    async with linked(fakehub.url, clock, at_once) as link:
        line = await fakehub.accepted()
        await line.answer(await line.asked("hello"), {"n": 1})
        await link.ready()
        await line.socket.close(code)
        failure = await link.finished()
        assert isinstance(failure, GivenUp)
        assert failure.close == Close(code, "")
        for wait in (link.ready(), link.persist("x", {}, Number)):
            with pytest.raises(GivenUp):
                await wait
        with pytest.raises(GivenUp):
            link.present()


async def test_a_hub_that_is_not_there_is_tried_with_growing_pauses(clock: ManualClock) -> None:
    pauses, tries = Pauses(), 0

    async def connect(_url: str, _subprotocol: str) -> Any:
        nonlocal tries
        tries += 1
        raise ConnectionRefusedError

    async with linked("ws://nowhere", clock, pauses.backoff, connect=connect):
        for ceiling in (0.5, 1.0, 2.0):
            assert await pauses.asked.get() == ceiling
            clock.advance(ceiling)
    assert tries == 3


async def test_the_hint_of_a_close_is_waited_for(fakehub: FakeHub, clock: ManualClock) -> None:
    pauses = Pauses()
    async with linked(fakehub.url, clock, pauses.backoff):
        line = await fakehub.accepted()
        await line.answer(await line.asked("hello"), {"n": 1})
        await line.socket.close(CloseCode.DRAINING, "retry_after_ms=3000")
        assert await pauses.asked.get() == 0.5
        clock.advance(3.4)
        assert fakehub.lines.empty()
        clock.advance(0.1)
        await fakehub.accepted()


async def test_pauses_begin_anew_after_a_connection_that_lived(fakehub: FakeHub, clock: ManualClock) -> None:
    pauses, guest = Pauses(), Guest()
    async with linked(fakehub.url, clock, pauses.backoff, guest):
        for lived, ceiling in ((0, 0.5), (0, 1.0), (60, 0.5)):
            line = await fakehub.accepted()
            await line.answer(await line.asked("hello"), {"n": 1})
            assert await guest.lives.get() == "welcomed"
            clock.advance(lived)
            await line.socket.close(CloseCode.DRAINING)
            await guest.lives.get()
            assert await pauses.asked.get() == ceiling
            clock.advance(ceiling)


@pytest.mark.parametrize(("status", "headers", "hint"), [(503, {"Retry-After": "5"}, 5), (429, {}, 0), (500, {}, 0)])
async def test_a_handshake_that_is_refused_for_now(
    fakehub: FakeHub, clock: ManualClock, status: int, headers: dict[str, str], hint: float
) -> None:
    pauses = Pauses()
    fakehub.refusals = [(status, headers)]
    async with linked(fakehub.url, clock, pauses.backoff):
        pause = await pauses.asked.get() + hint
        clock.advance(pause - 0.1)
        assert fakehub.lines.empty()
        clock.advance(0.1)
        await fakehub.accepted()


@pytest.mark.parametrize("status", [400, 401, 403, 404])
async def test_a_handshake_that_is_refused_for_good(
    fakehub: FakeHub, clock: ManualClock, at_once: Backoff, status: int
) -> None:
    fakehub.refusals = [(status, {})]
    async with linked(fakehub.url, clock, at_once) as link:
        assert isinstance(await link.finished(), GivenUp)


async def test_a_server_that_does_not_speak_the_subprotocol(fakehub: FakeHub, clock: ManualClock) -> None:
    async def other(url: str, _subprotocol: str) -> Any:
        return await dial(url, "smartconnect.device.v9")

    async with linked(fakehub.url, clock, Backoff(), connect=other) as link:
        failure = await link.finished()
        assert isinstance(failure, GivenUp)
        assert "HTTP 400" in failure.reason or "does not speak" in failure.reason


async def test_a_hello_that_is_refused_for_good(fakehub: FakeHub, clock: ManualClock, at_once: Backoff) -> None:
    async with linked(fakehub.url, clock, at_once) as link:
        line = await fakehub.accepted()
        await line.refuse(await line.asked("hello"), "unauthorised")
        failure = await link.finished()
        assert isinstance(failure, GivenUp)
        assert "unauthorised" in failure.reason


async def test_a_hello_that_is_refused_for_now(fakehub: FakeHub, clock: ManualClock) -> None:
    pauses = Pauses()
    async with linked(fakehub.url, clock, pauses.backoff) as link:
        line = await fakehub.accepted()
        await line.refuse(await line.asked("hello"), "store_unavailable", retryable=True)
        await line.socket.close(CloseCode.STORE_UNAVAILABLE, "retry_after_ms=1000")
        await pauses.asked.get()
        clock.advance(1.5)
        line = await fakehub.accepted()
        await line.answer(await line.asked("hello"), {"n": 1})
        await link.ready()


async def test_a_hello_without_an_answer(fakehub: FakeHub, clock: ManualClock, at_once: Backoff) -> None:
    async with linked(fakehub.url, clock, at_once):
        line = await fakehub.accepted()
        await line.asked("hello")
        clock.advance(30)
        await line.ended()
        await fakehub.accepted()


async def test_persist_asks_again_on_the_next_connection(
    fakehub: FakeHub, clock: ManualClock, at_once: Backoff
) -> None:
    async with linked(fakehub.url, clock, at_once) as link:
        asking = asyncio.create_task(link.persist("x", Number(5), Number))
        for _ in range(3):
            line = await fakehub.accepted()
            await line.answer(await line.asked("hello"), {"n": 1})
            assert (await line.asked("x"))["params"] == {"n": 5}
            line.socket.transport.abort()
        line = await fakehub.accepted()
        await line.answer(await line.asked("hello"), {"n": 1})
        await line.answer(await line.asked("x"), {"n": 6})
        assert (await asking).n == 6


@pytest.mark.parametrize("code", ["store_unavailable", "store_busy", "internal_error"])
async def test_persist_asks_again_after_a_fault_of_the_hub(
    fakehub: FakeHub, clock: ManualClock, at_once: Backoff, code: str
) -> None:
    async with linked(fakehub.url, clock, at_once) as link:
        line = await fakehub.accepted()
        await line.answer(await line.asked("hello"), {"n": 1})
        asking = asyncio.create_task(link.persist("x", Number(5), Number))
        await line.refuse(await line.asked("x"), code, retryable=True)
        await line.answer(await line.asked("x"), {"n": 6})
        assert (await asking).n == 6


async def test_persist_takes_the_hubs_no(fakehub: FakeHub, clock: ManualClock, at_once: Backoff) -> None:
    async with linked(fakehub.url, clock, at_once) as link:
        line = await fakehub.accepted()
        await line.answer(await line.asked("hello"), {"n": 1})
        asking = asyncio.create_task(link.persist("x", Number(5), Number))
        await line.refuse(await line.asked("x"), "device_busy", retryable=True)
        with pytest.raises(CallError, match="device_busy"):
            await asking


async def test_persist_on_a_replaced_connection_waits_for_its_end(
    fakehub: FakeHub, clock: ManualClock, at_once: Backoff
) -> None:
    async with linked(fakehub.url, clock, at_once) as link:
        line = await fakehub.accepted()
        await line.answer(await line.asked("hello"), {"n": 1})
        asking = asyncio.create_task(link.persist("x", Number(5), Number))
        await line.refuse(await line.asked("x"), "connection_replaced")
        await line.socket.close(CloseCode.REPLACED)
        with pytest.raises(GivenUp):
            await asking


async def test_persist_has_a_deadline_in_all(clock: ManualClock) -> None:
    async def connect(_url: str, _subprotocol: str) -> Any:
        await asyncio.Event().wait()

    async with linked("ws://nowhere", clock, Backoff(), connect=connect) as link:
        asking = asyncio.create_task(link.persist("x", {}, Number, timeout_seconds=60))
        await asyncio.sleep(0)  # lets the task begin
        clock.advance(60)
        with pytest.raises(Unanswered):
            await asking


async def test_stop_ends_what_waits(fakehub: FakeHub, clock: ManualClock, at_once: Backoff) -> None:
    async with linked(fakehub.url, clock, at_once) as link:
        waiting = asyncio.create_task(link.ready())
        line = await fakehub.accepted()
        await line.asked("hello")
        await link.stop()
        with pytest.raises(Stopped):
            await waiting
        assert (await line.ended())[0] == 1000
        await link.stop()


async def test_abort_cuts_and_stays_away(fakehub: FakeHub, clock: ManualClock, at_once: Backoff) -> None:
    async with linked(fakehub.url, clock, at_once) as link:
        line = await fakehub.accepted()
        await line.answer(await line.asked("hello"), {"n": 1})
        await link.ready()
        link.abort()
        assert (await line.ended())[0] == 1006
        assert isinstance(await link.finished(), Stopped)
        assert fakehub.lines.empty()


async def test_failing_callbacks_do_not_end_the_link(
    fakehub: FakeHub, clock: ManualClock, at_once: Backoff, caplog: pytest.LogCaptureFixture
) -> None:
    class Faulty(Guest):
        async def welcomed(self) -> None:
            raise ValueError("a fault of the client")

        async def lost(self, close: Close) -> None:
            raise ValueError(f"another, at {close}")

    async with linked(fakehub.url, clock, at_once, Faulty()) as link:
        for _ in range(2):
            line = await fakehub.accepted()
            await line.answer(await line.asked("hello"), {"n": 1})
            await link.ready()
            await line.socket.close(CloseCode.DRAINING)
    assert caplog.text.count("a callback failed") >= 2


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("http://h:1", "ws://h:1/ws/device"),
        ("https://h/", "wss://h/ws/device"),
        ("ws://h:1/", "ws://h:1/ws/device"),
        ("wss://h/hub", "wss://h/hub/ws/device"),
    ],
)
def test_socket_url(base: str, url: str) -> None:
    assert socket_url(base, "/ws/device") == url
