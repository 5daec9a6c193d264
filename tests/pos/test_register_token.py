"""`require_register_token`: the hub may be set to ask for more than the triple."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.clock import ManualClock
from tests.running import running
from tests.shop import Shop, Till
from tests.wire import CallFailed


@pytest.fixture
async def strict(tmp_path: Path, clock: ManualClock) -> AsyncIterator[Shop]:
    async with running(tmp_path / "data", clock, require_register_token=True) as hub:
        yield Shop(hub)


async def paired(shop: Shop, device_id: str = "7070714000", **fields: Any) -> tuple[Till, dict[str, str]]:
    """A register, and the header that shows its token."""
    device = await shop.device(device_id)
    till = Till(shop.hub, **fields)
    answer = await till.pair(await device.code())
    return till, bearer(answer.headers["SmartConnect-Register-Token"])


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_with_the_token(strict: Shop) -> None:
    till, shown = await paired(strict)
    assert (await till.post(shown, TransactionReference="INV-1")).status_code == 200
    for path in ("/POS/Pairing", "/POS/Transaction"):
        answer = await strict.hub.http.get(path, params={**till.triple, "TransactionReference": "INV-1"}, headers=shown)
        assert answer.status_code == 200


async def test_without_it(strict: Shop) -> None:
    """401; who only knows the triple can neither charge nor look."""
    till, _ = await paired(strict)
    answers = [
        await till.post(),
        await strict.hub.http.get("/POS/Pairing", params=till.triple),
        await strict.hub.http.get("/POS/Transaction", params={**till.triple, "TransactionReference": "INV-1"}),
    ]
    for answer in answers:
        assert answer.status_code == 401
        assert answer.json() == {"error": "A valid register token is required."}
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.headers["SmartConnect-Error-Code"] == "unauthorised"


async def test_another_register_s_token(strict: Shop) -> None:
    till, _ = await paired(strict)
    _, other = await paired(strict, "7070714001", register_id="other")
    assert (await till.post(other)).status_code == 401


async def test_pairing_itself_needs_none(strict: Shop) -> None:
    """The code is the proof; pairing again grants a new token, and the old one goes on."""
    till, old = await paired(strict)
    device = await strict.device("7070714001")
    new = bearer((await till.pair(await device.code())).headers["SmartConnect-Register-Token"])
    assert new != old
    assert (await till.post(old)).status_code == 200
    assert (await till.post(new)).status_code == 200


async def test_unpairing_and_pairing_anew_voids_the_old_one(strict: Shop) -> None:
    till, old = await paired(strict)
    device = await strict.device("7070714001")
    await till.pair(await device.code())
    await device.socket.call("pairing.remove", {"all": True})
    new = bearer((await till.pair(await device.code())).headers["SmartConnect-Register-Token"])
    assert (await till.post(old)).status_code == 401
    assert (await till.post(new)).status_code == 200


async def test_polling_needs_none(strict: Shop) -> None:
    """The polling URL has its own token, and stays opaque."""
    till, shown = await paired(strict)
    first = (await till.post(shown)).json()
    await strict.poll(first)


async def test_a_register_that_never_paired(strict: Shop) -> None:
    """It is told what it must do, not asked for a token that it cannot have."""
    answer = await Till(strict.hub).post()
    assert answer.status_code == 400
    assert answer.json() == {"error": "This register is not paired to a device, please pair it first."}


async def test_the_socket_asks_for_it_too(strict: Shop) -> None:
    till, shown = await paired(strict)
    with pytest.raises(CallFailed) as failed:
        await till.connect()
    assert failed.value.code == "unauthorised"
    assert (await till.socket.closed())[0] == 4501
    wire = await strict.hub.wire("register")
    welcome = await wire.call("hello", {"register_token": shown["Authorization"].removeprefix("Bearer ")})
    assert welcome["pairing"]["paired"] is True


@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer reg_", "bearer  x", "Bearer é"])
async def test_a_wrong_token_is_wrong_in_either_mode(shop: Shop, header: str) -> None:
    """Where none is required, one that is shown must still be right."""
    till, _ = await paired(shop)
    answer = await shop.hub.http.get(
        "/POS/Pairing", params=till.triple, headers=[(b"Authorization", header.encode("latin-1"))]
    )
    assert answer.status_code == 401
    assert (await till.post()).status_code == 200


async def test_other_credentials_are_ignored(shop: Shop) -> None:
    """A client that sends Basic credentials for a proxy in between is no reason to refuse a sale."""
    till, _ = await paired(shop)
    assert (await till.post({"Authorization": "Basic dTpw"})).status_code == 200
