/** `<till-pairing>`: the code that the terminal shows is typed in here. */

import { announce } from "../view/announcer.js";
import { build, fill, write } from "../view/element.js";
import { troubleText } from "../view/wording.js";
import { Part } from "./part.js";

/** @typedef {import("../sdk/index.js").HubError} HubError */

let boxes = 0;

class PairingBox extends Part {
  #id = `pairing-code-${++boxes}`;
  #input = build("input", {
    id: this.#id,
    class: "code figures",
    inputmode: "numeric",
    autocomplete: "off",
    maxlength: "15",
    placeholder: "0000 0000",
    "aria-describedby": `${this.#id}-help`,
    oninput: () => this.#typed(),
  });
  #button = build("button", { class: "button primary" }, "Pair");
  #problem = build("p", { class: "problem", role: "alert" });
  #success = build("p", { class: "notice", "data-tone": "good", role: "status", hidden: true });
  #pairedHere = "";

  draw() {
    const form = build(
      "form",
      { class: "stack", novalidate: true, onsubmit: (/** @type {Event} */ event) => this.#pair(event) },
      build(
        "div",
        { class: "field" },
        build("label", { for: this.#id }, "Pairing code"),
        build("div", { class: "row code-row" }, this.#input, this.#button),
        build(
          "p",
          { class: "hint", id: `${this.#id}-help` },
          "On the terminal, choose “Pair a register” and type the code that it shows.",
        ),
      ),
      this.#problem,
      this.#success,
    );
    fill(this, form);
  }

  update() {
    if (this.#pairedHere && this.station.card.register_id !== this.#pairedHere) this.#clear();
  }

  #typed() {
    this.#input.removeAttribute("aria-invalid");
    write(this.#problem, "");
    this.#success.hidden = true;
  }

  #clear() {
    this.#typed();
    this.#pairedHere = "";
    this.#input.value = "";
  }

  /** @param {Event} event */
  async #pair(event) {
    event.preventDefault();
    const code = this.#input.value.replace(/[\s-]/g, "");
    if (!/^\d{6,12}$/.test(code)) {
      this.#refuse("A pairing code has only digits, as many as the terminal shows.");
      return;
    }
    this.#button.disabled = true;
    try {
      const { pairing } = await this.station.pair(code);
      this.#pairedHere = this.station.card.register_id;
      this.#input.value = "";
      const text = `Paired with ${pairing.device?.device_name}.`;
      write(this.#success, text);
      this.#success.hidden = false;
      // A box that shows it is a live region itself.
      if (!this.checkVisibility()) announce(text);
    } catch (error) {
      this.#refuse(reasonOf(/** @type {HubError} */ (error)));
    } finally {
      this.#button.disabled = false;
    }
  }

  /** @param {string} text */
  #refuse(text) {
    write(this.#problem, text);
    this.#input.setAttribute("aria-invalid", "true");
    this.#input.focus();
    this.#input.select();
  }
}

/** @param {HubError} error */
function reasonOf(error) {
  return error.code === "pairing_code_invalid"
    ? "That code is wrong, used or no longer valid. Check the terminal: it may show a new one."
    : troubleText(error);
}

customElements.define("till-pairing", PairingBox);
