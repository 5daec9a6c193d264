/** One transaction on the terminal: what is asked, what the customer has done so far, and what comes next. */

import { CARDS, WALLET } from "./cards.js";

/**
 * @typedef {import("../sdk/messages.js").Start} Start
 * @typedef {"tap" | "insert" | "qr"} Method
 *
 * @typedef {object} Done what the customer has done so far; kept through a power cut
 * @property {number} tipCents
 * @property {number} surchargeCents
 * @property {string} [card] a key of `CARDS`
 * @property {Method} [method]
 * @property {boolean} [lostPower] a test amount has pulled the plug already
 * @property {import("../sdk/messages.js").Result} [held] it has ended, but the hub is not to be told yet
 */

/** Up to here a contactless card needs no PIN. */
export const TAP_LIMIT_CENTS = 20_000;

export class Payment {
  /**
   * @param {Start} start
   * @param {Done} [done]
   */
  constructor(start, done = { tipCents: 0, surchargeCents: 0 }) {
    this.start = start;
    this.done = { ...done };
    this.stage = "processing";
    this.pinDigits = 0;
  }

  get id() {
    return this.start.transaction_id;
  }

  /** What the register asks for; 0 if the function is about no amount. */
  get askedCents() {
    return this.start.amount_total_cents ?? this.start.amount_auth_cents ?? this.start.amount_final_cents ?? 0;
  }

  get totalCents() {
    return this.askedCents + this.done.tipCents + this.done.surchargeCents;
  }

  get movesMoney() {
    return /^(Card|QR)\./.test(this.start.function);
  }

  get isRefund() {
    return this.start.function.endsWith(".Refund");
  }

  get takesTip() {
    return this.start.function.endsWith("Purchase");
  }

  get takesSurcharge() {
    return this.start.function.startsWith("Card.Purchase");
  }

  /** What the customer does to pay; undefined: the terminal does it all by itself. */
  get presenting() {
    const name = this.start.function;
    if (name === "QR.Merchant.Purchase") return "showing_qr";
    if (name.startsWith("QR.")) return "scanning_qr";
    // A finalisation is taken from the card of its pre-authorisation: nobody presents it again.
    if (name === "Card.Finalise") return undefined;
    return name.startsWith("Card.") || name === "Terminal.ReadCard" ? "waiting_for_card" : undefined;
  }

  /** @param {boolean} asksForTips */
  firstStage(asksForTips) {
    if (asksForTips && this.takesTip) return "entering_tip";
    return this.presenting ?? (this.movesMoney ? "authorising" : "processing");
  }

  /** The customer has not committed to anything yet. */
  get mayCancel() {
    return ["entering_tip", "waiting_for_card", "showing_qr", "scanning_qr", "entering_pin"].includes(this.stage);
  }

  /**
   * The card or the wallet is there.
   *
   * @param {Method} method
   * @param {string} card a key of `CARDS`
   * @param {number} surchargePercent
   * @returns {string} the next stage
   */
  present(method, card, surchargePercent) {
    this.done.method = method;
    this.done.card = card;
    if (this.takesSurcharge) {
      this.done.surchargeCents = Math.round(((this.askedCents + this.done.tipCents) * surchargePercent) / 100);
    }
    if (!this.movesMoney) return "processing";
    const needsPin = method === "insert" || (method === "tap" && this.totalCents > TAP_LIMIT_CENTS);
    return needsPin && !this.isRefund ? "entering_pin" : "authorising";
  }

  /** The card that was presented. */
  get card() {
    return this.done.method === "qr" ? WALLET : CARDS[this.done.card ?? "visa"];
  }
}
