/** Printing a receipt: the page's own print sheet, with nothing else on it. */

import { build } from "../view/element.js";

const paper = build("pre", { class: "receipt" });
document.body.append(build("div", { class: "print", "aria-hidden": "true" }, paper));

/** @param {string} receipt */
export function printReceipt(receipt) {
  paper.textContent = receipt;
  window.print();
}
