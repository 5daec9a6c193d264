"""Errors of the POS API: `{"error": "text"}` to the letter, and the stable code in a header beside it.

A real client parses any non-empty body unguarded, and compares texts; so nothing is added to the body.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Match, Route

from hub import log
from hub.errors import HubError, Unauthorised
from statemachines.refusal import Refusal

_log = log.get("pos")

CODE_HEADER = "SmartConnect-Error-Code"

_STATUS = {
    "device_busy": 429,
    "too_many_attempts": 429,
    "idempotency_key_reused": 422,
    "transaction_unknown": 404,
    "device_unknown": 404,
    "pairing_unknown": 404,
    "device_exists": 409,
    "transaction_not_in_doubt": 409,
    "no_conflict": 409,
}
"""Refusals that are not a plain 400."""


class PosError(Exception):
    """An answer other than 200, decided by the edge itself."""

    def __init__(self, status: int, code: str, text: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.text = text
        self.headers = headers or {}


@dataclass(frozen=True, slots=True)
class Told:
    """How an error is told."""

    status: int
    code: str
    text: str
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def all_headers(self) -> dict[str, str]:
        return {CODE_HEADER: self.code, **self.headers}


def told(error: Exception, path: str) -> Told:
    """What is answered to an error of any kind; a fault of the hub itself is logged here, with its traceback."""
    match error:
        case PosError():
            return Told(error.status, error.code, error.text, error.headers)
        case Refusal():
            retry_after = error.details.get("retry_after_seconds")
            headers = {"Retry-After": str(retry_after)} if retry_after is not None else {}
            return Told(_STATUS.get(error.code, 400), error.code, error.text, headers)
        case Unauthorised():
            return Told(401, error.code, error.text, {"WWW-Authenticate": "Bearer"})
        case HubError():
            return Told(503, error.code, error.text, {"Retry-After": "1"})
    # What follows the first two parts of a path may be a pairing code.
    place = [part for part in path.split("/") if part][:2]
    _log.error("internal_error", path="/" + "/".join(place), exc_info=error)
    return Told(500, "internal_error", "The hub failed; it has been logged.")


def _answer(status: int, code: str, text: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": text}, status, {CODE_HEADER: code, **(headers or {})})


async def as_told(request: Request, error: Exception) -> JSONResponse:
    """Starlette's handler of every error but its own."""
    answer = told(error, request.scope["path"])
    return JSONResponse({"error": answer.text}, answer.status, answer.all_headers)


async def http_exception(request: Request, error: Exception) -> JSONResponse:
    """Unknown paths; and wrong methods, which the real service answers with 404 too."""
    assert isinstance(error, HTTPException)
    if error.status_code == 405 and request.scope["path"].startswith("/pos/"):
        return _answer(404, "not_found", "Not Found")
    if error.status_code == 405:
        return _answer(405, "method_not_allowed", error.detail, {"Allow": _allowed(request)})
    code = "not_found" if error.status_code == 404 else "http_error"
    return _answer(error.status_code, code, error.detail)


def _allowed(request: Request) -> str:
    """All methods of the path; a route by itself knows its own only (RFC 9110, 15.5.6)."""
    routes = [route for route in request.app.routes if isinstance(route, Route)]
    found = [route.methods or () for route in routes if route.matches(request.scope)[0] is not Match.NONE]
    return ", ".join(sorted({method for methods in found for method in methods} or {"GET", "HEAD"}))
