"""Weather: what kind of world one seed gets. Each run has some of the faults, so that rare ones meet in all pairs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from random import Random

from hub.settings import Settings

FAULTS = (
    "cut",
    "half_open",
    "storm",
    "stall",
    "power",
    "power_at",
    "second_socket",
    "replace",
    "silence",
    "twice",
    "refuse",
    "crash",
    "disk",
    "operator",
    "rotate",
    "unpair",
    "amnesia",
    "long_pause",
)


@dataclass(frozen=True)
class Weather:
    devices: int
    tills: int
    faults: tuple[str, ...]
    fault_rate: float
    """Faults a step."""
    act_rate: float
    """Deeds of clients a step; few of them leave time for deliveries, many fill the queues."""
    cancel_rate: float
    """How often a till that does something cancels."""
    patience: int
    """How many open transactions a till has before it waits."""
    unplugged: bool
    """The first device does not come back in the end."""
    tick_ms: int
    """How much time a step takes at most."""
    leap_rate: float
    """How often time leaps to the next timer."""
    commit_rate: float
    """How often the store gets its turn before the wires do: seldom makes large batches."""
    settings: Settings


def weather(random: Random, only: tuple[str, ...] | None = None) -> Weather:
    """The weather of a seed; `only`: nothing but these faults, and many of them."""
    share = random.choice((0.15, 0.3, 0.6))
    faults = tuple(fault for fault in FAULTS if random.random() < share) or FAULTS if only is None else only
    return Weather(
        devices=random.randint(1, 3),
        tills=random.randint(2, 5),
        faults=faults,
        fault_rate=random.choice((0.005, 0.02, 0.05)) if only is None else 0.05,
        act_rate=random.choice((0.1, 0.2, 0.3)),
        cancel_rate=random.choice((0.05, 0.2, 0.5)),
        patience=random.choice((1, 3, 100)),
        unplugged=random.random() < (0.2 if only is None else 0.6),
        tick_ms=random.choice((2, 20, 100)),
        leap_rate=random.choice((0.001, 0.005, 0.02)),
        commit_rate=random.choice((0.02, 0.1, 0.3)),
        settings=Settings(
            data_dir=Path("memory"),
            admin_token="adm",
            pairing_code_digits=6,
            pairing_attempts_per_minute=1000,
            pairing_attempts_per_source=1000,
            pairing_session_seconds=random.choice((60, 600)),
            pairing_code_ttl_seconds=random.choice((30, 120)),
            queue_limit=random.choice((3, 8, 50)),
            outbox_limit=random.choice((24, 256)),
            batch_limit=random.choice((1, 4, 256)),
            start_deadline_seconds=random.choice((20, 180)),
            event_retention_hours=1,
            sweep_seconds=60,
        ),
    )
