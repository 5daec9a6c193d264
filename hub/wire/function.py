"""TransactionType: the functions that a POS can ask of a device, and the parameters of each (pos-api 3)."""

from __future__ import annotations

from dataclasses import dataclass

from statemachines.word import Word


class Function(Word):
    CARD_PURCHASE = "Card.Purchase"
    CARD_PURCHASE_PLUS_CASH = "Card.PurchasePlusCash"
    CARD_REFUND = "Card.Refund"
    CARD_CASH_ADVANCE = "Card.CashAdvance"
    CARD_AUTHORISE = "Card.Authorise"
    CARD_FINALISE = "Card.Finalise"
    QR_MERCHANT_PURCHASE = "QR.Merchant.Purchase"
    QR_CONSUMER_PURCHASE = "QR.Consumer.Purchase"
    QR_REFUND = "QR.Refund"
    ACQUIRER_LOGON = "Acquirer.Logon"
    ACQUIRER_SETTLEMENT_INQUIRY = "Acquirer.Settlement.Inquiry"
    ACQUIRER_SETTLEMENT_CUTOVER = "Acquirer.Settlement.Cutover"
    JOURNAL_REPRINT_RECEIPT = "Journal.ReprintReceipt"
    JOURNAL_GET_TRANS_RESULT = "Journal.GetTransResult"
    TERMINAL_GET_STATUS = "Terminal.GetStatus"
    TERMINAL_READ_CARD = "Terminal.ReadCard"

    @property
    def moves_money(self) -> bool:
        return self.value.startswith(("Card.", "QR."))


@dataclass(frozen=True, slots=True)
class Parameters:
    """Which parameters a function needs, by their names on the WebSocket."""

    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()


_TOTAL = Parameters(required=("amount_total_cents",))

PARAMETERS: dict[Function, Parameters] = {
    **{function: Parameters() for function in Function},
    Function.CARD_PURCHASE: _TOTAL,
    Function.CARD_REFUND: _TOTAL,
    Function.CARD_CASH_ADVANCE: _TOTAL,
    Function.CARD_PURCHASE_PLUS_CASH: Parameters(required=("amount_total_cents", "amount_cash_cents")),
    Function.CARD_AUTHORISE: Parameters(required=("amount_auth_cents", "transaction_reference")),
    Function.CARD_FINALISE: Parameters(required=("amount_final_cents", "transaction_reference")),
    Function.QR_MERCHANT_PURCHASE: _TOTAL,
    Function.QR_CONSUMER_PURCHASE: _TOTAL,
    Function.QR_REFUND: _TOTAL,
    Function.ACQUIRER_SETTLEMENT_INQUIRY: Parameters(optional=("date",)),
}

AMOUNTS: dict[str, str] = {
    "amount_total_cents": "AmountTotal",
    "amount_cash_cents": "AmountCash",
    "amount_auth_cents": "AmountAuth",
    "amount_final_cents": "AmountFinal",
}
"""Amount fields: the name on the WebSocket, and the name in the POS API."""

_BY_FOLDED_NAME = {function.value.casefold(): function for function in Function}


def find_function(name: str) -> Function | None:
    """The function of that name; letter case does not matter, as in the paths of the POS API."""
    return _BY_FOLDED_NAME.get(name.casefold())
