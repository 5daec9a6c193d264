"""Starting what is measured, on a core of its own, and ending it: only ever the process that was started here."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.orders import ADMIN_TOKEN

ROOT = Path(__file__).parents[2]
START_SECONDS = 60.0
STOP_SECONDS = 60.0

_URL = re.compile(r"running at (\w+://\S+)")


@dataclass(frozen=True)
class Cores:
    """Which core the server gets, and which the generator; None where the system cannot pin."""

    server: int | None
    generator: int | None

    @classmethod
    def choose(cls) -> Cores:
        if not hasattr(os, "sched_getaffinity"):
            return cls(None, None)
        free = sorted(os.sched_getaffinity(0))
        return cls(free[0], free[-1])

    def __str__(self) -> str:
        if self.server is None:
            return "not pinned: this system cannot"
        if self.server == self.generator:
            return f"server and generator share core {self.server}: the machine has no other"
        return f"server on core {self.server}, generator on core {self.generator}"


@dataclass(frozen=True)
class Served:
    """A server that is ready."""

    url: str
    pid: int
    log: Path


@contextlib.contextmanager
def serving(
    command: Sequence[str], folder: Path, cores: Cores, environment: Mapping[str, str] | None = None
) -> Iterator[Served]:
    """Run the command until the block ends. It is ready when its output says `running at URL`.

    Raises `RuntimeError` with the end of its output if it does not come up. SIGTERM at the end, SIGKILL if that is not
    enough within `STOP_SECONDS`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "server.log"
    with log.open("wb") as output:
        child = subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            env=os.environ | dict(environment or {}),
        )
    try:
        if cores.server is not None:
            os.sched_setaffinity(child.pid, {cores.server})
        yield Served(_wait_until_ready(child, log), child.pid, log)
    finally:
        if child.poll() is None:
            child.terminate()
            try:
                child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def _wait_until_ready(child: subprocess.Popen[bytes], log: Path) -> str:
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up and child.poll() is None:
        found = _URL.search(log.read_text(errors="replace"))
        if found is not None:
            return found[1]
        time.sleep(0.05)
    raise RuntimeError(f"{child.args!r} did not come up: {log.read_text(errors='replace')[-2000:]}")


def hub(folder: Path, cores: Cores, **settings: str) -> contextlib.AbstractContextManager[Served]:
    """The hub as its operator runs it, with its default settings but for the port, the folder and a quick end.

    Development mode lets devices enrol themselves; it changes nothing about a payment.
    """
    environment = {
        "HUB_DATA_DIR": str(folder / "data"),
        "HUB_PORT": "0",
        "HUB_DEVELOPMENT": "true",
        "HUB_ADMIN_TOKEN": ADMIN_TOKEN,
        "HUB_DRAIN_SECONDS": "0.1",
    } | {f"HUB_{name.upper()}": value for name, value in settings.items()}
    return serving([sys.executable, "-m", "hub", "serve"], folder, cores, environment)
