"""Which Chromium the pages are opened in, and how it is started."""

from __future__ import annotations

import os
import shutil

ARGUMENTS = ["--no-sandbox", "--disable-quic", "--disable-background-networking"]


def chromium() -> str | None:
    """The system's Chromium; without one, Playwright takes its own."""
    names = ("chromium-headless-shell", "chrome-headless-shell", "chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
