/** `<till-ticket>`: the lines of the sale, and its total. */

import { build, fill, find, list, write } from "../view/element.js";
import { money } from "../view/money.js";
import { Part } from "./part.js";
import { CUSTOM } from "./sale.js";

/** @typedef {import("./sale.js").Line} Line */

class Ticket extends Part {
  #lines = build("ul", { class: "lines", "aria-label": "Lines of the sale" });
  #empty = build("p", { class: "soft empty" }, "Nothing rung up yet.");
  #typed = build("span", { class: "price figures" });
  #typedRow = build("p", { class: "typed soft" }, build("span", {}, CUSTOM), this.#typed);
  #total = build("span", { class: "figures" });

  draw() {
    fill(this, this.#empty, this.#lines, this.#typedRow, build("p", { class: "total" }, build("span", {}, "Total"), this.#total));
  }

  update() {
    const { lines, totalCents, typedCents } = this.till.sale;
    this.#empty.hidden = lines.length > 0 || typedCents > 0;
    this.#typedRow.hidden = typedCents === 0;
    write(this.#typed, money(typedCents));
    list(this.#lines, lines, {
      key: (line) => line.id,
      make: (line) => this.#make(line),
      update: (element, line) => this.#show(element, line),
    });
    write(this.#total, money(totalCents));
  }

  /** @param {Line} line */
  #make({ id, name }) {
    /** @param {number} step */
    const change = (step) => {
      const line = this.till.sale.lines.find((other) => other.id === id);
      if (line) this.till.sale.setQuantity(id, line.quantity + step);
    };
    const less = build(
      "button",
      { type: "button", class: "button small", "aria-label": `One ${name} less`, onclick: () => change(-1) },
      "−",
    );
    const more = build(
      "button",
      { type: "button", class: "button small", "aria-label": `One ${name} more`, onclick: () => change(1) },
      "+",
    );
    return build(
      "li",
      {},
      build("span", { class: "name" }, name),
      build("span", { class: "quantity" }, less, build("span", { class: "count figures" }), more),
      build("span", { class: "price figures" }),
    );
  }

  /**
   * @param {HTMLElement} element
   * @param {Line} line
   */
  #show(element, { quantity, unitCents }) {
    write(find(element, ".count"), String(quantity));
    write(find(element, ".price"), money(quantity * unitCents));
  }
}

customElements.define("till-ticket", Ticket);
