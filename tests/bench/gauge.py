"""Processor time of the server and of the generator, the figures that other work on the machine disturbs least."""

from __future__ import annotations

import contextlib
import time

import psutil


class Gauge:
    """Processor seconds of the server (with its children) and of this process, between two looks."""

    def __init__(self, pid: int) -> None:
        server = psutil.Process(pid)
        self._server = [server, *server.children(recursive=True)]
        self._at, self._own, self._theirs = self._look()

    def _look(self) -> tuple[float, float, float]:
        theirs = 0.0
        for each in self._server:
            with contextlib.suppress(psutil.NoSuchProcess):
                theirs += sum(each.cpu_times()[:2])
        return time.perf_counter(), time.process_time(), theirs

    def read(self) -> tuple[float, float, float]:
        """Seconds since the making, and processor seconds of this process and of the server in them."""
        at, own, theirs = self._look()
        return at - self._at, own - self._own, theirs - self._theirs
