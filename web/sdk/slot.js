/**
 * One JSON value in a Web Storage, read afresh each time: other tabs write it too.
 *
 * Law: `write` has stored the value when it returns, or it throws `StorageUnavailable`.
 */

import { StorageUnavailable } from "./errors.js";

/**
 * What a slot needs of `localStorage`.
 *
 * @typedef {Pick<Storage, "getItem" | "setItem" | "removeItem">} Shelf
 */

/** @template T */
export class Slot {
  #shelf;
  #empty;

  /**
   * @param {Shelf} shelf
   * @param {string} key
   * @param {() => T} empty what an unwritten or unreadable slot holds
   */
  constructor(shelf, key, empty) {
    this.#shelf = shelf;
    this.key = key;
    this.#empty = empty;
  }

  /** @returns {T} */
  read() {
    try {
      const text = this.#shelf.getItem(this.key);
      return text === null ? this.#empty() : { ...this.#empty(), ...JSON.parse(text) };
    } catch {
      return this.#empty();
    }
  }

  /** @param {T} value */
  write(value) {
    try {
      this.#shelf.setItem(this.key, JSON.stringify(value));
    } catch (error) {
      throw new StorageUnavailable(error);
    }
  }

  /**
   * Read, change in place, write.
   *
   * @param {(value: T) => void} change
   * @returns {T}
   */
  update(change) {
    const value = this.read();
    change(value);
    this.write(value);
    return value;
  }

  /**
   * Like `update`, for what is good to keep but not needed: a shelf that refuses it is no error.
   *
   * @param {(value: T) => void} change
   * @returns {T}
   */
  tryUpdate(change) {
    const value = this.read();
    change(value);
    try {
      this.write(value);
    } catch (error) {
      if (!(error instanceof StorageUnavailable)) throw error;
    }
    return value;
  }

  clear() {
    this.#shelf.removeItem(this.key);
  }
}

/** A shelf that forgets with the page, for tests and for clients that keep their state elsewhere. */
export class VolatileShelf {
  /** @type {Map<string, string>} */
  #items = new Map();

  /** @param {string} key */
  getItem(key) {
    return this.#items.get(key) ?? null;
  }

  /**
   * @param {string} key
   * @param {string} value
   */
  setItem(key, value) {
    this.#items.set(key, value);
  }

  /** @param {string} key */
  removeItem(key) {
    this.#items.delete(key);
  }
}
