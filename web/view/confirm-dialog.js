/** Asking before something is taken away. */

import { build } from "./element.js";

/**
 * @param {string} question
 * @param {string} yes what the button that does it says
 * @returns {Promise<boolean>}
 */
export function confirmed(question, yes) {
  const dialog = build("dialog", { "aria-labelledby": "question" });
  const answer = (/** @type {string} */ value) => () => dialog.close(value);
  dialog.append(
    build(
      "div",
      { class: "stack wide" },
      build("h2", { id: "question" }, question),
      build(
        "div",
        { class: "row" },
        build("button", { type: "button", class: "button", autofocus: true, onclick: answer("no") }, "Keep"),
        build("button", { type: "button", class: "button danger", onclick: answer("yes") }, yes),
      ),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
  });
}
