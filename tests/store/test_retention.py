"""Retention: what is old enough is forgotten; what is open, in doubt or in conflict never is."""

from __future__ import annotations

import msgspec
import pytest

from hub.commands import retention
from hub.entropy import register_key
from hub.store.unit import Unit
from tests.clock import ManualClock
from tests.shop import Shop, Terminal, Till
from tests.wire import Json

DAY = 86_400


async def _sweep(shop: Shop) -> None:
    while await shop.hub.edge.engine.execute(retention.sweep):
        pass


async def _stamp(unit: Unit, transaction_id: str, received_at: int) -> None:
    """As if the machine's clock had stood wrong when it came."""
    session = unit.transactions._session
    await session.run("UPDATE transactions SET received_at = ? WHERE transaction_id = ?", received_at, transaction_id)


async def _paid(shop: Shop, terminal: Terminal, till: Till) -> Json:
    envelope = await till.pay()
    await terminal.started()
    await terminal.complete(envelope["transactionId"], "approved")
    return envelope


async def test_a_finished_record_and_its_polling_url_last_as_long_as_promised(shop: Shop, clock: ManualClock) -> None:
    terminal = await shop.device()
    till = await shop.register(terminal)
    envelope = await _paid(shop, terminal, till)
    clock.advance(179 * DAY)
    await _sweep(shop)
    assert (await shop.poll(envelope))["transactionStatus"] == "COMPLETED"
    clock.advance(2 * DAY)
    await _sweep(shop)
    gone = await shop.hub.http.get(envelope["data"]["PollingUrl"])
    assert gone.status_code == 404


async def test_a_record_goes_with_its_callbacks(shop: Shop, clock: ManualClock) -> None:
    terminal = await shop.device()
    till = await shop.register(terminal)
    envelope = await till.pay(PosNotificationCallbackUrl="http://127.0.0.1/never")
    await terminal.started()
    await terminal.complete(envelope["transactionId"], "approved")
    clock.advance(181 * DAY)
    await _sweep(shop)
    assert (await shop.hub.http.get(envelope["data"]["PollingUrl"])).status_code == 404


async def test_what_is_in_doubt_stays(shop: Shop, clock: ManualClock) -> None:
    terminal = await shop.device()
    till = await shop.register(terminal)
    await till.connect()
    envelope = await till.pay()
    await terminal.started()
    await terminal.socket.abort()
    await till.socket.pushed("device.presence", lambda params: not params["device"]["online"])
    clock.advance(16)
    await till.socket.pushed("transaction.updated", lambda params: params["transaction"]["state"] == "in_doubt")
    clock.advance(400 * DAY)
    await _sweep(shop)
    assert (await shop.poll(envelope))["data"]["TransactionResult"] == "OK-DELAYED"


async def test_portions_pass_by_what_stays_or_came_under_a_wrong_clock_and_end_at_what_is_young(
    shop: Shop, clock: ManualClock
) -> None:
    silent = await shop.device("silent")
    stays = await (await shop.register(silent, register_id="other")).pay()
    await silent.started()
    terminal = await shop.device()
    till = await shop.register(terminal)
    old = [await _paid(shop, terminal, till) for _ in range(5)]
    await shop.hub.edge.engine.execute(_stamp, old[1]["transactionId"], clock.now_ms() + 400 * DAY * 1000)
    clock.advance(1)
    young = [await _paid(shop, terminal, till) for _ in range(2)]

    async def portion(unit: Unit) -> int:
        return await unit.transactions.sweep(unit.now, 2, now=unit.now)

    assert [await shop.hub.edge.engine.execute(portion) for _ in range(4)] == [2, 2, 1, 0]
    assert (await shop.poll(stays))["transactionStatus"] == "PENDING"
    assert [(await shop.poll(each))["transactionStatus"] for each in young] == ["COMPLETED"] * 2


