/** How a transaction ends: the result that the hub is told, in the device's own words. */

import { receiptOf } from "./receipt.js";

/**
 * @typedef {import("../sdk/messages.js").Result} Result
 * @typedef {import("../sdk/messages.js").Outcome} Outcome
 * @typedef {import("../sdk/memory.js").StoredResult} StoredResult
 */

/** Why a bank, a terminal or a person says no. */
export const DECLINES = ["insufficient_funds", "wrong_pin", "do_not_honour", "card_expired"];

const digits = (/** @type {number} */ count) =>
  Array.from(crypto.getRandomValues(new Uint8Array(count)), (byte) => byte % 10).join("");

/** @param {Date} at */
function deviceTime(at) {
  const local = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return local.toISOString().replace(/\D/g, "").slice(0, 14);
}

/**
 * @param {import("./payment.js").Payment} payment
 * @param {Outcome} outcome
 * @param {string | undefined} reason
 * @param {{ deviceId: string, last?: StoredResult }} device
 * @returns {Result}
 */
export function resultOf(payment, outcome, reason, { deviceId, last }) {
  const at = new Date();
  /** @type {Result} */
  const result = { transaction_id: payment.id, outcome, reason, timestamp: deviceTime(at) };
  if (payment.movesMoney) Object.assign(result, amounts(payment, outcome));
  else if (outcome === "done") Object.assign(result, answer(payment, last));
  const plain = payment.start.function;
  if (payment.movesMoney || plain.startsWith("Acquirer.")) {
    result.terminal_ref = deviceId.replace(/\D/g, "").padStart(8, "0").slice(-8);
    result.receipt = receiptOf(payment, result, { deviceId, at });
  }
  return result;
}

/**
 * @param {import("./payment.js").Payment} payment
 * @param {Outcome} outcome
 */
function amounts(payment, outcome) {
  const { done } = payment;
  const approved = outcome === "approved" ? { auth_id: digits(6), acquirer_ref: digits(6) } : {};
  if (!done.method)
    return { amount_total_cents: payment.totalCents, ...approved, ...(outcome === "approved" && cardOf(payment)) };
  return {
    amount_total_cents: payment.totalCents,
    amount_tip_cents: done.tipCents || undefined,
    amount_surcharge_cents: done.surchargeCents || undefined,
    ...cardOf(payment),
    ...approved,
  };
}

/** @param {import("./payment.js").Payment} payment */
function cardOf({ card: { card_type, card_pan, account_type } }) {
  return { card_type, card_pan, account_type };
}

/**
 * What a function that moves no money is answered with.
 *
 * @param {import("./payment.js").Payment} payment
 * @param {StoredResult} [last] the device's latest transaction, of whichever register
 * @returns {Partial<Result>}
 */
function answer(payment, last) {
  switch (payment.start.function) {
    case "Terminal.GetStatus":
      return { status: "READY" };
    case "Terminal.ReadCard":
      return cardOf(payment);
    case "Journal.ReprintReceipt":
      return { receipt: last?.result.receipt ?? "NOTHING TO REPRINT" };
    case "Journal.GetTransResult": {
      if (!last) return { result_text: "No transaction yet" };
      const { transaction_id, outcome, reason, receipt, amount_total_cents, card_type, card_pan, auth_id } = last.result;
      return {
        reference_id: transaction_id,
        reference_outcome: outcome,
        reason,
        result_text: outcome,
        receipt,
        amount_total_cents,
        card_type,
        card_pan,
        auth_id,
      };
    }
    default:
      return { acquirer_ref: digits(6) };
  }
}
