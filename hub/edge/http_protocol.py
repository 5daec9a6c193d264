"""uvicorn's HTTP protocol on httptools, with an ASGI extension: a whole answer in one piece.

ASGI sends the head and the body of an answer one after the other, each a system call. An application that has both may
call `scope["extensions"][EXTENSION](status, headers, body)` instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

EXTENSION = "smartconnect.whole_answer"

Header = tuple[bytes, bytes]


class HubHttpProtocol(HttpToolsProtocol):
    """One HTTP connection. Made by uvicorn."""

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        extensions: dict[str, Callable[..., bool]] = {EXTENSION: partial(_answer, cycle)}
        cycle.scope["extensions"] = extensions  # type: ignore[typeddict-item]
        super()._start_asgi_task(cycle, app)


def _answer(cycle: RequestResponseCycle, status: int, headers: Sequence[Header], body: bytes) -> bool:
    """Send a whole answer; its headers are well-formed, lower case, and tell the body's length.

    False, and nothing has happened: send it the usual way, for the peer must be waited for or wants something special.
    """
    if cycle.flow.write_paused or cycle.response_started or cycle.scope["method"] == "HEAD":
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