@pytest.mark.parametrize(
    ("came", "stays"),
    [
        ("oofooyyy", "fyyy"),
        ("fffffffoooy", "fffffffy"),  # it stood wrong for longer than a portion
        ("offffffffffoooffffffooooyyyyyyyo", "ffffffffffffffffyyyyyyyo"),
        ("fffffffffyyyy", "fffffffffyyyy"),
        ("ffffff", "ffffff"),
    ],
)
async def test_transactions_that_came_under_a_clock_far_ahead_stay_and_hold_up_nobody(
    shop: Shop, clock: ManualClock, came: str, stays: str
) -> None:
    """`o`ld, `y`oung and from the `f`uture, in the order in which they came."""
    terminal = await shop.device()
    paid = (await _paid(shop, terminal, await shop.register(terminal)))["transactionId"]
    at = {"o": clock.now_ms() - 2, "y": clock.now_ms(), "f": clock.now_ms() + 400 * DAY * 1000}

    async def fill(unit: Unit) -> None:
        pattern = await unit.transactions.get(paid)
        assert pattern is not None
        await unit.transactions._session.run("DELETE FROM transactions")
        for number, when in enumerate(came):
            copied = msgspec.structs.replace(
                pattern, transaction_id=f"{when}{number}", received_at=at[when], finished_at=at[when]
            )
            await unit.transactions.add(copied)

    async def portion(unit: Unit) -> int:
        return await unit.transactions.sweep(unit.now - 1, 3, now=unit.now)

    async def left(unit: Unit) -> str:
        found, _ = await unit.transactions.look_back(limit=100)
        return "".join(each.transaction_id[0] for each in reversed(found))

    await shop.hub.edge.engine.execute(fill)
    while await shop.hub.edge.engine.execute(portion):
        pass
    assert await shop.hub.edge.engine.query(left) == stays


@pytest.mark.parametrize(
    ("came", "stays"),
    [
        ("ooy", "y"),
        ("oooooo", ""),
        ("foy", "y"),
        ("ofoyy", "yy"),
        ("ofofofy", "fy"),
        ("offyy", "ffyy"),  # nothing behind it is old
        ("yoy", "yoy"),  # a clock that stood behind takes no young one along
        ("fffffffffooooyy", "yy"),  # it stood wrong for longer than a portion
        ("offffffffoooyyy", "yyy"),
        ("fffo", ""),
        ("offffffffyy", "ffffffffyy"),
        ("fffffffff", "fffffffff"),
    ],
)
async def test_portions_of_events_end_at_what_is_young_and_not_at_what_came_under_a_clock_far_ahead(
    shop: Shop, clock: ManualClock, came: str, stays: str
) -> None:
    """`o`ld, `y`oung and from the `f`uture, in the order in which they came."""
    till = await shop.register(await shop.device())
    key = register_key(**till.hello)
    at = {"o": clock.now_ms() - 2, "y": clock.now_ms(), "f": clock.now_ms() + 400 * DAY * 1000}

    async def fill(unit: Unit) -> int:
        first = await unit.events.next_number(key)
        await unit.events._session.run("DELETE FROM register_events")
        for number, when in enumerate(came, start=first):
            await unit.events.add(key, number, at[when], f"{when}{number}".encode())
        return first + len(came) - 1

    async def portion(unit: Unit) -> int:
        return await unit.events.sweep(unit.now - 1, 3, now=unit.now)

    async def left(unit: Unit) -> tuple[str, int]:
        found = await unit.events.after(key, 0, limit=100)
        return "".join(frame.decode()[0] for _, frame in found), await unit.events.last(key)

    last = await shop.hub.edge.engine.execute(fill)
    while await shop.hub.edge.engine.execute(portion):
        pass
    assert await shop.hub.edge.engine.query(left) == (stays, last)


async def test_old_events_are_swept_and_a_register_that_missed_them_gets_a_snapshot(
    shop: Shop, clock: ManualClock
) -> None:
    terminal = await shop.device()
    till = await shop.register(terminal)
    await _paid(shop, terminal, till)
    clock.advance(8 * DAY)
    await _sweep(shop)
    welcome = await till.connect(last_event=1)
    assert welcome["replay"] == "snapshot"
    assert welcome["event"] > 1
