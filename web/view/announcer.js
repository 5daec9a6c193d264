/** Saying things to screen readers: one live region for what can wait, one for what cannot. */

import { build } from "./element.js";

const polite = build("div", { class: "unseen", role: "status" });
const urgent = build("div", { class: "unseen", role: "alert" });
document.body.append(polite, urgent);

/** @param {string} text */
export function announce(text) {
  polite.textContent = text;
}

/** @param {string} text */
export function alarm(text) {
  urgent.textContent = text;
}
