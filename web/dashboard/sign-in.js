/** `<dashboard-sign-in>`: asks for the admin token. */

import { build, fill, write } from "../view/element.js";

export class SignIn extends HTMLElement {
  #token = build("input", { id: "token", type: "password", required: true, maxlength: 200, autocomplete: "off", spellcheck: "false", "aria-describedby": "token-hint token-problem" });
  #problem = build("p", { class: "problem", id: "token-problem", role: "alert" });
  #button = build("button", { class: "button primary wide" }, "Sign in");
  /**
   * What to do with the token that was given.
   *
   * @type {(token: string) => void}
   */
  entered = () => {};

  connectedCallback() {
    fill(
      this,
      build(
        "form",
        { class: "card stack wide", onsubmit: (/** @type {Event} */ event) => this.#enter(event) },
        build("p", {}, "The dashboard is for those who run the hub, and for developers."),
        build(
          "div",
          { class: "field" },
          build("label", { for: "token" }, "Admin token"),
          this.#token,
          build("span", { class: "hint", id: "token-hint" }, "It stands in the file ", build("code", {}, "admin.token"), " in the hub's data folder. This tab forgets it when it is closed."),
        ),
        this.#problem,
        this.#button,
      ),
    );
  }

  /** @param {string} problem why one is not in, or nothing */
  ask(problem) {
    this.#button.disabled = false;
    write(this.#button, "Sign in");
    write(this.#problem, problem);
    this.#token.toggleAttribute("aria-invalid", false);
    if (problem) this.#token.setAttribute("aria-invalid", "true");
    this.#token.select();
    this.#token.focus();
  }

  /** It is being tried. */
  wait() {
    this.#button.disabled = true;
    write(this.#button, "Signing in…");
    write(this.#problem, "");
  }

  /** Forget what was typed. */
  clear() {
    this.#token.value = "";
  }

  /** @param {Event} event */
  #enter(event) {
    event.preventDefault();
    const token = this.#token.value.trim();
    if (token) this.entered(token);
  }
}

customElements.define("dashboard-sign-in", SignIn);
