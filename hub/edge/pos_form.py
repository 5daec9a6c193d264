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
from hub.wire.function import AMOUNTS, PARAMETERS, Function, Parameters, find_function
from hub.wire.limits import CODE_LIMIT, CONTROLS
from hub.wire.register import Redeem, Submit
from statemachines.pairing_code import invalid_code

PARAMETERS_LIMIT = 100
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
    found = {name: value for name, _, value in pairs}
    if len(found) == len(pairs) and "".join(found.values()).isprintable():
        return found  # nearly all are such
    return _checked(pairs)


def _checked(pairs: list[tuple[str, str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, _, value in pairs:
        if _CONTROL.search(value):
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


def _meant(function: Function | None) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    """What a function takes, texts and amounts: the name in the POS API, and the field."""
    parameters = PARAMETERS[function] if function is not None else Parameters()
    known = {*parameters.required, *parameters.optional}
    # The date means nothing to most functions, the other texts something to all.
    texts = tuple((name, field) for name, field in _SUBMIT.items() if field in known or field != "date")
    return texts, tuple((name, field) for field, name in AMOUNTS.items() if field in known)


_MEANT = {function: _meant(function) for function in (None, *Function)}


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
    texts, amounts = _MEANT[find_function(asked)]
    fields: dict[str, Any] = {"function": asked}
    for name, field in texts:
        if text := given.get(name):
            fields[field] = text
    for name, field in amounts:
        if text := given.get(name):
            fields[field] = _cents(text, name)
    if idempotency_key:
        fields["idempotency_key"] = idempotency_key
    return _typed(fields, Submit, _SUBMIT_NAMES)


def _cents(text: str, name: str) -> int:
    cents = int(text) if len(text) <= 12 and text.isascii() and text.isdigit() else 0
    if cents == 0:
        raise invalid(f"{name} must be a positive whole number of cents, at most 12 digits.")
    return cents


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
