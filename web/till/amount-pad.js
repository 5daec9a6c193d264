/** `<till-pad>`: amounts typed as on a terminal, digits moving in from the right, and items at a touch. */

import { build, fill, write } from "../view/element.js";
import { LARGEST_CENTS, money } from "../view/money.js";
import { announce } from "../view/announcer.js";
import { Part } from "./part.js";
import { CUSTOM } from "./sale.js";

/** @type {[string, number][]} */
const ITEMS = [
  ["Flat white", 450],
  ["Long black", 420],
  ["Croissant", 580],
  ["Toasted sandwich", 1200],
  ["Fresh juice", 650],
  ["Carrot cake", 720],
];

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "00", "0", "⌫"];

class AmountPad extends Part {
  #amount = build("output", { class: "amount figures", "aria-label": "Amount typed" });
  #enter = build(
    "button",
    { type: "button", class: "button large wide", onclick: () => this.#addTyped() },
    "Add to sale",
  );

  #total = build("span", { class: "figures" });
  #toPay = build("button", { type: "button", class: "button primary", onclick: () => this.#goToPay() }, "To payment");

  draw() {
    const keys = KEYS.map((key) =>
      build(
        "button",
        {
          type: "button",
          class: "button",
          "aria-label": key === "⌫" ? "Delete the last digit" : null,
          onclick: () => this.#type(key),
        },
        key,
      ),
    );
    const items = ITEMS.map(([name, cents]) =>
      build(
        "button",
        { type: "button", class: "button item", onclick: () => this.#add(name, cents) },
        build("span", {}, name),
        build("span", { class: "figures soft" }, money(cents)),
      ),
    );
    fill(
      this,
      build("div", { class: "items", role: "group", "aria-label": "Items" }, ...items),
      build("div", { class: "pad", role: "group", "aria-label": "Amount pad" }, this.#amount, ...keys, this.#enter),
      build("div", { class: "to-pay" }, build("strong", {}, "Total ", this.#total), this.#toPay),
    );
    document.addEventListener("keydown", (event) => this.#pressed(event));
  }

  update() {
    write(this.#amount, money(this.till.sale.typedCents));
    write(this.#total, money(this.till.sale.totalCents));
    this.#enter.disabled = this.till.sale.typedCents === 0;
    this.#toPay.disabled = this.till.sale.totalCents === 0;
  }

  /** @param {string} key */
  #type(key) {
    const { sale } = this.till;
    const cents = key === "⌫" ? Math.floor(sale.typedCents / 10) : Number(`${sale.typedCents}${key}`);
    if (cents <= LARGEST_CENTS) sale.typedCents = cents;
  }

  #addTyped() {
    const { sale } = this.till;
    const added = sale.typedCents;
    sale.addTyped();
    this.#tell(CUSTOM, added);
  }

  /**
   * @param {string} name
   * @param {number} cents
   */
  #add(name, cents) {
    this.till.sale.add(name, cents);
    this.#tell(name, cents);
  }

  /**
   * @param {string} name
   * @param {number} cents
   */
  #tell(name, cents) {
    announce(`${name}, ${money(cents)}. Total ${money(this.till.sale.totalCents)}.`);
  }

  /** On a phone the sale's total and the button that charges it are below what fits on the screen. */
  #goToPay() {
    this.dispatchEvent(new CustomEvent("to-pay", { bubbles: true }));
  }

  /**
   * A till has a number block: digits count wherever the focus is, but in a field of their own.
   *
   * @param {KeyboardEvent} event
   */
  #pressed(event) {
    const elsewhere =
      event.target instanceof HTMLElement && event.target.closest("input:not([type=radio]), select, dialog");
    if (elsewhere || event.ctrlKey || event.metaKey || event.altKey || !this.checkVisibility()) return;
    if (/^\d$/.test(event.key)) this.#type(event.key);
    else if (event.key === "Backspace") this.#type("⌫");
    else if (event.key === "Enter" && this.till.sale.typedCents > 0 && !pressable(event.target)) this.#addTyped();
  }
}

/**
 * Whether Enter already means something here.
 *
 * @param {EventTarget | null} target
 */
const pressable = (target) => target instanceof HTMLElement && target.closest("button, a, summary, input") !== null;

customElements.define("till-pad", AmountPad);
