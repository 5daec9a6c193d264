"""The history: kept by the page, searched by reference, here and in the hub."""

from __future__ import annotations

from playwright.async_api import expect

from tests.web.pages import Faults, Terminal, Till
from tests.web.serving import Serving, own_hub


async def _pay(terminal: Terminal, till: Till, cents: int) -> None:
    await till.charge(cents)
    await terminal.tap_and_approve()
    await till.headline("Approved")
    await till.press("New sale")


async def test_newest_first_and_found_by_reference(paired: tuple[Terminal, Till]) -> None:
    terminal, till = paired
    await _pay(terminal, till, 1000)
    await _pay(terminal, till, 2000)
    newest, oldest = await till.references()
    assert newest > oldest
    search = till.page.get_by_label("Find by reference")
    rows = till.page.locator("till-history tbody tr")
    await search.fill(oldest)
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("$10.00")
    await search.fill("no such")
    await expect(till.page.locator("till-history")).to_contain_text("Nothing here with that reference")


async def test_an_entry_shows_its_receipt(paired: tuple[Terminal, Till]) -> None:
    terminal, till = paired
    await _pay(terminal, till, 1000)
    reference = (await till.references())[0]
    await till.page.get_by_role("button", name=reference).click()
    dialog = till.page.get_by_role("dialog")
    await expect(dialog.get_by_role("region", name="Receipt")).to_contain_text("$10.00")
    await expect(dialog).to_contain_text(await terminal.id())
    await till.page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await expect(till.page.get_by_role("button", name=reference)).to_be_focused()


async def test_the_hub_finds_what_this_page_has_lost(paired: tuple[Terminal, Till]) -> None:
    terminal, till = paired
    await _pay(terminal, till, 1000)
    reference = (await till.references())[0]
    await till.page.evaluate(
        """() => {
          for (const key of Object.keys(localStorage)) if (key.includes("journal")) delete localStorage[key];
        }"""
    )
    await till.page.reload()
    await expect(till.page.locator("till-history")).to_contain_text("No transactions yet.")
    await till.page.get_by_label("Find by reference").fill(reference)
    await till.page.get_by_role("button", name="Search all records").click()
    await expect(till.page.get_by_role("status").filter(has_text="Found 1")).to_be_visible()
    await expect(till.page.locator("till-history tbody tr")).to_contain_text("Approved")


@own_hub
async def test_a_search_without_the_hub_waits_for_it(
    paired: tuple[Terminal, Till], serving: Serving, faults: Faults
) -> None:
    _, till = paired
    faults.hub_goes_away = True
    await till.view("History")
    await serving.kill()
    await expect(till.page.locator("link-badge")).to_contain_text("No connection")
    await till.page.get_by_label("Find by reference").fill("nothing")
    await till.page.get_by_role("button", name="Search all records").click()
    await expect(till.page.locator("till-history")).to_contain_text("Searching as soon as the connection is back")
    await serving.start()
    await expect(till.page.locator("till-history")).to_contain_text("There is nothing with exactly that reference.")


async def test_the_hub_says_when_it_has_nothing(paired: tuple[Terminal, Till]) -> None:
    _, till = paired
    await till.view("History")
    await till.page.get_by_label("Find by reference").fill("nothing")
    await till.page.get_by_role("button", name="Search all records").click()
    await expect(till.page.locator("till-history")).to_contain_text("There is nothing with exactly that reference.")


async def test_an_open_payment_can_be_cancelled_from_here(paired: tuple[Terminal, Till]) -> None:
    _, till = paired
    await till.charge(1000)
    await till.headline("Waiting for the card")
    reference = (await till.references())[0]
    await till.page.get_by_role("button", name=reference).click()
    await till.page.get_by_role("dialog").get_by_role("button", name="Cancel payment").click()
    await expect(till.page.get_by_role("dialog").locator(".badge")).to_have_text("Cancelled")
