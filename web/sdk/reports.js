/** Reporting results until the hub has them on record: it may be away, or its store may be. */

import { HubError, RpcError } from "./errors.js";

/** @typedef {import("./messages.js").Result} Result */

/**
 * @typedef {object} ReportsOptions
 * @property {import("./reconnect.js").Link} link
 * @property {import("./memory.js").DeviceMemory} memory
 * @property {() => boolean} mayReport
 * @property {(recorded: import("./messages.js").Recorded) => void} recorded
 * @property {(transactionId: string, error: RpcError) => void} refused the hub will not have it: it is reported no more
 */

const PAUSE_MS = 2_000;

export class Reports {
  #options;
  /** @type {Set<string>} */
  #underWay = new Set();

  /** @param {ReportsOptions} options */
  constructor(options) {
    this.#options = options;
  }

  /** Report whatever is owed. */
  all() {
    for (const result of this.#options.memory.owed) void this.one(result);
  }

  /** @param {Result} result */
  async one(result) {
    const id = result.transaction_id;
    if (this.#underWay.has(id)) return;
    this.#underWay.add(id);
    try {
      while (this.#isOwed(id)) await this.#try(result);
    } finally {
      this.#underWay.delete(id);
    }
  }

  /**
   * Whether it is owed and can be told now; with the next connection it is told anew.
   *
   * @param {string} id
   */
  #isOwed(id) {
    const { link, memory, mayReport } = this.#options;
    return link.isOnline && mayReport() && memory.owed.some(({ transaction_id }) => transaction_id === id);
  }

  /** @param {Result} result */
  async #try(result) {
    const { link, memory, recorded, refused } = this.#options;
    const id = result.transaction_id;
    try {
      const answer = await link.call("transaction.complete", result);
      memory.settle(id, "recorded");
      recorded(answer);
    } catch (error) {
      if (error instanceof RpcError && !error.retryable) {
        memory.settle(id, "refused");
        refused(id, error);
      } else if (error instanceof HubError) {
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      } else {
        throw error;
      }
    }
  }
}
