/** `<till-checkout>`: how the sale is paid, and the button that starts it. */

import { build, fill, list, write } from "../view/element.js";
import { asked, cents, money } from "../view/money.js";
import { when } from "../view/moment.js";
import { Part } from "./part.js";
import { KINDS, caption, problem, requestOf } from "./tender.js";

/**
 * @typedef {import("./tender.js").Choice} Choice
 * @typedef {import("./tender.js").Kind} Kind
 */

class Checkout extends Part {
  #kinds = radios("kind", "Kind of payment", KINDS, "purchase");
  #refund = radios("refund-to", "Refund to", { card: "Card", qr: "QR wallet" }, "card");
  #shown = radios("qr-shown", "Who shows the code", { Merchant: "The terminal", Consumer: "The customer" }, "Merchant");
  #cash = build("input", { id: "cash", inputmode: "decimal", autocomplete: "off", placeholder: "0.00" });
  #reference = build("input", { id: "authorised", autocomplete: "off", list: "authorisations", spellcheck: "false" });
  #known = build("datalist", { id: "authorisations" });
  #final = build("input", { id: "final", inputmode: "decimal", autocomplete: "off", placeholder: "0.00" });
  #cashField = field("cash", "Cash to hand out", this.#cash);
  #finalise = build(
    "div",
    { class: "stack" },
    field("authorised", "Reference of the pre-authorisation", this.#reference, this.#known),
    field("final", "Final amount", this.#final),
  );
  #hint = build("p", { class: "hint soft small", id: "checkout-hint" });
  #charge = build("button", { class: "button primary large wide", "aria-describedby": "checkout-hint" });

  draw() {
    const form = build(
      "form",
      {
        class: "stack",
        novalidate: true,
        oninput: () => this.update(),
        onsubmit: (/** @type {Event} */ e) => this.#pay(e),
      },
      this.#kinds,
      this.#refund,
      this.#shown,
      this.#cashField,
      this.#finalise,
      this.#hint,
      this.#charge,
    );
    this.#reference.addEventListener("input", () => this.#proposeFinal());
    fill(this, form);
  }

  update() {
    const choice = this.#choice();
    const wrong = problem(choice);
    this.#refund.hidden = choice.kind !== "refund";
    this.#shown.hidden = choice.kind !== "qr";
    this.#cashField.hidden = choice.kind !== "cash";
    const finalising = choice.kind === "finalise";
    if (finalising && this.#finalise.hidden) this.#proposeReference();
    this.#finalise.hidden = !finalising;
    write(this.#charge, caption(this.#choice()));
    write(this.#hint, wrong ?? this.#warning());
    this.#charge.disabled = wrong !== undefined;
    list(this.#known, this.#authorisations(), {
      key: (view) => view.transaction_id,
      make: (view) =>
        build("option", { value: view.transaction_reference }, `${money(asked(view) ?? 0)}, ${when(view.received_at)}`),
    });
  }

  /** @returns {Choice} */
  #choice() {
    const typed = (/** @type {HTMLInputElement} */ input) => (input.value.trim() ? cents(input.value) : 0);
    return {
      kind: /** @type {Kind} */ (chosen(this.#kinds)),
      saleCents: this.till.sale.totalCents,
      cashCents: typed(this.#cash),
      refundTo: /** @type {"card" | "qr"} */ (chosen(this.#refund)),
      qrShownBy: /** @type {"Merchant" | "Consumer"} */ (chosen(this.#shown)),
      authorised: this.#reference.value.trim(),
      finalCents: typed(this.#final),
    };
  }

  #warning() {
    const device = this.station.client.pairing?.device;
    if (device && !device.online)
      return `${device.device_name} is offline: if it stays away, this is cancelled and nothing is charged.`;
    const waiting = (device?.queue_depth ?? 0) + (device?.queue_state === "processing" ? 1 : 0);
    if (waiting > 0) return `${device?.device_name} is busy: this waits its turn.`;
    return "";
  }

  /** Approved pre-authorisations of this register that have not been finalised yet, newest first. */
  #authorisations() {
    const { views } = this.station.journal;
    const finalised = new Set(
      views
        .filter((view) => view.function === "Card.Finalise" && view.state === "approved")
        .map((view) => view.transaction_reference),
    );
    return views.filter(
      (view) =>
        view.function === "Card.Authorise" && view.state === "approved" && !finalised.has(view.transaction_reference),
    );
  }

  #proposeReference() {
    const newest = this.#authorisations()[0];
    if (!newest) return;
    this.#reference.value = newest.transaction_reference ?? "";
    this.#proposeFinal();
  }

  #proposeFinal() {
    const meant = this.#authorisations().find((view) => view.transaction_reference === this.#reference.value.trim());
    const amount = this.till.sale.totalCents || (meant && asked(meant));
    if (amount) this.#final.value = (amount / 100).toFixed(2);
  }

  /** @param {Event} event */
  #pay(event) {
    event.preventDefault();
    const choice = this.#choice();
    if (problem(choice)) return;
    const lines = this.till.sale.takeLines();
    this.station.pay(requestOf(choice, lines, this.till.book.nextReference()), lines);
    for (const input of [this.#cash, this.#reference, this.#final]) input.value = "";
    const first = this.#kinds.querySelector("input");
    if (first) first.checked = true;
    this.update();
  }
}

/**
 * @param {string} name
 * @param {string} legend
 * @param {Record<string, string>} options
 * @param {string} first
 */
function radios(name, legend, options, first) {
  const labels = Object.entries(options).map(([value, text]) =>
    build("label", {}, build("input", { type: "radio", name, value, checked: value === first }), text),
  );
  return build("fieldset", {}, build("legend", {}, legend), build("div", { class: "choices" }, ...labels));
}

/** @param {HTMLElement} group */
function chosen(group) {
  return /** @type {HTMLInputElement | null} */ (group.querySelector(":checked"))?.value ?? "";
}

/**
 * @param {string} id
 * @param {string} label
 * @param {...HTMLElement} inputs
 */
function field(id, label, ...inputs) {
  return build("div", { class: "field" }, build("label", { for: id }, label), ...inputs);
}

customElements.define("till-checkout", Checkout);
