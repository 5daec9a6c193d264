/** A labelled control, as forms and filters use it. */

import { build } from "../view/element.js";

/**
 * @param {string} label
 * @param {HTMLElement} control with an id
 * @param {string} [hint]
 */
export function field(label, control, hint) {
  const id = `${control.id}-hint`;
  if (hint) control.setAttribute("aria-describedby", id);
  return build("div", { class: "field" }, build("label", { for: control.id }, label), control, hint && build("span", { class: "hint", id }, hint));
}

/**
 * @param {string} id
 * @param {[string, string][]} options value and text
 */
export function choice(id, options) {
  return build("select", { id }, ...options.map(([value, text]) => build("option", { value }, text)));
}

/**
 * A text that is looked for.
 *
 * @param {string} id
 * @param {string} placeholder
 */
export function searchBox(id, placeholder) {
  return build("input", { id, type: "search", autocomplete: "off", spellcheck: "false", placeholder });
}

/**
 * Set what a control shows, unless the person is at it.
 *
 * @param {HTMLInputElement | HTMLSelectElement} control
 * @param {string} value
 */
export function put(control, value) {
  if (control.value !== value && document.activeElement !== control) control.value = value;
}
