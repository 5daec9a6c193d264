/** One virtual register at work: its connection, its pairing, the payment on the screen, what people must be told. */

import { Emitter, NotSent, RegisterClient, randomUuid } from "../sdk/index.js";
import { functionName, stateText, stateTone } from "../view/wording.js";
import { asked, money } from "../view/money.js";
import { Journal } from "./journal.js";

/**
 * @typedef {import("../sdk/messages.js").TransactionView} TransactionView
 * @typedef {import("../sdk/messages.js").CancelAnswer} CancelAnswer
 * @typedef {import("../sdk/index.js").HubError} HubError
 * @typedef {import("./sale.js").Line} Line
 */

/**
 * The payment on the screen: `attempt` until the hub has it, `view` from then on, `error` if it became none.
 *
 * @typedef {object} Payment
 * @property {string} key
 * @property {import("../sdk/messages.js").Submit} request
 * @property {Line[]} lines
 * @property {number} begunAt
 * @property {TransactionView} [view]
 * @property {HubError} [error]
 * @property {CancelAnswer} [cancelAnswer]
 * @property {boolean} [abandoned]
 */

/**
 * `asksToPair`: it falls away by itself once the register is paired again.
 *
 * @typedef {{ tone: "good" | "bad" | "wary", title: string, text: string, at: number, asksToPair?: boolean }} Notice
 */

/** @extends {Emitter<{ change: void, notice: Notice }>} */
export class Station extends Emitter {
  /** @type {Payment | null} */
  #payment = null;
  /** @type {Notice[]} */
  notices = [];
  /** The terminal that it has just been paired with here, until its first payment. */
  newlyPaired = "";
  #pairingHere = false;

