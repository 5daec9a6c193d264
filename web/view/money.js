/** Amounts: integer cents inside, money on the screen. The currency is the device's own; the hub knows none. */

const format = new Intl.NumberFormat("en-NZ", { style: "currency", currency: "NZD", currencyDisplay: "narrowSymbol" });

/** The largest amount: 12 digits, the width of the amount field of ISO 8583. */
export const LARGEST_CENTS = 999_999_999_999;

/** @param {number} cents */
export function money(cents) {
  return format.format(cents / 100);
}

/**
 * Cents of what a person typed, such as `12`, `12.5`, `$1,234.50`; undefined if it is no amount.
 *
 * @param {string} text
 */
export function cents(text) {
  const found = /^\$?\s*(\d{1,3}(?:,\d{3})+|\d+)?(?:[.](\d{0,2}))?$/.exec(text.trim());
  if (!found || (found[1] === undefined && !found[2])) return undefined;
  // Digits, not floating point: 1.15 * 100 is 114.99999999999999.
  const amount = Number((found[1] ?? "0").replaceAll(",", "") + (found[2] ?? "").padEnd(2, "0"));
  return amount <= LARGEST_CENTS ? amount : undefined;
}

/**
 * The amount that a transaction is about: what was asked for.
 *
 * @param {import("../sdk/messages.js").Amounts} amounts
 */
export function asked(amounts) {
  return amounts.amount_total_cents ?? amounts.amount_auth_cents ?? amounts.amount_final_cents;
}
