"""What a network fault run does, by its seed: which fault strikes at which messages, and in which shop."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from tests.faults.crowd import Size
from tests.faults.kill import EAGER_CHECKPOINTS

HOUR = 3600

ACKNOWLEDGEMENTS = (
    "up answer to transaction.start",
    "up answer to transaction.cancel",
    "up transaction.complete",
    "down answer to transaction.complete",
    "down answer to transaction.submit",
    "down answer to transaction.cancel",
    "down answer to hello",
    "down response",
)
"""Somebody is told, for good, that something is so."""

OTHERS = (
    "up hello",
    "up request",
    "up transaction.submit",
    "up transaction.progress",
    "down transaction.start",
    "down transaction.cancel",
    "down transaction.updated",
    "down device.presence",
)

DEVICE_FRAMES = (
    "down transaction.start",
    "up answer to transaction.start",
    "up transaction.progress",
    "up transaction.complete",
    "down answer to transaction.complete",
)
REGISTER_FRAMES = ("down transaction.updated",)
FULL = "down refusal device_busy"


@dataclass(frozen=True)
class Fault:
    """Strikes at the `nth` message of those names."""

    how: str
    names: tuple[str, ...]
    nth: int
    after: bool = False
    """The message still gets through."""
    reset: bool = False
    """The connection ends with a reset, not in order."""
    seconds: float = 0.0
    """Of one that reads nothing: infinite is until the hub has had enough of it."""


@dataclass(frozen=True)
class Plan:
    """What the seed says."""

    kind: str
    faults: tuple[Fault, ...]
    size: Size
    settings: dict[str, str] = field(default_factory=dict)
    patches: tuple[str, ...] = ()
    narrow: bool = False
    devices_off: bool = False
    """The devices are off until the queues are full."""

    @classmethod
    def of(cls, seed: int) -> Plan:
        chance = random.Random(f"network {seed}")
        kind = KINDS[seed % len(KINDS)]
        plan = _PLANS[kind](chance)
        if chance.random() < 0.2:
            plan = replace(plan, patches=(*plan.patches, EAGER_CHECKPOINTS))
        return plan


def _some(
    chance: random.Random,
    how: str,
    least: int,
    most: int,
    names: tuple[str, ...],
    seconds: tuple[float, float] = (0, 0),
) -> tuple[Fault, ...]:
    return tuple(
        Fault(
            how,
            (chance.choice(names),),
            nth=chance.randrange(1, 9),
            after=chance.random() < 0.5,
            reset=chance.random() < 0.5,
            seconds=chance.uniform(*seconds),
        )
        for _ in range(chance.randint(least, most))
    )


def _cut(chance: random.Random) -> Plan:
    return Plan("cut", _some(chance, "cut", 1, 5, ACKNOWLEDGEMENTS * 3 + OTHERS), Size())


def _hub_believes(chance: random.Random) -> Plan:
    """Half-open towards the hub: the client comes back on a second socket, and the first one speaks up late."""
    faults = _some(chance, "hub believes", 1, 4, ACKNOWLEDGEMENTS + OTHERS, (0.02, 1.5))
    return Plan("two sockets", faults, Size())


def _client_believes(chance: random.Random) -> Plan:
    faults = _some(chance, "client believes", 1, 3, ACKNOWLEDGEMENTS + OTHERS, (0.02, 1.5))
    return Plan("half-open", faults, Size())


def _delay(chance: random.Random) -> Plan:
    """Longer than the hub waits for an acknowledgement, some of them."""
    return Plan("delayed", _some(chance, "delay", 1, 4, ACKNOWLEDGEMENTS * 2 + OTHERS, (0.02, 2.5)), Size())


def _storm(chance: random.Random) -> Plan:
    size = Size(devices=5, registers=10, pos=2, payments=2, device_faults=0, moves=0.1)
    return Plan("storm", _some(chance, "storm", 2, 4, (*ACKNOWLEDGEMENTS[2:5], *OTHERS)), size)


def _slow(chance: random.Random) -> Plan:
    return slow_plan(_some(chance, "slow", 1, 3, REGISTER_FRAMES, (0.3, 4)), Size(pos=0, payments=14, waits=0.1))


def slow_plan(faults: tuple[Fault, ...], size: Size) -> Plan:
    settings = {"outbox_limit": "16", "log_level": "debug"}
    return Plan("slow reader", faults, size, settings, ("tests.faults.patches:narrow_pipes",), narrow=True)


def _clock(chance: random.Random) -> Plan:
    """Forwards or back, once or twice, in a running hub or under a restart."""
    faults = tuple(
        replace(fault, how=chance.choice(("clock", "clock and restart")), seconds=chance.choice((HOUR, -HOUR)))
        for fault in _some(chance, "clock", 1, 2, ACKNOWLEDGEMENTS)
    )
    # A register that moves while the clock is wrong has two devices "at a time" on paper.
    return Plan("clock", faults, Size(moves=0), patches=("tests.faults.patches:stepping_clock",))


def _full(chance: random.Random) -> Plan:
    fault = Fault(chance.choice(("restart", "kill")), (FULL,), nth=chance.randrange(1, 4))
    size = Size(pos=0, payments=10, waits=0, moves=0, device_faults=0)
    settings = {"queue_limit": str(chance.randint(2, 6))}
    return Plan("full queues", (fault,), size, settings, devices_off=True)


def _replaced(chance: random.Random) -> Plan:
    """At any moment of a payment; the second time the first hardware may come back. The operator looks after what is
    left behind."""
    faults = _some(chance, "replace", 1, 3, DEVICE_FRAMES)
    return Plan("replaced hardware", faults, Size(device_faults=0))


_PLANS: dict[str, Callable[[random.Random], Plan]] = {
    "cut": _cut,
    "two sockets": _hub_believes,
    "half-open": _client_believes,
    "delayed": _delay,
    "storm": _storm,
    "slow reader": _slow,
    "clock": _clock,
    "full queues": _full,
    "replaced hardware": _replaced,
}
KINDS = ("cut", *_PLANS)
"""By seed, in turn."""
