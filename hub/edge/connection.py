"""One accepted WebSocket: reader → bounded inbox → worker, and bounded outbox → writer.

The reader never waits for work to be done: the server stops reading while a message is unread, pongs among them, and a
healthy peer would be dropped. `send` never waits either; a peer that reads too slowly overflows its outbox and is
closed with a code that says so.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import Protocol

from starlette.websockets import WebSocket, WebSocketDisconnect

from hub import log
from hub.clock import Clock, Deadline
from hub.edge.answers import to_rpc_error
from hub.settings import Settings
from hub.wire import jsonrpc
from hub.wire.close_codes import CloseCode
from hub.wire.jsonrpc import Incoming, RpcError

_log = log.get("socket")

FLUSH_SECONDS = 2.0
"""How long the last frames may take before a closing socket is cut."""


class Session(Protocol):
    """What a connection has become once its hello was accepted. It exists only authenticated."""

    concurrency: int
    """How many requests of the connection are worked on at a time."""

    async def handle(self, message: Incoming) -> object:
        """Work on a request or notification; the result is the answer's. Raises what `to_rpc_error` knows."""

    async def answered(self, message: Incoming) -> None:
        """The peer answered a request of the hub."""

    async def gone(self) -> None:
        """The connection has ended, for whatever reason. Called once."""


class Hello(Protocol):
    """Turns the first message into a session."""

    async def __call__(self, connection: Connection, message: Incoming, /) -> tuple[Session, object]:
        """The session, and the answer to the hello. Raises `Unauthorised`, `RpcError` or `Refusal`."""


