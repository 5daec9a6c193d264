"""What schemathesis plays in: a hub with devices, paired registers, and transactions in every state."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from hub.entropy import access_token
from tests.contracts.attendant import Attendant
from tests.contracts.background import BackgroundHub, background_hub
from tests.running import ADMIN_TOKEN
from tests.wire import Json

NO_LIMIT = 100_000_000
SETTINGS: dict[str, Any] = {
    # Limits that would answer 429 to everything else.
    "pairing_attempts_per_minute": NO_LIMIT,
    "pairing_attempts_per_source": NO_LIMIT,
    "polls_per_second": 1000,
    "poll_burst": NO_LIMIT,
    "queue_limit": 10_000,
    # Waits that a test would sit through.
    "synchronous_wait_seconds": 0.05,
    "long_poll_limit_seconds": 0.05,
    "offline_grace_seconds": 0.05,
    # Pings, and the pause before another callback, draw from `random`; Hypothesis takes that for a strategy's doing.
    "heartbeat_seconds": 3600,
    "callback_attempts": 1,
}


class Scene:
    """`quick` attends to what it is sent, `slow` keeps it, `gone` was switched off with a transaction on it."""

    def __init__(self, hub: BackgroundHub) -> None:
        self.hub = hub
        self.http = httpx.Client(base_url=hub.url, verify=False, timeout=None)
        bearer = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
        self.admin = httpx.Client(base_url=hub.url, headers=bearer, verify=False, timeout=None)
        self._registers = itertools.count(1)
        self.quick = hub.run(Attendant.at(hub.url, "7070714000"))
        self.slow = hub.run(Attendant.at(hub.url, "7070714001", slow=True))
        self.triple = self.pair(self.quick)
        self.transactions = [
            envelope["transactionId"] for envelope in (*self._ended(), *self._open(), *self._in_doubt())
        ]
        """Ids, of transactions in every state."""

    def close(self) -> None:
        self.hub.run(self.quick.leave())
        self.hub.run(self.slow.leave())
        self.http.close()
        self.admin.close()

    def access_token(self, transaction_id: str) -> str:
        """What the polling URL of that transaction has in it."""
        return access_token(self.hub.server.edge.engine.signing_key, transaction_id)

    def code(self) -> str:
        """A code that is on a screen now."""
        return self.hub.run(self.quick.code())

    def pair(self, device: Attendant) -> dict[str, str]:
        """A new register, paired with the device; returns its triple."""
        triple = {
            "POSRegisterID": f"register-{next(self._registers)}",
            "POSBusinessName": "Toys Shop",
            "POSVendorName": "Till2Go",
        }
        code = self.hub.run(device.code())
        self.http.put(f"/POS/Pairing/{code}", data={**triple, "POSRegisterName": "Front"}).raise_for_status()
        return triple

    def post(self, triple: dict[str, str], **parameters: str) -> Json:
        given = {"TransactionMode": "ASYNC", "TransactionType": "Card.Purchase", "AmountTotal": "600"}
        answer = self.http.post("/POS/Transaction", data={**triple, **given, **parameters})
        answer.raise_for_status()
        envelope: Json = answer.json()
        return envelope

    def poll(self, envelope: Json) -> Json:
        answer = self.http.get(envelope["data"]["PollingUrl"] + "&wait=1")
        body: Json = answer.raise_for_status().json()
        return body

    def spare_device(self) -> str:
        """A device that nobody needs."""
        device_id = f"spare-{next(self._registers)}"
        self.admin.post("/admin/devices", json={"device_id": device_id}).raise_for_status()
        return device_id

    def spare_pairing(self) -> str:
        triple = self.pair(self.quick)
        pairings = self.admin.get("/admin/pairings", params={"limit": "500"}).json()["pairings"]
        (found,) = [each for each in pairings if each["pairing"]["register_id"] == triple["POSRegisterID"]]
        pairing_id: str = found["pairing"]["pairing_id"]
        return pairing_id

    def _ended(self) -> Iterator[Json]:
        for amount in range(600, 606):
            yield self.post(self.triple, AmountTotal=str(amount), TransactionReference="basket-1")
        for function in ("Terminal.GetStatus", "Acquirer.Logon", "Journal.GetTransResult"):
            yield self.post(self.triple, TransactionType=function)

    def _open(self) -> Iterator[Json]:
        triple = self.pair(self.slow)
        for _ in range(5):
            yield self.post(triple)

    def _in_doubt(self) -> Iterator[Json]:
        gone = self.hub.run(Attendant.at(self.hub.url, "7070714002", slow=True))
        triple = self.pair(gone)
        begun, waiting = self.post(triple), self.post(triple)
        self.hub.run(gone.begun.wait())
        self.hub.run(gone.leave())
        # The second one was never sent; with its end the grace is over, and the first one in doubt.
        while self.poll(waiting)["transactionStatus"] == "PENDING":
            pass
        yield begun
        yield waiting


@contextmanager
def playing(data_dir: Path, **settings: Any) -> Iterator[Scene]:
    with background_hub(data_dir, **SETTINGS | settings) as hub:
        scene = Scene(hub)
        try:
            yield scene
        finally:
            scene.close()
