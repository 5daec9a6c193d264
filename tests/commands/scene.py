"""A scene without sockets: an engine over a real store, devices and tills that call its commands, a clock that waits.

The device here does what the edge does with a device's messages, and nothing more. The deadlines are worked off by
`pass_seconds`, each at its own time, as the timer does; so nothing depends on when a task gets its turn.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

from hub.bus.local import LocalBus
from hub.bus.signal import DeviceClose, DeviceFrame, RegisterEvent, Signal
from hub.commands import deadline, device, pairing, pairing_code, report, transaction
from hub.commands.device import Connected
from hub.commands.identity import Identity
from hub.commands.transaction import Order
from hub.engine import Engine
from hub.entropy import Entropy
from hub.store.records import Callback, Device, Request, Transaction
from hub.store.sqlite import SqliteStore, open_sqlite
from hub.store.unit import Unit
from hub.wire.close_codes import CloseCode
from hub.wire.device import CancelAck, Hello, InFlight, PairingCodeShown, Recorded, RemovePairing, Result, StartAnswer
from hub.wire.function import Function
from hub.wire.register import Cancelled, PairingView, Redeem, Redeemed, TransactionView
from statemachines.transaction import Outcome
from tests.clock import ManualClock
from tests.running import make_settings

Json = dict[str, Any]


class RecordingBus(LocalBus):
    """Remembers all signals, in the order of their commits."""

    def __init__(self) -> None:
        super().__init__()
        self.signals: list[Signal] = []

    def publish(self, signals: Sequence[Signal]) -> None:
        self.signals.extend(signals)
        super().publish(signals)


class Scene:
    """Open it, play, close it; `restart` is what a crash and a new start come to for the store and the engine."""

    def __init__(self, folder: Path, *, seed: int = 1, **settings: Any) -> None:
        self.path = folder / "hub.db"
        self.clock = ManualClock()
        self.settings = make_settings(folder, **settings)
        self.entropy = Entropy(Random(seed))
        self.bus = RecordingBus()
        self.store: SqliteStore
        self.engine: Engine

    async def open(self) -> None:
        self.store = await open_sqlite(self.path, clock=self.clock, settings=self.settings, entropy=self.entropy)
        self.engine = Engine(
            self.store, self.bus, clock=self.clock, settings=self.settings, entropy=self.entropy, signing_key="sig"
        )
        await self.engine.execute(device.recover)

    async def close(self) -> None:
        await self.store.close()

    async def restart(self) -> None:
        await self.close()
        await self.open()

    async def pass_seconds(self, seconds: float) -> None:
        """Let time go by; whatever comes due meanwhile is worked off at its own time."""
        until = self.clock.now_ms() + round(seconds * 1000)
        while True:
            due = await self.engine.query(deadline.next_due)
            if due is None or due > until:
                break
            self.clock.advance(max(0, due - self.clock.now_ms()) / 1000)
            await self.work_off()
        self.clock.advance((until - self.clock.now_ms()) / 1000)

    async def work_off(self) -> None:
        """Work off what is due now."""
        while await self.engine.execute(deadline.expire) > 0:
            pass

    # What there is

    async def device(self, device_id: str = "D1", **fields: Any) -> Terminal:
        """A device that is switched on."""
        terminal = Terminal(self, device_id, **fields)
        await terminal.switch_on()
        return terminal

    async def till(
        self, terminal: Terminal | None = None, register_id: str = "R1", *, business_name: str = "Toys Shop"
    ) -> Till:
        """A register; paired if a terminal is given, which has read what that sent it."""
        till = Till(self, Identity(register_id, business_name, "Till2Go"))
        if terminal is not None:
            await till.pair(terminal)
            terminal.frames()
        return till

    async def transaction(self, transaction_id: str) -> Transaction:
        found = await self.engine.query(_transaction, transaction_id)
        assert found is not None
        return found

    async def callbacks(self, transaction_id: str) -> list[Callback]:
        return await self.engine.query(_callbacks, transaction_id)

    async def state(self, transaction_id: str) -> str:
        return (await self.transaction(transaction_id)).state.value

    async def queue(self, device_id: str = "D1") -> Device:
        return await self.engine.query(device.find, device_id)


async def _transaction(unit: Unit, transaction_id: str) -> Transaction | None:
    return await unit.transactions.get(transaction_id)


async def _callbacks(unit: Unit, transaction_id: str) -> list[Callback]:
    return await unit.callbacks.of_transaction(transaction_id)


@dataclass
class Terminal:
    """A device; it remembers its credential and reads what the hub sends to its present connection."""

    scene: Scene
    device_id: str = "D1"
    serial: str = "SN-1"
    credential: str | None = None
    epoch: int = 0
    _read: int = 0
    _inbox: list[Json] = field(default_factory=list)

    async def switch_on(
        self, *, in_flight: Sequence[str] = (), results: Sequence[Result] = (), serial: str | None = None
    ) -> Connected:
        """Say hello on a new connection; the old one, if any, is forgotten without a word."""
        if serial is not None:
            self.serial = serial
        hello = Hello(
            device_id=self.device_id,
            serial=self.serial,
            credential=self.credential,
            enrol=self.credential is None,
            in_flight=[InFlight(transaction_id) for transaction_id in in_flight],
            results=list(results),
        )
        connected = await self.scene.engine.execute(device.connect, hello)
        self.epoch = connected.epoch
        self.credential = connected.credential or self.credential
        self._inbox.clear()
        return connected

    def connection(self) -> Terminal:
        """The present connection, to be kept while this one goes on to the next."""
        return replace(self, _inbox=list(self._inbox))

    async def vanish(self) -> bool:
        """The hub notices that the connection is gone; True if it was the present one."""
        return await self.scene.engine.execute(device.disconnect, self.device_id, self.epoch)

    async def code(self) -> PairingCodeShown:
        return await self.scene.engine.execute(pairing_code.start, self.device_id, self.epoch)

    async def stop_pairing(self) -> bool:
        return (await self.scene.engine.execute(pairing_code.stop, self.device_id, self.epoch)).stopped

    async def unpair(self, pairing_id: str | None = None) -> int:
        asked = RemovePairing(pairing_id=pairing_id, all=pairing_id is None)
        return (await self.scene.engine.execute(pairing.remove, self.device_id, self.epoch, asked)).removed

    def frames(self, method: str | None = None) -> list[Json]:
        """Take what the hub has sent to the present connection since the last time, of that method or all."""
        signals = self.scene.bus.signals
        for signal in signals[self._read :]:
            if isinstance(signal, DeviceFrame) and (signal.device_id, signal.epoch) == (self.device_id, self.epoch):
                self._inbox.append(json.loads(signal.frame))
        self._read = len(signals)
        taken = [frame for frame in self._inbox if method in (None, frame["method"])]
        self._inbox = [frame for frame in self._inbox if frame not in taken]
        return taken

    def frame(self, method: str) -> Json:
        """Take the one frame of that method."""
        frames = self.frames(method)
        assert len(frames) == 1, f"{len(frames)} × {method}"
        return frames[0]

    def closes(self) -> list[tuple[int, CloseCode]]:
        """Which connections of this device the hub has asked to be closed so far: up to which epoch, and why."""
        closes = [signal for signal in self.scene.bus.signals if isinstance(signal, DeviceClose)]
        return [(signal.epoch, signal.code) for signal in closes if signal.device_id == self.device_id]

    async def answer(self, request: Json, state: str = "accepted", **answer: Any) -> None:
        """Answer `transaction.start` or `transaction.inquire`, as the edge hands it on."""
        about = str(request["id"]).partition(":")[2]
        await self.scene.engine.execute(
            report.answered, self.device_id, self.epoch, about, StartAnswer(state=state, **answer)
        )

    async def refuse(self, request: Json) -> None:
        """Answer `transaction.start` with an error."""
        about = str(request["id"]).partition(":")[2]
        await self.scene.engine.execute(report.refused, self.device_id, self.epoch, about)

    async def answer_cancel(self, request: Json, state: str, result: Result | None = None) -> None:
        about = str(request["id"]).partition(":")[2]
        await self.scene.engine.execute(
            report.cancel_answered, self.device_id, self.epoch, about, CancelAck(state=state, result=result)
        )

    async def progress(self, transaction_id: str, stage: str) -> None:
        await self.scene.engine.execute(report.progress, self.device_id, self.epoch, transaction_id, stage)

    async def complete(self, transaction_id: str, outcome: Outcome = Outcome.APPROVED, **details: Any) -> Recorded:
        reported = result(transaction_id, outcome, **details)
        return await self.scene.engine.execute(report.complete, self.device_id, self.epoch, reported)

    async def start(self) -> str:
        """Take the one `transaction.start` that has come, accept it, and return the transaction's id."""
        request = self.frame("transaction.start")
        await self.answer(request)
        transaction_id: str = request["params"]["transaction_id"]
        return transaction_id


