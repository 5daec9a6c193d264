"""The scenarios that measure the hub. Each returns its medians, and the runs that they come from."""

from __future__ import annotations

from tests.bench.bench import Bench, by_name, summed_up
from tests.bench.generator import FiguresLie
from tests.bench.orders import Json, Phase
from tests.bench.peers.catalogue import PEERS


def throughput(bench: Bench) -> Json:
    """Payments a second by how many are in flight, over both doors; and one register alone: the latency floor."""
    scale = bench.scale
    both = [phase for door in ("pos", "socket") for phase in bench.phases(scale.in_flight, door)]
    alone = [phase for door in ("pos", "socket") for phase in bench.phases((1,), door)]
    runs = []
    for _ in bench.rounds("throughput"):
        with bench.place() as folder:
            filled = bench.filled(folder, devices=scale.devices, registers=scale.devices)
            many, one = bench.hub_run(
                filled,
                {},
                {"play": "phases", "devices": scale.devices, "registers": scale.devices, "phases": both},
                {"play": "phases", "devices": 1, "registers": 1, "phases": alone},
            )
        runs.append(
            by_name(many, lambda phase: f"{phase['door']}-{phase['in_flight']}")
            | by_name(one, lambda phase: f"{phase['door']}-alone")
        )
    return summed_up(runs)


def latency(bench: Bench) -> Json:
    """Percentiles at a steady pace, sent on time whether the hub keeps up or not."""
    scale = bench.scale
    paced = [
        Phase(rate=rate, seconds=seconds, warm_up_seconds=scale.warm_up_seconds, door=door)
        for door in ("pos", "socket")
        for rate, seconds in scale.rates.items()
    ]
    runs = []
    for _ in bench.rounds("latency"):
        with bench.place() as folder:
            filled = bench.filled(folder, devices=scale.devices, registers=scale.devices)
            [report] = bench.hub_run(
                filled,
                {},
                {"play": "phases", "devices": scale.devices, "registers": scale.devices, "phases": paced},
            )
        runs.append(by_name(report, lambda phase: f"{phase['door']}-{phase['rate']:.0f}"))
    return summed_up(runs)


def idle(bench: Bench) -> Json:
    """Memory and processor time of connected devices that only answer heartbeats."""
    scale = bench.scale
    found: Json = {}
    for connections in scale.connections:
        runs = []
        for _ in bench.rounds(f"idle, {connections} connections"):
            with bench.place() as folder:
                filled = bench.filled(folder, devices=connections, registers=connections)
                runs += bench.hub_run(
                    filled, {}, {"play": "idle", "devices": connections, "seconds": scale.idle_seconds}
                )
        found[str(connections)] = summed_up(runs)
    return found


def storm(bench: Bench) -> Json:
    """Devices drop and come back at once, each with a transaction waiting, each register listening."""
    count = bench.scale.storm_devices
    runs = []
    for _ in bench.rounds(f"storm of {count} devices"):
        with bench.place() as folder:
            filled = bench.filled(folder, devices=count, registers=count)
            # Long enough that nothing is cancelled as never sent while the transactions are still being submitted.
            patient = {"offline_grace_seconds": "120"}
            runs += bench.hub_run(filled, patient, {"play": "storm", "devices": count, "registers": count})
    return summed_up(runs)


def growth(bench: Bench) -> Json:
    """Throughput and latency with many transactions stored, and many devices and registers known."""
    scale = bench.scale
    rate = min(200, max(scale.rates))
    phases = [
        *bench.phases((max(scale.in_flight),), "pos"),
        Phase(rate=rate, seconds=scale.rates[rate], warm_up_seconds=scale.warm_up_seconds),
    ]
    found: Json = {}
    for stored in scale.stored:
        bench.say(f"growth: filling a store with {stored:,} transactions")
        with bench.place() as folder:
            filled = bench.filled(
                folder, devices=scale.growth_devices, registers=scale.growth_registers, transactions=stored
            )
            mib = filled.database.stat().st_size / 2**20
            runs = []
            for _ in bench.rounds(f"growth, {stored:,} stored"):
                fleet = min(scale.devices, scale.growth_devices)
                [report] = bench.hub_run(
                    filled, {}, {"play": "phases", "devices": fleet, "registers": fleet, "phases": phases}
                )
                busy, paced = report["phases"]
                runs.append({"database_mib": mib, "busy": busy, "paced": paced})
        found[str(stored)] = summed_up(runs)
    return found


def fan_out(bench: Bench) -> Json:
    """Dashboards that watch everything, and one device with many registers watching it come and go."""
    scale = bench.scale
    found: Json = {}
    in_flight = min(64, max(scale.in_flight))
    for dashboards in scale.dashboards:
        runs = []
        for _ in bench.rounds(f"fan-out, {dashboards} dashboards"):
            with bench.place() as folder:
                filled = bench.filled(folder, devices=scale.devices, registers=scale.devices)
                [report] = bench.hub_run(
                    filled,
                    {},
                    {
                        "play": "phases",
                        "devices": scale.devices,
                        "registers": scale.devices,
                        "dashboards": dashboards,
                        "phases": bench.phases((in_flight,), "pos"),
                    },
                )
            runs += report["phases"]
        found[f"dashboards-{dashboards}"] = summed_up(runs)
    runs = []
    for _ in bench.rounds(f"fan-out, {scale.watching_registers} registers of one device"):
        with bench.place() as folder:
            filled = bench.filled(folder, devices=1, registers=scale.watching_registers)
            runs += bench.hub_run(filled, {}, {"play": "presence", "devices": 1, "registers": scale.watching_registers})
    found["registers"] = summed_up(runs)
    return found


def peers(bench: Bench) -> Json:
    """The hub and its peers, one after the other in each round: the same payments, generator and machine."""
    scale = bench.scale
    fleet: dict[str, object] = {"play": "phases", "devices": scale.devices, "registers": scale.devices}
    absent = {name: reason for name, peer in PEERS.items() if (reason := peer.absent()) is not None}
    for name, reason in absent.items():
        bench.say(f"peers: {name} is left out, {reason}")
    runs: dict[str, list[Json]] = {name: [] for name in ("hub", *PEERS) if name not in absent}
    for number in bench.rounds("peers"):
        for name in [name for name in runs if name not in absent]:
            bench.say(f"peers, {name}, run {number + 1} of {scale.rounds}")
            try:
                report = _peer(bench, name, fleet)
            except (FiguresLie, RuntimeError, OSError) as problem:
                if name == "hub":
                    raise
                absent[name] = f"no figures: {problem}"
                bench.say(f"peers: {name} is left out, {problem}")
            else:
                runs[name].append(by_name(report, lambda phase: f"{phase['door']}-{phase['in_flight']}"))
    what = {name: peer.what for name, peer in PEERS.items()}
    measured = {name: summed_up(each) for name, each in runs.items() if name not in absent}
    return {"absent": absent, "what": what, **measured}


def _peer(bench: Bench, name: str, fleet: dict[str, object]) -> Json:
    with bench.place() as folder:
        if name != "hub":
            return bench.peer_run(folder, PEERS[name], fleet)
        both = [phase for door in ("pos", "socket") for phase in bench.peer_phases(door)]
        filled = bench.filled(folder, devices=bench.scale.devices, registers=bench.scale.devices)
        [report] = bench.hub_run(filled, {}, fleet | {"phases": both})
        return report
