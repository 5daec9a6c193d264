/**
 * Submissions whose answer is still owed, kept in storage so that a reload or a crash never pays twice.
 *
 * Law: an attempt is stored before its first byte is sent, and leaves only when the hub's word about it is known.
 */

import { randomUuid } from "./token.js";

/**
 * @typedef {object} Attempt
 * @property {string} key the idempotency key
 * @property {import("./messages.js").Submit} request
 * @property {number} begunAt milliseconds since the epoch
 * @property {boolean} sent its first byte may have left
 * @property {boolean} abandoned the person has given it up; it must not be sent again
 */

/**
 * What a register client keeps.
 *
 * @typedef {object} Kept
 * @property {string} [token]
 * @property {number} [last_event]
 * @property {Record<string, Attempt>} attempts
 * @property {string[]} open transactions that are not final yet
 */

/** @returns {Kept} */
export const nothingKept = () => ({ attempts: {}, open: [] });

// After this long a person no longer waits at the till: starting the payment now would surprise them.
const FRESH_MS = 60_000;

export class Attempts {
  #slot;

  /** @param {import("./slot.js").Slot<Kept>} slot */
  constructor(slot) {
    this.#slot = slot;
  }

  /** @returns {Attempt[]} */
  list() {
    return Object.values(this.#slot.read().attempts);
  }

  /** @param {string} key */
  find(key) {
    return this.#slot.read().attempts[key];
  }

  /**
   * @param {import("./messages.js").Submit} request
   * @param {string} [key]
   * @returns {Attempt}
   */
  begin(request, key = randomUuid()) {
    // The reference is what finds it again should the answer never come.
    const attempt = {
      key,
      request: { transaction_reference: key, ...request },
      begunAt: Date.now(),
      sent: false,
      abandoned: false,
    };
    this.#slot.update((kept) => void (kept.attempts[key] = attempt));
    return attempt;
  }

  /** @param {string} key */
  markSent(key) {
    this.#change(key, (attempt) => void (attempt.sent = true));
  }

  /** @param {string} key */
  abandon(key) {
    this.#change(key, (attempt) => void (attempt.abandoned = true));
  }

  /** @param {string} key */
  settle(key) {
    // Were it kept by mistake, it would be sent again with the same key, which changes nothing.
    this.#slot.tryUpdate((kept) => void delete kept.attempts[key]);
  }

  /**
   * Whether it may still be sent; otherwise it may only be looked for.
   *
   * @param {string} key
   */
  maySend(key) {
    const attempt = this.find(key);
    return attempt !== undefined && !attempt.abandoned && Date.now() - attempt.begunAt < FRESH_MS;
  }

  /**
   * @param {string} key
   * @param {(attempt: Attempt) => void} change
   */
  #change(key, change) {
    this.#slot.update((kept) => {
      const attempt = kept.attempts[key];
      if (attempt) change(attempt);
    });
  }
}
