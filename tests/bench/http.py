"""An HTTP/1.1 client of the load generator: prepared requests out, status and body back, next to no Python between."""

from __future__ import annotations

import asyncio
import re
from typing import cast
from urllib.parse import urlencode, urlsplit

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


class Http(asyncio.Protocol):
    """A keep-alive connection; one request at a time."""

    def __init__(self) -> None:
        self._received = b""
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._transport: asyncio.Transport | None = None
        self.closed = False
        """The server has ended it: it keeps an idle connection for a few seconds only."""

    @classmethod
    async def open(cls, url: str) -> Http:
        parts = urlsplit(url)
        assert parts.hostname is not None
        assert parts.port is not None
        _, http = await asyncio.get_running_loop().create_connection(cls, parts.hostname, parts.port)
        return http

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are not of the library's class.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(b"\r\n\r\n") + 4
        if end == 3:
            return
        found = _LENGTH.search(self._received, 0, end)
        length = 0 if found is None else int(found[1])
        if len(self._received) >= end + length and self._answer is not None:
            answer, self._answer = self._answer, None
            status, body = int(self._received[9:12]), self._received[end : end + length]
            self._received = b""
            if not answer.done():
                answer.set_result((status, body))

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionResetError("the server closed the connection"))

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Send a request; `ConnectionResetError` if the connection ends before the answer is whole."""
        assert self._transport is not None
        answer: asyncio.Future[tuple[int, bytes]] = asyncio.get_running_loop().create_future()
        self._answer = answer
        self._transport.write(request)
        return await answer

    def close(self) -> None:
        assert self._transport is not None
        self._transport.close()


def form_request(method: str, path: str, host: str, fields: dict[str, str]) -> bytes:
    body = urlencode(fields).encode()
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
