"""Compare the implementations: conformance, memory of an idle connection, messages a second.

    python -m tests.conformance.compare [configured sansio websockets wsproto]

wsproto is no dependency of the hub: `pip install --target /tmp/wsproto wsproto`, and add that to PYTHONPATH.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
from pathlib import Path

from hub.wire.close_codes import REGISTER_SUBPROTOCOL
from tests.conformance import closing, framing, opening, utf8
from tests.conformance.raw import HELLO, Op, RawSocket, encode, ping_with
from tests.faults.hub_process import HubProcess, listening
from tests.faults.nursery_client import Nursery
from tests.faults.verdict import tracebacks

CASES = [*opening.CASES, *framing.CASES, *utf8.CASES, *closing.CASES]
CONNECTIONS = 2000
SOCKETS = 32
MESSAGES = 500
ROUNDS = 5


async def conformance(hub: HubProcess) -> tuple[list[str], int]:
    """Names and reasons of the cases that failed; and how many left a traceback in the log."""
    failed, traced = [], 0
    for case in CASES:
        before = hub.log.stat().st_size
        try:
            await case.run(hub.port)
        except (AssertionError, TimeoutError, EOFError, ConnectionError) as error:
            failed.append(f"{case.name}: {str(error).splitlines()[0] if str(error) else type(error).__name__}")
        traced += bool(tracebacks(hub.log, since=before))
    return failed, traced


async def memory(hub: HubProcess) -> float:
    """KiB of resident memory that a welcomed, idle connection takes."""
    sockets = [await _register(hub, number) for number in range(50)]
    before = hub.memory_kib()
    sockets += [await _register(hub, number) for number in range(50, 50 + CONNECTIONS)]
    after = hub.memory_kib()
    for socket in sockets:
        await socket.close()
    return (after - before) / CONNECTIONS


async def speed(hub: HubProcess) -> float:
    """Processor time of the hub for one request and its answer, in microseconds; the least of some rounds.

    Not requests a second: those tell how busy the machine is with other things.
    """
    sockets = [await _register(hub, number) for number in range(SOCKETS)]
    request = encode(Op.TEXT, ping_with("x" * 100))
    costs = []
    for _ in range(ROUNDS):
        before = _processor_seconds(hub)
        await asyncio.gather(*(_ask(socket, request) for socket in sockets))
        costs.append((_processor_seconds(hub) - before) / (SOCKETS * MESSAGES) * 1_000_000)
    for socket in sockets:
        await socket.close()
    return min(costs)


def _processor_seconds(hub: HubProcess) -> float:
    fields = Path(f"/proc/{hub.child.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _ask(socket: RawSocket, request: bytes) -> None:
    window = 16
    await socket.send(request * window)
    for number in range(MESSAGES):
        await socket.frame()
        if number < MESSAGES - window:
            await socket.send(request)


async def _register(hub: HubProcess, number: int) -> RawSocket:
    socket = await RawSocket.dial(hub.port)
    await socket.handshake(protocol=REGISTER_SUBPROTOCOL)
    await socket.send(encode(Op.TEXT, HELLO.replace("conformance", f"r{number}").encode()))
    assert await socket.frame() is not None
    return socket


async def look_at(nursery: Nursery, name: str) -> tuple[float, float]:
    """One hub with that implementation: KiB a connection, microseconds a message; prints what failed."""
    patches = [] if name == "configured" else [f"tests.conformance.implementations:{name}"]
    with tempfile.TemporaryDirectory() as folder:
        hub = HubProcess(nursery, Path(folder), patches=patches, heartbeat_seconds="600")
        await hub.start()
        await listening(hub)
        cost, kib = await speed(hub), await memory(hub)
        failed, traced = await conformance(hub)
        await hub.kill()
    print(f"{name}: {len(failed)} of {len(CASES)} failed, {traced} tracebacks, {kib:.1f} KiB, {cost:.1f} µs")
    for line in failed if len(failed) < 10 else failed[:3]:
        print(f"  {line}")
    return kib, cost


async def main(names: list[str]) -> None:
    """One round after the other, so that all see the same machine."""
    async with Nursery() as nursery:
        rounds = [[await look_at(nursery, name) for name in names] for _ in range(3)]
    for number, name in enumerate(names):
        kib, cost = (statistics.median(each[number][part] for each in rounds) for part in (0, 1))
        print(f"{name}: median of 3: {kib:.1f} KiB, {cost:.1f} µs")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:] or ["configured", "sansio", "websockets", "wsproto"]))
