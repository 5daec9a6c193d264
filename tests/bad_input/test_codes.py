"""Pairing codes that are wrong, expired, used, or used twice at once; and the budget for guesses."""

from __future__ import annotations

import asyncio

import pytest

from tests.bad_input.peers import refusal
from tests.bad_input.store import contents
from tests.running import RunningHub
from tests.shop import Shop, Terminal, Till

WRONG = {"error": "Invalid Pairing Code. Please make sure you entered the code correctly"}
SLOWER = {"error": "Too many wrong pairing codes. Please wait a moment and try again."}


@pytest.mark.parametrize(
    "code",
    [
        "00000000",
        "1",
        "123456789",
        "12345678901234567890123456789012",
        "1" * 33,
        "1" * 5000,
        "1234%00678",
        "abcdefgh",
        "１２３４５６７８",
        "%2e",
        "-",
        "%20",
    ],
)
async def test_wrong(shop: Shop, code: str) -> None:
    """One answer for all of them; nothing changes."""
    device = await shop.device()
    await device.code()
    before = contents(shop.hub)
    answer = await Till(shop.hub).pair(code)
    assert (answer.status_code, answer.json()) == (400, WRONG)
    assert contents(shop.hub) == before


async def test_expired_used_withdrawn(shop: Shop) -> None:
    """The same answer as for a wrong one: a guesser learns nothing."""
    device = await shop.device()
    used = await device.code()
    await Till(shop.hub, register_id="first").pair(used)
    withdrawn = await device.code()
    await device.socket.call("pairing.stop")
    expired = await device.code()
    shop.hub.clock.advance(121)
    await device.socket.call("pairing.stop")
    before = contents(shop.hub)
    for code in (used, withdrawn, expired):
        answer = await Till(shop.hub, register_id="second").pair(code)
        assert (answer.status_code, answer.json()) == (400, WRONG)
    assert contents(shop.hub) == before


async def paired(device: Terminal) -> list[str]:
    return [each["register_id"] for each in (await device.socket.call("pairing.list"))["pairings"]]


async def test_used_twice_at_once(shop: Shop) -> None:
    """Several registers type the same code in the same moment: exactly one wins, whichever door they come by."""
    device = await shop.device()
    for attempt in range(5):
        code = await device.code()
        tills = [Till(shop.hub, register_id=f"{attempt}-{number}") for number in range(4)]
        await tills[2].connect()
        await tills[3].connect()
        asked = [await till.socket.ask("pairing.redeem", {"code": code, "register_name": "x"}) for till in tills[2:]]
        answers = await asyncio.gather(*(till.pair(code) for till in tills[:2]))
        over_sockets = [await each for each in asked]
        won = [answer.status_code == 200 for answer in answers] + ["result" in each for each in over_sockets]
        assert sum(won) == 1
        assert all(answer.json() == WRONG for answer in answers if answer.status_code != 200)
        assert all(each["error"]["data"]["code"] == "pairing_code_invalid" for each in over_sockets if "error" in each)
        winner = tills[won.index(True)]
        assert (await paired(device))[-1:] == [winner.register_id] or winner.register_id in await paired(device)
        assert len(await paired(device)) == attempt + 1
        shop.hub.clock.advance(60)


async def test_one_register_twice_at_once(shop: Shop) -> None:
    """An impatient double click: paired once, and one of the two is told that the code was used."""
    device = await shop.device()
    till = Till(shop.hub)
    code = await device.code()
    answers = await asyncio.gather(till.pair(code), till.pair(code))
    assert sorted(answer.status_code for answer in answers) == [200, 400]
    assert await paired(device) == [till.register_id]


async def from_source(hub: RunningHub, source: str, code: str) -> int:
    """Try a code from that address, behind the proxy on this machine; the status."""
    till = Till(hub, register_id=source)
    answer = await hub.http.put(
        f"/POS/Pairing/{code}",
        data={**till.triple, "POSRegisterName": "x"},
        headers={"X-Forwarded-For": source},
    )
    if answer.status_code == 429:
        assert answer.json() == SLOWER
        assert answer.headers["SmartConnect-Error-Code"] == "too_many_attempts"
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
    return answer.status_code


async def test_budget_of_a_source(shop: Shop) -> None:
    """Ten wrong ones; then 429 without looking, for the right one too, until it has waited. Others go on."""
    device = await shop.device()
    code = await device.code()
    statuses = [await from_source(shop.hub, "198.51.100.1", "00000000") for _ in range(12)]
    assert statuses == [400] * 10 + [429] * 2
    assert await from_source(shop.hub, "198.51.100.1", code) == 429
    assert await from_source(shop.hub, "198.51.100.2", "00000000") == 400
    shop.hub.clock.advance(6)
    assert await from_source(shop.hub, "198.51.100.1", code) == 200


async def test_budget_of_the_hub(shop: Shop) -> None:
    """30 wrong ones a minute from wherever; then nobody may, and after a while somebody may again."""
    device = await shop.device()
    code = await device.code()
    statuses = [await from_source(shop.hub, f"198.51.100.{number % 10}", "00000000") for number in range(32)]
    assert statuses == [400] * 30 + [429] * 2
    assert await from_source(shop.hub, "203.0.113.9", code) == 429
    shop.hub.clock.advance(2)
    assert await from_source(shop.hub, "203.0.113.9", code) == 200


async def test_guesses_at_once(shop: Shop) -> None:
    """A thousand in one breath are not all looked at while none has failed yet."""
    statuses = await asyncio.gather(*(from_source(shop.hub, "198.51.100.1", f"{n:08}") for n in range(60)))
    assert sorted(statuses) == [400] * 10 + [429] * 50


async def test_right_codes_cost_nothing(shop: Shop) -> None:
    """A shop that pairs its forty tills in an afternoon is no guesser."""
    device = await shop.device()
    for number in range(40):
        assert (await Till(shop.hub, register_id=str(number)).pair(await device.code())).status_code == 200


async def test_both_doors_share_the_budget(shop: Shop) -> None:
    """The socket's error says how long to wait."""
    device = await shop.device()
    code = await device.code()
    till = Till(shop.hub)
    await till.connect()
    for _ in range(10):
        error = await refusal(till.socket, "pairing.redeem", {"code": "00000000", "register_name": "x"})
        assert error["data"]["code"] == "pairing_code_invalid"
    error = await refusal(till.socket, "pairing.redeem", {"code": code, "register_name": "x"})
    assert (error["data"]["code"], error["data"]["retryable"]) == ("too_many_attempts", True)
    assert error["data"]["details"] == {"retry_after_seconds": 6}
    assert (await till.pair(code)).status_code == 429
    shop.hub.clock.advance(6)
    assert (await till.pair(code)).status_code == 200


async def test_a_refused_form_is_no_guess(shop: Shop) -> None:
    """A field too long is the POS developer's mistake; the code was not looked at, and no attempt is counted."""
    device = await shop.device()
    code = await device.code()
    for _ in range(20):
        answer = await shop.hub.http.put(f"/POS/Pairing/{code}", data={"POSRegisterID": "x"})
        assert answer.status_code == 400
    assert (await Till(shop.hub).pair(code)).status_code == 200
