"""How an HTTP connection lives and ends: nothing is waited for for ever, and what is said last comes last.

Three timers; most requests touch none. Which request takes which way is `hub.edge.http_protocol`'s business.
"""

from __future__ import annotations

from asyncio import TimerHandle, Transport
from collections.abc import Callable
from functools import partial
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from hub.edge.last_answers import LATE
from hub.edge.plain_request import PlainCycle, Shared
from hub.edge.pos_request import Header, PosAnswer, by_name

REPLY_SECONDS = 1.0
"""How long a hub that ends waits over TLS for a client to say that it closes, too."""


class _Deaf:
    """In place of the parser, once no request is taken any more."""

    def feed_data(self, data: bytes) -> None: ...


_DEAF: Any = _Deaf()


class WayOut:
    """The transport of a request on the usual way, which uvicorn closes behind the last answer. It does not know the
    connection itself, which knows the request: that would be a ring."""

    __slots__ = ("_transport", "is_closing", "write")

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.write = transport.write
        self.is_closing = transport.is_closing

    def close(self) -> None:
        if not self.is_closing():
            connection: Any = self._transport.get_protocol()
            connection.close_behind_an_answer()


def stopped(timer: TimerHandle | None) -> TimerHandle | None:
    """Stop a timer; what is left of it is none."""
    if timer is not None:
        timer.cancel()
    return None


