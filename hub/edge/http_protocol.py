"""uvicorn's HTTP protocol on httptools: a request does not take for ever, and what is no request gets a JSON answer.

And the short way of plain requests (`hub.edge.short_way`): no ASGI, one write for each, and no task for what waits for
nothing but the store.
"""

from __future__ import annotations

import asyncio
from asyncio import TimerHandle, Transport
from collections.abc import Awaitable
from functools import partial
from typing import Any

import msgspec
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.flow_control import service_unavailable
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from hub.edge.plain_request import PlainCycle, Shared
from hub.edge.pos_errors import CODE_HEADER
from hub.edge.pos_request import Header, Pending, PosAnswer, answer, send_whole


async def _full(_scope: Scope, _receive: Receive, send: Send) -> None:
    """What uvicorn says by `service_unavailable`, in JSON."""
    headers = {CODE_HEADER: "store_busy", "Retry-After": "1", "Connection": "close"}
    await send_whole(send, PosAnswer({"error": "Too many requests at once; try again."}, headers, status=503))


class HubHttpProtocol(HttpToolsProtocol):
    """One HTTP connection. Made by uvicorn."""

    def __init__(self, shared: Shared, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._shared = shared

    _arriving = False
    """A request has begun to arrive, and its end has not."""
    _head_bytes = 0
    """How much of the request that arrives came since it began, or since the last of its body."""
    _patience: TimerHandle | None = None
    _plain: PlainCycle | None = None
    """The request that arrives, if it takes the short way."""
    _upgrading = False
    """A request to become a socket waits until those before it are answered."""
    _unread: TimerHandle | None = None
    _idle_since = 0.0
    _idle: TimerHandle | None = None
    """Looks whether the connection has been idle for long: one for many requests, for a timer costs as much as they."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._patience = self.loop.call_later(self._shared.settings.request_arrival_seconds, self._lose_patience)

    def connection_lost(self, exc: Exception | None) -> None:
        self._calm()
        self._stop_looking()
        self._stop_minding()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread = self.loop.call_later(self._shared.settings.unread_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        self._stop_minding()
        super().resume_writing()

    def _stop_minding(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def data_received(self, data: bytes) -> None:
        """Most requests arrive in one piece, and cost no timer."""
        head: list[Header] | None = self.headers  # a new list for each request
        super().data_received(data)
        headers: list[Header] | None = self.headers  # None before the first request: ends of lines begin none
        if not self._arriving and headers is not None:
            self._calm()
            return
        if headers is head:
            self._take_more_of_a_head(len(data))
        if self._patience is None:
            self._patience = self.loop.call_later(self._shared.settings.request_arrival_seconds, self._lose_patience)

    def _take_more_of_a_head(self, size: int) -> None:
        """The parser has no limit of its own."""
        self._head_bytes += size
        if self._head_bytes <= self._shared.settings.request_head_bytes or self.transport.is_closing():
            return
        if self._answered:
            self.send_400_response(f"The request's head is over {self._shared.settings.request_head_bytes} bytes.")
        else:
            self.transport.close()

    def on_message_begin(self) -> None:
        """uvicorn's part of it waits until the request is known not to be plain."""
        self._arriving = True
        self._head_bytes = 0
        self.url = b""
        self.headers = []
        self.expect_100_continue = False

    def on_headers_complete(self) -> None:
        if self._answered and not self.expect_100_continue and not self._crowded():
            parser = self.parser
            asked = self._shared.short_way.asked(parser.get_method(), self.url, self.headers, self)
            if asked is not None and not parser.should_upgrade():
                keep_alive = parser.should_keep_alive() and parser.get_http_version() != "1.0"
                self._plain = self.cycle = PlainCycle(*asked, keep_alive=keep_alive)
                return
        self._go_the_usual_way()

    @property
    def _latest(self) -> RequestResponseCycle | None:
        """The request whose head came last."""
        latest: RequestResponseCycle | None = self.cycle  # None before the first, which uvicorn does not say
        return latest

    @property
    def _answered(self) -> bool:
        """Whether the latest request is, if there was one."""
        latest = self._latest
        return latest is None or latest.response_complete

    def _crowded(self) -> bool:
        """Whether uvicorn would refuse the request."""
        limit = self.limit_concurrency
        return limit is not None and (len(self.connections) >= limit or len(self.tasks) >= limit)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        if app is service_unavailable:
            app = _full
        super()._start_asgi_task(cycle, app)

    def _go_the_usual_way(self) -> None:
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.expect_100_continue = url, expects
        self.headers += headers
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._head_bytes = 0
        if self._plain is None:
            super().on_body(body)
        else:
            self._plain.body += body

    def on_message_complete(self) -> None:
        self._arriving = False
        plain = self._plain
        if plain is None:
            super().on_message_complete()
            return
        self._plain = None
        plain.more_body = False
        request = plain.request
        if request.forwarded:
            self._shared.look_behind_proxies(request.scope)
        begun = plain.endpoint.begin(request, plain.body)
        if isinstance(begun, Pending):
            begun.future.add_done_callback(partial(self._settled, plain, begun))
        elif isinstance(begun, PosAnswer) and not self.flow.write_paused:
            self._answer(plain, begun)
        else:
            self._wait(plain, begun)

    def _settled(self, plain: PlainCycle, pending: Pending, _future: asyncio.Future[Any]) -> None:
        answered = pending.answer(plain.request)
        if self.flow.write_paused:
            self._wait(plain, answered)
        else:
            self._answer(plain, answered)

    def _wait(self, plain: PlainCycle, begun: PosAnswer | Awaitable[PosAnswer]) -> None:
        task = self.loop.create_task(self._answer_later(plain, begun))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _answer_later(self, plain: PlainCycle, begun: PosAnswer | Awaitable[PosAnswer]) -> None:
        try:
            answered = await answer(plain.request, begun)
            await self.flow.drain()
        except asyncio.CancelledError as error:
            # The hub goes down, and has waited for its requests long enough.
            self.logger.error("A request was given up", exc_info=error)
            plain.keep_alive = False
            self._write(plain, _problem(500, "internal_error", "The hub failed; it has been logged."))
            raise
        self._answer(plain, answered)

    def _answer(self, plain: PlainCycle, answered: PosAnswer) -> None:
        first = self.server_state.default_headers
        status_line, close = STATUS_LINE[answered.status], not plain.keep_alive
        self._write(plain, self._shared.short_way.encoded(answered, plain.request, status_line, first, close=close))

    def _write(self, plain: PlainCycle, whole: bytes) -> None:
        plain.response_started = plain.response_complete = True
        if plain.disconnected or self.transport.is_closing():
            return
        self.transport.write(whole)
        if not plain.keep_alive:
            self.transport.close()
        self.on_response_complete()

    def on_response_complete(self) -> None:
        """As uvicorn has it, but for its timer: that is one a connection."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            return
        if self._upgrading:
            self.handle_websocket_upgrade()
            return
        self._idle_since = self.loop.time()
        if self._idle is None:
            self._idle = self.loop.call_later(self.timeout_keep_alive, self._look_whether_idle)

    def _look_whether_idle(self) -> None:
        self._idle = None
        left: float = self.timeout_keep_alive
        if not self._arriving and self._answered:
            left += self._idle_since - self.loop.time()
        if left > 0:
            self._idle = self.loop.call_later(left, self._look_whether_idle)
        else:
            self.transport.close()
            self._idle = self.loop.call_later(self._shared.settings.unread_seconds, self.transport.abort)

    def _stop_looking(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def handle_websocket_upgrade(self) -> None:
        self._upgrading = self._others_wait()
        if self._upgrading:
            # Their answers would get between the socket's frames.
            self.flow.pause_reading()
            return
        self._stop_looking()
        if not self._shared.turnstile.enter(self._upgrade):
            # Until it is its turn nobody could take what arrives.
            self.transport.pause_reading()

    def _upgrade(self) -> None:
        if self.transport.is_closing():
            return
        self._stop_minding()
        super().handle_websocket_upgrade()
        self.transport.resume_reading()

    def _calm(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _others_wait(self) -> bool:
        """Whether a request is not answered yet that came before the latest."""
        latest = self._latest
        return bool(self.pipeline) or not (latest is None or latest.response_complete or latest.more_body)

    def _lose_patience(self) -> None:
        self._patience = None
        if self._arriving and self._others_wait():
            # What would be said now would be taken for the answer to another one.
            self._patience = self.loop.call_later(self._shared.settings.request_arrival_seconds, self._lose_patience)
            return
        latest = self._latest
        if self._arriving and (latest is None or not latest.response_started):
            self.transport.write(_problem(408, "request_timeout", "The request took too long to arrive."))
        self.transport.close()

    def send_400_response(self, msg: str) -> None:
        """What is not HTTP. A real client parses any body that is not empty as JSON (pos-api 1)."""
        self.transport.write(_problem(400, "request_malformed", msg))
        self.transport.close()


def _problem(status: int, code: str, text: str) -> bytes:
    """A whole answer to what never became a request."""
    body = msgspec.json.encode({"error": text})
    head = f"content-type: application/json\r\ncontent-length: {len(body)}\r\n{CODE_HEADER}: {code}\r\n"
    return b"".join((STATUS_LINE[status], head.encode(), b"connection: close\r\n\r\n", body))
