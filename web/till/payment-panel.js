/** `<till-payment>`: the payment on the screen, from the press of a button to its receipt. Unknown is called unknown. */

import { announce } from "../view/announcer.js";
import { build, fill, write } from "../view/element.js";
import { asked, money } from "../view/money.js";
import { countdown } from "../view/moment.js";
import { functionName, stateTone, story } from "../view/wording.js";
import { Part } from "./part.js";
import { printReceipt } from "./printout.js";

/** @typedef {import("./station.js").Payment} Payment */

const CANCEL_ANSWERS = {
  cancelled: "Cancelled.",
  requested: "The terminal was asked to cancel; it decides.",
  too_late: "Too late to cancel.",
  unknown:
    "Whether it can be cancelled is unknown: the terminal cannot be asked now. It is asked as soon as it is back.",
};

class PaymentPanel extends Part {
  #shown = "";
  #said = "";
  #sign = build("span", { class: "sign", "aria-hidden": "true" });
  #kind = build("p", { class: "soft" });
  #amount = build("p", { class: "amount figures" });
  #headline = build("h2", { tabindex: "-1" });
  #detail = build("p", { class: "detail" });
  #answer = build("p", { class: "answer small" });
  #meta = build("p", { class: "meta soft small figures" });
  #sums = build("dl", { class: "facts" });
  #receipt = build("pre", { class: "receipt", tabindex: "0", role: "region", "aria-label": "Receipt" });
  #cancel = build("button", { type: "button", class: "button danger", onclick: () => this.#stop() }, "Cancel payment");
  #aside = build("button", { type: "button", class: "button", onclick: () => this.#done() }, "Put aside, go on");
  #print = build("button", { type: "button", class: "button", onclick: () => this.#printOut() }, "Print receipt");
  #next = build("button", { type: "button", class: "button primary large", onclick: () => this.#done() });