  /** @param {import("./register-book.js").RegisterCard} card */
  constructor(card) {
    super();
    this.card = card;
    this.journal = new Journal(card.register_id);
    const { register_id, business_name, vendor_name } = card;
    this.client = new RegisterClient({ identity: { register_id, business_name, vendor_name } });
    this.client.on("status", () => this.emit("change", undefined));
    this.client.on("pairing", (pairing) => this.#paired(pairing));
    this.client.on("transaction", (view) => this.#changed(view));
    this.client.on("attempt", (attempt) => this.#attempted(attempt));
    this.client.on("refused", ({ attempt, error }) => this.#refused(attempt.key, error));
  }

  /** The payment on the screen. */
  get payment() {
    return this.#payment;
  }

  open() {
    this.#restore();
    this.client.open();
  }

  close() {
    this.client.close();
  }

  /** @param {string} code */
  async pair(code) {
    this.#pairingHere = true;
    try {
      const redeemed = await this.client.redeem({ code, register_name: this.card.register_name });
      this.newlyPaired = redeemed.pairing.device?.device_name ?? "";
      return redeemed;
    } finally {
      this.#pairingHere = false;
      this.emit("change", undefined);
    }
  }

  /**
   * @param {import("../sdk/messages.js").Submit} request
   * @param {Line[]} lines what is paid for
   */
  pay(request, lines) {
    const key = randomUuid();
    this.newlyPaired = "";
    this.#show({ key, request, lines, begunAt: Date.now() });
    this.client.submit(request, { idempotencyKey: key }).catch((error) => this.#refused(key, error));
  }

  async cancel() {
    const payment = this.#payment;
    if (!payment) return;
    if (!payment.view) {
      this.#payment = { ...payment, abandoned: true };
      this.client.abandon(payment.key);
      this.emit("change", undefined);
      return;
    }
    const { answer } = await this.client.cancel(payment.view.transaction_id);
    if (this.#payment?.key === payment.key) this.#show({ ...this.#payment, cancelAnswer: answer });
  }

  /**
   * Take the payment off the screen. If its outcome is not known yet, it goes on, and people are told when it is.
   *
   * @returns {Line[]} what has not been paid for
   */
  dismiss() {
    const payment = this.#payment;
    this.#payment = null;
    this.journal.present = null;
    if (payment?.view && !payment.view.final) this.journal.putAside(payment.view.transaction_id);
    this.emit("change", undefined);
    const unpaid = payment?.error || ["declined", "cancelled", "failed"].includes(payment?.view?.state ?? "");
    return payment && unpaid ? payment.lines : [];
  }

  /** @param {Notice} notice */
  dismissNotice(notice) {
    this.notices = this.notices.filter((other) => other !== notice);
    this.emit("change", undefined);
  }

  #restore() {
    const present = this.journal.present;
    if (!present) return;
    const attempt = this.client.attempts.find(({ key }) => key === present.key);
    const view = this.journal.byKey(present.key);
    const begunAt = attempt?.begunAt ?? (view ? Date.parse(view.received_at) : Date.now());
    const request = attempt?.request ?? view ?? { function: "" };
    const error = attempt || view ? undefined : new NotSent("The page closed before it was sent; nothing was charged.");
    this.#payment = { ...present, request, begunAt, view, error, abandoned: attempt?.abandoned };
  }

  /** @param {import("../sdk/register.js").Attempt} attempt */
  #attempted({ key, request, begunAt, abandoned }) {
    // Begun by another page of this register, and not answered yet.
    if (!this.#payment) this.#show({ key, request, lines: [], begunAt, abandoned });
  }

  /**
   * @param {string} key
   * @param {HubError} error
   */
  #refused(key, error) {
    if (this.#payment?.key === key) this.#show({ ...this.#payment, error });
  }

  /** @param {TransactionView} view */
  #changed(view) {
    this.journal.enter(view);
    const key = view.idempotency_key ?? view.transaction_id;
    if (this.#payment?.key === key) {
      this.#show({ ...this.#payment, view, error: undefined });
    } else if (this.journal.isAside(view.transaction_id)) {
      if (view.final) this.#nowKnown(view);
    } else if (!view.final && !this.#payment) {
      // Begun by another page of this register, or by one whose storage was lost: people must see it.
      this.#show({ key, request: view, lines: [], begunAt: Date.parse(view.received_at), view });
    }
    this.emit("change", undefined);
  }

  /** @param {TransactionView} view */
  #nowKnown(view) {
    this.journal.takeBack(view.transaction_id);
    const tone = stateTone(view.state);
    this.#tell({
      tone: tone === "good" || tone === "bad" ? tone : "wary",
      title: `Now known: ${stateText(view.state).toLowerCase()}`,
      text: `${functionName(view.function)} ${money(asked(view) ?? 0)}, ${view.transaction_reference ?? ""}.`,
      at: Date.now(),
    });
  }

  /** @param {import("../sdk/messages.js").PairingView} pairing */
  #paired({ paired, device, cause }) {
    const before = this.journal.pairing;
    const now = paired && device ? { device_id: device.device_id, device_name: device.device_name } : null;
    if (before && !now) this.#tellUnpaired(before.device_name, cause);
    if (before && now && before.device_id !== now.device_id && !this.#pairingHere) {
      this.#tell({
        tone: "wary",
        title: "Moved to another terminal",
        text: `${this.card.register_name} was paired with ${now.device_name} elsewhere; before: ${before.device_name}.`,
        at: Date.now(),
      });
    }
    if (!before && now) this.notices = this.notices.filter(({ asksToPair }) => !asksToPair);
    if (before?.device_id !== now?.device_id) this.journal.pairing = now;
    this.emit("change", undefined);
  }

  /**
   * @param {string} name
   * @param {string} [cause]
   */
  #tellUnpaired(name, cause) {
    const who =
      cause === "device" ? `It was removed at ${name}.` : cause === "operator" ? "An operator removed it." : "";
    this.#tell({
      tone: "bad",
      title: `${this.card.register_name} is no longer paired`,
      text: `${who} Pair it again to take payments.`.trim(),
      at: Date.now(),
      asksToPair: true,
    });
  }

  /** @param {Notice} notice */
  #tell(notice) {
    this.notices = [notice, ...this.notices].slice(0, 5);
    this.emit("notice", notice);
  }

  /** @param {Payment} payment */
  #show(payment) {
    this.#payment = payment;
    if (this.journal.present?.key !== payment.key) {
      this.journal.present = { key: payment.key, lines: payment.lines };
    }
    this.emit("change", undefined);
  }
}
