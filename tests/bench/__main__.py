"""`scripts/bench`: measures the hub and its peers, and writes results.json, report.md and the plots."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec

from hub import log, open_files
from tests.bench import cost, figures, machine, report, scenarios
from tests.bench.bench import QUICK, Bench, Scale
from tests.bench.orders import Json
from tests.bench.peers import catalogue
from tests.bench.serving import ROOT, Cores

PAGE = ROOT / "docs" / "performance.md"
PLOTS = PAGE.parent / report.PLOTS

SCENARIOS: dict[str, Callable[[Bench], Json]] = {
    "throughput": scenarios.throughput,
    "peers": scenarios.peers,
    "latency": scenarios.latency,
    "idle": scenarios.idle,
    "storm": scenarios.storm,
    "growth": scenarios.growth,
    "fan_out": scenarios.fan_out,
    "cost": cost.cost,
}


def measure(bench: Bench, chosen: list[str]) -> tuple[Json, bool]:
    """Run the scenarios; one whose figures would lie is reported as refused, and the others still run."""
    results: Json = {"machine": machine.describe(bench.cores, bench.seed), "scale": msgspec.to_builtins(bench.scale)}
    good = True
    for name in chosen:
        try:
            results[name] = SCENARIOS[name](bench)
        except Exception as problem:
            # Whatever it was: what the others measured in a quarter of an hour is kept.
            good = False
            results[name] = {"refused": f"{type(problem).__name__}: {problem}"}
            bench.say(f"{name}: no figures, for {problem!r}\n")
            traceback.print_exc()
    return results, good


def _parsed(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("scenario", nargs="*", choices=[*SCENARIOS, []], help="default: all")
    parser.add_argument("--quick", action="store_true", help="smaller and shorter: a look, not a result")
    parser.add_argument("--rounds", type=int, help="runs whose median is reported (3)")
    parser.add_argument("--stored", type=int, action="append", help="stored transactions for growth; may be repeated")
    parser.add_argument("--install-peers", action="store_true", help="install what the peers need into .peers, and end")
    parser.add_argument("--minutes", type=float, default=18, help="after these, one run of each is enough (18)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write-docs", action="store_true", help="put the figures and plots into docs/performance.md")
    parser.add_argument("--output", type=Path, default=ROOT / "bench-results")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    asked = _parsed(arguments)
    log.configure(level="warning")
    if asked.install_peers:
        catalogue.install()
        return 0
    scale: Scale = QUICK if asked.quick else Scale()
    if asked.rounds:
        scale = replace(scale, rounds=asked.rounds)
    if asked.stored:
        scale = replace(scale, stored=tuple(asked.stored))
    open_files.raise_limit()  # for us, and for what we start: each connection is one
    # So that what was started ends with it.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as folder:
        bench = Bench(Path(folder), scale, Cores.choose(), asked.seed, minutes=asked.minutes)
        results, good = measure(bench, asked.scenario or list(SCENARIOS))
        bench.say("done\n")
    asked.output.mkdir(parents=True, exist_ok=True)
    report.write(results, asked.output)
    if asked.write_docs:
        PAGE.write_text(report.into_page(results, PAGE.read_text()))
        PLOTS.mkdir(exist_ok=True)
        for name, svg in figures.plots(results).items():
            (PLOTS / name).write_text(svg)
    print((asked.output / "report.md").read_text())
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
