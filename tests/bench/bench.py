"""How big a bench is, where it works, and one run of a server under the generator."""

from __future__ import annotations

import contextlib
import math
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from tests.bench.fill import Filled, fill
from tests.bench.generator import check, generate, missing_in_hub
from tests.bench.orders import Json, Orders, Phase
from tests.bench.peers.catalogue import PYTHON, Peer
from tests.bench.percentiles import medians
from tests.bench.serving import ROOT, Cores, Served, hub


@dataclass(frozen=True)
class Scale:
    """How much of everything, and for how long. `rounds`: runs whose median is reported."""

    rounds: int = 3
    devices: int = 200
    in_flight: tuple[int, ...] = (1, 4, 16, 64, 256)
    peers_in_flight: tuple[int, ...] = (1, 256)
    peers_seconds: float = 3
    peers_warm_up_seconds: float = 1.5
    """Long enough that 256 in flight come round more than once at the slowest of them."""
    seconds: float = 2.5
    warm_up_seconds: float = 0.75
    rates: dict[int, float] = field(default_factory=lambda: {50: 8, 200: 5, 1000: 5})
    """Payments a second, and for how many seconds."""
    connections: tuple[int, ...] = (1_000, 10_000)
    idle_seconds: float = 26
    """At least one heartbeat of everyone (25 s)."""
    storm_devices: int = 5_000
    stored: tuple[int, ...] = (0, 100_000, 1_000_000)
    growth_devices: int = 10_000
    growth_registers: int = 50_000
    dashboards: tuple[int, ...] = (0, 10)
    watching_registers: int = 1_000


QUICK = Scale(
    in_flight=(1, 16, 256),
    seconds=1.5,
    warm_up_seconds=0.5,
    rates={50: 4, 200: 3, 1000: 3},
    connections=(1_000,),
    storm_devices=1_000,
    stored=(0, 100_000),
    peers_seconds=2,
    peers_warm_up_seconds=1,
)
TINY = Scale(
    rounds=1,
    devices=2,
    in_flight=(2,),
    peers_in_flight=(2,),
    peers_seconds=1.0,  # shorter, and a busy machine might finish nothing in it
    peers_warm_up_seconds=0.05,
    seconds=1.0,
    warm_up_seconds=0.05,
    rates={50: 1.0},
    connections=(5,),
    idle_seconds=0.2,
    storm_devices=5,
    stored=(0, 20),
    growth_devices=4,
    growth_registers=8,
    dashboards=(1,),
    watching_registers=3,
)


class Bench:
    """The scratch folder, the cores, the seed; and the line that tells how far it is."""

    def __init__(
        self,
        folder: Path,
        scale: Scale,
        cores: Cores,
        seed: int,
        *,
        minutes: float = math.inf,
        quiet: bool = False,
    ) -> None:
        self.folder = folder
        self.scale = scale
        self.cores = cores
        self.seed = seed
        self._quiet = quiet
        self._began = time.monotonic()
        self._minutes = minutes
        self._runs = 0

    def say(self, text: str) -> None:
        """Rewrite the progress line on a terminal, add a line elsewhere."""
        if not self._quiet:
            passed = int(time.monotonic() - self._began)
            begin, end = ("\r\x1b[K", "") if sys.stderr.isatty() else ("", "\n")
            print(f"{begin}[{passed // 60:2}:{passed % 60:02}] {text}", end=end, file=sys.stderr, flush=True)

    def rounds(self, what: str) -> Iterator[int]:
        """The runs of a scenario: one, once the time is up, so that each has something to show. The report says so."""
        for number in range(self.scale.rounds):
            if number and time.monotonic() - self._began > self._minutes * 60:
                self.say(f"{what}: no further run, the time is up")
                return
            self.say(f"{what}, run {number + 1} of {self.scale.rounds}")
            yield number

    @contextlib.contextmanager
    def place(self) -> Iterator[Path]:
        """A folder of its own for one run, gone afterwards."""
        self._runs += 1
        folder = self.folder / f"run-{self._runs}"
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def filled(self, folder: Path, *, devices: int, registers: int, transactions: int = 0) -> Filled:
        return fill(folder, devices=devices, registers=registers, transactions=transactions, seed=self.seed)

    def orders(self, served: Served, **orders: object) -> Orders:
        """Orders with what every run needs; a limit that ends a run which hangs."""
        phases = orders.get("phases") or []
        assert isinstance(phases, Sequence)
        lasts = sum(phase.seconds + phase.warm_up_seconds for phase in phases)
        limit = 90 + 2 * lasts + 2 * self.scale.idle_seconds
        given = {
            "url": served.url,
            "pid": served.pid,
            "seed": self.seed,
            "limit_seconds": limit,
            "acknowledged": str(served.log.parent / "acknowledged.txt"),
            "core": self.cores.generator,
        } | orders
        return Orders(**given)

    def hub_run(self, filled: Filled, settings: dict[str, str], *each: dict[str, object]) -> list[Json]:
        """Start the hub on a filled store, let the generator play each of the orders, stop it, and check the store."""
        reports: list[tuple[Json, Orders]] = []
        with hub(filled.folder, self.cores, **settings) as served:
            for number, given in enumerate(each):
                orders = self.orders(served, credential=filled.credential, **given)
                orders.acknowledged += f".{number}"
                reports.append((generate(orders), orders))
        missing = missing_in_hub(filled.folder / "data")
        for report, orders in reports:
            check(report, orders, missing)
        return [report for report, _ in reports]

    def peer_run(self, folder: Path, peer: Peer, fleet: dict[str, object]) -> Json:
        """The same for a peer, through every door that it has."""
        phases = [phase for door in peer.doors for phase in self.peer_phases(door)]
        with peer.start(folder, self.cores) as served:
            orders = self.orders(served, wire=peer.wire, **fleet, phases=phases)
            report = generate(orders, module=peer.generator, PYTHONPATH=f"{PYTHON}{os.pathsep}{ROOT}")
        check(report, orders, peer.missing(folder))
        return report

    def peer_phases(self, door: str) -> list[Phase]:
        scale = self.scale
        timed = {"seconds": scale.peers_seconds, "warm_up_seconds": scale.peers_warm_up_seconds}
        return [msgspec.structs.replace(phase, **timed) for phase in self.phases(scale.peers_in_flight, door)]

    def phases(self, in_flight: Sequence[int], door: str) -> list[Phase]:
        scale = self.scale
        return [
            Phase(
                in_flight=count,
                door="pos" if door == "pos" else "socket",
                seconds=scale.seconds,
                warm_up_seconds=scale.warm_up_seconds,
            )
            for count in in_flight
        ]


def by_name(report: Json, name: Callable[[Json], str]) -> dict[str, Json]:
    """The stretches of a run by name, so that the medians of several runs can be taken."""
    return {name(phase): phase for phase in report["phases"]}


def summed_up(runs: Sequence[Json]) -> Json:
    """What is kept of a scenario: the medians, and every run that they are made of."""
    return {"median": medians(runs), "runs": list(runs)}
