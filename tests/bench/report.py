"""results.json, for machines; report.md, for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from tests.bench import figures
from tests.bench.orders import Json


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _times(times: Json) -> list[str]:
    return [f"{times[name]:.2f}" if name in times else "–" for name in ("p50", "p99", "p99.9")]


def _load(phase: Json) -> list[str]:
    return [
        f"{phase['per_second']:,.0f}",
        f"{phase['server_cpu_us_each']:.0f}",
        f"{phase['server_cpu']:.2f}",
        f"{phase['generator_cpu']:.2f}",
    ]


QUIET = 1.0
"""Load average up to which a machine counts as doing nothing else; this includes what was just started."""

LOAD = ["transactions/s", "server CPU µs each", "server cores", "generator cores"]


def throughput(found: Json) -> str:
    rows = [[name, *_load(phase), *_times(phase["whole_ms"])[:2]] for name, phase in found["median"].items()]
    return table(["door, in flight", *LOAD, "whole p50 ms", "p99"], rows)


def latency(found: Json) -> str:
    rows = [
        [
            name,
            f"{phase['finished']:.0f}",
            " / ".join(_times(phase["to_device_ms"])),
            " / ".join(_times(phase["to_register_ms"])),
            " / ".join(_times(phase["whole_ms"])),
            *_load(phase)[1:],
            f"{phase['late_ms'].get('p99', 0):.2f}",
        ]
        for name, phase in found["median"].items()
    ]
    kinds = ["submit → device", "result → register", "whole"]
    head = [
        "door, rate/s",
        "payments a run",
        *(f"{kind} p50 / p99 / p99.9 ms" for kind in kinds),
        *LOAD[1:],
        "sent late p99 ms",
    ]
    return table(head, rows)


def idle(found: Json) -> str:
    rows = []
    for connections, each in found.items():
        median = each["median"]
        rows.append(
            [
                f"{int(connections):,}",
                f"{median['rss_before_mib']:.0f}",
                f"{median['rss_mib']:.0f}",
                f"{median['kib_each']:.1f}",
                f"{median['idle_cpu'] * 100:.1f} %",
                f"{median['connected_seconds']:.1f}",
            ]
        )
    return table(
        ["connections", "RSS before MiB", "RSS MiB", "KiB each", "idle CPU of a core", "s until all were in"], rows
    )


def storm(found: Json) -> str:
    median = found["median"]
    row = [
        f"{median['devices']:,.0f}",
        f"{median['settled_seconds']:.2f}",
        f"{median['settled_ms']['p50'] / 1000:.2f}",
        f"{median['welcomed_seconds']:.2f}",
        f"{median['server_cpu_seconds']:.2f}",
        f"{median['generator_cpu_seconds']:.2f}",
    ]
    head = ["devices", "s until all settled", "p50 s", "s until all were in", "server CPU s", "generator CPU s"]
    return table(head, [row])


def growth(found: Json) -> str:
    rows = []
    for stored, each in found.items():
        median = each["median"]
        first = next(iter(found.values()))["median"]
        rows.append(
            [
                f"{int(stored):,}",
                f"{median['database_mib']:,.0f}",
                *_load(median["busy"]),
                f"{median['busy']['per_second'] / first['busy']['per_second']:.2f}",
                " / ".join(_times(median["paced"]["whole_ms"])),
            ]
        )
    return table(["stored", "file MiB", *LOAD, "of the first", "whole p50 / p99 / p99.9 ms, paced"], rows)


def fan_out(found: Json) -> str:
    rows = [
        [name, *_load(each["median"]), f"{each['median']['dashboard_frames']:.0f}"]
        for name, each in found.items()
        if name != "registers"
    ]
    told = found["registers"]["median"]
    return (
        table(["watching", *LOAD, "frames to dashboards"], rows)
        + f"\n\nOne device comes back, {told['registers']:,.0f} registers are told: the last one after "
        + f"{told['last_ms']['p50']:.0f} ms (median), any one p50 {told['heard_ms']['p50']:.0f} ms."
    )


def peers(found: Json) -> str:
    rows = []
    for name, each in found.items():
        if name in ("absent", "what"):
            continue
        for stretch, phase in each["median"].items():
            ours = found["hub"]["median"].get(stretch)
            ratio = "–" if ours is None else f"{ours['per_second'] / phase['per_second']:.1f}"
            rows.append([name, stretch, *_load(phase), *_times(phase["whole_ms"])[:2], ratio])
    shown = table(["peer", "door, in flight", *LOAD, "whole p50 ms", "p99", "hub ÷ peer"], rows)
    what = "\n".join(f"- {name}: {text}." for name, text in found["what"].items())
    left_out = "".join(f"\n- {name} is left out: {reason}." for name, reason in found["absent"].items())
    return f"{shown}\n\n{what}{left_out}"


def cost(found: Json) -> str:
    median = found["median"]
    parts = sorted(median["us"].items(), key=lambda part: -part[1])
    rows = [[name, f"{us:.0f}", f"{median['shares'][name] * 100:.0f} %"] for name, us in parts]
    return table(["part", "µs", "share"], [*rows, ["together", f"{median['cpu_us_each']:.0f}", ""]])


SECTIONS = {
    "throughput": throughput,
    "latency": latency,
    "idle": idle,
    "storm": storm,
    "growth": growth,
    "fan_out": fan_out,
    "peers": peers,
    "cost": cost,
}


def machine(found: Json) -> str:
    quiet = found["load_before"] <= QUIET
    noise = "." if quiet else "; **the machine was not quiet: rates and times are worse than its best**, CPU less so."
    libraries = ", ".join(f"{name} {version}" for name, version in found["libraries"].items())
    return (
        f"{found['processor']}, {found['cores']} cores, {found['memory_gib']} GiB; {found['system']}; "
        f"Python {found['python']}; {libraries}. {found['durability']}. Pinning: {found['pinning']}. "
        f"Seed {found['seed']}. Commit {found['commit']}. Load before: {found['load_before']:.1f}{noise}"
    )


def reached(results: Json) -> str:
    return table(
        ["what", "reach", "dream", "reached"],
        [[what, reach, dream, found(results)] for what, reach, dream, found in figures.FIGURES],
    )


def sizing(results: Json) -> str:
    rows = figures.sizing(results)
    if not rows:
        return "Not measured."
    return table(["processor", "connected devices", "transactions/s beside them", "memory"], rows)


def write(results: Json, folder: Path) -> None:
    """Write everything into the folder: results.json, report.md, and the plots."""
    (folder / "results.json").write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1))
    for name, svg in figures.plots(results).items():
        (folder / name).write_text(svg)
    parts = [machine(results["machine"]), f"Medians of {results['scale']['rounds']} runs.", reached(results)]
    for name in SECTIONS:
        if name in results:
            parts.append(f"## {name.replace('_', '-')}\n\n{_shown(name, results)}")
    parts.append(f"## sizing\n\n{sizing(results)}")
    (folder / "report.md").write_text("\n\n".join(parts) + "\n")


PLOTS = "performance"
"""Where the page has its plots, beside it."""

MARKS = {
    name: (f"<!-- {name}: written by scripts/bench -->", f"<!-- end of {name} -->")
    for name in ("figures", "cost", "sizing")
}


def into_page(results: Json, page: str) -> str:
    """The page with the figures of this run between its marks; `ValueError` if the marks are not there."""
    measured = f"{machine(results['machine'])}\n\nMedians of {results['scale']['rounds']} runs."
    sections = [
        f"### {name.replace('_', '-')}\n\n{_shown(name, results)}"
        for name in SECTIONS
        if name in results and name not in MARKS
    ]
    pictures = [f"![{Path(name).stem}]({PLOTS}/{name})" for name in figures.plots(results)]
    texts = {
        "figures": "\n\n".join([measured, reached(results), *pictures, *sections]),
        "cost": _shown("cost", results) if "cost" in results else "Not measured.",
        "sizing": sizing(results),
    }
    for name, (begin, end) in MARKS.items():
        before, _, rest = page.partition(begin)
        _, found, after = rest.partition(end)
        if not found:
            raise ValueError(f"the page has no marks for {name}")
        page = f"{before}{begin}\n\n{texts[name]}\n\n{end}{after}"
    return page


def _shown(name: str, results: Json) -> str:
    found = results[name]
    if "refused" in found:
        return f"No figures: {found['refused']}"
    fewest = min(_runs(found))
    few = "" if fewest >= results["scale"]["rounds"] else f"\n\nOnly {fewest} run of some of these: the time was up."
    return SECTIONS[name](found) + few


def _runs(found: Json) -> list[int]:
    """How many runs each of a scenario's medians is made of."""
    if "runs" in found:
        return [len(found["runs"])]
    return [count for each in found.values() if isinstance(each, dict) for count in _runs(each)]
