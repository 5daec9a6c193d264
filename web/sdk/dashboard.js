/**
 * An operator's end of `smartconnect.dashboard.v1`: how the hub stands, its pages, its happenings, and what an operator
 * may do.
 *
 * Laws:
 * 1. The token is kept by nobody here but this object; it leaves in the hello, and in the header of the export.
 * 2. What is watched is asked for again after each reconnect.
 * 3. Nothing is repeated by itself: an action whose answer is lost rejects, and the page shows the present truth.
 */

import { Emitter } from "./emitter.js";
import { DASHBOARD_PROTOCOL, endpoint } from "./endpoint.js";
import { HubError } from "./errors.js";
import { Link } from "./reconnect.js";

/**
 * @typedef {import("./dashboard-messages.js").CodeRow} CodeRow
 * @typedef {import("./dashboard-messages.js").Credential} Credential
 * @typedef {import("./dashboard-messages.js").DashboardWelcome} DashboardWelcome
 * @typedef {import("./dashboard-messages.js").DeviceView} DeviceView
 * @typedef {import("./dashboard-messages.js").Enrolment} Enrolment
 * @typedef {import("./dashboard-messages.js").Happening} Happening
 * @typedef {import("./dashboard-messages.js").Happenings} Happenings
 * @typedef {import("./dashboard-messages.js").Overview} Overview
 * @typedef {import("./dashboard-messages.js").PairingStory} PairingStory
 * @typedef {import("./dashboard-messages.js").RegisterRow} RegisterRow
 * @typedef {import("./dashboard-messages.js").TransactionRow} TransactionRow
 * @typedef {import("./dashboard-messages.js").TransactionStory} TransactionStory
 * @typedef {import("./dashboard-messages.js").TransactionsAsked} TransactionsAsked
 * @typedef {import("./dashboard-messages.js").Wanted} Wanted
 * @typedef {import("./messages.js").Outcome} Outcome
 */

/**
 * @typedef {object} DashboardEvents
 * @property {import("./reconnect.js").LinkStatus} status
 * @property {DashboardWelcome} welcome said once a connection
 * @property {Overview} overview once a second
 * @property {Happenings} happenings what matched the watch, at most four times a second
 */

/**
 * The outcomes that a function can have: a purchase is never just done, and a settlement never approved.
 *
 * @param {string} name a TransactionType
 * @returns {Outcome[]}
 */
export function fittingOutcomes(name) {
  return /^(Card|QR)[.]/.test(name) ? ["approved", "declined", "cancelled", "failed"] : ["done", "cancelled", "failed"];
}

/** @extends {Emitter<DashboardEvents>} */
export class DashboardClient extends Emitter {
  #token;
  #hub;
  #link;
  /** @type {Wanted | null} */
  #wanted = null;
  /** @type {DashboardWelcome | null} */
  #welcome = null;
  #hubIsAheadMs = 0;

