"""The operator's list: however far back what is asked for is, each single look at the store is short."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from hub.commands import admin
from hub.store import transactions
from statemachines.transaction import TransactionState
from tests.admin.desk import get
from tests.shop import Shop, Terminal, Till

APPROVED, DECLINED = TransactionState.APPROVED, TransactionState.DECLINED


@pytest.fixture(autouse=True)
def _short_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transactions, "ROWS_A_LOOK", 2)


async def _paid(terminal: Terminal, till: Till, outcome: str) -> str:
    transaction_id: str = (await till.pay())["transactionId"]
    await terminal.started()
    await terminal.complete(transaction_id, outcome)
    return transaction_id


@pytest.fixture
async def history(shop: Shop) -> list[str]:
    """One declined at T1, five approved at T2; oldest first."""
    first, second = await shop.device("T1"), await shop.device("T2")
    declined = await _paid(first, await shop.register(first, register_id="1"), "declined")
    till = await shop.register(second, register_id="2")
    return [declined, *[await _paid(second, till, "approved") for _ in range(5)]]


async def _look(
    shop: Shop,
    *,
    state: TransactionState | None = None,
    device_id: str | None = None,
    attention: bool = False,
    before: int | None = None,
    limit: int,
) -> tuple[list[int], int | None]:
    found, further = await shop.hub.edge.engine.query(
        admin.transactions, state=state, device_id=device_id, attention=attention, before=before, limit=limit
    )
    return [each.seq for each in found], further


async def _ids(shop: Shop, **params: str) -> list[str]:
    listed = (await get(shop.hub, "/transactions", **params))["transactions"]
    return [each["transaction"]["transaction_id"] for each in listed]


async def test_one_look_passes_by_so_many(shop: Shop, history: list[str]) -> None:
    """And says where to go on, found or not; nothing more at the end."""
    assert await _look(shop, state=APPROVED, limit=1) == ([6], 6)
    assert await _look(shop, state=APPROVED, limit=10) == ([6, 5], 5)
    assert await _look(shop, state=APPROVED, before=3, limit=10) == ([2], 1)
    assert await _look(shop, state=APPROVED, before=1, limit=10) == ([], None)
    assert await _look(shop, device_id="T1", limit=10) == ([], 5)
    assert await _look(shop, device_id="T1", before=5, limit=10) == ([], 3)
    assert await _look(shop, device_id="T1", before=3, limit=10) == ([1], 1)
    assert await _look(shop, device_id="T1", before=1, limit=10) == ([], None)
    assert await _look(shop, device_id="T2", state=DECLINED, limit=10) == ([], None)


async def test_where_all_that_it_is_led_to_fits_one_look_is_enough(shop: Shop, history: list[str]) -> None:
    terminal = await shop.device("T3")
    till = await shop.register(terminal, register_id="3")
    queued = [await till.pay() for _ in range(4)]
    await terminal.started()
    await terminal.socket.call("ping")
    assert await _look(shop, limit=11) == ([10, 9, 8, 7, 6, 5, 4, 3, 2, 1], None)
    assert await _look(shop, limit=4) == ([10, 9, 8, 7], 7)
    assert await _look(shop, state=DECLINED, limit=5) == ([1], None)
    assert await _look(shop, state=TransactionState.QUEUED, limit=2) == ([10, 9], 9)
    assert await _look(shop, state=TransactionState.QUEUED, before=9, limit=2) == ([8], 7)
    await terminal.complete(queued[0]["transactionId"], "approved")
    await terminal.complete(queued[0]["transactionId"], "declined")
    assert await _look(shop, attention=True, limit=5) == ([7], None)


@pytest.mark.parametrize(
    ("asked", "led_by"),
    [
        ({"attention": True}, "INDEX transactions_attention"),
        ({"attention": True, "device_id": "T1"}, "INDEX transactions_attention"),
        ({"state": TransactionState.IN_DOUBT}, "INDEX transactions_open"),
        ({"state": TransactionState.QUEUED, "device_id": "T1"}, "INDEX transactions_open"),
        ({"device_id": "T1"}, "INTEGER PRIMARY KEY (rowid"),
        ({"device_id": "T1", "state": APPROVED}, "INTEGER PRIMARY KEY (rowid"),
        ({"device_id": "T1", "state": DECLINED}, "INDEX transactions_not_approved (state=? AND seq"),
        ({"state": DECLINED}, "INDEX transactions_not_approved (state=? AND seq"),
        ({"state": TransactionState.DONE}, "INDEX transactions_not_approved (state=? AND seq"),
        ({"state": APPROVED}, "INTEGER PRIMARY KEY (rowid"),
        ({}, "INTEGER PRIMARY KEY"),
    ],
)
async def test_what_leads_to_it(
    plans: dict[str, str], shop: Shop, history: list[str], asked: dict[str, Any], led_by: str
) -> None:
    """As SQLite itself plans the statements that are run."""
    plans.clear()
    await _look(shop, **asked, limit=5)
    looks = [plan for sql, plan in plans.items() if "FROM transactions WHERE seq <" in sql]
    assert looks
    for plan in looks:
        assert led_by in plan


async def test_a_page_is_full_however_far_it_goes_back(shop: Shop, history: list[str]) -> None:
    declined, *approved = history
    assert await _ids(shop, state="declined") == [declined]
    assert await _ids(shop, device_id="T1") == [declined]
    assert await _ids(shop, device_id="nobody") == []
    assert await _ids(shop, state="approved", limit="3") == approved[:1:-1]
    assert await _ids(shop, state="approved", limit="3", before="4") == approved[1::-1]
    assert await _ids(shop, device_id="T2", state="declined") == []


async def test_an_export_of_rare_ones(shop: Shop, history: list[str]) -> None:
    answer = await shop.hub.http.get("/admin/transactions.csv", params={"device_id": "T1"}, headers=shop.hub.admin)
    assert [row["transaction_id"] for row in csv.DictReader(io.StringIO(answer.text))] == history[:1]
