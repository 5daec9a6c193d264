"""A payment leaves nothing behind that only the garbage collector could free.

Rings of references pile up until the collector stops the whole hub to find them: for 40 to 70 ms every few thousand
requests, when each request over the POS API left one.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator

from tests.shop import Shop, Till

PAYMENTS = 5


@contextlib.contextmanager
def kept() -> Iterator[list[object]]:
    """What only the collector could free of what is let go meanwhile."""
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        yield gc.garbage
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


def _of_the_hub(found: list[object]) -> list[str]:
    """Their types; a client shares this process and may leave what it likes."""
    types = (type(each) for each in found)
    return [kind.__qualname__ for kind in types if kind.__module__.startswith(("hub", "uvicorn", "starlette"))]


async def test_a_payment_leaves_no_ring(shop: Shop) -> None:
    device = await shop.device()
    till = await shop.register(device)
    await till.connect()
    with kept() as garbage:
        for _ in range(PAYMENTS):
            first = await till.pay()
            await device.complete((await device.started())["transaction_id"])
            assert (await shop.poll(first))["data"]["TransactionResult"] == "OK-ACCEPTED"
        gc.collect()
        assert _of_the_hub(garbage) == []


async def test_a_refused_request_leaves_no_ring(shop: Shop) -> None:
    """Refused by its command, so that the error comes out of the store: in both modes, and with a token."""
    stranger = Till(shop.hub)
    given = {**stranger.triple, "TransactionType": "Card.Purchase", "AmountTotal": "500"}
    with kept() as garbage:
        for more in ({"TransactionMode": "ASYNC"}, {}):
            for headers in ({}, {"Authorization": "Bearer nobody"}):
                answer = await shop.hub.http.post("/POS/Transaction", data={**given, **more}, headers=headers)
                assert answer.status_code in (400, 401)
        gc.collect()
        assert _of_the_hub(garbage) == []


async def test_a_connection_that_becomes_a_socket_leaves_no_ring(shop: Shop) -> None:
    with kept() as garbage:
        await Till(shop.hub).connect()
        gc.collect()
        assert _of_the_hub(garbage) == []
