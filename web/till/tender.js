/** From what a cashier chose to what is asked of the terminal. */

import { money } from "../view/money.js";
import { saleData } from "./sale.js";

/**
 * @typedef {"purchase" | "refund" | "cash" | "authorise" | "finalise" | "qr"} Kind
 *
 * @typedef {object} Choice
 * @property {Kind} kind
 * @property {number} saleCents
 * @property {number | undefined} cashCents undefined: what was typed is no amount
 * @property {"card" | "qr"} refundTo
 * @property {"Merchant" | "Consumer"} qrShownBy
 * @property {string} authorised the reference of the pre-authorisation to finalise
 * @property {number | undefined} finalCents
 */

/** @type {Record<Kind, string>} */
export const KINDS = {
  purchase: "Purchase",
  refund: "Refund",
  cash: "Cash-out",
  authorise: "Pre-authorise",
  finalise: "Finalise",
  qr: "QR code",
};

/**
 * What is wrong with the choice; undefined if nothing is.
 *
 * @param {Choice} choice
 */
export function problem({ kind, saleCents, cashCents, authorised, finalCents }) {
  if (kind === "cash") {
    if (cashCents === undefined) return "The cash to hand out is not an amount.";
    return cashCents === 0 ? "How much cash is handed out?" : undefined;
  }
  if (kind === "finalise") {
    if (!authorised) return "Which pre-authorisation is finalised?";
    if (finalCents === undefined) return "The final amount is not an amount.";
    return finalCents === 0 ? "What is the final amount?" : undefined;
  }
  return saleCents === 0 ? "Ring something up first." : undefined;
}

/**
 * What the button says.
 *
 * @param {Choice} choice
 */
export function caption({ kind, saleCents, cashCents = 0, finalCents = 0 }) {
  switch (kind) {
    case "refund":
      return `Refund ${money(saleCents)}`;
    case "cash":
      return saleCents > 0 ? `Charge ${money(saleCents + cashCents)}` : `Hand out ${money(cashCents)}`;
    case "authorise":
      return `Pre-authorise ${money(saleCents)}`;
    case "finalise":
      return `Finalise ${money(finalCents)}`;
    default:
      return `Charge ${money(saleCents)}`;
  }
}

/**
 * @param {Choice} choice without a problem
 * @param {import("./sale.js").Line[]} lines
 * @param {string} reference this sale's own
 * @returns {import("../sdk/messages.js").Submit}
 */
export function requestOf(choice, lines, reference) {
  const sale = {
    transaction_reference: reference,
    sale_data: lines.length > 0 ? saleData(lines, reference) : undefined,
  };
  const { saleCents, cashCents = 0 } = choice;
  switch (choice.kind) {
    case "purchase":
      return { function: "Card.Purchase", amount_total_cents: saleCents, ...sale };
    case "refund":
      return {
        function: choice.refundTo === "qr" ? "QR.Refund" : "Card.Refund",
        amount_total_cents: saleCents,
        ...sale,
      };
    case "cash":
      if (saleCents === 0) return { function: "Card.CashAdvance", amount_total_cents: cashCents, ...sale };
      return {
        function: "Card.PurchasePlusCash",
        amount_total_cents: saleCents + cashCents,
        amount_cash_cents: cashCents,
        ...sale,
      };
    case "authorise":
      return { function: "Card.Authorise", amount_auth_cents: saleCents, ...sale };
    case "finalise":
      // The reference is that of the authorisation: it ties the two together.
      return {
        function: "Card.Finalise",
        amount_final_cents: choice.finalCents,
        ...sale,
        transaction_reference: choice.authorised,
      };
    case "qr":
      return { function: `QR.${choice.qrShownBy}.Purchase`, amount_total_cents: saleCents, ...sale };
  }
}
