/** `<screen-registers>`: the registers that reach this terminal; removing one, or all. */

import { confirmed } from "../view/confirm-dialog.js";
import { build, fill, list, write } from "../view/element.js";
import { when } from "../view/moment.js";
import { Part } from "./part.js";

/** @typedef {import("../sdk/messages.js").PairingInfo} PairingInfo */

class RegistersScreen extends Part {
  #list = build("ul", { class: "paired" });
  #empty = build("p", { class: "soft" }, "No register is paired with this terminal.");
  #problem = build("p", { class: "problem", role: "alert" });
  #all = build(
    "button",
    { type: "button", class: "button danger wide", onclick: () => this.#removeAll() },
    "Remove all",
  );

  draw() {
    const back = () => this.dispatchEvent(new CustomEvent("show-idle", { bubbles: true }));
    fill(
      this,
      build("h2", {}, "Paired registers"),
      build("div", { class: "middle top" }, this.#list, this.#empty),
      this.#problem,
      this.#all,
      build("button", { type: "button", class: "button wide", onclick: back }, "Back"),
    );
  }

  update() {
    const { pairings } = this.firmware.client;
    this.#empty.hidden = pairings.length > 0;
    this.#all.hidden = pairings.length < 2;
    list(this.#list, pairings, {
      // Pairing again keeps the pairing, and may change the register's name.
      key: ({ pairing_id, paired_at }) => `${pairing_id} ${paired_at}`,
      make: (pairing) => this.#make(pairing),
    });
  }

  /** @param {PairingInfo} pairing */
  #make(pairing) {
    const { register_name, business_name, paired_at } = pairing;
    return build(
      "li",
      { class: "row apart" },
      build(
        "span",
        {},
        build("strong", {}, register_name),
        build("span", { class: "soft small" }, `${business_name}, since ${when(paired_at)}`),
      ),
      build(
        "button",
        {
          type: "button",
          class: "button danger small",
          "aria-label": `Remove ${register_name}`,
          onclick: () => this.#remove(pairing),
        },
        "Remove",
      ),
    );
  }

  /** @param {PairingInfo} pairing */
  async #remove({ pairing_id, register_name }) {
    if (!(await confirmed(`Remove ${register_name}? It must be paired again to reach this terminal.`, "Remove")))
      return;
    await this.#try(() => this.firmware.client.removePairing(pairing_id));
  }

  async #removeAll() {
    const count = this.firmware.client.pairings.length;
    if (!(await confirmed(`Remove all ${count} registers from this terminal?`, "Remove all"))) return;
    await this.#try(() => this.firmware.client.removeAllPairings());
  }

  /** @param {() => Promise<unknown>} act */
  async #try(act) {
    write(this.#problem, "");
    try {
      await act();
    } catch (error) {
      write(this.#problem, /** @type {Error} */ (error).message);
    }
  }
}

customElements.define("screen-registers", RegistersScreen);
