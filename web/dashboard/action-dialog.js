/** An operator's action: what it does, what must be told, and a button that does it. A refusal is shown, and tried again. */

import { HubError } from "../sdk/index.js";
import { build, write } from "../view/element.js";
import { shown } from "./modal.js";

/** @typedef {import("../view/element.js").Child} Child */

/**
 * @template Result
 * @typedef {object} Action
 * @property {string} title
 * @property {Child[]} [explain]
 * @property {HTMLElement[]} [fields]
 * @property {string} yes
 * @property {boolean} [danger]
 * @property {() => Promise<Result>} run
 */

/**
 * Ask, and do it.
 *
 * @template Result
 * @param {Action<Result>} action
 * @returns {Promise<Result | undefined>} undefined: given up
 */
export function perform({ title, explain = [], fields = [], yes, danger = false, run }) {
  /** @type {Result | undefined} */
  let result;
  const problem = build("p", { class: "problem", role: "alert" });
  const button = build("button", { class: danger ? "button danger" : "button primary" }, yes);
  const form = build(
    "form",
    { class: "stack wide", method: "dialog", onsubmit: (/** @type {Event} */ event) => void submit(event) },
    build("h2", { id: "action-title" }, title),
    explain.length > 0 && build("div", { class: "stack soft" }, ...explain.map((child) => (child instanceof Node ? child : build("p", {}, child)))),
    ...fields,
    problem,
    build("div", { class: "row" }, button, build("button", { type: "button", class: "button", onclick: () => dialog.close() }, "Leave it")),
  );
  const dialog = build("dialog", { "aria-labelledby": "action-title" }, form);

  /** @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    button.disabled = true;
    write(problem, "");
    try {
      result = await run();
      dialog.close();
    } catch (error) {
      if (!(error instanceof HubError)) throw error;
      write(problem, error.message);
      button.disabled = false;
      button.focus();
    }
  }

  return shown(dialog).then(() => result);
}
