"""The load: devices that approve at once, and registers that pay, each pairing done over the wire."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from tests.bench.socket import Json, Socket, greet

_TRANSACTION_ID = re.compile(rb'"transaction_id":"([0-9a-f-]{36})"')
_FINAL = b'"final":true'


class Http:
    """A keep-alive HTTP/1.1 connection that sends a prepared request and returns status and body."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, url: str) -> Http:
        parts = urlsplit(url)
        return cls(*await asyncio.open_connection(parts.hostname, parts.port))

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = int(re.search(rb"content-length: (\d+)", head)[1])  # type: ignore[index]
        return int(head[9:12]), await self._reader.readexactly(length)

    def close(self) -> None:
        self._writer.close()


def form_request(method: str, path: str, host: str, fields: dict[str, str]) -> bytes:
    body = urlencode(fields).encode()
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Device:
    """Answers each start with its result, at once. `started` is called with the id and the time of arrival."""

    def __init__(self, url: str, device_id: str, started: Callable[[str, float], None]) -> None:
        self._url = url
        self.device_id = device_id
        self._started = started
        self.credential: str | None = None
        self._answers: dict[int, asyncio.Future[Json]] = {}
        self.socket: Socket | None = None

    async def connect(self) -> Json:
        who: Json = {"device_id": self.device_id, "serial": f"SN-{self.device_id}"}
        who |= {"enrol": True} if self.credential is None else {"credential": self.credential}
        self.socket, welcome = await greet(self._url, "device", who, self._on_message)
        self.credential = welcome.get("credential", self.credential)
        return welcome

    def _on_message(self, socket: Socket, frame: bytes) -> None:
        if b'"method":"transaction.start"' in frame:
            arrived = time.perf_counter()
            found = _TRANSACTION_ID.search(frame)
            assert found is not None
            transaction_id = found[1].decode()
            socket.send(
                b'{"jsonrpc":"2.0","id":"%s","result":{"state":"completed","result":{"transaction_id":"%s",'
                b'"outcome":"approved","auth_id":"PIN147","acquirer_ref":"000013","terminal_ref":"79707014",'
                b'"card_pan":"....0138","card_type":"VISA","account_type":"CREDIT","amount_total_cents":500,'
                b'"timestamp":"20260101120000","receipt":"APPROVED"}}}' % (_request_id(frame), found[1])
            )
            self._started(transaction_id, arrived)
        elif b'"id":1,' in frame or b'"id":1}' in frame:
            message = json.loads(frame)
            self._answers.pop(1).set_result(message)

    async def code(self) -> str:
        """Open pairing and return the code."""
        assert self.socket is not None
        self._answers[1] = asyncio.get_running_loop().create_future()
        self.socket.send(b'{"jsonrpc":"2.0","id":1,"method":"pairing.start","params":{}}')
        code: str = (await self._answers.get(1, self._answers[1]))["result"]["code"]
        return code


_REQUEST_ID = re.compile(rb'"id":"([^"]+)"')


def _request_id(frame: bytes) -> bytes:
    found = _REQUEST_ID.search(frame)
    assert found is not None
    return found[1]


class Register:
    """A till on its socket. `finished` is called with the id and the time at which the outcome was pushed."""

    def __init__(self, url: str, name: str, finished: Callable[[str, float], None]) -> None:
        self._url = url
        self.name = name
        self._finished = finished
        self._ids = 0
        self._answers: dict[int, asyncio.Future[bytes]] = {}
        self.socket: Socket | None = None
        self.host = urlsplit(url).netloc

    @property
    def triple(self) -> dict[str, str]:
        return {"POSRegisterID": self.name, "POSBusinessName": "Bench", "POSVendorName": "Bench"}

    async def pair(self, http: Http, code: str) -> None:
        fields = {**self.triple, "POSRegisterName": self.name}
        status, body = await http.ask(form_request("PUT", f"/POS/Pairing/{code}", self.host, fields))
        if status != 200:
            raise RuntimeError(body)

    async def connect(self) -> None:
        hello = {"register_id": self.name, "business_name": "Bench", "vendor_name": "Bench"}
        self.socket, _ = await greet(self._url, "register", hello, self._on_message)

    def _on_message(self, _socket: Socket, frame: bytes) -> None:
        if b'"method":"transaction.updated"' in frame:
            if _FINAL in frame:
                found = _TRANSACTION_ID.search(frame)
                assert found is not None
                self._finished(found[1].decode(), time.perf_counter())
        elif b'"result"' in frame or b'"error"' in frame:
            answer = int(re.search(rb'"id":(\d+)', frame)[1])  # type: ignore[index]
            self._answers.pop(answer).set_result(frame)

    @property
    def purchase(self) -> bytes:
        """The POST of a purchase of 5.00."""
        fields = {
            **self.triple,
            "TransactionMode": "ASYNC",
            "TransactionType": "Card.Purchase",
            "AmountTotal": "500",
        }
        return form_request("POST", "/POS/Transaction", self.host, fields)

    async def submit(self) -> str:
        """`transaction.submit` over the socket; returns the transaction's id."""
        assert self.socket is not None
        self._ids += 1
        answered = self._answers[self._ids] = asyncio.get_running_loop().create_future()
        self.socket.send(
            b'{"jsonrpc":"2.0","id":%d,"method":"transaction.submit",'
            b'"params":{"function":"Card.Purchase","amount_total_cents":500}}' % self._ids
        )
        found = _TRANSACTION_ID.search(await answered)
        if found is None:
            raise RuntimeError("the submit was refused")
        return found[1].decode()
