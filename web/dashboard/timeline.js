/** Every step of a transaction in its order, with its time and how long it took to come. */

import { build, list } from "../view/element.js";
import { dateAndTime } from "../view/moment.js";
import { stageText } from "../view/wording.js";
import { stateBadge } from "./badge.js";
import { preciseTime, span } from "./timing.js";
import { plain } from "./words.js";

/** @typedef {{ at: string, what: string, state: string }} Step */

const LONG_MS = 5_000;

export class Timeline {
  element = build("ol", { class: "timeline" });

  /** @param {Step[]} steps oldest first */
  show(steps) {
    const placed = steps.map((step, index) => ({ step, index, before: steps[index - 1] }));
    list(this.element, placed, { key: ({ step, index }) => `${index} ${step.at} ${step.what}`, make: row });
  }
}

/** @param {{ step: Step, before?: Step }} placed */
function row({ step, before }) {
  const gap = before ? Date.parse(step.at) - Date.parse(before.at) : undefined;
  const [what, detail] = described(step.what);
  return build(
    "li",
    { "data-tone": toneOf(step) },
    build("time", { datetime: step.at, title: dateAndTime(step.at), class: "figures" }, preciseTime(step.at)),
    build("span", { class: "gap figures", "data-long": gap !== undefined && gap >= LONG_MS }, gap === undefined ? "" : `+${span(gap)}`),
    build("span", { class: "what" }, what, detail && build("span", { class: "soft" }, ` ${detail}`)),
    // A state that did not change is not news.
    before?.state === step.state ? null : stateBadge("transaction", step.state),
  );
}

/**
 * @param {string} what a trigger, or a note such as `stage:entering_pin`
 * @returns {[Node, string]}
 */
function described(what) {
  const [name, value] = what.split(":", 2);
  const code = build("code", {}, what);
  if (name === "stage" && value) return [code, stageText(value)];
  if (name === "conflict" && value) return [code, `The terminal says ${plain(value).toLowerCase()}, against the record.`];
  return [code, ""];
}

/** @param {Step} step */
function toneOf({ what, state }) {
  if (what.startsWith("stage:")) return "note";
  if (what.startsWith("conflict")) return "bad";
  return state === "in_doubt" ? "wary" : "step";
}
