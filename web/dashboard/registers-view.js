/** `<dashboard-registers>`: the registers and what they are paired with. */

import { build, fill } from "../view/element.js";
import { linkTo } from "./badge.js";
import { field, put, searchBox } from "./field.js";
import { unpair } from "./operations.js";
import { PAGE_SIZE, Pager } from "./pager.js";
import { addressOf } from "./route.js";
import { Sheet } from "./sheet.js";
import { listTime } from "./timing.js";
import { View } from "./view.js";

/** @typedef {import("../sdk/dashboard-messages.js").RegisterRow} RegisterRow */

class RegistersView extends View {
  #text = searchBox("register-text", "Front counter");
  #pager = new Pager();
  /** @type {Sheet<RegisterRow>} */
  #sheet = new Sheet(
    "Registers and their pairings",
    [
      {
        name: "Register",
        show: ({ register_name, business_name }) => `${register_name} ${business_name}`,
        make: ({ register_name, business_name }) => build("span", { class: "two" }, build("strong", {}, register_name), build("span", { class: "soft small" }, business_name)),
      },
      { name: "Vendor", show: ({ vendor_name }) => vendor_name, class: "minor" },
      { name: "Register id", show: ({ register_id }) => register_id, class: "mono minor" },
      { name: "Device", show: ({ device_id }) => device_id ?? "Not paired", make: ({ device_id }) => (device_id ? linkTo("devices", device_id) : build("span", { class: "soft" }, "Not paired")) },
      {
        name: "Paired",
        show: ({ pairing_id, paired_at }) => `${pairing_id ?? ""} ${paired_at ?? ""}`,
        make: ({ pairing_id, paired_at }) => pairing_id && paired_at && linkTo("pairings", pairing_id, listTime(paired_at)),
        class: "figures",
      },
      { name: "Events", show: ({ event }) => String(event), class: "figures number minor" },
      { name: "Action", show: ({ pairing_id }) => pairing_id ?? "", make: (row) => this.#unpairButton(row) },
    ],
    ({ register_key }) => register_key,
  );

  get heading() {
    return "Registers";
  }

  /** @param {HTMLElement} body */
  draw(body) {
    const typed = () => location.replace(addressOf("registers", "", { text: this.#text.value.trim() }));
    const filters = build(
      "form",
      { class: "filters", role: "search", oninput: typed, onsubmit: (/** @type {Event} */ event) => event.preventDefault() },
      field("Name, business or id", this.#text),
    );
    fill(body, build("section", { class: "card stack" }, filters, this.#sheet.element, this.#pager.element));
    this.turned();
  }

  turned() {
    put(this.#text, this.route.query.get("text") ?? "");
  }

  async load() {
    const [text, after] = ["text", "after"].map((name) => this.route.query.get(name) ?? "");
    const found = await this.client.registers({ text, after, limit: PAGE_SIZE + 1 });
    const page = found.slice(0, PAGE_SIZE);
    const address = (/** @type {string | undefined} */ cursor) => addressOf("registers", "", { text, after: cursor });
    this.#sheet.show(page, text ? "No register matches." : "No register has been paired yet.");
    this.#pager.show({ address: address(after), first: address(""), next: found.length > PAGE_SIZE ? address(page[page.length - 1].register_key) : undefined });
  }

  /** @param {RegisterRow} row */
  #unpairButton({ pairing_id, device_id, register_name, business_name }) {
    if (!pairing_id || !device_id) return null;
    const act = () => void unpair(this.client, { pairing_id, register_name, business_name }, device_id).then(() => this.refresh());
    return build("button", { type: "button", class: "button small", onclick: act }, "Unpair", build("span", { class: "unseen" }, ` ${register_name}`));
  }
}

customElements.define("dashboard-registers", RegistersView);
