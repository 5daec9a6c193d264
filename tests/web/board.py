"""The dashboard as an operator uses it, and machines on bare sockets for it to show."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import httpx
from playwright.async_api import Locator, Page, expect

from tests.wire import Json, Wire

TOKEN = "adm_test"


class Board:
    def __init__(self, page: Page) -> None:
        self.page = page
        self.view_shown = page.locator("#view")

    async def sign_in(self, token: str = TOKEN) -> None:
        await self.page.get_by_label("Admin token").fill(token)
        await self.page.get_by_role("button", name="Sign in").click()

    async def go(self, address: str) -> None:
        """By the address, as a link in a chat does."""
        await self.page.goto(f"/dashboard{address}")

    async def view(self, name: str) -> None:
        """By the navigation."""
        await self.page.get_by_role("navigation", name="Views").get_by_role("link", name=re.compile(f"^{name}")).click()
        await self.headline(name)

    async def headline(self, text: str | re.Pattern[str]) -> None:
        await expect(self.page.get_by_role("heading", level=1)).to_have_text(text)

    def card(self, heading: str) -> Locator:
        return self.page.locator("section.card").filter(has=self.page.get_by_role("heading", name=heading, exact=True))

    def tile(self, name: str) -> Locator:
        return self.page.locator(".tile").filter(has_text=name).locator(".value")

    def row(self, text: str | re.Pattern[str]) -> Locator:
        return self.view_shown.locator("tbody tr").filter(has_text=text)

    def matter(self, text: str) -> Locator:
        return self.card("Needs a person").get_by_role("listitem").filter(has_text=text)

    def button(self, name: str) -> Locator:
        return self.view_shown.get_by_role("button", name=name, exact=True)

    @property
    def dialog(self) -> Locator:
        return self.page.get_by_role("dialog")

    async def confirm(self, name: str) -> None:
        await self.dialog.get_by_role("button", name=name, exact=True).click()
        await expect(self.dialog).to_have_count(0)

    async def present(self, state: str) -> None:
        """The state diagram has this state lit, and no other."""
        await expect(self.view_shown.locator("svg.diagram .state.present")).to_have_attribute("data-state", state)

    async def walked(self) -> set[str]:
        """The states that the diagram marks."""
        marked = await self.view_shown.locator("svg.diagram .state.walked").all()
        return {await state.get_attribute("data-state") or "" for state in marked}

    async def said(self) -> str:
        """The diagram in words, for who does not see it."""
        return await self.view_shown.locator("figcaption").inner_text()


@dataclass
class Machine:
    """A terminal on a bare socket, paired with a register that speaks the POS API."""

    http: httpx.AsyncClient
    device_id: str
    wire: Wire
    credential: str = ""
    register: dict[str, str] = field(default_factory=dict)

    @classmethod
    async def start(cls, url: str, http: httpx.AsyncClient, device_id: str, **hello: Any) -> Machine:
        wire = await Wire.connect(url, "device")
        welcome = await wire.call("hello", {"device_id": device_id, "serial": "SN-1", "enrol": True, **hello})
        return cls(http, device_id, wire, welcome["credential"])

    async def come_back(self, url: str, **hello: Any) -> None:
        self.wire = await Wire.connect(url, "device")
        who = {"device_id": self.device_id, "serial": "SN-1", "credential": self.credential}
        await self.wire.call("hello", {**who, **hello})

    async def pair(self, name: str = "Front", register_id: str = "r-1") -> None:
        self.register = {"POSRegisterID": register_id, "POSBusinessName": "Toys Shop", "POSVendorName": "Till2Go"}
        code = (await self.wire.call("pairing.start"))["code"]
        answer = await self.http.put(f"/POS/Pairing/{code}", data={**self.register, "POSRegisterName": name})
        assert answer.is_success, answer.text

    async def pay(self, cents: int = 500, function: str = "Card.Purchase") -> None:
        form = {"TransactionMode": "ASYNC", "TransactionType": function, "AmountTotal": str(cents)}
        answer = await self.http.post("/POS/Transaction", data={**self.register, **form})
        assert answer.is_success, answer.text

    async def take(self) -> str:
        """Take the next transaction; returns its id."""
        request = await self.wire.pushed("transaction.start")
        await self.wire.answer(request, {"state": "accepted"})
        params: Json = request["params"]
        transaction_id: str = params["transaction_id"]
        return transaction_id

    async def stage(self, transaction_id: str, stage: str) -> None:
        await self.wire.call("transaction.progress", {"transaction_id": transaction_id, "stage": stage})

    async def complete(self, transaction_id: str, outcome: str = "approved", **result: Any) -> None:
        await self.wire.call("transaction.complete", {"transaction_id": transaction_id, "outcome": outcome, **result})

    async def lose_power(self) -> None:
        await self.wire.abort()
