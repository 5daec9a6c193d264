/** A table of things that come and go: rows by key, cells rewritten only when what they show has changed. */

import { build, fill, list } from "../view/element.js";

/**
 * @template Item
 * @typedef {object} Column
 * @property {string} name
 * @property {(item: Item) => string} show what the cell shows, as text; it is rewritten when this has changed
 * @property {(item: Item) => import("../view/element.js").Child} [make] how it shows it, if not as text
 * @property {string} [class] `figures` for numbers, `minor` for what a phone has no room for, `mono` for ids
 */

/** @template Item */
export class Sheet {
  #columns;
  #key;
  #body = build("tbody");
  #empty = build("p", { class: "soft empty", hidden: true });
  /** @type {WeakMap<Element, string>} */
  #shown = new WeakMap();

  /**
   * @param {string} caption
   * @param {Column<Item>[]} columns the first one heads its row
   * @param {(item: Item) => string} key
   */
  constructor(caption, columns, key) {
    this.#columns = columns;
    this.#key = key;
    const heads = columns.map((column) => build("th", { scope: "col", class: column.class }, column.name));
    const table = build("table", { class: "sheet" }, build("caption", { class: "unseen" }, caption), build("thead", {}, build("tr", {}, ...heads)), this.#body);
    this.element = build("div", { class: "scroller", tabindex: "0", role: "region", "aria-label": caption }, table, this.#empty);
  }

  /**
   * @param {Item[]} items
   * @param {string} empty what is said if there are none
   */
  show(items, empty) {
    list(this.#body, items, { key: this.#key, make: () => this.#make(), update: (row, item) => this.#update(row, item) });
    fill(this.#empty, empty);
    this.#empty.hidden = items.length > 0;
  }

  #make() {
    const cells = this.#columns.map((column, index) =>
      index === 0 ? build("th", { scope: "row", class: column.class }) : build("td", { class: column.class }),
    );
    return build("tr", {}, ...cells);
  }

  /**
   * @param {HTMLElement} row
   * @param {Item} item
   */
  #update(row, item) {
    this.#columns.forEach((column, index) => {
      const cell = row.children[index];
      const text = column.show(item);
      if (this.#shown.get(cell) === text) return;
      this.#shown.set(cell, text);
      fill(cell, column.make ? column.make(item) : text);
    });
  }
}
