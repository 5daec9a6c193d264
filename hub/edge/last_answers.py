"""What is said last on an HTTP connection. Each tells the client that the connection ends."""

from __future__ import annotations

from hub.edge.pos_errors import CODE_HEADER
from hub.edge.pos_request import PosAnswer

LATE = PosAnswer(
    {"error": "The request took too long to arrive."},
    {CODE_HEADER: "request_timeout", "Connection": "close"},
    status=408,
)
FULL = PosAnswer(
    {"error": "Too many requests at once; try again."},
    {CODE_HEADER: "store_busy", "Retry-After": "1", "Connection": "close"},
    status=503,
)


def malformed(text: str) -> PosAnswer:
    """What came is no request. A real client parses any body that is not empty as JSON (pos-api 1)."""
    return PosAnswer({"error": text}, {CODE_HEADER: "request_malformed", "Connection": "close"}, status=400)
