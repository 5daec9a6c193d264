"""Which peers there are, whether they are installed, and how each is started."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.bench.generator import Missing, missing_in_table
from tests.bench.peers import rabbitmq
from tests.bench.serving import ROOT, Cores, Served, serving

PLACE = ROOT / ".peers"
PYTHON = PLACE / "python"
NODE_MODULES = PLACE / "node_modules"

Start = Callable[[Path, Cores], AbstractContextManager[Served]]


@dataclass(frozen=True)
class Peer:
    """`absent` says what is missing, or nothing; `doors` are what it can be driven through."""

    what: str
    start: Start
    absent: Callable[[], str | None]
    doors: tuple[Literal["pos", "socket"], ...] = ("pos", "socket")
    wire: Literal["websocket", "socketio"] = "websocket"
    generator: str = "tests.bench.load"
    missing: Callable[[Path], Missing] = lambda folder: missing_in_table(folder / "hub.db")


def _python(module: str) -> Start:
    environment = {"PYTHONPATH": f"{PYTHON}{os.pathsep}{ROOT}"}
    return lambda folder, cores: serving([sys.executable, "-m", module, str(folder)], folder, cores, environment)


def _node(folder: Path, cores: Cores) -> AbstractContextManager[Served]:
    script = ROOT / "tests" / "bench" / "peers" / "ws_hub.js"
    return serving(["node", str(script), str(folder)], folder, cores, {"NODE_PATH": str(NODE_MODULES)})


def _node_absent() -> str | None:
    if shutil.which("node") is None:
        return "node is not installed"
    for package in ("ws", "better-sqlite3"):
        if not (NODE_MODULES / package).is_dir():
            return f"{package} is not installed"
    return None


PEERS: dict[str, Peer] = {
    "naive": Peer(
        "the same path written naively: aiosqlite statement by statement, a Machine per object, form parser, h11, json",
        _python("tests.bench.naive.app"),
        lambda: None,
    ),
    "socketio": Peer(
        "python-socketio, uvicorn, aiosqlite",
        _python("tests.bench.peers.socketio_app"),
        lambda: None if (PYTHON / "socketio").is_dir() else "python-socketio is not installed",
        wire="socketio",
    ),
    "node": Peer("Node http, ws, better-sqlite3", _node, _node_absent),
    "rabbitmq": Peer(
        "RabbitMQ: a durable queue a device and a register, publisher confirms, consumer acknowledgements; "
        "devices and registers speak AMQP themselves, and no record can be asked for afterwards",
        rabbitmq.start,
        lambda: rabbitmq.absent(PYTHON),
        doors=("socket",),
        generator="tests.bench.peers.rabbitmq_load",
        missing=lambda _folder: lambda _acknowledged: [],
    ),
}


def install() -> None:
    """Install what is missing with pip, npm and the system's package manager. What fails is left out later."""
    PLACE.mkdir(exist_ok=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--upgrade", "--target", str(PYTHON)]
    _try([*pip, "-r", str(ROOT / "requirements" / "peers.txt")])
    if shutil.which("npm") is not None:
        _try(["npm", "install", "--no-audit", "--no-fund", "--prefix", str(PLACE), "ws@8", "better-sqlite3@12"])
    if rabbitmq.PROGRAM is None and shutil.which("apt-get") is not None:
        sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
        apt = [*sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
        _try([*apt, "update"])
        _try([*apt, "install", "-y", "rabbitmq-server"])


def _try(command: list[str]) -> None:
    print("$", " ".join(command), file=sys.stderr)
    if subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode:
        print("  failed: what needs it will be left out", file=sys.stderr)
