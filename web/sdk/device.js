/**
 * A device's end of `smartconnect.device.v1`: pairing codes, transactions as they come, results until recorded.
 *
 * Laws:
 * 1. The same transaction id is the same transaction: its repetition gets the state it is in, or its stored result.
 * 2. One transaction at a time; another is refused as `busy`.
 * 3. A result is reported until the hub has it on record: at once, again after a pause, and in every hello.
 */

import { Emitter } from "./emitter.js";
import { DEVICE_PROTOCOL, endpoint } from "./endpoint.js";
import { NO_ANSWER, refuse, unknownMethod } from "./peer.js";
import { Link } from "./reconnect.js";
import { Reports } from "./reports.js";
import { randomToken } from "./token.js";

/**
 * @typedef {import("./messages.js").Start} Start
 * @typedef {import("./messages.js").Result} Result
 * @typedef {import("./messages.js").PairingInfo} PairingInfo
 * @typedef {import("./messages.js").PairingCodeShown} PairingCodeShown
 * @typedef {import("./errors.js").RpcError} RpcError
 */

/**
 * @typedef {object} DeviceEvents
 * @property {import("./reconnect.js").LinkStatus} status
 * @property {import("./messages.js").DeviceWelcome} welcome
 * @property {PairingCodeShown | null} code the code to show; null: take it off the screen
 * @property {{ cause: string }} closed why pairing was closed: redeemed, session_ended, stopped, revoked
 * @property {PairingInfo[]} pairings the list has changed
 * @property {PairingInfo} paired
 * @property {import("./messages.js").PairingRemoved} unpaired
 * @property {Start} start a transaction has begun
 * @property {{ transaction_id: string, answer: "cancelling" | "too_late" }} cancel the register wants to cancel
 * @property {{ transaction_id: string }} inquire the hub asks what became of it
 * @property {import("./messages.js").Recorded} recorded the hub has this result
 * @property {{ transaction_id: string, error: RpcError }} refused the hub will not have this result
 */

/**
 * @typedef {object} DeviceOptions
 * @property {import("./memory.js").DeviceMemory} memory
 * @property {string} [url]
 * @property {boolean} [enrol] be enrolled where the hub does not know it, with a credential of its own choice; a hub in
 *   development mode does so
 * @property {string} [model]
 * @property {string} [firmware]
 * @property {(transactionId: string) => boolean} [mayCancel] whether the transaction in flight can still be cancelled;
 *   if so, the device cancels it and completes it as `cancelled`
 */

/** @extends {Emitter<DeviceEvents>} */
export class DeviceClient extends Emitter {
  #options;
  #memory;
  #link;
  /** @type {PairingInfo[]} */
  #pairings = [];
  #reports;
  #mute = false;
  #signsOfLife = true;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #pulse;

