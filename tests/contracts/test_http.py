"""Schemathesis against a running hub: what docs/openapi.yaml says is what happens, and nothing it sends is a 5xx.

Deterministic: the same examples every time. For a longer look raise `EXAMPLES` and set `deterministic` to False.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import settings
from hypothesis import strategies as st

from tests.contract import ROOT
from tests.contracts.scene import Scene, playing
from tests.running import ADMIN_TOKEN

Case = schemathesis.Case[Any]

EXAMPLES = 30

schemathesis.openapi.format(
    "sale-data", st.sampled_from(['{"saleData":{}}', '{"version":"1.0.0","saleData":{"a":"1"}}'])
)
# Addresses that callbacks never go to: what is not sent disturbs nobody.
schemathesis.openapi.format("callback-url", st.sampled_from(["http://127.0.0.1/a//b", "https://[::1]:8443/x?y"]))

CONFIG: dict[str, Any] = {
    "generation": {"deterministic": True},
    "auth": {"openapi": {"adminToken": {"bearer": ADMIN_TOKEN}}},
    "operations": [
        {
            # By design: the real service answers a wrong method with 404 (test_statuses.py holds the hub to it).
            "include-path-regex": "^/POS/",
            "checks": {"unsupported_method": {"enabled": False}},
        },
        {
            "include-operation-id": "submitTransaction",
            "checks": {
                "unsupported_method": {"enabled": False},
                "positive_data_acceptance": {"expected-statuses": ["2xx"]},
                # 413: a value that is too long may make the whole body so.
                "negative_data_rejection": {"expected-statuses": ["400", "404", "413", "415"]},
            },
        },
        {
            # Which outcome fits depends on the transaction's function, and few are in doubt.
            "include-operation-id": "resolveTransaction",
            "checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "400", "404", "409"]}},
        },
    ],
}
SCHEMA = schemathesis.openapi.from_path(ROOT / "docs/openapi.yaml", config=schemathesis.Config.from_dict(CONFIG))
_turns = itertools.count()


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with playing(tmp_path_factory.mktemp("hub")) as scene:
        yield scene


@SCHEMA.parametrize()
@settings(max_examples=EXAMPLES, derandomize=True, deadline=None)
def test_the_hub_does_what_the_document_says(case: Case, scene: Scene) -> None:
    if _is_valid(case):
        _put_real_ids(case, scene)
    case.call_and_validate(**_sent(case, scene))


def test_operations_agree_with_each_other(scene: Scene) -> None:
    """What one answer names the next request finds: enrol, show, rotate, revoke; submit, poll, cancel, resolve."""

    class Machine(SCHEMA.as_state_machine()):  # type: ignore[misc]  # it is made of the document
        def before_call(self, case: Case) -> None:
            if _is_valid(case):
                _put_register(case, scene)

        def get_call_kwargs(self, case: Case) -> dict[str, Any]:
            return _sent(case, scene)

        def validate_response(self, response: schemathesis.Response, case: Case, *_more: Any, **_kwargs: Any) -> None:
            case.validate_response(response, transport_kwargs=_sent(case, scene))

    Machine.run(settings=settings(max_examples=20, stateful_step_count=8, derandomize=True, deadline=None))


def _is_valid(case: Case) -> bool:
    assert case.meta is not None
    return case.meta.generation.mode.is_positive


def _sent(case: Case, scene: Scene) -> dict[str, Any]:
    """Where to, and with which polling token: a valid request has the one that belongs to its id."""
    sent: dict[str, Any] = {"base_url": scene.hub.url}
    if _is_valid(case) and case.path.startswith("/POS/Transaction/"):
        sent["params"] = {"merchantAccessToken": scene.access_token(str(case.path_parameters["transactionId"]))}
    return sent


def _put_real_ids(case: Case, scene: Scene) -> None:
    """Put what exists where the case has something invented; otherwise nothing but 404 would ever be seen."""
    turn = next(_turns)
    path = case.path_parameters
    if "transactionId" in path:
        path["transactionId"] = scene.transactions[turn % len(scene.transactions)]
    if "code" in path:
        path["code"] = scene.code()
    if "deviceId" in path:
        path["deviceId"] = scene.spare_device()
    if "pairingId" in path:
        path["pairingId"] = scene.spare_pairing()
    _put_register(case, scene)


def _put_register(case: Case, scene: Scene) -> None:
    """A paired register asks. What a schema cannot say: the cash is no more than the total, and each key is new."""
    if case.operation.label != "POST /POS/Transaction" or not isinstance(case.body, dict):
        return
    case.body.update(scene.triple)
    if "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = f"{next(_turns)}-{case.headers['Idempotency-Key']}"[:100]
    if case.body.get("TransactionType") == "Card.PurchasePlusCash":
        amounts = sorted((str(case.body["AmountCash"]), str(case.body["AmountTotal"])), key=int)
        case.body["AmountCash"], case.body["AmountTotal"] = amounts
