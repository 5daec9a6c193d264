"""How SQLite finds what a payment needs: nothing that takes longer, the more is stored."""

from __future__ import annotations

from tests.shop import Shop


async def test_no_statement_of_a_payment_goes_through_what_has_ended(plans: dict[str, str], shop: Shop) -> None:
    """Paired, paid, queued, cancelled, in doubt, reconnected, caught up, polled, looked for by reference and by key."""
    device = await shop.device()
    till = await shop.register(device)
    welcome = await till.connect()
    first = await till.pay(TransactionReference="INV-1")
    waiting = [await till.pay() for _ in range(3)]
    await device.started()
    await device.socket.call("ping")
    await till.socket.call("transaction.cancel", {"transaction_id": waiting[1]["transactionId"]})
    await device.complete(first["transactionId"])
    second = await device.started()
    await device.socket.call("ping")
    shop.hub.clock.advance(60)
    await device.socket.pushed("transaction.inquire")
    await device.switch_on(results=[{"transaction_id": second["transaction_id"], "outcome": "declined"}])
    await till.connect(last_event=welcome["event"])
    for each in (first, *waiting):
        await shop.poll(each)
    await till.socket.call("transaction.find", {"transaction_reference": "INV-1"})

    about = {sql: plan for sql, plan in plans.items() if "transactions" in sql or "register_events" in sql}
    assert len(about) > 15
    for sql, plan in about.items():
        for step in plan.split(" / "):
            assert not step.startswith("SCAN transactions") or " USING INDEX " in step, sql
            assert not step.startswith("SCAN register_events") or sql.endswith("ORDER BY event_id LIMIT ?"), sql
            assert "transactions_not_approved" not in step, sql
