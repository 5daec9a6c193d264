"""Malformed frames and requests, thousands of them, at one hub: no traceback, no 5xx, no growing memory.

A cycle is a session: one kind of mischief, `INPUTS` inputs. All sessions meet the same hub, for memory is looked at;
a session by itself depends on its seed alone.

    scripts/torture fuzz --seed 7 --cycles 1
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

from tests.conformance.raw import HELLO, Frame, Op, RawSocket, encode
from tests.faults.campaign import MOST, Counts, Run, Stage, Violation
from tests.faults.hub_process import ADMIN_TOKEN, HubProcess, listening
from tests.faults.mischief import DEVICE_CALLS, REGISTER_CALLS, Mischief
from tests.faults.nursery_client import Nursery
from tests.faults.verdict import tracebacks

INPUTS = 25
GROWTH_LIMIT = 0.05
WARM_UP = 50
"""Sessions. The hub collects early here; before it has met everything once its memory grows all the same."""

DEVICE_HELLO = json.dumps(
    {
        "jsonrpc": "2.0",
        "id": 0,
        "method": "hello",
        "params": {"device_id": "fuzz-1", "serial": "SN", "credential": "dev_wrong"},
    }
)
MARK = {"jsonrpc": "2.0", "id": "mark", "method": "ping", "params": {}}


def stage(warm_up: int) -> Stage:
    """One hub for all sessions. After so many of them its memory is what it needs, and may grow no more."""

    @contextlib.asynccontextmanager
    async def running(nursery: Nursery, folder: Path) -> AsyncIterator[Run]:
        hub = HubProcess(nursery, folder, patches=("tests.faults.patches:collects_early",), log_level="warning")
        await hub.start()
        await listening(hub)
        target = Target(hub, await _enrol(hub), warm_up)
        yield target.session
        await hub.kill()

    return running


class Target:
    """The hub that all sessions meet."""

    def __init__(self, hub: HubProcess, credential: str, warm_up: int) -> None:
        self.hub = hub
        self.credential = credential
        self._left_to_warm = warm_up
        self._warm_kib = 0

    def _growth(self) -> float:
        """Of the resident memory since the hub was warm, as a share."""
        now = self.hub.memory_kib()
        if self._left_to_warm == 0:
            self._warm_kib = now
        self._left_to_warm -= 1
        return now / self._warm_kib - 1 if self._warm_kib else 0.0

    async def session(self, _nursery: Nursery, _folder: Path, seed: int) -> Counts:
        """`INPUTS` inputs of one kind; raises `Violation`."""
        chance = random.Random(f"fuzz {seed}")
        kind = chance.choice(
            ("register", "register", "device", "device", "hello", "frames", "form", "form", "admin", "tcp")
        )
        mischief = Mischief(chance)
        before = self.hub.log.stat().st_size
        problems: list[str] = []
        if kind in ("form", "admin", "tcp"):
            for _ in range(INPUTS):
                problems += await self._request(kind, mischief)
        else:
            await self._socket(kind, mischief, problems)
        if self.hub.child.exited.done():
            problems.append(f"the hub ended with {self.hub.child.exited.result()}")
        problems += tracebacks(self.hub.log, since=before)
        grown = self._growth()
        if grown > GROWTH_LIMIT:
            problems.append(f"resident memory has grown by {grown:.1%} since the hub was warm")
        if problems:
            raise Violation([f"{kind}: {problem}" for problem in problems[:3]])
        most = f"{MOST}growth of memory (‰)"
        return Counter({f"inputs: {kind}": INPUTS, "inputs": INPUTS, most: max(0, round(1000 * grown))})

    async def _request(self, kind: str, mischief: Mischief) -> list[str]:
        match kind:
            case "form":
                content = mischief.form()
            case "admin":
                content = mischief.admin(ADMIN_TOKEN)
            case _:
                content = mischief.garbage()
        reader, writer = await asyncio.open_connection("127.0.0.1", self.hub.port)
        try:
            writer.write(content)
            with contextlib.suppress(ConnectionError, OSError):
                await writer.drain()
                writer.write_eof()
            answer = b""
            with contextlib.suppress(ConnectionError):
                async with asyncio.timeout(10):
                    answer = await reader.read()
        except TimeoutError:
            return [f"neither an answer nor an end after {content[:300]!r}"]
        finally:
            writer.transport.abort()
        failed = [line for line in answer.split(b"\r\n") if line.startswith((b"HTTP/1.1 5", b"HTTP/1.0 5"))]
        return [f"{failed[0].decode()} after {content[:600]!r}"] if failed else []

    async def _socket(self, kind: str, mischief: Mischief, problems: list[str]) -> None:
        left = INPUTS
        while left:
            socket = await RawSocket.dial(self.hub.port)
            try:
                left -= await self._conversation(socket, kind, mischief, left, problems)
            finally:
                await socket.close()

    async def _conversation(
        self, socket: RawSocket, kind: str, mischief: Mischief, left: int, problems: list[str]
    ) -> int:
        """Talk on one socket until everything is said or the hub has had enough; how many inputs that took."""
        side = "device" if kind == "device" or mischief.chance.random() < 0.5 else "register"
        response, _ = await socket.handshake(f"/ws/{side}", protocol=f"smartconnect.{side}.v1")
        assert response.status == 101, response
        calls = DEVICE_CALLS if side == "device" else REGISTER_CALLS
        if kind in ("device", "register"):
            hello = HELLO if side == "register" else DEVICE_HELLO.replace("dev_wrong", self.credential)
            await socket.send(encode(Op.TEXT, hello.encode()))
        batch = min(left, mischief.chance.randrange(1, 9))
        for _ in range(batch):
            content = mischief.frame(calls)
            if kind == "frames":
                await socket.send(self._frame_bytes(mischief, content))
            else:
                await socket.send(encode(Op.TEXT if mischief.chance.random() < 0.97 else Op.BINARY, content))
        if kind == "frames":
            # Whatever the hub takes the bytes for, it sees the end of them.
            await socket.finish()
        else:
            await socket.send(encode(Op.TEXT, json.dumps(MARK).encode()))
        while (frame := await socket.frame()) is not None and b'"mark"' not in frame.payload:
            problems += _wrong(frame)
            if frame.opcode == Op.CLOSE:
                break
        return batch

    @staticmethod
    def _frame_bytes(mischief: Mischief, content: bytes) -> bytes:
        chance = mischief.chance
        match chance.randrange(4):
            case 0:
                return chance.randbytes(chance.randrange(1, 60))
            case 1:
                return encode(chance.randrange(16), content[: chance.randrange(200)], reserved=chance.randrange(8))
            case 2:
                return encode(
                    chance.choice(list(Op)), content[:100], fin=chance.random() < 0.5, mask=chance.random() < 0.9
                )
            case _:
                return encode(Op.TEXT, content[:50], claimed=chance.choice((0, 51, 65_536, 2**32, 2**63)), length_as=64)


def _wrong(frame: Frame) -> list[str]:
    if frame.opcode == Op.CLOSE and frame.close_code in (1011, 4005):
        return [f"closed with {frame.close_code}"]
    if frame.opcode == Op.TEXT and b"internal_error" in frame.payload:
        return [f"answered with {frame.payload[:300]!r}"]
    return []


async def _enrol(hub: HubProcess) -> str:
    socket = await RawSocket.dial(hub.port)
    await socket.handshake("/ws/device", protocol="smartconnect.device.v1")
    hello = {"device_id": "fuzz-1", "serial": "SN", "enrol": True}
    await socket.send(
        encode(Op.TEXT, json.dumps({"jsonrpc": "2.0", "id": 0, "method": "hello", "params": hello}).encode())
    )
    welcome = await socket.frame()
    assert welcome is not None
    await socket.close()
    credential: str = json.loads(welcome.payload)["result"]["credential"]
    return credential
