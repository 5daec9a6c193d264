"""`hub.sdk.peer`: one connection, against a hub of a few lines."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from hub.sdk import CallError, ConnectionLost, NoAnswer, Unanswered
from hub.sdk.dial import dial
from hub.sdk.peer import Peer, Route
from hub.wire.close_codes import DEVICE_SUBPROTOCOL, CloseCode
from hub.wire.jsonrpc import REFUSED, RpcError
from tests.clock import ManualClock
from tests.sdk.fakehub import FakeHub, Line


class Number(msgspec.Struct):
    n: int


@contextlib.asynccontextmanager
async def peers(
    fakehub: FakeHub, clock: ManualClock, routes: dict[str, Route[Any]] | None = None, **options: Any
) -> AsyncIterator[tuple[Peer, Line]]:
    connection = await dial(fakehub.url, DEVICE_SUBPROTOCOL)
    async with Peer(connection, routes or {}, clock=clock, **options) as peer:
        yield peer, await fakehub.accepted()


async def test_call_returns_the_typed_answer(fakehub: FakeHub, clock: ManualClock) -> None:
    async with peers(fakehub, clock) as (peer, line):
        call = asyncio.create_task(peer.call("double", Number(2), Number))
        request = await line.asked("double")
        assert request["params"] == {"n": 2}
        assert isinstance(request["id"], int)
        await line.answer(request, {"n": 4, "unknown": "fields are tolerated"})
        assert (await call).n == 4


async def test_answers_find_their_callers_in_any_order(fakehub: FakeHub, clock: ManualClock) -> None:
    async with peers(fakehub, clock) as (peer, line):
        calls = [asyncio.create_task(peer.call("echo", Number(n), Number)) for n in range(3)]
        requests = [await line.asked("echo") for _ in calls]
        for request in reversed(requests):
            await line.answer(request, request["params"])
        assert [(await call).n for call in calls] == [0, 1, 2]


async def test_error_answer_is_typed(fakehub: FakeHub, clock: ManualClock) -> None:
    async with peers(fakehub, clock) as (peer, line):
        call = asyncio.create_task(peer.call("x", {}, Number))
        request = await line.asked("x")
        data = {"code": "device_busy", "retryable": True, "details": {"queue_limit": 5}}
        await line.send(
            {"jsonrpc": "2.0", "id": request["id"], "error": {"code": -32000, "message": "b", "data": data}}
        )
        with pytest.raises(CallError) as caught:
            await call
        error = caught.value
        assert (error.code, error.retryable, error.details, error.text) == (
            "device_busy",
            True,
            {"queue_limit": 5},
            "b",
        )


async def test_error_answer_without_data(fakehub: FakeHub, clock: ManualClock) -> None:
    async with peers(fakehub, clock) as (peer, line):
        call = asyncio.create_task(peer.call("x", {}, Number))
        request = await line.asked("x")
        await line.send({"jsonrpc": "2.0", "id": request["id"], "error": {"code": -32601, "message": "?"}})
        with pytest.raises(CallError) as caught:
            await call
        assert (caught.value.code, caught.value.rpc_code) == ("unspecified", -32601)


async def test_answer_of_the_wrong_shape(fakehub: FakeHub, clock: ManualClock) -> None:
    async with peers(fakehub, clock) as (peer, line):
        call = asyncio.create_task(peer.call("x", {}, Number))
        await line.answer(await line.asked("x"), {"n": "many"})
        with pytest.raises(CallError) as caught:
            await call
        assert caught.value.code == "invalid_answer"


async def test_call_without_an_answer_ends_with_its_deadline(fakehub: FakeHub, clock: ManualClock) -> None:
    async with peers(fakehub, clock) as (peer, line):
        call = asyncio.create_task(peer.call("x", {}, Number, timeout_seconds=5))
        late = await line.asked("x")
        clock.advance(5)
        with pytest.raises(Unanswered) as caught:
            await call
        assert (caught.value.method, caught.value.seconds) == ("x", 5)
        await line.answer(late, {"n": 1})  # nobody's any more; the next call still works
        again = asyncio.create_task(peer.call("y", {}, Number))
        await line.answer(await line.asked("y"), {"n": 2})
        assert (await again).n == 2


async def test_calls_in_flight_are_bounded(fakehub: FakeHub, clock: ManualClock) -> None:
    async with peers(fakehub, clock, call_limit=2) as (peer, line):
        calls = [asyncio.create_task(peer.call("x", Number(n), Number)) for n in range(3)]
        first, second = await line.asked("x"), await line.asked("x")
        await line.answer(first, {"n": 10})
        third = await line.asked("x")
        assert third["params"] == {"n": 2}
        await line.answer(second, {"n": 11})
        await line.answer(third, {"n": 12})
        assert [(await call).n for call in calls] == [10, 11, 12]


async def test_end_of_the_connection_ends_the_calls(fakehub: FakeHub, clock: ManualClock) -> None:
    async with peers(fakehub, clock) as (peer, line):
        call = asyncio.create_task(peer.call("x", {}, Number))
        await line.asked("x")
        await line.socket.close(CloseCode.DRAINING, "retry_after_ms=250")
        with pytest.raises(ConnectionLost) as caught:
            await call
        assert caught.value.close.code == CloseCode.DRAINING
        assert caught.value.close.retry_after_seconds == 0.25
        assert (await peer.closed()).code == CloseCode.DRAINING
        with pytest.raises(ConnectionLost):
            await peer.call("x", {}, Number)
        with pytest.raises(ConnectionLost):
            await peer.notify("x", {})


async def test_broken_connection(fakehub: FakeHub, clock: ManualClock) -> None:
    async with peers(fakehub, clock) as (peer, line):
        line.socket.transport.abort()
        close = await peer.closed()
        assert close.code is None
        assert close.may_come_back


async def test_abort_cuts_without_a_handshake(fakehub: FakeHub, clock: ManualClock) -> None:
    async with peers(fakehub, clock) as (peer, line):
        peer.abort()
        assert (await line.ended())[0] == 1006
        assert (await peer.closed()).code is None


async def test_leaving_closes_in_order(fakehub: FakeHub, clock: ManualClock) -> None:
    async with peers(fakehub, clock) as (_, line):
        pass
    assert (await line.ended())[0] == 1000


async def test_requests_are_served_in_order_and_answered(fakehub: FakeHub, clock: ManualClock) -> None:
    served: list[int] = []

    async def serve(params: Number) -> Number:
        served.append(params.n)
        return Number(params.n * 2)

    async with peers(fakehub, clock, {"double": Route(Number, serve)}) as (peer, line):
        await line.push("double", {"n": 1})
        await line.send({"jsonrpc": "2.0", "id": "start:a", "method": "double", "params": {"n": 2}})
        peer.serve()
        assert await line.receive() == {"jsonrpc": "2.0", "id": "start:a", "result": {"n": 4}}
        assert served == [1, 2]


async def test_what_is_asked_waits_for_serve_and_its_first(fakehub: FakeHub, clock: ManualClock) -> None:
    order: list[str] = []

    async def serve(_params: Number) -> None:
        order.append("served")

    async def first() -> None:
        await peer.call("x", {}, Number)  # the reader works on: it is answered
        order.append("first")

    async with peers(fakehub, clock, {"m": Route(Number, serve)}) as (peer, line):
        await line.send({"jsonrpc": "2.0", "id": 1, "method": "m", "params": {"n": 1}})
        peer.serve(first)
        await line.answer(await line.asked("x"), {"n": 1})
        assert (await line.receive())["id"] == 1
        assert order == ["first", "served"]


async def test_error_answers_of_a_route(fakehub: FakeHub, clock: ManualClock) -> None:
    async def busy(_params: Number) -> None:
        raise RpcError(REFUSED, "busy", "The device is busy.", True)

    async with peers(fakehub, clock, {"start": Route(Number, busy)}) as (peer, line):
        peer.serve()
        answer = await line.request("start:1", "start", {"n": 1})
        assert answer["error"]["data"] == {"code": "busy", "retryable": True, "details": {}}
        assert (await line.request("a", "start", {"n": "x"}))["error"]["data"]["code"] == "invalid_params"
        assert (await line.request("b", "nothing", {}))["error"]["data"]["code"] == "method_unknown"


async def test_a_fault_and_a_silence_are_not_answered(
    fakehub: FakeHub, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    async def serve(params: Number) -> Number:
        if params.n == 1:
            raise ValueError("a fault of the firmware")
        if params.n == 2:
            raise NoAnswer
        return params

    async with peers(fakehub, clock, {"m": Route(Number, serve)}) as (peer, line):
        peer.serve()
        with caplog.at_level(logging.CRITICAL, "hub.sdk.peer"):
            await line.send({"jsonrpc": "2.0", "id": "one", "method": "m", "params": {"n": 1}})
            await line.send({"jsonrpc": "2.0", "id": "two", "method": "m", "params": {"n": 2}})
            answer = await line.request("three", "m", {"n": 3})
        assert answer["result"] == {"n": 3}


async def test_the_reader_never_waits_for_a_route(fakehub: FakeHub, clock: ManualClock) -> None:
    entered, leave = asyncio.Event(), asyncio.Event()

    async def slow(_params: Number) -> None:
        entered.set()
        await leave.wait()

    async with peers(fakehub, clock, {"m": Route(Number, slow)}) as (peer, line):
        peer.serve()
        await line.push("m", {"n": 1})
        await entered.wait()
        call = asyncio.create_task(peer.call("x", {}, Number))
        await line.answer(await line.asked("x"), {"n": 7})
        assert (await call).n == 7
        leave.set()


async def test_overflow_of_the_inbox_is_named_and_comes_back(fakehub: FakeHub, clock: ManualClock) -> None:
    async def never(_params: Number) -> None:
        await asyncio.Event().wait()

    async with peers(fakehub, clock, {"m": Route(Number, never)}, inbox_limit=2) as (peer, line):
        for n in range(3):
            await line.push("m", {"n": n})
        close = await peer.closed()
        assert close.code == CloseCode.SLOW_CONSUMER
        assert close.may_come_back
        assert (await line.ended())[0] == CloseCode.SLOW_CONSUMER


async def test_a_binary_frame_ends_the_connection(fakehub: FakeHub, clock: ManualClock) -> None:
    async with peers(fakehub, clock) as (peer, line):
        await line.send(b"binary")
        assert (await line.ended())[0] == CloseCode.UNSUPPORTED_DATA
        assert not (await peer.closed()).may_come_back


@pytest.mark.parametrize(
    "text", ["{", "[]", '"x"', '{"jsonrpc":"1.0"}', '{"jsonrpc":"2.0","id":99,"result":1}', '{"jsonrpc":"2.0","id":1}']
)
async def test_malformed_and_foreign_frames_are_dropped(fakehub: FakeHub, clock: ManualClock, text: str) -> None:
    async with peers(fakehub, clock) as (peer, line):
        await line.send(text)
        call = asyncio.create_task(peer.call("x", {}, Number))
        await line.answer(await line.asked("x"), {"n": 7})
        assert (await call).n == 7


async def test_every_frame_can_be_observed(fakehub: FakeHub, clock: ManualClock) -> None:
    seen: list[tuple[str, Any]] = []

    async def serve(params: Number) -> Number:
        return params

    def on_frame(direction: str, text: str) -> None:
        seen.append((direction, json.loads(text)))

    async with peers(fakehub, clock, {"m": Route(Number, serve)}, on_frame=on_frame) as (peer, line):
        peer.serve()
        call = asyncio.create_task(peer.call("x", Number(1), Number))
        await line.answer(await line.asked("x"), {"n": 2})
        await call
        await line.request("q", "m", {"n": 3})
        await peer.notify("n", Number(4))
        await line.asked("n")
    assert [direction for direction, _ in seen] == ["sent", "received", "received", "sent", "sent"]
    assert seen[3][1] == {"jsonrpc": "2.0", "id": "q", "result": {"n": 3}}
    assert seen[4][1] == {"jsonrpc": "2.0", "method": "n", "params": {"n": 4}}


async def test_cancelling_a_call_leaves_the_connection_alone(fakehub: FakeHub, clock: ManualClock) -> None:
    async with peers(fakehub, clock) as (peer, line):
        call = asyncio.create_task(peer.call("x", {}, Number))
        request = await line.asked("x")
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await line.answer(request, {"n": 1})
        again = asyncio.create_task(peer.call("y", {}, Number))
        await line.answer(await line.asked("y"), {"n": 2})
        assert (await again).n == 2