  /**
   * @param {object} options
   * @param {string} options.token the admin token
   * @param {string} [options.hub] the hub's address; without it the one that served the page
   */
  constructor({ token, hub }) {
    super();
    this.#token = token;
    this.#hub = hub;
    this.#link = new Link({
      url: endpoint("/ws/dashboard", hub),
      protocol: DASHBOARD_PROTOCOL,
      greet: (peer) => this.#greet(peer),
      told: (method, params) => this.#told(method, params),
    });
    this.#link.on("status", (status) => this.emit("status", status));
  }

  get status() {
    return this.#link.status;
  }

  /** The latest connection's; null until the first. */
  get welcome() {
    return this.#welcome;
  }

  /** The hub's time, in milliseconds since the epoch: a page's own clock may be off. */
  now() {
    return Date.now() + this.#hubIsAheadMs;
  }

  open() {
    this.#link.open();
  }

  close() {
    this.#link.close();
  }

  /**
   * Have these happenings pushed from now on; null: none. There is one watch a connection.
   *
   * @param {Wanted | null} wanted
   */
  async watch(wanted) {
    this.#wanted = wanted;
    if (this.#link.isOnline) await this.#link.call("watch", wanted ?? { paused: true });
  }

  /**
   * The latest that the hub's process remembers, newest last.
   *
   * @param {Wanted & { limit?: number }} wanted
   * @returns {Promise<Happening[]>}
   */
  async recent(wanted) {
    return (await this.#link.call("recent", wanted)).items;
  }

  /**
   * A page in the order of the ids; `after` is the last id of the page before.
   *
   * @param {{ text?: string, state?: string, after?: string, limit?: number }} [asked]
   * @returns {Promise<DeviceView[]>}
   */
  async devices(asked) {
    return (await this.#link.call("devices", asked)).devices;
  }

  /**
   * @param {string} deviceId
   * @returns {Promise<DeviceView>}
   */
  device(deviceId) {
    return this.#link.call("device", { device_id: deviceId });
  }

  /**
   * A page in the order of the keys; `after` is the last key of the page before.
   *
   * @param {{ text?: string, after?: string, limit?: number }} [asked]
   * @returns {Promise<RegisterRow[]>}
   */
  async registers(asked) {
    return (await this.#link.call("registers", asked)).registers;
  }

  /**
   * @param {string} pairingId
   * @returns {Promise<PairingStory>}
   */
  pairing(pairingId) {
    return this.#link.call("pairing", { pairing_id: pairingId });
  }

  /** @returns {Promise<CodeRow[]>} those that are live */
  async codes() {
    return (await this.#link.call("codes")).codes;
  }

  /**
   * @param {string} codeId
   * @returns {Promise<CodeRow>} live or not
   */
  code(codeId) {
    return this.#link.call("code", { code_id: codeId });
  }

  /**
   * A page, newest first; `before` is the `seq` of the last row of the page before.
   *
   * @param {TransactionsAsked} [asked]
   * @returns {Promise<TransactionRow[]>}
   */
  async transactions(asked) {
    return (await this.#link.call("transactions", asked)).transactions;
  }

  /**
   * @param {string} transactionId
   * @returns {Promise<TransactionStory>}
   */
  transaction(transactionId) {
    return this.#link.call("transaction", { transaction_id: transactionId });
  }

  /**
   * @param {Enrolment} enrolment
   * @returns {Promise<Credential>}
   */
  enrol(enrolment) {
    return this.#link.call("device.enrol", enrolment);
  }

  /**
   * A new credential; the old one's connection is closed at once.
   *
   * @param {string} deviceId
   * @returns {Promise<Credential>}
   */
  rotate(deviceId) {
    return this.#link.call("device.rotate", { device_id: deviceId });
  }

  /** @param {string} deviceId */
  revoke(deviceId) {
    return this.#link.call("device.revoke", { device_id: deviceId });
  }

  /** @param {string} pairingId */
  unpair(pairingId) {
    return this.#link.call("pairing.remove", { pairing_id: pairingId });
  }

  /**
   * What the operator found out about a transaction in doubt.
   *
   * @param {{ transaction_id: string, outcome: Outcome, operator: string, note?: string }} found
   * @returns {Promise<TransactionStory>}
   */
  resolve(found) {
    return this.#link.call("transaction.resolve", found);
  }

  /**
   * The operator has dealt with a conflict.
   *
   * @param {{ transaction_id: string, operator: string, note?: string }} review
   * @returns {Promise<TransactionStory>}
   */
  review(review) {
    return this.#link.call("transaction.review", review);
  }

  /** End the hub's process in order: its connections are closed at a pace, and told to come back. */
  drain() {
    return this.#link.call("hub.drain");
  }

  /**
   * All transactions that match, as CSV, newest first.
   *
   * @param {{ state?: string, device_id?: string }} [asked]
   * @returns {Promise<Blob>}
   */
  async exportCsv(asked = {}) {
    const url = new URL("/admin/transactions.csv", this.#hub ?? globalThis.location?.href);
    for (const [name, value] of Object.entries(asked)) if (value) url.searchParams.set(name, value);
    try {
      const answer = await fetch(url, { headers: { Authorization: `Bearer ${this.#token}` } });
      if (answer.ok) return await answer.blob();
      throw new HubError("export_failed", `The hub refused the export (HTTP ${answer.status}).`, answer.status >= 500);
    } catch (error) {
      if (error instanceof HubError) throw error;
      throw new HubError("export_failed", "The export broke off: the hub could not be reached.", true);
    }
  }

  /** @param {import("./peer.js").Peer} peer */
  async #greet(peer) {
    /** @type {DashboardWelcome} */
    const welcome = await peer.call("hello", { admin_token: this.#token });
    this.#hubIsAheadMs = Date.parse(welcome.server_time) - Date.now();
    if (this.#wanted) await peer.call("watch", this.#wanted);
    this.#welcome = welcome;
    this.emit("welcome", welcome);
    this.emit("overview", welcome.overview);
    return welcome.heartbeat_seconds;
  }

  /**
   * @param {string} method
   * @param {any} params
   */
  #told(method, params) {
    if (method === "overview" || method === "happenings") this.emit(method, params);
  }
}
