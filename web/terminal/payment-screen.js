/** `<screen-payment>`: the payment at hand, and what the customer, the bank or the cashier does next. */

import { announce } from "../view/announcer.js";
import { build, fill, write } from "../view/element.js";
import { money } from "../view/money.js";
import { functionName, reasonText } from "../view/wording.js";
import { DECLINES } from "./outcome.js";
import { Part } from "./part.js";
import { contactless, qrCode } from "./pictures.js";

/** @typedef {import("./payment.js").Payment} Payment */

const HEADLINES = /** @type {Record<string, string>} */ ({
  entering_tip: "Add a tip?",
  waiting_for_card: "Tap or insert card",
  showing_qr: "Scan to pay",
  scanning_qr: "Show your code",
  entering_pin: "Enter PIN",
  authorising: "Asking the bank",
  signing: "Sign the receipt",
  processing: "One moment",
});

const TIPS = [0, 10, 15, 20];

class PaymentScreen extends Part {
  #from = build("p", { class: "soft" });
  #amount = build("p", { class: "amount figures" });
  #parts = build("p", { class: "soft figures small" });
  #headline = build("h2", { tabindex: "-1" });
  #actions = build("div", { class: "actions" });
  #cancel = build("button", { type: "button", class: "button danger wide", onclick: () => this.#walkAway() }, "Cancel");
  #drawn = "";

  draw() {
    fill(this, this.#from, this.#amount, this.#parts, this.#headline, this.#actions, this.#cancel);
  }

  update() {
    const { payment, playing } = this.firmware;
    if (!payment) {
      this.#drawn = "";
      return;
    }
    const { start, done, stage } = payment;
    write(this.#from, `${start.register_name} · ${functionName(start.function)}`);
    write(this.#amount, payment.movesMoney ? money(payment.totalCents) : "");
    write(this.#parts, this.#partsOf(payment));
    write(this.#headline, HEADLINES[stage] ?? stage);
    this.#cancel.hidden = !payment.mayCancel;
    const drawn = [payment.id, stage, payment.pinDigits, done.tipCents, playing].join("/");
    if (drawn === this.#drawn) return;
    const stageIsNew = !this.#drawn.startsWith(`${payment.id}/${stage}/`);
    this.#drawn = drawn;
    this.dataset.stage = stage;
    fill(
      this.#actions,
      ...this.#actionsOf(payment),
      playing && build("p", { class: "soft small" }, `Plays by itself: ${playing}.`),
    );
    if (stageIsNew) {
      const here =
        document.activeElement === document.body || this.closest("terminal-handset")?.contains(document.activeElement);
      announce(`${this.#headline.textContent}. ${this.#amount.textContent}`);
      if (here) this.#headline.focus({ preventScroll: true });
    }
  }

  /** @param {Payment} payment */
  #partsOf({ start, done }) {
    const cash = start.amount_cash_cents;
    return [
      cash && `includes ${money(cash)} cash`,
      done.tipCents > 0 && `tip ${money(done.tipCents)}`,
      done.surchargeCents > 0 && `surcharge ${money(done.surchargeCents)}`,
    ]
      .filter(Boolean)
      .join(", ");
  }

  /**
   * @param {Payment} payment
   * @returns {import("../view/element.js").Child[]}
   */
  #actionsOf(payment) {
    const { firmware } = this;
    switch (payment.stage) {
      case "entering_tip":
        return TIPS.map((percent) => {
          const tip = Math.round((payment.askedCents * percent) / 100);
          return button(percent === 0 ? "No tip" : `${percent} %, ${money(tip)}`, () => firmware.chooseTip(tip));
        });
      case "waiting_for_card":
        return [
          contactless(),
          button("Tap card", () => firmware.present("tap"), "primary"),
          button("Insert card", () => firmware.present("insert")),
        ];
      case "showing_qr":
        return [
          qrCode(`smartconnect:pay?id=${payment.id}&cents=${payment.totalCents}`, "Payment code"),
          button("The customer has paid", () => firmware.present("qr"), "primary"),
        ];
      case "scanning_qr":
        return [button("Scan the customer's code", () => firmware.present("qr"), "primary")];
      case "entering_pin":
        return [
          build(
            "p",
            { class: "pin", role: "img", "aria-label": `${payment.pinDigits} digits entered` },
            "●".repeat(payment.pinDigits) || "– – – –",
          ),
          build("p", { class: "soft small" }, "Any four digits, then the green key."),
        ];
      case "authorising":
        return firmware.playing ? [spinner()] : this.#bank();
      case "signing":
        return [
          build("p", { class: "soft" }, "Does the signature match the card?"),
          button("It matches", () => firmware.end("approved"), "primary"),
          button("It does not", () => firmware.end("declined", "signature_mismatch"), "danger"),
        ];
      default:
        return [spinner()];
    }
  }

  /** The person decides for the bank. */
  #bank() {
    const { firmware } = this;
    const reason = build(
      "select",
      { "aria-label": "Reason to decline" },
      ...DECLINES.map((word) => build("option", { value: word }, reasonText(word))),
    );
    return [
      button("Approve", () => firmware.end("approved"), "primary"),
      button("Ask for a signature", () => firmware.enter("signing")),
      build(
        "div",
        { class: "decline" },
        reason,
        button("Decline", () => firmware.end("declined", reason.value), "danger"),
      ),
      button("Bank not reachable", () => firmware.end("failed", "host_unavailable"), "danger"),
    ];
  }

  #walkAway() {
    this.firmware.end("cancelled", "cancelled_by_customer");
  }
}

/**
 * @param {string} text
 * @param {() => void} press
 * @param {string} [kind]
 */
function button(text, press, kind = "") {
  return build("button", { type: "button", class: `button ${kind}`, onclick: press }, text);
}

const spinner = () => build("span", { class: "spinner", "aria-hidden": "true" });

customElements.define("screen-payment", PaymentScreen);
