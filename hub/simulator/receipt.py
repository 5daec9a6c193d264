"""Receipts: 30 columns, lines ended by LF, as terminals print them (pos-api 5). Pure."""

from __future__ import annotations

from hub.wire.device import Result, Start
from hub.wire.function import Function

COLUMNS = 30

_TITLES = {
    Function.CARD_PURCHASE: "PURCHASE",
    Function.CARD_PURCHASE_PLUS_CASH: "PURCHASE + CASH",
    Function.CARD_REFUND: "REFUND",
    Function.CARD_CASH_ADVANCE: "CASH ADVANCE",
    Function.CARD_AUTHORISE: "AUTHORISATION",
    Function.CARD_FINALISE: "COMPLETION",
    Function.QR_MERCHANT_PURCHASE: "QR PURCHASE",
    Function.QR_CONSUMER_PURCHASE: "QR PURCHASE",
    Function.QR_REFUND: "QR REFUND",
    Function.ACQUIRER_LOGON: "LOGON",
    Function.ACQUIRER_SETTLEMENT_INQUIRY: "SETTLEMENT INQUIRY",
    Function.ACQUIRER_SETTLEMENT_CUTOVER: "SETTLEMENT CUTOVER",
}


def receipt(start: Start, result: Result) -> str:
    """What the device prints for a finished transaction."""
    lines = [
        start.business_name[:COLUMNS].center(COLUMNS),
        start.register_name[:COLUMNS].center(COLUMNS),
        _pair("TERMINAL", result.terminal_ref),
        _pair("TIME", result.timestamp),
        _pair("REF", result.acquirer_ref),
        "-" * COLUMNS,
        _TITLES.get(start.function, start.function.value.upper()),
    ]
    if result.card_pan is not None:
        lines += [_pair(result.card_type, result.card_pan), _pair("ACCOUNT", result.account_type)]
    lines += _amounts(start, result)
    if result.auth_id is not None:
        lines.append(_pair("AUTH", result.auth_id))
    lines += ["-" * COLUMNS, (result.result_text or result.outcome.value.upper())[:COLUMNS].center(COLUMNS)]
    return "".join(line.rstrip() + "\n" for line in lines)


def _amounts(start: Start, result: Result) -> list[str]:
    if result.amount_total_cents is None:
        return []
    extras = {
        "CASH": start.amount_cash_cents,
        "SURCHARGE": result.amount_surcharge_cents,
        "TIP": result.amount_tip_cents,
    }
    lines = [_pair(name, _money(cents)) for name, cents in extras.items() if cents]
    return [*lines, _pair("TOTAL", _money(result.amount_total_cents))]


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def _pair(left: str | None, right: str | None) -> str:
    """`left` at the left edge, `right` at the right one, cut to the width."""
    right = (right or "")[: COLUMNS - 1]
    left = (left or "")[: COLUMNS - 1 - len(right)]
    return f"{left}{right:>{COLUMNS - len(left)}}"
