/** `<link-badge>`: whether the hub is reached, and when it is tried again. */

import { countdown } from "./moment.js";
import { write } from "./element.js";

/** @typedef {import("../sdk/reconnect.js").LinkStatus} LinkStatus */

export class LinkBadge extends HTMLElement {
  /** @type {LinkStatus} */
  #status = { phase: "closed" };
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #clock;

  connectedCallback() {
    this.classList.add("badge");
    this.#show();
  }

  disconnectedCallback() {
    clearInterval(this.#clock);
  }

  /** @param {LinkStatus} status */
  set status(status) {
    this.#status = status;
    clearInterval(this.#clock);
    if (status.phase === "waiting") this.#clock = setInterval(() => this.#show(), 1000);
    this.#show();
  }

  #show() {
    const [tone, text] = this.#words();
    this.dataset.tone = tone;
    this.dataset.phase = this.#status.phase;
    write(this, text);
  }

  /** @returns {[string, string]} */
  #words() {
    const { phase, retryAt = 0 } = this.#status;
    switch (phase) {
      case "online":
        return ["good", "Connected"];
      case "connecting":
        return ["busy", "Connecting"];
      case "waiting":
        return ["wary", `No connection, next try in ${countdown((retryAt - Date.now()) / 1000)}`];
      case "refused":
        return ["bad", "Not let in"];
      default:
        return ["", "Off"];
    }
  }
}

customElements.define("link-badge", LinkBadge);
