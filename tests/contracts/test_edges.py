"""Requests at the edge of what the documents allow, each of which once went wrong."""

from __future__ import annotations

import httpx
import pytest

from tests.shop import Shop
from tests.wire import CallFailed


@pytest.mark.parametrize("limit", ["501", "0000000019999", "000000001" + "0" * 5_000, "-1", "٣", ""])
async def test_a_page_is_bounded(shop: Shop, limit: str) -> None:
    answer = await shop.hub.http.get("/admin/transactions", params={"limit": limit}, headers=shop.hub.admin)
    assert (answer.status_code, answer.headers["SmartConnect-Error-Code"]) == (400, "invalid_params")


@pytest.mark.parametrize("attention", ["yes", "", "2"])
async def test_attention_is_true_or_false(shop: Shop, attention: str) -> None:
    answer = await shop.hub.http.get("/admin/transactions", params={"attention": attention}, headers=shop.hub.admin)
    assert answer.status_code == 400


async def test_a_stage_is_one_word_to_its_end(shop: Shop) -> None:
    """A stage with a line feed at its end made two lines of the transaction's history, and its story unreadable."""
    terminal = await shop.device()
    till = await shop.register(terminal)
    transaction_id = (await till.pay())["transactionId"]
    await terminal.started()
    with pytest.raises(CallFailed) as caught:
        await terminal.socket.call(
            "transaction.progress", {"transaction_id": transaction_id, "stage": "waiting_for_card\n"}, valid=False
        )
    assert caught.value.code == "invalid_params"
    story = await shop.hub.http.get(f"/admin/transactions/{transaction_id}", headers=shop.hub.admin)
    assert story.status_code == 200


async def test_an_error_has_the_cors_header_too(shop: Shop) -> None:
    answer: httpx.Response = await shop.hub.http.get("/POS/Nothing", headers={"Origin": "https://pos.example"})
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (404, "*")
