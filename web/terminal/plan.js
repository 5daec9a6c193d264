/**
 * Plays: a transaction that runs by itself, because its amount asks for it or because auto play is on.
 *
 * The last two digits of the amount choose the play; where `hub/simulator/amounts.py` has the same, it ends the same.
 */

/**
 * @typedef {object} Play
 * @property {string} says what happens, for people
 * @property {"tap" | "insert"} [present]
 * @property {"approve" | "sign" | "walk_away" | `fail:${string}` | `decline:${string}`} ends
 * @property {"slow" | "silent" | "late" | "unplug"} [fault]
 */

/** @type {Play} */
export const AUTO = { says: "Approved, contactless", ends: "approve" };

/** @type {Record<string, Play>} */
export const TEST_AMOUNTS = {
  "05": { says: "Declined: not enough funds", ends: "decline:insufficient_funds" },
  "08": { says: "Approved after a signature", present: "insert", ends: "sign" },
  17: { says: "Cancelled by the customer", ends: "walk_away" },
  51: { says: "Declined: refused by the bank", ends: "decline:do_not_honour" },
  54: { says: "Declined: the card has expired", ends: "decline:card_expired" },
  55: { says: "Declined: wrong PIN", present: "insert", ends: "decline:wrong_pin" },
  68: { says: "Approved, slowly: 20 seconds a step", ends: "approve", fault: "slow" },
  91: { says: "Failed: the bank could not be reached", ends: "fail:host_unavailable" },
  96: { says: "Failed: the terminal has a fault", ends: "fail:system_error" },
  97: { says: "Approved, but told 75 seconds late", ends: "approve", fault: "late" },
  98: { says: "The plug is pulled for 25 seconds, then approved", ends: "approve", fault: "unplug" },
  99: { says: "Approved, after 90 seconds of silence", ends: "approve", fault: "silent" },
};

export const LATE_MS = 75_000;
export const SILENT_MS = 90_000;
export const UNPLUGGED_MS = 25_000;
const STEP_MS = 1_400;
const SLOW_STEP_MS = 20_000;

/**
 * The play that this amount asks for, if any.
 *
 * @param {number} askedCents
 * @returns {Play | undefined}
 */
export function playFor(askedCents) {
  return TEST_AMOUNTS[String(askedCents % 100).padStart(2, "0")];
}

/** @param {boolean} slow */
export const stepMs = (slow) => (slow ? SLOW_STEP_MS : STEP_MS);
