"""The link: one connection after the other to the same hub, for as long as the hub will have this client.

Responsible for connecting, greeting, pausing and coming back; what is said is the client's business. Laws: one
connection at a time; a connection counts only once its greeting was accepted; the close code decides whether to come
back; nothing waits on a link that has given up.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from operator import attrgetter
from typing import Any, Protocol, TypeVar

from hub.clock import Clock, Deadline, sleep
from hub.sdk.dial import TRANSIENT, Dial, dial, retry_after_seconds
from hub.sdk.errors import CallError, ConnectionLost, GivenUp, SdkError, Stopped, Unanswered
from hub.sdk.peer import CALL_TIMEOUT_SECONDS, OnFrame, Peer, Route
from hub.sdk.reconnect import Backoff, Close

_log = logging.getLogger(__name__)

T = TypeVar("T")

_ASK_AGAIN = frozenset({"store_unavailable", "store_busy", "internal_error", "draining"})
"""The hub could not record it, or cannot tell whether it did; the very same request may succeed in a moment."""

_NOT_CONNECTED = Close(None, "not connected")

_as_the_code_says = attrgetter("may_come_back")


class Client(Protocol):
    """What a link is for. Exceptions of `welcomed` and `lost` are logged; the link goes on."""

    async def greet(self, peer: Peer) -> None:
        """Say hello. Raises what `Peer.call` does; `CallError` that is not retryable ends the link."""

    async def welcomed(self) -> None:
        """The greeting was accepted. What the hub asks waits until this returns."""

    async def lost(self, close: Close) -> None:
        """A welcomed connection has ended. The link comes back after this returns."""


class Link:
    """Start it and stop it on one event loop. Safe for any number of tasks."""

    def __init__(
        self,
        url: str,
        subprotocol: str,
        client: Client,
        routes: Mapping[str, Route[Any]],
        *,
        clock: Clock,
        backoff: Backoff,
        connect: Dial = dial,
        on_frame: OnFrame | None = None,
        returns: Callable[[Close], bool] = _as_the_code_says,
    ) -> None:
        self._url = url
        self._subprotocol = subprotocol
        self._client = client
        self._routes = routes
        self._clock = clock
        self._backoff = backoff
        self._connect = connect
        self._on_frame = on_frame
        self._returns = returns
        self._peer: Peer | None = None
        self._failure: SdkError | None = None
        self._change = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self.last_close: Close | None = None
        """How the last attempt or connection ended."""

    def start(self) -> None:
        assert self._running is None
        self._running = asyncio.create_task(self._run(), name=f"link {self._url}")

    def abort(self) -> None:
        """Cut the connection at once, without a closing handshake, and come back no more. `stop` waits for the end."""
        if self._peer is not None:
            self._peer.abort()
        if self._running is not None:
            self._running.cancel()

    async def stop(self) -> None:
        """Close the connection for good and wait for its end. Idempotent."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    @property
    def failure(self) -> SdkError | None:
        """Why the link does not come back; None while it does."""
        return self._failure

    @property
    def peer(self) -> Peer | None:
        """The welcomed connection, if there is one now."""
        return self._peer if self._peer is not None and self._peer.end is None else None

    def present(self) -> Peer:
        """The welcomed connection, or `ConnectionLost` at once if there is none."""
        peer = self.peer
        if peer is None:
            raise self._failure or ConnectionLost(self.last_close or _NOT_CONNECTED)
        return peer

    async def ready(self) -> Peer:
        """Wait for a welcomed connection; raises `GivenUp` or `Stopped` if there will be none."""
        while True:
            if self._failure is not None:
                raise self._failure
            peer = self.peer
            if peer is not None:
                return peer
            await self._change.wait()

    async def finished(self) -> SdkError:
        """Wait until the link comes back no more, and return why."""
        while self._failure is None:
            await self._change.wait()
        return self._failure

    async def persist(self, method: str, params: object, result: type[T], *, timeout_seconds: float | None = None) -> T:
        """Ask until the hub answers, on one connection after the other. Only for what may be asked twice.

        Raises the hub's `CallError`, `Unanswered` after `timeout_seconds` in all, `GivenUp` and `Stopped`.
        """
        if timeout_seconds is None:
            return await self._persist(method, params, result)
        try:
            async with Deadline(self._clock, timeout_seconds):
                return await self._persist(method, params, result)
        except TimeoutError:
            raise Unanswered(method, timeout_seconds) from None

    async def _persist(self, method: str, params: object, result: type[T]) -> T:
        pauses = self._backoff.anew()
        while True:
            peer = await self.ready()
            try:
                return await peer.call(method, params, result, timeout_seconds=CALL_TIMEOUT_SECONDS)
            except Unanswered:
                continue
            except ConnectionLost:
                await peer.closed()
            except CallError as error:
                if error.code == "connection_replaced":
                    await peer.closed()
                elif error.code in _ASK_AGAIN:
                    await sleep(self._clock, pauses.pause_seconds())
                else:
                    raise

    async def _run(self) -> None:
        try:
            while True:
                close, hint_seconds = await self._attempt()
                self.last_close = close
                if not self._returns(close):
                    raise GivenUp(close.label, close)
                pause = self._backoff.pause_seconds(hint_seconds=hint_seconds)
                _log.info("%s: %s; coming back in %.1f s", self._url, close, pause)
                await sleep(self._clock, pause)
        except GivenUp as error:
            _log.warning("%s: %s", self._url, error)
            self._fail(error)
        except Exception as error:
            _log.exception("%s: the link failed", self._url)
            self._fail(GivenUp(f"fault of the client: {error!r}"))
        finally:
            self._fail(Stopped("stopped"))

    def _fail(self, failure: SdkError) -> None:
        if self._failure is None:
            self._failure = failure
            self._changed()

    def _changed(self) -> None:
        self._change.set()
        self._change = asyncio.Event()

    async def _attempt(self) -> tuple[Close, float | None]:
        """One connection from its opening to its end: how it ended, and how soon the hub wants the client back."""
        try:
            connection = await self._connect(self._url, self._subprotocol)
        except TRANSIENT as error:
            return Close(None, str(error) or type(error).__name__), retry_after_seconds(error)
        async with Peer(connection, self._routes, clock=self._clock, on_frame=self._on_frame) as peer:
            try:
                await self._client.greet(peer)
            except CallError as error:
                if not error.retryable:
                    raise GivenUp(str(error)) from error
                # The close code that follows may carry a hint.
                close = await self._end_of(peer)
                return close, close.retry_after_seconds
            except ConnectionLost as error:
                return error.close, error.close.retry_after_seconds
            except Unanswered as error:
                return Close(None, str(error)), None
            close = await self._welcomed(peer)
        return close, close.retry_after_seconds

    async def _end_of(self, peer: Peer) -> Close:
        try:
            async with Deadline(self._clock, CALL_TIMEOUT_SECONDS):
                return await peer.closed()
        except TimeoutError:
            return Close(None, "refused and left open")

    async def _welcomed(self, peer: Peer) -> Close:
        since = self._clock.now_ms()
        self._peer = peer
        self._changed()
        try:
            peer.serve(lambda: self._guarded(self._client.welcomed()))
            close = await peer.closed()
        finally:
            self._peer = None
        self._backoff.lived((self._clock.now_ms() - since) / 1000)
        self.last_close = close
        await self._guarded(self._client.lost(close))
        return close

    async def _guarded(self, callback: Awaitable[None]) -> None:
        try:
            await callback
        except SdkError as error:
            _log.info("a callback ended early: %s", error)
        except Exception:
            _log.exception("a callback failed")
