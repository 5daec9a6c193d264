"""A register's socket ends with the token that it lives on, and no other does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import pytest

from hub.bus.signal import RegisterEvent
from hub.commands import pairing, subscription
from hub.commands.identity import Identity
from hub.edge.connection import Connection
from hub.edge.register_socket import RegisterSession
from hub.store.unit import Unit
from hub.wire import jsonrpc
from hub.wire.close_codes import CloseCode
from hub.wire.register import Hello, Redeem, Redeemed
from statemachines.refusal import Refusal
from tests.clock import ManualClock
from tests.running import running
from tests.shop import Shop, Terminal, Till
from tests.wire import CallFailed, Wire

REVOKED = (4502, "revoked")


@pytest.fixture
async def strict(tmp_path: Path, clock: ManualClock) -> AsyncIterator[Shop]:
    async with running(tmp_path / "data", clock, require_register_token=True) as hub:
        yield Shop(hub)


async def paired(till: Till, device: Terminal) -> str:
    """Pair over the POS API; returns the token."""
    answer = await till.pair(await device.code())
    assert answer.status_code == 200, answer.text
    token: str = answer.headers["SmartConnect-Register-Token"]
    return token


async def opened(shop: Shop, **hello: str) -> Wire:
    wire = await shop.hub.wire("register")
    await wire.call("hello", hello)
    return wire


async def unpaired(till: Till, device: Terminal, *wires: Wire) -> None:
    """The device unpairs; whoever is connected stays, and learns it."""
    await device.socket.call("pairing.remove", {"all": True})
    for wire in wires:
        told = await wire.pushed("pairing.changed", lambda params: not params["pairing"]["paired"])
        assert told["params"]["pairing"]["cause"] == "device"


async def test_a_voided_token_takes_its_sockets_with_it_and_no_others(shop: Shop) -> None:
    """At once when the register pairs anew, before anything of that is told. The triple needs no token here."""
    device = await shop.device()
    till, neighbour = Till(shop.hub), Till(shop.hub, register_id="neighbour")
    token, others = await paired(till, device), await paired(neighbour, device)
    first, second = [await opened(shop, register_token=token) for _ in range(2)]
    by_triple = await opened(shop, **till.hello)
    next_door = await opened(shop, register_token=others)
    await unpaired(till, device, first, second, by_triple, next_door)
    new = await paired(till, device)
    for wire in (first, second):
        assert await wire.closed() == REVOKED
        assert wire.waiting("pairing.changed") == []
    for wire in (by_triple, next_door):
        await wire.call("ping")
    assert [each["params"]["pairing"]["paired"] for each in by_triple.waiting("pairing.changed")] == [True]
    with pytest.raises(CallFailed) as failed:
        await opened(shop, register_token=token)
    assert failed.value.code == "unauthorised"
    await (await opened(shop, register_token=new)).call("ping")


async def test_who_pairs_anew_goes_on_with_the_new_token(shop: Shop) -> None:
    """Its code was the proof. The socket lives on the new token then, and ends with that."""
    device = await shop.device()
    till = Till(shop.hub)
    token = await paired(till, device)
    pairs, other = [await opened(shop, register_token=token) for _ in range(2)]
    await unpaired(till, device, pairs, other)
    await pairs.call("pairing.redeem", {"code": await device.code(), "register_name": "Front"})
    assert await other.closed() == REVOKED
    assert (await pairs.call("pairing.status"))["paired"] is True
    await unpaired(till, device, pairs)
    await paired(till, device)
    assert await pairs.closed() == REVOKED


async def test_a_token_that_newer_ones_push_out_ends_its_socket(shop: Shop, clock: ManualClock) -> None:
    device = await shop.device()
    till = Till(shop.hub)
    wires = []
    for _ in range(pairing.KEPT_TOKENS):
        wires.append(await opened(shop, register_token=await paired(till, device)))
        clock.advance(1)
    for wire in wires:
        await wire.call("ping")
    await paired(till, device)
    assert await wires.pop(0).closed() == REVOKED
    for wire in wires:
        await wire.call("ping")


async def test_the_newest_are_the_last_granted_whatever_the_clock_said(shop: Shop) -> None:
    """All within one instant, the first ones under a clock that stood ahead until the hub was started anew."""
    device = await shop.device()
    till = Till(shop.hub)

    async def came_earlier(unit: Unit) -> None:
        await unit.registers._session.run("UPDATE register_tokens SET granted_at = granted_at + ?", 400 * 86_400_000)

    for _ in range(pairing.KEPT_TOKENS):
        await paired(till, device)
    await shop.hub.edge.engine.execute(came_earlier)
    wires = [await opened(shop, register_token=await paired(till, device)) for _ in range(pairing.KEPT_TOKENS)]
    for wire in wires:
        await wire.call("ping")


async def test_where_tokens_are_required_one_without_ends_when_the_register_is_paired(strict: Shop) -> None:
    """It was let in because there was nothing to protect; who pairs itself has a token now."""
    device = await strict.device()
    till, neighbour = Till(strict.hub), Till(strict.hub, register_id="neighbour")
    waits, pairs = [await opened(strict, **till.hello) for _ in range(2)]
    next_door = await opened(strict, **neighbour.hello)
    await pairs.call("pairing.redeem", {"code": await device.code(), "register_name": "Front"})
    assert await waits.closed() == REVOKED
    assert (await pairs.call("pairing.status"))["paired"] is True
    await next_door.call("ping")


@pytest.mark.parametrize("by", ["token", "triple"])
async def test_a_token_that_is_voided_in_the_middle_of_the_hello(
    strict: Shop, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    """After the look at the token, and before anybody could be told that it is void."""
    device = await strict.device()
    till = Till(strict.hub)
    hello = till.hello
    if by == "token":
        hello = {"register_token": await paired(till, device)}
        await device.socket.call("pairing.remove", {"all": True})
    engine = strict.hub.edge.engine
    query = cast(Callable[..., Awaitable[Any]], engine.query)

    async def interrupted(asked: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        answer = await query(asked, *args, **kwargs)
        if asked is subscription.subscribe:
            await paired(till, device)
        return answer

    monkeypatch.setattr(engine, "query", interrupted)
    wire = await strict.hub.wire("register")
    with pytest.raises(CallFailed) as failed:
        await wire.call("hello", hello)
    assert failed.value.code == "unauthorised"
    assert await wire.closed() == (4501, "unauthorised")


class _Door:
    """As much of a connection as a session knows."""

    source = "test"

    def __init__(self) -> None:
        self.ids: dict[str, object] = {}
        self.sent: list[bytes] = []
        self.closed_with: CloseCode | None = None

    def send(self, frame: bytes) -> None:
        self.sent.append(frame)

    def close(self, code: CloseCode) -> None:
        self.closed_with = code


@pytest.mark.parametrize("right", [True, False])
async def test_a_code_that_is_refused_saves_nobody(shop: Shop, right: bool) -> None:
    """Its own code is under way when another's voids the token: what becomes of that decides."""
    device, other = await shop.device(), await shop.device("7070714001")
    till = Till(shop.hub)
    token = await paired(till, device)
    await device.socket.call("pairing.remove", {"all": True})
    door = _Door()
    edge = shop.hub.edge
    hello = Hello(register_token=token)
    subscribed = await edge.engine.query(subscription.subscribe, hello)
    session = RegisterSession(edge, cast(Connection, door), subscribed, token)
    codes = [await device.code(), await other.code() if right else "00000000"]
    told: list[CloseCode | None] = []
    edge.engine.bus.subscribe(
        f"register:{subscribed.who.register_key}",
        lambda signal: told.append(door.closed_with) if isinstance(signal, RegisterEvent) else None,
    )
    who = Identity(till.register_id, till.business_name, till.vendor_name)
    others = edge.engine.execute(pairing.redeem, who, Redeem(code=codes[0], register_name="Front"))
    params = json.dumps({"code": codes[1], "register_name": "Front"})
    request = f'{{"jsonrpc":"2.0","id":1,"method":"pairing.redeem","params":{params}}}'
    own = session.handle(jsonrpc.parse(request))
    _, outcome = await asyncio.gather(others, own, return_exceptions=True)
    assert isinstance(outcome, Redeemed if right else Refusal)
    assert set(told) == {None}, "not before its own code was looked at"
    assert door.closed_with is (None if right else CloseCode.REVOKED)
    session.unsubscribe()
