/** The virtual registers of this till: who they are, and which is in use. Kept in the browser. */

import { Slot, randomUuid } from "../sdk/index.js";

/**
 * @typedef {object} RegisterCard
 * @property {string} register_id
 * @property {string} register_name shown on the terminal
 * @property {string} business_name
 * @property {string} vendor_name
 */

export const VENDOR = "SmartConnect Till";

/** @typedef {{ registers: RegisterCard[], current: string, sales: number }} Book */

/** @returns {Book} */
function firstBook() {
  const first = {
    register_id: randomUuid(),
    register_name: "Front counter",
    business_name: "Demo Shop",
    vendor_name: VENDOR,
  };
  return { registers: [first], current: first.register_id, sales: 0 };
}

export class RegisterBook {
  #slot = new Slot(localStorage, "smartconnect.till", firstBook);

  constructor() {
    const book = this.#slot.read();
    this.#slot.write(book.registers.length > 0 ? book : firstBook());
  }

  get registers() {
    return this.#slot.read().registers;
  }

  get current() {
    const { registers, current } = this.#slot.read();
    return registers.find((card) => card.register_id === current) ?? registers[0];
  }

  /** @param {string} registerId */
  choose(registerId) {
    this.#slot.update((book) => void (book.current = registerId));
  }

  /**
   * @param {Omit<RegisterCard, "register_id">} card
   * @returns {RegisterCard}
   */
  add(card) {
    const added = { register_id: randomUuid(), ...card };
    this.#slot.update((book) => void book.registers.push(added));
    return added;
  }

  /** @param {RegisterCard} card with the id of the one to change */
  change(card) {
    this.#slot.update((book) => {
      book.registers = book.registers.map((known) => (known.register_id === card.register_id ? card : known));
    });
  }

  /** @param {string} registerId */
  remove(registerId) {
    this.#slot.update((book) => {
      book.registers = book.registers.filter((card) => card.register_id !== registerId);
    });
  }

  /** The next sale's reference, such as `260917-0042`: what staff search for, and what is printed. */
  nextReference() {
    const { sales } = this.#slot.tryUpdate((book) => void (book.sales += 1));
    const now = new Date();
    const date = [now.getFullYear() % 100, now.getMonth() + 1, now.getDate()];
    return `${date.map((part) => String(part).padStart(2, "0")).join("")}-${String(sales).padStart(4, "0")}`;
  }
}
