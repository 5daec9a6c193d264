/** `<theme-choice>`: automatic, light or dark, kept for all pages. */

import { build } from "./element.js";

const KEY = "smartconnect.theme";
const NAMES = /** @type {Record<string, string>} */ ({ auto: "automatic", light: "light", dark: "dark" });
const NEXT = /** @type {Record<string, string>} */ ({ auto: "light", light: "dark", dark: "auto" });
const SIGNS = /** @type {Record<string, string>} */ ({ auto: "◐", light: "○", dark: "●" });

class ThemeChoice extends HTMLElement {
  connectedCallback() {
    this.sign = build("span", { "aria-hidden": "true" });
    this.button = build(
      "button",
      { type: "button", class: "button plain small", onclick: () => this.#turn() },
      this.sign,
    );
    this.replaceChildren(this.button);
    this.#show();
  }

  get #theme() {
    return document.documentElement.dataset.theme ?? "auto";
  }

  #turn() {
    const theme = NEXT[this.#theme];
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    localStorage.setItem(KEY, theme);
    this.#show();
  }

  #show() {
    const label = `Theme: ${NAMES[this.#theme]}. Change it.`;
    this.button?.setAttribute("aria-label", label);
    this.button?.setAttribute("title", label);
    if (this.sign) this.sign.textContent = SIGNS[this.#theme];
  }
}

customElements.define("theme-choice", ThemeChoice);
