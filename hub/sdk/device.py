"""DeviceClient: a payment terminal's side of `smartconnect.device.v1`.

Responsible for the conversation; what the terminal does with a card is its `Firmware`. Laws: every connection says
what is in flight and what the last results are; an outcome is told until the hub has it on record; the firmware is
called by one task, one call after the other.
"""

from __future__ import annotations

import asyncio
import secrets
from abc import abstractmethod
from types import TracebackType
from typing import Any, Protocol

import msgspec

from hub.clock import Clock, SystemClock
from hub.sdk.delivery import Delivery
from hub.sdk.dial import Dial, dial, socket_url
from hub.sdk.errors import SdkError
from hub.sdk.link import Link
from hub.sdk.peer import OnFrame, Peer, Route
from hub.sdk.reconnect import Backoff, Close
from hub.wire.close_codes import DEVICE_SUBPROTOCOL
from hub.wire.device import (
    ById,
    CancelAck,
    Empty,
    Hello,
    InFlight,
    PairingClosed,
    PairingCodeShown,
    PairingInfo,
    PairingList,
    PairingRemoved,
    PairingsRemoved,
    PairingStopped,
    Pong,
    Progress,
    Recorded,
    RemovePairing,
    Result,
    Start,
    StartAnswer,
    Welcome,
)
from hub.wire.jsonrpc import REFUSED, RpcError

HELLO_RESULTS_BYTES = 48 * 1024
"""The results of a hello are cut to this, newest first: the hub takes messages of 64 KiB."""

DEVICE_PATH = "/ws/device"


def new_credential() -> str:
    """A credential for a device to enrol itself with. Write it into durable memory before it goes out."""
    return f"dev_{secrets.token_urlsafe(32)}"


class Busy(RpcError):
    """Raised by `Firmware.start` to refuse: nothing was begun. The hub asks again after a pause."""

    def __init__(self, text: str = "The device is busy.", *, code: str = "busy") -> None:
        super().__init__(REFUSED, code, text, retryable=True)


class Firmware(Protocol):
    """What the client asks of the terminal. Make a subclass; the pairing callbacks have empty bodies to override.

    The coroutines are called one after the other and should return soon: nothing else is worked on meanwhile. They may
    call the client. An exception other than `RpcError` is logged and the request left unanswered; the hub asks again.
    """

    @abstractmethod
    def in_flight(self) -> list[InFlight]:
        """What has begun and is not finished; for the hello."""

    @abstractmethod
    def results(self) -> list[Result]:
        """The last results, oldest first; for the hello."""

    @abstractmethod
    async def start(self, start: Start) -> StartAnswer:
        """Begin, durably, and acknowledge; or raise `Busy`.

        The same transaction id again is the same transaction: answer with the state it is in, or its stored result.
        """

    @abstractmethod
    async def inquire(self, transaction_id: str) -> StartAnswer:
        """The state it is in, its stored result, or `unknown` if it never arrived."""

    @abstractmethod
    async def cancel(self, transaction_id: str) -> CancelAck:
        """The POS wants to cancel: `cancelling`, `too_late`, or `completed` with the result."""

    async def connected(self, welcome: Welcome) -> None:
        """The hub has welcomed the device. `welcome.credential`, if any, comes only this once: keep it."""

    async def disconnected(self, close: Close) -> None:
        """The connection has ended; the client comes back if it may."""

    async def pairing_code(self, shown: PairingCodeShown) -> None:
        """Show this code in place of the last one."""

    async def pairing_closed(self, closed: PairingClosed) -> None:
        """Take the code off the screen."""

    async def pairing_added(self, pairing: PairingInfo) -> None:
        """A register has paired with this device."""

    async def pairing_removed(self, removed: PairingRemoved) -> None:
        """A register reaches this device no more."""


