"""The pages in `web/`: served as they are written, from a checkout and from the installed wheel alike."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send

import web

ROOT = Path(next(iter(web.__path__)))

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; "
    "style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # What is served is what is written: a page never mixes with yesterday's module.
    "Cache-Control": "no-cache",
}


class _Files(StaticFiles):
    """The files below `web/`, with the headers that keep a page to its own origin."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                added = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        await super().__call__(scope, receive, guarded)


def _page(path: str, folder: str) -> Route:
    async def page(_request: Request) -> Response:
        return FileResponse(ROOT / folder / "index.html", headers=HEADERS)

    return Route(path, page, methods=["GET"])


PAGES = {"/": "", "/till": "till", "/terminal": "terminal", "/dashboard": "dashboard"}


def routes() -> list[BaseRoute]:
    """A page for each folder that is there, and everything they load."""
    pages = [_page(path, folder) for path, folder in PAGES.items() if (ROOT / folder / "index.html").is_file()]
    return [*pages, Mount("/web", _Files(directory=ROOT))]
