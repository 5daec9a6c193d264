/** Plays a payment by itself, step by step, and the faults that its test amount asks for. */

import { AUTO, LATE_MS, SILENT_MS, UNPLUGGED_MS, playFor, stepMs } from "./plan.js";

/**
 * @typedef {import("./payment.js").Payment} Payment
 * @typedef {import("./plan.js").Play} Play
 */

export class Player {
  #firmware;
  /** @type {Play | undefined} */
  #play;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #silence;

  /** @param {import("./firmware.js").Firmware} firmware */
  constructor(firmware) {
    this.#firmware = firmware;
  }

  get isSlow() {
    return this.#play?.fault === "slow";
  }

  get isSilent() {
    return this.#silence !== undefined;
  }

  /** What is being played, for people; undefined if a person decides. */
  get says() {
    return this.#play?.says;
  }

  /** Whether the result is to be held back. */
  get holds() {
    return this.#play?.fault === "late";
  }

  /**
   * Take the step after this stage, in a while, if the payment plays by itself.
   *
   * @param {Payment} payment
   */
  play(payment) {
    clearTimeout(this.#timer);
    const amount = payment.movesMoney ? playFor(payment.askedCents) : undefined;
    this.#play = amount ?? (this.#firmware.setup.autoPlay ? AUTO : undefined);
    if (!this.#play) return;
    const play = this.#play;
    this.#firmware.obey();
    this.soon(() => this.#step(payment, play));
  }

  /** @param {() => void} act after a natural pause */
  soon(act) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(act, stepMs(this.isSlow || this.#firmware.setup.slow));
  }

  /** A held result is sent in the end, unless the bench wants to do that by hand. */
  hold() {
    if (!this.#firmware.setup.late) this.#timer = setTimeout(() => this.#firmware.tell(), LATE_MS);
  }

  stop() {
    clearTimeout(this.#timer);
    this.#play = undefined;
  }

  /**
   * @param {Payment} payment
   * @param {Play} play
   */
  #step(payment, play) {
    const firmware = this.#firmware;
    switch (payment.stage) {
      case "entering_tip":
        return firmware.chooseTip(0);
      case "waiting_for_card":
      case "showing_qr":
      case "scanning_qr":
        if (play.ends === "walk_away") return firmware.end("cancelled", "cancelled_by_customer");
        if (play.fault === "silent") this.#fallSilent();
        return firmware.present(payment.stage === "waiting_for_card" ? (play.present ?? "tap") : "qr");
      case "entering_pin":
        return firmware.enter("authorising");
      case "authorising":
        return this.#decide(payment, play);
      case "signing":
        return firmware.end("approved");
    }
  }

  /**
   * @param {Payment} payment
   * @param {Play} play
   */
  #decide(payment, play) {
    const firmware = this.#firmware;
    if (play.fault === "unplug" && !payment.done.lostPower) {
      payment.done.lostPower = true;
      firmware.remember();
      firmware.switchOff("unplugged");
      this.#timer = setTimeout(() => firmware.switchOn(), UNPLUGGED_MS);
      return;
    }
    if (play.ends === "sign") return firmware.enter("signing");
    const [verb, reason] = play.ends.split(":");
    firmware.end(verb === "decline" ? "declined" : verb === "fail" ? "failed" : "approved", reason);
  }

  #fallSilent() {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      this.#silence = undefined;
      this.#firmware.obey();
    }, SILENT_MS);
    this.#firmware.obey();
  }
}
