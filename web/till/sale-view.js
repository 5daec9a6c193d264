/** `<till-sale>`: the front of the till: ring up, then pay, or watch the payment that is under way. */

import { CloseCode } from "../sdk/index.js";
import { alarm } from "../view/announcer.js";
import { build, fill, write } from "../view/element.js";
import { refusalText } from "../view/wording.js";
import "./amount-pad.js";
import "./checkout.js";
import "./pairing-box.js";
import { Part } from "./part.js";
import "./payment-panel.js";
import "./ticket.js";

class SaleView extends Part {
  #pad = /** @type {Part} */ (document.createElement("till-pad"));
  #ticket = /** @type {Part} */ (document.createElement("till-ticket"));
  #checkout = /** @type {Part} */ (document.createElement("till-checkout"));
  #pairing = /** @type {Part} */ (document.createElement("till-pairing"));
  #payment = /** @type {Part} */ (document.createElement("till-payment"));
  #refusal = build("p", { class: "notice", "data-tone": "bad", hidden: true });
  #unpaired = build("section", { class: "card stack pairing", "aria-label": "Pairing" });
  #success = build("p", { class: "notice", "data-tone": "good" });
  #heading = build("h2", { id: "sale-heading", tabindex: "-1" }, "Sale");
  #ring = build("section", { class: "card stack", "aria-labelledby": "sale-heading" });

  draw() {
    fill(
      this.#unpaired,
      build("h2", {}, "Pair this register first"),
      build("p", { class: "soft" }, "Then every payment of this register goes to that terminal."),
      this.#pairing,
    );
    fill(this.#ring, this.#heading, this.#success, this.#ticket, this.#refusal, this.#checkout);
    this.addEventListener("to-pay", () => {
      this.#heading.focus({ preventScroll: true });
      this.#ring.scrollIntoView();
    });
    const panel = build("section", { class: "card", "aria-label": "Payment" }, this.#payment);
    fill(this, this.#unpaired, this.#pad, build("div", { class: "side" }, this.#ring, panel));
    for (const part of [this.#pad, this.#ticket, this.#checkout, this.#pairing, this.#payment]) part.till = this.till;
  }

  update() {
    const { client, payment } = this.station;
    this.dataset.paying = String(Boolean(payment));
    this.#ring.hidden = this.#pad.hidden = Boolean(payment);
    const panel = /** @type {HTMLElement} */ (this.#payment.parentElement);
    panel.hidden = !payment;
    const paired = client.pairing?.paired ?? this.station.journal.pairing !== null;
    const refused = client.status.phase === "refused";
    this.#checkout.hidden = !paired;
    // Its token is void or lost: a code from the terminal lets it in again.
    const { code, error } = client.status;
    const shutOut = refused && (code === CloseCode.UNAUTHORISED || error?.code === "unauthorised");
    const unpaired = (shutOut || (!paired && !refused)) && !payment;
    const left = !unpaired && !this.#unpaired.hidden && this.#unpaired.contains(document.activeElement);
    this.#unpaired.hidden = !unpaired;
    if (left && !payment) this.#heading.focus({ preventScroll: true });
    this.dataset.paired = String(paired && !shutOut);
    const { newlyPaired } = this.station;
    write(this.#success, `Paired with ${newlyPaired}. Ready to take payments.`);
    this.#success.hidden = !paired || !newlyPaired;
    const text = refused ? `This register is not let in. ${refusalText(client.status)}` : "";
    if (text && this.#refusal.hidden) alarm(text);
    write(this.#refusal, text);
    this.#refusal.hidden = !refused;
  }
}

customElements.define("till-sale", SaleView);
