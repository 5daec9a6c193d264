"""axe-core in the open page: the rules of WCAG 2.2 A and AA, and its best practices."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.async_api import Page

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / os.environ.get("AXE", "node_modules/axe-core/axe.min.js")
HOW_TO = (
    f"axe-core is missing ({SCRIPT}). scripts/test fetches it; by hand, in the project's folder: "
    "npm install --no-save --no-package-lock axe-core@4.14.1"
)


async def violations(page: Page) -> list[str]:
    """What axe finds wrong, each with the elements that it means."""
    assert SCRIPT.is_file(), HOW_TO
    await page.evaluate(SCRIPT.read_text())
    found = await page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{violation['id']}: {violation['help']} — {', '.join(str(node['target']) for node in violation['nodes'])}"
        for violation in found["violations"]
    ]
