"""The nursery: one interpreter that has imported the hub, and forks a hub whenever it is asked to.

A start of `python -m hub serve` is mostly imports; a thousand kills would be a quarter of an hour of them. A forked
child runs the same `hub serve`, as a process of its own, with its own environment. Responsible for forking and for
reporting exits; it knows no test. It ends, and its children with it, when its standard input ends.

In: a line of JSON a command. `{"fork": {…}}`, then `{"go": pid}` once a tracer is attached, if there is to be one.
Out: `{"forked": pid}`, `{"exited": pid, "status": code}`; a negative status is a signal.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import selectors
import signal
import sys
from collections.abc import Callable
from typing import Any

PR_SET_PDEATHSIG = 1
PR_SET_PTRACER = 0x59616D61
PR_SET_PTRACER_ANY = ctypes.c_ulong(-1)

Job = dict[str, Any]


def _say(**what: object) -> None:
    os.write(1, json.dumps(what).encode() + b"\n")


class _Parent:
    """The forking side; `serve` returns a job in a child, and None in the parent at its end."""

    def __init__(self) -> None:
        self._gates: dict[int, int] = {}
        self._input = b""
        wake_read, wake_write = os.pipe()
        os.set_blocking(wake_write, False)
        os.set_blocking(wake_read, False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        self._wake = wake_read
        self._selector = selectors.DefaultSelector()
        self._selector.register(0, selectors.EVENT_READ)
        self._selector.register(wake_read, selectors.EVENT_READ)

    def serve(self) -> Job | None:
        while True:
            for key, _ in self._selector.select():
                if key.fd == self._wake:
                    with contextlib.suppress(BlockingIOError):
                        os.read(self._wake, 4096)
                    self._bury()
                    continue
                received = os.read(0, 65536)
                if not received:
                    return None
                *lines, self._input = (self._input + received).split(b"\n")
                for line in lines:
                    job = self._obey(json.loads(line))
                    if job is not None:
                        return job

    def _obey(self, command: dict[str, Any]) -> Job | None:
        if "go" in command:
            os.close(self._gates.pop(command["go"]))
            return None
        gate_read, gate_write = os.pipe()
        pid = os.fork()
        if pid != 0:
            os.close(gate_read)
            self._gates[pid] = gate_write
            _say(forked=pid)
            return None
        job: Job = command["fork"]
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for gate in (gate_write, *self._gates.values()):
            os.close(gate)
        self._selector.close()
        _detach(job, gate_read)
        return job

    def _bury(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                if pid in self._gates:
                    os.close(self._gates.pop(pid))
                _say(exited=pid, status=os.waitstatus_to_exitcode(status))


def _detach(job: Job, gate: int) -> None:
    """In the child: its own session, log and environment; then wait at the gate."""
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    libc.prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY)
    os.setsid()
    log = os.open(job["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    os.close(nothing)
    for name in [name for name in os.environ if name.startswith("HUB_")]:
        del os.environ[name]
    os.environ.update(job["environment"])
    os.read(gate, 1)
    os.close(gate)


def _patch(names: list[str]) -> None:
    """Break the build on purpose: `module:function`, called before the hub starts."""
    for name in names:
        module, _, function = name.partition(":")
        breaks: Callable[[], None] = getattr(importlib.import_module(module), function)
        breaks()


IMPORTED = (
    "hub.cli",
    "hub.server",
    "anyio._backends._asyncio",
    "httpcore",
    "uvicorn.lifespan.off",
    "uvicorn.loops.uvloop",
    "uvicorn.protocols.http.httptools_impl",
    "uvicorn.protocols.websockets.websockets_sansio_impl",
)
"""What `hub serve` imports, some of it only when it runs; imported once for all children."""


def main() -> None:
    for name in IMPORTED:
        importlib.import_module(name)
    import hub.cli

    gc.freeze()
    job = _Parent().serve()
    if job is None:
        return
    _patch(job["patches"])
    sys.argv = ["hub", "serve"]
    hub.cli.main()


if __name__ == "__main__":
    main()
