/** The cards at hand. Only the last four digits exist, here as on the wire. */

/** @typedef {{ name: string, card_type: string, card_pan: string, account_type: string }} Card */

/** @type {Record<string, Card>} */
export const CARDS = {
  visa: { name: "Visa credit", card_type: "VISA", card_pan: "....0138", account_type: "CREDIT" },
  mastercard: { name: "Mastercard debit", card_type: "MASTERCARD", card_pan: "....4444", account_type: "CHEQUE" },
  eftpos: { name: "EFTPOS savings", card_type: "EFTPOS", card_pan: "....7702", account_type: "SAVINGS" },
};

/** The customer's wallet, for QR payments. */
export const WALLET = { name: "QR wallet", card_type: "QR WALLET", card_pan: "....9001", account_type: "CREDIT" };
