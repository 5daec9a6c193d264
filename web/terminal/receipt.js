/** Receipts: 30 columns, LF, plain capitals, as a terminal prints them. */

import { money } from "../view/money.js";
import { functionName, reasonText } from "../view/wording.js";

const COLUMNS = 30;
const RULE = "-".repeat(COLUMNS);

/** @param {string} text */
function centred(text) {
  const line = text.slice(0, COLUMNS);
  return " ".repeat(Math.floor((COLUMNS - line.length) / 2)) + line;
}

/**
 * @param {string} left
 * @param {string} right
 */
function pair(left, right) {
  const room = COLUMNS - right.length - 1;
  return `${left.slice(0, room).padEnd(room)} ${right}`;
}

/**
 * @param {import("./payment.js").Payment} payment
 * @param {import("../sdk/messages.js").Result} result
 * @param {{ deviceId: string, at: Date }} where
 */
export function receiptOf(payment, result, { deviceId, at }) {
  const { start, done } = payment;
  const cash = start.amount_cash_cents ?? 0;
  const plain = payment.askedCents - cash;
  /** @type {(string | false)[]} */
  const lines = [
    centred(start.business_name.toUpperCase()),
    centred(start.register_name.toUpperCase()),
    RULE,
    pair("TERMINAL", deviceId),
    pair(at.toLocaleDateString("en-NZ"), at.toLocaleTimeString("en-NZ", { hour12: false })),
    pair("REF", (start.transaction_reference ?? start.transaction_id).slice(-20).toUpperCase()),
    result.card_type !== undefined &&
      pair(`${result.card_type} ${WAYS[done.method ?? ""] ?? ""}`.trim(), result.card_pan ?? ""),
    result.auth_id !== undefined && pair("AUTH", result.auth_id),
    RULE,
    pair(shortName(start.function), payment.movesMoney ? money(plain) : ""),
    cash > 0 && pair("CASH", money(cash)),
    done.tipCents > 0 && pair("TIP", money(done.tipCents)),
    done.surchargeCents > 0 && pair("SURCHARGE", money(done.surchargeCents)),
    payment.movesMoney && pair("TOTAL", money(payment.totalCents)),
    RULE,
    centred(result.outcome.toUpperCase()),
    result.reason !== undefined && centred(reasonText(result.reason).toUpperCase()),
    centred("CUSTOMER COPY"),
  ];
  return lines
    .filter((line) => line !== false)
    .map((line) => line.trimEnd())
    .join("\n");
}

const WAYS = /** @type {Record<string, string>} */ ({ tap: "CONTACTLESS", insert: "CHIP" });

/** @param {string} name */
function shortName(name) {
  return name === "Card.PurchasePlusCash" ? "PURCHASE" : functionName(name).split(",")[0].toUpperCase();
}
