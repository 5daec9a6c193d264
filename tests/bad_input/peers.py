"""Both kinds of peers, greeted, so that one test tries the same nonsense on both sockets."""

from __future__ import annotations

import json

import pytest

from tests.shop import Shop, Terminal, Till
from tests.wire import CallFailed, Json, Wire

KINDS = pytest.mark.parametrize("kind", ["device", "register"])


async def greeted(shop: Shop, kind: str) -> Wire:
    """A socket whose hello was accepted; device and register are paired with each other."""
    device, till = await pair(shop)
    if kind == "device":
        return device.socket
    await till.connect()
    return till.socket


async def pair(shop: Shop) -> tuple[Terminal, Till]:
    device = await shop.device()
    till = await shop.register(device)
    await device.socket.pushed("pairing.added")
    await device.socket.pushed("pairing.closed")
    return device, till


async def complaint(wire: Wire, frame: str | bytes) -> Json:
    """Send a frame as it is; the error that answers it. It names no request, for none could be read."""
    await wire.socket.send(frame)
    answer = await wire.errors.get()
    assert answer["id"] is None
    error: Json = answer["error"]
    return error


async def refusal(wire: Wire, method: str, params: object) -> Json:
    """The error that answers a request."""
    with pytest.raises(CallFailed) as failed:
        await wire.call(method, params, valid=False)  # type: ignore[arg-type]
    return failed.value.error


async def answer_to(wire: Wire, text: str, method: str, asked: str | int = "x") -> Json:
    """Send a request of that method and id, as it is written here; the whole answer."""
    wire._check.note({"id": asked, "method": method})
    await wire.socket.send(text)
    answer = await wire.errors.get()
    assert answer["id"] == asked
    return answer


def request(method: str, params: str) -> str:
    """A request whose parameters are exactly this JSON text."""
    return f'{{"jsonrpc":"2.0","id":"x","method":{json.dumps(method)},"params":{params}}}'
