"""Callbacks: signed, durable, retried, and kept out of the hub's own network."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.callbacks.delivery import pause_seconds
from hub.callbacks.destination import DestinationRefused, resolve
from tests.callbacks.receiver import Received, Receiver, receiving
from tests.clock import ManualClock
from tests.running import RunningHub, running
from tests.shop import Shop, Terminal, Till


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as started:
        yield started


@pytest.fixture
async def hub(tmp_path: Path, clock: ManualClock) -> AsyncIterator[RunningHub]:
    async with running(tmp_path / "data", clock, callback_allow_private=True, callback_attempts=3) as started:
        yield started


async def _pay(shop: Shop, url: str) -> tuple[Terminal, Till, str]:
    terminal = await shop.device()
    till = await shop.register(terminal)
    envelope = await till.pay(500, PosNotificationCallbackUrl=url)
    await terminal.started()
    await terminal.complete(envelope["transactionId"], "approved", card_type="VISA")
    return terminal, till, envelope["transactionId"]


async def _callbacks(hub: RunningHub, transaction_id: str) -> list[dict[str, object]]:
    story = (await hub.http.get(f"/admin/transactions/{transaction_id}", headers=hub.admin)).json()
    found: list[dict[str, object]] = story["callbacks"]
    return found


async def _signature(hub: RunningHub, received: Received) -> str:
    """What Standard Webhooks says the signature is, computed from its text: HMAC-SHA256 of `id.timestamp.body`."""
    secret = (await hub.http.get("/admin/callback-secret", headers=hub.admin)).json()["secret"]
    key = base64.b64decode(secret.removeprefix("whsec_"))
    assert len(key) == 32
    signed = b".".join(
        [received.headers["webhook-id"].encode(), received.headers["webhook-timestamp"].encode(), received.body]
    )
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


async def test_the_outcome_is_sent_signed_to_the_url_as_it_was_written(shop: Shop, receiver: Receiver) -> None:
    _, _, transaction_id = await _pay(shop, receiver.url)
    received = await receiver.received.get()
    assert received.target == "/api//callback?shop=1"
    assert received.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert received.headers["webhook-signature"] == await _signature(shop.hub, received)
    body = json.loads(received.body)
    assert body["transactionId"] == transaction_id
    assert body["transactionStatus"] == "COMPLETED"
    assert body["data"]["TransactionResult"] == "OK-ACCEPTED"


async def test_a_refused_callback_is_tried_again_with_the_same_id_until_taken(
    shop: Shop, receiver: Receiver, clock: ManualClock
) -> None:
    receiver.answers = ["500 Internal Server Error", "302 Found"]
    _, _, transaction_id = await _pay(shop, receiver.url)
    first = await receiver.received.get()
    await _until_noted(shop.hub, transaction_id, 1)
    clock.advance(5)
    second = await receiver.received.get()
    await _until_noted(shop.hub, transaction_id, 2)
    clock.advance(20)
    third = await receiver.received.get()
    await _until_noted(shop.hub, transaction_id, 3)
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == third.headers["webhook-id"]
    assert [each["state"] for each in await _callbacks(shop.hub, transaction_id)] == ["delivered"]


async def test_a_callback_is_given_up_after_the_set_number_of_attempts(
    shop: Shop, receiver: Receiver, clock: ManualClock
) -> None:
    receiver.answers = ["503 Service Unavailable"] * 3
    _, _, transaction_id = await _pay(shop, receiver.url)
    for attempt in (1, 2, 3):
        await receiver.received.get()
        await _until_noted(shop.hub, transaction_id, attempt)
        clock.advance(5 * 4 ** (attempt - 1))
    (callback,) = await _callbacks(shop.hub, transaction_id)
    assert (callback["state"], callback["last_error"]) == ("given_up", "HTTP 503")


async def test_gone_ends_it_at_once(shop: Shop, receiver: Receiver) -> None:
    receiver.answers = ["410 Gone"]
    _, _, transaction_id = await _pay(shop, receiver.url)
    await receiver.received.get()
    await _until_noted(shop.hub, transaction_id, 1)
    (callback,) = await _callbacks(shop.hub, transaction_id)
    assert callback["state"] == "given_up"


async def test_a_callback_survives_a_restart(shop: Shop, receiver: Receiver, clock: ManualClock) -> None:
    receiver.answers = ["500 Internal Server Error"]
    _, _, transaction_id = await _pay(shop, receiver.url)
    await receiver.received.get()
    await _until_noted(shop.hub, transaction_id, 1)
    await shop.hub.stop()
    clock.advance(60)
    await shop.hub.start()
    received = await receiver.received.get()
    assert json.loads(received.body)["transactionId"] == transaction_id


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://localhost/",
        "http://10.0.0.1/",
        "http://192.168.1.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]/",
        "http://[fe80::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://0.0.0.0/",
        "http://100.64.0.1/",
        "http://224.0.0.1/",
        "http://2130706433/",
    ],
)
async def test_addresses_that_are_not_public_are_refused(url: str) -> None:
    with pytest.raises(DestinationRefused):
        await resolve(url, allow_private=False)


async def test_a_public_address_is_pinned_and_the_rest_of_the_url_kept() -> None:
    to = await resolve("https://93.184.215.14:8443/a//b?c=d", allow_private=False)
    assert to.url == "https://93.184.215.14:8443/a//b?c=d"
    assert to.host == "93.184.215.14"


def test_the_pauses_grow_and_are_bounded() -> None:
    for attempts, longest in [(1, 5.0), (2, 20.0), (3, 80.0), (12, 21_600.0), (99, 21_600.0)]:
        assert longest / 2 <= pause_seconds(attempts) <= longest


async def _until_noted(hub: RunningHub, transaction_id: str, attempts: int) -> None:
    """Wait until that many attempts are on record; each look is an answer of the hub's, so it is not a busy loop."""
    while (await _callbacks(hub, transaction_id))[0]["attempts"] != attempts:
        pass
