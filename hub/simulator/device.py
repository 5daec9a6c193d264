"""SimulatedDevice: a payment terminal that can be switched, unplugged, swapped and steered.

It is the shell around one power cycle after the other: the memory and the network outlive them, everything else does
not. Its controls are the faults that terminals have; what it says to the hub is the firmware's business.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar

from hub.clock import Clock, SystemClock
from hub.sdk.device import DeviceClient, new_credential
from hub.sdk.errors import Stopped
from hub.sdk.peer import OnFrame
from hub.sdk.reconnect import Backoff
from hub.simulator.firmware import Hardware, Manners, Moment, Terminal
from hub.simulator.happenings import Happenings
from hub.simulator.memory import Memory
from hub.simulator.network import Held, Network
from hub.simulator.script import APPROVED, CANCELLED_BY_POS, Job, ManualScript, Script, Verdict
from hub.wire.device import PairingCodeShown, PairingInfo, Result, Start, Welcome
from statemachines.transaction import Outcome

T = TypeVar("T")


class SimulatedDevice:
    """`async with SimulatedDevice(url, device_id, …) as device:`; entering switches it on, leaving ends it.

    Without a `script` it is steered by the test: `next_transaction`, `stage`, `approve`. `memory` survives power cuts,
    and with a path the process too. One owner; the controls are not for several tasks at once.
    """

    def __init__(
        self,
        url: str,
        device_id: str,
        *,
        memory: Memory | None = None,
        enrol: bool = False,
        script: Script | None = None,
        model: str = "Simulated terminal",
        firmware_version: str = "1.0",
        clock: Clock | None = None,
        backoff: Callable[[], Backoff] = Backoff,
        on_frame: OnFrame | None = None,
        observer: Callable[[object], None] | None = None,
    ) -> None:
        self.device_id = device_id
        self.memory = memory or Memory()
        self.seen = Happenings(observer)
        self.network = Network(self.seen.stir)
        self.manners = Manners()
        self.lose_power_at: Moment | None = None
        """The next time that the firmware gets there, the power goes; once."""
        self.power_loss_noticed = True
        """Whether the hub's end of the socket is cut by that."""
        self._url = url
        self._enrol = enrol
        self._script = script or ManualScript()
        self._model = model
        self._firmware_version = firmware_version
        self._clock = clock or SystemClock()
        self._backoff = backoff
        self._on_frame = on_frame
        self._terminal: Terminal | None = None
        self._dying: list[tuple[DeviceClient, list[asyncio.Task[Any]]]] = []

    async def __aenter__(self) -> SimulatedDevice:
        await self.power_on()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.end()

    # Power.

    @property
    def is_on(self) -> bool:
        return self._terminal is not None

    async def power_on(self, *, resume: bool = False) -> None:
        """Boot from the memory and connect, in the background. Call it when off.

        What was begun before a power cut is failed as `power_lost`; with `resume` the device goes on with it.
        """
        assert self._terminal is None, "it is on"
        await self._buried()
        if self._enrol and self.memory.credential is None:
            self.memory.keep_credential(new_credential())
        terminal = Terminal(
            Hardware(self.memory, self.network, self._script, self._clock, self.seen, self.manners),
            reach=self._reached,
        )
        terminal.client = DeviceClient(
            self._url,
            terminal,
            device_id=self.device_id,
            serial=self.memory.serial,
            credential=self.memory.credential,
            enrol=self._enrol,
            model=self._model,
            firmware_version=self._firmware_version,
            clock=self._clock,
            backoff=self._backoff(),
            connect=self.network.connect,
            on_frame=self._on_frame,
        )
        self._terminal = terminal
        terminal.boot(resume=resume)
        terminal.client.start()

    async def power_off(self, *, noticed: bool = True) -> None:
        """Pull the plug: sockets are cut, everything but the memory is lost.

        Unless `noticed`, the hub's end stays open, as it does when the last router on the way keeps quiet.
        """
        self._cut_power(noticed=noticed)
        await self._buried()

    async def end(self) -> None:
        """Switch off in order, with a closing handshake where there is a network, and close the memory."""
        if self._terminal is not None:
            terminal, self._terminal = self._terminal, None
            if self.network.is_up:
                await terminal.client.stop()
            self._dying.append((terminal.client, terminal.die()))
        self.network.close()
        await self._buried()
        self.memory.close()

    async def replace_hardware(self, memory: Memory) -> None:
        """Another device comes in this one's place: its own serial and memory, the same id and credential."""
        if self.is_on:
            await self.power_off()
        self.memory.close()
        if memory.credential != self.memory.credential and self.memory.credential is not None:
            memory.keep_credential(self.memory.credential)
        self.memory = memory
        await self.power_on()

    def _reached(self, moment: Moment) -> bool:
        if moment is not self.lose_power_at:
            return False
        self.lose_power_at = None
        self._cut_power(noticed=self.power_loss_noticed)
        return True

    def _cut_power(self, *, noticed: bool) -> None:
        if self._terminal is None:
            return
        terminal, self._terminal = self._terminal, None
        self._dying.append((terminal.client, terminal.die()))
        self.network.drop_power(noticed=noticed)
        terminal.client.abort()
        self.seen.stir()

    async def _buried(self) -> None:
        """Wait until nothing of a former power cycle runs any more."""
        while self._dying:
            client, tasks = self._dying.pop()
            await client.stop()
            mine = asyncio.current_task()
            await asyncio.gather(*(task for task in tasks if task is not mine), return_exceptions=True)

    # Network and manners.

    def lose_network(self, *, noticed: bool = True) -> None:
        """The cable is out. Unless `noticed`, sockets stay open and bytes vanish in both directions."""
        self.network.lose(noticed=noticed)

    def restore_network(self) -> None:
        """The cable is in again; the client comes back by itself."""
        self.network.restore()

    def go_silent(self) -> None:
        """Stay connected and say nothing: no answer, no stage, no outcome."""
        self.network.hold(Held.EVERYTHING)

    def hold_answers(self) -> None:
        """Keep the answers to the hub's requests back, to give them late."""
        self.network.hold(Held.ANSWERS)

    async def speak(self, *, forget: bool = False) -> None:
        """End `go_silent` and `hold_answers`: send what was held, in order; with `forget` it is lost."""
        if forget:
            self.network.forget()
        else:
            await self.network.release()

    def answer_twice(self, twice: bool = True) -> None:
        """Send every answer and every outcome twice."""
        self.network.twice = twice

    def refuse(self, times: int = -1) -> None:
        """Refuse so many starts as busy; without a number all, until `refuse(0)`."""
        self.manners.refusals = times

    # Pairing.

    @property
    def client(self) -> DeviceClient:
        """The connection to the hub, for whatever has no control here. The device must be on."""
        assert self._terminal is not None, "it is off"
        return self._terminal.client

    @property
    def online(self) -> bool:
        return self._terminal is not None and self._terminal.client.online

    async def ready(self) -> Welcome:
        """Wait until connected and welcomed. Raises `Stopped` if the power is off, or goes meanwhile."""
        if self._terminal is None:
            raise Stopped("it is off")
        return await self.client.ready()

    @property
    def code(self) -> str | None:
        """The pairing code on the screen."""
        shown = self._terminal.code if self._terminal is not None else None
        return None if shown is None else shown.code

    async def open_pairing(self) -> str:
        """Start pairing; the code on the screen. Raises what a call does, and `Stopped` if the power goes meanwhile."""
        await self.ready()
        terminal = self._terminal
        if terminal is None:
            raise Stopped("the power went")
        shown: PairingCodeShown = await terminal.client.pairing_start()
        terminal.code = shown
        return shown.code

    async def close_pairing(self) -> None:
        await self.client.pairing_stop()
        assert self._terminal is not None
        self._terminal.code = None

    async def pairings(self) -> list[PairingInfo]:
        return (await self.client.pairing_list()).pairings

    # Steering a payment, without a script.

    @property
    def job(self) -> Job:
        """The payment that the device is at."""
        job = self._terminal.job if self._terminal is not None else None
        assert job is not None, "the device is at no payment"
        return job

    async def next_transaction(self) -> Start:
        """Take the oldest start that the device has acknowledged and nobody has taken, or wait for one."""
        return await self.next(Start)

    async def stage(self, stage: str) -> bool:
        """Enter a stage and wait for the hub's answer; False if the hub was not reached or did not take it."""
        return await self.job.stage(stage)

    async def finish(self, verdict: Verdict) -> Result:
        """Decide. Returns when the result is in the device's memory; `recorded` waits for the hub."""
        job = self.job
        job.decision.set_result(verdict)
        return await asyncio.shield(job.finished)

    def decide_approval(self) -> None:
        """Approve without waiting for anything: for a device that loses power over it."""
        self.job.decision.set_result(APPROVED)

    async def approve(self, *, tip_cents: int = 0, surcharge_cents: int = 0) -> Result:
        return await self.finish(
            Verdict(Outcome.APPROVED, text=APPROVED.text, tip_cents=tip_cents, surcharge_cents=surcharge_cents)
        )

    async def decline(self, reason: str = "insufficient_funds") -> Result:
        return await self.finish(Verdict(Outcome.DECLINED, reason, reason.replace("_", " ").upper()))

    async def cancel(self) -> Result:
        """The payment is cancelled at the device: by the customer, or because the POS asked for it."""
        customer = Verdict(Outcome.CANCELLED, "cancelled_by_customer", "CANCELLED")
        return await self.finish(CANCELLED_BY_POS if self.job.cancelling.is_set() else customer)

    async def fail(self, reason: str = "host_unavailable") -> Result:
        return await self.finish(Verdict(Outcome.FAILED, reason, reason.replace("_", " ").upper()))

    # Waiting.

    async def next(self, kind: type[T], where: Callable[[T], bool] = lambda _happening: True) -> T:
        """Take the oldest untaken happening of a type, or wait for one.

        Types: `Start`, `ById` (a cancel), `Result`, `Recorded`, `Welcome`, `Close`, `PairingCodeShown`,
        `PairingClosed`, `PairingInfo`, `PairingRemoved`.
        """
        return await self.seen.next(kind, where)

    async def recorded(self, transaction_id: str) -> str:
        """Wait until the hub has the outcome on record; the state that it gave, or `refused:<code>`."""

        def state() -> str | None:
            entry = self.memory.get(transaction_id)
            return None if entry is None else entry.recorded

        await self.seen.until(lambda: state() is not None)
        found = state()
        assert found is not None
        return found

    async def powered_off(self) -> None:
        """Wait until the power has gone, as `lose_power_at` wants it."""
        await self.seen.until(lambda: not self.is_on)
        await self._buried()
