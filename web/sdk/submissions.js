/**
 * Carrying submissions through: sent until the hub has answered, with the same idempotency key each time.
 *
 * One that was given up, or that is so old that nobody waits for it, is only looked for: a charge that comes out of the
 * blue is as bad as one that comes twice.
 */

import { ConnectionLost, HubError, NotSent, RpcError, StorageUnavailable } from "./errors.js";

/**
 * @typedef {import("./attempts.js").Attempt} Attempt
 * @typedef {import("./messages.js").TransactionView} TransactionView
 */

/**
 * @typedef {object} Pursuit
 * @property {Promise<TransactionView>} promise
 * @property {(view: TransactionView) => void} resolve
 * @property {(error: HubError) => void} reject
 */

/**
 * @typedef {object} SubmissionsOptions
 * @property {import("./reconnect.js").Link} link
 * @property {import("./attempts.js").Attempts} attempts
 * @property {(view: TransactionView) => void} take a transaction that the hub answered with
 * @property {(attempt: Attempt) => void} begun
 * @property {(attempt: Attempt, error: HubError) => void} refused
 */

const PAUSE_MS = 1_500;
const LINK_PAUSE_MS = 50;

export class Submissions {
  #link;
  #attempts;
  #options;
  /** @type {Map<string, Pursuit>} */
  #pursuits = new Map();

  /** @param {SubmissionsOptions} options */
  constructor(options) {
    this.#link = options.link;
    this.#attempts = options.attempts;
    this.#options = options;
  }

  /**
   * @param {import("./messages.js").Submit} request
   * @param {string} [key]
   * @returns {Promise<TransactionView>}
   */
  async submit(request, key) {
    const attempt = this.#attempts.begin(request, key);
    this.#options.begun(attempt);
    return this.#pursue(attempt);
  }

  /** Take up what an earlier page left open. */
  resume() {
    for (const attempt of this.#attempts.list()) {
      if (this.#pursuits.has(attempt.key)) continue;
      this.#options.begun(attempt);
      this.#pursue(attempt).catch(() => {}); // told by `refused`
    }
  }

  /** @param {string} key */
  abandon(key) {
    const attempt = this.#attempts.find(key);
    if (!attempt) return;
    if (attempt.sent) this.#attempts.abandon(key);
    else this.#refuse(attempt, new NotSent("It was given up before it was sent; nothing was charged."));
  }

  /**
   * The hub's word about a submission has come, on whatever way.
   *
   * @param {string} key
   * @param {TransactionView} view
   */
  arrived(key, view) {
    this.#pursuits.get(key)?.resolve(view);
  }

  /**
   * @param {Attempt} attempt
   * @returns {Promise<TransactionView>}
   */
  #pursue(attempt) {
    /** @type {Pursuit} */
    const pursuit = /** @type {any} */ ({});
    pursuit.promise = new Promise((resolve, reject) => Object.assign(pursuit, { resolve, reject }));
    this.#pursuits.set(attempt.key, pursuit);
    const done = () => void this.#pursuits.delete(attempt.key);
    pursuit.promise.then(done, done);
    void this.#settle(attempt);
    return pursuit.promise;
  }

  /** @param {Attempt} attempt */
  async #settle(attempt) {
    while (this.#attempts.find(attempt.key)) {
      try {
        await this.#link.whenOnline();
        if (this.#attempts.maySend(attempt.key)) await this.#send(attempt);
        else await this.#lookFor(attempt);
      } catch (thrown) {
        const error = /** @type {HubError} */ (thrown);
        const refused = error instanceof RpcError && (!error.retryable || error.code === "device_busy");
        if (refused || error instanceof StorageUnavailable) {
          this.#refuse(attempt, error);
        } else if (["closed", "refused"].includes(this.#link.status.phase)) {
          // The hub does not let this register in. The attempt stays stored until it does.
          this.#pursuits.get(attempt.key)?.reject(error);
          return;
        } else {
          // No answer came, or the hub's store was away: ask again, with the same key.
          await elapsed(error instanceof ConnectionLost ? LINK_PAUSE_MS : PAUSE_MS);
        }
      }
    }
  }

  /** @param {Attempt} attempt */
  async #send(attempt) {
    this.#attempts.markSent(attempt.key);
    const submit = { ...attempt.request, idempotency_key: attempt.key };
    /** @type {import("./messages.js").Submitted} */
    const { transaction } = await this.#link.call("transaction.submit", submit);
    this.#options.take(transaction);
  }

  /** @param {Attempt} attempt */
  async #lookFor(attempt) {
    await this.#find(attempt);
    if (this.#attempts.find(attempt.key)?.sent) {
      // A request may still be under way inside the hub when its connection has just died.
      await elapsed(PAUSE_MS);
      await this.#find(attempt);
    }
    if (this.#attempts.find(attempt.key)) {
      this.#refuse(attempt, new NotSent("It was never received; nothing was charged."));
    }
  }

  /** @param {Attempt} attempt */
  async #find(attempt) {
    const wanted = { transaction_reference: attempt.request.transaction_reference };
    const { transactions } = await this.#link.call("transaction.find", wanted);
    for (const view of transactions) if (view.idempotency_key === attempt.key) this.#options.take(view);
  }

  /**
   * @param {Attempt} attempt
   * @param {HubError} error
   */
  #refuse(attempt, error) {
    this.#attempts.settle(attempt.key);
    this.#options.refused(attempt, error);
    this.#pursuits.get(attempt.key)?.reject(error);
  }
}

/** @param {number} ms */
function elapsed(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