class DeviceClient:
    """`async with DeviceClient(url, firmware, …) as device:`; it connects, and comes back, in the background.

    `url` is the hub's base (`http://host:port`, or `ws://`). `credential` is the one that the operator gave; or, with
    `enrol`, one of the device's own (`new_credential`): a hub in development mode enrols an unknown device with it. All
    methods may be called by any task of the loop.
    """

    def __init__(
        self,
        url: str,
        firmware: Firmware,
        *,
        device_id: str,
        serial: str,
        credential: str | None = None,
        enrol: bool = False,
        model: str = "",
        firmware_version: str = "",
        clock: Clock | None = None,
        backoff: Backoff | None = None,
        connect: Dial = dial,
        on_frame: OnFrame | None = None,
    ) -> None:
        self.device_id = device_id
        self.serial = serial
        self.credential = credential
        self._firmware = firmware
        self._enrol = enrol
        self._model = model
        self._firmware_version = firmware_version
        self._welcome: Welcome | None = None
        self._link = Link(
            socket_url(url, DEVICE_PATH),
            DEVICE_SUBPROTOCOL,
            self,
            self._routes(),
            clock=clock or SystemClock(),
            backoff=backoff or Backoff(),
            connect=connect,
            on_frame=on_frame,
        )
        self._delivery = Delivery(self._record)
        self._delivering: asyncio.Task[None] | None = None

    async def __aenter__(self) -> DeviceClient:
        self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def start(self) -> None:
        """Begin to connect. Call it once."""
        self._delivering = asyncio.create_task(self._delivery.run(), name=f"delivery {self.device_id}")
        self._link.start()

    def abort(self) -> None:
        """Cut the connection at once, without a closing handshake, and come back no more. `stop` waits for the end."""
        self._link.abort()

    async def stop(self) -> None:
        """Disconnect for good. Results that were not delivered raise `Stopped`. Idempotent."""
        await self._link.stop()
        if self._delivering is not None:
            self._delivering.cancel()
            await asyncio.gather(self._delivering, return_exceptions=True)

    @property
    def online(self) -> bool:
        """Whether the hub has welcomed the present connection."""
        return self._link.peer is not None

    @property
    def welcome(self) -> Welcome | None:
        """The hub's last welcome, also while disconnected."""
        return self._welcome

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

    # The following raise `ConnectionLost` at once while disconnected, and `CallError` for the hub's "no".

    async def pairing_start(self) -> PairingCodeShown:
        """Open pairing; the code to show. Fresh ones come as `Firmware.pairing_code`."""
        return await self._link.present().call("pairing.start", Empty(), PairingCodeShown)

    async def pairing_stop(self) -> PairingStopped:
        return await self._link.present().call("pairing.stop", Empty(), PairingStopped)

    async def pairing_list(self) -> PairingList:
        return await self._link.present().call("pairing.list", Empty(), PairingList)

    async def pairing_remove(self, pairing_id: str | None = None, *, all: bool = False) -> PairingsRemoved:
        """Unpair one register, or all."""
        asked = RemovePairing(pairing_id=pairing_id, all=all)
        return await self._link.present().call("pairing.remove", asked, PairingsRemoved)

    async def progress(self, transaction_id: str, stage: str) -> None:
        """Tell what the device is doing now, such as `waiting_for_card`."""
        await self._link.present().call("transaction.progress", Progress(transaction_id, stage), Empty)

    async def ping(self) -> Pong:
        return await self._link.present().call("ping", Empty(), Pong)

    async def complete(self, result: Result) -> Recorded:
        """Tell the outcome until the hub has it on record, however many connections that takes.

        Cancelling stops the waiting, not the telling. Raises `CallError` when the hub will not have it (a foreign
        transaction, an outcome that does not fit), `GivenUp` and `Stopped`.
        """
        return await asyncio.shield(await self._delivery.put(result))

    async def _record(self, result: Result) -> Recorded:
        return await self._link.persist("transaction.complete", result, Recorded)

    # What the link asks.

    async def greet(self, peer: Peer) -> None:
        hello = Hello(
            device_id=self.device_id,
            serial=self.serial,
            credential=self.credential,
            enrol=self._enrol,
            model=self._model,
            firmware=self._firmware_version,
            in_flight=self._firmware.in_flight(),
            results=self._results(),
        )
        welcome = await peer.call("hello", hello, Welcome)
        self.credential = welcome.credential or self.credential
        self._welcome = welcome

    async def welcomed(self) -> None:
        assert self._welcome is not None
        await self._firmware.connected(self._welcome)

    async def lost(self, close: Close) -> None:
        await self._firmware.disconnected(close)

    def _results(self) -> list[Result]:
        """As many of the last results as fit into a hello; what does not fit is told by `complete`."""
        results = {result.transaction_id: result for result in self._firmware.results()}
        for pending in self._delivery.pending:
            results.setdefault(pending.transaction_id, pending)
        fitting: list[Result] = []
        room = HELLO_RESULTS_BYTES
        for result in reversed(results.values()):
            room -= len(msgspec.json.encode(result)) + 1
            if room < 0:
                break
            fitting.append(result)
        return fitting[::-1]

    def _routes(self) -> dict[str, Route[Any]]:
        firmware = self._firmware

        async def inquire(asked: ById) -> StartAnswer:
            return await firmware.inquire(asked.transaction_id)

        async def cancel(asked: ById) -> CancelAck:
            return await firmware.cancel(asked.transaction_id)

        return {
            "transaction.start": Route(Start, firmware.start),
            "transaction.inquire": Route(ById, inquire),
            "transaction.cancel": Route(ById, cancel),
            "pairing.code": Route(PairingCodeShown, firmware.pairing_code),
            "pairing.closed": Route(PairingClosed, firmware.pairing_closed),
            "pairing.added": Route(PairingInfo, firmware.pairing_added),
            "pairing.removed": Route(PairingRemoved, firmware.pairing_removed),
        }
