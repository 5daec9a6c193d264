"""axe finds nothing in any state of the pages, in both themes and on a phone; and the keyboard reaches everything."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import BrowserContext, Locator, Page, expect

from tests.web.axe import violations
from tests.web.pages import Terminal, Till

pytestmark = pytest.mark.timeout(400)  # axe looks at a dozen states in each of three looks

LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "width": 1280, "height": 860},
    "dark": {"color_scheme": "dark", "width": 1280, "height": 860},
    "phone": {"color_scheme": "light", "width": 390, "height": 844},
}


async def check(page: Page) -> None:
    """In every look, at the state in which the page is."""
    for name, look in LOOKS.items():
        # Without motion no colour is half faded when it is measured.
        await page.emulate_media(color_scheme=look["color_scheme"], reduced_motion="reduce")
        await page.set_viewport_size({"width": look["width"], "height": look["height"]})
        assert await violations(page) == [], name
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name}: it scrolls sideways"


async def test_the_start_page(context: BrowserContext) -> None:
    page = await context.new_page()
    await page.goto("/")
    await check(page)


async def test_before_pairing(terminal: Terminal, till: Till) -> None:
    await check(till.page)
    await till.pair("11112222")
    await expect(till.page.locator("till-pairing:visible").get_by_role("alert")).to_contain_text("wrong")
    await check(till.page)
    await check(terminal.page)
    await terminal.code()
    await check(terminal.page)
    await terminal.bench("Switch off").click()
    await check(terminal.page)


async def test_a_payment_step_by_step(paired: tuple[Terminal, Till]) -> None:
    terminal, till = paired
    await terminal.flag("Ask for a tip").click()
    await till.ring(1250)
    for kind in ("Cash-out", "Refund", "Finalise", "QR code", "Purchase"):
        await till.kind(kind)
        await check(till.page)
    await till.charge()
    await till.headline("The customer is choosing a tip")
    await check(till.page)
    await check(terminal.page)
    await terminal.button("No tip").click()
    await check(terminal.page)
    await terminal.button("Insert card").click()
    await check(terminal.page)
    for digit in "1234":
        await terminal.page.keyboard.press(digit)
    await terminal.page.get_by_role("button", name="Enter key").click()
    await check(terminal.page)
    await terminal.button("Ask for a signature").click()
    await check(terminal.page)
    await terminal.button("It matches").click()
    await till.headline("Approved")
    await terminal.screen.get_by_text("Receipt", exact=True).click()
    await check(terminal.page)
    await check(till.page)


async def test_bad_news(paired: tuple[Terminal, Till]) -> None:
    terminal, till = paired
    await till.charge(1251)
    await till.headline("Declined")
    await check(till.page)
    await check(terminal.page)
    await till.press("Back to the sale")
    await terminal.button("Done").click()
    await terminal.button("Paired registers (1)").click()
    await check(terminal.page)
    await terminal.button("Remove Front counter").click()
    await check(terminal.page)
    await terminal.confirm("Remove")
    await till.notice("no longer paired")
    await check(till.page)


@pytest.mark.parametrize("serving", [{"silence_seconds": 1, "acknowledge_timeout_seconds": 0.3}], indirect=True)
async def test_the_unknown(paired: tuple[Terminal, Till]) -> None:
    terminal, till = paired
    await terminal.flag("Be silent").click()
    await till.charge(1250)
    await till.headline("Outcome unknown")
    await check(till.page)


async def test_a_qr_code(paired: tuple[Terminal, Till]) -> None:
    terminal, till = paired
    await till.ring(900)
    await till.kind("QR code")
    await till.charge()
    await expect(terminal.screen.get_by_role("img", name="Payment code")).to_be_visible()
    await check(terminal.page)


async def test_the_other_views(paired: tuple[Terminal, Till]) -> None:
    terminal, till = paired
    await till.add_register("Garden bar")
    await till.choose_register("Front counter")
    await till.view("History")
    await check(till.page)
    await till.view("Back office")
    await check(till.page)
    await till.view("Sale")
    await till.charge(1250)
    await terminal.tap_and_approve()
    await till.headline("Approved")
    reference = (await till.references())[0]
    await check(till.page)
    await till.page.get_by_role("button", name=reference).click()
    await check(till.page)


async def tab_to(page: Page, wanted: Locator) -> None:
    """With the Tab key, as often as it takes."""
    for _ in range(60):
        if await wanted.evaluate("(element) => element === document.activeElement"):
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not reach {wanted}")


async def test_from_pairing_to_receipt_by_keyboard_alone(context: BrowserContext, till: Till) -> None:
    page = await context.new_page()
    await page.goto("/terminal")
    terminal = Terminal(page)
    for name in ("Switch on", "Pair a register"):
        await expect(terminal.button(name)).to_be_enabled()
        await tab_to(page, terminal.button(name))
        await page.keyboard.press("Enter")
    code = await terminal.shown_code()

    keys = till.page.keyboard
    await tab_to(till.page, till.page.locator("till-pairing:visible").get_by_label("Pairing code"))
    await keys.type(code)
    await keys.press("Enter")
    await till.is_online()
    await expect(till.page.get_by_role("heading", name="Sale")).to_be_focused()
    await keys.type("1250")
    await keys.press("Enter")
    await expect(till.sale.locator(".lines li")).to_contain_text("$12.50")
    await tab_to(till.page, till.charge_button())
    await keys.press("Enter")
    await till.headline("Waiting for the card")

    await tab_to(page, terminal.button("Insert card"))
    await page.keyboard.press("Enter")
    await terminal.headline("Enter PIN")
    await page.keyboard.type("1234")
    await page.keyboard.press("Enter")
    await terminal.headline("Asking the bank")
    await tab_to(page, terminal.button("Approve"))
    await page.keyboard.press("Enter")
    await till.headline("Approved")
    await tab_to(till.page, till.payment.get_by_role("button", name="New sale"))
    await keys.press("Enter")
    await expect(till.sale).to_contain_text("Nothing rung up yet.")


async def test_a_payment_by_keyboard_alone(paired: tuple[Terminal, Till]) -> None:
    """Digits on the number block, then Tab and Enter; the focus is never lost."""
    terminal, till = paired
    keys = till.page.keyboard
    await keys.type("1250")
    await till.page.get_by_role("button", name="Add to sale").focus()
    await keys.press("Enter")
    await till.page.get_by_role("radio", name="Purchase").focus()
    await keys.press("ArrowRight")
    await expect(till.page.get_by_role("radio", name="Refund")).to_be_checked()
    await keys.press("ArrowLeft")
    await keys.press("Enter")
    heading = till.payment.get_by_role("heading", level=2)
    await expect(heading).to_be_focused()
    await till.headline("Waiting for the card")
    await terminal.button("Tap card").focus()
    await terminal.page.keyboard.press("Enter")
    await terminal.button("Approve").focus()
    await terminal.page.keyboard.press("Enter")
    await till.headline("Approved")
    await expect(heading).to_be_focused()
    await keys.press("Tab")
    await keys.press("Tab")
    await expect(till.payment.get_by_role("button", name="New sale")).to_be_focused()
    await keys.press("Enter")
    await expect(till.sale).to_contain_text("Nothing rung up yet.")


async def test_what_happens_is_announced(paired: tuple[Terminal, Till]) -> None:
    terminal, till = paired
    region = till.page.locator("body > [role=status]")
    await till.charge(1250)
    await expect(region).to_contain_text("Waiting for the card")
    await terminal.tap_and_approve()
    await expect(region).to_contain_text("Approved")
    await till.press("New sale")
    await terminal.button("Done").click()
    await till.charge(1250)
    await terminal.tap()
    await till.headline("Asking the bank")
    await till.press("Cancel payment")
    await expect(region).to_contain_text("Too late to cancel")
    await terminal.approve()
    await terminal.button("Done").click()
    await terminal.button("Paired registers (1)").click()
    await terminal.button("Remove Front counter").click()
    await terminal.confirm("Remove")
    await expect(till.page.locator("body > [role=alert]")).to_contain_text("no longer paired")


async def test_the_theme_can_be_chosen_and_stays(till: Till) -> None:
    root = till.page.locator("html")
    await till.page.get_by_role("button", name="Theme: automatic").click()
    await expect(root).to_have_attribute("data-theme", "light")
    await till.page.get_by_role("button", name="Theme: light").click()
    await expect(root).to_have_attribute("data-theme", "dark")
    await till.page.reload()
    await expect(root).to_have_attribute("data-theme", "dark")
