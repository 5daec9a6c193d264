"""A hub with its own thread and loop, for tools that call it from outside and know nothing of asyncio.

It runs on the system's clock; whatever would make a test wait is set to next to nothing.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from hub.server import HubServer
from tests.running import make_settings

T = TypeVar("T")


class BackgroundHub:
    """Made by `background_hub`. `run` may be called from any other thread."""

    def __init__(self, data_dir: Path, **settings: Any) -> None:
        self.server = HubServer(make_settings(data_dir, **settings), on_ready=self._on_ready)
        self._ready: Future[str] = Future()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="hub under test")

    @property
    def url(self) -> str:
        return self._ready.result()

    def _on_ready(self, url: str) -> None:
        self._ready.set_result(url)

    def _serve(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            try:
                runner.run(self.server.serve())
            finally:
                if not self._ready.done():
                    self._ready.set_exception(RuntimeError("the hub did not start"))

    def start(self) -> None:
        self._thread.start()
        self._ready.result()

    def stop(self) -> None:
        self.server.should_exit = True
        self._thread.join()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something on the hub's loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


@contextmanager
def background_hub(data_dir: Path, **settings: Any) -> Iterator[BackgroundHub]:
    hub = BackgroundHub(data_dir, **settings)
    hub.start()
    try:
        yield hub
    finally:
        hub.stop()
