"""One request of the POS API, and its answer: no more of ASGI than these endpoints need.

They carry most of the load. Starlette's `Request` and `Response` cost several times what the endpoints themselves do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator, Mapping
from functools import lru_cache
from typing import Any, TypeVar

import msgspec
from starlette.datastructures import URL
from starlette.types import Receive, Scope, Send

from hub.edge import pos_errors
from hub.edge.edge import Edge
from hub.edge.pos_errors import PosError
from hub.edge.pos_form import gathered, parsed

Header = tuple[bytes, bytes]
T = TypeVar("T")

_encode = msgspec.json.Encoder().encode
NO_HEADERS: Mapping[str, str] = {}


class PosRequest:
    """What an endpoint asks of its request. `read` it before anything else."""

    __slots__ = ("edge", "given", "headers", "scope")

    def __init__(self, scope: Scope, headers: dict[bytes, bytes], edge: Edge) -> None:
        self.scope = scope
        """Of an ASGI scope what is asked for here: path, query_string, path_params, client, server, scheme."""
        self.headers = headers
        self.edge = edge
        self.given: dict[str, str] = {}
        """All parameters. One in the body takes precedence over the same one in the query string."""

    def read(self, body: bytes | bytearray) -> None:
        """Parse the parameters; `PosError` 400 or 415 if they cannot be read."""
        query = self.scope["query_string"]
        if query:
            self.given = parsed(query)
        if body:
            kind = self.headers.get(b"content-type", b"")
            self.given |= parsed(body, kind=kind)

    def header(self, name: bytes) -> str | None:
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")

    @property
    def forwarded(self) -> bool:
        """Whether a proxy, or who says so, tells on whose behalf it asks."""
        return b"x-forwarded-for" in self.headers or b"x-forwarded-proto" in self.headers

    @property
    def path_params(self) -> dict[str, str]:
        found: dict[str, str] = self.scope["path_params"]
        return found

    @property
    def source(self) -> str:
        """The peer's address."""
        client = self.scope["client"]
        return client[0] if client is not None else "unknown"

    @property
    def base_url(self) -> str:
        """What the polling URLs begin with: as the operator says, or as this request called the hub."""
        public_url = self.edge.settings.public_url
        if public_url:
            return public_url
        scope = self.scope
        return _called(scope["scheme"], self.headers.get(b"host", b"")[:_LONGEST_HOST], scope["server"])


def by_name(headers: list[Header]) -> dict[bytes, bytes]:
    """Of a header that comes twice the first counts."""
    return dict(reversed(headers))


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

    def __init__(self, body: Any, headers: Mapping[str, str] = NO_HEADERS, *, status: int = 200) -> None:
        self.status = status
        self.body: bytes = _encode(body)
        self.headers = headers

    def raw_headers(self) -> list[Header]:
        """Its own, beside those that tell of the body."""
        return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in self.headers.items()]


GIVEN_UP = PosAnswer(
    {"error": "The hub failed; it has been logged."},
    {pos_errors.CODE_HEADER: "internal_error", "Connection": "close"},
    status=500,
)
"""The hub goes down, and has waited for its requests long enough."""


class Pending:
    """What is answered once the store has done something. Await it; or let `future` call back, which needs no task."""

    __slots__ = ("_answer", "future")

    def __init__(self, future: asyncio.Future[T], answer: Callable[[T], PosAnswer]) -> None:
        self.future: asyncio.Future[Any] = future
        self._answer = answer

    def __await__(self) -> Generator[Any, None, PosAnswer]:
        return self._answer((yield from self.future))

    def answer(self, request: PosRequest) -> PosAnswer:
        """Its answer, when the future is done; whatever was raised becomes one."""
        try:
            return self._answer(self.future.result())
        except Exception as error:
            return _told(error, request)


class PosEndpoint:
    """An endpoint, which is an ASGI application too. Whatever it raises becomes an answer."""

    def __init__(self, endpoint: Callable[[PosRequest], Awaitable[PosAnswer]]) -> None:
        self._endpoint = endpoint

    def begin(self, request: PosRequest, body: bytes | bytearray) -> PosAnswer | Awaitable[PosAnswer]:
        """Begin to answer a request whose whole body is there; what is to be waited for is for `answer`."""
        try:
            request.read(body)
            return self._endpoint(request)
        except Exception as error:
            return _told(error, request)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = PosRequest(scope, by_name(scope["headers"]), scope["app"].state.edge)
        try:
            body = await gathered(receive, request.edge.settings.request_body_bytes)
            found = await answer(request, self.begin(request, body))
        except PosError as error:
            found = _told(error, request)
        except asyncio.CancelledError:
            await send_whole(send, GIVEN_UP)
            raise
        await send_whole(send, found)


async def send_whole(send: Send, found: PosAnswer) -> None:
    """Send an answer over ASGI."""
    headers = [(b"content-length", b"%d" % len(found.body)), (b"content-type", b"application/json")]
    headers += found.raw_headers()
    await send({"type": "http.response.start", "status": found.status, "headers": headers})
    await send({"type": "http.response.body", "body": found.body})


async def answer(request: PosRequest, begun: PosAnswer | Awaitable[PosAnswer]) -> PosAnswer:
    """Wait for the answer of an endpoint that has begun."""
    if isinstance(begun, PosAnswer):
        return begun
    try:
        return await begun
    except Exception as error:
        return _told(error, request)


def _told(error: Exception, request: PosRequest) -> PosAnswer:
    told = pos_errors.told(error, request.scope["path"])
    error.__traceback__ = None  # the frames that it went through know its future, which knows it: a ring
    return PosAnswer({"error": told.text}, told.all_headers, status=told.status)
