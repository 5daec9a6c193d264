"""One JSON-RPC connection on a WebSocket: calls with typed answers, and what the hub asks, in the order it came.

Responsible for one connection's life; it knows nothing of reconnecting, devices or registers. Laws:

1. The reader only sorts: answers to their callers, everything else into a bounded inbox. It never waits for work.
2. One worker takes from the inbox, so requests and notifications are worked on one after the other, in order.
3. Calls in flight are bounded, below what the hub lets wait for one connection.
4. A fault in the code that serves a request is not answered: an error answer would claim that nothing was done.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Generic, TypeVar

import msgspec
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from hub.clock import Clock, Deadline
from hub.sdk.errors import CallError, ConnectionLost, SdkError, Unanswered
from hub.sdk.reconnect import Close
from hub.wire import jsonrpc
from hub.wire.close_codes import CloseCode
from hub.wire.jsonrpc import Incoming, RpcError

_log = logging.getLogger(__name__)

CALL_LIMIT = 32
INBOX_LIMIT = 512
CALL_TIMEOUT_SECONDS = 30.0

OnFrame = Callable[[str, str], None]
"""Sees every text frame: direction (`sent` or `received`) and text. It must not block or raise."""

P = TypeVar("P")
T = TypeVar("T")


class NoAnswer(Exception):
    """Raised by a route that chooses not to answer this request, now or ever."""


@dataclass(frozen=True, slots=True)
class Route(Generic[P]):
    """What serves one method: its parameters' type, and the code. The result is the answer's.

    `serve` may raise `RpcError` for an error answer and `NoAnswer` for none.
    """

    params: type[P]
    serve: Callable[[P], Awaitable[object]]

    async def run(self, message: Incoming) -> object:
        return await self.serve(jsonrpc.parse_params(message, self.params))


class Peer:
    """`async with Peer(connection, routes, clock=clock) as peer:`; leaving it closes the connection.

    Calls may be made at once, by any number of tasks. What the hub asks waits in the inbox until `serve`.
    """

    def __init__(
        self,
        connection: ClientConnection,
        routes: Mapping[str, Route[Any]],
        *,
        clock: Clock,
        on_frame: OnFrame | None = None,
        call_limit: int = CALL_LIMIT,
        inbox_limit: int = INBOX_LIMIT,
    ) -> None:
        self._connection = connection
        self._routes = routes
        self._clock = clock
        self._on_frame = on_frame
        self._numbers = itertools.count(1)
        self._calls: dict[int, asyncio.Future[msgspec.Raw]] = {}
        self._slots = asyncio.Semaphore(call_limit)
        self._inbox: asyncio.Queue[Incoming] = asyncio.Queue(inbox_limit)
        self._ended = asyncio.Event()
        self._close: Close | None = None
        self._reader: asyncio.Task[None] | None = None
        self._worker: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Peer:
        self._reader = asyncio.create_task(self._read(), name="peer reader")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        tasks = [task for task in (self._worker, self._reader) if task is not None]
        try:
            if self._worker is not None:
                self._worker.cancel()
            await self._connection.close()
        finally:
            self._connection.transport.abort()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._end(Close())

    @property
    def end(self) -> Close | None:
        """How the connection ended; None while it lives."""
        return self._close

    async def closed(self) -> Close:
        """Wait until the connection has ended."""
        await self._ended.wait()
        assert self._close is not None
        return self._close

    def abort(self) -> None:
        """Cut the connection without a closing handshake."""
        self._connection.transport.abort()

    def serve(self, first: Callable[[], Awaitable[None]] | None = None) -> None:
        """Begin to work on what the hub asks, after `first`. Call it once."""
        assert self._worker is None
        self._worker = asyncio.create_task(self._work(first), name="peer worker")

    async def call(
        self, method: str, params: object, result: type[T], *, timeout_seconds: float = CALL_TIMEOUT_SECONDS
    ) -> T:
        """Ask the hub, and return its typed answer.

        Raises `CallError`, `ConnectionLost` and `Unanswered`. Cancelling stops the waiting, not what the hub does.
        """
        try:
            async with Deadline(self._clock, timeout_seconds), self._slots:
                raw = await self._ask(method, params)
        except TimeoutError:
            raise Unanswered(method, timeout_seconds) from None
        try:
            return msgspec.json.decode(raw, type=result)
        except msgspec.DecodeError as error:
            raise CallError("invalid_answer", f"{method}: {error}", rpc_code=jsonrpc.INTERNAL_ERROR) from None

    async def _ask(self, method: str, params: object) -> msgspec.Raw:
        number = next(self._numbers)
        answer: asyncio.Future[msgspec.Raw] = asyncio.get_running_loop().create_future()
        self._calls[number] = answer
        try:
            await self._send(jsonrpc.request(number, method, params))
            return await answer
        finally:
            self._calls.pop(number, None)
            if answer.done() and not answer.cancelled():
                answer.exception()  # seen: asyncio would log it as never retrieved

    async def notify(self, method: str, params: object) -> None:
        """Tell the hub something that has no answer; raises `ConnectionLost`."""
        await self._send(jsonrpc.notification(method, params))

    async def _send(self, frame: bytes) -> None:
        if self._close is not None:
            raise ConnectionLost(self._close)
        if self._on_frame is not None:
            self._on_frame("sent", frame.decode())
        try:
            await self._connection.send(frame, text=True)
        except ConnectionClosed as error:
            raise ConnectionLost(_close_of(error)) from None

    async def _read(self) -> None:
        close = Close()
        try:
            while True:
                frame = await self._connection.recv()
                if isinstance(frame, bytes):
                    await self._connection.close(CloseCode.UNSUPPORTED_DATA, "the protocol is text")
                elif not self._sort(frame):
                    _log.warning("the hub sends faster than this side works; coming back")
                    await self._connection.close(CloseCode.SLOW_CONSUMER, CloseCode.SLOW_CONSUMER.label)
                    close = Close(CloseCode.SLOW_CONSUMER, CloseCode.SLOW_CONSUMER.label)
                    return
        except ConnectionClosed as error:
            close = _close_of(error)
        finally:
            self._end(close)

    def _sort(self, text: str) -> bool:
        """Give one frame to whom it is for; False if the inbox is full."""
        if self._on_frame is not None:
            self._on_frame("received", text)
        try:
            message = jsonrpc.parse(text)
        except RpcError as error:
            _log.warning("dropped a malformed frame: %s", error.code)
            return True
        if message.is_answer:
            self._settle(message)
            return True
        try:
            self._inbox.put_nowait(message)
        except asyncio.QueueFull:
            return False
        return True

    def _settle(self, message: Incoming) -> None:
        answer = self._calls.get(message.id) if isinstance(message.id, int) else None
        if answer is None or answer.done():
            return  # a late answer, or a second one: its caller has gone
        if isinstance(message.result, msgspec.Raw):
            answer.set_result(message.result)
        elif isinstance(message.error, jsonrpc.ErrorBody):
            answer.set_exception(CallError.of(message.error))

    def _end(self, close: Close) -> None:
        if self._close is not None:
            return
        self._close = close
        for answer in self._calls.values():
            if not answer.done():
                answer.set_exception(ConnectionLost(close))
        self._ended.set()

    async def _work(self, first: Callable[[], Awaitable[None]] | None) -> None:
        if first is not None:
            await first()
        while True:
            message = await self._inbox.get()
            with contextlib.suppress(ConnectionLost):
                await self._serve_one(message)

    async def _serve_one(self, message: Incoming) -> None:
        number = message.id
        try:
            route = self._routes.get(message.method or "")
            if route is None:
                raise RpcError(jsonrpc.METHOD_NOT_FOUND, "method_unknown", "This side has no such method.")
            value = await route.run(message)
        except NoAnswer:
            return
        except RpcError as error:
            if isinstance(number, str | int):
                await self._send(jsonrpc.error(number, error))
            return
        except SdkError as error:
            _log.info("%s was left unanswered: %s", message.method, error)
            return
        except Exception:
            _log.exception("%s failed and is left unanswered", message.method)
            return
        if isinstance(number, str | int):
            await self._send(jsonrpc.result(number, value))


def _close_of(error: ConnectionClosed) -> Close:
    if error.rcvd is None:
        return Close()
    return Close(error.rcvd.code, error.rcvd.reason)