class Connection:
    """Lives as long as its socket. `run` returns when it has ended."""

    __slots__ = (
        "_busy",
        "_clock",
        "_close_code",
        "_close_reason",
        "_closing",
        "_inbox",
        "_inbox_filled",
        "_malformed",
        "_outbox",
        "_outbox_emptied",
        "_outbox_filled",
        "_settings",
        "_websocket",
        "ended",
        "ids",
    )

    def __init__(self, websocket: WebSocket, *, settings: Settings, clock: Clock, kind: str) -> None:
        self._websocket = websocket
        self._settings = settings
        self._clock = clock
        self._inbox: deque[str | None] = deque()
        self._inbox_filled = asyncio.Event()
        self._outbox: deque[bytes] = deque()
        self._outbox_filled = asyncio.Event()
        self._outbox_emptied = asyncio.Event()
        self._closing = asyncio.Event()
        self._close_code: CloseCode | None = None
        self._close_reason = ""
        self._malformed = 0
        self._busy: set[asyncio.Task[None]] = set()
        self.ended = asyncio.Event()
        self.ids: dict[str, object] = {"kind": kind, "source": self.source}
        """What every log line of this connection carries."""

    @property
    def source(self) -> str:
        """The peer's address."""
        client = self._websocket.client
        return client.host if client is not None else "unknown"

    @property
    def base_url(self) -> str:
        """The address that the peer called, as `http://host:port`."""
        url = self._websocket.url
        return f"{'https' if url.scheme == 'wss' else 'http'}://{url.netloc}"

    def send(self, frame: bytes) -> None:
        """Put a frame into the outbox; a full outbox closes the connection instead."""
        if self._closing.is_set():
            return
        if len(self._outbox) >= self._settings.outbox_limit:
            self._outbox.clear()
            self.close(CloseCode.SLOW_CONSUMER)
            return
        self._outbox.append(frame)
        self._outbox_filled.set()

    async def room(self) -> None:
        """Wait until the outbox is empty or the connection closes: for who sends more than an outbox holds."""
        while self._outbox and not self._closing.is_set():
            self._outbox_emptied.clear()
            await self._outbox_emptied.wait()

    def close(self, code: CloseCode, reason: str | None = None) -> None:
        """End the connection; what is in the outbox goes out first. The first call decides the code."""
        if self._closing.is_set():
            return
        self._close_code = code
        self._close_reason = code.label if reason is None else reason
        self._closing.set()
        self._outbox_emptied.set()

    async def run(self, hello: Hello) -> None:
        """Serve the accepted socket to its end. When cancelled, it still tells its session that it is gone."""
        reader = asyncio.create_task(self._read())
        writer = asyncio.create_task(self._write())
        worker = asyncio.create_task(self._work(hello))
        closing = asyncio.create_task(self._closing.wait())
        tasks = (reader, writer, worker, closing)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._closing.set()
            for task in tasks:
                task.cancel()
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
            for outcome in outcomes:
                if isinstance(outcome, Exception):
                    _log.error("connection_failed", error=repr(outcome), exc_info=outcome, **self.ids)
            await self._finish()
            self.ended.set()
            _log.debug("closed", close_code=self._close_code, **self.ids)

    async def _read(self) -> None:
        try:
            while True:
                message = await self._websocket.receive()
                if message["type"] == "websocket.disconnect":
                    return
                if len(self._inbox) >= self._settings.inbox_limit:
                    self.close(CloseCode.FLOODING)
                    return
                self._inbox.append(message.get("text"))
                self._inbox_filled.set()
        except (WebSocketDisconnect, RuntimeError):
            # Some servers raise instead of reporting a disconnect; either way the peer is gone.
            return

    async def _write(self) -> None:
        while True:
            await self._outbox_filled.wait()
            self._outbox_filled.clear()
            if not await self._flush():
                return

    async def _flush(self) -> bool:
        try:
            while self._outbox:
                await self._websocket.send({"type": "websocket.send", "text": self._outbox[0].decode()})
                # Only now: a frame that is being sent still counts against the limit.
                if self._outbox:
                    self._outbox.popleft()
            self._outbox_emptied.set()
        except (WebSocketDisconnect, RuntimeError, OSError):
            return False
        return True

    async def _finish(self) -> None:
        with contextlib.suppress(TimeoutError, WebSocketDisconnect, RuntimeError, OSError):
            async with asyncio.timeout(FLUSH_SECONDS):
                if self._close_code is not None:
                    await self._flush()
                    await self._websocket.close(self._close_code, self._close_reason)

    async def _next(self) -> Incoming | None:
        """The next well-formed message; malformed ones are answered here. None ends the connection."""
        while True:
            while not self._inbox:
                self._inbox_filled.clear()
                await self._inbox_filled.wait()
            text = self._inbox.popleft()
            try:
                if text is None:
                    raise RpcError(jsonrpc.INVALID_REQUEST, "binary_frame", "Send text frames, not binary ones.")
                message = jsonrpc.parse(text)
            except RpcError as error:
                self._malformed += 1
                self.send(jsonrpc.error(None, error))
                if self._malformed >= self._settings.malformed_limit:
                    self.close(CloseCode.PROTOCOL_ERRORS)
                    return None
                continue
            self._malformed = 0
            return message

    async def _work(self, hello: Hello) -> None:
        session = await self._greet(hello)
        if session is None:
            return
        try:
            while (message := await self._next()) is not None:
                while len(self._busy) >= session.concurrency:
                    await asyncio.wait(self._busy, return_when=asyncio.FIRST_COMPLETED)
                if session.concurrency == 1:
                    await self._serve(session, message)
                else:
                    task = asyncio.create_task(self._serve(session, message))
                    self._busy.add(task)
                    task.add_done_callback(self._busy.discard)
        finally:
            # Requests under way are not cut off: what they do is durable or not, never half known to us.
            if self._busy:
                await asyncio.wait(self._busy)
            await asyncio.shield(session.gone())

    async def _greet(self, hello: Hello) -> Session | None:
        try:
            async with Deadline(self._clock, self._settings.hello_timeout_seconds):
                message = await self._next()
        except TimeoutError:
            self.close(CloseCode.HELLO_TIMEOUT)
            return None
        if message is None:
            return None
        try:
            if message.method != "hello" or message.is_notification:
                raise RpcError(
                    jsonrpc.INVALID_REQUEST, "hello_expected", "The first message must be the request hello."
                )
            session, welcome = await self._greeted(hello, message)
        except Exception as error:
            problem = to_rpc_error(error, self.ids)
            self.send(jsonrpc.error(None if message.is_notification else _id(message), problem))
            self.close(_CLOSE_AFTER.get(problem.code, CloseCode.HELLO_EXPECTED))
            return None
        self.send(jsonrpc.result(_id(message), welcome))
        start = getattr(session, "welcomed", None)
        if start is not None:
            start()
        return session

    async def _greeted(self, hello: Hello, message: Incoming) -> tuple[Session, object]:
        greeting = asyncio.ensure_future(hello(self, message))
        try:
            return await asyncio.shield(greeting)
        except asyncio.CancelledError:
            # The socket went away meanwhile. What the hello has begun is finished, and then told that it is gone.
            with contextlib.suppress(Exception):
                session, _ = await greeting
                await session.gone()
            raise

    async def _serve(self, session: Session, message: Incoming) -> None:
        if message.is_answer:
            try:
                await session.answered(message)
            except Exception as error:
                problem = to_rpc_error(error, self.ids)
                _log.info("answer_refused", error_code=problem.code, **self.ids)
            return
        try:
            result = await session.handle(message)
        except Exception as error:
            problem = to_rpc_error(error, self.ids)
            if not message.is_notification:
                self.send(jsonrpc.error(_id(message), problem))
            if problem.code == "connection_replaced":
                self.close(CloseCode.REPLACED)
            return
        if not message.is_notification:
            self.send(jsonrpc.result(_id(message), result))


_CLOSE_AFTER = {
    "unauthorised": CloseCode.UNAUTHORISED,
    "store_unavailable": CloseCode.STORE_UNAVAILABLE,
    "store_busy": CloseCode.STORE_UNAVAILABLE,
    "internal_error": CloseCode.INTERNAL_ERROR,
    "draining": CloseCode.DRAINING,
}


def _id(message: Incoming) -> jsonrpc.Id:
    return message.id if isinstance(message.id, str | int) else None