def result(transaction_id: str, outcome: Outcome = Outcome.APPROVED, **details: Any) -> Result:
    return Result(transaction_id=transaction_id, outcome=outcome, **details)


@dataclass
class Till:
    """A register."""

    scene: Scene
    who: Identity

    @property
    def key(self) -> str:
        return self.who.register_key

    async def redeem(self, code: str, *, name: str = "Front") -> Redeemed:
        return await self.scene.engine.execute(pairing.redeem, self.who, Redeem(code=code, register_name=name))

    async def pair(self, terminal: Terminal) -> Redeemed:
        return await self.redeem((await terminal.code()).code)

    async def paired(self) -> PairingView:
        return await self.scene.engine.query(pairing.status, self.key)

    async def submit(
        self,
        amount_cents: int = 500,
        *,
        function: Function = Function.CARD_PURCHASE,
        key: str | None = None,
        callback_url: str | None = None,
    ) -> transaction.Submission:
        request = Request(function=function, amount_total_cents=amount_cents)
        order = Order(self.who, request, idempotency_key=key, callback_url=callback_url)
        return await self.scene.engine.execute(transaction.submit, order)

    async def pay(self, amount_cents: int = 500, **given: Any) -> str:
        """Submit and return the transaction's id."""
        return (await self.submit(amount_cents, **given)).seen.transaction_id

    async def cancel(self, transaction_id: str) -> Cancelled:
        return await self.scene.engine.execute(transaction.cancel_own, self.key, transaction_id)

    async def look(self, transaction_id: str) -> TransactionView:
        return await self.scene.engine.query(transaction.look, self.key, transaction_id)

    def events(self, method: str | None = None) -> list[Json]:
        """All events of this register so far, of that method or all."""
        signals = [signal for signal in self.scene.bus.signals if isinstance(signal, RegisterEvent)]
        frames = [json.loads(signal.frame) for signal in signals if signal.register_key == self.key]
        return [frame for frame in frames if method in (None, frame["method"])]

    def story(self, transaction_id: str) -> list[str]:
        """The states that the register was told of, repetitions left out."""
        told = [
            event["params"]["transaction"]["state"]
            for event in self.events("transaction.updated")
            if event["params"]["transaction"]["transaction_id"] == transaction_id
        ]
        return [state for position, state in enumerate(told) if position == 0 or told[position - 1] != state]

    def presence(self) -> list[str]:
        """The states of the device's queue that the register was told of."""
        return [event["params"]["device"]["queue_state"] for event in self.events("device.presence")]
