"""What the figures were measured on and with; printed before them and kept with them."""

from __future__ import annotations

import asyncio
import platform
import sqlite3
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import psutil

from hub.store.sqlite.connection import open_writer
from tests.bench.orders import Json
from tests.bench.serving import ROOT, Cores

LIBRARIES = ("starlette", "uvicorn", "websockets", "httptools", "uvloop", "msgspec", "transitions", "aiosqlite")
_SYNCHRONOUS = {0: "OFF", 1: "NORMAL", 2: "FULL", 3: "EXTRA"}


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _build() -> str:
    """Whether the interpreter was built with its optimisations."""
    looked = subprocess.run([sys.executable, ROOT / "scripts" / "optimised.py"], check=False)
    return "an optimised build" if looked.returncode == 0 else "a build without optimisations"


def commit() -> str:
    """The commit of the checkout, with a plus if it was changed since."""

    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()

    changed = "+" if git("status", "--porcelain", "--untracked-files=no") else ""
    return (git("rev-parse", "--short", "HEAD") or "unknown") + changed


async def _durability() -> str:
    """As the hub's own writing connection has it."""
    with tempfile.TemporaryDirectory() as folder:
        writer = await open_writer(Path(folder) / "hub.db")
        try:
            mode, synchronous = await writer.run(
                lambda connection: (
                    connection.execute("PRAGMA journal_mode").fetchone()[0],
                    connection.execute("PRAGMA synchronous").fetchone()[0],
                )
            )
        finally:
            await writer.close()
    return f"SQLite {sqlite3.sqlite_version}, journal_mode={mode}, synchronous={_SYNCHRONOUS[synchronous]}"


def describe(cores: Cores, seed: int) -> Json:
    return {
        "processor": _processor(),
        "cores": psutil.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "system": platform.platform(),
        "python": f"{platform.python_version()}, {_build()}",
        "libraries": {library: version(library) for library in LIBRARIES},
        "durability": asyncio.run(_durability()),
        "pinning": str(cores),
        "load_before": psutil.getloadavg()[0],
        "seed": seed,
        "commit": commit(),
    }
