"""What the load generator asks of any hub: the few messages of the wire that the benchmark uses."""

from __future__ import annotations

import json
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from tests.bench.naive.book import Book, Json, Told

Push = Callable[[str], Awaitable[None]]


class Door:
    """Who is connected, and what becomes of each message."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self._pushes: dict[str, Push] = {}
        self._codes: dict[str, str] = {}

    async def tell(self, told: list[Told]) -> None:
        for each in told:
            if each.to in self._pushes:
                await self._pushes[each.to](each.frame)

    async def hello(self, kind: str, message: Json, push: Push) -> str:
        """Greet, and return the name under which this connection is known."""
        params = message["params"]
        name = (
            params["device_id"] if kind == "device" else _triple(params, "register_id", "business_name", "vendor_name")
        )
        self._pushes[name] = push
        await push(_answer(message, {}))
        return str(name)

    async def device_said(self, device: str, message: Json) -> None:
        if message.get("method") == "pairing.start":
            code = str(random.randrange(10**7, 10**8))
            self._codes[code] = device
            await self._pushes[device](_answer(message, {"code": code}))
        else:
            await self.tell(await self.book.complete(device, message["result"]["result"]))

    async def register_said(self, register: str, message: Json) -> None:
        transaction_id, told = await self.book.submit(register, message["params"])
        await self._pushes[register](_answer(message, {"transaction": {"transaction_id": transaction_id}}))
        await self.tell(told)

    async def pair(self, code: str, form: Mapping[str, Any]) -> None:
        """`KeyError` if nobody shows that code."""
        register = _triple(form, "POSRegisterID", "POSBusinessName", "POSVendorName")
        await self.book.pair(register, self._codes.pop(code))

    async def post(self, form: Mapping[str, Any]) -> Json:
        """The POST of a transaction; returns the first answer, before anybody is told."""
        register = _triple(form, "POSRegisterID", "POSBusinessName", "POSVendorName")
        request = {"function": form["TransactionType"], "amount_total_cents": int(form["AmountTotal"])}
        transaction_id, told = await self.book.submit(register, request)
        await self.tell(told)
        return {"transactionId": transaction_id, "transactionStatus": "PENDING", "data": dict(form)}


def _triple(fields: Mapping[str, Any], *names: str) -> str:
    return "\x1f".join(str(fields[name]) for name in names)


def _answer(message: Json, result: Json) -> str:
    return json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result})
