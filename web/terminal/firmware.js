/**
 * The terminal's firmware: power, network, pairing, and one payment at a time, on the SDK's device client.
 *
 * It behaves as real firmware should, and misbehaves where its bench asks for it.
 */

import { DeviceClient, DeviceMemory, Emitter } from "../sdk/index.js";
import { resultOf } from "./outcome.js";
import { PairingDesk } from "./pairing-desk.js";
import { Payment } from "./payment.js";
import { Player } from "./player.js";
import { setupOf } from "./shelf.js";

/**
 * @typedef {import("../sdk/messages.js").Outcome} Outcome
 * @typedef {import("../sdk/messages.js").Result} Result
 * @typedef {import("./shelf.js").Setup} Setup
 * @typedef {import("./payment.js").Method} Method
 */

/**
 * What the terminal shows when a payment has ended. `held`: the hub is not to be told yet.
 *
 * @typedef {object} Ended
 * @property {Payment} payment
 * @property {Result} result
 * @property {boolean} held
 * @property {"" | "recorded" | "conflict" | "refused"} told
 */

export const MODEL = "Virtual terminal";
export const FIRMWARE = "1.0";

const GIVE_UP_MS = 180_000;

/** @extends {Emitter<{ change: void, log: string }>} */
export class Firmware extends Emitter {
  #setup;
  #player = new Player(this);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #patience;
  /** @type {Payment | null} */
  payment = null;
  /** @type {Ended | null} */
  ended = null;
  /** @type {import("../sdk/messages.js").DeviceWelcome | null} */
  welcome = null;

  /** @param {string} deviceId */
  constructor(deviceId) {
    super();
    this.deviceId = deviceId;
    this.memory = new DeviceMemory(deviceId);
    this.#setup = setupOf(deviceId);
    this.client = new DeviceClient({
      memory: this.memory,
      enrol: true,
      model: `${MODEL} ${deviceId}`,
      firmware: FIRMWARE,
      mayCancel: () => this.payment?.mayCancel ?? false,
    });
    this.pairing = new PairingDesk(this.client, () => this.#changed());
    this.#listen();
  }

  /** @returns {Setup} */
  get setup() {
    return this.#setup.read();
  }

  /** @param {Partial<Setup>} change */
  change(change) {
    this.#setup.update((setup) => void Object.assign(setup, change));
    this.obey();
    this.#changed();
  }

  /** Go on as the setup says: after a reload a terminal that was on is on. */
  resume() {
    if (this.setup.power === "on") this.#boot();
    this.#changed();
  }

  switchOn() {
    this.change({ power: "on" });
    this.#boot();
    this.#log("switched on");
  }

  /** Switch on, and open pairing as soon as the hub is there, unless a register is paired already. */
  invite() {
    if (this.setup.power !== "on") this.switchOn();
    const ignore = this.client.on("status", ({ phase }) => {
      if (phase !== "online") return;
      ignore();
      if (this.client.pairings.length === 0 && !this.payment) void this.pairing.start();
    });
  }

  /** @param {"off" | "unplugged"} [power] */
  switchOff(power = "off") {
    this.client.close();
    this.#rest();
    this.payment = this.ended = this.welcome = null;
    this.pairing.clear();
    this.change({ power });
    this.#log(power === "off" ? "switched off" : "plug pulled; the memory is kept");
  }

  /** @param {boolean} network */
  setNetwork(network) {
    this.change({ network });
    if (network && this.setup.power === "on") this.client.open();
    else this.client.close();
    this.#log(network ? "network back" : "network pulled; the terminal works on");
  }

  /** Another terminal is put in place of this one: the same id, another serial, nothing remembered. */
  swapHardware() {
    this.client.close();
    this.#rest();
    this.payment = this.ended = null;
    this.pairing.clear();
    this.memory.replaceHardware();
    if (this.setup.power === "on") this.#boot();
    this.#log(`hardware swapped; the serial is ${this.memory.serial} now`);
    this.#changed();
  }

  /** @param {number} tipCents */
  chooseTip(tipCents) {
    if (!this.payment) return;
    this.payment.done.tipCents = tipCents;
    this.enter(this.payment.presenting ?? "authorising");
  }

  /** @param {Method} method */
  present(method) {
    const { payment, setup } = this;
    if (!payment) return;
    this.enter(payment.present(method, setup.card, setup.surchargePercent));
  }

  typePin() {
    if (this.payment && this.payment.pinDigits < 6) this.payment.pinDigits += 1;
    this.#changed();
  }

  /**
   * The payment has reached this stage: remembered and told.
   *
   * @param {string} stage
   */
  enter(stage) {
    const { payment } = this;
    if (!payment) return;
    payment.stage = stage;
    this.remember();
    this.client.progress(stage);
    this.#log(`stage ${stage}`);
    clearTimeout(this.#patience);
    if (payment.mayCancel) this.#patience = setTimeout(() => this.end("cancelled", "timeout"), GIVE_UP_MS);
    this.#player.play(payment);
    if (stage === "processing" && !payment.movesMoney) this.#player.soon(() => this.end("done"));
    this.#changed();
  }

  /**
   * @param {Outcome} outcome
   * @param {string} [reason]
   */
  end(outcome, reason) {
    const { payment, memory, deviceId } = this;
    if (!payment) return;
    const result = resultOf(payment, outcome, reason, { deviceId, last: memory.results.at(-1) });
    const held = this.#player.holds || this.setup.late;
    this.#rest();
    this.payment = null;
    this.ended = { payment, result, held, told: "" };
    this.#log(`ended: ${outcome}${reason ? `, ${reason}` : ""}${held ? "; the result is held back" : ""}`);
    if (held) this.#hold(payment, result);
    else this.client.complete(result);
    this.obey();
    this.#changed();
  }

  /** Tell the hub what was held back. */
  tell() {
    if (!this.ended?.held) return;
    this.#player.stop();
    this.client.complete(this.ended.result);
    this.ended = { ...this.ended, held: false };
    this.#log("the held result is sent");
    this.obey();
    this.#changed();
  }

  /** Take the result off the screen; one that is held back stays. */
  dismiss() {
    if (this.ended?.held) return;
    this.ended = null;
    this.#changed();
  }

  /** Keep what the customer has done so far through a power cut. */
  remember() {
    if (this.payment) this.memory.note(this.payment.done);
  }

  /** What plays by itself, for people; undefined if a person decides. */
  get playing() {
    return this.#player.says;
  }

  /** Do as the bench and the play say. */
  obey() {
    const { slow, silent } = this.setup;
    this.client.mute = silent || this.#player.isSilent;
    this.client.signsOfLife = !slow && !this.#player.isSlow && !this.ended?.held;
  }

  #boot() {
    this.obey();
    this.#takeUp();
    if (this.setup.network) this.client.open();
  }

  /** Go on with what was under way when the power went. */
  #takeUp() {
    const { begun } = this.memory;
    if (!begun || this.payment || this.ended) return;
    const payment = new Payment(begun.start, begun.note);
    this.#log(`took up ${begun.start.function} where it was`);
    if (payment.done.held) {
      this.ended = { payment, result: payment.done.held, held: true, told: "" };
      this.#player.hold();
    } else {
      this.payment = payment;
      this.enter(begun.stage ?? payment.firstStage(this.setup.tips));
    }
  }

