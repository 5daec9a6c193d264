/** `<till-registers>`: which virtual register is in use, and how the terminal of each is. */

import { build, find, list, write } from "../view/element.js";
import { Part } from "./part.js";

/** @typedef {import("./station.js").Station} Station */

/**
 * @param {Station} station
 * @returns {[string, string]} tone and words
 */
export function terminalState(station) {
  const { pairing, status } = station.client;
  if (status.phase !== "online") return ["wary", status.phase === "refused" ? "not let in" : "no connection"];
  if (!pairing?.paired || !pairing.device) return ["", "not paired"];
  if (!pairing.device.online) return ["bad", "terminal offline"];
  if (pairing.device.queue_state === "stalled") return ["wary", "terminal silent"];
  return ["good", "terminal online"];
}

class RegisterChoice extends Part {
  #row = build("div", { class: "choices registers" });

  draw() {
    this.replaceChildren(build("fieldset", {}, build("legend", { class: "unseen" }, "Register in use"), this.#row));
  }

  update() {
    list(this.#row, this.till.stations, {
      key: (station) => station.card.register_id,
      make: (station) => this.#make(station),
      update: (label, station) => this.#show(label, station),
    });
  }

  /** @param {Station} station */
  #make({ card }) {
    const choose = () => this.till.choose(card.register_id);
    return build(
      "label",
      {},
      build("input", { type: "radio", name: "register", value: card.register_id, onchange: choose }),
      build("span", { class: "dot", "aria-hidden": "true" }),
      build("span", {}, build("span", { class: "name" }), build("span", { class: "state" })),
    );
  }

  /**
   * @param {HTMLElement} label
   * @param {Station} station
   */
  #show(label, station) {
    const [tone, words] = terminalState(station);
    const busy = station.payment && !station.payment.view?.final && !station.payment.error;
    /** @type {HTMLInputElement} */ (find(label, "input")).checked = station === this.station;
    find(label, ".dot").dataset.tone = tone;
    write(find(label, ".name"), station.card.register_name);
    const unknown = busy && station.payment?.view?.delayed;
    write(find(label, ".state"), unknown ? "outcome unknown" : busy ? "payment under way" : words);
  }
}

customElements.define("till-registers", RegisterChoice);
