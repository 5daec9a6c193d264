/**
 * What a device keeps through a power cut: who it is, what it has begun, and the results that it owes the hub.
 *
 * Laws: a transaction is remembered before it is acknowledged, and its result before it is reported. A result leaves
 * only when newer ones push it out, and never while the hub has not recorded it.
 */

import { Slot } from "./slot.js";
import { randomToken } from "./token.js";

/**
 * A transaction that the device has begun and not finished. `note` is the device's own.
 *
 * @typedef {object} Begun
 * @property {import("./messages.js").Start} start
 * @property {string} [stage]
 * @property {any} [note]
 */

/**
 * @typedef {object} StoredResult
 * @property {import("./messages.js").Result} result
 * @property {import("./messages.js").Start} start
 * @property {"owed" | "recorded" | "refused"} state
 */

/**
 * @typedef {object} DeviceMemoryContent
 * @property {string} serial
 * @property {string} [credential]
 * @property {Begun | null} begun
 * @property {StoredResult[]} results oldest first
 */

const RESULTS_KEPT = 40;
const OWED_LIMIT = 20;

/** @returns {DeviceMemoryContent} */
const unused = () => ({ serial: "", begun: null, results: [] });

const newSerial = () => `SN-${randomToken(8).toUpperCase()}`;

export class DeviceMemory {
  #slot;

  /**
   * @param {string} deviceId
   * @param {import("./slot.js").Shelf} [shelf]
   */
  constructor(deviceId, shelf = localStorage) {
    this.deviceId = deviceId;
    this.#slot = new Slot(shelf, `smartconnect.device/${deviceId}`, unused);
    if (!this.#slot.read().serial) this.#slot.update((content) => void (content.serial = newSerial()));
  }

  get serial() {
    return this.#slot.read().serial;
  }

  get credential() {
    return this.#slot.read().credential;
  }

  set credential(credential) {
    this.#slot.update((content) => void (content.credential = credential));
  }

  /** The transaction in flight, if there is one. */
  get begun() {
    return this.#slot.read().begun;
  }

  /** All results kept, oldest first. */
  get results() {
    return this.#slot.read().results;
  }

  /** Results that the hub has not recorded yet. */
  get owed() {
    return this.results.filter(({ state }) => state === "owed").map(({ result }) => result);
  }

  /** Whether so many results are owed that another transaction must not begin. */
  get full() {
    return this.owed.length >= OWED_LIMIT;
  }

  /** @param {string} transactionId */
  resultOf(transactionId) {
    return this.results.find(({ result }) => result.transaction_id === transactionId)?.result;
  }

  /** @param {import("./messages.js").Start} start */
  begin(start) {
    this.#slot.update((content) => void (content.begun = { start }));
  }

  /** @param {string} stage */
  reach(stage) {
    this.#slot.update(({ begun }) => void (begun && (begun.stage = stage)));
  }

  /**
   * Keep something of the device's own beside the transaction in flight.
   *
   * @param {any} note
   */
  note(note) {
    this.#slot.update(({ begun }) => void (begun && (begun.note = note)));
  }

  /**
   * The transaction in flight has this result, and is in flight no more.
   *
   * @param {import("./messages.js").Result} result
   */
  finish(result) {
    this.#slot.update((content) => {
      if (content.begun?.start.transaction_id !== result.transaction_id) return;
      content.results.push({ result, start: content.begun.start, state: "owed" });
      content.begun = null;
      const surplus = content.results.length - RESULTS_KEPT;
      const leaving = new Set(content.results.filter(({ state }) => state !== "owed").slice(0, Math.max(0, surplus)));
      content.results = content.results.filter((stored) => !leaving.has(stored));
    });
  }

  /**
   * @param {string} transactionId
   * @param {"recorded" | "refused"} state
   */
  settle(transactionId, state) {
    this.#slot.update(({ results }) => {
      for (const stored of results) if (stored.result.transaction_id === transactionId) stored.state = state;
    });
  }

  /** Another hardware takes the place of this one: the same device to the hub, with an empty memory. */
  replaceHardware() {
    const { credential } = this.#slot.read();
    this.#slot.write({ serial: newSerial(), credential, begun: null, results: [] });
  }

  clear() {
    this.#slot.clear();
  }
}