  /**
   * @param {Payment} payment
   * @param {Result} result
   */
  #hold(payment, result) {
    this.memory.note({ ...payment.done, held: result });
    this.#player.hold();
  }

  #rest() {
    clearTimeout(this.#patience);
    this.#player.stop();
  }

  #listen() {
    const { client } = this;
    client.on("status", ({ phase }) => {
      if (phase === "online") this.#log("connected");
      this.#changed();
    });
    client.on("welcome", (welcome) => {
      this.welcome = welcome;
      this.#changed();
    });
    client.on("pairings", () => this.#changed());
    client.on("paired", ({ register_name }) => this.#log(`paired with ${register_name}`));
    client.on("unpaired", ({ register_name, cause }) => this.#log(`${register_name} unpaired: ${cause}`));
    client.on("start", (start) => this.#start(start));
    client.on("cancel", ({ answer }) => this.#cancel(answer));
    client.on("inquire", () => this.#log("the hub inquires"));
    client.on("recorded", ({ transaction_id, conflict }) =>
      this.#told(transaction_id, conflict ? "conflict" : "recorded"),
    );
    client.on("refused", ({ transaction_id }) => this.#told(transaction_id, "refused"));
  }

  /** @param {import("../sdk/messages.js").Start} start */
  #start(start) {
    this.ended = null;
    this.pairing.ended = "";
    this.payment = new Payment(start);
    this.#log(`${start.function} from ${start.register_name}`);
    this.obey();
    this.enter(this.payment.firstStage(this.setup.tips));
  }

  /** @param {"cancelling" | "too_late"} answer */
  #cancel(answer) {
    this.#log(`the register wants to cancel: ${answer}`);
    if (answer === "cancelling") this.end("cancelled", "cancelled_by_pos");
  }

  /**
   * @param {string} transactionId
   * @param {"recorded" | "conflict" | "refused"} told
   */
  #told(transactionId, told) {
    this.#log(`the hub has the result: ${told}`);
    if (this.ended?.result.transaction_id === transactionId) this.ended = { ...this.ended, told };
    this.#changed();
  }

  /** @param {string} text */
  #log(text) {
    this.emit("log", text);
  }

  #changed() {
    this.emit("change", undefined);
  }
}
