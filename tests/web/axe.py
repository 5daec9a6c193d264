"""axe-core in the open page: the rules of WCAG 2.2 A and AA, and its best practices."""

from __future__ import annotations

from importlib.resources import files

from playwright.async_api import Page

SCRIPT = files("axe_playwright_python") / "axe.min.js"


async def violations(page: Page) -> list[str]:
    """What axe finds wrong, each with the elements that it means."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(SCRIPT.read_text())
    found = await page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{violation['id']}: {violation['help']} — {', '.join(str(node['target']) for node in violation['nodes'])}"
        for violation in found["violations"]
    ]
