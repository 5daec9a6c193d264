"""From a register's request to a valid order: which amounts a function needs, and nothing half understood."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from hub.commands.identity import Identity
from hub.commands.transaction import Order
from hub.edge.sale_data import check_sale_data
from hub.store.records import Request
from hub.wire.function import AMOUNTS, PARAMETERS, find_function
from hub.wire.register import Submit
from statemachines.refusal import Refusal


def invalid(text: str) -> Refusal:
    return Refusal("invalid_params", text)


def order_of(who: Identity, asked: Submit) -> Order:
    """Check a request as a whole; raise `Refusal` with `function_unknown` or `invalid_params` and a text for people.

    Parameters that the function does not know are dropped: POS software sends them where they mean nothing.
    """
    function = find_function(asked.function)
    if function is None:
        raise Refusal("function_unknown", f"Unknown TransactionType: {asked.function[:60]!r}.")
    parameters = PARAMETERS[function]
    meant: dict[str, Any] = {"transaction_reference": asked.transaction_reference}
    for name in parameters.required:
        meant[name] = value = getattr(asked, name)
        if value is None:
            raise invalid(f"{AMOUNTS.get(name, 'TransactionReference')} is required for {function.value}.")
    for name in parameters.optional:
        meant[name] = getattr(asked, name)
    total, cash = meant.get("amount_total_cents"), meant.get("amount_cash_cents")
    if total is not None and cash is not None and cash > total:
        raise invalid("AmountCash cannot be more than AmountTotal, which includes it.")
    if asked.sale_data is not None:
        check_sale_data(asked.sale_data)
    if asked.callback_url is not None:
        _check_callback_url(asked.callback_url)
    request = Request(function=function, sale_data=asked.sale_data, **meant)
    return Order(who=who, request=request, idempotency_key=asked.idempotency_key, callback_url=asked.callback_url)


def _check_callback_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        port_is_a_number = parts.port is None or parts.port > 0
    except ValueError:
        raise invalid("PosNotificationCallbackUrl is not a URL.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_a_number or parts.username:
        raise invalid("PosNotificationCallbackUrl must be an http or https URL without credentials.")
