"""An operator's desk: calls with the admin token, and situations that need one."""

from __future__ import annotations

from typing import Any

import httpx

from tests.running import RunningHub
from tests.shop import Shop, Terminal, Till
from tests.wire import Json


async def get(hub: RunningHub, path: str, **params: str) -> Json:
    answer = await hub.http.get(f"/admin{path}", params=params, headers=hub.admin)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def post(hub: RunningHub, path: str, body: Any = None) -> httpx.Response:
    return await hub.http.post(f"/admin{path}", json=body, headers=hub.admin)


def assert_refused(answer: httpx.Response, status: int, code: str) -> str:
    """The error's text; the body has nothing else."""
    assert (answer.status_code, answer.headers["SmartConnect-Error-Code"]) == (status, code), answer.text
    assert answer.json().keys() == {"error"}
    text: str = answer.json()["error"]
    return text


async def in_doubt(shop: Shop) -> tuple[Terminal, Till, str]:
    """A connected device that has fallen silent about a purchase it had begun; returns its id too."""
    device = await shop.device()
    till = await shop.register(device)
    transaction_id = (await till.pay())["transactionId"]
    await device.started()
    await device.socket.call("ping")
    shop.hub.clock.advance(60)
    await device.socket.pushed("transaction.inquire")
    return device, till, transaction_id