class HttpConnection(HttpToolsProtocol):
    """One HTTP connection, less its requests."""

    def __init__(self, shared: Shared, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._shared = shared

    _arriving = False
    """A request has begun to arrive, and its end has not."""
    _plain: PlainCycle | None = None
    """The request that arrives, if it takes the short way."""
    _usual_head: list[Header] | None = None
    """The head of the latest request that took the usual way. `headers` is another list once the next one begins."""
    _at_last: Callable[[], None] | None = None
    """What happens when all requests are answered: the connection becomes a socket, or ends."""
    _half_closed = False
    """The client sends no more."""
    _ended = False
    """The last answer is given; the client may close."""

    _patience: TimerHandle | None = None
    """Rings when a request has not arrived in time, or the first one not begun."""
    _unread: TimerHandle | None = None
    """Rings when the client has not taken what it was told."""
    _idle: TimerHandle | None = None
    """Looks whether the connection has been idle for long: one for many requests, for a timer costs as much as they."""
    _idle_since = 0.0

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._be_patient()

    def connection_lost(self, exc: Exception | None) -> None:
        self._patience = stopped(self._patience)
        self._unread = stopped(self._unread)
        self._idle = stopped(self._idle)
        self._at_last = None
        self._shared.idle.leave(self)
        super().connection_lost(exc)

    def eof_received(self) -> bool:  # type: ignore[override]  # uvicorn's says nothing: close
        """A client may shut down its own side behind its requests, and waits for the answers still. Whether it does, or
        is gone altogether, only an answer can show. Over TLS there is no such half: the connection ends."""
        self._half_closed = True
        if self._listens:
            self._listen_no_more(b"")
        return not (self._ended or self.transport.is_closing()) and self.transport.can_write_eof()

    @property
    def _latest(self) -> RequestResponseCycle | None:
        """The request whose head came last."""
        latest: RequestResponseCycle | None = self.cycle  # None before the first, which uvicorn does not say
        return latest

    @property
    def _latest_arrives(self) -> bool:
        """Whether it is the one that arrives. If not, of that one not even the head is there."""
        return self._plain is not None or self._usual_head is self.headers

    @property
    def _all_answered(self) -> bool:
        """Whether all requests are whose head came."""
        latest = self._latest
        return latest is None or latest.response_complete

    # A request arrives, or does not.

    def _be_patient(self) -> None:
        self._patience = self.loop.call_later(self._shared.settings.request_arrival_seconds, self._lose_patience)

    def _lose_patience(self) -> None:
        self._patience = None
        if not self._arriving:
            self._close()
        elif self.flow.read_paused:
            # We read nothing more of it before those in front are answered.
            self._be_patient()
        else:
            self._refuse(LATE)

    def _watch_for_idleness(self) -> None:
        self._idle_since = self.loop.time()
        if self._idle is None:
            self._idle = self.loop.call_later(self._shared.settings.keep_alive_seconds, self._look_whether_idle)
        if not self._arriving:
            self._shared.idle.enter(self)

    def _look_whether_idle(self) -> None:
        self._idle = None
        left = self._shared.settings.keep_alive_seconds
        if not self._arriving and self._all_answered:
            left += self._idle_since - self.loop.time()
        if left > 0:
            self._idle = self.loop.call_later(left, self._look_whether_idle)
        else:
            self._close()

    def let_go(self) -> None:
        self._close()
        if self._shared.ending:
            self._wait_for_no_reply()

    # Answers are taken, or not.

    def pause_writing(self) -> None:
        super().pause_writing()
        self._limit_the_rest()

    def resume_writing(self) -> None:
        if not (self._ended or self.transport.is_closing()):
            self._unread = stopped(self._unread)
        super().resume_writing()

    def _limit_the_rest(self) -> None:
        """The transport itself would wait for ever for a client that does not take what it was told."""
        if self._unread is None and self in self.connections:  # else it is lost
            self._unread = self.loop.call_later(self._shared.settings.unread_seconds, self.transport.abort)

    # The end.

    def _refuse(self, last: PosAnswer) -> None:
        if self._listens:
            self._listen_no_more(self._last_words(last, by_name(self.headers or [])))

    def _listen_no_more(self, words: bytes) -> None:
        """Take no more requests. The last words stand for the request that arrives: they come behind the answers to the
        requests before it (RFC 9112, 9.3.2), and not at all if that one has been answered, or is about to be."""
        arrives = self._arriving and self._latest_arrives
        self._turn_deaf()
        latest = self._latest
        if latest is None or not arrives:
            waits = not self._all_answered
        elif self.pipeline:
            waits = True
            self.pipeline.popleft()  # the latest
        else:
            waits = False
            if latest.response_started:
                words = b""
            latest.disconnected = True
            latest.message_event.set()
        self._at_last = partial(self._end, words)
        if not waits:
            self._at_last()

    def _turn_deaf(self) -> None:
        """Whatever still comes is no request."""
        self.parser = _DEAF
        self._arriving = False
        self._shared.idle.leave(self)
        self._patience = stopped(self._patience)

    @property
    def _listens(self) -> bool:
        return not (self.parser is _DEAF or self.transport.is_closing())

    def _last_words(self, last: PosAnswer, headers: dict[bytes, bytes]) -> bytes:
        """The whole answer. A page may read it, even if its origin has not arrived and any is allowed."""
        origin = headers.get(b"origin", b"")
        first = self.server_state.default_headers
        return self._shared.short_way.encoded(last, origin, STATUS_LINE[last.status], first, b"")

    def _end(self, words: bytes) -> None:
        self._at_last = None
        if self._latest is not None:
            self._latest.response_complete = True
        if words:
            self.transport.write(words)
            self._end_our_side()
        else:
            self._ended = True
            self.flow.resume_reading()
            self._close()

    def _end_our_side(self) -> None:
        """The client closes first: what it still sends would destroy our last words on their way (RFC 9112, 9.6)."""
        self._ended = True
        self._idle = stopped(self._idle)
        self.flow.resume_reading()
        if not self._half_closed and self.transport.can_write_eof():
            self.transport.write_eof()
            self._limit_the_rest()
        else:
            self._close()

    def close_behind_an_answer(self) -> None:
        """The answer ends the connection. It may have been given before its request arrived whole."""
        if self._arriving and self._usual_head is self.headers and not self.pipeline:
            self._turn_deaf()
            self._end_our_side()
        else:
            self.transport.close()

    def _close(self) -> None:
        self.transport.close()
        self._limit_the_rest()

    def shutdown(self) -> None:
        if not self.transport.is_closing():  # asyncio forgets a TLS connection that is closed twice: no abort ends it
            super().shutdown()
        if self.transport.is_closing():
            self._wait_for_no_reply()

    def _wait_for_no_reply(self) -> None:
        """Over TLS a connection that is closed waits for the client's own end of it (RFC 8446, 6.1, asks for none). Who
        keeps it in a pool does not look, and would hold up the hub's end. What is not taken yet has its time still."""
        if self.scheme == "https" and not self.transport.get_write_buffer_size():
            self._unread = stopped(self._unread)
            self._unread = self.loop.call_later(REPLY_SECONDS, self.transport.abort)
