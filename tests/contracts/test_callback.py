"""The callback is the webhook that docs/openapi.yaml describes."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs

from tests.callbacks.receiver import receiving
from tests.clock import ManualClock
from tests.contracts.answers import openapi, validator
from tests.running import running
from tests.shop import Shop


async def test_the_callback_is_as_documented(tmp_path: Path, clock: ManualClock) -> None:
    webhook = openapi()["webhooks"]["transactionCompleted"]["post"]
    async with receiving() as receiver, running(tmp_path / "data", clock, callback_allow_private=True) as hub:
        shop = Shop(hub)
        terminal = await shop.device()
        till = await shop.register(terminal)
        envelope = await till.pay(PosNotificationCallbackUrl=receiver.url)
        await terminal.complete(envelope["transactionId"], card_type="VISA")
        received = await receiver.received.get()
    for header in webhook["parameters"]:
        value = received.headers[header["name"]]
        assert jsonschema_rs.Draft202012Validator(header["schema"], validate_formats=True).is_valid(value), value
    assert received.headers["content-type"] == "application/json"
    schema = webhook["requestBody"]["content"]["application/json"]["schema"]
    validator(schema["$ref"]).validate(json.loads(received.body))
