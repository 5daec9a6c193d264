"""One accepted WebSocket: line → session, with a bounded inbox before it; and bounded outbox → line.

Reading never waits for work to be done: pongs would go unread, and a healthy peer would be dropped. `send` never waits
either; a peer that reads too slowly overflows its outbox and is closed with a code that says so.

An idle connection is a handful of objects and no task: ten thousand terminals wait for a payment most of the time. A
busy one needs none either where a message comes to one command: the command's own future calls back.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Callable
from functools import partial

from hub import log
from hub.clock import Clock, Handle
from hub.edge.answers import close_code, to_rpc_error
from hub.edge.line import Line
from hub.edge.session import Hello, Session
from hub.settings import Settings
from hub.wire import jsonrpc
from hub.wire.close_codes import CloseCode
from hub.wire.jsonrpc import Incoming, RpcError

_log = log.get("socket")

FLUSH_SECONDS = 2.0
"""How long the last frames may take before a closing socket is cut."""

FRAMES_A_WRITE = 16
"""A line takes so many frames before it is asked again whether it is choked."""


_opened = itertools.count()


class Connection:
    """Lives as long as its line.

    Messages are worked on in the order of their arrival, `Session.concurrency` at a time; those under way are never cut
    off: what they do is durable or not, never half known to us. `on_end` is called once, when all is over.
    """

    __slots__ = (
        "_clock",
        "_close_code",
        "_emptied",
        "_ended",
        "_finishing",
        "_flush_due",
        "_hello",
        "_hello_timer",
        "_inbox",
        "_line",
        "_loop",
        "_malformed",
        "_on_end",
        "_outbox",
        "_over",
        "_places",
        "_rested",
        "_serving",
        "_session",
        "_settings",
        "closing",
        "ids",
        "opened",
        "source",
    )

    def __init__(
        self,
        *,
        settings: Settings,
        clock: Clock,
        kind: str,
        source: str,
        hello: Hello,
        on_end: Callable[[Connection], None],
    ) -> None:
        self.source = source
        """The peer's address."""
        self.ids: dict[str, object] = {"kind": kind, "source": source}
        """What every log line of this connection carries."""
        self.opened = next(_opened)
        """How many were opened before, by this process: of two the one with the greater number is the newer."""
        self.closing = False
        """Nothing is sent any more, and nothing that arrives is looked at."""
        self._settings = settings
        self._clock = clock
        self._hello: Hello | None = hello
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._line: Line | None = None
        self._session: Session | None = None
        self._inbox: list[bytes | None] = []
        self._outbox: list[bytes] = []
        self._flush_due = False
        self._emptied: asyncio.Event | None = None
        self._ended: asyncio.Event | None = None
        self._over = False
        self._close_code: CloseCode | None = None
        self._malformed = 0
        self._places = 1
        self._serving = 0
        """How many messages are worked on, of as many as may be."""
        self._rested: asyncio.Event | None = None
        self._finishing: asyncio.Task[None] | None = None
        self._hello_timer: Handle | None = None

    def begin(self, line: Line) -> None:
        """The line is open; the peer has so long to say hello. Messages may have arrived before."""
        self._line = line
        self._flush()
        if self._session is None and not self.closing:
            due_at = self._clock.now_ms() + round(self._settings.hello_timeout_seconds * 1000)
            self._hello_timer = self._clock.call_at(due_at, self._hello_late)

    async def ended(self) -> None:
        """Wait until all is over: the session knows that it is gone, and nothing goes out any more."""
        if self._over:
            return
        if self._ended is None:
            self._ended = asyncio.Event()
        await self._ended.wait()

    # What the hub wants of it.

    def send(self, frame: bytes) -> None:
        """Put a frame into the outbox; a full outbox closes the connection instead. It leaves with this turn's end."""
        if self.closing:
            return
        outbox = self._outbox
        if len(outbox) >= self._settings.outbox_limit:
            self._flush()
            if len(outbox) >= self._settings.outbox_limit:
                outbox.clear()
                self.close(CloseCode.SLOW_CONSUMER)
                return
        outbox.append(frame)
        if not self._flush_due:
            self._flush_due = True
            self._loop.call_soon(self._flush)

    async def room(self) -> None:
        """Wait until the outbox is empty or the connection closes: for who sends more than an outbox holds."""
        while self._outbox and not self.closing:
            if self._emptied is None:
                self._emptied = asyncio.Event()
            await self._emptied.wait()

    def close(self, code: CloseCode, reason: str | None = None) -> None:
        """End the connection; what is in the outbox goes out first. The first call decides the code."""
        if self.closing:
            return
        self._close_code = code
        self._stop()
        self._flush()
        self._finishing = self._loop.create_task(self._finish(code, code.label if reason is None else reason))

    # What the line tells.

    def arrived(self, message: bytes | None) -> None:
        if self.closing:
            return
        # Work that there is room for begins at once, so that a burst in one segment is no flood.
        if self._serving < self._places and not self._inbox:
            self._begin(message)
        elif len(self._inbox) < self._settings.inbox_limit:
            self._inbox.append(message)
        else:
            self.close(CloseCode.FLOODING)

    def writable(self) -> None:
        self._flush()

    def lost(self) -> None:
        self._outbox.clear()
        self._stop()
        self._room_or_over()
        if self._finishing is None:
            self._finishing = self._loop.create_task(self._finish(None, ""))

    def _flush(self) -> None:
        self._flush_due = False
        line, outbox = self._line, self._outbox
        if line is None:
            return
        while outbox and not line.choked:
            line.write(outbox[:FRAMES_A_WRITE])
            del outbox[:FRAMES_A_WRITE]
        if not outbox:
            self._room_or_over()

    def _room_or_over(self) -> None:
        if self._emptied is not None:
            self._emptied.set()
            self._emptied = None

    def _stop(self) -> None:
        self.closing = True
        self._inbox.clear()
        if self._hello_timer is not None:
            self._hello_timer.cancel()
            self._hello_timer = None

    async def _finish(self, code: CloseCode | None, reason: str) -> None:
        """Let what is under way end, tell the session, and close the line: a peer that sees the close can rely on it
        that what it asked for before is done or not done."""
        assert self._line is not None
        try:
            while self._serving:
                self._rested = asyncio.Event()
                await self._rested.wait()
            if self._session is not None:
                await self._session.gone()
            await self._last_frames()
        except Exception as error:
            _log.error("connection_failed", error=repr(error), exc_info=error, **self.ids)
        finally:
            if code is None or self._outbox:
                self._line.cut()
            else:
                self._line.close(code, reason)
            self._outbox.clear()
            self._session = None
            self._over = True
            self._on_end(self)
            if self._ended is not None:
                self._ended.set()
            _log.debug("closed", close_code=self._close_code, **self.ids)

    async def _last_frames(self) -> None:
        if self._outbox:
            self._emptied = self._emptied or asyncio.Event()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FLUSH_SECONDS):
                    await self._emptied.wait()

    def _begin(self, text: bytes | None) -> None:
        """Begin to work on a message; `_served` is called once it is done."""
        try:
            if text is None:
                raise RpcError(jsonrpc.INVALID_REQUEST, "binary_frame", "Send text frames, not binary ones.")
            message = jsonrpc.parse(text)
        except RpcError as error:
            self._malformed += 1
            self.send(jsonrpc.error(None, error))
            if self._malformed >= self._settings.malformed_limit:
                self.close(CloseCode.PROTOCOL_ERRORS)
            return
        self._malformed = 0
        session = self._session
        if session is None:
            self._serving += 1
            self._loop.create_task(self._greet(message)).add_done_callback(self._greeted)
            return
        try:
            work = session.answered(message) if message.method is None else session.handle(message)
        except Exception as error:
            self._refuse(message, error)
            return
        if work is None:
            return
        if not isinstance(work, asyncio.Future):
            work = asyncio.ensure_future(work)
        self._serving += 1
        work.add_done_callback(partial(self._served, message))

    def _served(self, message: Incoming, work: asyncio.Future[object]) -> None:
        """Answer, and go on with what waits in the inbox."""
        self._serving -= 1
        try:
            if not work.cancelled():
                result = work.result()
                if message.method is not None and not message.is_notification:
                    self.send(jsonrpc.result(_id(message), result))
        except Exception as error:
            self._refuse(message, error)
        finally:
            self._go_on()

    def _greeted(self, greeting: asyncio.Future[None]) -> None:
        self._serving -= 1
        if not greeting.cancelled() and (error := greeting.exception()) is not None:
            _log.error("connection_failed", error=repr(error), exc_info=error, **self.ids)
            self._outbox.clear()
            self.close(CloseCode.INTERNAL_ERROR)
        self._go_on()

    def _go_on(self) -> None:
        while self._inbox and self._serving < self._places:
            self._begin(self._inbox.pop(0))
        if self._rested is not None and not self._serving:
            self._rested.set()

    def _refuse(self, message: Incoming, error: Exception) -> None:
        problem = to_rpc_error(error, self.ids)
        if message.is_answer:
            _log.info("answer_refused", error_code=problem.code, **self.ids)
            return
        if not message.is_notification:
            self.send(jsonrpc.error(_id(message), problem))
        if problem.code == "connection_replaced":
            self.close(CloseCode.REPLACED)

    def _hello_late(self) -> None:
        self._hello_timer = None
        self.close(CloseCode.HELLO_TIMEOUT)

    async def _greet(self, message: Incoming) -> None:
        if self._hello_timer is not None:
            self._hello_timer.cancel()
            self._hello_timer = None
        hello, self._hello = self._hello, None
        assert hello is not None
        try:
            if message.method != "hello" or message.is_notification:
                raise RpcError(
                    jsonrpc.INVALID_REQUEST, "hello_expected", "The first message must be the request hello."
                )
            # If the line goes meanwhile, what the hello has begun is finished, and then told that it is gone.
            self._session, welcome = await hello(self, message)
            self._places = self._session.concurrency
        except Exception as error:
            problem = to_rpc_error(error, self.ids)
            self.send(jsonrpc.error(None if message.is_notification else _id(message), problem))
            self.close(close_code(problem))
            return
        if self.closing:
            return
        self.send(jsonrpc.result(_id(message), welcome))
        if (start := getattr(self._session, "welcomed", None)) is not None:
            start()


def _id(message: Incoming) -> jsonrpc.Id:
    return message.id if isinstance(message.id, str | int) else None
