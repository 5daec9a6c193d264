"""`/ws/device`: the device's side of `smartconnect.device.v1`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from starlette.websockets import WebSocket

import hub
from hub import log
from hub.bus.signal import DeviceClose, DeviceFrame, Signal, device_topic
from hub.clock import rfc3339
from hub.commands import device, pairing, pairing_code, report
from hub.edge import device_hello, handshake
from hub.edge.connection import Connection
from hub.edge.edge import Edge
from hub.edge.succeeded import once_succeeded
from hub.wire import jsonrpc
from hub.wire.close_codes import DEVICE_SUBPROTOCOL
from hub.wire.device import (
    CancelAck,
    Empty,
    PairingList,
    Pong,
    Progress,
    Recorded,
    RemovePairing,
    Result,
    StartAnswer,
    Welcome,
)
from hub.wire.jsonrpc import Incoming, RpcError

_log = log.get("device")


async def endpoint(websocket: WebSocket) -> None:
    edge: Edge = websocket.app.state.edge
    await handshake.serve(
        websocket,
        subprotocol=DEVICE_SUBPROTOCOL,
        kind="device",
        origins=edge.settings.allowed_device_origins,
        hello=_Greeting(edge),
    )


class _Greeting:
    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    async def __call__(self, connection: Connection, message: Incoming) -> tuple[DeviceSession, Welcome]:
        hello, malformed = device_hello.read(message)
        session = DeviceSession(self._edge, connection, hello.device_id)
        # Subscribed before the command runs: what its commit sends to this device arrives before it returns.
        session.subscribe()
        try:
            connected = await self._edge.newest.let_in(
                hello.device_id,
                connection.opened,
                lambda late: self._edge.engine.execute(device.connect, hello, malformed, late),
            )
        except BaseException:
            session.unsubscribe()
            raise
        session.epoch = connected.epoch
        connection.ids |= {"device_id": hello.device_id, "epoch": connected.epoch}
        _log.info("device_connected", serial=hello.serial, firmware=hello.firmware, **connection.ids)
        if connected.refused:
            codes = sorted({refused.code for refused in connected.refused})
            _log.warning("results_refused", results=len(connected.refused), error_codes=codes, **connection.ids)
        clock = self._edge.engine.clock
        return session, Welcome(
            device_id=connected.device_id,
            epoch=connected.epoch,
            heartbeat_seconds=self._edge.settings.heartbeat_seconds,
            server_time=rfc3339(clock.now_ms()),
            hub_version=hub.__version__,
            pairings=connected.pairings,
            removed=connected.removed,
            recorded=connected.recorded,
            refused=connected.refused,
            credential=connected.credential,
            pairing_code=connected.pairing_code,
        )


class DeviceSession:
    """One connection of a device, known by its epoch; whatever it writes is conditional on that."""

    concurrency = 1
    """A device's reports are worked on in the order in which it sent them."""

    def __init__(self, edge: Edge, connection: Connection, device_id: str) -> None:
        self._engine = edge.engine
        self._newest = edge.newest
        self._connection = connection
        self._device_id = device_id
        self.epoch: int | None = None
        self._early: list[Signal] = []
        self._ready = False
        self._unsubscribe: Callable[[], None] | None = None

    def subscribe(self) -> None:
        self._unsubscribe = self._engine.bus.subscribe(device_topic(self._device_id), self._on_signal)

    def unsubscribe(self) -> None:
        if self._unsubscribe is not None:
            self._unsubscribe()

    def welcomed(self) -> None:
        """The answer to the hello is on its way; what was meant for this connection may follow it."""
        self._ready = True
        early, self._early = self._early, []
        for signal in early:
            self._on_signal(signal)

    def _on_signal(self, signal: Signal) -> None:
        if not self._ready:
            self._early.append(signal)
        elif isinstance(signal, DeviceFrame):
            if signal.epoch == self.epoch:
                self._connection.send(signal.frame)
        elif isinstance(signal, DeviceClose) and self.epoch is not None and self.epoch <= signal.epoch:
            self._connection.close(signal.code)

    async def gone(self) -> None:
        self.unsubscribe()
        self._newest.gone(self._device_id, self._connection.opened)
        assert self.epoch is not None
        if await self._engine.insist(device.disconnect, self._device_id, self.epoch):
            _log.info("device_disconnected", **self._connection.ids)

    def handle(self, message: Incoming) -> Awaitable[object]:
        method = _METHODS.get(message.method or "")
        if method is None:
            raise RpcError(jsonrpc.METHOD_NOT_FOUND, "method_unknown", f"There is no method {message.method!r:.60}.")
        return method(self, message)

    async def _ping(self, _message: Incoming) -> Pong:
        return Pong(rfc3339(self._engine.clock.now_ms()))

    def _pairing_start(self, _message: Incoming) -> Awaitable[object]:
        return self._engine.execute(pairing_code.start, self._device_id, self._epoch)

    def _pairing_stop(self, _message: Incoming) -> Awaitable[object]:
        return self._engine.execute(pairing_code.stop, self._device_id, self._epoch)

    async def _pairing_list(self, _message: Incoming) -> PairingList:
        return PairingList(await self._engine.query(pairing.of_device, self._device_id))

    def _pairing_remove(self, message: Incoming) -> Awaitable[object]:
        asked = jsonrpc.parse_params(message, RemovePairing)
        return self._engine.execute(pairing.remove, self._device_id, self._epoch, asked)

    async def _progress(self, message: Incoming) -> Empty:
        stage = jsonrpc.parse_params(message, Progress)
        await self._engine.execute(report.progress, self._device_id, self._epoch, stage.transaction_id, stage.stage)
        return Empty()

    def _complete(self, message: Incoming) -> Awaitable[object]:
        result = jsonrpc.parse_params(message, Result)
        completing = self._engine.execute(report.complete, self._device_id, self._epoch, result)
        return once_succeeded(completing, self._completed)

    def _completed(self, recorded: Recorded) -> None:
        _log.info(
            "transaction_completed",
            transaction_id=recorded.transaction_id,
            state=recorded.state,
            conflict=recorded.conflict,
            **self._connection.ids,
        )

    @property
    def _epoch(self) -> int:
        assert self.epoch is not None
        return self.epoch

    def answered(self, message: Incoming) -> Awaitable[object] | None:
        """An answer to `start:…`, `inquire:…` or `cancel:…`; others are nobody's and are dropped."""
        verb, _, transaction_id = str(message.id).partition(":")
        if message.error is not msgspec.UNSET:
            if verb == "start" and _not_begun(message.error):
                return self._engine.execute(report.refused, self._device_id, self._epoch, transaction_id)
            return None
        if verb in ("start", "inquire"):
            start_answer = jsonrpc.parse_result(message, StartAnswer)
            return self._engine.execute(report.answered, self._device_id, self._epoch, transaction_id, start_answer)
        if verb == "cancel":
            cancel_ack = jsonrpc.parse_result(message, CancelAck)
            return self._engine.execute(
                report.cancel_answered, self._device_id, self._epoch, transaction_id, cancel_ack
            )
        return None


def _not_begun(error: jsonrpc.ErrorBody) -> bool:
    """Whether an error answer to a start says for certain that nothing has begun.

    `busy` does, and so do the errors that come before anything is done. Any other error, such as an internal one, may
    come from a device that is at it: it counts as no answer at all, and the device is asked again.
    """
    named = error.data is not None and error.data.code == "busy"
    return named or error.code in (jsonrpc.METHOD_NOT_FOUND, jsonrpc.INVALID_PARAMS)


_METHODS: dict[str, Callable[[DeviceSession, Incoming], Awaitable[object]]] = {
    "ping": DeviceSession._ping,
    "pairing.start": DeviceSession._pairing_start,
    "pairing.stop": DeviceSession._pairing_stop,
    "pairing.list": DeviceSession._pairing_list,
    "pairing.remove": DeviceSession._pairing_remove,
    "transaction.progress": DeviceSession._progress,
    "transaction.complete": DeviceSession._complete,
}
