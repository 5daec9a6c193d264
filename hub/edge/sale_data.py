"""SaleData: the basket, serialised JSON that is handed on and echoed (pos-api 7).

Only what every reader relies on is checked: that it is a JSON object of the documented outer form. The real service's
strictness inside is not known, and a basket detail must never keep a shop from being paid.
"""

from __future__ import annotations

from typing import Any

import msgspec

from statemachines.refusal import Refusal


class _SaleData(msgspec.Struct):
    saleData: dict[str, Any]  # the wire's own name
    version: Any = None


FRAME_BYTES = 49_152
"""A device takes messages of 64 KiB, and the basket travels as a text within one: quotes and all."""


def check_sale_data(text: str) -> None:
    """Raise `Refusal` unless it is `{"version": …, "saleData": {…}}`."""
    try:
        msgspec.json.decode(text, type=_SaleData)
        fits = len(msgspec.json.encode(text)) <= FRAME_BYTES
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        raise Refusal(
            "invalid_params", 'SaleData must be JSON of the form {"version":"1.0.0","saleData":{…}}.'
        ) from None
    if not fits:
        raise Refusal("invalid_params", "SaleData is too large.")
