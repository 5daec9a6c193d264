"""`/ws/register`: the register's side of `smartconnect.register.v1`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from starlette.websockets import WebSocket

import hub
from hub import log
from hub.bus.signal import RegisterEvent, RegisterTokens, Signal, register_topic
from hub.clock import rfc3339
from hub.commands import pairing, subscription, transaction
from hub.commands.subscription import Subscribed
from hub.commands.transaction import Order
from hub.edge import handshake
from hub.edge.connection import Connection
from hub.edge.edge import Edge
from hub.edge.order import order_of
from hub.edge.redemption import redeem
from hub.edge.succeeded import once_succeeded
from hub.entropy import digest
from hub.errors import HubError
from hub.store.unit import Unit
from hub.wire import jsonrpc
from hub.wire.close_codes import REGISTER_SUBPROTOCOL, CloseCode
from hub.wire.jsonrpc import Incoming, RpcError
from hub.wire.register import (
    ById,
    Find,
    Hello,
    Pong,
    Redeem,
    Redeemed,
    Submit,
    Submitted,
    Welcome,
)

_log = log.get("register")


async def endpoint(websocket: WebSocket) -> None:
    edge: Edge = websocket.app.state.edge
    await handshake.serve(
        websocket,
        subprotocol=REGISTER_SUBPROTOCOL,
        kind="register",
        origins=edge.settings.allowed_origins,
        hello=_Greeting(edge),
    )


class _Greeting:
    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    async def __call__(self, connection: Connection, message: Incoming, /) -> tuple[RegisterSession, Welcome]:
        hello = jsonrpc.parse_params(message, Hello)
        subscribed = await self._edge.engine.query(subscription.subscribe, hello)
        session = RegisterSession(self._edge, connection, subscribed, hello.register_token)
        if session.needs_token:
            # From here on it hears of a token that is voided. One that was voided since the first look is seen now.
            try:
                await self._edge.engine.query(subscription.identify, hello)
            except BaseException:
                session.unsubscribe()
                raise
        connection.ids |= {"register_key": subscribed.who.register_key}
        _log.info("register_connected", replay=subscribed.replay, **connection.ids)
        return session, Welcome(
            register_key=subscribed.who.register_key,
            event=subscribed.event,
            replay=subscribed.replay,
            heartbeat_seconds=self._edge.settings.heartbeat_seconds,
            server_time=rfc3339(self._edge.engine.clock.now_ms()),
            hub_version=hub.__version__,
            pairing=subscribed.pairing,
            transactions=subscribed.transactions,
        )


class RegisterSession:
    """One connection of a register, and its place in the register's sequence of events.

    It ends with the token that it lives on: the one that it came with, or a newer one that it has been granted since.
    Every event goes out exactly once and in order: pushed events that follow on are sent at once; if one does not, the
    missing ones are read from the store first.
    """

    concurrency = 32

    def __init__(self, edge: Edge, connection: Connection, subscribed: Subscribed, token: str | None) -> None:
        self._edge = edge
        self._engine = edge.engine
        self._connection = connection
        self._who = subscribed.who
        self._sent = subscribed.resume_after
        self._known = subscribed.event
        self._catching_up: asyncio.Task[None] | None = None
        self._welcomed = False
        self._gone = False
        self._token = None if token is None else digest(token)
        self._good: tuple[str, ...] | None = None
        """The tokens of the register that are good, as was last told."""
        self._redeeming = 0
        # Events that were committed after the hello was read are found missing, and read, with the first one pushed;
        # to need no first one, `welcomed` looks once.
        self.unsubscribe = self._engine.bus.subscribe(register_topic(self._who.register_key), self._on_signal)

    @property
    def needs_token(self) -> bool:
        """Whether the triple alone does not let it in, or did only while the register had never paired."""
        return self._token is not None or self._edge.settings.require_register_token

    def welcomed(self) -> None:
        """The answer to the hello is on its way; events may follow it, and not before."""
        self._welcomed = True
        self._catch_up()

    def _on_signal(self, signal: Signal) -> None:
        if not isinstance(signal, RegisterEvent):
            if isinstance(signal, RegisterTokens):
                self._good = signal.good
                self._end_with_its_token()
            return
        self._known = max(self._known, signal.number)
        if not self._welcomed:
            return
        if self._catching_up is None and signal.number == self._sent + 1:
            self._sent = signal.number
            self._connection.send(signal.frame)
        elif signal.number > self._sent:
            self._catch_up()

    def _end_with_its_token(self) -> None:
        # What it redeems itself voids the token that it came with, and is told before the new one is known here.
        if self._good is not None and self.needs_token and self._token not in self._good and not self._redeeming:
            self._connection.close(CloseCode.REVOKED)

    def _catch_up(self) -> None:
        if self._catching_up is None:
            self._catching_up = asyncio.create_task(self._send_missed())
            self._catching_up.add_done_callback(self._caught_up)

    def _caught_up(self, task: asyncio.Task[None]) -> None:
        self._catching_up = None
        if self._gone or task.cancelled():
            return
        if task.exception() is not None:
            # Without the store there is no telling what was missed: the register comes back and resumes.
            self._connection.close(CloseCode.STORE_UNAVAILABLE)
        elif self._known > self._sent:
            self._catch_up()

    async def _send_missed(self) -> None:
        # Half an outbox at a time: answers and live events need room beside it.
        limit = max(1, min(subscription.PAGE, self._edge.settings.outbox_limit // 2))
        while page := await self._engine.query(
            subscription.events_after, self._who.register_key, self._sent, limit=limit
        ):
            for number, frame in page:
                self._connection.send(frame)
                self._sent = number
            await self._connection.room()

    async def gone(self) -> None:
        self._gone = True
        self.unsubscribe()
        if self._catching_up is not None:
            self._catching_up.cancel()
            with contextlib.suppress(asyncio.CancelledError, HubError):
                await self._catching_up
        _log.info("register_disconnected", **self._connection.ids)

    def answered(self, message: Incoming) -> None:
        """The hub asks a register nothing; an answer is nobody's."""

    def handle(self, message: Incoming) -> Awaitable[object]:
        method = _METHODS.get(message.method or "")
        if method is None:
            raise RpcError(jsonrpc.METHOD_NOT_FOUND, "method_unknown", f"There is no method {message.method!r:.60}.")
        return method(self, message)

    async def _ping(self, _message: Incoming) -> Pong:
        return Pong(rfc3339(self._engine.clock.now_ms()))

    def _redeem(self, message: Incoming) -> Awaitable[object]:
        asked = jsonrpc.parse_params(message, Redeem)
        redeeming = redeem(self._edge, self._who, asked, source=self._connection.source)
        self._redeeming += 1
        redeeming.add_done_callback(self._redeemed)
        return redeeming

    def _redeemed(self, redeeming: asyncio.Future[Redeemed]) -> None:
        self._redeeming -= 1
        if self.needs_token and not redeeming.cancelled() and redeeming.exception() is None:
            self._token = digest(redeeming.result().register_token)
        self._end_with_its_token()

    def _status(self, _message: Incoming) -> Awaitable[object]:
        return self._engine.query(pairing.status, self._who.register_key)

    def _submit(self, message: Incoming) -> Awaitable[Submitted]:
        order = order_of(self._who, jsonrpc.parse_params(message, Submit))
        return once_succeeded(self._engine.execute(_submit, order), self._submitted)

    def _submitted(self, submitted: Submitted) -> None:
        _log.info(
            "transaction_submitted",
            transaction_id=submitted.transaction.transaction_id,
            function=submitted.transaction.function,
            replayed=submitted.replayed,
            **self._connection.ids,
        )

    def _cancel(self, message: Incoming) -> Awaitable[object]:
        asked = jsonrpc.parse_params(message, ById)
        return self._engine.execute(transaction.cancel_own, self._who.register_key, asked.transaction_id)

    def _get(self, message: Incoming) -> Awaitable[object]:
        asked = jsonrpc.parse_params(message, ById)
        return self._engine.query(transaction.look, self._who.register_key, asked.transaction_id)

    def _find(self, message: Incoming) -> Awaitable[object]:
        asked = jsonrpc.parse_params(message, Find)
        return self._engine.query(transaction.find_views, self._who.register_key, asked.transaction_reference)


async def _submit(unit: Unit, order: Order) -> Submitted:
    submission = await transaction.submit(unit, order)
    return Submitted(transaction=submission.seen, replayed=submission.replayed)


_METHODS: dict[str, Callable[[RegisterSession, Incoming], Awaitable[object]]] = {
    "ping": RegisterSession._ping,
    "pairing.redeem": RegisterSession._redeem,
    "pairing.status": RegisterSession._status,
    "transaction.submit": RegisterSession._submit,
    "transaction.cancel": RegisterSession._cancel,
    "transaction.get": RegisterSession._get,
    "transaction.find": RegisterSession._find,
}
