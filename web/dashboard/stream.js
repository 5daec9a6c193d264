/**
 * The latest happenings as rows, newest on top. Only the rows in view exist, and they are written once a frame: however
 * many come, the page has little to do. What one reads stays in its place, while one has scrolled, or is at it.
 */

import { build } from "../view/element.js";
import { StreamRow } from "./stream-row.js";

/** @typedef {import("../sdk/dashboard-messages.js").Happening} Happening */

const KEPT = 500;
const ROW_HEIGHT = 32; // as in sheet.css
const ROW_HEIGHT_ON_PHONE = 52; // the same
const BEYOND = 4; // rows made above and below those in view

/** Name and class of each. */
const COLUMNS = [
  ["Time", "time"],
  ["Kind", "kind minor"],
  ["Subject", "subject minor"],
  ["What", "what minor"],
  ["State", "state"],
  ["Device", "device minor"],
  ["Detail", "detail minor"],
];

export class Stream {
  /** @type {Happening[]} newest first */
  #kept = [];
  /** @type {Happening[]} */
  #waiting = [];
  #frame = 0;
  #onPhone = matchMedia("(max-width: 40rem)");
  #above = spacer();
  #below = spacer();
  #body = build("tbody", {}, this.#above, this.#below);
  /** @type {Map<Happening, StreamRow>} */
  #rows = new Map();
  #table = build(
    "table",
    { class: "sheet" },
    build("caption", { class: "unseen" }, "Events, newest first"),
    build("thead", {}, build("tr", {}, ...COLUMNS.map(([name, style]) => build("th", { scope: "col", class: style }, name)))),
    this.#body,
  );
  element = build("div", { class: "scroller stream", tabindex: "0", role: "region", "aria-label": "Events, newest first", onscroll: () => this.#ask() }, this.#table);

  constructor() {
    new ResizeObserver(() => this.#ask()).observe(this.element);
  }

  /** @param {Happening[]} happenings oldest first */
  add(happenings) {
    this.#waiting.push(...happenings);
    // Of a burst only what will still be there is kept.
    if (this.#waiting.length > KEPT) this.#waiting.splice(0, this.#waiting.length - KEPT);
    this.#ask();
  }

  clear() {
    this.#waiting = [];
    this.#kept = [];
    this.element.scrollTop = 0;
    this.#ask();
  }

  get size() {
    return this.#kept.length + this.#waiting.length;
  }

  #ask() {
    if (!this.#frame) this.#frame = requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    this.#frame = 0;
    const { scrollTop, clientHeight } = this.element;
    const rowHeight = this.#onPhone.matches ? ROW_HEIGHT_ON_PHONE : ROW_HEIGHT;
    const added = this.#waiting.splice(0).reverse();
    // Not `:focus-within`: who has the list itself in focus wants to see it run.
    const isRead = scrollTop > 0 || this.#body.matches(":hover") || this.#body.contains(document.activeElement);
    this.#kept = [...added, ...this.#kept].slice(0, KEPT);
    const top = isRead ? scrollTop + added.length * rowHeight : scrollTop;
    const first = Math.max(0, Math.floor(top / rowHeight) - BEYOND);
    const shown = this.#kept.slice(first, first + Math.ceil(clientHeight / rowHeight) + 2 * BEYOND);
    this.#place(shown, first);
    this.#above.style.height = `${first * rowHeight}px`;
    this.#below.style.height = `${(this.#kept.length - first - shown.length) * rowHeight}px`;
    this.#table.setAttribute("aria-rowcount", String(this.#kept.length + 1));
    if (top !== scrollTop) this.element.scrollTop = top;
  }

  /**
   * @param {Happening[]} shown
   * @param {number} first
   */
  #place(shown, first) {
    const wanted = new Set(shown);
    const free = [...this.#rows].filter(([happening]) => !wanted.has(happening)).map(([happening, row]) => {
      this.#rows.delete(happening);
      return row;
    });
    let before = /** @type {HTMLElement} */ (this.#above);
    shown.forEach((happening, index) => {
      let row = this.#rows.get(happening);
      if (!row) {
        row = free.shift() ?? new StreamRow();
        row.show(happening);
        this.#rows.set(happening, row);
      }
      row.element.setAttribute("aria-rowindex", String(first + index + 2));
      if (before.nextElementSibling !== row.element) before.after(row.element);
      before = row.element;
    });
    for (const { element } of free) element.remove();
  }
}

/** Stands for the rows that are out of view. */
function spacer() {
  return build("tr", { class: "spacer", "aria-hidden": "true" });
}
