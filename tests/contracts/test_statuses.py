"""Every answer that docs/openapi.yaml knows can be had from the hub.

The other way round, that nothing else comes, schemathesis looks after, and `check_answer` in every test.
"""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from hub.engine import Engine
from hub.errors import StoreUnavailable
from tests.clock import ManualClock
from tests.contracts import provoked_admin, provoked_pos
from tests.contracts.answers import openapi, operations
from tests.contracts.provoked import PROVOKED, Key, ask, documented
from tests.running import running
from tests.shop import Shop, failing
from tests.wire import Json

__all__ = ["provoked_admin", "provoked_pos"]  # imported for what they take down


@pytest.mark.parametrize("key", PROVOKED, ids=lambda key: " ".join(str(part) for part in key if part))
async def test_the_answer_can_be_had(key: Key, tmp_path: Path, clock: ManualClock) -> None:
    _, status, code = key
    provoked = PROVOKED[key]
    async with running(tmp_path / "data", clock, **provoked.settings) as hub:
        answer = await provoked.work(Shop(hub))
    assert (answer.status_code, answer.headers.get("SmartConnect-Error-Code")) == (status, code)


def _common() -> dict[Key, Json]:
    """Requests that every operation of a kind refuses alike, by what it says."""
    requests: dict[Key, Json] = {}
    for name, operation in operations().items():
        if "413" in operation["responses"]:
            requests[name, 413, "body_too_large"] = {"content": b"x" * 70_000}
        if "415" in operation["responses"]:
            requests[name, 415, "content_type_unsupported"] = {"json": {}}
        if "/admin/" in name:
            requests[name, 401, "unauthorised"] = {"headers": {"Authorization": "Bearer no"}}
        if (name, 404, "not_found") in documented():
            requests[name, 404, "not_found"] = {"url": re.sub(r"{.*?}", "a%2Fb", name.partition(" ")[2])}
    return requests


async def test_what_all_operations_have_in_common(shop: Shop) -> None:
    for (name, status, code), options in _common().items():
        answer = await ask(shop, name, **options)
        assert (answer.status_code, answer.headers.get("SmartConnect-Error-Code")) == (status, code), name


def test_nothing_else_isdocumented() -> None:
    faults = {"internal_error", "store_unavailable", "store_busy"}  # below
    assert {key for key in documented() if key[2] not in faults} == PROVOKED.keys() | _common().keys()


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (StoreUnavailable("the disk is full"), 503, "store_unavailable"),
        (RuntimeError("a fault of the hub"), 500, "internal_error"),
    ],
)
async def test_faults(shop: Shop, monkeypatch: pytest.MonkeyPatch, fault: Exception, status: int, code: str) -> None:
    till = await shop.register()
    monkeypatch.setattr(Engine, "query", failing(fault))
    monkeypatch.setattr(Engine, "execute", failing(fault))
    # Captured, for the traceback that the console would draw takes longer than the test.
    with capture_logs() as logged:
        answers = [
            await till.pair("12345678"),
            await till.post(),
            await shop.hub.http.get("/POS/Pairing", params=till.triple),
            await ask(shop, "GET /admin/devices"),
            await ask(shop, "POST /admin/devices", json={"device_id": "7"}),
        ]
    monkeypatch.undo()
    assert len([line for line in logged if line["event"] == "internal_error"]) == (len(answers) if status == 500 else 0)
    for answer in answers:
        assert (answer.status_code, answer.headers["SmartConnect-Error-Code"]) == (status, code)
        assert answer.json().keys() == {"error"}


METHODS = ("GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS")
POS_PATHS = [path for path in openapi()["paths"] if path.startswith("/POS/")]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        (method, path)
        for method, path in itertools.product(METHODS, POS_PATHS)
        if method.lower() not in openapi()["paths"][path]
    ],
)
async def test_the_pos_api_answers_a_wrong_method_with_404(shop: Shop, method: str, path: str) -> None:
    answer = await shop.hub.http.request(method, path.replace("{", "").replace("}", ""))
    assert (answer.status_code, answer.json()) == (404, {"error": "Not Found"})


async def test_elsewhere_a_wrong_method_is_told_the_right_ones(shop: Shop) -> None:
    answer = await shop.hub.http.put("/admin/devices")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, POST")
