"""The world of one run: hub, devices, tills, operator, wires and time, and the chance that lets one of them go next.

Everything that happens is drawn from one `Random`; so a seed is a run.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from hub.commands import device as devices
from hub.wire.device import Enrolled
from tests.checker import history as seen
from tests.checker.history import MemoryHistory, Record
from tests.clock import START_MS
from tests.simulation.disk import Disk
from tests.simulation.faults import FAULTS
from tests.simulation.life import Life
from tests.simulation.link import Link
from tests.simulation.terminal import Terminal
from tests.simulation.till import Till
from tests.simulation.weather import Weather, weather

NOTED = 8

RESTLESS = 20_000
"""Steps in which no time passes and nobody asks anything new; more are a loop."""


class World:
    """`step` until bored, then `settle`; then the history and the disk are the judge's."""

    def __init__(self, seed: int, faults: tuple[str, ...] | None = None) -> None:
        self.random = Random(seed)
        self.weather: Weather = weather(self.random, faults)
        self.history = MemoryHistory()
        self.write: Callable[[Record], None] = self.history.add
        self.disk = Disk()
        self.now = START_MS
        self.steps = 0
        self.links: list[Link] = []
        self.life: Life | None = None
        self.restart_at = 0
        self.crashing = "crash" in self.weather.faults
        """Whether the hub may die between a commit and the first word about it."""
        self._entropy = Random(seed ^ 0x5EED)
        """The hub's own, so that a fault drawn here does not change the hub's ids."""
        self.start_hub()
        self.terminals = [self._enrol(f"dev-{number}") for number in range(self.weather.devices)]
        self.drawer: list[Terminal] = []
        """Hardware that was replaced. It is not broken: it may come back, and may still be on."""
        self._noted: list[str] = []
        """Codes that somebody has written down, and may type in when they are no good any more."""
        self.tills = [Till(self, str(n), f"reg-{n}") for n in range(self.weather.tills)]
        # A second socket of the first register, which only watches and cancels.
        self.tills.append(Till(self, "again", "reg-0", own_orders=False))
        for terminal in self.terminals:
            terminal.power_on()

    # What the clients know.

    def connect(self, client: Any, kind: str, source: str) -> Link | None:
        if self.life is None or not self.life.started:
            return None
        link = self.life.accept(client, kind, source)
        self.links.append(link)
        return link

    def codes(self) -> list[str]:
        shown = [terminal.code for terminal in self.terminals if terminal.code is not None]
        old = [code for code in self._noted if code not in shown]
        self._noted = [*old, *shown][-NOTED:]
        return [self.random.choice(old)] if old and self.random.random() < (0.15 if shown else 0.5) else shown

    # The hub.

    def start_hub(self) -> None:
        self.life = Life(self.disk, self.weather.settings, self._entropy, self.now)
        self._until(lambda life: life.starting.done())
        if not self.life.started:
            # The disk was in its way; whoever supervises the process tries again.
            self.restart_at = self.now + 1000
            self.crash()

    def crash(self) -> None:
        """The hub's process dies here and now; what it had committed stays, and nothing else."""
        if self.life is None:
            return
        self.note("the hub crashes")
        for link in self.links:
            if not link.hub_done:
                link.hub_died(self.random)
        self.collect_failures()
        dying, self.life = self.life, None
        dying.kill()

    def failed(self, what: str) -> None:
        """The hub left a traceback in its log."""
        if self.life is not None:  # what a dying one says on its way out does not count
            self.write(seen.HubFailed(at=self.now, who="hub", what=what))

    def collect_failures(self) -> None:
        if self.life is not None:
            for failure in self.life.loop.failures:
                self.failed(failure)
            self.life.loop.failures.clear()

    def _until(self, holds: Callable[[Life], bool]) -> None:
        life = self.life
        assert life is not None
        while not holds(life):
            assert life.writer or life.reader, "the hub waits for nothing that can come"
            (life.writer or life.reader).step()
            life.loop.run_ready()

    def _enrol(self, device_id: str) -> Terminal:
        credentials: list[str] = []

        def answered(enrolled: Enrolled | None, error: Exception | None) -> None:
            assert enrolled is not None, error
            credentials.append(enrolled.credential)

        assert self.life is not None
        self.life.call(answered, devices.enrol, device_id)
        self._until(lambda _life: bool(credentials))
        return Terminal(self, device_id, f"{device_id}-A", credentials[0])

    def close(self) -> None:
        """Leave nothing behind that Python would complain of."""
        if self.life is not None:
            for link in self.links:
                link.hub_died(self.random)
            dying, self.life = self.life, None
            dying.kill()
        self.disk.close()

    def note(self, what: str) -> None:
        self.write(seen.Fault(at=self.now, who="world", what=what))

    # One step.

    def step(self) -> None:
        """Something happens: a frame arrives, a batch commits, a client does something, time passes, a fault."""
        self.steps += 1
        random, weather = self.random, self.weather
        chance = random.random()
        if chance < weather.fault_rate:
            FAULTS[random.choice(weather.faults)](self)
        elif chance < weather.fault_rate + weather.leap_rate:
            self.leap()
        elif chance < weather.fault_rate + weather.leap_rate + weather.act_rate:
            self._act()
        elif not (self._commit() if random.random() < weather.commit_rate else self._deliver()) and not (
            self._commit() or self._deliver()
        ):
            self._act() if random.random() < 0.8 else self.leap()
        self.pass_time(self.now + random.randint(0, weather.tick_ms))

    def pass_time(self, until: int) -> None:
        self.now = max(self.now, until)
        if self.life is None:
            if self.now >= self.restart_at:
                self.start_hub()
            return
        if self.life.broken:
            self.crash()
            return
        loop = self.life.loop
        loop.advance(self.now)
        loop.run_ready()

    def leap(self) -> None:
        """Nothing happens until the next timer of the hub."""
        due = [self.restart_at] if self.life is None else []
        if self.life is not None and (at := self.life.loop.next_due()) is not None:
            due.append(at)
        due += [link.hub_notices_at for link in self.links if link.hub_notices_at is not None]
        self.pass_time(min((at for at in due if at > self.now), default=self.now + 1000))

    def run_dry(self) -> bool:
        """Deliver and commit until there is nothing more to; False if there is no end to that."""
        for _ in range(RESTLESS):
            if not (self._commit() or self._deliver()):
                return True
            self.steps += 1
            self.pass_time(self.now)
        self.failed("it does not come to rest, though nobody asks it anything")
        return False

    def _act(self) -> None:
        random = self.random
        if random.random() < 0.5:
            random.choice(self.tills).act()
        else:
            (random.choice(self.terminals) if random.random() < 0.95 or not self.drawer else self.drawer[-1]).act()

    def _commit(self) -> bool:
        """A batch of the store happens, and the hub hears of it; or it dies in between."""
        life = self.life
        if life is None or not (life.writer or life.reader):
            return False
        if not life.reader or (life.writer and self.random.random() < 0.7):
            life.writer.step()
            if self.crashing and self.random.random() < self.weather.fault_rate * 0.2:
                self.crash()
                return True
        else:
            life.reader.step()
        life.loop.run_ready()
        return True

    def _deliver(self) -> bool:
        """One frame reaches one end of one link."""
        now = self.now
        ready: list[tuple[Link, bool]] = []
        over = False
        for link in self.links:
            if link.hub_notices_at is not None and link.hub_notices_at <= now:
                link.hub_notices_at, link.up_ends = None, True
            if link.stalled_until > now:
                continue
            if link.can_deliver_up:
                ready.append((link, True))
            if link.can_deliver_down:
                ready.append((link, False))
            over = over or link.over
        if over:
            self.links = [link for link in self.links if not link.over]
        if not ready:
            return False
        link, up = ready[int(self.random.random() * len(ready))]
        if up:
            link.deliver_up()
        else:
            link.deliver_down()
        if self.life is not None:
            self.life.loop.run_ready()
        return True
