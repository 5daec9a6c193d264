"""The envelope of the POS API: camelCase outside, PascalCase `data` inside, every value a string (pos-api 3 to 5)."""

from __future__ import annotations

from hub.clock import rfc3339, timestamp
from hub.commands.view import never_sent
from hub.edge.pos_outcome import pos_outcome
from hub.store.records import Register, Transaction
from hub.wire.device import Result
from hub.wire.function import AMOUNTS, Function
from statemachines.transaction import TRANSACTION, Outcome, TransactionState

Json = dict[str, object]

_DAY_MS = 86_400_000

_RESULT_FIELDS = {
    "result_text": "ResultText",
    "auth_id": "AuthId",
    "acquirer_ref": "AcquirerRef",
    "terminal_ref": "TerminalRef",
    "card_pan": "CardPan",
    "card_type": "CardType",
    "account_type": "AccountType",
    "amount_total_cents": "AmountTotal",
    "amount_surcharge_cents": "AmountSurcharge",
    "amount_tip_cents": "AmountTip",
    "timestamp": "Timestamp",
    "receipt": "Receipt",
    "reference_id": "ReferenceId",
    "reason": "Reason",
}
"""The device's word: the name on the WebSocket, and the name in the POS API. `Reason` is an extension."""


def first_answer(transaction: Transaction, register: Register, *, polling_url: str, access_token: str) -> Json:
    """The answer to the POST. A replay of the same request gets the same answer, however far things have gone."""
    envelope = _outer(transaction, "PENDING")
    data = _echo(transaction, register)
    data["PollingUrl"] = polling_url
    envelope["data"] = data
    envelope["merchantAccessToken"] = access_token
    return envelope


def present_answer(
    transaction: Transaction, register: Register, *, queue_position: int | None, retention_days: int
) -> Json:
    """The answer to a poll: how it stands now."""
    outcome = pos_outcome(transaction)
    envelope = _outer(transaction, outcome.status)
    if transaction.state in TRANSACTION.final:
        data = _completed(transaction)
    else:
        data = _echo(transaction, register) | _live(transaction, queue_position)
    if outcome.transaction_result is not None:
        data["TransactionResult"] = outcome.transaction_result
    if outcome.result is not None:
        data["Result"] = outcome.result
    envelope["data"] = data
    envelope["RecordExpiry"] = rfc3339((transaction.finished_at or transaction.received_at) + retention_days * _DAY_MS)
    return envelope


def _outer(transaction: Transaction, status: str) -> Json:
    return {
        "transactionId": transaction.transaction_id,
        "transactionTimeStamp": timestamp(transaction.received_at),
        "merchantId": transaction.merchant_id,
        "deviceId": transaction.device_id,
        "transactionStatus": status,
    }


def _amounts(transaction: Transaction) -> dict[str, str]:
    request = transaction.request
    amounts = {}
    for name, pos in AMOUNTS.items():
        amount = getattr(request, name)
        if amount is not None:
            amounts[pos] = str(amount)
    return amounts


def _echo(transaction: Transaction, register: Register) -> dict[str, str]:
    data = {
        "PosVendor": register.vendor_name,
        "PosRegisterID": register.register_id,
        "PosBusinessName": register.business_name,
        **_amounts(transaction),
        "DeviceID": transaction.device_id,
        "Function": transaction.request.function.value,
    }
    if transaction.reference is not None:
        data["TransactionReference"] = transaction.reference
    return data


def _live(transaction: Transaction, queue_position: int | None) -> dict[str, str]:
    """Extensions for a POS that shows what is going on."""
    data = {"State": transaction.state.value}
    if queue_position is not None:
        data["QueuePosition"] = str(queue_position)
    if transaction.stage is not None:
        data["Stage"] = transaction.stage
    if transaction.cause is not None:
        data["Cause"] = transaction.cause
    return data


def _completed(transaction: Transaction) -> dict[str, str]:
    data = {
        "DeviceID": transaction.device_id,
        "Function": transaction.request.function.value,
        "Merchant": "1",
        "RequestId": transaction.transaction_id,
        **_amounts(transaction),
    }
    if transaction.reference is not None:
        data["TransactionReference"] = transaction.reference
    if transaction.state is TransactionState.APPROVED or _reports_approval(transaction.result):
        # A real client crashes on an approval whose CardType is not a string; the amounts are always there too.
        data |= {"CardType": "", "AmountSurcharge": "0", "AmountTip": "0"}
    if transaction.result is not None:
        data |= _told(transaction.result)
    if transaction.state is TransactionState.DONE and transaction.request.function is Function.TERMINAL_GET_STATUS:
        data.setdefault("Status", "READY")
    if transaction.cause is not None:
        data["Cause"] = transaction.cause
    if transaction.state is TransactionState.CANCELLED:
        data["NeverSent"] = "true" if never_sent(transaction) else "false"
    if transaction.request.sale_data is not None:
        data["SaleData"] = transaction.request.sale_data
    return data


def _reports_approval(result: Result | None) -> bool:
    """Whether a journal query tells of an approval, which reads like one."""
    return result is not None and result.reference_outcome is Outcome.APPROVED


def _told(result: Result) -> dict[str, str]:
    told = {pos: getattr(result, name) for name, pos in _RESULT_FIELDS.items()}
    if result.status is not None:
        told["Status"] = result.status
    return {name: str(value) for name, value in told.items() if value is not None}
