"""One request of the POS API, and its answer: no more of ASGI than these endpoints need.

They carry most of the load. Starlette's `Request` and `Response` cost several times what the endpoints themselves do.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache
from typing import Any

import msgspec
from starlette.datastructures import URL
from starlette.types import Receive, Scope, Send

from hub.edge import pos_errors
from hub.edge.edge import Edge
from hub.edge.pos_form import gathered, parsed

_encode = msgspec.json.Encoder().encode
_NO_HEADERS: Mapping[str, str] = {}


class PosRequest:
    """What an endpoint asks of its request. Made from an ASGI scope; `read` it before anything else."""

    __slots__ = ("_headers", "_scope", "edge", "given")

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        # Of a header that comes twice the first counts.
        self._headers: dict[bytes, bytes] = dict(reversed(scope["headers"]))
        self.edge: Edge = scope["app"].state.edge
        self.given: dict[str, str] = {}
        """All parameters. One in the body takes precedence over the same one in the query string."""

    async def read(self, receive: Receive) -> None:
        """Read and parse the parameters; `PosError` 400, 413 or 415 if they cannot be read."""
        query = self._scope["query_string"]
        if query:
            self.given = parsed(query)
        body = await gathered(receive, self.edge.settings.request_body_bytes)
        if body:
            kind = self._headers.get(b"content-type", b"")
            self.given |= parsed(body, kind=kind)

    def header(self, name: bytes) -> str | None:
        value = self._headers.get(name)
        return None if value is None else value.decode("latin-1")

    @property
    def path_params(self) -> dict[str, str]:
        found: dict[str, str] = self._scope["path_params"]
        return found

    @property
    def source(self) -> str:
        """The peer's address."""
        client = self._scope["client"]
        return client[0] if client is not None else "unknown"

    @property
    def base_url(self) -> str:
        """What the polling URLs begin with: as the operator says, or as this request called the hub."""
        public_url = self.edge.settings.public_url
        if public_url:
            return public_url
        scope = self._scope
        return _called(scope["scheme"], self._headers.get(b"host", b"")[:_LONGEST_HOST], scope["server"])


_LONGEST_HOST = 300
"""A longer one is no name, and would only fill the cache."""


@lru_cache(maxsize=1024)
def _called(scheme: str, host: bytes, server: tuple[str, int | None] | None) -> str:
    """Starlette's reading of the Host header, which falls back to our own address if it is none."""
    headers = [(b"host", host)] if host else []
    netloc = URL(scope={"scheme": scheme, "server": server, "path": "/", "headers": headers}).netloc
    return f"{scheme}://{netloc}"


class PosAnswer:
    """A whole answer, its body encoded."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, body: Any, headers: Mapping[str, str] = _NO_HEADERS, *, status: int = 200) -> None:
        self.status = status
        self.body: bytes = _encode(body)
        self.headers = headers

    def raw_headers(self) -> list[tuple[bytes, bytes]]:
        """As ASGI wants them."""
        raw = [(b"content-length", b"%d" % len(self.body)), (b"content-type", b"application/json")]
        raw += [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in self.headers.items()]
        return raw


class PosEndpoint:
    """An endpoint as an ASGI application. Whatever it raises becomes an answer."""

    def __init__(self, endpoint: Callable[[PosRequest], Awaitable[PosAnswer]]) -> None:
        self._endpoint = endpoint

    async def answer(self, scope: Scope, receive: Receive) -> PosAnswer:
        try:
            request = PosRequest(scope)
            await request.read(receive)
            return await self._endpoint(request)
        except Exception as error:
            told = pos_errors.told(error, scope["path"])
            return PosAnswer({"error": told.text}, told.all_headers, status=told.status)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await self.answer(scope, receive)
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.raw_headers()})
        await send({"type": "http.response.body", "body": answer.body})
