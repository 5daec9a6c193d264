"""What a connection has become once its hello was accepted, and what makes it so."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING, Protocol

from hub.wire.jsonrpc import Incoming

if TYPE_CHECKING:
    from hub.edge.connection import Connection


class Session(Protocol):
    """What a connection has become once its hello was accepted. It exists only authenticated."""

    concurrency: int
    """How many requests of the connection are worked on at a time."""

    def handle(self, message: Incoming) -> Awaitable[object]:
        """Work on a request or notification; the result is the answer's. Raises what `to_rpc_error` knows.

        The future of a command is as good as a coroutine, and costs no task. Its command has its place in the order
        already, while a coroutine begins a turn of the loop later: where both are worked on at a time, a command that
        shall not be overtaken by the next message's is returned as its future.
        """

    def answered(self, message: Incoming) -> Awaitable[object] | None:
        """The peer answered a request of the hub; None: there is nothing to be done."""

    async def gone(self) -> None:
        """The connection has ended, for whatever reason. Called once."""


class Hello(Protocol):
    """Turns the first message into a session."""

    async def __call__(self, connection: Connection, message: Incoming, /) -> tuple[Session, object]:
        """The session, and the answer to the hello. Raises `Unauthorised`, `RpcError` or `Refusal`."""
