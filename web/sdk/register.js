/**
 * A register's end of `smartconnect.register.v1`: pair, submit, cancel, find, and hear of every change.
 *
 * Laws:
 * 1. A submission is stored before it is sent (`attempts.js`), and sent again only with the same idempotency key: no
 *    reload, crash or broken link pays twice. One that nobody waits for any more is looked for, never sent.
 * 2. Events are applied in their gapless order. One that is missing restarts the link, which replays it.
 * 3. What is final stays final; an older view never replaces a newer one.
 */

import { Attempts, nothingKept } from "./attempts.js";
import { CloseCode, mayComeBack } from "./closing.js";
import { Emitter } from "./emitter.js";
import { REGISTER_PROTOCOL, endpoint } from "./endpoint.js";
import { HubError, RpcError } from "./errors.js";
import { redeemOutside } from "./outside.js";
import { Link } from "./reconnect.js";
import { Slot } from "./slot.js";
import { Submissions } from "./submissions.js";

/**
 * @typedef {import("./messages.js").TransactionView} TransactionView
 * @typedef {import("./messages.js").PairingView} PairingView
 * @typedef {import("./messages.js").RegisterWelcome} RegisterWelcome
 * @typedef {import("./attempts.js").Attempt} Attempt
 */

/**
 * @typedef {object} RegisterEvents
 * @property {import("./reconnect.js").LinkStatus} status
 * @property {RegisterWelcome} welcome said once a connection
 * @property {PairingView} pairing which device, and how it is now
 * @property {TransactionView} transaction one of this register's transactions, as it is now
 * @property {Attempt} attempt a submission whose answer is owed: just begun, or found after a reload
 * @property {{ attempt: Attempt, error: HubError }} refused a submission that became no transaction
 */

/**
 * @typedef {object} RegisterOptions
 * @property {import("./messages.js").Identity} identity
 * @property {string} [url]
 * @property {import("./slot.js").Shelf} [shelf] where attempts and the place in the event sequence are kept
 */

const VIEWS_KEPT = 100;

/** @extends {Emitter<RegisterEvents>} */
export class RegisterClient extends Emitter {
  #slot;
  #attempts;
  #link;
  #submissions;
  /** @type {Map<string, TransactionView>} */
  #views = new Map();
  /** @type {PairingView | null} */
  #pairing = null;
  #url;
  #lastEvent = 0;
  /** @type {RegisterWelcome | null} */
  #behind = null; // the welcome whose replay is still coming in

