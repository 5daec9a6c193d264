"""Nothing is paid twice and nothing is forgotten: reloads, crashes, lost answers, and the hub itself going away."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest
from playwright.async_api import BrowserContext, WebSocketRoute, expect

from tests.web.conftest import OpenTill
from tests.web.pages import Faults, Terminal, Till
from tests.web.serving import Serving, own_hub


async def test_reload_in_mid_payment_picks_up_where_it_was(paired: tuple[Terminal, Till]) -> None:
    terminal, till = paired
    await till.charge(1250)
    await till.headline("Waiting for the card")
    await till.page.reload()
    await till.headline("Waiting for the card")
    await terminal.tap_and_approve()
    await till.headline("Approved")
    assert len(await till.references()) == 1


async def test_what_ended_while_the_page_was_closed_is_shown(
    paired: tuple[Terminal, Till], open_till: OpenTill
) -> None:
    terminal, till = paired
    await till.charge(1250)
    await till.headline("Waiting for the card")
    await till.page.close()
    await terminal.tap_and_approve()
    await terminal.is_recorded()
    again = await open_till()
    await again.headline("Approved")
    await again.press("New sale")
    await again.page.reload()
    await expect(again.sale).to_contain_text("Nothing rung up yet.")


async def test_the_terminals_page_goes_on_after_a_reload(paired: tuple[Terminal, Till]) -> None:
    terminal, till = paired
    await till.charge(1250)
    await terminal.tap()
    await till.headline("Asking the bank")
    before = await terminal.id()
    await terminal.page.reload()
    await terminal.says("$12.50")
    assert await terminal.id() == before
    await terminal.approve()
    await till.headline("Approved")


async def test_several_reloads_submit_once(paired: tuple[Terminal, Till]) -> None:
    terminal, till = paired
    await till.charge(1250)
    for _ in range(3):
        await till.page.reload()
    await terminal.tap_and_approve()
    await till.headline("Approved")
    await terminal.button("Done").click()
    await terminal.says("Waiting for a payment.")
    assert len(await till.references()) == 1


async def _cut_at_first_submission(
    context: BrowserContext, *, arrives: bool, back: asyncio.Event | None = None
) -> list[str]:
    """Cut the register's socket at its first submission: before the hub gets it, or before its answer comes back.

    The page's next connection waits for `back`. Returns the idempotency keys that the page sent, as they come.
    """
    keys: list[str] = []

    async def route(page_side: WebSocketRoute) -> None:
        if keys and back is not None:
            await back.wait()
        hub_side = page_side.connect_to_server()
        cut = False

        async def from_page(text: str | bytes) -> None:
            nonlocal cut
            message = json.loads(text)
            if message.get("method") == "transaction.submit":
                keys.append(message["params"]["idempotency_key"])
                if len(keys) == 1:
                    cut = True
                    if not arrives:
                        await page_side.close(code=4005)
                        return
            hub_side.send(text)

        async def from_hub(text: str | bytes) -> None:
            if not cut:
                page_side.send(text)
            elif arrives:
                await page_side.close(code=4005)

        page_side.on_message(from_page)
        hub_side.on_message(from_hub)

    await context.route_web_socket("**/ws/register", route)
    return keys


async def test_a_lost_answer_does_not_pay_twice(
    context: BrowserContext, terminal: Terminal, open_till: OpenTill
) -> None:
    keys = await _cut_at_first_submission(context, arrives=True)
    till = await open_till()
    await till.pair(await terminal.code())
    await till.is_online()
    await till.charge(1250)
    await till.headline("Waiting for the card")
    await terminal.tap_and_approve()
    await till.headline("Approved")
    assert len(set(keys)) == 1
    await terminal.button("Done").click()
    await terminal.says("Waiting for a payment.")
    assert len(await till.references()) == 1


async def test_a_lost_request_is_sent_again_with_the_same_key(
    context: BrowserContext, terminal: Terminal, open_till: OpenTill
) -> None:
    keys = await _cut_at_first_submission(context, arrives=False)
    till = await open_till()
    await till.pair(await terminal.code())
    await till.is_online()
    await till.charge(1250)
    await terminal.tap_and_approve()
    await till.headline("Approved")
    assert len(keys) == 2
    assert len(set(keys)) == 1


@own_hub
async def test_the_hub_is_killed_and_comes_back_in_mid_payment(
    paired: tuple[Terminal, Till], serving: Serving, faults: Faults
) -> None:
    terminal, till = paired
    faults.hub_goes_away = True
    await till.charge(1250)
    await till.headline("Waiting for the card")
    await serving.kill()
    await expect(till.page.locator("link-badge")).to_contain_text("No connection")
    await terminal.tap_and_approve()
    await terminal.says("The hub does not know yet")
    await serving.start()
    await till.headline("Approved")
    await terminal.is_recorded()
    await till.is_online()


@own_hub
async def test_a_drained_hub_is_come_back_to(paired: tuple[Terminal, Till], serving: Serving, faults: Faults) -> None:
    _, till = paired
    faults.hub_goes_away = True
    await serving.stop()
    await expect(till.register("Front counter")).to_contain_text("no connection")
    await serving.start()
    await till.is_online()


@own_hub
async def test_charging_without_the_hub_waits_and_is_sent_once(
    paired: tuple[Terminal, Till], serving: Serving, faults: Faults
) -> None:
    terminal, till = paired
    faults.hub_goes_away = True
    await serving.kill()
    await expect(till.page.locator("link-badge")).to_contain_text("No connection")
    await till.charge(1250)
    await till.headline("No connection")
    await serving.start()
    await terminal.tap_and_approve()
    await till.headline("Approved")


@own_hub
async def test_giving_up_what_was_never_sent_is_certain(
    paired: tuple[Terminal, Till], serving: Serving, faults: Faults
) -> None:
    _, till = paired
    faults.hub_goes_away = True
    await serving.kill()
    await expect(till.page.locator("link-badge")).to_contain_text("No connection")
    await till.charge(1250)
    await till.press("Cancel payment")
    await till.headline("Not sent")
    await expect(till.payment).to_contain_text("nothing was charged")
    await till.press("Back to the sale")
    await expect(till.charge_button()).to_have_text("Charge $12.50")


async def test_giving_up_what_may_have_arrived_cancels_it_when_the_hub_is_back(
    context: BrowserContext, terminal: Terminal, open_till: OpenTill, serving: Serving, faults: Faults
) -> None:
    faults.hub_goes_away = True
    back = asyncio.Event()
    await _cut_at_first_submission(context, arrives=True, back=back)
    till = await open_till()
    await till.pair(await terminal.code())
    await till.is_online()
    await till.charge(1250)
    await till.headline("No connection")
    await till.press("Cancel payment")
    await till.headline("Given up")
    back.set()
    await till.headline("Cancelled")
    await terminal.headline("Cancelled")


@own_hub
async def test_an_attempt_that_nobody_waits_for_any_more_is_never_sent(
    paired: tuple[Terminal, Till], serving: Serving, faults: Faults, open_till: OpenTill
) -> None:
    """The page closed before it was sent, and is opened again much later."""
    terminal, till = paired
    faults.hub_goes_away = True
    await serving.kill()
    await expect(till.page.locator("link-badge")).to_contain_text("No connection")
    await till.charge(1250)
    await till.headline("No connection")
    await till.page.evaluate(
        """() => {
          for (const key of Object.keys(localStorage)) {
            if (!key.startsWith("smartconnect.register/")) continue;
            const kept = JSON.parse(localStorage[key]);
            for (const attempt of Object.values(kept.attempts)) attempt.begunAt -= 3600_000;
            localStorage[key] = JSON.stringify(kept);
          }
        }"""
    )
    await till.page.close()
    await serving.start()
    again = await open_till()
    await again.headline("Not sent")
    await expect(again.payment).to_contain_text("nothing was charged")
    await terminal.says("Waiting for a payment.")


async def test_without_storage_nothing_is_sent(paired: tuple[Terminal, Till]) -> None:
    terminal, till = paired
    await till.page.evaluate(
        """() => {
          Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError"); };
        }"""
    )
    await till.charge(1250)
    await till.headline("Not accepted")
    await expect(till.payment).to_contain_text("This browser stores nothing for this page")
    await terminal.says("Waiting for a payment.")


@own_hub
async def test_a_hub_that_has_forgotten_everything_is_met_calmly(
    paired: tuple[Terminal, Till], serving: Serving, faults: Faults
) -> None:
    """A new database under old pages: the terminal enrols again, the till says that it is not paired."""
    terminal, till = paired
    faults.hub_goes_away = True
    await serving.kill()
    for file in serving.data_dir.iterdir():
        file.unlink()
    await serving.start()
    await till.notice("Front counter is no longer paired")
    await expect(terminal.button("Pair a register")).to_be_enabled()
    await till.pair(await terminal.code())
    await till.is_online()


async def test_a_payment_over_http_shows_on_the_till_of_the_same_register(
    paired: tuple[Terminal, Till], serving: Serving
) -> None:
    terminal, till = paired
    register_id = await till.page.evaluate("JSON.parse(localStorage['smartconnect.till']).registers[0].register_id")
    async with httpx.AsyncClient(base_url=serving.url, timeout=None) as http:
        answer = await http.post(
            "/POS/Transaction",
            data={
                "POSRegisterID": register_id,
                "POSBusinessName": "Demo Shop",
                "POSVendorName": "SmartConnect Till",
                "TransactionMode": "ASYNC",
                "TransactionType": "Card.Purchase",
                "AmountTotal": "4200",
            },
        )
    assert answer.status_code == 200
    await till.headline("Waiting for the card")
    await expect(till.payment).to_contain_text("$42.00")
    await terminal.tap_and_approve()
    await till.headline("Approved")


@pytest.mark.parametrize("serving", [{"event_retention_hours": 1}], indirect=True)
async def test_a_last_event_that_the_hub_never_gave_out_gets_a_snapshot(
    paired: tuple[Terminal, Till], open_till: OpenTill
) -> None:
    terminal, till = paired
    await till.charge(1250)
    await till.headline("Waiting for the card")
    await till.page.evaluate(
        """() => {
          for (const key of Object.keys(localStorage)) {
            if (!key.startsWith("smartconnect.register/")) continue;
            localStorage[key] = JSON.stringify({ ...JSON.parse(localStorage[key]), last_event: 999_999 });
          }
        }"""
    )
    await till.page.close()
    again = await open_till()
    await again.headline("Waiting for the card")
    await terminal.tap_and_approve()
    await again.headline("Approved")
