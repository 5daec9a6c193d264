"""Ways to every answer of the health endpoints and of the admin API."""

from __future__ import annotations

import httpx

from tests.contracts.provoked import ask, nowhere, provokes
from tests.contracts.provoked_pos import paid
from tests.shop import Shop

# Health


@provokes("GET /healthz", 200)
async def _(shop: Shop) -> httpx.Response:
    return await shop.hub.http.get("/healthz")


@provokes("GET /readyz", 200)
async def _(shop: Shop) -> httpx.Response:
    return await shop.hub.http.get("/readyz")


@provokes("GET /readyz", 503)
async def _(shop: Shop) -> httpx.Response:
    shop.hub.edge.connections.draining = True
    return await shop.hub.http.get("/readyz")


# Admin


@provokes("POST /admin/devices", 201)
async def _(shop: Shop) -> httpx.Response:
    return await ask(shop, "POST /admin/devices", json={"device_id": "7"})


@provokes("POST /admin/devices", 400, "invalid_params")
async def _(shop: Shop) -> httpx.Response:
    return await ask(shop, "POST /admin/devices", json={"device_id": "7", "colour": "red"})


@provokes("POST /admin/devices", 400, "too_many_devices", max_devices=1)
async def _(shop: Shop) -> httpx.Response:
    await shop.device()
    return await ask(shop, "POST /admin/devices", json={"device_id": "7"})


@provokes("POST /admin/devices", 409, "device_exists")
async def _(shop: Shop) -> httpx.Response:
    await shop.device("7")
    return await ask(shop, "POST /admin/devices", json={"device_id": "7"})


def _device_operations() -> None:
    for name in (
        "GET /admin/devices/{deviceId}",
        "POST /admin/devices/{deviceId}/rotate",
        "POST /admin/devices/{deviceId}/revoke",
    ):

        async def known(shop: Shop, name: str = name) -> httpx.Response:
            terminal = await shop.device()
            await shop.register(terminal)
            return await ask(shop, name, url=nowhere(name).replace("nobody", terminal.device_id))

        async def unknown(shop: Shop, name: str = name) -> httpx.Response:
            return await ask(shop, name)

        provokes(name, 200)(known)
        provokes(name, 404, "device_unknown")(unknown)


_device_operations()


def _lists() -> None:
    paths = ("devices", "pairings", "transactions", "transactions.csv", "actions")
    for path in paths:

        async def found(shop: Shop, path: str = path) -> httpx.Response:
            await _in_doubt(shop)
            return await ask(shop, f"GET /admin/{path}")

        async def wrong(shop: Shop, path: str = path) -> httpx.Response:
            return await ask(shop, f"GET /admin/{path}", params={"limit": "0", "state": "paid"})

        provokes(f"GET /admin/{path}", 200)(found)
        provokes(f"GET /admin/{path}", 400, "invalid_params")(wrong)


_lists()


@provokes("DELETE /admin/pairings/{pairingId}", 200)
async def _(shop: Shop) -> httpx.Response:
    await shop.register(await shop.device())
    (pairing,) = (await ask(shop, "GET /admin/pairings")).json()["pairings"]
    return await ask(shop, "DELETE /admin/pairings/", url=f"/admin/pairings/{pairing['pairing']['pairing_id']}")


@provokes("DELETE /admin/pairings/{pairingId}", 404, "pairing_unknown")
async def _(shop: Shop) -> httpx.Response:
    return await ask(shop, "DELETE /admin/pairings/{pairingId}")


async def _in_doubt(shop: Shop) -> str:
    """A transaction whose device has gone with it."""
    terminal = await shop.device()
    till = await shop.register(terminal)
    transaction_id: str = (await till.pay())["transactionId"]
    await terminal.started()
    await terminal.socket.call("ping")
    await terminal.socket.close()
    while not (await ask(shop, "GET /admin/devices")).json()["devices"][0].get("disconnected_at"):
        pass
    shop.hub.clock.advance(16)
    while (await _story(shop, transaction_id)).json()["transaction"]["state"] != "in_doubt":
        pass
    return transaction_id


