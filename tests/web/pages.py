"""The pages as people use them: what they see and press, by its name."""

from __future__ import annotations

import re

from playwright.async_api import ConsoleMessage, Error, Locator, Page, expect

_LINK_DOWN = re.compile(
    r"WebSocket connection to .* failed|ERR_(?:CONNECTION_\w+|EMPTY_RESPONSE|SOCKET_NOT_CONNECTED) at .*/web/icon\.svg"
)
"""Chromium logs it by itself whenever a socket cannot be opened, or the page's icon not be had; no page can help it."""
_CODE = re.compile(r"^\d{4} \d{4}$")


class Faults:
    """What went wrong in any page: errors in the console, exceptions, refused policies."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.hub_goes_away = False

    def watch(self, page: Page) -> None:
        page.on("console", self._said)
        page.on("pageerror", self._raised)

    def _said(self, message: ConsoleMessage) -> None:
        text = f"{message.text} at {message.location['url']}"
        if message.type in ("error", "warning") and not (self.hub_goes_away and _LINK_DOWN.search(text)):
            self.seen.append(f"{message.type}: {text}")

    def _raised(self, error: Error) -> None:
        self.seen.append(f"exception: {error}")


class Terminal:
    """The virtual terminal."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.screen = page.get_by_role("region", name="Screen")

    def button(self, name: str | re.Pattern[str]) -> Locator:
        return self.screen.get_by_role("button", name=name)

    async def switch_on(self) -> Terminal:
        await self.button("Switch on").click()
        await expect(self.button("Pair a register")).to_be_enabled()
        return self

    async def id(self) -> str:
        return await self.page.locator("terminal-handset .line span").first.inner_text()

    async def code(self) -> str:
        await self.button("Pair a register").click()
        return await self.shown_code()

    async def shown_code(self) -> str:
        code = self.screen.locator(".code")
        await expect(code).to_have_text(_CODE)
        return (await code.inner_text()).replace(" ", "")

    async def says(self, text: str | re.Pattern[str]) -> None:
        await expect(self.screen).to_contain_text(text)

    async def headline(self, text: str) -> None:
        await expect(self.screen.get_by_role("heading", name=text)).to_be_visible()

    async def tap(self) -> None:
        await self.button("Tap card").click()

    async def approve(self) -> None:
        await self.button("Approve").click()

    async def tap_and_approve(self) -> None:
        await self.tap()
        await self.approve()

    async def is_recorded(self) -> None:
        await self.says("The hub has it on record.")

    def flag(self, name: str) -> Locator:
        return self.page.get_by_role("checkbox", name=name)

    def bench(self, name: str) -> Locator:
        return self.page.locator("terminal-bench").get_by_role("button", name=name, exact=True)

    async def confirm(self, name: str) -> None:
        await self.page.get_by_role("dialog").get_by_role("button", name=name).click()


class Till:
    """The POS page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.sale = page.locator("till-sale")
        self.payment = page.locator("till-payment")

    async def pair(self, code: str) -> None:
        """Type the code into the pairing box that is shown."""
        box = self.page.locator("till-pairing:visible")
        await box.get_by_label("Pairing code").fill(code)
        await box.get_by_role("button", name="Pair").click()

    async def is_online(self, register: str = "Front counter") -> None:
        await expect(self.register(register)).to_contain_text("terminal online")

    def register(self, name: str) -> Locator:
        return self.page.locator("till-registers label").filter(has_text=name)

    async def choose_register(self, name: str) -> None:
        await self.register(name).click()
        await expect(self.page.get_by_role("radio", name=name)).to_be_checked()

    async def view(self, name: str) -> None:
        await self.page.get_by_role("link", name=name, exact=True).click()

    async def ring(self, cents: int) -> None:
        """Type an amount on the pad and add it to the sale."""
        pad = self.sale.get_by_role("group", name="Amount pad")
        for digit in str(cents):
            await pad.get_by_role("button", name=digit, exact=True).click()
        await pad.get_by_role("button", name="Add to sale").click()

    async def kind(self, name: str) -> None:
        await self.sale.locator("label").filter(has_text=re.compile(f"^{name}$")).click()

    def charge_button(self) -> Locator:
        return self.sale.locator("till-checkout button.primary")

    async def charge(self, cents: int | None = None) -> None:
        if cents is not None:
            await self.ring(cents)
        await self.charge_button().click()

    async def headline(self, text: str | re.Pattern[str]) -> None:
        await expect(self.payment.get_by_role("heading", level=2)).to_have_text(text)

    async def press(self, name: str) -> None:
        await self.payment.get_by_role("button", name=name).click()

    async def notice(self, text: str) -> None:
        await expect(self.page.locator("till-notices")).to_contain_text(text)

    async def add_register(self, name: str) -> None:
        await self.view("Back office")
        await self.page.get_by_label("Name of the new register").fill(name)
        await self.page.get_by_role("button", name="Add register").click()
        await expect(self.register(name)).to_be_visible()
        await self.view("Sale")

    async def references(self) -> list[str]:
        """What the history lists, newest first."""
        await self.view("History")
        links = self.page.locator("till-history tbody .link")
        await expect(links.first).to_be_visible()
        return await links.all_inner_texts()
