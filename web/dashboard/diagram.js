/** `<state-diagram>`: a table as the server runs it, with the present state lit and the path walked. */

import { build, fill, write } from "../view/element.js";
import { drawing } from "./drawing.js";
import { inWords } from "./walk.js";

/**
 * @typedef {import("../sdk/dashboard-messages.js").StateTable} StateTable
 * @typedef {import("./walk.js").Walk} Walk
 */

let count = 0;

export class StateDiagram extends HTMLElement {
  #words = build("figcaption", { class: "unseen" });
  /** @type {StateTable | null} */
  #table = null;
  /** @type {SVGElement | null} */
  #svg = null;
  #present = "";
  /** A turned phone shows another part of the drawing. */
  #frame = new ResizeObserver(() => this.#present && this.#bringIntoView(this.#present));

  /** @param {StateTable} table */
  set table(table) {
    if (this.#table === table) return;
    this.#table = table;
    const id = `diagram-${++count}`;
    this.#words.id = id;
    const svg = drawing(table);
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", `State diagram of the ${table.name}`);
    svg.setAttribute("aria-describedby", id);
    this.#svg = svg;
    const scroller = build("div", { class: "scroller", tabindex: "0", role: "group", "aria-label": `Diagram: ${table.name}` }, svg);
    fill(this, build("figure", {}, scroller, this.#words), rowsOf(table));
    this.#frame.disconnect();
    this.#frame.observe(scroller);
    this.show(null);
  }

  /** @param {Walk | null} walked null: nothing is selected */
  show(walked) {
    if (!this.#table || !this.#svg) return;
    write(this.#words, inWords(this.#table, walked));
    const last = walked?.steps.at(-1);
    for (const part of this.#svg.querySelectorAll("[data-state]")) {
      const state = part.getAttribute("data-state") ?? "";
      part.classList.toggle("present", walked?.present === state);
      part.classList.toggle("walked", walked?.visited.has(state) ?? false);
    }
    for (const part of this.#svg.querySelectorAll("[data-steps]")) {
      const steps = JSON.parse(part.getAttribute("data-steps") ?? "[]");
      const has = (/** @type {import("../sdk/dashboard-messages.js").TableRow | undefined} */ row) =>
        row !== undefined && steps.includes(`${row.source} ${row.trigger}`);
      part.classList.toggle("walked", walked?.steps.some(has) ?? false);
      part.classList.toggle("last", has(last));
    }
    if (walked && walked.present !== this.#present) this.#bringIntoView(walked.present);
    this.#present = walked?.present ?? "";
  }

  /**
   * Where the drawing is wider than the screen, its lit part is what one wants to see.
   *
   * @param {string} state
   */
  #bringIntoView(state) {
    const scroller = this.querySelector(".scroller");
    const lit = this.#svg?.querySelector(`[data-state="${state}"]`)?.getBoundingClientRect();
    if (!scroller || !lit) return;
    const frame = scroller.getBoundingClientRect();
    scroller.scrollLeft += lit.left + lit.width / 2 - frame.left - frame.width / 2;
  }
}

/** @param {StateTable} table */
function rowsOf(table) {
  const row = (/** @type {import("../sdk/dashboard-messages.js").TableRow} */ { source, trigger, target }) =>
    build("tr", {}, ...[source, trigger, target].map((word) => build("td", { class: "mono" }, word)));
  const heading = build("tr", {}, ...["From", "Trigger", "To"].map((name) => build("th", { scope: "col" }, name)));
  return build(
    "details",
    { class: "rows" },
    build("summary", {}, `The ${table.rows.length} steps as a table`),
    build("table", { class: "steps" }, build("caption", { class: "unseen" }, `Steps of the ${table.name}`), build("thead", {}, heading), build("tbody", {}, ...table.rows.map(row))),
  );
}

customElements.define("state-diagram", StateDiagram);
