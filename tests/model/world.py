"""The world around the hub, as plain Python: hardware with a memory, lines that carry words both ways or lose them.

Nothing here looks into the hub. The hardware is honest and durable unless it `forgets`; it does one thing at a time; it
begins a transaction once. What it did is the truth that the hub's record is held against.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from statemachines.transaction import Outcome
from tests.commands.scene import Terminal, result

Json = dict[str, Any]


@dataclass
class Word:
    """Something that a device says; `claims` is the transaction that it thereby says to have."""

    say: Callable[[], Coroutine[Any, Any, object]]
    claims: str | None = None
    honest: bool = True


@dataclass
class Truth:
    """What really happened, over all hardware."""

    begins: dict[str, int] = field(default_factory=dict)
    """How often a transaction was begun. Twice is a double charge."""
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    excused: set[str] = field(default_factory=set)
    """What a piece of hardware has forgotten: nobody can be held to anything about these."""


@dataclass
class Hardware:
    """One terminal on the counter, with its memory."""

    serial: str
    truth: Truth
    begun: str | None = None
    results: dict[str, Outcome] = field(default_factory=dict)

    def begin(self, transaction_id: str) -> None:
        self.begun = transaction_id
        self.truth.begins[transaction_id] = self.truth.begins.get(transaction_id, 0) + 1

    def finish(self, outcome: Outcome) -> str:
        assert self.begun is not None
        transaction_id, self.begun = self.begun, None
        self.results[transaction_id] = self.truth.outcomes[transaction_id] = outcome
        return transaction_id

    def forget(self) -> None:
        """A broken flash: it breaks its contract with the hub."""
        self.truth.excused.update(self.results)
        if self.begun is not None:
            self.truth.excused.add(self.begun)
        self.begun = None
        self.results.clear()


@dataclass
class Line:
    """One connection: words to the hub are on their way until they are heard; a broken line brings no frames."""

    terminal: Terminal
    hardware: Hardware
    to_hub: deque[Word] = field(default_factory=deque)
    to_device: deque[Json] = field(default_factory=deque)
    broken: bool = False

    def say(
        self, say: Callable[[], Coroutine[Any, Any, object]], claims: str | None = None, *, honest: bool = True
    ) -> None:
        self.to_hub.append(Word(say, claims, honest))

    @property
    def has_frames(self) -> bool:
        """Whether the hub has sent something that the device has not read."""
        frames = self.terminal.frames()
        if not self.broken:
            self.to_device.extend(frames)
        return bool(self.to_device)

    def read(self, frame: Json, *, willing: bool, mute: bool, answer: str) -> None:
        """The hardware reads a frame and answers as the protocol says, unless the answer is swallowed (`mute`)."""
        hardware, transaction_id = self.hardware, frame["params"].get("transaction_id")
        known = hardware.results.get(transaction_id)
        terminal = self.terminal
        match frame["method"]:
            case "transaction.start" if known is None and hardware.begun != transaction_id:
                if hardware.begun is not None or not willing:
                    self.say(lambda: terminal.refuse(frame))
                    return
                hardware.begin(transaction_id)
                if not mute:
                    self.say(lambda: terminal.answer(frame, "accepted"), transaction_id)
            case "transaction.start" | "transaction.inquire" if known is not None:
                outcome = known
                done = result(transaction_id, outcome)
                self.say(lambda: terminal.answer(frame, "completed", result=done), transaction_id)
            case "transaction.start" | "transaction.inquire" if hardware.begun == transaction_id:
                if not mute:
                    self.say(lambda: terminal.answer(frame, "processing"), transaction_id)
            case "transaction.inquire":
                self.say(lambda: terminal.answer(frame, "unknown"))
            case "transaction.cancel" if known is not None:
                outcome = known
                done = result(transaction_id, outcome)
                self.say(lambda: terminal.answer_cancel(frame, "completed", done), transaction_id)
            case "transaction.cancel" if hardware.begun == transaction_id:
                if answer == "completed":
                    hardware.finish(Outcome.CANCELLED)
                    done = result(transaction_id, Outcome.CANCELLED)
                    self.say(lambda: terminal.answer_cancel(frame, "completed", done), transaction_id)
                elif not mute:
                    self.say(lambda: terminal.answer_cancel(frame, answer), transaction_id)

    def tell_outcome(self, transaction_id: str, outcome: Outcome, *, honest: bool = True) -> None:
        terminal = self.terminal
        self.say(lambda: terminal.complete(transaction_id, outcome), transaction_id, honest=honest)

    def tell_stage(self, transaction_id: str, stage: str) -> None:
        terminal = self.terminal
        self.say(lambda: terminal.progress(transaction_id, stage), transaction_id)


@dataclass
class Place:
    """Where a device stands: one id, the hardware that has stood there so far, and its lines, the newest last."""

    terminal: Terminal
    truth: Truth
    standing: str = "A"
    shelf: dict[str, Hardware] = field(default_factory=dict)
    line: Line | None = None
    old_lines: list[Line] = field(default_factory=list)
    screen: tuple[str, int] | None = None
    """The pairing code that was shown last, and when it ends."""

    @property
    def lines(self) -> list[Line]:
        return [*self.old_lines, *([] if self.line is None else [self.line])]

    @property
    def hardware(self) -> Hardware:
        serial = f"{self.terminal.device_id}-{self.standing}"
        return self.shelf.setdefault(serial, Hardware(serial, self.truth))

    def unplug(self) -> None:
        """The line breaks; the hub has not noticed. Words that were on their way may still arrive."""
        if self.line is not None:
            self.line.to_device.clear()
            self.line.broken = True

    async def plug_in(self) -> list[str]:
        """A new line, and a hello that tells all that the hardware knows; what is on record it need not keep."""
        if self.line is not None:
            self.unplug()
            self.old_lines.append(self.line)
        hardware = self.hardware
        connected = await self.terminal.switch_on(
            serial=hardware.serial,
            in_flight=[hardware.begun] if hardware.begun is not None else [],
            results=[result(transaction_id, outcome) for transaction_id, outcome in hardware.results.items()],
        )
        self.line = Line(self.terminal.connection(), hardware)
        for transaction_id in connected.recorded:
            del hardware.results[transaction_id]
        return connected.recorded
