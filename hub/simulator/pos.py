"""POS software as it exists: form-encoded HTTP and polling, and the hub's extensions for those who want them.

It does what pos-api asks of a client and no more: it keeps nothing about the pairing, and it takes the polling URL as
opaque. It knows no WebSocket.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Any

import httpx

from hub.clock import Clock, SystemClock, sleep

POLL_SECONDS = 2.0


@dataclass(eq=False)
class PosRefused(Exception):
    """An answer other than 200. `text` is `{"error": text}`, empty if there was no body."""

    status: int
    text: str
    headers: httpx.Headers

    def __str__(self) -> str:
        return f"HTTP {self.status}: {self.text}"


@dataclass(frozen=True, slots=True)
class PosAnswer:
    """The envelope of a transaction, as it came."""

    body: dict[str, Any]

    @property
    def transaction_id(self) -> str:
        return str(self.body["transactionId"])

    @property
    def completed(self) -> bool:
        return bool(self.body["transactionStatus"] == "COMPLETED")

    @property
    def data(self) -> dict[str, str]:
        """Every value is a string."""
        data: dict[str, str] = self.body["data"]
        return data

    @property
    def result(self) -> str | None:
        """`TransactionResult`: what a POS decides on."""
        return self.data.get("TransactionResult")

    @property
    def polling_url(self) -> str:
        """In first answers, and beside the data of found ones; nowhere else."""
        return str(self.body.get("pollingUrl") or self.data["PollingUrl"])


class Pos:
    """`async with Pos(base_url, …) as pos:`; one register. Methods raise `PosRefused` and `httpx.HTTPError`.

    `base_url` is the `{environment}` of the POS API, such as `http://localhost:8420/POS`. Amounts go by their names in
    the POS API and are strings or cents: `AmountTotal=500`.
    """

    def __init__(
        self,
        base_url: str,
        *,
        register_id: str,
        register_name: str = "Till",
        business_name: str,
        vendor_name: str,
        register_token: str | None = None,
        clock: Clock | None = None,
        http: httpx.AsyncClient | None = None,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._register_name = register_name
        self._triple = {
            "POSRegisterID": register_id,
            "POSBusinessName": business_name,
            "POSVendorName": vendor_name,
        }
        self._clock = clock or SystemClock()
        self._owns_http = http is None
        self._http = http or httpx.AsyncClient(timeout=httpx.Timeout(10, read=200))
        self.register_token = register_token
        """Sent where there is one; only hubs that require it look at it."""

    async def __aenter__(self) -> Pos:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._owns_http:
            await self._http.aclose()

    async def pair(self, code: str, **contact: str) -> None:
        """`PUT /POS/Pairing/{code}`; `contact` takes the optional fields, by their names there."""
        given = {**self._triple, "POSRegisterName": self._register_name, **contact}
        answer = await self._ask("PUT", f"{self._base_url}/Pairing/{code}", data=given)
        self.register_token = answer.headers.get("SmartConnect-Register-Token", self.register_token)

    async def submit(
        self,
        transaction_type: str,
        *,
        idempotency_key: str | None = None,
        transaction_mode: str = "ASYNC",
        **parameters: str | int,
    ) -> PosAnswer:
        """`POST /POS/Transaction`. With an empty `transaction_mode` the hub holds the answer until the outcome."""
        given = {
            **self._triple,
            "TransactionMode": transaction_mode,
            "TransactionType": transaction_type,
            **{name: str(value) for name, value in parameters.items()},
        }
        headers = {} if idempotency_key is None else {"Idempotency-Key": idempotency_key}
        answer = await self._ask("POST", f"{self._base_url}/Transaction", data=given, headers=headers)
        return PosAnswer(answer.json())

    async def purchase(self, amount_cents: int, **options: Any) -> PosAnswer:
        """The commonest submit."""
        return await self.submit("Card.Purchase", AmountTotal=amount_cents, **options)

    async def poll(self, polling_url: str, *, wait_seconds: float | None = None) -> PosAnswer:
        """`GET {PollingUrl}`, once; with `wait_seconds` the hub answers as soon as it is final (extension)."""
        params = {} if wait_seconds is None else {"wait": f"{wait_seconds:g}"}
        url = httpx.URL(polling_url).copy_merge_params(params)
        return PosAnswer((await self._ask("GET", str(url))).json())

    async def outcome(self, first: PosAnswer, *, poll_seconds: float = POLL_SECONDS) -> PosAnswer:
        """Poll at the documented pace until it is completed, on this POS's clock. Has no deadline of its own."""
        while True:
            answer = await self.poll(first.polling_url)
            if answer.completed:
                return answer
            await sleep(self._clock, poll_seconds)

    async def cancel(self, polling_url: str) -> tuple[str, PosAnswer]:
        """`POST …/Cancel` (extension): the honest answer, and the transaction as it is now."""
        url = httpx.URL(polling_url)
        answer = await self._ask("POST", str(url.copy_with(path=url.path + "/Cancel")))
        body = answer.json()
        return body.pop("cancelResult"), PosAnswer(body)

    async def find(self, transaction_reference: str) -> list[PosAnswer]:
        """`GET /POS/Transaction` (extension): this register's transactions with that reference, newest first."""
        given = {**self._triple, "TransactionReference": transaction_reference}
        answer = await self._ask("GET", f"{self._base_url}/Transaction", params=given)
        return [PosAnswer(found) for found in answer.json()["transactions"]]

    async def pairing_status(self) -> dict[str, Any]:
        """`GET /POS/Pairing` (extension)."""
        status: dict[str, Any] = (await self._ask("GET", f"{self._base_url}/Pairing", params=self._triple)).json()
        return status

    async def _ask(
        self, method: str, url: str, *, headers: dict[str, str] | None = None, **request: Any
    ) -> httpx.Response:
        sent = dict(headers or {})
        if self.register_token is not None:
            sent["Authorization"] = f"Bearer {self.register_token}"
        answer = await self._http.request(method, url, headers=sent, **request)
        if answer.status_code != 200:
            raise PosRefused(answer.status_code, _error_text(answer), answer.headers)
        return answer


def _error_text(answer: httpx.Response) -> str:
    try:
        body = answer.json()
    except ValueError:
        return answer.text
    return str(body["error"]) if isinstance(body, dict) and "error" in body else answer.text
