/** The physical till: its virtual registers, each with a station of its own, and the sale being rung up. */

import { Emitter } from "../sdk/index.js";
import { RegisterBook } from "./register-book.js";
import { Sale } from "./sale.js";
import { Station } from "./station.js";

/**
 * @typedef {object} TillEvents
 * @property {void} change something about the registers, or which is in use
 * @property {{ station: Station, notice: import("./station.js").Notice }} notice
 */

/** @extends {Emitter<TillEvents>} */
export class Till extends Emitter {
  book = new RegisterBook();
  sale = new Sale();
  /** @type {Map<string, Station>} */
  #stations = new Map();

  constructor() {
    super();
    for (const card of this.book.registers) this.#man(card);
  }

  open() {
    for (const station of this.stations) station.open();
  }

  /** All stations, in the book's order. */
  get stations() {
    return this.book.registers.map(({ register_id }) => /** @type {Station} */ (this.#stations.get(register_id)));
  }

  /** The station in use. */
  get station() {
    return /** @type {Station} */ (this.#stations.get(this.book.current.register_id));
  }

  /** @param {string} registerId */
  choose(registerId) {
    this.book.choose(registerId);
    this.emit("change", undefined);
  }

  /** @param {Omit<import("./register-book.js").RegisterCard, "register_id">} card */
  add(card) {
    const added = this.book.add(card);
    this.#man(added).open();
    this.choose(added.register_id);
  }

  /**
   * A register with another business or vendor name is another register to the hub, and must be paired anew.
   *
   * @param {import("./register-book.js").RegisterCard} card
   */
  change(card) {
    const station = /** @type {Station} */ (this.#stations.get(card.register_id));
    this.book.change(card);
    if (station.card.business_name === card.business_name && station.card.vendor_name === card.vendor_name) {
      station.card = card;
    } else {
      this.#dismiss(card.register_id);
      this.#man(card).open();
    }
    this.emit("change", undefined);
  }

  /** @param {string} registerId */
  remove(registerId) {
    this.#dismiss(registerId)?.journal.clear();
    this.book.remove(registerId);
    this.choose(this.book.current.register_id);
  }

  /** @param {import("./register-book.js").RegisterCard} card */
  #man(card) {
    const station = new Station(card);
    this.#stations.set(card.register_id, station);
    station.on("change", () => this.emit("change", undefined));
    station.on("notice", (notice) => this.emit("notice", { station, notice }));
    return station;
  }

  /** @param {string} registerId */
  #dismiss(registerId) {
    const station = this.#stations.get(registerId);
    station?.close();
    this.#stations.delete(registerId);
    return station;
  }
}
