"""The dashboard stays in hand with 10,000 devices and 1,000 events a second; for the keyboard and for axe, too."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, WebSocketRoute, expect

from hub.app import running_edge
from tests.dashboard.desk import enrol_many
from tests.faults.nursery_client import Nursery
from tests.running import make_settings
from tests.web.axe import violations
from tests.web.board import Board
from tests.web.serving import Serving

DEVICES = 10_000
PUSHES = 40
ITEMS_A_PUSH = 200
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "width": 1280, "height": 860},
    "dark": {"color_scheme": "dark", "width": 1280, "height": 860},
    "phone": {"color_scheme": "dark", "width": 390, "height": 844},
}
VIEWS = ["#/", "#/devices", "#/registers", "#/codes", "#/transactions", "#/events", "#/tables", "#/devices/dev-00100"]


@pytest_asyncio.fixture(loop_scope="session")
async def serving(tmp_path: Path, nursery: Nursery) -> AsyncIterator[Serving]:
    """The hub, with its devices in the store."""
    async with running_edge(make_settings(tmp_path / "data")) as edge:
        await edge.engine.execute(enrol_many, DEVICES)
    async with Serving.running(nursery, tmp_path) as hub:
        yield hub


async def opened(context: BrowserContext, address: str = "") -> Board:
    board = Board(await context.new_page())
    await board.go(address)
    await board.sign_in()
    return board


async def test_ten_thousand_devices_are_a_page_at_a_time(context: BrowserContext) -> None:
    board = await opened(context, "#/devices")
    rows = board.view_shown.locator("tbody tr")
    await expect(board.row("dev-00050")).to_be_visible()
    await expect(rows).to_have_count(50)
    await board.page.get_by_role("link", name="Next page").click()
    await expect(board.row("dev-00100")).to_be_visible()
    await expect(board.row("dev-00001")).to_have_count(0)
    await board.row("dev-00100").get_by_role("link").click()
    await board.headline("Device dev-00100")
    await board.page.go_back()
    await expect(board.row("dev-00100")).to_be_visible()
    await board.page.get_by_role("link", name="Next page").click()
    await expect(board.row("dev-00101")).to_be_visible()
    await board.page.get_by_role("link", name="Previous page").click()
    await expect(board.row("dev-00100")).to_be_visible()
    await board.page.get_by_role("link", name="First page").click()
    await expect(board.row("dev-00001")).to_be_visible()
    await expect(board.page.get_by_role("link", name="First page")).to_be_hidden()

    await board.page.get_by_label("Id, name or serial").fill("Counter 9876")
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("dev-09876")
    await board.page.reload()
    await expect(rows).to_have_count(1)
    await expect(board.page.get_by_label("Id, name or serial")).to_have_value("Counter 9876")
    await board.page.get_by_label("Id, name or serial").fill("no such thing")
    await expect(board.view_shown).to_contain_text("No device matches.")


def happenings(first: int) -> str:
    """A push as full as the hub makes them."""
    items = [
        {
            "kind": "transaction",
            "subject": f"tx-{number:06}",
            "what": "acknowledge",
            "state": "processing",
            "at": "2026-01-01T00:00:00.000Z",
            "device_id": f"dev-{number % DEVICES:05}",
        }
        for number in range(first, first + ITEMS_A_PUSH)
    ]
    return json.dumps({"jsonrpc": "2.0", "method": "happenings", "params": {"items": items, "skipped": 50}})


async def test_a_flood_of_events_leaves_the_page_small_and_in_hand(context: BrowserContext) -> None:
    sockets: list[WebSocketRoute] = []

    def route(page_side: WebSocketRoute) -> None:
        page_side.connect_to_server()
        sockets.append(page_side)

    await context.route_web_socket("**/ws/dashboard", route)
    board = await opened(context, "#/events")
    await expect(board.button("Pause")).to_be_visible()
    for number in range(PUSHES):
        sockets[0].send(happenings(number * ITEMS_A_PUSH))
    await expect(board.view_shown).to_contain_text(f"{PUSHES * ITEMS_A_PUSH:,} since it was opened.")
    await expect(board.view_shown).to_contain_text(f"{PUSHES * 50:,} more came too fast to be shown.")
    await expect(board.row(f"tx-{PUSHES * ITEMS_A_PUSH - 1:06}")).to_be_visible()
    table = board.view_shown.get_by_role("table")
    await expect(table).to_have_attribute("aria-rowcount", "501")
    assert await board.page.evaluate("document.querySelectorAll('*').length") < 1_000

    # Who reads further down keeps what is before his eyes.
    stream = board.page.get_by_role("region", name="Events, newest first")
    await stream.evaluate("(element) => (element.scrollTop = 3_200)")
    await expect(board.row("tx-007899")).to_be_visible()
    before = await board.row("tx-007899").bounding_box()
    sockets[0].send(happenings(PUSHES * ITEMS_A_PUSH))
    await expect(board.view_shown).to_contain_text(f"{(PUSHES + 1) * ITEMS_A_PUSH:,} since it was opened.")
    await expect(board.row("tx-007899")).to_be_visible()
    after = await board.row("tx-007899").bounding_box()
    assert before is not None
    assert after is not None
    assert abs(before["y"] - after["y"]) <= 1

    await board.view("Overview")
    await expect(board.tile("Devices online")).to_have_text("0")


@pytest.mark.parametrize("look", LOOKS)
async def test_axe_finds_nothing(context: BrowserContext, look: str) -> None:
    shown = LOOKS[look]
    board = Board(await context.new_page())
    await board.page.emulate_media(color_scheme=shown["color_scheme"], reduced_motion="reduce")
    await board.page.set_viewport_size({"width": shown["width"], "height": shown["height"]})
    await board.go("")
    await board.sign_in("adm_wrong")
    await expect(board.page.locator("dashboard-sign-in").get_by_role("alert")).not_to_be_empty()
    assert await violations(board.page) == []
    await board.sign_in()
    await board.headline("Overview")
    for address in VIEWS:
        await board.go(address)
        await expect(board.view_shown.locator("> * > .stack")).to_be_visible()
        await expect(board.page.get_by_role("heading", level=1)).not_to_be_empty()
        assert await violations(board.page) == [], address
        assert await board.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
    await board.button("Revoke").click()
    await expect(board.dialog).to_be_visible()
    assert await violations(board.page) == []


async def test_the_keyboard_is_enough(context: BrowserContext) -> None:
    board = await opened(context)
    keys = board.page.keyboard
    await board.page.get_by_role("navigation", name="Views").get_by_role("link", name="Devices").focus()
    await keys.press("Enter")
    await expect(board.page.get_by_role("heading", level=1)).to_be_focused()
    await keys.press("Tab")
    await expect(board.page.get_by_label("Id, name or serial")).to_be_focused()
    await keys.type("Counter 100")
    await expect(board.view_shown.locator("tbody tr")).to_have_count(12)
    await keys.press("Tab")
    await keys.press("Tab")
    await expect(board.button("Enrol a device")).to_be_focused()
    await keys.press("Tab")
    await keys.press("Tab")
    await expect(board.row("dev-00100").get_by_role("link")).to_be_focused()
    await keys.press("Enter")
    await board.headline("Device dev-00100")
    await board.button("Revoke").focus()
    await keys.press("Enter")
    await expect(board.dialog).to_be_visible()
    await keys.press("Escape")
    await expect(board.button("Revoke")).to_be_focused()
