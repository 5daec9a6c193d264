/** Going through pages by cursor: on to the next, back to where one came from, or to the first. */

import { build } from "../view/element.js";

export const PAGE_SIZE = 50;

/** From where each page was reached: a cursor itself leads one way only. @type {Map<string, string>} */
const cameFrom = new Map();

export class Pager {
  #first = build("a", { class: "button small" }, "First page");
  #previous = build("a", { class: "button small" }, "Previous page");
  #next = build("a", { class: "button small" }, "Next page");
  element = build("nav", { class: "row pager", "aria-label": "Pages of the list" }, this.#first, this.#previous, this.#next);

  /**
   * @param {object} here
   * @param {string} here.address of this page
   * @param {string} here.first address of the first page
   * @param {string} [here.next] address of the next page, if there is one
   */
  show({ address, first, next }) {
    if (next) cameFrom.set(next, address);
    const previous = cameFrom.get(address);
    place(this.#first, address === first ? undefined : first);
    place(this.#previous, previous === first ? undefined : previous);
    place(this.#next, next);
    this.element.hidden = this.#first.hidden && this.#next.hidden;
  }
}

/**
 * @param {HTMLAnchorElement} link
 * @param {string | undefined} address
 */
function place(link, address) {
  link.hidden = address === undefined;
  if (address !== undefined) link.href = address;
}
