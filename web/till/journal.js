/**
 * What a register's page remembers: its transactions, the payment on the screen, the pairing last seen.
 *
 * It is for people to look at. That no payment is made twice does not depend on it: the SDK sees to that.
 */

import { Slot } from "../sdk/index.js";

/**
 * @typedef {import("../sdk/messages.js").TransactionView} TransactionView
 * @typedef {import("./sale.js").Line} Line
 */

/**
 * The payment on the screen. `key` is its idempotency key.
 *
 * @typedef {{ key: string, lines: Line[] }} Present
 */

/**
 * @typedef {object} Pages
 * @property {TransactionView[]} views newest first
 * @property {Present | null} present
 * @property {string[]} aside transactions that were put aside with their outcome unknown
 * @property {{ device_id: string, device_name: string } | null} pairing
 */

/** @returns {Pages} */
const blank = () => ({ views: [], present: null, aside: [], pairing: null });

const VIEWS_KEPT = 150;

export class Journal {
  #slot;
  #pages;

  /** @param {string} registerId */
  constructor(registerId) {
    this.#slot = new Slot(localStorage, `smartconnect.journal/${registerId}`, blank);
    this.#pages = this.#slot.read();
  }

  get views() {
    return this.#pages.views;
  }

  get present() {
    return this.#pages.present;
  }

  set present(present) {
    this.#write((pages) => void (pages.present = present));
  }

  get pairing() {
    return this.#pages.pairing;
  }

  set pairing(pairing) {
    this.#write((pages) => void (pages.pairing = pairing));
  }

  /** @param {string} transactionId */
  isAside(transactionId) {
    return this.#pages.aside.includes(transactionId);
  }

  /** @param {string} transactionId */
  putAside(transactionId) {
    this.#write((pages) => void pages.aside.push(transactionId));
  }

  /** @param {string} transactionId */
  takeBack(transactionId) {
    this.#write((pages) => void (pages.aside = pages.aside.filter((id) => id !== transactionId)));
  }

  /** @param {string} key the idempotency key */
  byKey(key) {
    return this.views.find((view) => view.idempotency_key === key);
  }

  /** @param {TransactionView} view */
  enter(view) {
    this.#write((pages) => {
      const others = pages.views.filter(({ transaction_id }) => transaction_id !== view.transaction_id);
      others.push(view);
      others.sort((a, b) => (a.received_at < b.received_at ? 1 : -1));
      pages.views = others.slice(0, VIEWS_KEPT);
    });
  }

  clear() {
    this.#slot.clear();
  }

  /** @param {(pages: Pages) => void} change */
  #write(change) {
    try {
      this.#pages = this.#slot.update(change);
    } catch {
      change(this.#pages); // the storage is full: what is on the screen stays true
    }
  }
}
