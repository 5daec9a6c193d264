/** `<till-office>`: the back office: who the register is, its pairing, its terminal, and further virtual registers. */

import { confirmed } from "../view/confirm-dialog.js";
import { build, fill, write } from "../view/element.js";
import { dateAndTime } from "../view/moment.js";
import { functionName } from "../view/wording.js";
import "./pairing-box.js";
import { Part } from "./part.js";
import { terminalState } from "./register-choice.js";
import { VENDOR } from "./register-book.js";

const QUEUE_STATES = /** @type {Record<string, string>} */ ({
  offline: "Offline",
  idle: "Ready",
  sending: "Taking a transaction",
  processing: "At work on a transaction",
  reconciling: "Settling what was in flight",
  stalled: "Silent or refusing",
});

const REQUESTS = [
  "Terminal.GetStatus",
  "Acquirer.Logon",
  "Acquirer.Settlement.Inquiry",
  "Acquirer.Settlement.Cutover",
  "Journal.ReprintReceipt",
  "Journal.GetTransResult",
];

class OfficeView extends Part {
  #shown = "";
  #name = input("register-name", "Register name");
  #business = input("business-name", "Business name");
  #vendor = input("vendor-name", "POS vendor");
  #saved = build("p", { class: "small", role: "status" });
  #id = build("code");
  #state = build("span", { class: "badge" });
  #facts = build("dl", { class: "facts" });
  #again = build("p", { class: "soft small" }, "To move this register to another terminal, type the code that one shows.");
  #pairing = /** @type {Part} */ (document.createElement("till-pairing"));
  #requests = REQUESTS.map((name) =>
    build("button", { type: "button", class: "button small", onclick: () => this.#request(name) }, functionName(name)),
  );
  #newName = input("new-name", "Name of the new register");
  #remove = build(
    "button",
    { type: "button", class: "button danger", onclick: () => this.#removeRegister() },
    "Remove this register",
  );

  draw() {
    const details = build(
      "form",
      { class: "stack", onsubmit: (/** @type {Event} */ event) => this.#save(event) },
      this.#name.field,
      this.#business.field,
      this.#vendor.field,
      build(
        "p",
        { class: "hint soft small" },
        "Id ",
        this.#id,
        ". With another business or vendor name it is another register, which must be paired anew.",
      ),
      build("div", { class: "row" }, build("button", { class: "button" }, "Save"), this.#saved),
    );
    const add = build(
      "form",
      { class: "stack", onsubmit: (/** @type {Event} */ event) => this.#add(event) },
      this.#newName.field,
      build("div", { class: "row" }, build("button", { class: "button" }, "Add register"), this.#remove),
    );
    this.#pairing.till = this.till;
    fill(
      this,
      build(
        "div",
        { class: "column" },
        section("Pairing", build("div", { class: "row" }, this.#state), this.#facts, this.#again, this.#pairing),
        section(
          "Ask the terminal",
          build("p", { class: "soft small" }, "These move no money. The answer appears on the Sale page."),
          build("div", { class: "row" }, ...this.#requests),
        ),
      ),
      section("Register", details),
      section(
        "Virtual registers",
        build(
          "p",
          { class: "soft small" },
          "One till, several terminals: give each terminal its own register, and choose it at the top of the page.",
        ),
        add,
      ),
    );
  }

  update() {
    const { card, client } = this.station;
    const shown = JSON.stringify(card);
    if (this.#shown !== shown) {
      this.#name.input.value = card.register_name;
      this.#business.input.value = card.business_name;
      this.#vendor.input.value = card.vendor_name;
      if (!this.#shown.includes(card.register_id)) write(this.#saved, "");
      this.#shown = shown;
    }
    write(this.#id, card.register_id);
    const [tone, words] = terminalState(this.station);
    this.#state.dataset.tone = tone;
    write(this.#state, words.charAt(0).toUpperCase() + words.slice(1));
    const { payment } = this.station;
    const busy = Boolean(payment && !payment.error && !payment.view?.final);
    for (const request of this.#requests) request.disabled = busy || !client.pairing?.paired;
    this.#remove.disabled = this.till.stations.length < 2;
    this.#fillFacts(client.pairing);
  }

  /** @param {import("../sdk/messages.js").PairingView | null} pairing */
  #fillFacts(pairing) {
    const device = pairing?.device;
    this.#facts.hidden = this.#again.hidden = !device;
    if (!device) return;
    const waiting = device.queue_depth === 1 ? "1 waiting" : `${device.queue_depth} waiting`;
    const facts = [
      ["Terminal", device.device_name],
      ["Terminal id", device.device_id],
      ["Queue", `${QUEUE_STATES[device.queue_state] ?? device.queue_state}, ${waiting}`],
      ["Paired", pairing?.paired_at ? dateAndTime(pairing.paired_at) : ""],
    ];
    fill(this.#facts, ...facts.flatMap(([name, value]) => [build("dt", {}, name), build("dd", {}, value)]));
  }

  /** @param {Event} event */
  #save(event) {
    event.preventDefault();
    this.till.change({
      register_id: this.station.card.register_id,
      register_name: this.#name.input.value.trim(),
      business_name: this.#business.input.value.trim(),
      vendor_name: this.#vendor.input.value.trim(),
    });
    write(this.#saved, "Saved.");
  }

  /** @param {Event} event */
  #add(event) {
    event.preventDefault();
    const { business_name } = this.station.card;
    this.till.add({ register_name: this.#newName.input.value.trim(), business_name, vendor_name: VENDOR });
    this.#newName.input.value = "";
  }

  async #removeRegister() {
    const { register_id, register_name } = this.station.card;
    const question = `Remove ${register_name} and its history from this till? The payment system keeps its records.`;
    if (await confirmed(question, "Remove")) this.till.remove(register_id);
  }

  /** @param {string} name */
  #request(name) {
    if (this.station.payment) this.till.sale.putBack(this.station.dismiss());
    this.station.pay({ function: name, transaction_reference: this.till.book.nextReference() }, []);
    location.hash = "#sale";
  }
}

/**
 * @param {string} heading
 * @param {...Node} children
 */
function section(heading, ...children) {
  const id = `office-${heading.toLowerCase().replaceAll(" ", "-")}`;
  return build("section", { class: "card stack", "aria-labelledby": id }, build("h2", { id }, heading), ...children);
}

/**
 * @param {string} id
 * @param {string} label
 */
function input(id, label) {
  const element = build("input", { id, required: true, maxlength: "200", autocomplete: "off" });
  return { input: element, field: build("div", { class: "field" }, build("label", { for: id }, label), element) };
}

customElements.define("till-office", OfficeView);