  /** @param {RegisterOptions} options */
  constructor({ identity, url = endpoint("/ws/register"), shelf = localStorage }) {
    super();
    this.identity = identity;
    this.#url = url;
    const name = [identity.register_id, identity.business_name, identity.vendor_name].map(encodeURIComponent).join("/");
    this.#slot = new Slot(shelf, `smartconnect.register/${name}`, nothingKept);
    this.#attempts = new Attempts(this.#slot);
    this.#link = new Link({
      url,
      protocol: REGISTER_PROTOCOL,
      greet: (peer) => this.#greet(peer),
      told: (method, params) => this.#told(method, params),
      // Another page may have paired this register anew, and keeps its token where this one reads it; the hello tells.
      returns: (code) => code === CloseCode.REVOKED || mayComeBack(code),
    });
    this.#link.on("status", (status) => this.emit("status", status));
    this.#submissions = new Submissions({
      link: this.#link,
      attempts: this.#attempts,
      take: (view) => this.#take(view),
      begun: (attempt) => this.emit("attempt", attempt),
      refused: (attempt, error) => this.emit("refused", { attempt, error }),
    });
  }

  get status() {
    return this.#link.status;
  }

  /** Which device, and how it is; null until the first welcome. */
  get pairing() {
    return this.#pairing;
  }

  /** Submissions whose answer is still owed. */
  get attempts() {
    return this.#attempts.list();
  }

  /** Connect, and take up what an earlier page left open. */
  open() {
    this.#link.open();
    this.#submissions.resume();
  }

  close() {
    this.#link.close();
  }

  /** Resolves as soon as the hub has welcomed this register; rejects with why it does not. */
  whenOnline() {
    return this.#link.whenOnline();
  }

  /**
   * Pair with the device that shows this code. Rejects with `RpcError`: `pairing_code_invalid`, `too_many_attempts`.
   *
   * Also where this register is not let in, because its token is void or lost: then by the POS API, for the code is the
   * proof, and it comes back with the new token.
   *
   * @param {import("./messages.js").Redeem} request
   * @returns {Promise<import("./messages.js").Redeemed>}
   */
  async redeem(request) {
    if (this.#link.status.phase === "refused") {
      const register_token = await redeemOutside(this.#url, this.identity, request);
      this.#slot.tryUpdate((kept) => void (kept.token = register_token));
      this.#link.open();
      await this.#link.whenOnline();
      return { result: "success", register_token, pairing: await this.pairingStatus() };
    }
    /** @type {import("./messages.js").Redeemed} */
    const redeemed = await this.#link.call("pairing.redeem", request);
    this.#slot.tryUpdate((kept) => void (kept.token = redeemed.register_token));
    this.#setPairing(redeemed.pairing);
    return redeemed;
  }

  /** @returns {Promise<PairingView>} */
  async pairingStatus() {
    const pairing = await this.#link.call("pairing.status");
    this.#setPairing(pairing);
    return pairing;
  }

  /**
   * Submit a transaction; resolves when the hub has it on record.
   *
   * It waits for a lost connection to come back, and rejects with `RpcError` (the hub said no), `NotSent` (it never
   * arrived, nothing was charged) or `StorageUnavailable`. Listen to `transaction` for what becomes of it.
   *
   * @param {import("./messages.js").Submit} request
   * @param {{ idempotencyKey?: string }} [options]
   * @returns {Promise<TransactionView>}
   */
  submit(request, { idempotencyKey } = {}) {
    return this.#submissions.submit(request, idempotencyKey);
  }

  /**
   * Give up a submission whose answer is still owed. If it may have left, the hub is asked as soon as it can be, and
   * what did arrive is cancelled; the submission's promise tells the end.
   *
   * @param {string} key
   */
  abandon(key) {
    this.#submissions.abandon(key);
  }

  /**
   * Ask to cancel. The answer is honest: `cancelled`, `requested` (the device decides), `too_late`, or `unknown`.
   *
   * @param {string} transactionId
   * @returns {Promise<import("./messages.js").Cancelled>}
   */
  async cancel(transactionId) {
    const cancelled = await this.#link.call("transaction.cancel", { transaction_id: transactionId });
    this.#take(cancelled.transaction);
    return cancelled;
  }

  /**
   * @param {string} transactionId
   * @returns {Promise<TransactionView>}
   */
  async get(transactionId) {
    const view = await this.#link.call("transaction.get", { transaction_id: transactionId });
    this.#take(view);
    return view;
  }

  /**
   * This register's transactions with that reference, newest first.
   *
   * @param {string} reference
   * @returns {Promise<TransactionView[]>}
   */
  async find(reference) {
    const { transactions } = await this.#link.call("transaction.find", { transaction_reference: reference });
    for (const view of transactions) this.#take(view);
    return transactions;
  }

  /** @param {import("./peer.js").Peer} peer */
  async #greet(peer) {
    const { token, last_event } = this.#slot.read();
    /** @type {RegisterWelcome} */
    let welcome;
    try {
      welcome = await peer.call("hello", { ...this.identity, register_token: token, last_event });
    } catch (error) {
      const refused = error instanceof RpcError && error.code === "unauthorised";
      if (!token || !refused) throw error;
      // Another page paired this register since and got a newer token; the hub may do with the triple alone.
      // It may have kept that one while this hello was asked.
      this.#slot.tryUpdate((kept) => {
        if (kept.token === token) delete kept.token;
      });
      throw new HubError("token_outdated", error.message, true);
    }
    this.#behind = welcome;
    if (welcome.replay === "complete") {
      this.#lastEvent = /** @type {number} */ (last_event);
    } else {
      this.#reached(welcome.event);
    }
    this.emit("welcome", welcome);
    return welcome.heartbeat_seconds;
  }

  /**
   * @param {string} method
   * @param {any} params
   */
  #told(method, params) {
    if (params.event <= this.#lastEvent) return;
    if (params.event !== this.#lastEvent + 1) {
      this.#link.restart();
      return;
    }
    if (method === "transaction.updated") this.#take(params.transaction);
    else if (method === "pairing.changed") this.#setPairing(params.pairing);
    else if (method === "device.presence") this.#setPresence(params.device);
    this.#reached(params.event);
  }

  /**
   * The sequence is applied up to this number. With that of the welcome, what the welcome says is the present truth.
   *
   * @param {number} event
   */
  #reached(event) {
    this.#lastEvent = event;
    this.#slot.tryUpdate((kept) => void (kept.last_event = event));
    const welcome = this.#behind;
    if (!welcome || event < welcome.event) return;
    this.#behind = null;
    this.#setPairing({ cause: this.#pairing?.cause, ...welcome.pairing });
    for (const view of welcome.transactions) this.#take(view);
    const told = new Set(welcome.transactions.map((view) => view.transaction_id));
    for (const id of this.#slot.read().open) if (!told.has(id)) void this.#catchUp(id);
  }

  /**
   * What was open when an earlier page closed has ended since.
   *
   * @param {string} transactionId
   */
  async #catchUp(transactionId) {
    try {
      await this.#link.whenOnline();
      await this.get(transactionId);
    } catch (error) {
      if (error instanceof RpcError && error.code === "transaction_unknown") {
        this.#slot.tryUpdate((kept) => void (kept.open = kept.open.filter((id) => id !== transactionId)));
      }
    }
  }

  /** @param {PairingView} pairing */
  #setPairing(pairing) {
    this.#pairing = pairing;
    this.emit("pairing", pairing);
  }

  /** @param {import("./messages.js").DevicePresence} device */
  #setPresence(device) {
    if (this.#pairing?.device?.device_id === device.device_id) this.#setPairing({ ...this.#pairing, device });
  }

  /** @param {TransactionView} view */
  #take(view) {
    const known = this.#views.get(view.transaction_id);
    if (known && (view.updated_at < known.updated_at || (known.final && !view.final))) return;
    this.#views.set(view.transaction_id, view);
    const key = view.idempotency_key ?? "";
    const attempt = this.#attempts.find(key);
    this.#slot.tryUpdate((kept) => {
      kept.open = kept.open.filter((id) => id !== view.transaction_id);
      if (!view.final) kept.open.push(view.transaction_id);
      delete kept.attempts[key];
    });
    this.emit("transaction", view);
    this.#submissions.arrived(key, view);
    // If this fails, the transaction is still seen to be open, and can be cancelled by hand.
    if (attempt?.abandoned && !view.final) this.cancel(view.transaction_id).catch(() => {});
    if (view.final) this.#forgetOldest();
  }

  #forgetOldest() {
    const final = [...this.#views.values()].filter((view) => view.final);
    for (const view of final.slice(0, -VIEWS_KEPT)) this.#views.delete(view.transaction_id);
  }
}