  /** @param {DeviceOptions} options */
  constructor(options) {
    super();
    this.#options = options;
    this.#memory = options.memory;
    this.#link = new Link({
      url: options.url ?? endpoint("/ws/device"),
      protocol: DEVICE_PROTOCOL,
      greet: (peer) => this.#greet(peer),
      answer: (method, params) => this.#answer(method, params),
      told: (method, params) => this.#told(method, params),
    });
    this.#reports = new Reports({
      link: this.#link,
      memory: this.#memory,
      mayReport: () => !this.#mute,
      recorded: (recorded) => this.emit("recorded", recorded),
      refused: (transaction_id, error) => this.emit("refused", { transaction_id, error }),
    });
    this.#link.on("status", (status) => {
      this.emit("status", status);
      // Whatever the hub did not take with the hello, it says why when told one by one.
      if (status.phase === "online") this.#speakUp();
    });
  }

  get status() {
    return this.#link.status;
  }

  /** The registers that are paired with this device. */
  get pairings() {
    return this.#pairings;
  }

  /** Connect, and stay connected. */
  open() {
    this.#link.open();
  }

  /** Resolves as soon as the hub has welcomed this device; rejects with why it does not. */
  whenOnline() {
    return this.#link.whenOnline();
  }

  /** Disconnect. Nothing is forgotten. */
  close() {
    this.#link.close();
    clearInterval(this.#pulse);
  }

  /** A mute device keeps its connection and works on, but neither answers nor reports. For trying out a hub. */
  get mute() {
    return this.#mute;
  }

  set mute(mute) {
    if (mute === this.#mute) return;
    this.#mute = mute;
    if (!mute) this.#speakUp();
  }

  /**
   * Whether the stage of a long step is repeated now and then, and inquiries are answered, so that the hub does not
   * take it for silence.
   *
   * @param {boolean} wanted
   */
  set signsOfLife(wanted) {
    this.#signsOfLife = wanted;
  }

  /** @returns {Promise<PairingCodeShown>} also told by `code` */
  async startPairing() {
    const code = await this.#link.call("pairing.start");
    this.emit("code", code);
    return code;
  }

  async stopPairing() {
    await this.#link.call("pairing.stop");
    this.emit("code", null);
  }

  /** @returns {Promise<PairingInfo[]>} */
  async listPairings() {
    const { pairings } = await this.#link.call("pairing.list");
    this.#setPairings(pairings);
    return pairings;
  }

  /** @param {string} pairingId */
  async removePairing(pairingId) {
    await this.#link.call("pairing.remove", { pairing_id: pairingId });
    return this.listPairings();
  }

  async removeAllPairings() {
    await this.#link.call("pairing.remove", { all: true });
    return this.listPairings();
  }

  /**
   * The transaction in flight has reached a stage, such as `waiting_for_card`. Remembered, and told if it can be.
   *
   * @param {string} stage
   */
  progress(stage) {
    this.#memory.reach(stage);
    this.#tellStage();
  }

  /**
   * The transaction in flight has this outcome. Remembered, and reported until the hub has it on record.
   *
   * @param {Result} result
   */
  complete(result) {
    this.#memory.finish(result);
    void this.#reports.one(result);
  }

  /** @param {import("./peer.js").Peer} peer */
  async #greet(peer) {
    const { model, firmware, enrol } = this.#options;
    // Kept before it is said: if the answer is lost, the same hello gets in again.
    if (enrol) this.#memory.credential ??= `dev_${randomToken(40)}`;
    const { serial, credential, begun, owed, deviceId } = this.#memory;
    /** @type {import("./messages.js").DeviceWelcome} */
    const welcome = await peer.call("hello", {
      device_id: deviceId,
      serial,
      credential,
      enrol,
      model,
      firmware,
      in_flight: begun ? [{ transaction_id: begun.start.transaction_id, stage: begun.stage }] : [],
      results: owed,
    });
    if (welcome.credential) this.#memory.credential = welcome.credential;
    for (const id of welcome.recorded ?? []) {
      this.#memory.settle(id, "recorded");
      this.emit("recorded", { transaction_id: id, state: this.#memory.resultOf(id)?.outcome ?? "" });
    }
    this.#setPairings(welcome.pairings);
    for (const removed of welcome.removed ?? []) this.emit("unpaired", removed);
    this.emit("welcome", welcome);
    this.emit("code", welcome.pairing_code ?? null);
    clearInterval(this.#pulse);
    this.#pulse = setInterval(() => this.#signsOfLife && this.#tellStage(), welcome.heartbeat_seconds * 800);
    return welcome.heartbeat_seconds;
  }

  /**
   * @param {string} method
   * @param {any} params
   */
  #told(method, params) {
    if (method === "pairing.code") this.emit("code", params);
    else if (method === "pairing.closed") {
      this.emit("code", null);
      this.emit("closed", params);
    } else if (method === "pairing.added") {
      this.#setPairings([...this.#pairings.filter(({ pairing_id }) => pairing_id !== params.pairing_id), params]);
      this.emit("paired", params);
    } else if (method === "pairing.removed") {
      this.#setPairings(this.#pairings.filter(({ pairing_id }) => pairing_id !== params.pairing_id));
      this.emit("unpaired", params);
    }
  }

  /**
   * @param {string} method
   * @param {any} params
   */
  #answer(method, params) {
    const id = params.transaction_id;
    const known = this.#known(id);
    if (method === "transaction.start") {
      if (!known) this.#begin(params);
      return this.#mute ? NO_ANSWER : (known ?? { state: "accepted" });
    }
    if (method === "transaction.inquire") {
      this.emit("inquire", { transaction_id: id });
      const answers = !this.#mute && (this.#signsOfLife || !this.#memory.begun);
      return answers ? (known ?? { state: "unknown" }) : NO_ANSWER;
    }
    if (method === "transaction.cancel") {
      if (this.#mute) return NO_ANSWER;
      if (!known) throw refuse("transaction_unknown", "This device has no such transaction.");
      return known.result ? known : { state: this.#cancel(id) };
    }
    throw unknownMethod(method);
  }

  /**
   * @param {string} id
   * @returns {{ state: string, stage?: string, result?: Result } | undefined}
   */
  #known(id) {
    const result = this.#memory.resultOf(id);
    if (result) return { state: "completed", result };
    const { begun } = this.#memory;
    return begun?.start.transaction_id === id ? { state: "processing", stage: begun.stage } : undefined;
  }

  /** @param {Start} start */
  #begin(start) {
    if (this.#memory.begun) throw refuse("busy", "Another transaction is under way.");
    if (this.#memory.full) throw refuse("busy", "Too many results wait to be recorded.");
    this.#memory.begin(start);
    // The acknowledgement goes first; the stages follow it.
    setTimeout(() => this.emit("start", start));
  }

  /** @param {string} id */
  #cancel(id) {
    const answer = this.#options.mayCancel?.(id) ? "cancelling" : "too_late";
    setTimeout(() => this.emit("cancel", { transaction_id: id, answer }));
    return answer;
  }

  #tellStage() {
    const { begun } = this.#memory;
    if (!begun?.stage || this.#mute) return;
    const told = { transaction_id: begun.start.transaction_id, stage: begun.stage };
    // A stage that is lost is no loss: the next one, or the next hello, tells more.
    this.#link.call("transaction.progress", told).catch(() => {});
  }

  #speakUp() {
    this.#tellStage();
    this.#reports.all();
  }

  /** @param {PairingInfo[]} pairings */
  #setPairings(pairings) {
    this.#pairings = pairings;
    this.emit("pairings", pairings);
  }
}
