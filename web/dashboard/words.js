/** The states of queues, pairings and codes, and the kinds of happenings, as an operator reads them. */

import { stateText, stateTone } from "../view/wording.js";

/** @typedef {import("../view/wording.js").Tone} Tone */

/** @type {Record<string, Tone>} */
const TONES = {
  idle: "good",
  sending: "busy",
  processing: "busy",
  reconciling: "busy",
  stalled: "bad",
  offline: "",
  active: "good",
  issued: "good",
  redeemed: "good",
  replaced: "busy",
  delivered: "good",
  given_up: "bad",
};

/** @type {Record<string, string>} */
export const KINDS = {
  transaction: "Transaction",
  device_queue: "Queue",
  pairing: "Pairing",
  pairing_code: "Pairing code",
};

/** Where the subject of a happening is looked at. */
export const VIEW_OF_KIND = /** @type {Record<string, string>} */ ({
  transaction: "transactions",
  device_queue: "devices",
  pairing: "pairings",
  pairing_code: "codes",
});

/** @param {string} word such as `in_doubt` */
export function plain(word) {
  const text = word.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/**
 * A state of a kind of thing: transactions have words of their own.
 *
 * @param {string} kind
 * @param {string} state
 * @returns {{ text: string, tone: Tone }}
 */
export function stateWords(kind, state) {
  if (kind === "transaction") return { text: stateText(state), tone: stateTone(state) };
  return { text: plain(state), tone: TONES[state] ?? "" };
}
