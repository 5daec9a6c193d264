"""What runs on the simulated device from power on to power off: proper firmware, with nothing but its memory behind it.

Responsible for behaving as the wire contract asks: idempotent by transaction id, one payment at a time, durable before
acknowledged, told until recorded. It must not know how the test or the demo steers it, but through its script. Law:
once the power is gone it writes and says nothing more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from hub.clock import Clock
from hub.sdk.device import Busy, DeviceClient, Firmware
from hub.sdk.errors import CallError, SdkError
from hub.sdk.peer import NoAnswer
from hub.sdk.reconnect import Close
from hub.simulator.bank import Bank
from hub.simulator.happenings import Happenings
from hub.simulator.memory import REFUSAL, Entry, Memory
from hub.simulator.network import Network
from hub.simulator.script import Job, Script, Verdict
from hub.wire.device import (
    ById,
    CancelAck,
    InFlight,
    PairingClosed,
    PairingCodeShown,
    PairingInfo,
    PairingRemoved,
    Recorded,
    Result,
    Start,
    StartAnswer,
    Welcome,
)
from hub.wire.jsonrpc import REFUSED, RpcError
from statemachines.transaction import Outcome

HELLO_RECORDED_RESULTS = 5
"""Results that the hub has on record already and that a hello repeats: for a hub restored from a backup."""

POWER_LOST = Verdict(Outcome.FAILED, "power_lost", "POWER LOST")


class Moment(StrEnum):
    """Points at which the device can lose power exactly once; see `SimulatedDevice.lose_power_at`."""

    RECEIVED = "received"  # the start has arrived, nothing is remembered yet
    BEGUN = "begun"  # remembered, not acknowledged
    DECIDED = "decided"  # paid or declined, not remembered yet
    FINISHED = "finished"  # remembered (and charged), not told
    RECORDED = "recorded"  # the hub has it on record, the device does not know yet


class PowerLost(NoAnswer):
    """Ends whatever the firmware was doing."""


@dataclass
class Manners:
    """How the device treats requests; a test may change it at any time."""

    refusals: int = 0
    """So many starts are refused as busy; negative: all."""
    accepts_cancel: bool = True
    """False: every cancel comes too late."""


@dataclass
class Hardware:
    """What firmware runs on."""

    memory: Memory
    network: Network
    script: Script
    clock: Clock
    seen: Happenings
    manners: Manners = field(default_factory=Manners)


class Terminal(Firmware):
    """One power cycle. `client` is set by whoever switches it on; `lost_power` is called when a `Moment` is fatal."""

    client: DeviceClient

    def __init__(self, hardware: Hardware, *, reach: Callable[[Moment], bool]) -> None:
        self._memory = hardware.memory
        self._network = hardware.network
        self._script = hardware.script
        self._clock = hardware.clock
        self._seen = hardware.seen
        self._manners = hardware.manners
        self._reaches = reach
        self._bank = Bank(self._memory.serial, self._memory.count)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._telling: set[str] = set()
        self._dead = False
        self.job: Job | None = None
        self.code: PairingCodeShown | None = None

    def boot(self, *, resume: bool) -> None:
        """Settle what a power cut left behind: go on with it, or fail it, which is what most terminals do."""
        for entry in self._memory.begun():
            if resume and entry.start.function.moves_money:
                self._play(entry.start)
            else:
                self._memory.finish(self._bank.payment(entry.start, POWER_LOST, now_ms=self._clock.now_ms()))

    def die(self) -> list[asyncio.Task[Any]]:
        """The power is gone. Returns the tasks that are ending; the caller may be one of them."""
        self._dead = True
        for task in self._tasks:
            task.cancel()
        if self.job is not None:
            self.job.finished.cancel()
        return list(self._tasks)

    # What the client asks.

    def in_flight(self) -> list[InFlight]:
        return [InFlight(entry.start.transaction_id, entry.stage) for entry in self._memory.begun()]

    def results(self) -> list[Result]:
        return self._memory.results(recorded=HELLO_RECORDED_RESULTS)

    async def start(self, start: Start) -> StartAnswer:
        self._need_power()
        known = self._memory.get(start.transaction_id)
        if known is not None:
            return _state(known)
        if self._manners.refusals != 0:
            self._manners.refusals -= 1
            raise Busy("The device refuses.")
        if self.job is not None:
            raise Busy
        self._reach(Moment.RECEIVED)
        self._memory.begin(start)
        self._reach(Moment.BEGUN)
        self._play(start)
        self._seen.put(start)
        return StartAnswer(state="accepted")

    async def inquire(self, transaction_id: str) -> StartAnswer:
        self._need_power()
        known = self._memory.get(transaction_id)
        return StartAnswer(state="unknown") if known is None else _state(known)

    async def cancel(self, transaction_id: str) -> CancelAck:
        self._need_power()
        self._seen.put(ById(transaction_id))
        known = self._memory.get(transaction_id)
        if known is None:
            raise RpcError(REFUSED, "transaction_unknown", "This device has not got it.")
        if known.result is not None:
            return CancelAck("completed", known.result)
        job = self.job
        if job is None or job.transaction_id != transaction_id:
            return CancelAck("too_late")
        agreed = self._manners.accepts_cancel and job.ask_to_cancel()
        return CancelAck("cancelling" if agreed else "too_late")

    async def connected(self, welcome: Welcome) -> None:
        if self._dead:
            return
        if welcome.credential is not None:
            self._memory.keep_credential(welcome.credential)
        self.code = welcome.pairing_code
        for transaction_id in welcome.recorded:
            self._memory.record(transaction_id, "recorded")
        for refused in welcome.refused:
            if refused.transaction_id is not None:
                self._memory.record(refused.transaction_id, f"{REFUSAL}{refused.code}")
        for result in self._memory.unrecorded():
            self._report(result)
        self._seen.put(welcome)

    async def disconnected(self, close: Close) -> None:
        self._seen.put(close)

    async def pairing_code(self, shown: PairingCodeShown) -> None:
        self.code = shown
        self._seen.put(shown)

    async def pairing_closed(self, closed: PairingClosed) -> None:
        self.code = None
        self._seen.put(closed)

    async def pairing_added(self, pairing: PairingInfo) -> None:
        self._seen.put(pairing)

    async def pairing_removed(self, removed: PairingRemoved) -> None:
        self._seen.put(removed)

    # What the firmware does by itself.

    def _play(self, start: Start) -> None:
        if start.function.moves_money:
            self.job = Job(start, clock=self._clock, network=self._network, tell=self._tell)
            self._own(self._pay(self.job))
        else:
            self._own(self._answer(start))

    async def _pay(self, job: Job) -> None:
        verdict = await self._script.play(job)
        self._finish(self._bank.payment(job.start, verdict, now_ms=self._clock.now_ms()))

    async def _answer(self, start: Start) -> None:
        self._finish(self._bank.answer(start, self._memory.latest(), now_ms=self._clock.now_ms()))

    def _finish(self, result: Result) -> None:
        self._reach(Moment.DECIDED)
        self._memory.finish(result)
        self._reach(Moment.FINISHED)
        job, self.job = self.job, None
        if job is not None and not job.finished.done():
            job.finished.set_result(result)
        self._seen.put(result)
        self._report(result)

    def _report(self, result: Result) -> None:
        if result.transaction_id not in self._telling:
            self._telling.add(result.transaction_id)
            self._own(self._deliver(result))

    async def _deliver(self, result: Result) -> None:
        try:
            recorded = await self.client.complete(result)
        except CallError as error:
            # For good: the hub says that this device cannot have this outcome. It stays in the memory.
            recorded = Recorded(result.transaction_id, f"{REFUSAL}{error.code}")
        except SdkError:
            return
        finally:
            self._telling.discard(result.transaction_id)
        self._reach(Moment.RECORDED)
        self._memory.record(recorded.transaction_id, recorded.state)
        self._seen.put(recorded)

    def _tell(self, transaction_id: str, stage: str) -> asyncio.Task[bool]:
        self._need_power()
        self._memory.stage(transaction_id, stage)
        return self._own(self._progress(transaction_id, stage))

    async def _progress(self, transaction_id: str, stage: str) -> bool:
        try:
            await self.client.progress(transaction_id, stage)
        except SdkError:
            return False  # the hub learns the stage with the next hello, or the outcome instead
        return True

    def _own(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            error = task.exception()
            if error is not None and not isinstance(error, PowerLost):
                task.get_loop().call_exception_handler({"message": "simulated firmware failed", "exception": error})

    def _reach(self, moment: Moment) -> None:
        self._need_power()
        if self._reaches(moment):
            raise PowerLost

    def _need_power(self) -> None:
        if self._dead:
            raise PowerLost


def _state(known: Entry) -> StartAnswer:
    if known.result is not None:
        return StartAnswer(state="completed", result=known.result)
    return StartAnswer(state="processing", stage=known.stage)
