"""What is said last on an HTTP connection. Each tells the client that the connection ends."""

from __future__ import annotations

from hub.edge.pos_errors import CODE_HEADER
from hub.edge.pos_request import PosAnswer


def _last(status: int, code: str, text: str, headers: dict[str, str] | None = None) -> PosAnswer:
    return PosAnswer({"error": text}, {CODE_HEADER: code, **(headers or {}), "Connection": "close"}, status=status)


def malformed(text: str) -> PosAnswer:
    """What came is no request. A real client parses any body that is not empty as JSON (pos-api 1)."""
    return _last(400, "request_malformed", text)


LATE = _last(408, "request_timeout", "The request took too long to arrive.")
FULL = _last(503, "store_busy", "Too many requests at once; try again.", {"Retry-After": "1"})
