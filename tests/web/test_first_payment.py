"""The whole story, as somebody who has never seen this goes through it."""

from __future__ import annotations

import re

from playwright.async_api import BrowserContext, expect

from tests.web.pages import Terminal, Till


async def test_from_the_start_page_to_a_first_payment(context: BrowserContext) -> None:
    start = await context.new_page()
    await start.goto("/")
    async with context.expect_page() as opened:
        await start.get_by_role("link", name="Open the terminal").click()
    terminal = Terminal(await opened.value)
    code = await terminal.shown_code()
    async with context.expect_page() as opened:
        await start.get_by_role("link", name="Open the till").click()
    till = Till(await opened.value)

    assert re.fullmatch(r"\d{8}", code)
    await till.pair(code)
    await till.is_online()
    await terminal.says("Paired with Front counter.")
    await expect(till.sale).to_contain_text("Ready to take payments.")

    await till.sale.get_by_role("button", name="Flat white $").click()
    await till.sale.get_by_role("button", name="Croissant $").click()
    await till.charge()
    await terminal.headline("Tap or insert card")
    await terminal.says("$10.30")
    await till.headline("Waiting for the card")
    await terminal.tap_and_approve()
    await till.headline("Approved")
    await terminal.is_recorded()

    receipt = till.payment.get_by_role("region", name="Receipt")
    await expect(receipt).to_contain_text("DEMO SHOP")
    lines = (await receipt.inner_text()).splitlines()
    assert all(len(line) <= 30 for line in lines)
    await till.press("New sale")
    await expect(till.sale).to_contain_text("Nothing rung up yet.")
    await expect(till.sale.get_by_text("Ready to take payments.")).to_be_hidden()
    assert len(await till.references()) == 1


async def test_with_chip_and_pin(paired: tuple[Terminal, Till]) -> None:
    terminal, till = paired
    await till.charge(2500)
    await terminal.button("Insert card").click()
    await till.headline("The customer is entering the PIN")
    for digit in "1234":
        await terminal.page.keyboard.press(digit)
    await terminal.page.get_by_role("button", name="Enter key").click()
    await till.headline("Asking the bank")
    await terminal.button("Ask for a signature").click()
    await till.headline("Check the signature at the terminal")
    await terminal.button("It matches").click()
    await till.headline("Approved")
    await expect(till.payment.locator(".facts")).to_contain_text("VISA ....0138")


async def test_a_decline_says_why_and_the_sale_comes_back(paired: tuple[Terminal, Till]) -> None:
    terminal, till = paired
    await till.charge(1200)
    await terminal.tap()
    await terminal.screen.get_by_label("Reason to decline").select_option("insufficient_funds")
    await terminal.button("Decline").click()
    await till.headline("Declined")
    await expect(till.payment).to_contain_text("Not enough funds.")
    await till.press("Back to the sale")
    await expect(till.charge_button()).to_have_text("Charge $12.00")


async def test_tip_and_surcharge_are_in_the_total(paired: tuple[Terminal, Till]) -> None:
    terminal, till = paired
    await terminal.flag("Ask for a tip").click()
    await terminal.page.get_by_label("Surcharge").select_option("1.5")
    await till.charge(10_000)
    await till.headline("The customer is choosing a tip")
    await terminal.button("10 %").click()
    await terminal.tap_and_approve()
    await till.headline("Approved")
    sums = till.payment.locator(".facts")
    await expect(sums).to_contain_text("$1.65")
    await expect(sums).to_contain_text("$10.00")
    await expect(sums).to_contain_text("$111.65")
    await expect(till.payment.locator(".head .amount")).to_have_text("$111.65")


async def test_what_is_typed_is_charged_with_the_rest(paired: tuple[Terminal, Till]) -> None:
    terminal, till = paired
    await till.sale.get_by_role("button", name="Flat white $").click()
    await till.page.keyboard.type("1050")
    await expect(till.charge_button()).to_have_text("Charge $15.00")
    await till.charge()
    await terminal.says("$15.00")
    await terminal.tap()
    await terminal.button("Decline").click()
    await till.press("Back to the sale")
    await expect(till.sale.locator(".lines li")).to_have_count(2)
    await till.page.locator("body").press("2")
    await till.page.locator("body").press("Enter")
    await expect(till.sale.locator(".lines li")).to_have_count(3)
    await expect(till.charge_button()).to_have_text("Charge $15.02")


async def test_the_receipt_prints_alone(paired: tuple[Terminal, Till]) -> None:
    terminal, till = paired
    await till.page.evaluate("window.print = () => { window.printed = true }")
    await till.charge(700)
    await terminal.tap_and_approve()
    await till.press("Print receipt")
    await till.page.wait_for_function("window.printed")
    await till.page.emulate_media(media="print")
    await expect(till.page.locator(".print .receipt")).to_be_visible()
    await expect(till.page.locator("main")).to_be_hidden()
