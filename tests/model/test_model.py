"""The hub against a model of the world: any order of payments, cuts, swaps, restarts and answers keeps the laws.

Hypothesis draws the orders and shrinks what it finds. Everything runs on one event loop per machine, over a real file.
`scripts/torture model` draws many more of them.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from hub.bus.signal import DeviceFrame, Happened, RegisterEvent
from hub.commands import deadline, device, transaction, view
from hub.commands.pairing import remove_by_operator
from hub.store.records import Device, Pairing, Transaction
from hub.store.unit import Unit
from hub.wire.device import Recorded
from statemachines.device_queue import DEVICE_QUEUE, QueueState
from statemachines.pairing import PAIRING, PairingState
from statemachines.pairing_code import PAIRING_CODE, CodeState
from statemachines.refusal import Refusal
from statemachines.table import Table
from statemachines.transaction import TRANSACTION, Outcome, TransactionState
from tests.commands.scene import Json, Scene, Terminal, Till
from tests.model.world import Line, Place, Truth

P = ParamSpec("P")
T = TypeVar("T")

DEVICES = ("D1", "D2")
REGISTERS = ("R1", "R2", "R3")
OUTCOMES = (Outcome.APPROVED, Outcome.DECLINED, Outcome.CANCELLED, Outcome.FAILED)
SECONDS = (0.001, 1, 3, 5, 14.999, 15, 60, 105, 180)


def picked(things: Sequence[T], pick: int) -> T:
    return things[pick % len(things)]


devices = st.sampled_from(DEVICES)
registers = st.sampled_from(REGISTERS)
outcomes = st.sampled_from(OUTCOMES)
seconds = st.sampled_from(SECONDS)
picks = st.integers(0, 9)


@dataclass
class Everything:
    """What the store holds."""

    devices: dict[str, Device]
    transactions: dict[str, Transaction]
    places: dict[str, int | None]
    pairings: list[Pairing]
    last_events: dict[str, int]
    """By register."""
    next_due: int | None

    @property
    def open(self) -> list[Transaction]:
        return [each for each in self.transactions.values() if each.state not in TRANSACTION.final]

    @property
    def in_doubt(self) -> list[Transaction]:
        return [each for each in self.open if each.state is TransactionState.IN_DOUBT]

    def of_device(self, device_id: str) -> list[Transaction]:
        return [each for each in self.transactions.values() if each.device_id == device_id]


async def _everything(unit: Unit, keys: list[str]) -> Everything:
    found, _ = await unit.transactions.look_back(limit=10_000)
    known = [await unit.registers.get(key) for key in keys]
    return Everything(
        devices={each.device_id: each for each in await unit.devices.page(limit=100)},
        transactions={each.transaction_id: each for each in found},
        places={each.transaction_id: await view.queue_position(unit, each) for each in found},
        pairings=[each for each, _ in await unit.pairings.page(limit=100)],
        last_events={
            each.register_key: await unit.events.last(each.register_key) for each in known if each is not None
        },
        next_due=await deadline.next_due(unit),
    )


class Hub(RuleBasedStateMachine):
    """Rules are what people, devices and time can do; invariants are the laws."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.scene = Scene(Path(self.folder.name), queue_limit=4)
        self.truth = Truth()
        self.places: dict[str, Place] = {}
        self.tills: dict[str, Till] = {}
        self.keys: dict[tuple[str, str], str] = {}
        self.worked_off = True
        self.read = 0
        self.told: dict[str, list[Json]] = {}
        self.told_transactions: dict[str, Json] = {}
        self.told_presence: dict[str, Json | None] = {}
        self.started: set[str] = set()
        self.steps: dict[tuple[str, str], str | None] = {}
        self.claimed: set[str] = set()
        self.now = Everything({}, {}, {}, [], {}, None)
        """What the store held after the last step."""

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(coroutine)

    def execute(self, command: Callable[Concatenate[Unit, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        async def executed() -> T:
            return await self.scene.engine.execute(command, *args, **kwargs)

        return self.run(executed())

    @initialize()
    def open(self) -> None:
        self.run(self.scene.open())
        for device_id in DEVICES:
            self.places[device_id] = Place(Terminal(self.scene, device_id), self.truth)
            self.run(self.places[device_id].plug_in())
        for register_id in REGISTERS:
            self.tills[register_id] = self.run(self.scene.till(register_id=register_id))
        self.pairing("D1", "R1", "pair")
        self.pairing("D1", "R2", "pair")

    def teardown(self) -> None:
        try:
            if self.places:
                self.come_to_rest()
                self.run(self.scene.close())
        finally:
            self.loop.close()
            self.folder.cleanup()

    # What can happen: people. Few rules with many kinds: what is drawn most is a word that goes its way.

    @rule(register_id=registers, key=st.sampled_from([None, None, None, "k1", "k2"]))
    def pay(self, register_id: str, key: str | None) -> None:
        submitted, refused = self.outcome(self.tills[register_id].submit(key=key))
        if submitted is None:
            assert refused in ("register_not_paired", "device_busy")
            return
        transaction_id = submitted.seen.transaction_id
        assert submitted.replayed == (transaction_id in self.told_transactions)
        if key is not None:
            first = self.keys.setdefault((register_id, key), transaction_id)
            assert first == transaction_id, "one key, two transactions"

    @precondition(lambda self: self.now.open)
    @rule(pick=picks)
    def cancel(self, pick: int) -> None:
        found = picked(self.now.open, pick)
        till = next(till for till in self.tills.values() if till.key == found.register_key)
        answer = self.run(till.cancel(found.transaction_id))
        assert (answer.answer == "cancelled") == (answer.transaction.state == "cancelled")

    @precondition(lambda self: self.now.in_doubt)
    @rule(pick=picks, outcome=outcomes)
    def resolve(self, pick: int, outcome: Outcome) -> None:
        found = picked(self.now.in_doubt, pick)
        command = transaction.resolve_by_operator
        self.execute(command, found.transaction_id, outcome, operator="anna", note="")

    @rule(
        device_id=devices,
        register_id=registers,
        kind=st.sampled_from(["pair", "pair", "show", "redeem", "unpair", "unpair all", "unpair by operator"]),
    )
    def pairing(self, device_id: str, register_id: str, kind: str) -> None:
        place, till = self.places[device_id], self.tills[register_id]
        if kind == "redeem":
            self.redeem_what_is_on_the_screen(place, till)
        elif kind == "unpair by operator":
            for each in self.now.pairings:
                if (each.device_id, each.register_key) == (device_id, till.key):
                    self.execute(remove_by_operator, each.pairing_id)
        elif not self.is_connected(place):
            return
        elif kind == "pair":
            self.run(till.pair(place.terminal))
            place.screen = None
        elif kind == "show":
            shown = self.run(place.terminal.code())
            place.screen = (shown.code, self.scene.clock.now_ms() + round(shown.expires_in_seconds * 1000))
        elif kind == "unpair all":
            self.run(place.terminal.unpair())
        else:
            paired = [each.pairing_id for each in self.now.pairings if each.device_id == device_id]
            if paired:
                self.run(place.terminal.unpair(paired[0]))

    def redeem_what_is_on_the_screen(self, place: Place, till: Till) -> None:
        if place.screen is None:
            return
        code, until = place.screen
        paired = self.outcome(till.redeem(code))[0] is not None
        if self.scene.clock.now_ms() >= until:
            assert not paired, "a code was accepted after its end"
        if paired:
            place.screen = None

    # What can happen: devices

    @precondition(lambda self: self.lines(lambda line: line.has_frames))
    @rule(
        pick=picks,
        willing=st.sampled_from([True, True, True, False]),
        mute=st.sampled_from([False, False, True]),
        answer=st.sampled_from(["cancelling", "too_late", "completed"]),
        all_of_them=st.booleans(),
    )
    def device_reads(self, pick: int, willing: bool, mute: bool, answer: str, all_of_them: bool) -> None:
        line = picked(self.lines(lambda line: line.has_frames), pick)
        while line.has_frames:
            line.read(line.to_device.popleft(), willing=willing, mute=mute, answer=answer)
            if not all_of_them:
                return

    @precondition(lambda self: self.lines(lambda line: bool(line.to_hub)))
    @rule(pick=picks, all_of_them=st.booleans())
    def hub_hears(self, pick: int, all_of_them: bool) -> None:
        line = picked(self.lines(lambda line: bool(line.to_hub)), pick)
        while line.to_hub:
            self.hear(line)
            if not all_of_them:
                return

    @precondition(lambda self: self.at_work)
    @rule(pick=picks, outcome=outcomes, kind=st.sampled_from(["finishes", "finishes silently", "goes on"]))
    def device_works(self, pick: int, outcome: Outcome, kind: str) -> None:
        place = picked(self.at_work, pick)
        transaction_id = place.hardware.begun
        assert transaction_id is not None
        if kind != "goes on":
            place.hardware.finish(outcome)
        if place.line is None or kind == "finishes silently":
            return
        if kind == "finishes":
            place.line.tell_outcome(transaction_id, outcome)
        else:
            place.line.tell_stage(transaction_id, f"stage_{outcome}")

    @precondition(lambda self: self.foreign)
    @rule(pick=picks, outcome=outcomes)
    def device_speaks_of_what_it_never_got(self, pick: int, outcome: Outcome) -> None:
        found = picked(self.foreign, pick)
        line = self.places[found.device_id].line
        if line is not None:
            line.tell_outcome(found.transaction_id, outcome, honest=False)

    @rule(device_id=devices, kind=st.sampled_from(["breaks", "breaks", "back", "back", "swap", "forget", "rotate"]))
    def disruption(self, device_id: str, kind: str) -> None:
        place = self.places[device_id]
        if kind == "breaks":
            place.unplug()
            return
        if kind == "rotate":
            place.unplug()
            place.terminal.credential = self.execute(device.rotate, device_id).credential
            return
        if kind == "swap":
            place.standing = "B" if place.standing == "A" else "A"
        elif kind == "forget":
            place.hardware.forget()
        self.plug_in(place)

    @precondition(lambda self: self.lines(lambda line: line.broken))
    @rule(pick=picks)
    def hub_notices(self, pick: int) -> None:
        line = picked(self.lines(lambda line: line.broken), pick)
        heard, before = self.is_heard(line), self.run(self.scene.queue(line.terminal.device_id))
        assert self.run(line.terminal.vanish()) == heard
        if not heard:
            assert self.run(self.scene.queue(line.terminal.device_id)) == before, "the end of an old line was felt"

    # What can happen: time

    @rule(seconds=seconds, timer_runs=st.sampled_from([True, True, False]))
    def time_passes(self, seconds: float, timer_runs: bool) -> None:
        if timer_runs:
            self.run(self.scene.pass_seconds(seconds))
        else:
            self.scene.clock.advance(seconds)
        self.worked_off = timer_runs

    @rule(seconds=st.sampled_from([0, 5, 20, 200]), rarely=st.integers(0, 3))
    def hub_is_killed_and_started_again(self, seconds: float, rarely: int) -> None:
        if rarely:
            return
        self.run(self.scene.close())
        self.scene.clock.advance(seconds)
        self.run(self.scene.open())
        self.worked_off = False
        for place in self.places.values():
            place.unplug()

    # What there is to pick from

    def lines(self, wanted: Callable[[Line], bool]) -> list[Line]:
        found = []
        for place in self.places.values():
            found += [line for line in place.lines if wanted(line)]
        return found

    @property
    def at_work(self) -> list[Place]:
        return [place for place in self.places.values() if place.hardware.begun is not None]

    @property
    def foreign(self) -> list[Transaction]:
        """What the hardware that stands at its device now was never sent."""
        return [
            each
            for each in self.now.transactions.values()
            if each.sent_serial not in (None, self.places[each.device_id].hardware.serial)
        ]

    # How it is carried out

    def everything(self) -> Everything:
        keys = [till.key for till in self.tills.values()]

        async def seen() -> Everything:
            return await self.scene.engine.query(_everything, keys)

        return self.run(seen())

    def outcome(self, doing: Coroutine[Any, Any, T]) -> tuple[T | None, str | None]:
        """What it came to: its result, or the code of its refusal."""
        try:
            return self.run(doing), None
        except Refusal as refusal:
            return None, refusal.code

    def is_heard(self, line: Line | None) -> bool:
        """Whether the hub still takes that line for the device's present one."""
        if line is None:
            return False
        queue = self.run(self.scene.queue(line.terminal.device_id))
        return queue.online and queue.epoch == line.terminal.epoch

    def is_connected(self, place: Place) -> bool:
        return place.line is not None and not place.line.broken and self.is_heard(place.line)

    def plug_in(self, place: Place) -> None:
        recorded = self.run(place.plug_in())
        self.check_recorded(recorded)

    def hear(self, line: Line) -> None:
        """The next word of a line arrives: taken if the line is the present one, refused if it is not."""
        self.the_laws_hold()
        heard, word = self.is_heard(line), line.to_hub.popleft()
        answer, refused = self.outcome(word.say())
        if not heard:
            assert refused == "connection_replaced", "an old line was heard"
        elif not word.honest:
            assert refused in ("other_hardware", "transaction_not_started")
        else:
            assert refused in (None, "transaction_final", "transaction_not_started"), refused
            if refused is None and word.claims is not None:
                self.claimed.add(word.claims)
        if isinstance(answer, Recorded):
            self.check_recorded([answer.transaction_id])
        self.the_laws_hold()

    def check_recorded(self, transaction_ids: list[str]) -> None:
        """What the device was told is on record is there: as it said, or as a conflict."""
        for transaction_id in transaction_ids:
            found = self.run(self.scene.transaction(transaction_id))
            said = self.truth.outcomes[transaction_id]
            assert found.state is said.state or found.conflict is not None

    def come_to_rest(self) -> None:
        """All hardware in turn stands at its place, honest and connected, until nothing moves any more."""
        for place in self.places.values():
            for standing in ("A", "B"):
                place.standing = standing
                self.plug_in(place)
                for _ in range(12):
                    self.do_everything(place)
                    self.run(self.scene.pass_seconds(3))
                self.the_laws_hold()
        self.worked_off = True
        self.run(self.scene.pass_seconds(200))
        self.the_laws_hold()
        for found in self.everything().transactions.values():
            outcome = self.truth.outcomes.get(found.transaction_id)
            if found.transaction_id in self.truth.excused:
                continue
            if outcome is None:
                assert found.state in (TransactionState.CANCELLED, TransactionState.IN_DOUBT) or found.resolved_by
            else:
                assert found.state is outcome.state or found.conflict is not None, "the device's word was lost"

    def do_everything(self, place: Place) -> None:
        line = place.line
        assert line is not None
        while line.has_frames or line.to_hub or place.hardware.begun is not None:
            while line.has_frames:
                line.read(line.to_device.popleft(), willing=True, mute=False, answer="cancelling")
            while line.to_hub:
                self.hear(line)
            if place.hardware.begun is not None:
                line.tell_outcome(place.hardware.finish(Outcome.APPROVED), Outcome.APPROVED)

    # The laws

    @invariant()
    def the_laws_hold(self) -> None:
        if not self.places:
            return
        before, self.now = self.now, self.everything()
        self.read_signals(before)
        self.check_queues()
        self.check_transactions(before)
        self.check_registers()
        if self.worked_off:
            assert self.now.next_due is None or self.now.next_due > self.scene.clock.now_ms(), (
                "a deadline was forgotten"
            )

    def read_signals(self, before: Everything) -> None:
        signals, self.read = self.scene.bus.signals[self.read :], len(self.scene.bus.signals)
        for signal in signals:
            if isinstance(signal, DeviceFrame):
                self.read_frame(signal, before)
            elif isinstance(signal, RegisterEvent):
                self.read_event(signal)
            elif isinstance(signal, Happened):
                self.check_step(signal)

    def read_frame(self, signal: DeviceFrame, before: Everything) -> None:
        frame = json.loads(signal.frame)
        method, params = frame["method"], frame["params"]
        if method == "pairing.code":
            until = self.scene.clock.now_ms() + round(params["expires_in_seconds"] * 1000)
            self.places[signal.device_id].screen = (params["code"], until)
        if not method.startswith("transaction."):
            return
        found = self.now.transactions[params["transaction_id"]]
        assert found.device_id == signal.device_id
        if self.now.devices[signal.device_id].epoch == signal.epoch:
            serial = self.now.devices[signal.device_id].serial
            assert found.sent_serial == serial, "asked a hardware that never got it"
        if method == "transaction.start":
            self.check_start(found, before)

    def check_start(self, started: Transaction, before: Everything) -> None:
        self.started.add(started.transaction_id)
        assert started.transaction_id not in self.claimed, "sent again after the device had said that it has it"
        was = before.transactions.get(started.transaction_id)
        assert was is None or was.acknowledged_at is None, "sent again after it was acknowledged"
        for other in self.now.of_device(started.device_id):
            assert other.state is not TransactionState.QUEUED or other.seq > started.seq, "one was overtaken"

    def read_event(self, signal: RegisterEvent) -> None:
        event = json.loads(signal.frame)
        told = self.told.setdefault(signal.register_key, [])
        assert event["params"]["event"] == signal.number == len(told) + 1, "a gap in the sequence"
        told.append(event)
        match event["method"]:
            case "transaction.updated":
                seen = event["params"]["transaction"]
                self.told_transactions[seen["transaction_id"]] = seen
            case "pairing.changed":
                self.told_presence[signal.register_key] = event["params"]["pairing"].get("device")
            case "device.presence":
                self.told_presence[signal.register_key] = event["params"]["device"]

    def check_step(self, signal: Happened) -> None:
        """Each step that was told is a row of its table, from the state that the step before led to."""
        table, state = _TABLES[signal.kind]
        thing = (signal.kind, signal.subject)
        before = self.steps.get(thing, table.initial.value)
        assert before is not None
        target = table.steps.get((state(before), signal.what))
        assert target is None or target.value == signal.state, f"{signal.what} led from {before} to {signal.state}"
        assert target is not None or signal.state == before, f"{signal.what} is no step, and led to {signal.state}"
        self.steps[thing] = signal.state
        if signal.what == "not_received" and signal.subject not in self.truth.excused:
            assert signal.subject not in self.truth.begins, "put back although the device has begun it"

    def check_queues(self) -> None:
        now = self.now
        for device_id, found in now.devices.items():
            mine = now.of_device(device_id)
            active = [each for each in mine if each.state in _ACTIVE]
            assert len(active) <= 1, "two in flight"
            assert all(each.transaction_id == found.current for each in active)
            if found.current is not None:
                assert now.transactions[found.current].state in (*_ACTIVE, TransactionState.IN_DOUBT)
            if found.state in (QueueState.SENDING, QueueState.PROCESSING, QueueState.RECONCILING):
                assert found.current is not None
            if found.state is QueueState.IDLE:
                assert found.current is None
                assert not any(each.state is TransactionState.QUEUED for each in mine), "idle, and one waits"
            if found.state is QueueState.STALLED and found.current is None:
                assert found.due_at is not None, "stalled for ever"
            assert sum(each.state is TransactionState.QUEUED for each in mine) <= 4 + 1  # one may have been put back
            assert self.steps[("device_queue", device_id)] == found.state.value

    def check_transactions(self, before: Everything) -> None:
        for transaction_id, found in self.now.transactions.items():
            if found.state in (TransactionState.QUEUED, *_ACTIVE):
                assert found.due_at is not None, "no way forward"
            if found.state in (TransactionState.QUEUED, TransactionState.SENDING):
                assert found.cancel_requested_at is None, "the POS has cancelled it"
            if found.state in TRANSACTION.final:
                assert found.due_at is None
                assert found.finished_at is not None
            was = before.transactions.get(transaction_id)
            assert was is None or was.state not in TRANSACTION.final or was.state is found.state, "a final one changed"
            assert found.sends > 0 or transaction_id not in self.started, "it was sent, and the record says never"
            self.check_truth(found)
            self.check_told(found)
        assert before.transactions.keys() <= self.now.transactions.keys(), "an acknowledged one is lost"

    def check_told(self, found: Transaction) -> None:
        """The last event is the record as it is."""
        seen = self.told_transactions[found.transaction_id]
        assert seen["state"] == found.state.value
        assert seen.get("stage") == found.stage
        assert seen.get("cause") == found.cause
        assert seen.get("queue_position") == self.now.places[found.transaction_id]
        assert seen.get("conflict", False) == (found.conflict is not None)
        assert seen.get("cancel_requested", False) == (found.cancel_requested_at is not None)

    def check_truth(self, found: Transaction) -> None:
        if found.transaction_id in self.truth.excused:
            return
        assert self.truth.begins.get(found.transaction_id, 0) <= 1, "charged twice"
        if found.state in TRANSACTION.final and found.resolved_by is None:
            if found.result is None:
                assert found.state is TransactionState.CANCELLED
                assert found.transaction_id not in self.truth.begins, "called not charged, and the device has begun it"
            else:
                assert found.state is self.truth.outcomes[found.transaction_id].state

    def check_registers(self) -> None:
        now = self.now
        paired = [each.register_key for each in now.pairings]
        assert len(paired) == len(set(paired)), "a register with two devices"
        for key, last in now.last_events.items():
            assert last == len(self.told.get(key, []))
        for each in now.pairings:
            presence, found = self.told_presence[each.register_key], now.devices[each.device_id]
            assert presence is not None
            assert (presence["device_id"], presence["online"]) == (each.device_id, found.online)
            assert (presence["queue_state"] == "stalled") == (found.state is QueueState.STALLED)


_ACTIVE = (TransactionState.SENDING, TransactionState.PROCESSING, TransactionState.CANCELLING)
_TABLES: dict[str, tuple[Table[Any], Any]] = {
    "transaction": (TRANSACTION, TransactionState),
    "device_queue": (DEVICE_QUEUE, QueueState),
    "pairing": (PAIRING, PairingState),
    "pairing_code": (PAIRING_CODE, CodeState),
}

STEPS = 50
PARTS = 6


def draw(part: int, examples: int) -> None:
    """So many orders of a seed; raises what the laws say about the smallest one that breaks them."""
    how = settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        database=None,
        deadline=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(seed(part)(type("Hub", (Hub,), {})), settings=how)


@pytest.mark.timeout(1_800)  # shrinking a failure takes a while
@pytest.mark.parametrize("part", range(1, PARTS + 1))
def test_any_order_keeps_the_laws(part: int) -> None:
    """300 orders of 50 steps; `scripts/torture model --seed PART --cycles 1` is a part again."""
    draw(part, 300 // PARTS)
