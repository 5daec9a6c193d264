"""RegisterClient: a till's side of `smartconnect.register.v1`.

Laws: a submit is asked again with the same idempotency key until it is answered, so a lost answer never charges twice;
events are handed on in order and without a silent gap: a gap cuts the connection and the hub replays what is missing.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections import deque
from types import TracebackType
from typing import TypeVar

from hub.clock import Clock, Deadline, SystemClock
from hub.sdk.dial import Dial, dial, socket_url
from hub.sdk.errors import CallError, ConnectionLost, GapError, SdkError, Unanswered
from hub.sdk.link import Link
from hub.sdk.peer import CALL_TIMEOUT_SECONDS, OnFrame, Peer, Route
from hub.sdk.reconnect import Backoff, Close
from hub.sdk.sequence import Sequence
from hub.sdk.subscription import Audience, Subscription
from hub.wire.close_codes import REGISTER_SUBPROTOCOL, CloseCode
from hub.wire.function import Function
from hub.wire.register import (
    ById,
    Cancelled,
    Empty,
    Find,
    Found,
    Hello,
    PairingChanged,
    PairingView,
    Pong,
    PresenceChanged,
    Redeem,
    Redeemed,
    Submit,
    Submitted,
    TransactionUpdated,
    TransactionView,
    Welcome,
)

_log = logging.getLogger(__name__)

T = TypeVar("T")

REGISTER_PATH = "/ws/register"
GAPS_KEPT = 16


class RegisterClient:
    """`async with RegisterClient(url, …) as register:`; it connects, and comes back, in the background.

    `url` is the hub's base (`http://host:port`, or `ws://`). Give the triple, a register token, or both. `last_event`
    is the last event seen in an earlier life: what was missed since is replayed. Methods may be called by any task of
    the loop; they wait for a connection, ask again after a broken one, and raise `Unanswered` after `timeout_seconds`
    in all.
    """

    def __init__(
        self,
        url: str,
        *,
        register_id: str | None = None,
        business_name: str | None = None,
        vendor_name: str | None = None,
        register_token: str | None = None,
        last_event: int | None = None,
        timeout_seconds: float = 60.0,
        clock: Clock | None = None,
        backoff: Backoff | None = None,
        connect: Dial = dial,
        on_frame: OnFrame | None = None,
    ) -> None:
        self.register_id = register_id
        self.business_name = business_name
        self.vendor_name = vendor_name
        self.register_token = register_token
        """Shown at the next hello; a successful `redeem` brings a new one, which is to be kept."""
        self.gaps: deque[GapError] = deque(maxlen=GAPS_KEPT)
        """The last gaps that were found, and healed by a replay or a snapshot. Empty is how it should be."""
        self._token_in_doubt = False
        """A redeem was asked and not answered: it may have put another token in the place of this one."""
        self._sequence = Sequence(last_event)
        self._timeout_seconds = timeout_seconds
        self._clock = clock or SystemClock()
        self._welcome: Welcome | None = None
        self._audience = Audience()
        self._peer: Peer | None = None
        self._watching_end: asyncio.Task[None] | None = None
        self._link = Link(
            socket_url(url, REGISTER_PATH),
            REGISTER_SUBPROTOCOL,
            self,
            {
                "transaction.updated": Route(TransactionUpdated, self._on_event),
                "pairing.changed": Route(PairingChanged, self._on_event),
                "device.presence": Route(PresenceChanged, self._on_event),
            },
            clock=self._clock,
            backoff=backoff or Backoff(),
            connect=connect,
            on_frame=on_frame,
            returns=self._returns,
        )

    async def __aenter__(self) -> RegisterClient:
        self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def start(self) -> None:
        """Begin to connect. Call it once."""
        self._link.start()
        self._watching_end = asyncio.create_task(self._end_subscriptions(), name="register end")

    def abort(self) -> None:
        """Cut the connection at once, without a closing handshake, and come back no more. `stop` waits for the end."""
        self._link.abort()

    async def stop(self) -> None:
        """Disconnect for good. Subscriptions and calls under way raise `Stopped`. Idempotent."""
        await self._link.stop()
        if self._watching_end is not None:
            await self._watching_end

    @property
    def online(self) -> bool:
        """Whether the hub has welcomed the present connection."""
        return self._link.peer is not None

    @property
    def welcome(self) -> Welcome | None:
        """The hub's last welcome, also while disconnected."""
        return self._welcome

    @property
    def last_event(self) -> int | None:
        """The number of the last event handed on; keep it to resume in another life."""
        return self._sequence.last

    @property
    def failure(self) -> SdkError | None:
        """Why the client comes back no more; None while it does."""
        return self._link.failure

    async def ready(self) -> Welcome:
        """Wait until connected and welcomed; raises `GivenUp` or `Stopped` if that will not be."""
        await self._link.ready()
        assert self._welcome is not None
        return self._welcome

    async def finished(self) -> SdkError:
        """Wait until the client comes back no more, and return why."""
        return await self._link.finished()

    async def redeem(self, code: str, *, register_name: str, **contact: str) -> Redeemed:
        """Pair with the device that shows `code`. `contact` takes the optional fields of `Redeem`.

        Asked once only, for a code is good once: after `ConnectionLost`, `pairing_status` tells what became of it.
        """
        peer = await self._link.ready()
        asked = Redeem(code=code, register_name=register_name, **contact)
        self._token_in_doubt = True
        redeemed = await peer.call("pairing.redeem", asked, Redeemed, timeout_seconds=self._timeout_seconds)
        self.register_token = redeemed.register_token
        self._token_in_doubt = False
        return redeemed

    async def pairing_status(self) -> PairingView:
        return await self._ask("pairing.status", Empty(), PairingView)

    async def submit(
        self,
        function: Function | str,
        *,
        amount_total_cents: int | None = None,
        amount_cash_cents: int | None = None,
        amount_auth_cents: int | None = None,
        amount_final_cents: int | None = None,
        transaction_reference: str | None = None,
        idempotency_key: str | None = None,
        date: str | None = None,
        sale_data: str | None = None,
        callback_url: str | None = None,
        timeout_seconds: float | None = None,
    ) -> Submitted:
        """Submit a transaction; durable at the hub when this returns. Amounts are in cents.

        Without `idempotency_key` a new one is made; it is the same on every connection that the request needs. After
        `Unanswered` nobody knows whether the hub has it: ask again with that error's `idempotency_key`. Raises
        `CallError` with `register_not_paired`, `device_busy`, `idempotency_key_reused`, `invalid_params` and others.
        """
        key = idempotency_key or str(uuid.uuid4())
        order = Submit(
            function=str(function),
            amount_total_cents=amount_total_cents,
            amount_cash_cents=amount_cash_cents,
            amount_auth_cents=amount_auth_cents,
            amount_final_cents=amount_final_cents,
            transaction_reference=transaction_reference,
            idempotency_key=key,
            date=date,
            sale_data=sale_data,
            callback_url=callback_url,
        )
        try:
            return await self._ask("transaction.submit", order, Submitted, timeout_seconds)
        except Unanswered as error:
            error.idempotency_key = key
            raise

    async def cancel(self, transaction_id: str) -> Cancelled:
        """Ask for a cancellation; the answer is honest about what that came to. Asking again is harmless."""
        return await self._ask("transaction.cancel", ById(transaction_id), Cancelled)

    async def get(self, transaction_id: str) -> TransactionView:
        return await self._ask("transaction.get", ById(transaction_id), TransactionView)

    async def find(self, transaction_reference: str) -> list[TransactionView]:
        """This register's transactions with that reference, newest first."""
        return (await self._ask("transaction.find", Find(transaction_reference), Found)).transactions

    async def ping(self) -> Pong:
        """One round trip on the present connection; raises `ConnectionLost` at once without one."""
        return await self._link.present().call("ping", Empty(), Pong)

    async def wait_final(self, transaction_id: str, *, timeout_seconds: float | None = None) -> TransactionView:
        """Wait until the transaction is final, across any number of connections.

        Raises `Unanswered` after `timeout_seconds`, if given; the transaction goes on regardless.
        """
        if timeout_seconds is None:
            return await self._wait_final(transaction_id)
        try:
            async with Deadline(self._clock, timeout_seconds):
                return await self._wait_final(transaction_id)
        except TimeoutError:
            raise Unanswered("wait_final", timeout_seconds) from None

    async def _wait_final(self, transaction_id: str) -> TransactionView:
        # Subscribed first: an outcome between the look and the wait would be missed otherwise.
        with self._audience.watch(transaction_id) as events:
            asked = ById(transaction_id)
            seen = await self._link.persist("transaction.get", asked, TransactionView)
            while not seen.final:
                event = await anext(events)
                if isinstance(event, TransactionUpdated):
                    seen = event.transaction
                else:
                    seen = await self._link.persist("transaction.get", asked, TransactionView)
        return seen

    def subscribe(self) -> Subscription:
        """The events from now on. Use it in a `with` block."""
        return self._audience.subscribe()

    async def _ask(self, method: str, params: object, result: type[T], timeout_seconds: float | None = None) -> T:
        return await self._link.persist(
            method, params, result, timeout_seconds=timeout_seconds or self._timeout_seconds
        )

    async def _on_event(self, event: TransactionUpdated | PairingChanged | PresenceChanged) -> None:
        try:
            if self._sequence.received(event.event):
                self._audience.push(event)
        except GapError as gap:
            self._heal(gap)

    def _heal(self, gap: GapError) -> None:
        """Come back with the last event seen: the hub replays from there, or says that it cannot."""
        _log.warning("%s; coming back for what is missing", gap)
        self.gaps.append(gap)
        if self._peer is not None:
            self._peer.abort()

    async def _end_subscriptions(self) -> None:
        self._audience.fail(await self._link.finished())

    # What the link asks.

    async def greet(self, peer: Peer) -> None:
        hello = Hello(
            register_id=self.register_id,
            business_name=self.business_name,
            vendor_name=self.vendor_name,
            register_token=self.register_token,
            last_event=self._sequence.last,
        )
        try:
            welcome = await peer.call("hello", hello, Welcome, timeout_seconds=CALL_TIMEOUT_SECONDS)
        except CallError as error:
            if error.code != "unauthorised" or not self._token_in_doubt or self.register_id is None:
                raise
            # The pairing went through and the new token was lost on the way: the triple says who this is.
            self.register_token, self._token_in_doubt = None, False
            raise ConnectionLost(Close(None, "the register token was replaced")) from None
        self._peer = peer
        self._welcome = welcome
        try:
            snapshot = self._sequence.welcomed(welcome)
        except GapError as gap:
            # The hub says that nothing was missed, and its numbers say otherwise: take what it shows as the truth.
            self.gaps.append(gap)
            self._sequence.last = welcome.event
            snapshot = True
        if snapshot:
            self._audience.push(welcome)

    def _returns(self, close: Close) -> bool:
        # A redeem that was cut off may be carried out after the next hello, and void the token that this one came with.
        return close.may_come_back or (close.code == CloseCode.REVOKED and self._token_in_doubt)

    async def welcomed(self) -> None:
        """The first event waits until the client is known to be online."""

    async def lost(self, _close: Close) -> None:
        self._peer = None
