"""A simulated payment terminal: one piece of hardware, with a durable memory of its own.

Proper firmware: idempotent by transaction id, one payment at a time, durable before acknowledged, told until recorded;
a connection that it has replaced says nothing more to it. Its world is not: power, network and patience end at any
moment. Replaced hardware is another `Terminal` with the same device id.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from hub.wire.close_codes import may_come_back
from hub.wire.device import (
    ById,
    PairingCodeShown,
    PairingList,
    PairingsRemoved,
    Recorded,
    Start,
    Welcome,
)
from tests.checker import history as seen
from tests.simulation.frames import OPEN_QUESTION, Frame, answer, parse, refusal, request
from tests.simulation.link import Link
from tests.simulation.till import Surroundings

HELLO_RECORDED_RESULTS = 3


@dataclass(slots=True)
class Entry:
    """One transaction in the durable memory; the last two fields are not durable."""

    transaction_id: str
    amount_cents: int
    moves_money: bool
    outcome: str | None = None
    recorded: bool = False
    asked_to_cancel: bool = False
    stage: str | None = None

    @property
    def result(self) -> dict[str, object]:
        return {"transaction_id": self.transaction_id, "outcome": self.outcome}


@dataclass(slots=True)
class Manners:
    """How it misbehaves for a while."""

    refusals: int = 0
    twice: bool = False
    silent: bool = False
    power_fails_at: str | None = None  # received, begun, finished, recorded
    resumes: bool = True
    """After a power cut it goes on with what it had begun, or fails it."""


@dataclass(slots=True)
class _Ram:
    """What a power cut takes."""

    link: Link | None = None
    ready: bool = False
    epoch: int = 0
    code: str | None = None
    pairings: list[str] = field(default_factory=list)
    calls: dict[int, Callable[[Frame], None]] = field(default_factory=dict)
    telling: set[str] = field(default_factory=set)
    held: list[str] = field(default_factory=list)


class Terminal:
    def __init__(self, world: Surroundings, device_id: str, serial: str, credential: str) -> None:
        self._world = world
        self.device_id = device_id
        self.serial = serial
        self.credential = credential
        self.memory: dict[str, Entry] = {}
        self.manners = Manners()
        self.powered = False
        self.sent_away = False
        """The hub closed with a code after which a client does not come back by itself."""
        self._ram = _Ram()
        self._count = 0
        self._ids = {"who": f"{device_id}/{serial}", "device": device_id, "serial": serial}

    @property
    def link(self) -> Link | None:
        return self._ram.link

    @property
    def ready(self) -> bool:
        return self._ram.ready

    @property
    def code(self) -> str | None:
        return self._ram.code

    @property
    def begun(self) -> Entry | None:
        return next((entry for entry in self.memory.values() if entry.outcome is None), None)

    @property
    def told_everything(self) -> bool:
        return self.begun is None and all(entry.recorded for entry in self.memory.values())

    # Power and line.

    def power_on(self) -> None:
        self.powered, self.sent_away = True, False
        for entry in self.memory.values():
            if entry.outcome is None and not self.manners.resumes:
                self._finish(entry, "failed")

    def power_off(self, *, hub_notices_at: int | None = None) -> None:
        self.powered = False
        self._forget_line()
        self._ram = _Ram()
        # All of them: it may have dialled anew while it had a line, and the power that is gone carried both.
        for link in self._world.links:
            if link.client is self:
                link.drop(self._world.random, hub_notices_at=hub_notices_at)

    def hang_up(self, *, hub_notices_at: int | None = None) -> None:
        link = self._ram.link
        self._forget_line()
        if link is not None:
            link.drop(self._world.random, hub_notices_at=hub_notices_at)

    def _forget_line(self) -> None:
        if self._ram.ready:
            self._world.write(seen.DeviceLost(at=self._world.now, **self._ids, epoch=self._ram.epoch))
        self._ram.link, self._ram.ready = None, False
        self._ram.calls.clear()
        self._ram.telling.clear()
        self._ram.held.clear()

    def connect(self) -> None:
        """Open a connection. An older one, if there is still one, is forgotten and left open: half-dead."""
        link = self._world.connect(self, "device", f"10.1.0.{self.device_id}")
        if link is None:
            return
        self._forget_line()
        self._ram.link = link
        held = [entry.transaction_id for entry in self.memory.values() if entry.outcome is None]
        told = [entry for entry in self.memory.values() if entry.outcome is not None]
        results = [entry for entry in told if not entry.recorded]
        results += [entry for entry in told if entry.recorded][-HELLO_RECORDED_RESULTS:]
        hello = {
            "device_id": self.device_id,
            "serial": self.serial,
            "credential": self.credential,
            "in_flight": [{"transaction_id": transaction_id} for transaction_id in held],
            "results": [entry.result for entry in results],
        }
        self._ask("hello", hello, lambda frame: self._welcomed(frame, held), at_once=True)

    def on_lost(self, link: Link, code: int | None) -> None:
        if link is self._ram.link:
            self._forget_line()
            self.sent_away = not may_come_back(code)

    def on_frame(self, link: Link, text: str) -> None:
        if link is not self._ram.link:
            return  # a connection that was replaced says nothing more
        frame = parse(text)
        if frame.method is not None:
            _ROUTES[frame.method](self, frame)
        elif isinstance(frame.id, int):
            # The second answer to a request that was sent twice finds nobody.
            answered = self._ram.calls.pop(frame.id, None)
            if frame.error_code == "internal_error":
                self._fail("internal_error")
            if answered is not None:
                answered(frame)
        else:
            self._fail(text[:200])

    def _fail(self, what: str) -> None:
        self._world.write(seen.HubFailed(at=self._world.now, who=self._ids["who"], what=what))

    def _send(self, text: str, *, at_once: bool = False) -> None:
        link = self._ram.link
        if link is None:
            return
        if self.manners.silent and not at_once:
            self._ram.held.append(text)
            return
        link.send(text)

    def _ask(self, method: str, params: object, answered: Callable[[Frame], None], *, at_once: bool = False) -> None:
        self._count += 1
        self._ram.calls[self._count] = answered
        text = request(self._count, method, params)
        self._send(text, at_once=at_once)
        if self.manners.twice and method == "transaction.complete":
            self._send(text)

    def _answer(self, text: str) -> None:
        self._send(text)
        if self.manners.twice:
            self._send(text)

    def speak(self) -> None:
        """End of the silence: what was held back goes out late."""
        self.manners.silent = False
        held, self._ram.held = self._ram.held, []
        for text in held:
            self._send(text)

    def _power_fails(self, moment: str) -> bool:
        if self.manners.power_fails_at != moment:
            return False
        self.manners.power_fails_at = None
        self.power_off()
        return True

    # What it is told.

    def _welcomed(self, frame: Frame, held: list[str]) -> None:
        if not frame.ok:
            return
        welcome = msgspec.json.decode(frame.result, type=Welcome)
        ram = self._ram
        ram.ready, ram.epoch = True, welcome.epoch
        ram.pairings = [pairing.pairing_id for pairing in welcome.pairings]
        self._world.write(
            seen.DeviceConnected(
                at=self._world.now,
                **self._ids,
                epoch=welcome.epoch,
                held=held,
                recorded=welcome.recorded,
                pairings=list(ram.pairings),
            )
        )
        for transaction_id in welcome.recorded:
            self._recorded(transaction_id, "", conflict=False)
        if welcome.pairing_code is not None:
            self._show(welcome.pairing_code)

    def _recorded(self, transaction_id: str, state: str, *, conflict: bool) -> None:
        entry = self.memory[transaction_id]
        assert entry.outcome is not None
        self._world.write(
            seen.OutcomeRecorded(
                at=self._world.now,
                **self._ids,
                transaction_id=transaction_id,
                outcome=entry.outcome,
                state=state,
                conflict=conflict,
            )
        )
        if not self._power_fails("recorded"):
            entry.recorded = True

    def _show(self, shown: PairingCodeShown) -> None:
        self._ram.code = shown.code
        expires_at = round(datetime.fromisoformat(shown.expires_at).timestamp() * 1000)
        self._world.write(seen.CodeShown(at=self._world.now, **self._ids, code=shown.code, expires_at=expires_at))

    def _unshow(self, cause: str) -> None:
        self._ram.code = None
        self._world.write(seen.CodeGone(at=self._world.now, **self._ids, cause=cause))

    def _on_start(self, frame: Frame) -> None:
        start = msgspec.json.decode(frame.params, type=Start)
        transaction_id = start.transaction_id
        self._world.write(
            seen.StartSeen(
                at=self._world.now,
                **self._ids,
                epoch=self._ram.epoch,
                transaction_id=transaction_id,
                attempt=start.attempt,
            )
        )
        if self._power_fails("received"):
            return
        known = self.memory.get(transaction_id)
        if known is not None:
            self._answer(answer(frame.id, _state(known)))
            return
        if self.manners.refusals > 0 or self.begun is not None:
            self.manners.refusals = max(0, self.manners.refusals - 1)
            self._deny(transaction_id, "refused")
            self._answer(refusal(frame.id, "busy"))
            return
        self.memory[transaction_id] = Entry(transaction_id, start.amount_total_cents or 0, start.function.moves_money)
        self._world.write(seen.Begun(at=self._world.now, **self._ids, transaction_id=transaction_id))
        if not self._power_fails("begun"):
            self._answer(answer(frame.id, {"state": "accepted"}))

    def _deny(self, transaction_id: str, how: str) -> None:
        self._world.write(seen.NotBegun(at=self._world.now, **self._ids, transaction_id=transaction_id, how=how))

    def _on_inquire(self, frame: Frame) -> None:
        transaction_id = msgspec.json.decode(frame.params, type=ById).transaction_id
        known = self.memory.get(transaction_id)
        if known is None:
            self._deny(transaction_id, "unknown")
            self._answer(answer(frame.id, {"state": "unknown"}))
        else:
            self._answer(answer(frame.id, _state(known)))

    def _on_cancel(self, frame: Frame) -> None:
        entry = self.memory.get(msgspec.json.decode(frame.params, type=ById).transaction_id)
        if entry is None:
            self._answer(refusal(frame.id, "transaction_unknown"))
            return
        chance = self._world.random.random()
        if entry.outcome is None and chance < 0.2:
            self._finish(entry, "cancelled")
        if entry.outcome is not None:
            self._answer(answer(frame.id, {"state": "completed", "result": entry.result}))
        elif chance < 0.5:
            self._answer(answer(frame.id, {"state": "too_late"}))
        else:
            entry.asked_to_cancel = True
            self._answer(answer(frame.id, {"state": "cancelling"}))

    def _on_code(self, frame: Frame) -> None:
        self._show(msgspec.json.decode(frame.params, type=PairingCodeShown))

    def _on_closed(self, frame: Frame) -> None:
        self._unshow(msgspec.json.decode(frame.params)["cause"])

    def _on_added(self, frame: Frame) -> None:
        pairing_id = msgspec.json.decode(frame.params)["pairing_id"]
        if pairing_id not in self._ram.pairings:  # the same register may pair again
            self._ram.pairings.append(pairing_id)

    def _on_removed(self, frame: Frame) -> None:
        pairing_id = msgspec.json.decode(frame.params)["pairing_id"]
        if pairing_id in self._ram.pairings:
            self._ram.pairings.remove(pairing_id)

    # What it does.

    def act(self) -> None:
        """One thing, by chance."""
        random, ram = self._world.random, self._ram
        if not self.powered:
            return
        entry = self.begun
        chance = random.random()
        if ram.link is None and not self.sent_away and chance < 0.5:
            self.connect()
        elif self.sent_away and chance < 0.05:
            self.power_on()  # somebody wondered, and switched it off and on again
        elif entry is not None and chance < 0.6:
            if random.random() < 0.25:
                self.progress(entry, random.choice(("waiting_for_card", "entering_pin", "authorising")))
            else:
                self.decide(entry)
        elif ram.ready:
            untold = (each for each in self.memory.values() if each.outcome is not None and not each.recorded)
            if any(self.tell(each) for each in untold):
                return
            if random.random() < (0.02 if ram.pairings else 0.3) and ram.code is None:
                self.open_pairing()
            elif chance < 0.65:
                self.close_pairing() if random.random() < 0.5 else self.open_pairing()
            elif chance < 0.66 and ram.pairings:
                self.remove(random.choice([*ram.pairings, None]))
            elif chance < 0.67:
                self.list_pairings()

    def decide(self, entry: Entry) -> None:
        """The card was read, or not. After a wish to cancel the payment may still win."""
        chance = self._world.random.random()
        if not entry.moves_money:
            self._finish(entry, "done" if chance < 0.9 else "failed")
        elif entry.asked_to_cancel and chance < 0.5:
            self._finish(entry, "cancelled")
        else:
            outcomes = ("approved",) * 6 + ("declined", "declined", "cancelled", "failed")
            self._finish(entry, self._world.random.choice(outcomes))

    def _finish(self, entry: Entry, outcome: str) -> None:
        """An outcome and the charge that it means are one durable step."""
        entry.outcome = outcome
        at: dict[str, Any] = {"at": self._world.now, **self._ids, "transaction_id": entry.transaction_id}
        self._world.write(seen.Finished(**at, outcome=outcome))
        if outcome == "approved":
            self._world.write(seen.Charged(**at, amount_cents=entry.amount_cents))
        self._power_fails("finished")

    def progress(self, entry: Entry, stage: str) -> None:
        entry.stage = stage
        if self._ram.ready:
            params = {"transaction_id": entry.transaction_id, "stage": stage}
            self._ask("transaction.progress", params, lambda _frame: None)

    def tell(self, entry: Entry) -> bool:
        """Tell the outcome; once a connection, until it is recorded. False if it is being told."""
        if entry.transaction_id in self._ram.telling:
            return False
        self._ram.telling.add(entry.transaction_id)

        def answered(frame: Frame) -> None:
            if frame.ok:
                recorded = msgspec.json.decode(frame.result, type=Recorded)
                self._recorded(recorded.transaction_id, recorded.state, conflict=recorded.conflict)
            elif frame.error_code in OPEN_QUESTION:
                self._ram.telling.discard(entry.transaction_id)
            elif frame.error_code != "connection_replaced":
                self._fail(f"an honest outcome was refused: {frame.error_code}")

        self._ask("transaction.complete", entry.result, answered)
        return True

    def open_pairing(self) -> None:
        def answered(frame: Frame) -> None:
            if frame.ok:
                self._show(msgspec.json.decode(frame.result, type=PairingCodeShown))

        self._ask("pairing.start", {}, answered)

    def close_pairing(self) -> None:
        def answered(frame: Frame) -> None:
            if frame.ok:
                self._unshow("stopped")

        self._ask("pairing.stop", {}, answered)

    def remove(self, pairing_id: str | None) -> None:
        call = self._count + 1
        self._world.write(seen.RemovalInvoked(at=self._world.now, **self._ids, call=call, pairing_id=pairing_id))

        def answered(frame: Frame) -> None:
            if frame.ok:
                removed = msgspec.json.decode(frame.result, type=PairingsRemoved).removed
                self._world.write(seen.RemovalAnswered(at=self._world.now, **self._ids, call=call, removed=removed))

        self._ask("pairing.remove", {"all": True} if pairing_id is None else {"pairing_id": pairing_id}, answered)

    def say_pairings(self) -> None:
        """What it believes: as it was told last, and has kept up to date by what was pushed since."""
        self._world.write(seen.PairingsLooked(at=self._world.now, **self._ids, pairings=list(self._ram.pairings)))

    def list_pairings(self) -> None:
        def answered(frame: Frame) -> None:
            if frame.ok:
                found = msgspec.json.decode(frame.result, type=PairingList).pairings
                self._ram.pairings = [pairing.pairing_id for pairing in found]
                self.say_pairings()

        self._ask("pairing.list", {}, answered)


def _state(entry: Entry) -> dict[str, object]:
    if entry.outcome is not None:
        return {"state": "completed", "result": entry.result}
    return {"state": "processing"} if entry.stage is None else {"state": "processing", "stage": entry.stage}


_ROUTES: dict[str, Callable[[Terminal, Frame], None]] = {
    "transaction.start": Terminal._on_start,
    "transaction.inquire": Terminal._on_inquire,
    "transaction.cancel": Terminal._on_cancel,
    "pairing.code": Terminal._on_code,
    "pairing.closed": Terminal._on_closed,
    "pairing.added": Terminal._on_added,
    "pairing.removed": Terminal._on_removed,
}
