"""Ways to every answer of the POS API."""

from __future__ import annotations

import httpx

from hub.entropy import access_token
from tests.contracts.provoked import provokes
from tests.shop import Shop
from tests.wire import Json

# Pairing


@provokes("GET /POS/Pairing", 200)
async def _(shop: Shop) -> httpx.Response:
    till = await shop.register(await shop.device())
    return await shop.hub.http.get("/POS/Pairing", params=till.triple)


@provokes("GET /POS/Pairing", 400, "invalid_params")
async def _(shop: Shop) -> httpx.Response:
    return await shop.hub.http.get("/POS/Pairing")


@provokes("GET /POS/Pairing", 401, "unauthorised", require_register_token=True)
async def _(shop: Shop) -> httpx.Response:
    till = await shop.register(await shop.device())
    return await shop.hub.http.get("/POS/Pairing", params=till.triple)


@provokes("PUT /POS/Pairing/{code}", 200)
async def _(shop: Shop) -> httpx.Response:
    device = await shop.device()
    return await (await shop.register()).pair(await device.code())


@provokes("PUT /POS/Pairing/{code}", 400, "pairing_code_invalid")
async def _(shop: Shop) -> httpx.Response:
    return await (await shop.register()).pair("12345678")


@provokes("PUT /POS/Pairing/{code}", 400, "invalid_params")
async def _(shop: Shop) -> httpx.Response:
    return await shop.hub.http.put("/POS/Pairing/12345678")


@provokes("PUT /POS/Pairing/{code}", 429, "too_many_attempts", pairing_attempts_per_source=1)
async def _(shop: Shop) -> httpx.Response:
    till = await shop.register()
    await till.pair("12345678")
    return await till.pair("12345678")


# Transactions


@provokes("POST /POS/Transaction", 200)
async def _(shop: Shop) -> httpx.Response:
    return await (await shop.register(await shop.device())).post({"Idempotency-Key": "1"})


@provokes("POST /POS/Transaction", 400, "register_not_paired")
async def _(shop: Shop) -> httpx.Response:
    return await (await shop.register()).post()


@provokes("POST /POS/Transaction", 400, "function_unknown")
async def _(shop: Shop) -> httpx.Response:
    return await (await shop.register()).post(TransactionType="Card.Gift")


@provokes("POST /POS/Transaction", 400, "amount_too_large", amount_limit_cents=100)
async def _(shop: Shop) -> httpx.Response:
    return await (await shop.register(await shop.device())).post()


@provokes("POST /POS/Transaction", 400, "invalid_params")
async def _(shop: Shop) -> httpx.Response:
    return await (await shop.register()).post(AmountTotal="5.00")


@provokes("POST /POS/Transaction", 401, "unauthorised")
async def _(shop: Shop) -> httpx.Response:
    return await (await shop.register(await shop.device())).post({"Authorization": "Bearer reg_other"})


@provokes("POST /POS/Transaction", 422, "idempotency_key_reused")
async def _(shop: Shop) -> httpx.Response:
    till = await shop.register(await shop.device())
    await till.post({"Idempotency-Key": "1"})
    return await till.post({"Idempotency-Key": "1"}, AmountTotal="501")


@provokes("POST /POS/Transaction", 429, "device_busy", queue_limit=1)
async def _(shop: Shop) -> httpx.Response:
    till = await shop.register(await shop.device())
    await till.post()
    await till.post()
    return await till.post()


@provokes("GET /POS/Transaction", 200)
async def _(shop: Shop) -> httpx.Response:
    till = await shop.register(await shop.device())
    await till.pay(TransactionReference="basket")
    return await shop.hub.http.get("/POS/Transaction", params={**till.triple, "TransactionReference": "basket"})


@provokes("GET /POS/Transaction", 400, "invalid_params")
async def _(shop: Shop) -> httpx.Response:
    return await shop.hub.http.get("/POS/Transaction", params=(await shop.register()).triple)


@provokes("GET /POS/Transaction", 401, "unauthorised")
async def _(shop: Shop) -> httpx.Response:
    till = await shop.register(await shop.device())
    return await shop.hub.http.get(
        "/POS/Transaction", params=till.triple, headers={"Authorization": "Bearer reg_other"}
    )


async def paid(shop: Shop) -> Json:
    return await (await shop.register(await shop.device())).pay()


def _cancel_url(envelope: Json) -> str:
    url: str = envelope["data"]["PollingUrl"]
    return url.replace("?", "/Cancel?")


def _unknown(shop: Shop, template: str) -> str:
    """The address of a transaction whose record is gone: the token is right, for it is derived."""
    token = access_token(shop.hub.edge.engine.signing_key, "gone")
    return f"{template.replace('{transactionId}', 'gone')}?merchantAccessToken={token}"


@provokes("GET /POS/Transaction/{transactionId}", 200)
async def _(shop: Shop) -> httpx.Response:
    return await shop.hub.http.get((await paid(shop))["data"]["PollingUrl"])


@provokes("GET /POS/Transaction/{transactionId}", 400, "invalid_params")
async def _(shop: Shop) -> httpx.Response:
    return await shop.hub.http.get((await paid(shop))["data"]["PollingUrl"] + "&wait=soon")


@provokes("GET /POS/Transaction/{transactionId}", 401, "access_token_invalid")
async def _(shop: Shop) -> httpx.Response:
    return await shop.hub.http.get((await paid(shop))["data"]["PollingUrl"][:-1])


@provokes("GET /POS/Transaction/{transactionId}", 404, "transaction_unknown")
async def _(shop: Shop) -> httpx.Response:
    return await shop.hub.http.get(_unknown(shop, "/POS/Transaction/{transactionId}"))


@provokes("GET /POS/Transaction/{transactionId}", 429, "polling_too_fast", poll_burst=1)
async def _(shop: Shop) -> httpx.Response:
    url = (await paid(shop))["data"]["PollingUrl"]
    await shop.hub.http.get(url)
    return await shop.hub.http.get(url)


@provokes("POST /POS/Transaction/{transactionId}/Cancel", 200)
async def _(shop: Shop) -> httpx.Response:
    return await shop.hub.http.post(_cancel_url(await paid(shop)))


@provokes("POST /POS/Transaction/{transactionId}/Cancel", 400, "invalid_params")
async def _(shop: Shop) -> httpx.Response:
    return await shop.hub.http.post(_cancel_url(await paid(shop)) + "&a=%00")


@provokes("POST /POS/Transaction/{transactionId}/Cancel", 401, "access_token_invalid")
async def _(shop: Shop) -> httpx.Response:
    return await shop.hub.http.post(_cancel_url(await paid(shop))[:-1])


@provokes("POST /POS/Transaction/{transactionId}/Cancel", 404, "transaction_unknown")
async def _(shop: Shop) -> httpx.Response:
    return await shop.hub.http.post(_unknown(shop, "/POS/Transaction/{transactionId}/Cancel"))
