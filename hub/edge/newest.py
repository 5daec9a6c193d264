"""Which connection of a device is its newest: the one that was opened last, of those that were let in and are there.

The order of the hellos does not tell. A network may hold one back until its device is long on another connection; by it
the dead connection would take over, and the live one be told to stop until a person comes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


class Newest:
    """Of this process: at its start there is no connection. Used on the event loop only."""

    def __init__(self) -> None:
        self._let_in: dict[str, int] = {}
        """By device, how many connections were opened before its own."""
        self._asking: dict[str, dict[int, asyncio.Future[None]]] = {}
        """The hellos under way, by device and by that number of their connection."""

    async def let_in(self, device_id: str, opened: int, connect: Callable[[bool], Awaitable[T]]) -> T:
        """What `connect` returns, which is told whether a newer connection is there, and refuses or lets in.

        A hello waits for those that came before it on newer connections; whether they are let in is not known before.
        """
        asking = self._asking.setdefault(device_id, {})
        newer = [hello for number, hello in asking.items() if number > opened]
        asking[opened] = hello = asyncio.get_running_loop().create_future()
        try:
            if newer:
                await asyncio.wait(newer)
            connected = await connect(self._let_in.get(device_id, opened) > opened)
            # One on a newer connection may have been let in meanwhile.
            self._let_in[device_id] = max(opened, self._let_in.get(device_id, opened))
            return connected
        finally:
            hello.set_result(None)
            del asking[opened]
            if not asking:
                del self._asking[device_id]

    def gone(self, device_id: str, opened: int) -> None:
        """That connection has ended."""
        if self._let_in.get(device_id) == opened:
            del self._let_in[device_id]
