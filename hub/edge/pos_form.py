"""Parameters of a POS API request: form body and query string, as POS software in the field sends them.

Unknown parameters are tolerated. A parameter in the body takes precedence over the same one in the query string.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import unquote

import msgspec
from starlette.requests import Request
from starlette.types import Receive

from hub.commands.identity import Identity
from hub.edge.order import invalid
from hub.edge.pos_errors import PosError
from hub.wire.function import AMOUNTS, PARAMETERS, find_function
from hub.wire.limits import CODE_LIMIT, CONTROLS
from hub.wire.register import Redeem, Submit
from statemachines.pairing_code import invalid_code

PARAMETERS_LIMIT = 100
_CENTS = re.compile(r"[0-9]{1,12}")
_CONTROL = re.compile(f"[{CONTROLS}]")

S = TypeVar("S", bound=msgspec.Struct)


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body; `PosError` 413 if it is over `limit` bytes, 400 if it broke off."""
    return await gathered(request.receive, limit)


async def gathered(receive: Receive, limit: int) -> bytes:
    """`read_body` for ASGI's `receive`."""
    body = b""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise PosError(400, "body_incomplete", "The request body broke off.")
        body += message.get("body", b"")
        if len(body) > limit:
            raise PosError(413, "body_too_large", f"The request body is over {limit} bytes.")
        more = message.get("more_body", False)
    return body


_FORM = b"application/x-www-form-urlencoded"
_NOT_FORMS = (b"application/json", b"multipart/form-data")


def parsed(encoded: bytes | bytearray, *, kind: bytes = _FORM) -> dict[str, str]:
    """Parameters from a query string or a body of that content type; `PosError` 400 or 415."""
    if kind != _FORM and kind.partition(b";")[0].strip().lower() in _NOT_FORMS:
        raise PosError(415, "content_type_unsupported", "Send application/x-www-form-urlencoded.")
    if encoded.count(b"&") >= PARAMETERS_LIMIT:
        raise PosError(400, "invalid_params", f"There are more than {PARAMETERS_LIMIT} parameters.")
    try:
        text = encoded.decode("ascii").replace("+", " ")
        # A part without "=" is a name with an empty value, an empty part is none (as urllib's parse_qsl has it).
        pairs = [part.partition("=") for part in text.split("&") if part]
        if "%" in text:
            pairs = [(_unquoted(name), "", _unquoted(value)) for name, _, value in pairs]
    except ValueError:  # UnicodeDecodeError is one
        raise PosError(400, "invalid_params", "The parameters are not URL-encoded UTF-8.") from None
    found: dict[str, str] = {}
    for name, _, value in pairs:
        # Twice as fast as the expression, and nearly all values are such.
        if not value.isprintable() and _CONTROL.search(value):
            raise PosError(400, "invalid_params", f"{name[:40]} contains control characters.")
        if found.setdefault(name, value) != value and name in _KNOWN:
            # Of two amounts none is guessed.
            raise PosError(400, "invalid_params", f"{name} is given twice, with different values.")
    return found


def _unquoted(text: str) -> str:
    return unquote(text, errors="strict") if "%" in text else text


def identity(given: Mapping[str, str]) -> Identity:
    """The triple; `PosError` if a part is missing."""
    return Identity(
        _required(given, "POSRegisterID"), _required(given, "POSBusinessName"), _required(given, "POSVendorName")
    )


def _required(given: Mapping[str, str], name: str) -> str:
    value = given.get(name, "")
    if not value:
        raise PosError(400, "invalid_params", f"{name} is required.")
    if len(value) > 200:
        raise PosError(400, "invalid_params", f"{name} is longer than 200 characters.")
    return value


_REDEEM = {
    "Contact Name": "contact_name",
    "Address": "address",
    "City": "city",
    "State": "state",
    "ZipCode": "zip_code",
    "Email": "email",
    "Phone": "phone",
}

_SUBMIT = {
    "TransactionReference": "transaction_reference",
    "Date": "date",
    "SaleData": "sale_data",
    "PosNotificationCallbackUrl": "callback_url",
}
_SUBMIT_NAMES = {field: name for name, field in _SUBMIT.items()} | {"idempotency_key": "Idempotency-Key"}
_KNOWN = frozenset(
    {
        "POSRegisterID",
        "POSRegisterName",
        "POSBusinessName",
        "POSVendorName",
        "TransactionMode",
        "TransactionType",
        "merchantAccessToken",
        *AMOUNTS.values(),
        *_REDEEM,
        *_SUBMIT,
    }
)
_OF_SOME_FUNCTIONS = frozenset({"date"})
"""Of the fields above, those that mean nothing to most functions."""


def redemption(given: Mapping[str, str], code: str) -> Redeem:
    if len(code) > CODE_LIMIT or _CONTROL.search(code):
        # What a person typed beside the code is a wrong code to them, and to the POS that compares texts.
        raise invalid_code()
    fields: dict[str, Any] = {field: given[name] for name, field in _REDEEM.items() if given.get(name)}
    fields |= {"code": code, "register_name": _required(given, "POSRegisterName")}
    return _typed(fields, Redeem, {field: name for name, field in _REDEEM.items()})


def submission(given: Mapping[str, str], idempotency_key: str | None) -> Submit:
    """What the POS asks for; parameters that the function does not know are dropped, whatever they say."""
    asked = _required(given, "TransactionType")
    function = find_function(asked)
    known = PARAMETERS[function].all if function is not None else ()
    fields: dict[str, Any] = {"function": asked}
    for name, field in _SUBMIT.items():
        if (text := given.get(name)) and (field in known or field not in _OF_SOME_FUNCTIONS):
            fields[field] = text
    for field, name in AMOUNTS.items():
        if (text := given.get(name)) and field in known:
            fields[field] = _cents(text, name)
    if idempotency_key:
        fields["idempotency_key"] = idempotency_key
    return _typed(fields, Submit, _SUBMIT_NAMES)


def _cents(text: str, name: str) -> int:
    if not _CENTS.fullmatch(text) or int(text) == 0:
        raise invalid(f"{name} must be a positive whole number of cents, at most 12 digits.")
    return int(text)


def _typed(fields: dict[str, Any], kind: type[S], names: Mapping[str, str]) -> S:
    try:
        return msgspec.convert(fields, kind)
    except msgspec.ValidationError as error:
        # msgspec names the field at the end: "Expected `str` of length <= 200 - at `$.city`".
        text = str(error)
        for field, name in names.items():
            text = text.replace(f"$.{field}", name)
        raise invalid(text) from None


def is_synchronous(given: Mapping[str, str]) -> bool:
    """Whether the POS wants the connection held until the outcome (the legacy mode)."""
    mode = given.get("TransactionMode", "")
    if mode == "":
        return True
    if mode.upper() == "ASYNC":
        return False
    raise invalid("TransactionMode must be ASYNC, or absent for synchronous mode.")