async def _in_conflict(shop: Shop) -> str:
    """A transaction that was approved, and that its device then calls declined."""
    terminal = await shop.device()
    till = await shop.register(terminal)
    transaction_id: str = (await till.pay())["transactionId"]
    await terminal.started()
    await terminal.complete(transaction_id, card_pan="4111111111110138", card_type="VISA")
    assert (await terminal.complete(transaction_id, "declined", reason="wrong_pin"))["conflict"]
    return transaction_id


async def _story(shop: Shop, transaction_id: str) -> httpx.Response:
    return await ask(shop, "GET /admin/transactions/", url=f"/admin/transactions/{transaction_id}")


async def _settle(shop: Shop, transaction_id: str, verb: str, **body: str) -> httpx.Response:
    return await ask(
        shop, "POST /admin/", url=f"/admin/transactions/{transaction_id}/{verb}", json={"operator": "Ann", **body}
    )


@provokes("GET /admin/transactions/{transactionId}", 200)
async def _(shop: Shop) -> httpx.Response:
    return await _story(shop, await _in_conflict(shop))


@provokes("GET /admin/transactions/{transactionId}", 404, "transaction_unknown")
async def _(shop: Shop) -> httpx.Response:
    return await _story(shop, "nobody")


@provokes("POST /admin/transactions/{transactionId}/resolve", 200)
async def _(shop: Shop) -> httpx.Response:
    return await _settle(shop, await _in_doubt(shop), "resolve", outcome="approved", note="slip 4711")


@provokes("POST /admin/transactions/{transactionId}/resolve", 400, "invalid_params")
async def _(shop: Shop) -> httpx.Response:
    return await _settle(shop, "nobody", "resolve", outcome="paid")


@provokes("POST /admin/transactions/{transactionId}/resolve", 400, "outcome_does_not_fit")
async def _(shop: Shop) -> httpx.Response:
    return await _settle(shop, await _in_doubt(shop), "resolve", outcome="done")


@provokes("POST /admin/transactions/{transactionId}/resolve", 404, "transaction_unknown")
async def _(shop: Shop) -> httpx.Response:
    return await _settle(shop, "nobody", "resolve", outcome="approved")


@provokes("POST /admin/transactions/{transactionId}/resolve", 409, "transaction_not_in_doubt")
async def _(shop: Shop) -> httpx.Response:
    return await _settle(shop, (await paid(shop))["transactionId"], "resolve", outcome="approved")


@provokes("POST /admin/transactions/{transactionId}/review", 200)
async def _(shop: Shop) -> httpx.Response:
    return await _settle(shop, await _in_conflict(shop), "review")


@provokes("POST /admin/transactions/{transactionId}/review", 400, "invalid_params")
async def _(shop: Shop) -> httpx.Response:
    return await _settle(shop, "nobody", "review", operator="")


@provokes("POST /admin/transactions/{transactionId}/review", 404, "transaction_unknown")
async def _(shop: Shop) -> httpx.Response:
    return await _settle(shop, "nobody", "review")


@provokes("POST /admin/transactions/{transactionId}/review", 409, "no_conflict")
async def _(shop: Shop) -> httpx.Response:
    return await _settle(shop, (await paid(shop))["transactionId"], "review")


@provokes("POST /admin/backup", 201)
async def _(shop: Shop) -> httpx.Response:
    return await ask(shop, "POST /admin/backup")


@provokes("POST /admin/backup", 409, "backup_exists")
async def _(shop: Shop) -> httpx.Response:
    await ask(shop, "POST /admin/backup")
    return await ask(shop, "POST /admin/backup")


@provokes("GET /admin/callback-secret", 200)
async def _(shop: Shop) -> httpx.Response:
    return await ask(shop, "GET /admin/callback-secret")
