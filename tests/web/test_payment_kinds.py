"""Every kind of payment that the till offers, down to what the terminal was asked."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.web.pages import Terminal, Till


async def test_refund(paired: tuple[Terminal, Till]) -> None:
    terminal, till = paired
    await till.ring(1500)
    await till.kind("Refund")
    await expect(till.charge_button()).to_have_text("Refund $15.00")
    await till.charge()
    await terminal.says("Refund")
    await terminal.tap_and_approve()
    await till.headline("Approved")


async def test_qr_refund(paired: tuple[Terminal, Till]) -> None:
    terminal, till = paired
    await till.ring(1500)
    await till.kind("Refund")
    await till.kind("QR wallet")
    await till.charge()
    await terminal.says("QR refund")
    await terminal.button("Scan the customer's code").click()
    await terminal.approve()
    await till.headline("Approved")


async def test_purchase_with_cash(paired: tuple[Terminal, Till]) -> None:
    terminal, till = paired
    await till.ring(1500)
    await till.kind("Cash-out")
    await till.page.get_by_label("Cash to hand out").fill("20.50")
    await expect(till.charge_button()).to_have_text("Charge $35.50")
    await till.charge()
    await terminal.says("includes $20.50 cash")
    await terminal.tap_and_approve()
    await till.headline("Approved")
    await expect(till.payment.locator(".facts")).to_contain_text("$20.50")


async def test_cash_alone(paired: tuple[Terminal, Till]) -> None:
    terminal, till = paired
    await till.kind("Cash-out")
    await till.page.get_by_label("Cash to hand out").fill("40")
    await expect(till.charge_button()).to_have_text("Hand out $40.00")
    await till.charge()
    await terminal.says("Cash-out")
    await terminal.tap_and_approve()
    await till.headline("Approved")


@pytest.mark.parametrize("typed", ["abc", "-5", "1.234", "12,5"])
async def test_what_is_no_amount_is_not_charged(paired: tuple[Terminal, Till], typed: str) -> None:
    _, till = paired
    await till.kind("Cash-out")
    await till.page.get_by_label("Cash to hand out").fill(typed)
    await expect(till.charge_button()).to_be_disabled()
    await expect(till.sale).to_contain_text("The cash to hand out is not an amount.")


async def test_pre_authorise_then_finalise_for_less(paired: tuple[Terminal, Till]) -> None:
    terminal, till = paired
    await till.ring(20_000)
    await till.kind("Pre-authorise")
    await till.charge()
    await terminal.tap_and_approve()
    await till.headline("Approved")
    await till.press("New sale")

    await till.kind("Finalise")
    reference = till.page.get_by_label("Reference of the pre-authorisation")
    await expect(reference).to_have_value(re.compile(r"\d{6}-0001"))
    final = till.page.get_by_label("Final amount")
    await expect(final).to_have_value("200.00")
    await final.fill("180.00")
    await till.charge()
    await terminal.says("$180.00")
    await terminal.approve()
    await till.headline("Approved")
    first, second = await till.references()
    assert first == second


async def test_qr_shown_by_the_terminal(paired: tuple[Terminal, Till]) -> None:
    terminal, till = paired
    await till.ring(900)
    await till.kind("QR code")
    await till.charge()
    await expect(terminal.screen.get_by_role("img", name="Payment code")).to_be_visible()
    await till.headline("The customer is scanning the terminal's code")
    await terminal.button("The customer has paid").click()
    await terminal.approve()
    await till.headline("Approved")


async def test_qr_shown_by_the_customer(paired: tuple[Terminal, Till]) -> None:
    terminal, till = paired
    await till.ring(900)
    await till.kind("QR code")
    await till.kind("The customer")
    await till.charge()
    await till.headline("Scan the customer's code with the terminal")
    await terminal.button("Scan the customer's code").click()
    await terminal.approve()
    await till.headline("Approved")


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("Terminal status", "READY"),
        ("Logon", "APPROVED|DONE"),
        ("Settlement inquiry", "DONE"),
        ("Settlement cutover", "DONE"),
        ("Receipt reprint", "NOTHING TO REPRINT"),
    ],
)
async def test_asking_the_terminal(paired: tuple[Terminal, Till], asked: str, told: str) -> None:
    _, till = paired
    await till.view("Back office")
    await till.page.get_by_role("button", name=asked).click()
    await till.headline("Done")
    await expect(till.payment).to_contain_text(re.compile(told))


async def test_the_last_result_is_the_terminals_own(paired: tuple[Terminal, Till]) -> None:
    terminal, till = paired
    await till.charge(700)
    await terminal.tap_and_approve()
    await till.headline("Approved")
    await till.view("Back office")
    await till.page.get_by_role("button", name="Last result").click()
    await till.headline("Done")
    await expect(till.payment.get_by_role("region", name="Receipt")).to_contain_text("$7.00")


async def test_amounts_go_through_as_cents(paired: tuple[Terminal, Till]) -> None:
    """1.15 * 100 is not 115 in floating point."""
    terminal, till = paired
    for cents in (115, 1910, 999_999_999_900):
        await till.charge(cents)
        await terminal.says(f"${cents / 100:,.2f}")
        await terminal.tap() if cents < 20_000 else await terminal.button("Cancel").click()
        if cents < 20_000:
            await terminal.approve()
            await till.headline("Approved")
            await till.press("New sale")
        else:
            await till.headline("Cancelled")


async def test_the_number_block_types_on_the_pad(paired: tuple[Terminal, Till]) -> None:
    _, till = paired
    await till.page.keyboard.type("12345")
    await till.page.keyboard.press("Backspace")
    await expect(till.sale.get_by_label("Amount typed")).to_have_text("$12.34")


async def test_the_basket_can_be_changed(paired: tuple[Terminal, Till]) -> None:
    _, till = paired
    await till.sale.get_by_role("button", name="Flat white $").click()
    await till.page.get_by_role("button", name="One Flat white more").click()
    await expect(till.charge_button()).to_have_text("Charge $9.00")
    await till.page.get_by_role("button", name="One Flat white less").click()
    await till.page.get_by_role("button", name="One Flat white less").click()
    await expect(till.charge_button()).to_be_disabled()
    await expect(till.sale).to_contain_text("Ring something up first.")
