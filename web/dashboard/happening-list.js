/** The latest happenings around something, newest first. */

import { build, list } from "../view/element.js";
import { linkTo, short, stateBadge } from "./badge.js";
import { preciseTime } from "./timing.js";
import { KINDS, VIEW_OF_KIND } from "./words.js";

/** @typedef {import("../sdk/dashboard-messages.js").Happening} Happening */

const numbers = new WeakMap();
let count = 0;

export class HappeningList {
  element = build("ol", { class: "happenings" });
  /** @type {Happening[]} */
  #items = [];

  /**
   * @param {Happening[]} happenings oldest first
   * @param {{ limit?: number, subjects?: boolean }} [how]
   */
  show(happenings, { limit = 30, subjects = true } = {}) {
    // Those that are the same as before keep their elements: they are told apart by where they stand.
    const known = this.#items;
    this.#items = happenings.map((item) => known.find((other) => same(item, other)) ?? item);
    for (const item of this.#items) if (!numbers.has(item)) numbers.set(item, ++count);
    list(this.element, this.#items.slice(-limit).reverse(), {
      key: (item) => String(numbers.get(item)),
      make: (item) => row(item, subjects),
    });
    if (happenings.length === 0) this.element.replaceChildren(build("li", { class: "soft" }, "Nothing that this process of the hub remembers."));
  }
}

/**
 * @param {Happening} one
 * @param {Happening} other
 */
const same = (one, other) => one.at === other.at && one.subject === other.subject && one.what === other.what && one.state === other.state;

/**
 * @param {Happening} item
 * @param {boolean} subjects
 */
function row({ kind, subject, what, state, at, detail }, subjects) {
  return build(
    "li",
    {},
    build("time", { datetime: at, class: "figures soft" }, preciseTime(at)),
    subjects && build("span", {}, `${KINDS[kind] ?? kind} `, linkTo(VIEW_OF_KIND[kind] ?? "events", subject, short(subject))),
    build("code", {}, what),
    stateBadge(kind, state),
    detail && build("span", { class: "soft small" }, detail),
  );
}
