"""`scripts/screenshots`: the pages as they are, for the README: light, dark, and on a phone."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Literal

import httpx
from PIL import Image
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from tests.faults.nursery_client import Nursery
from tests.web.board import Board, Machine
from tests.web.chromium import ARGUMENTS, chromium
from tests.web.pages import Terminal, Till
from tests.web.serving import Serving

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
DESK = (1280, 720)
PHONE = (390, 760)
COLOURS = 128
"""The pages have few colours; with a palette the pictures are a third of the size."""

Scheme = Literal["light", "dark"]


class Camera:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def take(self, page: Page, name: str, scheme: Scheme, size: tuple[int, int]) -> None:
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        await page.set_viewport_size({"width": size[0], "height": size[1]})
        await page.bring_to_front()
        # Two frames: what follows from the new size has been drawn.
        await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        path = self._folder / f"{name}.png"
        await page.screenshot(path=path, caret="hide")
        with Image.open(path) as picture:
            small = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        small.save(path, optimize=True)
        sys.stdout.write(f"{path.name}  {path.stat().st_size // 1024} KiB\n")


async def counter(context: BrowserContext, camera: Camera) -> None:
    """Till and terminal, from the code to the receipt."""
    terminal = Terminal(await context.new_page())
    await terminal.page.goto("/terminal#pair")
    code = await terminal.shown_code()
    await camera.take(terminal.page, "terminal-code-phone", "light", PHONE)
    page = await context.new_page()
    await page.goto("/till")
    till = Till(page)
    await till.pair(code)
    await till.is_online()
    for item in ("Flat white", "Croissant", "Toasted sandwich"):
        await till.sale.get_by_role("button", name=f"{item} $").click()
    await page.keyboard.type("1250")
    await page.evaluate("document.activeElement.blur()")
    await camera.take(page, "till-sale", "light", DESK)
    await till.charge()
    await till.headline("Waiting for the card")
    await camera.take(terminal.page, "terminal-card", "dark", DESK)
    await camera.take(page, "till-waiting-phone", "dark", PHONE)
    await terminal.tap_and_approve()
    await till.headline("Approved")
    await camera.take(page, "till-approved", "light", DESK)


WAVES = (2, 4, 3, 6, 5, 8, 4, 9, 7, 10, 6, 11, 8, 12, 9, 13, 10, 12, 14, 11, 13, 15)
"""Payments in each second that the dashboard's plots show."""


async def payment(machine: Machine, number: int) -> None:
    await machine.pay(450 + 130 * (number % 17))
    transaction_id = await machine.take()
    await machine.stage(transaction_id, "waiting_for_card")
    await machine.complete(transaction_id, "approved" if number % 5 else "declined")


async def second(board: Board, points: int) -> None:
    """Wait until the plots have so many points: they get one a second."""
    drawn = "document.querySelector('.sparkline .line')?.getAttribute('d') ?? ''"
    await board.page.wait_for_function(f"(points) => ({drawn}).split('L').length >= points", arg=points)


async def operator(context: BrowserContext, camera: Camera, url: str) -> None:
    """The dashboard, over machines that are at work, one of which is in doubt."""
    board = Board(await context.new_page())
    await board.go("")
    await board.sign_in()
    await board.headline("Overview")
    async with httpx.AsyncClient(base_url=url) as http:
        machines = [await Machine.start(url, http, f"7070714{number:03}") for number in range(6)]
        for number, machine in enumerate(machines):
            await machine.pair(f"Counter {number + 1}", f"r-{number}")
        *working, lost = machines
        for points, count in enumerate(WAVES, start=2):
            for number in range(count):
                await payment(working[number % len(working)], number)
            await second(board, points)
        await lost.pay(8_800)
        doubtful = await lost.take()
        await lost.stage(doubtful, "authorising")
        await lost.lose_power()
        await expect(board.matter("Purchase $88.00")).to_be_visible()
        await camera.take(board.page, "dashboard", "light", DESK)
        await camera.take(board.page, "dashboard-phone", "dark", PHONE)
        await board.go(f"#/transactions/{doubtful}")
        await board.present("in_doubt")
        await camera.take(board.page, "dashboard-transaction", "dark", DESK)
        for machine in working:
            await machine.wire.close()


async def take_all(browser: Browser, folder: Path, nursery: Nursery, data: Path) -> None:
    camera = Camera(folder)
    hub = Serving(nursery, data, offline_grace_seconds=0.3)
    await hub.start()
    try:
        shop, office = [await browser.new_context(base_url=hub.url) for _ in range(2)]
        await counter(shop, camera)
        await shop.close()
        await operator(office, camera, hub.url)
        await office.close()
    finally:
        await hub.stop()


async def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data:
        async with async_playwright() as playwright, Nursery() as nursery:
            browser = await playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
            await take_all(browser, FOLDER, nursery, Path(data))
            await browser.close()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
