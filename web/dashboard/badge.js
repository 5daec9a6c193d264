/** State badges and links that several views show. */

import { build } from "../view/element.js";
import { addressOf } from "./route.js";
import { stateWords } from "./words.js";

/**
 * @param {string} kind
 * @param {string} state
 */
export function stateBadge(kind, state) {
  const { text, tone } = stateWords(kind, state);
  return build("span", { class: "badge", "data-tone": tone }, text);
}

/**
 * @param {string} view
 * @param {string} id
 * @param {string} [text]
 */
export const linkTo = (view, id, text = id) => build("a", { href: addressOf(view, id), class: text === id ? "mono" : undefined }, text);

/** @param {string} id the end of a UUID tells things apart well enough on a screen; its beginning is the time */
export const short = (id) => (id.length > 20 ? `…${id.slice(-8)}` : id);

/**
 * Facts in a list; those without a value are left out.
 *
 * @param {[string, import("../view/element.js").Child][]} facts
 */
export function factsOf(facts) {
  const given = facts.filter(([, value]) => value !== undefined && value !== null && value !== "" && value !== false);
  return given.flatMap(([name, value]) => [build("dt", {}, name), build("dd", { class: "figures" }, value)]);
}

/**
 * A card with a heading.
 *
 * @param {string} heading
 * @param {...import("../view/element.js").Child} children
 */
export function card(heading, ...children) {
  return build("section", { class: "card stack" }, build("h2", {}, heading), ...children);
}
