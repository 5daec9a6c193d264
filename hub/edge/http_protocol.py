"""uvicorn's HTTP protocol on httptools, as the hub needs it: the requests of a connection, each on its way.

Plain ones take the short way (`hub.edge.short_way`): no ASGI, one write for each, and no task for what waits for
nothing but the store. How the connection lives and ends is told in `hub.edge.http_connection`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from functools import partial
from typing import Any

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.http.flow_control import service_unavailable
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from hub.edge.http_connection import HttpConnection, WayOut, stopped
from hub.edge.last_answers import FULL, malformed
from hub.edge.plain_request import PlainCycle, Shared
from hub.edge.pos_request import GIVEN_UP, Header, Pending, PosAnswer, answer
from hub.edge.short_way import CLOSES

PIPELINED = 100
"""How many requests may wait behind one that is not answered. Some ten thousand fit into one piece of what arrives."""


class _Enough(Exception):
    """Stops the parser in the middle of a piece: what is behind is not taken."""


async def _told_whether_kept(
    app: Any, cycle: RequestResponseCycle, shared: Shared, scope: Scope, receive: Receive, send: Send
) -> None:
    """The application, whose answers say how long the connection is kept; that it is not, uvicorn says."""

    async def told(message: Message) -> None:
        if message["type"] == "http.response.start":
            await cycle.flow.drain()  # so that uvicorn waits no more, and sees what we do
            headers = list(message.get("headers", []))
            if shared.ending:
                cycle.keep_alive = False
            if cycle.keep_alive and all(name != b"connection" for name, _ in headers):
                message = {**message, "headers": headers + shared.short_way.kept}
        await send(message)

    await app(scope, receive, told)


class HubHttpProtocol(HttpConnection):
    """One HTTP connection. Made by uvicorn."""

    _head_bytes = 0
    """How much of the request that arrives came since the piece that it began in, or since the last of its body."""
    _with_body = False
    """The piece that is being read has some of a body in it."""

    def data_received(self, data: bytes) -> None:
        """Most requests arrive in one piece, and cost no timer."""
        head: list[Header] | None = self.headers  # a new list for each request
        while True:
            try:
                self.parser.feed_data(data)
            except HttpParserError:
                self._refuse_malformed("Invalid HTTP request received.")
            except HttpParserUpgrade as upgrade:
                data = self._upgrade_asked(data[upgrade.args[0] :])
                if data:
                    continue
            break
        headers: list[Header] | None = self.headers  # None before the first request: ends of lines begin none
        if not self._arriving and headers is not None:
            if self._patience is not None:
                self._patience = stopped(self._patience)
            return
        if headers is head:
            self._take_more_of_a_head(len(data))
        else:
            self._count_anew()
            self._patience = stopped(self._patience)
        if self._patience is None and self._arriving:
            self._be_patient()

    def _count_anew(self) -> None:
        self._head_bytes = 0
        self._with_body = False

    def _take_more_of_a_head(self, size: int) -> None:
        """The parser has no limit of its own."""
        if self._with_body:
            self._count_anew()
            return
        self._head_bytes += size
        limit = self._shared.settings.request_head_bytes
        if self._head_bytes > limit:
            self._refuse_malformed(f"The request's head is over {limit} bytes.")

    def _refuse_malformed(self, text: str) -> None:
        if self._listens:
            self.logger.warning(text)
            self._refuse(malformed(text))

    def on_message_begin(self) -> None:
        """uvicorn's part of it waits until the request is known not to be plain."""
        self._arriving = True
        self._shared.idle.leave(self)
        self.url = b""
        self.headers = []
        self.expect_100_continue = False

    def on_headers_complete(self) -> None:
        latest = self._latest
        if (
            (latest is None or (latest.response_complete and latest.keep_alive))
            and not self.expect_100_continue
            and not self._crowded()
        ):
            parser = self.parser
            asked = self._shared.short_way.asked(parser.get_method(), self.url, self.headers, self)
            if asked is not None and not parser.should_upgrade():
                keep_alive = parser.should_keep_alive() and parser.get_http_version() != "1.0"
                self._plain = self.cycle = PlainCycle(*asked, keep_alive=keep_alive)
                return
        self._go_the_usual_way()

    def _crowded(self) -> bool:
        """Whether uvicorn would refuse the request."""
        limit = self.limit_concurrency
        return limit is not None and (len(self.connections) >= limit or len(self.tasks) >= limit)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        if app is service_unavailable:
            app = self._shared.short_way.full
        super()._start_asgi_task(cycle, partial(_told_whether_kept, app, cycle, self._shared))

    def _go_the_usual_way(self) -> None:
        if self.transport.is_closing():
            raise _Enough
        if len(self.pipeline) >= PIPELINED:
            self._refuse(FULL)
            raise _Enough
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.expect_100_continue = url, expects
        self.headers += headers
        before = self._latest
        super().on_headers_complete()
        self.scope["headers"] = headers  # trailers, which are told as headers, go into the other list
        latest: Any = self._latest
        if latest is not before:
            self._usual_head = self.headers
            latest.transport = WayOut(self.transport)

    def on_body(self, body: bytes) -> None:
        self._with_body = True
        if self._plain is None:
            super().on_body(body)
        else:
            self._plain.body += body

    def on_message_complete(self) -> None:
        self._arriving = False
        plain = self._plain
        if plain is None:
            super().on_message_complete()
            if self._usual_head is self.headers and self._all_answered:
                self._watch_for_idleness()  # it was answered before
            return
        plain.more_body = False
        request = plain.request
        if request.forwarded:
            self._shared.look_behind_proxies(request.scope)
        begun = plain.endpoint.begin(request, plain.body)
        self._plain = None
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
            self.logger.error("A request was given up", exc_info=error)
            plain.keep_alive = False
            self._write(plain, self._last_words(GIVEN_UP, plain.request.headers))
            raise
        self._answer(plain, answered)

    def _answer(self, plain: PlainCycle, answered: PosAnswer) -> None:
        first, origin = self.server_state.default_headers, plain.request.headers.get(b"origin")
        short_way = self._shared.short_way
        if self._shared.ending:
            plain.keep_alive = False
        last = short_way.kept_lines if plain.keep_alive else CLOSES
        self._write(plain, short_way.encoded(answered, origin, STATUS_LINE[answered.status], first, last))

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
        if self._ended or self.transport.is_closing():
            self._limit_the_rest()
            return
        self.flow.resume_reading()
        if self.pipeline:
            if self._arriving:
                # Nothing was read of it meanwhile.
                self._patience = stopped(self._patience)
                self._be_patient()
            self._start_asgi_task(*self.pipeline.pop())
        elif self._at_last is not None:
            self._at_last()
        else:
            self._watch_for_idleness()

    # A request to become something else.

    def _should_upgrade(self) -> bool:
        """uvicorn asks this of what the parser takes for such a request, and does not answer it itself then."""
        return self._get_upgrade() is not None

    def _upgrade_asked(self, behind: bytes) -> bytes:
        """What is to be parsed next."""
        upgrade = self._get_upgrade()
        if upgrade == b"websocket":
            self.handle_websocket_upgrade()
            return b""
        if upgrade is None:  # CONNECT
            return behind
        # Answered as if it had not asked (RFC 9110, 7.8). The parser has taken its body for something else, and heeds
        # nothing more if the client ends the connection with it: so another one, as uvicorn sets it up.
        self.parser = HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        first = f"{self.scope['method']} ".encode() + self.url + f" HTTP/{self.scope['http_version']}\r\n".encode()
        lines = [b"%b: %b\r\n" % header for header in self.headers if header[0] != b"upgrade"]
        return b"".join((first, *lines, b"\r\n", behind))

    def handle_websocket_upgrade(self) -> None:
        if not self._all_answered:
            # Their answers would get between the socket's frames.
            self._at_last = self.handle_websocket_upgrade
            self.flow.pause_reading()
            return
        self._at_last = None
        self._idle = stopped(self._idle)
        if not self._shared.turnstile.enter(self._upgrade):
            # Until it is its turn nobody could take what arrives.
            self.transport.pause_reading()

    def _upgrade(self) -> None:
        if self.transport.is_closing():
            return
        self._unread = stopped(self._unread)
        super().handle_websocket_upgrade()
        self.parser = None  # type: ignore[assignment]  # it knows us: a ring; uvicorn lets go of it at the end only
        self.transport.resume_reading()
