"""The issue's figures: what was to be reached, and what was. Also the sizes that follow, and the plots."""

from __future__ import annotations

from collections.abc import Callable

from tests.bench.orders import Json
from tests.bench.plot import line_plot

MISSING = "not measured"


def _taken(results: Json, *path: str) -> float | None:
    """The figure at that path, if its scenario was run and has it."""
    at: object = results
    for name in path:
        if not isinstance(at, dict) or name not in at:
            return None
        at = at[name]
    return float(at) if isinstance(at, int | float) else None


def _busiest(results: Json, scenario: str, door: str) -> str:
    key = "peers_in_flight" if scenario == "peers" else "in_flight"
    return f"{door}-{max(results['scale'][key])}"


def _rate(results: Json, door: str) -> str:
    busiest = _busiest(results, "throughput", door)
    rate = _taken(results, "throughput", "median", busiest, "per_second")
    cpu = _taken(results, "throughput", "median", busiest, "server_cpu_us_each")
    return MISSING if rate is None else f"{rate:,.0f} ({cpu:.0f} µs of CPU each)"


def _ratio(results: Json) -> str:
    busiest = _busiest(results, "peers", "pos")
    ours = _taken(results, "peers", "hub", "median", busiest, "per_second")
    theirs = _taken(results, "peers", "naive", "median", busiest, "per_second")
    if ours is None or not theirs:
        return MISSING
    own_cpu = _taken(results, "peers", "hub", "median", busiest, "server_cpu_us_each")
    their_cpu = _taken(results, "peers", "naive", "median", busiest, "server_cpu_us_each")
    by_cpu = f"; by CPU {their_cpu / own_cpu:.1f}×" if own_cpu and their_cpu else ""
    return f"{ours / theirs:.1f}× ({ours:,.0f} against {theirs:,.0f}{by_cpu})"


def _whole(results: Json) -> str:
    p50, p99 = (_taken(results, "latency", "median", "pos-1000", "whole_ms", name) for name in ("p50", "p99"))
    return MISSING if p50 is None else f"{p50:.1f} / {p99:.1f} ms"


def _to_device(results: Json) -> str:
    p50 = _taken(results, "latency", "median", "pos-50", "to_device_ms", "p50")
    alone = _taken(results, "throughput", "median", "pos-alone", "to_device_ms", "p50")
    paced = MISSING if p50 is None else f"{p50:.2f} ms at 50/s"
    return paced if alone is None else f"{paced}, {alone:.2f} ms with one alone"


def _most(results: Json, scenario: str, *path: str) -> float | None:
    """The figure of the largest size of a scenario."""
    sizes = [name for name in results.get(scenario, {}) if name.isdigit()]
    return _taken(results, scenario, max(sizes, key=int), *path) if sizes else None


def _memory(results: Json) -> str:
    kib = _most(results, "idle", "median", "kib_each")
    return MISSING if kib is None else f"{kib:.1f} KiB at {_most(results, 'idle', 'median', 'connections'):,.0f}"


def _idle(results: Json) -> str:
    cpu = _most(results, "idle", "median", "idle_cpu")
    return MISSING if cpu is None else f"{cpu * 100:.1f} % at {_most(results, 'idle', 'median', 'connections'):,.0f}"


def _storm(results: Json) -> str:
    seconds = _taken(results, "storm", "median", "settled_seconds")
    devices = _taken(results, "storm", "median", "devices")
    return MISSING if seconds is None else f"{seconds:.1f} s ({devices:,.0f} devices)"


def _growth(results: Json) -> str:
    first = _taken(results, "growth", "0", "median", "busy", "per_second")
    last = _most(results, "growth", "median", "busy", "per_second")
    if not first or last is None:
        return MISSING
    largest = max(int(name) for name in results["growth"] if name.isdigit())
    return f"{last / first:.2f} with {largest:,} stored"


FIGURES: list[tuple[str, str, str, Callable[[Json], str]]] = [
    ("durable transactions/s, 256 in flight, POS API", "1,800", "3,500", lambda results: _rate(results, "pos")),
    ("the same over the register WebSocket", "2,200", "4,500", lambda results: _rate(results, "socket")),
    ("ratio to the naive build in the same run", "5×", "10×", _ratio),
    ("submit → register at 1,000/s, p50 / p99", "3 / 10 ms", "1.5 / 5 ms", _whole),
    ("submit → device frame, unloaded, p50", "1.5 ms", "0.8 ms", _to_device),
    ("RSS per idle device connection at 10,000", "28 KiB", "16 KiB", _memory),
    ("idle CPU at 10,000 connections", "5 % of a core", "2 %", _idle),
    ("5,000 devices reconnect with work waiting, all settled", "10 s", "4 s", _storm),
    ("throughput with 1M stored against empty", "0.9", "1.0", _growth),
]

SHARE_OF_A_CORE = 0.6
"""How busy the hub's one core may be in a sizing: the rest is for bursts, reconnections and the operator."""
CORE_SHARES = {"a quarter of a core": 0.25, "half a core": 0.5, "a core as measured": 1.0}


def sizing(results: Json) -> list[list[str]]:
    """Rows of the sizing table: a size, payments a second, connected devices, memory; empty without the figures."""
    cpu = _taken(results, "throughput", "median", _busiest(results, "throughput", "pos"), "server_cpu_us_each")
    kib, base = _most(results, "idle", "median", "kib_each"), _most(results, "idle", "median", "rss_before_mib")
    idle, at = _most(results, "idle", "median", "idle_cpu"), _most(results, "idle", "median", "connections")
    if cpu is None or kib is None or base is None or idle is None or not at:
        return []
    rows = []
    for (size, share), devices in zip(CORE_SHARES.items(), (1_000, 5_000, 10_000), strict=True):
        left = max(0.0, share * SHARE_OF_A_CORE - idle / at * devices)
        rows.append([size, f"{devices:,}", f"{left / cpu * 1e6:,.0f}", f"{base + devices * kib * 2 / 1024:,.0f} MiB"])
    return rows


def plots(results: Json) -> dict[str, str]:
    """File name → SVG, of the scenarios that were run."""
    found: dict[str, str] = {}
    if "median" in results.get("throughput", {}):
        series = {
            name: [
                (phase["in_flight"], phase["per_second"])
                for key, phase in results["throughput"]["median"].items()
                if key.startswith(door) and not key.endswith("alone")
            ]
            for door, name in (("pos", "POS API"), ("socket", "register socket"))
        }
        found["throughput.svg"] = line_plot(
            "Durable transactions a second", "payments in flight", "transactions/s", series
        )
    if "median" in results.get("latency", {}):
        series = {
            f"whole, {share}": [
                (phase["rate"], phase["whole_ms"][share])
                for key, phase in results["latency"]["median"].items()
                if key.startswith("pos")
            ]
            for share in ("p50", "p99", "p99.9")
        }
        found["latency.svg"] = line_plot("Submit → outcome at the register", "payments a second", "ms", series)
    if results.get("idle") and "refused" not in results["idle"]:
        points = [(each["median"]["connections"], each["median"]["rss_mib"]) for each in results["idle"].values()]
        none = next(iter(results["idle"].values()))["median"]["rss_before_mib"]
        found["memory.svg"] = line_plot(
            "Memory of the hub", "idle device connections", "RSS, MiB", {"RSS": [(0, none), *points]}, to_scale=True
        )
    return found
