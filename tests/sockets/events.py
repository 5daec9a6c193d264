"""What the hub has pushed on a socket, in the order in which it came."""

from __future__ import annotations

from tests.shop import until
from tests.wire import Json, Wire


async def next_pushed(wire: Wire, count: int) -> list[Json]:
    """The next `count` messages that the hub pushes, of whatever method, taken out of the line."""
    await until(lambda: len(wire._pushed) >= count or wire._reader.done())
    taken, wire._pushed[:count] = wire._pushed[:count], []
    assert len(taken) == count, f"the connection ended after {taken}"
    return taken


def numbers(pushed: list[Json]) -> list[int]:
    return [message["params"]["event"] for message in pushed]
