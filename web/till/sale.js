/** The sale being rung up: its lines and their total. It survives a reload. */

import { Emitter, Slot, randomToken } from "../sdk/index.js";
import { LARGEST_CENTS } from "../view/money.js";

/**
 * @typedef {object} Line
 * @property {string} id
 * @property {string} name
 * @property {number} quantity
 * @property {number} unitCents
 */

export const CUSTOM = "Other amount";

/** @param {Line[]} lines */
export const totalOf = (lines) => lines.reduce((sum, { quantity, unitCents }) => sum + quantity * unitCents, 0);

/** @extends {Emitter<{ change: void }>} */
export class Sale extends Emitter {
  #slot = new Slot(localStorage, "smartconnect.till/sale", () => ({ lines: /** @type {Line[]} */ ([]) }));

  #lines = this.#slot.read().lines;
  /** What is typed on the pad and not a line yet: it is charged all the same. */
  #typedCents = 0;

  get lines() {
    return this.#lines;
  }

  get totalCents() {
    return totalOf(this.lines) + this.#typedCents;
  }

  get typedCents() {
    return this.#typedCents;
  }

  set typedCents(cents) {
    if (totalOf(this.lines) + cents > LARGEST_CENTS) return;
    this.#typedCents = cents;
    this.emit("change", undefined);
  }

  /** Make a line of what is typed. */
  addTyped() {
    const cents = this.#typedCents;
    this.#typedCents = 0;
    if (cents > 0) this.add(CUSTOM, cents);
  }

  /**
   * @param {string} name
   * @param {number} unitCents
   */
  add(name, unitCents) {
    this.#change((lines) => {
      if (totalOf(lines) + this.#typedCents + unitCents > LARGEST_CENTS) return lines;
      const same = lines.find((line) => line.name === name && line.unitCents === unitCents && name !== CUSTOM);
      if (!same) return [...lines, { id: randomToken(8), name, quantity: 1, unitCents }];
      same.quantity += 1;
      return lines;
    });
  }

  /**
   * @param {string} id
   * @param {number} quantity 0 takes the line away
   */
  setQuantity(id, quantity) {
    this.#change((lines) =>
      lines.map((line) => (line.id === id ? { ...line, quantity } : line)).filter((line) => line.quantity > 0),
    );
  }

  /** Take all lines out, to be paid for, with what is typed as the last of them. */
  takeLines() {
    this.addTyped();
    const lines = this.lines;
    this.#change(() => []);
    return lines;
  }

  /** @param {Line[]} lines that were not paid for after all */
  putBack(lines) {
    this.#change((present) => [...present, ...lines]);
  }

  /** @param {(lines: Line[]) => Line[]} change */
  #change(change) {
    this.#lines = change(this.#lines);
    this.#slot.tryUpdate((kept) => void (kept.lines = this.#lines));
    this.emit("change", undefined);
  }
}

/** @param {number} amount */
const decimal = (amount) => (amount / 100).toFixed(2);

/**
 * The basket as the POS API hands it on: serialised JSON, all values strings.
 *
 * @param {Line[]} lines
 * @param {string} reference
 */
export function saleData(lines, reference) {
  const lineItems = lines.map((line, index) => ({
    lineId: line.id,
    sequenceNumber: String(index + 1),
    productName: line.name,
    quantity: String(line.quantity),
    unitPrice: decimal(line.unitCents),
    totalPrice: decimal(line.quantity * line.unitCents),
    totalTax: "0.00",
  }));
  const saleData = { saleId: reference, totalAmount: decimal(totalOf(lines)), totalTax: "0.00", lineItems };
  return JSON.stringify({ version: "1.0.0", saleData });
}
