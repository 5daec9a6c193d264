"""Where the time of one payment goes: py-spy looks at the hub's stacks while it is under load."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections import Counter
from pathlib import Path

from tests.bench.bench import Bench, summed_up
from tests.bench.generator import generate
from tests.bench.orders import Json, Phase
from tests.bench.peers.catalogue import PYTHON
from tests.bench.serving import Served, hub

LOOKS_A_SECOND = 500

PARTS: list[tuple[str, tuple[str, ...]]] = [
    ("logs", ("structlog/", "hub/log.py", "logging/__init__.py")),
    ("rules: the library transitions", ("transitions/", "statemachines/table.py")),
    ("store: SQLite at work on a statement", ("hub/store/sqlite/session.py",)),
    ("store: batches, savepoints, commit and sync", ("hub/store/sqlite/",)),
    ("store: rows to objects and back", ("hub/store/",)),
    ("commands and rules", ("hub/commands/", "statemachines/")),
    ("messages: encode and parse", ("hub/wire/", "msgspec/")),
    ("HTTP", ("uvicorn/protocols/http/", "hub/edge/pos_", "hub/edge/order.py", "hub/edge/json_answer.py", "urllib/")),
    ("WebSocket", ("uvicorn/protocols/websockets/", "websockets/", "hub/edge/")),
    ("HTTP and WebSocket: Starlette and uvicorn", ("starlette/", "uvicorn/")),
    ("engine and bus", ("hub/engine.py", "hub/bus/", "hub/clock.py", "hub/timer.py", "hub/entropy.py")),
    ("thread hop of aiosqlite", ("aiosqlite/", "queue.py", "threading.py")),
    ("event loop and sockets", ("asyncio/", "uvloop/")),
]
REST = "other"


def part_of(stack: str) -> str:
    """Whose time a look is: the innermost frame of a named part, for what a library does is its caller's cost."""
    for frame in reversed(stack.split(";")):
        for name, places in PARTS:
            if any(place in frame for place in places):
                return name
    return REST


def shares(collapsed: str) -> dict[str, float]:
    """Part → its share of the looks, the largest first. `collapsed`: lines of `frame;frame;frame count`."""
    counts: Counter[str] = Counter()
    for line in collapsed.splitlines():
        stack, _, count = line.rpartition(" ")
        counts[part_of(stack)] += int(count)
    return {name: count / counts.total() for name, count in counts.most_common()}


def _program() -> str | None:
    own = PYTHON / "bin" / "py-spy"
    return str(own) if own.exists() else shutil.which("py-spy")


def _watch(program: str, served: Served, seconds: float, output: Path) -> subprocess.CompletedProcess[str]:
    command = [program, "record", "--pid", str(served.pid), "--rate", str(LOOKS_A_SECOND), "--full-filenames"]
    command += ["--duration", str(max(1, round(seconds))), "--format", "raw", "--output", str(output), "--nonblocking"]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds + 60)


def cost(bench: Bench) -> Json:
    """The share of each part at 64 in flight over the POS API, and its microseconds of the CPU that a payment costs.

    The load runs twice: once unwatched, for the cost, and once watched, for the shares.
    """
    program = _program()
    if program is None:
        raise RuntimeError("py-spy is not installed; scripts/bench --install-peers brings it")
    scale = bench.scale
    seconds = 2 * scale.seconds
    phase = Phase(in_flight=min(64, max(scale.in_flight)), seconds=seconds, warm_up_seconds=scale.warm_up_seconds)
    fleet: dict[str, object] = {"play": "phases", "devices": scale.devices, "registers": scale.devices}
    runs: list[Json] = []
    for _ in bench.rounds("cost of one transaction"):
        with bench.place() as folder:
            filled = bench.filled(folder, devices=scale.devices, registers=scale.devices)
            [report] = bench.hub_run(filled, {}, fleet | {"phases": [phase]})
            looks = folder / "looks.txt"
            with hub(filled.folder, bench.cores) as served:
                orders = bench.orders(served, credential=filled.credential, **fleet, phases=[phase])
                watching = threading.Timer(scale.warm_up_seconds + 1, _watch, (program, served, seconds - 1, looks))
                watching.start()
                generate(orders)
                watching.join()
            if not looks.exists():
                raise RuntimeError("py-spy could not look at the hub; it may need root")
            each = report["phases"][0]["server_cpu_us_each"]
            found = shares(looks.read_text())
        runs.append({"cpu_us_each": each, "shares": found, "us": {part: each * share for part, share in found.items()}})
    return summed_up(runs)
