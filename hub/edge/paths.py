"""Paths as POS software writes them: any letter case, a slash too many at the end or in between (pos-api 1)."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send


class ForgivingPaths:
    """Middleware: brings the paths of the POS API into the one form that is routed. Other paths are left alone."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            parts = [part for part in scope["path"].split("/") if part]
            if parts and parts[0].lower() == "pos":
                # Ids are lower case, codes are digits: the whole path may be folded.
                scope = {**scope, "path": "/" + "/".join(parts).lower()}
        await self.app(scope, receive, send)
