/** The latest happenings as rows, newest on top: however many come, few rows are made, and a row is written once a frame. */

import { build, write } from "../view/element.js";
import { addressOf } from "./route.js";
import { short } from "./badge.js";
import { preciseTime } from "./timing.js";
import { KINDS, VIEW_OF_KIND, stateWords } from "./words.js";

/** @typedef {import("../sdk/dashboard-messages.js").Happening} Happening */

const ROWS = 500;

/** Name and class of each. */
const COLUMNS = [
  ["Time", "time"],
  ["Kind", "kind minor"],
  ["Subject", "subject"],
  ["What", "what"],
  ["State", "state"],
  ["Device", "device minor"],
  ["Detail", "detail minor"],
];

/**
 * What is written of a row; rows that fall off the end are used again on top.
 *
 * @typedef {object} Row
 * @property {HTMLElement} element
 * @property {HTMLElement} time
 * @property {HTMLElement} kind
 * @property {HTMLAnchorElement} subject
 * @property {HTMLElement} what
 * @property {HTMLElement} state
 * @property {HTMLAnchorElement} device
 * @property {HTMLElement} detail
 */

export class Stream {
  #body = build("tbody");
  /** @type {Row[]} newest first */
  #rows = [];
  /** @type {Happening[]} */
  #waiting = [];
  #frame = 0;
  element = build(
    "div",
    { class: "scroller stream", tabindex: "0", role: "region", "aria-label": "Events, newest first" },
    build(
      "table",
      { class: "sheet" },
      build("caption", { class: "unseen" }, "Events, newest first"),
      build("thead", {}, build("tr", {}, ...COLUMNS.map(([name, style]) => build("th", { scope: "col", class: style }, name)))),
      this.#body,
    ),
  );

  /** @param {Happening[]} happenings oldest first */
  add(happenings) {
    this.#waiting.push(...happenings);
    // Of a burst only what will still be there is kept.
    if (this.#waiting.length > ROWS) this.#waiting.splice(0, this.#waiting.length - ROWS);
    if (!this.#frame) this.#frame = requestAnimationFrame(() => this.#draw());
  }

  clear() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#waiting = [];
    this.#rows = [];
    this.#body.replaceChildren();
  }

  get size() {
    return this.#rows.length;
  }

  #draw() {
    this.#frame = 0;
    const fresh = this.#waiting.splice(0).reverse();
    const rows = fresh.map((happening) => {
      const row = this.#rows.length >= ROWS ? /** @type {Row} */ (this.#rows.pop()) : newRow();
      fillRow(row, happening);
      return row;
    });
    this.#rows = [...rows, ...this.#rows];
    const surplus = this.#rows.splice(ROWS);
    for (const { element } of surplus) element.remove();
    this.#body.prepend(...rows.map(({ element }) => element));
  }
}

/** @returns {Row} */
function newRow() {
  const time = build("th", { scope: "row", class: "figures" });
  const kind = build("td", { class: "minor" });
  const subject = build("a", { class: "mono" });
  const what = build("code");
  const state = build("span", { class: "badge" });
  const device = build("a", { class: "mono" });
  const detail = build("td", { class: "small soft minor" });
  const element = build("tr", {}, time, kind, build("td", {}, subject), build("td", {}, what), build("td", {}, state), build("td", { class: "minor" }, device), detail);
  return { element, time, kind, subject, what, state, device, detail };
}

/**
 * @param {Row} row
 * @param {Happening} happening
 */
function fillRow(row, { kind, subject, what, state, at, device_id, detail }) {
  const { text, tone } = stateWords(kind, state);
  write(row.time, preciseTime(at));
  write(row.kind, KINDS[kind] ?? kind);
  write(row.subject, short(subject));
  row.subject.href = addressOf(VIEW_OF_KIND[kind] ?? "events", subject);
  row.subject.title = subject;
  write(row.what, what);
  write(row.state, text);
  row.state.dataset.tone = tone;
  write(row.device, device_id ?? "");
  row.device.hidden = !device_id;
  row.device.href = addressOf("devices", device_id);
  write(row.detail, detail ?? "");
}
