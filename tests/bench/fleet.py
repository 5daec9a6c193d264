"""The load: devices that approve at once, and registers that pay."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from tests.bench.http import Http, form_request
from tests.bench.orders import Json, Orders
from tests.bench.socket import Socket, greet

BUSINESS = VENDOR = "Bench"

# Some peers put blanks behind their colons.
_TRANSACTION_ID = re.compile(rb'"transaction_id": ?"([0-9a-f-]{36})"')
_REQUEST_ID = re.compile(rb'"id": ?"([^"]+)"')
_NUMBER = re.compile(rb'"id": ?(\d+)')
_FINAL = re.compile(rb'"final": ?true')


def name_of(number: int) -> str:
    """Of a device, and of the register that is paired with it."""
    return f"bench-{number:06}"


def _found(pattern: re.Pattern[bytes], frame: bytes) -> bytes:
    match = pattern.search(frame)
    assert match is not None, frame
    return match[1]


class Device:
    """Answers each start with its result, at once. `started` is called with the id and the time of arrival."""

    def __init__(self, orders: Orders, device_id: str, started: Callable[[str, float], None]) -> None:
        self._orders = orders
        self.device_id = device_id
        self._started = started
        self.credential = orders.credential
        self._answers: dict[int, asyncio.Future[Json]] = {}
        self.socket: Socket | None = None

    async def connect(self) -> Json:
        who: Json = {"device_id": self.device_id, "serial": f"SN-{self.device_id}"}
        who |= {"enrol": True} if self.credential is None else {"credential": self.credential}
        self.socket, welcome = await greet(self._orders.url, "device", self._orders.wire, who, self._on_message)
        self.credential = welcome.get("credential", self.credential)
        return welcome

    def _on_message(self, socket: Socket, frame: bytes) -> None:
        if b'transaction.start"' in frame:
            arrived = time.perf_counter()
            transaction_id = _found(_TRANSACTION_ID, frame)
            socket.send(
                b'{"jsonrpc":"2.0","id":"%s","result":{"state":"completed","result":{"transaction_id":"%s",'
                b'"outcome":"approved","auth_id":"PIN147","acquirer_ref":"000013","terminal_ref":"79707014",'
                b'"card_pan":"....0138","card_type":"VISA","account_type":"CREDIT","amount_total_cents":500,'
                b'"timestamp":"20260101120000","receipt":"APPROVED"}}}' % (_found(_REQUEST_ID, frame), transaction_id)
            )
            self._started(transaction_id.decode(), arrived)
        elif b'"method"' not in frame:
            self._answers.pop(int(_found(_NUMBER, frame))).set_result(json.loads(frame))

    async def code(self) -> str:
        """Open pairing and return the code."""
        assert self.socket is not None
        answer = self._answers[1] = asyncio.get_running_loop().create_future()
        self.socket.send(b'{"jsonrpc":"2.0","id":1,"method":"pairing.start","params":{}}')
        code: str = (await answer)["result"]["code"]
        return code


class Register:
    """A till. `finished` is called with the id and the time at which the outcome was pushed to its socket."""

    def __init__(self, orders: Orders, name: str, finished: Callable[[str, float], None]) -> None:
        self._orders = orders
        self.name = name
        self._finished = finished
        self._ids = 0
        self._answers: dict[int, asyncio.Future[bytes]] = {}
        self.socket: Socket | None = None
        self.host = urlsplit(orders.url).netloc
        self.on_presence: Callable[[bytes], None] = lambda _frame: None
        triple = {"POSRegisterID": name, "POSBusinessName": BUSINESS, "POSVendorName": VENDOR}
        self._triple = triple
        self.purchase = form_request(
            "POST",
            "/POS/Transaction",
            self.host,
            {**triple, "TransactionMode": "ASYNC", "TransactionType": "Card.Purchase", "AmountTotal": "500"},
        )
        """The POST of a purchase of 5.00."""

    async def pair(self, http: Http, code: str) -> None:
        fields = {**self._triple, "POSRegisterName": self.name}
        status, body = await http.ask(form_request("PUT", f"/POS/Pairing/{code}", self.host, fields))
        if status != 200:
            raise RuntimeError(body)

    async def connect(self) -> None:
        hello = {"register_id": self.name, "business_name": BUSINESS, "vendor_name": VENDOR}
        self.socket, _ = await greet(self._orders.url, "register", self._orders.wire, hello, self._on_message)

    def _on_message(self, _socket: Socket, frame: bytes) -> None:
        if b'transaction.updated"' in frame:
            if _FINAL.search(frame):
                self._finished(_found(_TRANSACTION_ID, frame).decode(), time.perf_counter())
        elif b'device.presence"' in frame:
            self.on_presence(frame)
        elif b'"method"' not in frame:
            self._answers.pop(int(_found(_NUMBER, frame))).set_result(frame)

    async def submit(self) -> str:
        """`transaction.submit` over the socket; returns the transaction's id. `RuntimeError` if it was refused."""
        assert self.socket is not None
        self._ids += 1
        answered = self._answers[self._ids] = asyncio.get_running_loop().create_future()
        self.socket.send(
            b'{"jsonrpc":"2.0","id":%d,"method":"transaction.submit",'
            b'"params":{"function":"Card.Purchase","amount_total_cents":500}}' % self._ids
        )
        frame = await answered
        found = _TRANSACTION_ID.search(frame)
        if found is None:
            raise RuntimeError(frame)
        return found[1].decode()
