"""uvicorn's HTTP protocol on httptools: a request does not take for ever, and what is no request gets a JSON answer.

And an ASGI extension: a whole answer in one piece. ASGI sends the head and the body of an answer one after the other,
each a system call. An application that has both may call `scope["extensions"][EXTENSION](status, headers, body)`.
"""

from __future__ import annotations

from asyncio import TimerHandle, Transport
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from weakref import ReferenceType, ref

import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from hub.edge.pos_errors import CODE_HEADER
from hub.edge.turnstile import Turnstile

EXTENSION = "smartconnect.whole_answer"

Header = tuple[bytes, bytes]


ARRIVAL_SECONDS = 30.0
"""How long a request may take to arrive, and a new connection to send one."""


class HubHttpProtocol(HttpToolsProtocol):
    """One HTTP connection. Made by uvicorn."""

    def __init__(self, turnstile: Turnstile, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._turnstile = turnstile

    _arriving = False
    """A request has begun to arrive, and its end has not."""
    _patience: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._patience = self.loop.call_later(ARRIVAL_SECONDS, self._lose_patience)

    def connection_lost(self, exc: Exception | None) -> None:
        self._calm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Most requests arrive in one piece, and cost no timer."""
        super().data_received(data)
        if not self._arriving:
            self._calm()
        elif self._patience is None:
            self._patience = self.loop.call_later(ARRIVAL_SECONDS, self._lose_patience)

    def on_message_begin(self) -> None:
        self._arriving = True
        super().on_message_begin()

    def on_message_complete(self) -> None:
        self._arriving = False
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        if not self._turnstile.enter(self._upgrade):
            # Until it is its turn nobody could take what arrives.
            self.transport.pause_reading()

    def _upgrade(self) -> None:
        if self.transport.is_closing():
            return
        super().handle_websocket_upgrade()
        self.transport.resume_reading()

    def _calm(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _lose_patience(self) -> None:
        self._patience = None
        cycle: RequestResponseCycle | None = self.cycle  # None before the first request
        if self._arriving and (cycle is None or not cycle.response_started):
            self.transport.write(_problem(408, "request_timeout", "The request took too long to arrive."))
        self.transport.close()

    def send_400_response(self, msg: str) -> None:
        """What is not HTTP. A real client parses any body that is not empty as JSON (pos-api 1)."""
        self.transport.write(_problem(400, "request_malformed", msg))
        self.transport.close()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        # Weakly, or each request would leave a ring behind: the cycle has the scope.
        extensions: dict[str, Callable[..., bool]] = {EXTENSION: partial(_answer, ref(cycle))}
        cycle.scope["extensions"] = extensions  # type: ignore[typeddict-item]
        super()._start_asgi_task(cycle, app)


def _problem(status: int, code: str, text: str) -> bytes:
    """A whole answer to what never became a request."""
    body = msgspec.json.encode({"error": text})
    head = f"content-type: application/json\r\ncontent-length: {len(body)}\r\n{CODE_HEADER}: {code}\r\n"
    return b"".join((STATUS_LINE[status], head.encode(), b"connection: close\r\n\r\n", body))


def _answer(asked: ReferenceType[RequestResponseCycle], status: int, headers: Sequence[Header], body: bytes) -> bool:
    """Send a whole answer; its headers are well-formed, lower case, and tell the body's length.

    False, and nothing has happened: send it the usual way, for the peer must be waited for or wants something special.
    """
    cycle = asked()
    if cycle is None or cycle.flow.write_paused or cycle.response_started or cycle.scope["method"] == "HEAD":
        return False
    if cycle.disconnected:
        return True
    content = [STATUS_LINE[status]]
    for name, value in cycle.default_headers:
        content += (name, b": ", value, b"\r\n")
    for name, value in headers:
        content += (name, b": ", value, b"\r\n")
    content.append(b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n")
    content.append(body)
    cycle.transport.write(b"".join(content))
    cycle.response_started = cycle.response_complete = True
    cycle.waiting_for_100_continue = False
    cycle.message_event.set()
    if not cycle.keep_alive:
        cycle.transport.close()
    cycle.on_response()
    return True