  draw() {
    const told = build("div", { class: "stack" }, this.#headline, this.#detail, this.#answer, this.#meta, this.#sums);
    fill(
      this,
      build("div", { class: "head" }, this.#sign, build("div", {}, this.#kind, this.#amount)),
      build("div", { class: "outcome" }, told, this.#receipt),
      build("div", { class: "row actions" }, this.#next, this.#print, this.#cancel, this.#aside),
    );
    setInterval(() => this.#tick(), 1000);
  }

  update() {
    const { payment } = this.station;
    this.hidden = !payment;
    if (!payment) {
      this.#shown = this.#said = "";
      return;
    }
    this.#fill(payment);
    const opened = payment.key !== this.#shown;
    this.#shown = payment.key;
    // The button that had the focus may have gone; the headline says what has happened.
    const lost = document.activeElement === document.body || this.contains(document.activeElement);
    const vanished = document.activeElement instanceof HTMLElement && !document.activeElement.checkVisibility();
    if (this.checkVisibility() && (opened || (lost && vanished))) this.#headline.focus();
  }

  /** @param {Payment} payment */
  #fill(payment) {
    const { view, error, request } = payment;
    const { tone, headline, detail } = this.#story(payment);
    this.dataset.tone = tone;
    this.dataset.state = error ? "refused" : (view?.state ?? "sending");
    write(this.#kind, `${functionName(request.function)} · ${request.transaction_reference ?? ""}`);
    const charged = view?.state === "approved" ? view.result?.amount_total_cents : undefined;
    const amount = charged ?? asked(request);
    write(this.#amount, amount === undefined ? "" : money(amount));
    write(this.#headline, headline);
    write(this.#detail, detail);
    const answer = answerText(payment);
    write(this.#answer, answer);
    this.#say([headline, detail, answer]);
    this.#sums.hidden = !this.#fillSums(view);
    write(this.#receipt, view?.result?.receipt ?? "");
    this.#receipt.hidden = this.#print.hidden = !view?.result?.receipt;
    const ended = Boolean(error || view?.final);
    this.#cancel.hidden =
      ended || Boolean(payment.abandoned) || view?.state === "cancelling" || Boolean(view?.cancel_requested) || tooLate(view);
    this.#aside.hidden = ended || !(view?.delayed || payment.abandoned);
    this.#next.hidden = !ended;
    write(this.#next, this.#unpaid(payment) ? "Back to the sale" : "New sale");
    this.#tick();
  }

  /**
   * For who does not see it, once: whatever else of the payment changes.
   *
   * @param {string[]} told
   */
  #say(told) {
    const text = told.filter(Boolean).join(" ");
    if (text !== this.#said && this.checkVisibility()) announce(text);
    this.#said = text;
  }

  /**
   * @param {Payment} payment
   * @returns {{ tone: string, headline: string, detail: string }}
   */
  #story(payment) {
    const { view, error } = payment;
    if (view) return { tone: stateTone(view.state), ...story(view) };
    if (error?.code === "not_sent") return { tone: "wary", headline: "Not sent", detail: error.message };
    if (error) return { tone: "bad", headline: "Not accepted", detail: `${error.message} Nothing was charged.` };
    if (payment.abandoned) {
      return {
        tone: "wary",
        headline: "Given up",
        detail: "It may have got through. As soon as the connection is back it is looked up, and cancelled if it arrived.",
      };
    }
    if (this.station.client.status.phase === "online") return { tone: "busy", headline: "Sending", detail: "" };
    return {
      tone: "wary",
      headline: "No connection",
      detail: "It is safe to wait, and to reload this page: the payment is sent once, or not at all.",
    };
  }

  /** @param {Payment} payment */
  #unpaid({ error, view, lines }) {
    return lines.length > 0 && Boolean(error || ["declined", "cancelled", "failed"].includes(view?.state ?? ""));
  }

  /** @param {import("./station.js").TransactionView} [view] */
  #fillSums(view) {
    const { result } = view ?? {};
    if (!view?.final || !result) return false;
    // What was declined or cancelled took nothing: it has no total.
    const charged = view.state === "approved" ? result.amount_total_cents : undefined;
    /** @type {[string, string | undefined][]} */
    const rows = [
      ["Asked for", charged && charged !== asked(view) ? money(asked(view) ?? 0) : undefined],
      ["Surcharge", result.amount_surcharge_cents ? money(result.amount_surcharge_cents) : undefined],
      ["Tip", result.amount_tip_cents ? money(result.amount_tip_cents) : undefined],
      ["Cash", view.amount_cash_cents ? money(view.amount_cash_cents) : undefined],
      ["Total", charged !== undefined ? money(charged) : undefined],
      ["Card", [result.card_type, result.card_pan].filter(Boolean).join(" ") || undefined],
      ["Authorisation", result.auth_id],
      ["Terminal says", view.conflict ? "something else than the record; an operator looks into it" : result.status],
    ];
    const known = rows.filter(([, value]) => value);
    fill(
      this.#sums,
      ...known.flatMap(([name, value]) => [build("dt", {}, name), build("dd", { class: "figures" }, value)]),
    );
    return known.length > 0;
  }

  /** The time that it takes, while it takes it. */
  #tick() {
    const { payment } = this.station;
    if (!payment) return;
    const { view } = payment;
    const device = this.station.client.pairing?.device;
    const name = device && (!view || device.device_id === view.device_id) ? device.device_name : view?.device_id;
    const where = [this.station.card.register_name, name].filter(Boolean).join(" → ");
    const running = !view?.final && !payment.error;
    write(this.#meta, running ? `${where} · ${countdown((Date.now() - payment.begunAt) / 1000)}` : where);
  }

  async #stop() {
    this.#cancel.disabled = true;
    try {
      await this.station.cancel();
    } catch {
      write(this.#answer, "The cancellation did not get through. Try again when the connection is back.");
    } finally {
      this.#cancel.disabled = false;
    }
  }

  #done() {
    this.till.sale.putBack(this.station.dismiss());
  }

  #printOut() {
    printReceipt(this.#receipt.textContent ?? "");
  }
}

/** @param {import("./station.js").TransactionView} [view] */
const tooLate = (view) => view?.cause === "cancel_too_late";

/**
 * What became of the wish to cancel, as long as it says more than the payment itself does.
 *
 * @param {Payment} payment
 */
function answerText({ cancelAnswer, view }) {
  if (!cancelAnswer) return "";
  if (!view?.final && (tooLate(view) || view?.state === "cancelling")) return "";
  return view?.final && cancelAnswer !== "too_late" ? "" : CANCEL_ANSWERS[cancelAnswer];
}

customElements.define("till-payment", PaymentPanel);
